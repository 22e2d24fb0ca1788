import { DatabaseError, type ClientBase } from 'pg'
import { StartError } from '../../errors.ts'
import { BEGIN, SET_FOR_TRANSACTION } from '../wire/settings.ts'
import type { MigrationFile, Style } from './migration-files.ts'
import { migratesForLong, onceLocked, takesLock } from './migration-lock.ts'

/** Replaces the time limits that the role or the database has for statements and transactions; the wait for locks is bounded. */
export const unhurried = (isLocal: boolean): string => `set_config('statement_timeout', '0', ${isLocal}),
  set_config('idle_in_transaction_session_timeout', '0', ${isLocal}), set_config('lock_timeout', '60s', ${isLocal}),
  (select set_config(name, '0', ${isLocal}) from pg_settings where name = 'transaction_timeout')`

/** For the policies of the owner, which let a backfill see rows that forced row-level security hides from the owner otherwise. */
const SEES_ALL_ROWS = `set_config('todo.migrating', 'on', true)`

/** One transaction under the lock of all processes that migrate. */
export const inLockedTransaction = <T>(client: ClientBase, work: () => Promise<T>): Promise<T> =>
  onceLocked(async () => {
    await client.query(BEGIN)
    try {
      // The login's own role and our settings, regardless of the state of a pooled connection.
      await client.query(`set local role none; select ${SET_FOR_TRANSACTION}, ${unhurried(true)}, ${SEES_ALL_ROWS};`)
      const isOurs = await takesLock(client)
      const result = isOurs ? { result: await work() } : undefined
      await client.query(isOurs ? 'commit' : 'rollback')
      return result
    } catch (error) {
      // A lost connection has nothing to roll back; the first error is the one to report.
      await client.query('rollback').catch(() => undefined)
      throw inWords(error)
    }
  })

/** Explains the errors that a login gets before any file runs. */
export function inWords(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error
  const isDenied = error.code === '42501' // insufficient_privilege
  if (isDenied) {
    return new StartError(
      `cannot migrate: ${error.message}. The login of the migrations must own schema_migrations, or be allowed to create it: grant create on schema public`,
      { cause: error },
    )
  }
  return error.code === '55P03' ? migratesForLong(error) : error // lock_not_available
}

/** @returns the number of rows that its statements affected */
export async function run(client: ClientBase, { name, style, statements }: MigrationFile): Promise<number> {
  let affected = 0
  for (const { text, line } of statements) {
    try {
      affected += (await client.query(text)).rowCount ?? 0
    } catch (error) {
      const { message, hint } = error as { message: string; hint?: string }
      throw new StartError(
        `migration ${name} failed at line ${line} (${firstLine(text)}) and ${AFTER_FAILURE[style]}: ${message}${hint === undefined ? '' : `. ${hint}`}`,
        { cause: error },
      )
    }
  }
  return affected
}

const AFTER_FAILURE: Readonly<Record<Style, string>> = {
  'in a transaction': 'was rolled back',
  'without a transaction': 'can be run again: the statements before this line took effect',
  'in batches': 'can be run again: it continues after the last complete batch',
}

const firstLine = (statement: string): string => (statement.split('\n', 1)[0] ?? '').slice(0, 80)
