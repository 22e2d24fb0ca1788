import { DatabaseError, escapeIdentifier, type ClientBase } from 'pg'
import type { MigrationVariables } from '../db/schema/migration-files.ts'
import { BEGIN } from '../db/wire/settings.ts'
import { StartError } from '../errors.ts'
import type { ImportKind } from './kind.ts'

type Destination = Pick<ImportKind, 'table' | 'insert'>

/** The outcomes of the rows of a batch, by position. */
export interface Outcome {
  readonly added: ReadonlySet<number>
  readonly refused: ReadonlyMap<number, string>
}

/**
 * Inserts a batch as the owner, in a transaction of its own. Forced policies apply to the owner too, so they are disabled inside the
 * transaction, which other sessions do not see. With `dryRun` it is rolled back.
 */
export async function insertBatch(
  client: ClientBase,
  { table, insert }: Destination,
  rows: readonly object[],
  dryRun: boolean,
): Promise<Outcome> {
  try {
    const added = await inOneTransaction(client, table, dryRun, async () => {
      const numbered = rows.map((row, at) => ({ ...row, at }))
      return (await client.query<{ at: number }>(insert, [JSON.stringify(numbered)])).rows.map(({ at }) => at)
    })
    return { added: new Set(added), refused: new Map() }
  } catch (error) {
    if (!isAboutValues(error)) throw inWords(error)
    if (rows.length === 1)
      return { added: new Set(), refused: new Map([[0, `the database refuses it: ${error.message}`]]) }
  }
  // A row was refused. Each row is inserted separately to find which.
  const added = new Set<number>()
  const refused = new Map<number, string>()
  for (const [at, row] of rows.entries()) {
    const one = await insertBatch(client, { table, insert }, [row], dryRun)
    if (one.added.size > 0) added.add(at)
    for (const reason of one.refused.values()) refused.set(at, reason)
  }
  return { added, refused }
}

async function inOneTransaction<T>(
  client: ClientBase,
  table: Destination['table'],
  dryRun: boolean,
  work: () => Promise<T>,
): Promise<T> {
  await client.query(`${BEGIN}; set local search_path = public, pg_temp; set local time zone 'UTC'; set local lock_timeout = '30s';
    alter table public.${table} no force row level security`)
  try {
    const result = await work()
    await client.query(`alter table public.${table} force row level security; ${dryRun ? 'rollback' : 'commit'}`)
    return result
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

/** SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation). */
const isAboutValues = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && /^2[23]/.test(error.code ?? '')

function inWords(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error
  if (error.code === '42501') {
    return new StartError(
      `cannot import: ${error.message}. Set MIGRATION_DATABASE_URL to the login that owns the tables of this service`,
      { cause: error },
    )
  }
  // lock_not_available
  if (error.code === '55P03') {
    return new StartError(
      'cannot import: the tables have been in use for 30 seconds. Stop the service, and run this again',
      {
        cause: error,
      },
    )
  }
  return error
}

/** The users among these ids that exist. */
export async function knownUsers(
  client: ClientBase,
  { users_schema: schema, users_table: table }: MigrationVariables,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ id: string }>(
    `select id from ${escapeIdentifier(schema)}.${escapeIdentifier(table)} where id = any ($1)`,
    [ids],
  )
  return new Set(rows.map(({ id }) => id))
}
