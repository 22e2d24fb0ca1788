import type { Scopes } from './scopes.ts'
import type { Statement } from './wire/statement.ts'

/** Maximum number of rows that one transaction deletes, to keep transactions short. */
export const PURGED_ROWS = 1000

/** Which rows of all users are old. Each member becomes part of the SQL, so it is a constant of the code, never a value of a request. */
interface OldRows {
  /** The name of the statement. */
  readonly name: string
  readonly table: string
  /** The columns that identify a row, in addition to `user_id`. */
  readonly key: readonly string[]
  /** The column or expression that says how old a row is. It has an index. */
  readonly by: string
  /** An SQL expression: rows from before this instant are old. A policy may also hide all other rows from the system role. */
  readonly before: string
  /** Rows that are being changed are left for the next purge. PostgreSQL requires the right to update one of the columns. */
  readonly lock?: 'for update skip locked'
}

/** A statement for {@link purge} that deletes the oldest rows. */
export function purgeOf({ name, table, key, by, before, lock }: OldRows): Statement {
  const columns = ['user_id', ...key]
  return {
    name,
    text: `with old as (
             select ${columns.join(', ')} from ${table} where ${by} < ${before}
             order by ${by} limit ${PURGED_ROWS} ${lock ?? ''}
           ), purged as (
             delete from ${table} entry using old
             where ${columns.map((column) => `entry.${column} = old.${column}`).join(' and ')}
             returning 1
           )
           select count(*) as rows from purged`,
  }
}

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
