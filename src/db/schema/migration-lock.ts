import { setTimeout as delay } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { StartError } from '../../errors.ts'

/** The key of the advisory lock. The process that holds it migrates. */
const LOCK = 7_062_026_001
const LOCK_TIMEOUT_MS = 60_000
const LOCK_POLL_MS = 50

/**
 * Takes the migration lock until the end of the transaction. It polls, because a statement that waits for the lock holds a snapshot,
 * and `create index concurrently` of the lock's holder would wait for that snapshot. The query has no parameters, because the portal
 * of a query with parameters keeps its snapshot.
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
