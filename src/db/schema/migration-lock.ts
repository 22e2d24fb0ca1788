import { setTimeout as delay } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { StartError } from '../../errors.ts'

/** The key of the advisory lock. The process that holds it migrates. */
const LOCK = 7_062_026_001
const LOCK_TIMEOUT_MS = 60_000
const LOCK_POLL_MS = 50

/**
 * Takes the migration lock until the end of the transaction, if it is free. The query has no parameters, because the portal of a query
 * with parameters keeps its snapshot, which `create index concurrently` would wait for.
 */
export async function takesLock(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(`select pg_try_advisory_xact_lock(${LOCK}) as locked`)
  return rows[0]?.locked === true
}

/**
 * Repeats an attempt until it takes the lock. It polls, because a statement that waits for the lock holds a snapshot, and
 * `create index concurrently` of the lock's holder would wait for that. An attempt that fails must end its transaction: behind PgBouncer an
 * open one occupies a connection to the server, and the holder of the lock needs two.
 *
 * @param attempt returns undefined if the lock was taken by another process
 */
export async function onceLocked<T>(attempt: () => Promise<{ readonly result: T } | undefined>): Promise<T> {
  const giveUpAt = performance.now() + LOCK_TIMEOUT_MS
  for (;;) {
    const done = await attempt()
    if (done !== undefined) return done.result
    if (performance.now() > giveUpAt) throw migratesForLong()
    await delay(LOCK_POLL_MS)
  }
}

export const migratesForLong = (cause?: unknown): StartError =>
  new StartError('cannot migrate: another process has been migrating this database for a minute', { cause })
