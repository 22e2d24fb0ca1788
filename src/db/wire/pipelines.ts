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

/** How long a shared connection takes new statements. After that it is returned to the pool. */
const SHARED_FOR_MS = 250

/** Smoothing of the average statement time: the weight of one answer is 1 / 16. */
const SMOOTHING = 16

/**
 * Maximum queueing delay. The queue gets shorter as statements get slower, and a connection that has been silent for this long
 * takes no new statements.
 */
const QUEUEING_MAX_MS = 20

export interface Sharing {
  /** Maximum number of shared connections; with 0 every statement has its own connection. */
  readonly width: number
  /** Another connection is opened when each has this many statements in flight. */
  readonly batch: number
  /** Maximum number of statements in flight on one connection. */
  readonly depth: number
  /** Whether the statements write. */
  readonly changes: boolean
  /** With less time left than this, a statement gets its own connection: a shared one has a fixed statement_timeout. */
  readonly leftMinMs: number
}

/** A shared connection. */
interface Pipeline {
  readonly lease: Lease
  readonly closesAtMs: number
  /** Statements without an answer, including those whose caller has timed out. */
  waiting: number
  /** Time of the last answer, or of opening. */
  heardAtMs: number
  /** Whether the socket is corked until the end of this turn of the event loop. */
  isCorked: boolean
  /** The number of `waiting` statements whose caller has timed out. */
  abandoned: number
  broken: boolean
  /** The server ended the session with an error, so the statements behind the one that got it were never started. */
  ended: boolean
}

type Send<T> = (client: PoolClient) => Promise<T>

/**
 * Connections shared by many requests: each statement is sent before the one ahead of it is answered. PostgreSQL has the next
 * statement at hand when it finishes one, and the statements of one turn of the event loop leave in one write, so neither side
 * has to be woken for each. Under load this halves the CPU time of a short statement on both sides. Only for short statements
 * that do not wait for locks, or not for long. Without room on a shared connection, a statement gets its own.
 */
export class Pipelines {
  readonly #pool: Pool
  readonly #sharing: Sharing
  /** Connections that are being opened, shared, or not yet returned. */
  #held = 0
  readonly #joinable = new Set<Pipeline>()
  readonly #opening = new Set<Promise<Pipeline | undefined>>()
  /** Moving average of the time of one statement. */
  #statementMs = 0

  constructor(pool: Pool, sharing: Sharing) {
    this.#pool = pool
    this.#sharing = sharing
  }

  /**
   * @param send sends one statement, which is a transaction of its own
   * @param sendExclusively the same on an unshared connection
   * @throws Problem unavailable (503); outcome_unknown (503) if a write may have been committed
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
      // Nothing was done, so the statement is sent again.
    } finally {
      timeBudget.leftMs = endsAtMs - performance.now()
    }
    return await roundTrip(this.#pool, timeBudget, changes, sendExclusively)
  }

  /** A timeout rejects only its own statement. The connection, which others share, is destroyed only if it is silent. */
  #ask<T>(pipeline: Pipeline, endsAtMs: number, send: Send<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let isAbandoned = false
    const cancel = onDeadline(endsAtMs - performance.now(), () => {
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
        cancel()
        if (isAbandoned) pipeline.abandoned--
      }
    }
    this.#cork(pipeline)
    void ask()
    return promise
  }

  /**
   * If all callers have timed out and no answer ever arrives, no timer of theirs is left, and the connection would be held for
   * ever. So it is checked again at the time at which it counts as silent.
   */
  #watch(pipeline: Pipeline): void {
    const silentInMs = pipeline.heardAtMs + SILENCE_MS - performance.now()
    onDeadline(silentInMs, () => {
      if (pipeline.waiting === 0 || pipeline.waiting > pipeline.abandoned || pipeline.lease.expired) return
      if (isSilent(pipeline)) pipeline.lease.expire()
      else this.#watch(pipeline)
    })
  }

  /** Collects the statements of this turn into one write: each write is a system call and may wake the server. */
  #cork(pipeline: Pipeline): void {
    if (pipeline.isCorked) return
    pipeline.isCorked = true
    const { stream } = pipeline.lease.client.connection
    stream.cork()
    setImmediate(() => {
      pipeline.isCorked = false
      stream.uncork()
    })
  }

  #heard(pipeline: Pipeline, sentAtMs: number): void {
    const now = performance.now()
    // Only a statement that was queued behind another measures the statement's time without the round trip.
    if (pipeline.heardAtMs > sentAtMs) this.#statementMs += (now - pipeline.heardAtMs - this.#statementMs) / SMOOTHING
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

  /** Counts the new statement at once, so that the connection is not returned. Undefined if there is no room. */
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
      // Opening may be slow, and its error is reported to the request that opens it.
      const opened = Promise.race(this.#opening).catch(() => undefined)
      await Promise.race([opened, sleep(Math.min(leftMs, QUEUEING_MAX_MS), undefined, { ref: false })])
    }
  }

  #poolHasRoom(): boolean {
    const { idleCount, totalCount, options } = this.#pool
    return idleCount > 0 || totalCount < options.max
  }

  /** The first connection with fewer than `batch` statements, or else the one with the fewest. */
  #withRoom(): Pipeline | undefined {
    const now = performance.now()
    const depth = Math.min(this.#sharing.depth, Math.max(1, QUEUEING_MAX_MS / this.#statementMs))
    let fewest: Pipeline | undefined
    for (const pipeline of this.#joinable) {
      if (now >= pipeline.closesAtMs) this.#joinable.delete(pipeline)
      else if (now - pipeline.heardAtMs > QUEUEING_MAX_MS) continue
      else if (pipeline.waiting < Math.min(this.#sharing.batch, depth)) return pipeline
      else if (pipeline.waiting < (fewest?.waiting ?? depth)) fewest = pipeline
    }
    return fewest
  }

  async #open(budget: TimeBudget): Promise<Pipeline | undefined> {
    this.#held++
    const opening = this.#borrow(budget)
    this.#opening.add(opening)
    let pipeline: Pipeline | undefined
    try {
      return (pipeline = await opening)
    } finally {
      if (pipeline === undefined) this.#held--
      this.#opening.delete(opening)
    }
  }

  async #borrow(budget: TimeBudget): Promise<Pipeline | undefined> {
    const lease = await borrow(this.#pool, budget)
    const { changes, leftMinMs } = this.#sharing
    // The outcome of a write sent on a lost connection would be unknown, so a connection that was idle is tested first.
    if (changes && !lease.fresh && !(await answers(lease))) {
      if (!lease.expired) lease.markPoolStale()
      lease.end(true)
      return undefined
    }
    if (lease.leftMs() < leftMinMs) {
      lease.end(false)
      return undefined
    }
    // Lets an old average decay.
    this.#statementMs /= 2
    const heardAtMs = performance.now()
    const closesAtMs = heardAtMs + SHARED_FOR_MS
    const pipeline = {
      lease,
      closesAtMs,
      waiting: 1,
      heardAtMs,
      isCorked: false,
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

/** Whether the connection failed, and not the statement. */
const isLoss = (error: unknown): boolean =>
  isOutdatedConnection(error) || (!isAnswer(error) && unavailable(error) !== undefined)
