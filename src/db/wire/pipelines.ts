import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { Problem } from '../../errors.ts'
import {
  databaseUnavailable,
  isAnswer,
  endsSession,
  isOutdatedConnection,
  NeverStarted,
  unavailable,
  unknownOutcome,
} from './failures.ts'
import { borrow, deadlineError, SILENCE_MS, onDeadline, type Lease, type TimeBudget } from './lease.ts'
import { roundTrip } from './transaction.ts'

/** How long a connection is joined, before it goes back to the pool and anybody may have it. */
const JOINED_FOR_MS = 250

/** How many answers make the pace, the last ones counting most. */
const PACE_OF = 16

/**
 * Nobody is to wait behind others for longer. So a connection has fewer statements where each takes longer, as of late, and one
 * that owes an answer for so long is not joined.
 */
const BEHIND_MS = 20

export interface Sharing {
  /** On no more connections than these; 0 for none, so that each has one alone. */
  readonly width: number
  /** Another connection is taken where each has so many statements. */
  readonly batch: number
  /** How many a connection has at most. */
  readonly depth: number
  /** Whether statements do more than read. */
  readonly changes: boolean
  /** Who has less time than this left, in milliseconds, goes alone: a shared connection does not give up before us. */
  readonly leftMinMs: number
}

interface Pipeline {
  readonly lease: Lease
  readonly closesAtMs: number
  /** Statements that are not done, also where whoever sent them has given up. */
  waiting: number
  /** When it was last heard, or opened. */
  heardAtMs: number
  /** What is sent in this turn of the event loop is kept back until it ends. */
  gathers: boolean
  /** Of those that are waiting: how many nobody waits for any more. */
  abandoned: number
  broken: boolean
  /** The server has ended the session, and said so: what is behind the statement that it said it to was never begun. */
  ended: boolean
}

type Send<T> = (client: PoolClient) => Promise<T>

/**
 * Connections that many use at once, each statement sent before the one ahead is answered. PostgreSQL has the next at hand when
 * it is done with one, and what is sent in one turn of the event loop leaves in one piece: neither side falls asleep and has to
 * be woken. Under load this halves what a short statement costs both. For statements that take a short time and wait for
 * nobody, or not for long. Where there is no room, they have a connection alone.
 */
export class Pipelines {
  readonly #pool: Pool
  readonly #sharing: Sharing
  /** Shared, or about to be, or no longer joined and not yet given back. */
  #held = 0
  readonly #joinable = new Set<Pipeline>()
  readonly #opening = new Set<Promise<Pipeline | undefined>>()
  /** How long a statement takes, as of late. */
  #paceMs = 0

  constructor(pool: Pool, sharing: Sharing) {
    this.#pool = pool
    this.#sharing = sharing
  }

  /**
   * @param send one statement, which is a transaction of its own
   * @param sendExclusively the same, on a connection that nobody else is on
   * @throws Problem unavailable (503); outcome_unknown (503) where it may have changed something
   */
  async run<T>(timeBudget: TimeBudget, send: Send<T>, sendExclusively: (lease: Lease) => Promise<T>): Promise<T> {
    const { changes } = this.#sharing
    const endsAtMs = performance.now() + timeBudget.leftMs
    const pipeline = await this.#join(timeBudget.acquireMs, endsAtMs)
    try {
      if (pipeline !== undefined) return await this.#ask(pipeline, endsAtMs, send)
    } catch (error) {
      const unknown = changes && !(error instanceof Problem) ? unknownOutcome(error) : undefined
      if (unknown !== undefined || !isLoss(error)) throw unknown ?? unavailable(error) ?? error
      // Nothing was done: it is sent again.
    } finally {
      timeBudget.leftMs = endsAtMs - performance.now()
    }
    return await roundTrip(this.#pool, timeBudget, changes, sendExclusively)
  }

  /** Whoever runs out of time gives up alone: the connection is the others' too, unless nothing comes from it at all. */
  #ask<T>(pipeline: Pipeline, endsAtMs: number, send: Send<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let isAbandoned = false
    const callOff = onDeadline(endsAtMs - performance.now(), () => {
      isAbandoned = true
      pipeline.abandoned++
      const error = isSilent(pipeline) ? pipeline.lease.expire() : deadlineError()
      if (pipeline.abandoned === pipeline.waiting) this.#watch(pipeline)
      reject((this.#sharing.changes ? unknownOutcome(error) : undefined) ?? databaseUnavailable(error))
    })
    const sentAtMs = performance.now()
    const ask = async (): Promise<void> => {
      try {
        const result = await send(pipeline.lease.client)
        this.#heard(pipeline, sentAtMs)
        resolve(result)
      } catch (error) {
        reject(pipeline.ended ? new NeverStarted(error) : error)
        this.#failed(pipeline, error)
      } finally {
        callOff()
        if (isAbandoned) pipeline.abandoned--
      }
    }
    this.#gather(pipeline)
    void ask()
    return promise
  }

  /**
   * Where everybody has given up and nothing ever comes, nobody is left to notice, and the connection would be held for ever. So
   * it is looked at again when it would have been silent for too long.
   */
  #watch(pipeline: Pipeline): void {
    const silentInMs = pipeline.heardAtMs + SILENCE_MS - performance.now()
    onDeadline(silentInMs, () => {
      if (pipeline.waiting === 0 || pipeline.waiting > pipeline.abandoned || pipeline.lease.expired) return
      if (isSilent(pipeline)) pipeline.lease.expire()
      else this.#watch(pipeline)
    })
  }

  /** Each piece that is sent is a system call, and may wake the server. */
  #gather(pipeline: Pipeline): void {
    if (pipeline.gathers) return
    pipeline.gathers = true
    const { stream } = pipeline.lease.client.connection
    stream.cork()
    setImmediate(() => {
      pipeline.gathers = false
      stream.uncork()
    })
  }

