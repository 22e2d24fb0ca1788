import type { Logger } from 'pino'
import { LRUCache } from 'lru-cache'

const HOUR_MS = 60 * 60_000
/** Uses are collected for so long and then written together. */
const DELAY_MS = 1_000
/** Tokens whose hour is remembered. One that is forgotten is noted again, which changes no row. */
const REMEMBERED_MAX = 50_000
const WRITTEN_AT_ONCE_MAX = 100

/**
 * Notes when tokens were used: for each token at most one write per hour and process, outside of its requests. A write that fails is
 * attempted again with the next use of the token.
 */
export class TokenUses {
  readonly #write: (hashes: readonly (readonly string[])[]) => Promise<void>
  readonly #log: Pick<Logger, 'warn'>
  readonly #now: () => number
  /** The hour of the last use that was noted, by the current hash of the token. */
  readonly #hours = new LRUCache<string, number>({ max: REMEMBERED_MAX })
  #pending: (readonly string[])[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined

  /**
   * @param write stores that the tokens with these hashes were used
   * @param now milliseconds since the epoch
   */
  constructor(
    write: (hashes: readonly (readonly string[])[]) => Promise<void>,
    log: Pick<Logger, 'warn'>,
    now: () => number = Date.now,
  ) {
    this.#write = write
    this.#log = log
    this.#now = now
  }

  /** @param hashes what the database may hold for the token; the first identifies it */
  note(hashes: readonly string[]): void {
    const [current = ''] = hashes
    const hour = Math.floor(this.#now() / HOUR_MS)
    if (this.#hours.get(current) === hour) return
    this.#hours.set(current, hour)
    this.#pending.push(hashes)
    this.#timer ??= setTimeout(() => void this.flush(), DELAY_MS).unref()
  }

  /** Writes what was noted, now. Rejects never. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await (this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined)))
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0) {
      const some = this.#pending.splice(0, WRITTEN_AT_ONCE_MAX)
      try {
        await this.#write(some)
      } catch (error) {
        for (const [current = ''] of some) this.#hours.delete(current)
        this.#log.warn({ err: error, tokens: some.length }, 'uses of personal tokens could not be noted')
      }
    }
  }
}
