import type { FastifyRequest } from 'fastify'
import ipaddr from 'ipaddr.js'
import type { Config } from '../config/config.ts'
import type { Scopes } from '../db/scopes.ts'
import { shortReading } from '../db/step.ts'
import { Problem, retryAfter } from '../errors.ts'
import type { Limits, Policy, Verdict } from '../limits/limits.ts'
import type { Principal } from '../principal.ts'
import { KnownUsers } from './known-users.ts'
import { routeOf } from './route.ts'

/** Whether a request is within its rate limit, and which limit it counts for. */
export interface Admission {
  readonly verdict: Verdict
  /** The user whose limit it counts for; undefined if it counts for an address. */
  readonly userId: string | undefined
  /** The key of the count: `user:<id>` or `address:<address>`. */
  readonly subject: string
}

export interface Gate {
  /** @throws Problem unavailable (503) when the database cannot look up the credential */
  admit(request: FastifyRequest): Promise<Admission>
  /**
   * Whether the credential of the request is valid at this moment, and has the scope that the route needs.
   *
   * @throws Problem unauthenticated (401); insufficient_scope or forbidden (403); or not_found (404) for a service that names a user who does not exist; unavailable (503)
   */
  prove(request: FastifyRequest): Promise<void>
  /** Does not count a request that proved to be a user's, such as a sign-in, for its address. */
  excuse(admission: Admission): void
  /** Call when the credential was refused: it is looked up again. */
  forget(principal: Principal): void
}

const READS = new Set(['GET', 'HEAD'])

/**
 * A user's requests count together, over all sessions, personal tokens and services. A request without a valid credential counts for
 * its address. A credential is looked up first and counted afterwards, so that users never pay for what others try from the
 * same address; {@link KnownUsers} bounds the look-ups.
 */
export function openAdmission({ config, limits, db }: { config: Config; limits: Limits; db: Scopes }): Gate {
  const { readPerMinute, writePerMinute } = config.limits
  const read: Policy = { name: 'read', limit: readPerMinute, windowSeconds: 60 }
  const write: Policy = { name: 'write', limit: writePerMinute, windowSeconds: 60 }
  const users = new KnownUsers((principal) => userOf(db, principal))

  const take = async (policy: Policy, subject: string, userId?: string): Promise<Admission> => ({
    verdict: await limits.take(policy, subject),
    userId,
    subject,
  })

  return {
    async admit(request) {
      const { reads = isRead, takesCredential = isOfApi(request) } = routeOf(request).config
      const policy = reads(request) ? read : write
      // Elsewhere a credential means nothing, so it causes no look-up.
      const principal = takesCredential ? request.principal : null
      const address = (): string => addressOf(request.ip)
      const userId = principal === null ? undefined : await users.userOf(principal, address)
      return userId === undefined ? take(policy, `address:${address()}`) : take(policy, `user:${userId}`, userId)
    },
    async prove(request) {
      const { principal, unidentified } = request
      if (principal !== null) return void (await db.asUser(principal, WHO, { needs: routeOf(request).config.needs }))
      // Both are null when the request was refused before its credential was looked for.
      if (unidentified !== null) throw unidentified
    },
    excuse: ({ verdict, subject }) => void limits.giveBack(verdict, subject),
    forget: (principal) => users.forget(principal),
  }
}

const isRead = ({ method }: FastifyRequest): boolean => READS.has(method)

const isOfApi = ({ raw: { url = '' } }: FastifyRequest): boolean => url.startsWith('/api/')

const WHO = shortReading({ name: 'scope.who', text: 'select' }, [], (_row, userId) => userId)

/** Undefined for a session or personal token that is unknown or has ended, and for a service that names an unknown user. */
async function userOf(db: Scopes, principal: Principal): Promise<string | undefined> {
  try {
    return await db.asUser(principal, WHO, { needs: 'any' })
  } catch (error) {
    if (error instanceof Problem && (error.code === 'unauthenticated' || error.code === 'not_found')) return undefined
    throw error
  }
}

/** The address that requests are counted for: an IPv4 address, or the /64 of an IPv6 address, which one customer has (RFC 6177). */
export function addressOf(ip: string): string {
  const bare = withoutPort(ip)
  if (!ipaddr.isValid(bare)) return 'unknown'
  const address = ipaddr.process(bare)
  if (address.kind() === 'ipv4') return address.toString()
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString().replace(/%.*/, '')}/64`).toString()}/64`
}

/** Some gateways add the client's port to X-Forwarded-For. */
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
