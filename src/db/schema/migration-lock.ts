import { setTimeout as delay } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { StartError } from '../../errors.ts'

/** Any number all processes agree on: the process that holds it migrates. */
const LOCK = 7_062_026_001
const LOCK_TIMEOUT_MS = 60_000
const LOCK_POLL_MS = 50

/**
 * Takes the lock of all who migrate, for the transaction. It asks again and again: a statement that waits for the lock has a
 * snapshot, and `create index concurrently` of the lock's holder would wait for that in turn. Without a parameter, since the
 * portal of a query that has one keeps its snapshot.
 */
export async function acquireLock(client: ClientBase): Promise<void> {
  const giveUpAt = performance.now() + LOCK_TIMEOUT_MS
  for (;;) {
    const { rows } = await client.query<{ locked: boolean }>(`select pg_try_advisory_xact_lock(${LOCK}) as locked`)
    if (rows[0]?.locked === true) return
    if (performance.now() > giveUpAt) throw migratesForLong()
    await delay(LOCK_POLL_MS)
  }
}

export const migratesForLong = (cause?: unknown): StartError =>
  new StartError('cannot migrate: another process has been migrating this database for a minute', { cause })
