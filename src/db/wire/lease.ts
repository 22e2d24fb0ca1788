import type { Pool, PoolClient } from 'pg'
import { databaseUnavailable } from './failures.ts'

/** The time that something may have the database for, all its connections together. What it uses is taken off. */
export interface TimeBudget {
  /** Of it all: waiting for a connection, and every statement. */
  leftMs: number
  /** Of waiting for one connection. */
  readonly acquireMs: number
}

/** Node keeps the timers of one length in one list, and a list of its own costs more than a timer. */
const TIMER_STEP_MS = 10
/** The longest that they take. */
const FOREVER_MS = 2 ** 31 - 1

export const unbounded = (): TimeBudget => ({ leftMs: FOREVER_MS, acquireMs: FOREVER_MS })

/** A connection for a while. Where the time is up it is broken off, whatever it is doing: nobody waits for silence. */
export interface Lease {
  readonly client: PoolClient
  /** Whether it was used before, and so may have been lost since without anybody noticing. */
  readonly reused: boolean
  /** Whether it was made or heard a moment ago: hardly one that was lost since. */
  readonly fresh: boolean
  /** The server's own limit for a statement that begins now, as a setting. It ends a little earlier, and says so. */
  readonly statementTimeout: string
  leftMs(): number
  /** The result of the work, or the end of the time, whichever comes first. */
  within<T>(work: Promise<T>): Promise<T>
  /** Breaks the connection off, for nothing comes from it. */
  expire(): Error
  /** Whether we broke it off, so that its error says nothing of the server. */
  readonly expired: boolean
  /** Gives the connection back, or, where it is broken or may be, throws it away. */
  end(broken: boolean): void
  /** What befell this connection befell the others too, it seems: none that was up until now is used again. */
  markPoolStale(): void
}

/** How much earlier than us the server gives a statement up: time for its answer to get here. */
export const SERVER_MARGIN_MS = 100

/** With less than this left nothing is begun. */
const MIN_LEFT_MS = 2 * SERVER_MARGIN_MS

/** A pool none of whose connections was heard for so long when one ran out of time has lost its server. */
export const SILENCE_MS = 1_000

/** Shorter than anything between here and the server forgets a connection that idles. */
const FRESH_MS = 5_000

/** When the pool as a whole, and each of its connections, was last heard; and when its server was found to be lost. */
const heardAt = new WeakMap<Pool | PoolClient, number>()
const silentAt = new WeakMap<Pool, number>()

const acquireFailures = new WeakMap<Pool, number>()

/** How often no connection came in time. */
export const acquireFailuresOf = (pool: Pool): number => acquireFailures.get(pool) ?? 0

/** @throws Problem unavailable (503) when no connection came in time */
export async function borrow(pool: Pool, timeBudget: TimeBudget): Promise<Lease> {
  const startedAt = performance.now()
  const budgetMs = timeBudget.leftMs
  const leftMs = (): number => budgetMs - (performance.now() - startedAt)
  const client = await acquire(pool, () => Math.min(leftMs(), timeBudget.acquireMs - (performance.now() - startedAt)))
  const give = (broken: boolean): void => {
    // An orderly goodbye would wait for an answer.
    if (broken) client.connection.stream.destroy()
    client.release(broken)
    client.off('error', ignore)
    // Two at once have used the same time, not twice of it.
    timeBudget.leftMs = Math.min(timeBudget.leftMs, leftMs())
  }
  // The pool listens to idle connections only; unheard, the break of one in use would end the process.
  client.on('error', ignore)
  if (leftMs() < MIN_LEFT_MS) {
    give(false)
    throw databaseUnavailable(deadlineError())
  }

  const lastHeard = heardAt.get(client)
  let expired = false
  const expire = (): Error => {
    expired = true
    const now = performance.now()
    if (now - (heardAt.get(pool) ?? 0) > SILENCE_MS) silentAt.set(pool, now)
    const error = deadlineError()
    client.connection.stream.destroy(error)
    return error
  }
  return {
    client,
    reused: lastHeard !== undefined,
    fresh: lastHeard === undefined || startedAt - lastHeard < FRESH_MS,
    get statementTimeout() {
      return `${Math.max(1, Math.trunc(leftMs() - SERVER_MARGIN_MS))}ms`
    },
    leftMs,
    expire,
    get expired() {
      return expired
    },
    within: async (work) => {
      const late = Promise.withResolvers<never>()
      const callOff = onDeadline(leftMs(), () => late.reject(expire()))
      try {
        return await Promise.race([work, late.promise])
      } finally {
        callOff()
      }
    },
    end: (broken) => {
      if (!broken) {
        heardAt.set(pool, performance.now())
        heardAt.set(client, performance.now())
      }
      give(broken)
    },
    markPoolStale: () => void silentAt.set(pool, performance.now()),
  }
}

/**
 * Acts when the time is up, but not before what has arrived while this process was busy has been read.
 *
 * @returns what calls it off
 */
export function onDeadline(leftMs: number, act: () => void): () => void {
  let isOff = false
  const waitMs = Math.min(FOREVER_MS, Math.ceil(Math.max(0, leftMs) / TIMER_STEP_MS) * TIMER_STEP_MS)
  const timer = setTimeout(() => setImmediate(() => isOff || act()), waitMs)
  return () => {
    isOff = true
    clearTimeout(timer)
  }
}

/** With the code that a socket has for it. */
export const deadlineError = (): Error =>
  Object.assign(new Error('the database did not answer in time'), { code: 'ETIMEDOUT' })

const ignore = (): void => undefined

/** One after another until there is one that was not lost together with the server it was to. */
async function acquire(pool: Pool, leftMs: () => number): Promise<PoolClient> {
  for (;;) {
    const client = await connection(pool, leftMs())
    const lastHeard = heardAt.get(client)
    if (lastHeard === undefined || lastHeard > (silentAt.get(pool) ?? 0)) return client
    client.on('error', ignore)
    client.release(true)
    client.connection.stream.destroy()
  }
}

/** The pool itself waits longer than a request does, so that a connection that takes its time to be made is there for the next. */
async function connection(pool: Pool, waitMs: number): Promise<PoolClient> {
  const coming = pool.connect()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('no connection came free in time')), Math.max(0, waitMs))
  try {
    return await Promise.race([coming, late.promise])
  } catch (error) {
    void coming.then((client) => client.release(), ignore)
    acquireFailures.set(pool, acquireFailuresOf(pool) + 1)
    throw databaseUnavailable(error)
  } finally {
    clearTimeout(timer)
  }
}
