import { LRUCache } from 'lru-cache'
import { isTrusted, type Principal } from '../principal.ts'

/**
 * The process remembers so many credentials and their users. An answer is used for {@link FRESH_MS}: short, because a session
 * that has ended meanwhile spends what its user has. After that the credential is looked up again.
 */
const KNOWN_MAX = 50_000
const FRESH_MS = 60_000

/** The process remembers the allowances of so many addresses. */
const ADDRESSES_MAX = 50_000

/**
 * Look-ups that one address may cause without a valid credential: so many at once, and so many a second after that. A look-up
 * that finds a user is given back, so valid credentials need no allowance beyond those that arrive at the same moment. A look-up
 * is one short statement on a shared connection: about what it costs to refuse the request.
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
 * Finds whose a presented credential is, to choose the rate limit that its request counts for. It proves nothing: each use of
 * data is proven by `asUser`.
 *
 * Credentials that arrive together share one look-up. One that was valid before is looked up whatever its address has spent,
 * and so is a service's user, because the service has proven itself. All others use the allowance of their address.
 */
export class KnownUsers {
  readonly #find: (principal: Principal) => Promise<string | undefined>
  readonly #now: () => number
  readonly #known = new LRUCache<string, Known>({ max: KNOWN_MAX })
  readonly #underWay = new Map<string, Promise<string | undefined>>()
  readonly #allowances = new LRUCache<string, Allowance>({ max: ADDRESSES_MAX })

  /**
   * @param find asks the database; undefined where the credential belongs to no user
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
   * @returns undefined where the credential belongs to no user, or its address has no look-ups left
   * @throws what `find` throws; nothing is remembered of it
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

  /** The credential was refused: its user is looked up again, on its address's allowance. */
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