  #heard(pipeline: Pipeline, sentAtMs: number): void {
    const now = performance.now()
    // What was behind another tells how long a statement takes; any other also how far the server is.
    if (pipeline.heardAtMs > sentAtMs) this.#paceMs += (now - pipeline.heardAtMs - this.#paceMs) / PACE_OF
    pipeline.heardAtMs = now
    this.#leave(pipeline)
  }

  #failed(pipeline: Pipeline, error: unknown): void {
    if (isLoss(error)) {
      pipeline.broken = true
      pipeline.ended ||= endsSession(error)
      this.#joinable.delete(pipeline)
      if (!pipeline.lease.expired) pipeline.lease.markPoolStale()
    } else pipeline.heardAtMs = performance.now()
    this.#leave(pipeline)
  }

  /** Whoever joins is counted at once, so that nobody gives the connection back. Undefined where there is no room. */
  async #join(acquireMs: number, endsAtMs: number): Promise<Pipeline | undefined> {
    const { width, batch, leftMinMs } = this.#sharing
    for (let attempt = 1; ; attempt++) {
      const leftMs = endsAtMs - performance.now()
      if (leftMs < leftMinMs) return undefined
      const pipeline = this.#withRoom()
      const isCrowded = pipeline === undefined || (pipeline.waiting >= batch && this.#poolHasRoom())
      if (isCrowded && this.#held < width) return await this.#open({ leftMs, acquireMs })
      if (pipeline !== undefined) {
        pipeline.waiting++
        return pipeline
      }
      if (this.#opening.size === 0 || attempt > 1) return undefined
      // How it ends for whoever opens it is not our affair, and it may take long.
      const opened = Promise.race(this.#opening).catch(() => undefined)
      await Promise.race([opened, sleep(Math.min(leftMs, BEHIND_MS), undefined, { ref: false })])
    }
  }

  #poolHasRoom(): boolean {
    const { idleCount, totalCount, options } = this.#pool
    return idleCount > 0 || totalCount < options.max
  }

  /** The first that has few statements, or else the one that has the fewest. */
  #withRoom(): Pipeline | undefined {
    const now = performance.now()
    const depth = Math.min(this.#sharing.depth, Math.max(1, BEHIND_MS / this.#paceMs))
    let fewest: Pipeline | undefined
    for (const pipeline of this.#joinable) {
      if (now >= pipeline.closesAtMs) this.#joinable.delete(pipeline)
      else if (now - pipeline.heardAtMs > BEHIND_MS) continue
      else if (pipeline.waiting < Math.min(this.#sharing.batch, depth)) return pipeline
      else if (pipeline.waiting < (fewest?.waiting ?? depth)) fewest = pipeline
    }
    return fewest
  }

  async #open(time: TimeBudget): Promise<Pipeline | undefined> {
    this.#held++
    const opening = this.#borrow(time)
    this.#opening.add(opening)
    let pipeline: Pipeline | undefined
    try {
      return (pipeline = await opening)
    } finally {
      if (pipeline === undefined) this.#held--
      this.#opening.delete(opening)
    }
  }

  async #borrow(time: TimeBudget): Promise<Pipeline | undefined> {
    const lease = await borrow(this.#pool, time)
    const { changes, leftMinMs } = this.#sharing
    // Nobody would know what became of a change on a connection that was lost while it idled. So such a one is asked first.
    if (changes && !lease.fresh && !(await answers(lease))) {
      if (!lease.expired) lease.markPoolStale()
      lease.end(true)
      return undefined
    }
    if (lease.leftMs() < leftMinMs) {
      lease.end(false)
      return undefined
    }
    // A pace of long ago is forgotten, little by little.
    this.#paceMs /= 2
    const heardAtMs = performance.now()
    const closesAtMs = heardAtMs + JOINED_FOR_MS
    const pipeline = {
      lease,
      closesAtMs,
      waiting: 1,
      heardAtMs,
      gathers: false,
      abandoned: 0,
      broken: false,
      ended: false,
    }
    this.#joinable.add(pipeline)
    return pipeline
  }

  #leave(pipeline: Pipeline): void {
    if (--pipeline.waiting > 0) return
    this.#joinable.delete(pipeline)
    this.#held--
    pipeline.lease.end(pipeline.broken)
  }
}

const answers = (lease: Lease): Promise<boolean> =>
  lease.within(lease.client.query('')).then(
    () => true,
    () => false,
  )

const isSilent = ({ heardAtMs }: Pipeline): boolean => performance.now() - heardAtMs > SILENCE_MS

/** Whether the connection, and not the statement, is to blame. */
const isLoss = (error: unknown): boolean =>
  isOutdatedConnection(error) || (!isAnswer(error) && unavailable(error) !== undefined)
