import { eventsAfter } from '../changes/store.ts'
import type { Database } from '../db/database.ts'
import { Problem } from '../errors.ts'
import type { Wakes } from '../wakes.ts'
import { Audience, type Group } from './audience.ts'
import type { Listener } from './listener.ts'
import type { EventMetrics } from './metrics.ts'
import { head } from './store.ts'

/** The most changes that are read at once. What a slow client leaves of one page waits in memory. */
export const PAGE_CHANGES = 50
/** How often the logs are looked at while wake-ups of other processes do not arrive. */
const POLL_INTERVAL_MS = 2_000
/** After this many of these intervals all credentials are proven again, whether wake-ups arrive or not. */
const PROOF_INTERVALS = 8
/** How many credentials one statement proves. */
const PROVEN_AT_ONCE = 200
/** After a failed read. */
const RETRY_MS = 1_000

export interface HubDeps {
  readonly db: Pick<Database, 'asUser' | 'positionsOf'>
  readonly wakes: Wakes
  readonly log: { error(fields: object, message: string): void }
  readonly metrics: EventMetrics
  /** How many reads may run at the same time. */
  readonly readsAtOnce: number
}

/**
 * Gives the open streams of this process the changes of their users. A wake-up, of this process or another one, leads to one read of
 * the log for all streams of the user at the same position. No stream holds a connection, and nothing runs while there is none.
 */
export class Hub {
  readonly #deps: HubDeps
  readonly #audiences = new Map<string, Audience>()
  /** In the order in which they are read for, one page each. */
  readonly #queue: Audience[] = []
  #reading = 0
  #isConnected = false
  #isChecking = false
  /** Whether another check is to follow the one that runs, and whether of every credential. */
  #nextCheck: 'all' | 'one of each' | undefined
  #intervals = 0
  #stop: (() => void) | undefined

  constructor(deps: HubDeps) {
    this.#deps = deps
  }

  /** Begins to give a stream the changes after its position. */
  add(listener: Listener): void {
    const { userId, stream } = listener
    const audience = this.#audiences.get(userId) ?? new Audience(userId)
    this.#audiences.set(userId, audience)
    audience.listeners.add(listener)
    stream.once('close', () => this.#remove(audience, listener))
    this.#stop ??= this.#begin()
    // What was committed since its position was read had no listener.
    this.#wake(audience)
  }

  /** Reads for the listeners of a user, because one of them can take a page again. */
  resume(userId: string): void {
    const audience = this.#audiences.get(userId)
    if (audience !== undefined) this.#enqueue(audience)
  }

  close(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  #begin(): () => void {
    const stopListening = this.#deps.wakes.listen({
      changed: (userId) => {
        const audience = this.#audiences.get(userId)
        if (audience !== undefined) this.#wake(audience)
      },
      connected: (isConnected) => {
        this.#isConnected = isConnected
        this.#check('one of each')
      },
    })
    const timer = setInterval(() => this.#tick(), POLL_INTERVAL_MS).unref()
    return () => {
      stopListening()
      clearInterval(timer)
      this.#isConnected = false
    }
  }

  #remove(audience: Audience, listener: Listener): void {
    this.#deps.metrics.ended(listener.stream.endReason)
    audience.listeners.delete(listener)
    if (audience.listeners.size > 0) return
    this.#audiences.delete(audience.userId)
    if (this.#audiences.size === 0) this.close()
  }

  #wake(audience: Audience): void {
    audience.wake()
    this.#enqueue(audience)
  }

  #enqueue(audience: Audience): void {
    if (audience.isQueued) return
    audience.isQueued = true
    const waitMs = audience.nextReadMs - performance.now()
    if (waitMs > 0) setTimeout(() => this.#push(audience), waitMs).unref()
    else this.#push(audience)
  }

  #push(audience: Audience): void {
    this.#queue.push(audience)
    this.#readNext()
  }

  #readNext(): void {
    while (this.#reading < this.#deps.readsAtOnce) {
      const audience = this.#queue.shift()
      if (audience === undefined) return
      const group = audience.nextGroup()
      if (group === undefined) {
        audience.isQueued = false
        continue
      }
      this.#reading++
      void this.#read(audience, group).finally(() => {
        this.#reading--
        audience.isQueued = false
        if (audience.nextGroup() !== undefined) this.#enqueue(audience)
        this.#readNext()
      })
    }
  }

  /** Reads a page for a group. Never throws. */
  async #read(audience: Audience, group: Group): Promise<void> {
    const { db, log, metrics } = this.#deps
    const [reader] = group.members
    try {
      const page = await db.asUser(reader.principal, eventsAfter(group.from, PAGE_CHANGES))
      metrics.pageRead(audience.give(group, page))
    } catch (error) {
      if (isRefused(error)) return reader.end('credential')
      if (isExpired(error) && (await this.#resync(group))) return
      audience.nextReadMs = performance.now() + RETRY_MS
      if (!(error instanceof Problem)) log.error({ err: error }, 'changes could not be read for event streams')
    }
  }

  /** @returns whether the group continues from the current position of the log */
  async #resync({ members }: Group): Promise<boolean> {
    const [reader] = members
    try {
      const { position } = await this.#deps.db.asUser(reader.principal, head)
      for (const member of members) if (member.isReady) member.resync(position)
      return true
    } catch {
      return false
    }
  }

  #tick(): void {
    this.#intervals = (this.#intervals + 1) % PROOF_INTERVALS
    if (this.#intervals === 0) this.#check('all')
    else if (!this.#isConnected) this.#check('one of each')
  }

  /**
   * Ends the streams whose credentials are no longer valid, and reads for those whose log has moved.
   *
   * @param which every stream, or one of each user, which is enough to look for changes
   */
  #check(which: 'all' | 'one of each'): void {
    if (this.#nextCheck !== 'all') this.#nextCheck = which
    if (this.#isChecking) return
    this.#isChecking = true
    void this.#checkOneByOne().finally(() => (this.#isChecking = false))
  }

  async #checkOneByOne(): Promise<void> {
    for (let which = this.#nextCheck; which !== undefined; which = this.#nextCheck) {
      this.#nextCheck = undefined
      const most = which === 'all' ? Infinity : 1
      await this.#checkListeners(
        [...this.#audiences.values()].flatMap(({ listeners }) => [...listeners].slice(0, most)),
      )
    }
  }

  /** A statement takes a part of them, so that it holds a connection only briefly. Never throws. */
  async #checkListeners(listeners: readonly Listener[]): Promise<void> {
    try {
      for (let at = 0; at < listeners.length; at += PROVEN_AT_ONCE) {
        const batch = listeners.slice(at, at + PROVEN_AT_ONCE).filter(({ stream }) => !stream.isEnded)
        const positions = await this.#deps.db.positionsOf(batch.map(({ principal }) => principal))
        this.#deps.metrics.checked()
        batch.forEach((listener, index) => {
          const position = positions[index]
          const audience = this.#audiences.get(listener.userId)
          if (position === undefined) listener.end('credential')
          else if (audience?.isNew(position) === true) this.#wake(audience)
        })
      }
    } catch (error) {
      // While the database is unavailable, no credential is proven and nothing is read. The next interval tries again.
      if (!(error instanceof Problem)) this.#deps.log.error({ err: error }, 'event streams could not be checked')
    }
  }
}

const isRefused = (error: unknown): boolean =>
  error instanceof Problem && ['unauthenticated', 'not_found', 'forbidden'].includes(error.code)

/** @param error of `eventsAfter` */
export const isExpired = (error: unknown): boolean => error instanceof Problem && error.code === 'cursor_expired'
