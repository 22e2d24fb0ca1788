import type { Pool, PoolClient } from 'pg'
import { databaseAway } from './failures.ts'

/** The time that something may have the database for, all its connections together. What it uses is taken off. */
export interface Patience {
  /** Of it all: waiting for a connection, and every statement. */
  leftMs: number
  /** Of waiting for one connection. */
  readonly acquireMs: number
}

/** A connection for a while. When the time is up it is broken off, whatever it is doing: nobody waits for silence. */
export interface Lease {
  readonly client: PoolClient
  /** Whether it was used before, and so may have been lost since without anybody noticing. */
  readonly reused: boolean
  /** The server's own limit for a statement that begins now, as a setting. It ends a little earlier, and says so. */
  readonly statementTimeout: string
  /** The result of the work, or the end of the time, whichever comes first. */
  within<T>(work: Promise<T>): Promise<T>
  /** Gives the connection back, or, where it is broken or may be, throws it away. */
  end(broken: boolean): void
  /** What befell this connection befell the others too, it seems: none that was up until now is used again. */
  distrustOthers(): void
}

/** How much earlier than us the server gives a statement up: time for its answer to get here. */
const SERVER_MARGIN_MS = 100

/** With less than this left nothing is begun. */
const MIN_LEFT_MS = 2 * SERVER_MARGIN_MS

/** A pool none of whose connections was heard for so long when one ran out of time has lost its server. */
const SILENCE_MS = 1_000

/** When the pool as a whole, and each of its connections, was last heard; and when its server was found to be lost. */
const heardAt = new WeakMap<Pool | PoolClient, number>()
const silentAt = new WeakMap<Pool, number>()

/** @throws Problem unavailable (503) when no connection came in time */
export async function borrow(pool: Pool, patience: Patience): Promise<Lease> {
  const startedAt = performance.now()
  const budgetMs = patience.leftMs
  const leftMs = (): number => budgetMs - (performance.now() - startedAt)
  const client = await acquire(pool, () => Math.min(leftMs(), patience.acquireMs - (performance.now() - startedAt)))
  const give = (broken: boolean): void => {
    // An orderly goodbye would wait for an answer.
    if (broken) client.connection.stream.destroy()
    client.release(broken)
    client.off('error', ignore)
    // Two at once have used the same time, not twice of it.
    patience.leftMs = Math.min(patience.leftMs, leftMs())
  }
  // The pool listens to idle connections only; unheard, the break of one in use would end the process.
  client.on('error', ignore)
  if (leftMs() < MIN_LEFT_MS) {
    give(false)
    throw databaseAway(outOfTime())
  }

  const reused = heardAt.has(client)
  let ended = false
  const expiry = Promise.withResolvers<never>()
  expiry.promise.catch(ignore)
  const expire = (): void => {
    if (ended) return
    const now = performance.now()
    if (now - (heardAt.get(pool) ?? 0) > SILENCE_MS) silentAt.set(pool, now)
    const error = outOfTime()
    expiry.reject(error)
    client.connection.stream.destroy(error)
  }
  // Not before what has arrived while this process was busy has been read.
  const timer = setTimeout(() => setImmediate(expire), leftMs())
  return {
    client,
    reused,
    get statementTimeout() {
      return `${Math.max(1, Math.trunc(leftMs() - SERVER_MARGIN_MS))}ms`
    },
    within: (work) => Promise.race([work, expiry.promise]),
    end: (broken) => {
      ended = true
      clearTimeout(timer)
      if (!broken) {
        heardAt.set(pool, performance.now())
        heardAt.set(client, performance.now())
      }
      give(broken)
    },
    distrustOthers: () => void silentAt.set(pool, performance.now()),
  }
}

/** With the code that a socket has for it. */
const outOfTime = (): Error => Object.assign(new Error('the database did not answer in time'), { code: 'ETIMEDOUT' })

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
    throw databaseAway(error)
  } finally {
    clearTimeout(timer)
  }
}
