import type { FastifyRequest } from 'fastify'
import ipaddr from 'ipaddr.js'
import type { Config } from '../config/config.ts'
import type { Scopes } from '../db/scopes.ts'
import { shortReading } from '../db/step.ts'
import { Problem, retryAfter } from '../errors.ts'
import type { Limits, Policy, Verdict } from '../limits/limits.ts'
import type { Principal } from '../principal.ts'
import { sessionTokenKeys } from './credential.ts'
import { credentialRules } from './identify.ts'
import { KnownUsers } from './known-users.ts'

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
  /**
   * Whether the credential of the request is valid at this moment.
   *
   * @throws Problem unauthenticated (401), or not_found (404) for a service that names a user who does not exist; unavailable (503)
   */
  prove(request: FastifyRequest): Promise<void>
  /** Gives an address back what it spent on a request that proved to be a user's, such as a sign-in. */
  excuse(admission: Admission): void
  /** The credential was refused: what is known of it no longer holds. */
  forget(principal: Principal): void
}

const READS = new Set(['GET', 'HEAD'])

/** The session cookies of the auth server, which only its own routes look at. */
const SESSION_COOKIE = /(?:^|;\s*)(?:__Secure-)?better-auth\.session_token=([^;\s]+)/

/**
 * A user's requests count together, whatever session or service they come by. A request without a valid credential counts for
 * its address. A credential is looked up first and counted afterwards, so that users never pay for what others try from the
 * same address; {@link KnownUsers} bounds the look-ups.
 */
export function openAdmission({ config, limits, db }: { config: Config; limits: Limits; db: Scopes }): Gate {
  const { readPerMinute, writePerMinute } = config.limits
  const read: Policy = { name: 'read', limit: readPerMinute, windowSeconds: 60 }
  const write: Policy = { name: 'write', limit: writePerMinute, windowSeconds: 60 }
  const rules = credentialRules(config.auth)
  const users = new KnownUsers((principal) => userOf(db, principal))

  const take = async (policy: Policy, subject: string, userId?: string): Promise<Admission> => ({
    verdict: await limits.take(policy, subject),
    userId,
    subject,
  })

  /** Who presents a session on the routes that take one. */
  const presented = (request: FastifyRequest): Principal | null => {
    const { url = '', headers } = request.raw
    if (!url.startsWith('/api/')) return null
    if (request.principal !== null || !url.startsWith('/api/auth/')) return request.principal
    const [, token] = SESSION_COOKIE.exec(headers.cookie ?? '') ?? []
    const tokenKeys = token === undefined ? undefined : sessionTokenKeys(token, rules)
    return tokenKeys === undefined ? null : { kind: 'session', tokenKeys }
  }

  return {
    async admit(request) {
      const policy = READS.has(request.method) ? read : write
      const principal = presented(request)
      const address = (): string => addressOf(request.ip)
      const userId = principal === null ? undefined : await users.userOf(principal, address)
      return userId === undefined ? take(policy, `address:${address()}`) : take(policy, `user:${userId}`, userId)
    },
    async prove(request) {
      const principal = presented(request)
      if (principal !== null) return void (await db.asUser(principal, WHO))
      // Neither is there when the request was refused before anybody looked for a credential.
      if (request.unidentified !== null) throw request.unidentified
    },
    excuse: ({ verdict, subject }) => void limits.giveBack(verdict, subject),
    forget: (principal) => users.forget(principal),
  }
}

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
