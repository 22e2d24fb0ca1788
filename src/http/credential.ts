import { createHmac, timingSafeEqual } from 'node:crypto'

export interface CredentialRules {
  /** Keys the HMAC that `user_sessions.token` holds. */
  readonly sessionHashSecret: string
  /**
   * The auth server's BETTER_AUTH_SECRET. Where it is known, a signature that is presented must be right; where it is not
   * (another server's sessions, its secret not given), the token alone decides, as in the service this one replaces.
   */
  readonly signingSecret?: string | undefined
  /** What the table holds: HMACs, tokens in the clear, or either. */
  readonly storage: 'hashed' | 'plain' | 'auto'
}

/** Room for the longest token with its signature, percent-encoded. */
const MAX_PRESENTED_CHARS = 400
const RAW_TOKEN = /^[A-Za-z0-9_-]{16,256}$/
/** Whoever reads the table must not be able to sign in with what it says. */
const STORED_HASH = /^[0-9a-f]{64}$/i
/** An HMAC-SHA256 in base64 or base64url, padded or not. */
const SIGNATURE = /^[A-Za-z0-9+/_-]{43}=?$/

/** What `user_sessions.token` holds for a session token: HMAC-SHA256 in lower-case hex. */
export const hashSessionToken = (raw: string, secret: string): string =>
  createHmac('sha256', secret).update(raw, 'utf8').digest('hex')

/**
 * What `user_sessions.token` may hold for a bearer value presented as `raw` or `raw.signature`, either percent-encoded or
 * not; undefined when it has no such form, has the form of a stored hash, or carries a wrong signature.
 */
export function sessionTokenKeys(presented: string, rules: CredentialRules): readonly string[] | undefined {
  const raw = rawToken(presented, rules.signingSecret)
  if (raw === undefined) return undefined
  const hash = rules.storage === 'plain' ? [] : [hashSessionToken(raw, rules.sessionHashSecret)]
  return rules.storage === 'hashed' ? hash : [...hash, raw]
}

function rawToken(presented: string, signingSecret: string | undefined): string | undefined {
  if (presented.length > MAX_PRESENTED_CHARS) return undefined
  const [raw = '', signature, ...rest] = decodedOnce(presented).split('.')
  if (rest.length > 0 || !RAW_TOKEN.test(raw) || STORED_HASH.test(raw)) return undefined
  if (signature === undefined) return raw
  if (!SIGNATURE.test(signature)) return undefined
  return signingSecret === undefined || isSigned(raw, signature, signingSecret) ? raw : undefined
}

/** A text that is not percent-encoding is returned as it is: its `%` fits no accepted form. */
function decodedOnce(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function isSigned(raw: string, signature: string, secret: string): boolean {
  const expected = createHmac('sha256', secret).update(raw, 'utf8').digest()
  // Node reads both alphabets, and SIGNATURE has settled the length.
  return timingSafeEqual(Buffer.from(signature, 'base64'), expected)
}
