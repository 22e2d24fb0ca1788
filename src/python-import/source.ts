import { escapeIdentifier } from 'pg'
import type { Connection } from '../db/wire/connection.ts'
import { StartError } from '../errors.ts'
import type { OldRow } from './old-row.ts'

/** The number of rows held in memory. */
export const BATCH_ROWS = 500

export interface OldTable {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
}

export interface OldTables {
  readonly tasks: OldTable
  /** Those that were asked for and exist in the schema of the tasks, by their names. */
  readonly others: ReadonlyMap<string, OldTable>
}

/** Both schemas of the old service: `user_id` and either `completed` or `status`. */
const isOldTasks = ({ columns }: OldTable): boolean =>
  ['id', 'user_id', 'title'].every((each) => columns.includes(each)) &&
  (columns.includes('completed') || columns.includes('status'))

const shown = ({ schema, name }: OldTable): string => `${schema}.${name}`

/**
 * Finds the old service's tables in any schema. Tables of this service, which may be in the same database, are recognised by their
 * policies.
 *
 * @param schema where to look; all when undefined
 * @param names of tables; the one with tasks is looked for in any case
 * @throws StartError saying what was looked for
 */
export async function findOldTables(
  client: Connection,
  schema: string | undefined,
  names: readonly string[],
): Promise<OldTables> {
  const { rows } = await client.query<OldTable>(
    `select n.nspname as schema, c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind in ('r', 'p') and (c.relname = 'tasks' or c.relname = any ($2))
       and n.nspname not in ('pg_catalog', 'information_schema') and ($1::text is null or n.nspname = $1)
       and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = c.relname || '_of_the_user')
     group by n.nspname, c.relname order by n.nspname`,
    [schema ?? null, names],
  )
  const candidates = rows.filter((table) => table.name === 'tasks' && isOldTasks(table))
  const [tasks, another] = candidates
  const where = schema === undefined ? 'any schema' : `schema ${schema}`
  if (tasks === undefined) {
    throw new StartError(
      `the database of --from has no table tasks of the Python service in ${where}; it looked for one with id, user_id, title, and completed or status`,
    )
  }
  if (another !== undefined) {
    throw new StartError(
      `the database of --from has more than one table of old tasks (${candidates.map(shown).join(', ')}): choose one with --schema`,
    )
  }
  const others = rows.filter(({ name, schema: of }) => name !== 'tasks' && of === tasks.schema)
  return { tasks, others: new Map(others.map((table) => [table.name, table])) }
}

/** A read-only transaction in which all reads use one snapshot. */
export async function readOnly<T>(client: Connection, work: () => Promise<T>): Promise<T> {
  await client.query('begin transaction isolation level repeatable read read only')
  // Times without a zone are UTC, and all times are returned in UTC.
  await client.query(`set local time zone 'UTC'; set local datestyle = 'ISO, YMD'; set local statement_timeout = 0`)
  try {
    return await work()
  } finally {
    await client.query('rollback').catch(() => undefined)
  }
}

export async function countRows(client: Connection, table: OldTable): Promise<number> {
  const { rows } = await client.query<{ count: string }>(`select count(*)::text as count from ${quoted(table)}`)
  return Number(rows[0]?.count ?? 0)
}

/** Yields all rows in batches, ordered by id. */
export async function* readRows(client: Connection, table: OldTable): AsyncGenerator<readonly OldRow[]> {
  const id = table.columns.includes('id') ? 't.id::text' : 'null::text'
  const order = table.columns.includes('id') ? 'order by t.id' : ''
  await client.query(
    `declare old_rows no scroll cursor for select ${id} as id, to_jsonb(t) as columns from ${quoted(table)} t ${order}`,
  )
  for (;;) {
    const { rows } = await client.query<{ id: string | null; columns: OldRow['columns'] }>(
      `fetch ${BATCH_ROWS} from old_rows`,
    )
    if (rows.length === 0) break
    yield rows.map(({ id: key, columns }) => ({ id: key ?? '', columns }))
  }
  await client.query('close old_rows')
}

const quoted = ({ schema, name }: OldTable): string => `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`
