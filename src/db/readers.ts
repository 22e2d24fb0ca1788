import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { databaseAway, isAnswer, isOutdatedConnection, unavailable } from './failures.ts'
import { borrow, outOfTime, SILENCE_MS, type Lease, type Patience } from './lease.ts'
import { flight } from './transaction.ts'

/** On no more connections than these, and half of the pool: the others are for whoever needs one alone. */
const WIDTH_MAX = 4

/** How many read on a connection at once. */
const DEPTH_MAX = 32

/** How long a connection is joined, before it goes back to the pool and anybody may have it. */
const JOINED_FOR_MS = 250

/** One that owes an answer for so long is not joined: something on it takes long after all. */
const STUCK_MS = 20

interface Shared {
  readonly lease: Lease
  readonly closesAtMs: number
  /** Those whose statements are not done, also where they themselves have given up. */
  readers: number
  /** When it was last heard, or joined with nobody on it. */
  heardAtMs: number
  broken: boolean
}

type Send<T> = (client: PoolClient) => Promise<T>

/**
 * Connections that many read on at once, each statement sent before the one ahead is answered. PostgreSQL has the next at hand
 * when it is done with one, and neither side falls asleep and has to be woken: under load this halves what a short statement
 * costs both. For statements that take a short time and wait for nobody. Where there is no room, they have a connection alone.
 */
export class Readers {
  readonly #pool: Pool
  readonly #width: number
  /** Shared, or about to be, or no longer joined and not yet given back. */
  #held = 0
  readonly #joinable = new Set<Shared>()
  readonly #opening = new Set<Promise<Shared>>()

  constructor(pool: Pool) {
    this.#pool = pool
    this.#width = Math.min(WIDTH_MAX, Math.floor(pool.options.max / 2))
  }

  /** @throws Problem unavailable (503) */
  async read<T>(patience: Patience, send: Send<T>): Promise<T> {
    const endsAtMs = performance.now() + patience.leftMs
    const shared = await this.#join(patience.acquireMs, endsAtMs)
    try {
      if (shared !== undefined) return await this.#ask(shared, endsAtMs, send)
    } catch (error) {
      if (!isLoss(error)) throw unavailable(error) ?? error
      // It only reads: where the connection was lost, it is sent again.
    }
    const leftMs = endsAtMs - performance.now()
    return await flight(this.#pool, { ...patience, leftMs }, false, ({ client }) => send(client))
  }

  /** Whoever runs out of time gives up alone: the connection is the others' too, unless nothing comes from it at all. */
  async #ask<T>(shared: Shared, endsAtMs: number, send: Send<T>): Promise<T> {
    const coming = send(shared.lease.client)
    void coming.then(
      () => this.#heard(shared),
      (error: unknown) => this.#failed(shared, error),
    )
    const late = Promise.withResolvers<never>()
    let settled = false
    const expire = (): void => {
      if (settled) return
      const isSilent = performance.now() - shared.heardAtMs > SILENCE_MS
      late.reject(databaseAway(isSilent ? shared.lease.expire() : outOfTime()))
    }
    // Not before what has arrived while this process was busy has been read.
    const timer = setTimeout(() => setImmediate(expire), endsAtMs - performance.now())
    try {
      return await Promise.race([coming, late.promise])
    } finally {
      settled = true
      clearTimeout(timer)
    }
  }

  #heard(shared: Shared): void {
    shared.heardAtMs = performance.now()
    this.#leave(shared)
  }

  #failed(shared: Shared, error: unknown): void {
    if (isLoss(error)) {
      shared.broken = true
      this.#joinable.delete(shared)
      if (!shared.lease.expired) shared.lease.distrustOthers()
    } else shared.heardAtMs = performance.now()
    this.#leave(shared)
  }

  /** The reader is counted at once, so that nobody gives the connection back. Undefined where there is no room. */
  async #join(acquireMs: number, endsAtMs: number): Promise<Shared | undefined> {
    for (;;) {
      const leftMs = endsAtMs - performance.now()
      if (this.#held < this.#width) return await this.#open(Math.min(acquireMs, leftMs))
      const fewest = this.#withFewest()
      if (fewest !== undefined) {
        if (fewest.readers++ === 0) fewest.heardAtMs = performance.now()
        return fewest
      }
      if (this.#opening.size === 0 || leftMs <= 0) return undefined
      // How it ends for whoever opens it is not our affair.
      const opened = Promise.race(this.#opening).catch(() => undefined)
      await Promise.race([opened, sleep(leftMs, undefined, { ref: false })])
    }
  }

  #withFewest(): Shared | undefined {
    const now = performance.now()
    let fewest: Shared | undefined
    for (const shared of this.#joinable) {
      if (now >= shared.closesAtMs) this.#joinable.delete(shared)
      else if (shared.readers > 0 && now - shared.heardAtMs > STUCK_MS) continue
      else if (shared.readers < (fewest?.readers ?? DEPTH_MAX)) fewest = shared
    }
    return fewest
  }

  async #open(acquireMs: number): Promise<Shared> {
    this.#held++
    const opening = this.#borrow(acquireMs)
    this.#opening.add(opening)
    try {
      return await opening
    } catch (error) {
      this.#held--
      throw error
    } finally {
      this.#opening.delete(opening)
    }
  }

  async #borrow(acquireMs: number): Promise<Shared> {
    // Each reader has a time of its own.
    const lease = await borrow(this.#pool, { leftMs: 2 ** 31 - 1, acquireMs })
    const heardAtMs = performance.now()
    const shared = { lease, closesAtMs: heardAtMs + JOINED_FOR_MS, readers: 1, heardAtMs, broken: false }
    this.#joinable.add(shared)
    return shared
  }

  #leave(shared: Shared): void {
    if (--shared.readers > 0) return
    this.#joinable.delete(shared)
    this.#held--
    shared.lease.end(shared.broken)
  }
}

/** Whether the connection, and not the statement, is to blame. */
const isLoss = (error: unknown): boolean =>
  isOutdatedConnection(error) || (!isAnswer(error) && unavailable(error) !== undefined)
