import type { Scopes } from './scopes.ts'
import type { Statement } from './wire/statement.ts'

/** Maximum number of rows that one transaction deletes, to keep transactions short. */
export const PURGED_ROWS = 1000

/**
 * Deletes in batches, until a batch is not full or the signal is aborted.
 *
 * @param statement deletes at most {@link PURGED_ROWS} rows, and gives their number as `rows`
 * @returns the number of rows deleted
 */
export async function purge(
  db: Pick<Scopes, 'asSystem'>,
  reason: string,
  statement: Statement,
  signal?: AbortSignal,
): Promise<number> {
  let purged = 0
  for (;;) {
    if (signal?.aborted === true) return purged
    const batch = await db.asSystem(reason, (sql) => sql.row<{ rows: number }>(statement))
    const rows = batch?.rows ?? 0
    purged += rows
    if (rows < PURGED_ROWS) return purged
  }
}
