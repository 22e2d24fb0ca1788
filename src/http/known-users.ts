import { LRUCache } from 'lru-cache'
import { isTrusted, type Principal } from '../principal.ts'

/**
 * The number of credentials whose users are cached. An entry is used for {@link FRESH_MS} and then looked up again: a session that
 * has ended in the meantime counts against its user's limit until then.
 */
const KNOWN_MAX = 50_000
const FRESH_MS = 60_000

/** The number of addresses whose allowances are remembered. */
const ADDRESSES_MAX = 50_000

/**
 * Look-ups that one address may cause without a valid credential: a burst, and a rate per second. A look-up that finds a user is
 * credited back, so valid credentials only need allowance while their look-ups run. A look-up is one short statement on a shared
 * connection, about as expensive as refusing the request.
 */
export const GUESSES_AT_ONCE = 256
const GUESSES_PER_SECOND = 100

interface Known {
  readonly userId: string
  readonly foundAtMs: number
}

interface Allowance {
  left: number
  asOfMs: number
}

/**
 * Finds the user of a credential, to choose the rate limit of its request. This is no authentication: `asUser` proves the
 * credential at each access to data.
 *
 * Concurrent requests with the same credential share one look-up. A credential that was valid before is looked up regardless of
 * its address's allowance, and so is the user that an authenticated service names. All others use the allowance of their address.
 */
export class KnownUsers {
  readonly #find: (principal: Principal) => Promise<string | undefined>
  readonly #now: () => number
  readonly #known = new LRUCache<string, Known>({ max: KNOWN_MAX })
  readonly #underWay = new Map<string, Promise<string | undefined>>()
  readonly #allowances = new LRUCache<string, Allowance>({ max: ADDRESSES_MAX })

  /**
   * @param find queries the database; undefined if the credential belongs to no user
   * @param now milliseconds
   */
  constructor(
    find: (principal: Principal) => Promise<string | undefined>,
    now: () => number = () => performance.now(),
  ) {
    this.#find = find
    this.#now = now
  }

  /**
   * @returns undefined if the credential belongs to no user, or its address has no allowance left
   * @throws errors of `find`, which are not cached
   */
  async userOf(principal: Principal, address: () => string): Promise<string | undefined> {
    const key = keyOf(principal)
    const known = this.#known.get(key)
    if (known !== undefined && this.#now() - known.foundAtMs < FRESH_MS) return known.userId
    const underWay = this.#underWay.get(key)
    if (underWay !== undefined) return await underWay
    const isFree = known !== undefined || isTrusted(principal)
    const allowance = isFree ? undefined : this.#allowanceOf(address())
    if (allowance !== undefined) {
      if (allowance.left < 1) return undefined
      allowance.left--
    }
    const lookUp = this.#lookUp(key, principal, allowance)
    this.#underWay.set(key, lookUp)
    try {
      return await lookUp
    } finally {
      this.#underWay.delete(key)
    }
  }

  /** After a refusal: the credential is looked up again, with the allowance of its address. */
  forget(principal: Principal): void {
    this.#known.delete(keyOf(principal))
  }

  async #lookUp(key: string, principal: Principal, allowance: Allowance | undefined): Promise<string | undefined> {
    let isGuess = false
    try {
      const userId = await this.#find(principal)
      isGuess = userId === undefined
      if (userId === undefined) this.#known.delete(key)
      else this.#known.set(key, { userId, foundAtMs: this.#now() })
      return userId
    } finally {
      if (allowance !== undefined && !isGuess) allowance.left++
    }
  }

  #allowanceOf(address: string): Allowance {
    const now = this.#now()
    let allowance = this.#allowances.get(address)
    if (allowance === undefined) this.#allowances.set(address, (allowance = { left: GUESSES_AT_ONCE, asOfMs: now }))
    const regained = ((now - allowance.asOfMs) / 1000) * GUESSES_PER_SECOND
    allowance.left = Math.min(GUESSES_AT_ONCE, allowance.left + regained)
    allowance.asOfMs = now
    return allowance
  }
}

const keyOf = (principal: Principal): string => [principal.kind, ...principal.proof].join(' ')
