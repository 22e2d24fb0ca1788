import { createHmac, timingSafeEqual } from 'node:crypto'

export interface CredentialRules {
  /** The key of the HMAC that is stored in `user_sessions.token`. */
  readonly sessionHashSecret: string
  /**
   * The auth server's BETTER_AUTH_SECRET. If it is configured, a presented signature must be valid. If it is not (sessions of another
   * server), signatures are not checked, as in the Python service.
   */
  readonly signingSecret?: string | undefined
  /** The contents of `user_sessions.token`: HMACs, plain tokens, or both. */
  readonly storage: 'hashed' | 'plain' | 'auto'
}

/** The length of the longest token with its signature, percent-encoded. */
const MAX_PRESENTED_CHARS = 400
const RAW_TOKEN = /^[A-Za-z0-9_-]{16,256}$/
/** The form of a stored hash. It is refused as a token, so that a reader of the table cannot sign in with its contents. */
const STORED_HASH = /^[0-9a-f]{64}$/i
/** An HMAC-SHA256 in base64 or base64url, padded or not. */
const SIGNATURE = /^[A-Za-z0-9+/_-]{43}=?$/

/** The stored form of a session token: HMAC-SHA256 in lower-case hex. */
export const hashSessionToken = (raw: string, secret: string): string =>
  createHmac('sha256', secret).update(raw, 'utf8').digest('hex')

/**
 * The values of `user_sessions.token` that match a credential of the form `raw` or `raw.signature`, percent-encoded or not. Undefined
 * if it has another form, has the form of a stored hash, or has a wrong signature.
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

/** Returns text that is not valid percent-encoding unchanged; its `%` is refused by the later checks. */
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
  // Node decodes both alphabets, and SIGNATURE has checked the length.
  return timingSafeEqual(Buffer.from(signature, 'base64'), expected)
}
