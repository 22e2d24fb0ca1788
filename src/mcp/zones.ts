import { LRUCache } from 'lru-cache'

const USERS_MAX = 10_000
/** How long an answer may still have the previous zone of its user. Agents make many calls in a row. */
const KEPT_MS = 10_000
/** How exactly. Without it each new entry sets a timer. */
const RESOLUTION_MS = 1_000

/** The time zones of users, as results write times. Filters by day read the zone with the tasks. */
export class Zones {
  readonly #zones = new LRUCache<string, string>({ max: USERS_MAX, ttl: KEPT_MS, ttlResolution: RESOLUTION_MS })

  /** @param userId undefined for a user that is not known before the credential is proven */
  async of(userId: string | undefined, read: () => Promise<string>): Promise<string> {
    const known = userId === undefined ? undefined : this.#zones.get(userId)
    if (known !== undefined) return known
    const zone = await read()
    if (userId !== undefined) this.#zones.set(userId, zone)
    return zone
  }
}
