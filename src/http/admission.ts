import type { FastifyRequest } from 'fastify'
import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'
import type { Config } from '../config.ts'
import type { Scopes } from '../db/scopes.ts'
import { shortReading } from '../db/step.ts'
import { Problem, retryAfter } from '../errors.ts'
import type { Limits, Policy, Verdict } from '../limits/limits.ts'
import type { Principal } from '../principal.ts'
import { sessionTokenKeys } from './credential.ts'
import { credentialRules } from './identify.ts'

/** Whether a request is within its rate limit, and whose limit that is. */
export interface Admission {
  readonly verdict: Verdict
  /** The user whose limit it is; undefined where it is that of an address. */
  readonly userId: string | undefined
  /** As the verdict was counted. */
  readonly subject: string
}

export interface Gate {
  /** @throws Problem unavailable (503) when nobody can say whose session it is */
  admit(request: FastifyRequest): Promise<Admission>
  /** Gives an address back what it spent on proving who is there. */
  excuse(admission: Admission): void
  /** What was known of a session that is refused now. */
  forget(principal: Principal): void
}

interface Proof {
  readonly admission: Admission
  readonly userId: string | undefined
}

/**
 * Users of sessions that a process keeps in mind, and for how long. They choose the limit; they prove nothing. Short, because
 * a session that has ended meanwhile goes on to spend what its user has.
 */
const KNOWN_SESSIONS_MAX = 50_000
const KNOWN_FOR_MS = 60_000
/** How exactly. The cache has a timer for it, which a millisecond, its default, would set for nearly every request. */
const KNOWN_STEP_MS = 1_000

const READS = new Set(['GET', 'HEAD'])

/** The session cookies of the auth server, which only its own routes look at. */
const SESSION_COOKIE = /(?:^|;\s*)(?:__Secure-)?better-auth\.session_token=([^;\s]+)/

/**
 * A user's requests count together, whatever session or service they come by. Until somebody has proven to be a user, the
 * request counts for its address, so that guessing is limited too.
 */
export function openAdmission({ config, limits, db }: { config: Config; limits: Limits; db: Scopes }): Gate {
  const { readPerMinute, writePerMinute } = config.limits
  const read: Policy = { name: 'read', limit: readPerMinute, windowSeconds: 60 }
  const write: Policy = { name: 'write', limit: writePerMinute, windowSeconds: 60 }
  const rules = credentialRules(config.auth)
  const users = new LRUCache<string, string>({
    max: KNOWN_SESSIONS_MAX,
    ttl: KNOWN_FOR_MS,
    ttlResolution: KNOWN_STEP_MS,
  })
  const proving = new Map<string, Promise<Proof>>()

  const take = async (policy: Policy, subject: string, userId?: string): Promise<Admission> => ({
    verdict: await limits.take(policy, subject),
    userId,
    subject,
  })
  const admitUser = (policy: Policy, userId: string): Promise<Admission> => take(policy, `user:${userId}`, userId)
  const excuse = ({ verdict, subject }: Admission): void => void limits.giveBack(verdict, subject)

  /** Who presents a session on the routes that take one. */
  const presented = (request: FastifyRequest): Principal | null => {
    const { url = '', headers } = request.raw
    if (!url.startsWith('/api/')) return null
    if (request.principal !== null || !url.startsWith('/api/auth/')) return request.principal
    const [, token] = SESSION_COOKIE.exec(headers.cookie ?? '') ?? []
    const tokenKeys = token === undefined ? undefined : sessionTokenKeys(token, rules)
    return tokenKeys === undefined ? null : { kind: 'session', tokenKeys }
  }

  /** Counts for the address where somebody looked and found nobody: a guess. Otherwise that is given back. */
  const prove = async (policy: Policy, address: string, principal: Principal): Promise<Proof> => {
    const admission = await take(policy, address)
    // A service has proven itself, and asks for many users from one address.
    const mayLook = admission.verdict.allowed || principal.kind === 'service'
    let isGuess = false
    try {
      const userId = mayLook ? await userOf(db, principal) : undefined
      if (userId !== undefined) users.set(keyOf(principal), userId)
      isGuess = mayLook && userId === undefined
      return { admission, userId }
    } finally {
      if (!isGuess) excuse(admission)
    }
  }

  return {
    async admit(request) {
      const policy = READS.has(request.method) ? read : write
      const principal = presented(request)
      const key = principal === null ? '' : keyOf(principal)
      const known = users.get(key)
      if (known !== undefined) return admitUser(policy, known)

      const address = `address:${addressOf(request.ip)}`
      if (principal === null) return take(policy, address)
      // Requests that come together with a session that is new here wait for one look-up.
      const underWay = await proving.get(key)?.catch(() => undefined)
      if (underWay?.userId !== undefined) return admitUser(policy, underWay.userId)
      const proof = prove(policy, address, principal).finally(() => proving.delete(key))
      if (!proving.has(key)) proving.set(key, proof)
      const { admission, userId } = await proof
      return userId === undefined ? admission : admitUser(policy, userId)
    },
    excuse,
    forget: (principal) => void users.delete(keyOf(principal)),
  }
}

const keyOf = (principal: Principal): string =>
  principal.kind === 'session' ? principal.tokenKeys.join(' ') : `as ${principal.userId}`

const WHO = shortReading({ name: 'scope.who', text: 'select' }, [], (_row, userId) => userId)

/** Undefined for a session that is none (any more), or a user that a service made up. */
async function userOf(db: Scopes, principal: Principal): Promise<string | undefined> {
  try {
    return await db.asUser(principal, WHO)
  } catch (error) {
    if (error instanceof Problem && (error.code === 'unauthenticated' || error.code === 'not_found')) return undefined
    throw error
  }
}

/** One customer's: an IPv4 address, or the /64 that an IPv6 address is in (RFC 6177). */
export function addressOf(ip: string): string {
  const bare = withoutPort(ip)
  if (!ipaddr.isValid(bare)) return 'unknown'
  const address = ipaddr.process(bare)
  if (address.kind() === 'ipv4') return address.toString()
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString().replace(/%.*/, '')}/64`).toString()}/64`
}

/** Some gateways write the port of their client into X-Forwarded-For. */
export const withoutPort = (ip: string): string => ip.replace(/^(?:(\d+(?:\.\d+){3})|\[(.*)\])(?::\d+)?$/, '$1$2')

/** @param what is counted, in the plural */
export function tooManyRequests(verdict: Verdict, what: string): Problem {
  const { policy, resetSeconds } = verdict
  const { headers, body } = retryAfter(resetSeconds)
  const detail = `At most ${policy.limit} ${what} in ${policy.windowSeconds} s; try again in ${resetSeconds} s`
  return new Problem('too_many_requests', detail, { headers: { ...limitHeaders(verdict), ...headers }, body })
}

/** The usual three, and draft-ietf-httpapi-ratelimit-headers-10. Times are in seconds from now. */
export const limitHeaders = ({ policy, remaining, resetSeconds }: Verdict): Readonly<Record<string, string>> => ({
  'x-ratelimit-limit': String(policy.limit),
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(resetSeconds),
  'ratelimit-policy': `"${policy.name}";q=${policy.limit};w=${policy.windowSeconds}`,
  ratelimit: `"${policy.name}";r=${remaining};t=${resetSeconds}`,
})
