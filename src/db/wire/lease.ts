import type { Pool, PoolClient } from 'pg'
import { databaseUnavailable } from './failures.ts'

/** Time budget of one request across all its connections; decreases as it is used. */
export interface TimeBudget {
  /** What is left for waiting for connections and for all statements. */
  leftMs: number
  /** Limit for waiting for one connection. */
  readonly acquireMs: number
}

/** Timeouts are rounded up to this step. Node keeps one list per timer duration, and a new list costs more than a timer. */
const TIMER_STEP_MS = 10
/** The longest delay that Node's timers accept. */
const FOREVER_MS = 2 ** 31 - 1

export const unbounded = (): TimeBudget => ({ leftMs: FOREVER_MS, acquireMs: FOREVER_MS })

/** A borrowed connection. It is destroyed when its deadline passes, even mid-query. */
export interface Lease {
  readonly client: PoolClient
  /** Whether it was used before. If so, it may have been lost while idle, which is noticed only when it is used. */
  readonly reused: boolean
  /** Whether it was opened or answered a moment ago, and so is unlikely to have been lost since. */
  readonly fresh: boolean
  /** The value of statement_timeout for a statement that begins now. It is a little shorter, so that the server's error arrives. */
  readonly statementTimeout: string
  leftMs(): number
  /** The result of the work. Rejects, and destroys the connection, if the deadline passes first. */
  within<T>(work: Promise<T>): Promise<T>
  /** Destroys the connection because the server does not answer. @returns the error to report */
  expire(): Error
  /** Whether `expire` destroyed it, so that its error does not mean that the server is gone. */
  readonly expired: boolean
  /** Returns the connection to the pool, or destroys it if it is or may be broken. */
  end(broken: boolean): void
  /** Assumes that the server is gone: connections opened before now are not reused. */
  markPoolStale(): void
}

/** How much earlier than our own deadline the server cancels a statement, so that its error has time to arrive. */
export const SERVER_MARGIN_MS = 100

/** With less time left than this, nothing is started. */
const MIN_LEFT_MS = 2 * SERVER_MARGIN_MS

/** If no connection of the pool has answered for this long when one expires, the server is considered gone. */
export const SILENCE_MS = 1_000

/** Shorter than the idle timeout of any proxy or firewall on the way to the server. */
const FRESH_MS = 5_000

/** The time of the last answer, for a pool as a whole and for each connection. */
const heardAt = new WeakMap<Pool | PoolClient, number>()
/** The time at which the server of a pool was found to be gone. */
const staleSince = new WeakMap<Pool, number>()

const acquireFailures = new WeakMap<Pool, number>()

/** How often no connection became available in time. */
export const acquireFailuresOf = (pool: Pool): number => acquireFailures.get(pool) ?? 0

/** @throws Problem unavailable (503) if no connection becomes available in time */
export async function borrow(pool: Pool, timeBudget: TimeBudget): Promise<Lease> {
  const startedAt = performance.now()
  const budgetMs = timeBudget.leftMs
  const leftMs = (): number => budgetMs - (performance.now() - startedAt)
  const client = await acquire(pool, () => Math.min(leftMs(), timeBudget.acquireMs - (performance.now() - startedAt)))
  const give = (broken: boolean): void => {
    // An orderly Terminate would wait for the server.
    if (broken) client.connection.stream.destroy()
    client.release(broken)
    client.off('error', ignore)
    // Leases that overlap use the same time, so it is not subtracted twice.
    timeBudget.leftMs = Math.min(timeBudget.leftMs, leftMs())
  }
  // The pool listens to idle connections only. Without a listener, the loss of one in use would crash the process.
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
    if (now - (heardAt.get(pool) ?? 0) > SILENCE_MS) staleSince.set(pool, now)
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
      const cancel = onDeadline(leftMs(), () => late.reject(expire()))
      try {
        return await Promise.race([work, late.promise])
      } finally {
        cancel()
      }
    },
    end: (broken) => {
      if (!broken) {
        heardAt.set(pool, performance.now())
        heardAt.set(client, performance.now())
      }
      give(broken)
    },
    markPoolStale: () => void staleSince.set(pool, performance.now()),
  }
}

/**
 * Calls `act` when the time is up, but after the answers that arrived while this process was busy have been read.
 *
 * @returns a function that cancels it
 */
export function onDeadline(leftMs: number, act: () => void): () => void {
  let isCancelled = false
  const waitMs = Math.min(FOREVER_MS, Math.ceil(Math.max(0, leftMs) / TIMER_STEP_MS) * TIMER_STEP_MS)
  const timer = setTimeout(() => setImmediate(() => isCancelled || act()), waitMs)
  return () => {
    isCancelled = true
    clearTimeout(timer)
  }
}

/** Has the code of a socket's timeout. */
export const deadlineError = (): Error =>
  Object.assign(new Error('the database did not answer in time'), { code: 'ETIMEDOUT' })

const ignore = (): void => undefined

/** Takes connections from the pool, and destroys them, until one was opened or has answered since the server was found to be gone. */
async function acquire(pool: Pool, leftMs: () => number): Promise<PoolClient> {
  for (;;) {
    const client = await connection(pool, leftMs())
    const lastHeard = heardAt.get(client)
    if (lastHeard === undefined || lastHeard > (staleSince.get(pool) ?? 0)) return client
    client.on('error', ignore)
    client.release(true)
    client.connection.stream.destroy()
  }
}

/** The pool's own timeout is longer than a request's, so a connection that is slow to open serves a later request. */
async function connection(pool: Pool, waitMs: number): Promise<PoolClient> {
  const coming = pool.connect()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('no connection became available in time')), Math.max(0, waitMs))
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
