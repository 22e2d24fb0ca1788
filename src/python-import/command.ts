import { parseArgs } from 'node:util'
import type { ClientBase } from 'pg'
import type { Config } from '../config/config.ts'
import type { Connection } from '../db/wire/connection.ts'
import type { MigrationVariables } from '../db/schema/migration-files.ts'
import { migrationState } from '../db/schema/migrator.ts'
import { onServer, withConnection } from '../db/source.ts'
import { StartError } from '../errors.ts'
import { parseDatabaseUrl } from '../lib/database-url.ts'
import { openFernet } from '../lib/fernet.ts'
import {
  convertKey,
  convertTask,
  KEY_COLUMNS,
  TASK_COLUMNS,
  UNKNOWN_MASK,
  type Converted,
  type OldRow,
} from './convert.ts'
import { openIdMap, type IdMap } from './id-map.ts'
import { countRows, findOldTables, readOnly, readRows, type OldTable } from './source.ts'
import { insertBatch, KEYS, knownUsers, TASKS, type Destination } from './target.ts'

export interface ImportOptions {
  readonly from: NonNullable<Config['database']['address']>
  readonly schema: string | undefined
  readonly map: string
  readonly dryRun: boolean
}

const USAGE = 'migrate import-python --from URL [--schema NAME] [--map FILE] [--dry-run]'
const DEFAULT_MAP = 'python-import.csv'
const PROGRESS_INTERVAL_MS = 2_000

/** @throws StartError for an option that is missing, unknown or wrong. No message quotes the URL. */
export function importOptions(args: readonly string[]): ImportOptions {
  const text = { type: 'string' } as const
  let values
  try {
    values = parseArgs({
      args: [...args],
      options: { from: text, schema: text, map: text, 'dry-run': { type: 'boolean' } },
    }).values
  } catch (cause) {
    throw new StartError(`unknown or incomplete option: ${USAGE}`, { cause })
  }
  const { from, schema, map = DEFAULT_MAP, 'dry-run': dryRun = false } = values
  if (from === undefined) throw new StartError(`--from is missing, the URL of the old database: ${USAGE}`)
  try {
    return { from: parseDatabaseUrl(from), schema, map, dryRun }
  } catch (error) {
    throw new StartError(`--from: ${error instanceof Error ? error.message : 'is no URL'}`, { cause: error })
  }
}

export interface ImportContext {
  readonly config: Config
  /** The owner's connection to this service's database. */
  readonly client: ClientBase
  readonly variables: MigrationVariables
  readonly print: (lines: readonly string[]) => void
}

/** How an old table is imported. */
interface Kind<Row extends { readonly user_id: string }> {
  /** What a row is called in the report. */
  readonly name: string
  readonly table: OldTable
  readonly columns: ReadonlySet<string>
  readonly destination: Destination
  readonly convert: (old: OldRow) => Converted<Row>
  /** The id under which the map knows the row; undefined where rows have none. */
  readonly newId: (row: Row) => string | undefined
  /** A sentence about a row that is imported and still wants attention. */
  readonly remark: (row: Row) => string | undefined
}

interface Tally {
  taken: number
  existing: number
  refused: number
}

/**
 * Imports the tasks and provider keys of the Python service. Its database is read in one read-only transaction. What was
 * imported before is skipped, so an interrupted run is started again in the same way. Exit status 1 when a row was not taken.
 */
export async function importPython(context: ImportContext, options: ImportOptions): Promise<void> {
  const { client, config, print } = context
  const { pending } = await migrationState(client)
  if (pending.length > 0) throw new StartError('the database of this service is not migrated: run migrate init first')
  using map = openIdMap(options.map, options.dryRun)
  const now = new Date().toISOString()
  const fernet = openFernet(config.vault.encryptionKeys)
  await withConnection(onServer('--from', options.from), (source) =>
    readOnly(source, async () => {
      const { tasks, keys } = await findOldTables(source, options.schema)
      const isComplete = await importTable(context, options, source, map, {
        name: 'task',
        table: tasks,
        columns: TASK_COLUMNS,
        destination: TASKS,
        convert: (old) => convertTask(old, now),
        newId: ({ id }) => id,
        remark: () => undefined,
      })
      const areComplete =
        keys === undefined ||
        (await importTable(context, options, source, map, {
          name: 'key',
          table: keys,
          columns: KEY_COLUMNS,
          destination: KEYS,
          convert: (old) => convertKey(old, fernet, now),
          newId: () => undefined,
          remark: ({ masked_key: mask }) =>
            mask === UNKNOWN_MASK ? 'no ENCRYPTION_KEY opens it: give the one of the Python service' : undefined,
        }))
      print([
        options.dryRun
          ? 'dry run: nothing was changed'
          : `old and new ids of the tasks are in ${options.map}. The old database was not changed`,
      ])
      if (!isComplete || !areComplete) process.exitCode = 1
    }),
  )
}

/** @returns whether every row was taken, now or before */
async function importTable<Row extends { readonly user_id: string }>(
  { client, variables, print }: ImportContext,
  { dryRun }: ImportOptions,
  source: Connection,
  map: IdMap,
  kind: Kind<Row>,
): Promise<boolean> {
  const { schema, name, columns } = kind.table
  const ignored = columns.filter((column) => !kind.columns.has(column))
  const total = await countRows(source, kind.table)
  print([`${kind.name}s  ${total} rows in ${schema}.${name}`])
  if (ignored.length > 0) print([`  not read  column ${ignored.join(', ')}`])
  const tally: Tally = { taken: 0, existing: 0, refused: 0 }
  let reportedAt = performance.now()
  for await (const batch of readRows(source, kind.table)) {
    const { rows, outcomes } = convertBatch(kind, map, batch, tally)
    const users = await knownUsers(client, variables, [...new Set(rows.map(({ row }) => row.user_id))])
    const wanted = rows.filter(({ old, row }) => {
      if (users.has(row.user_id)) return true
      outcomes.push({ old, reason: `there is no user ${row.user_id}` })
      return false
    })
    const inserted = wanted.map(({ row }) => row)
    const { added, refused } = await insertBatch(client, kind.destination, inserted, dryRun)
    for (const [at, reason] of refused) outcomes.push({ old: wanted[at]?.old, reason })
    tally.taken += added.size
    tally.existing += wanted.length - added.size - refused.size
    tally.refused += outcomes.length
    // Those that were there already, too: an earlier run may have ended between its commit and this line.
    map.add(
      wanted.flatMap(({ old, row }, at) => {
        const newId = kind.newId(row)
        return newId === undefined || refused.has(at) ? [] : [{ userId: row.user_id, oldId: old.id, newId }]
      }),
    )
    print(outcomes.map(({ old, reason }) => `  not taken  ${kind.name} ${old?.id ?? ''}: ${reason}`))
    print(
      wanted.flatMap(({ old, row }, at) => {
        const remark = added.has(at) ? kind.remark(row) : undefined
        return remark === undefined ? [] : [`  taken, but  ${kind.name} ${old.id}: ${remark}`]
      }),
    )
    if (performance.now() - reportedAt >= PROGRESS_INTERVAL_MS) {
      reportedAt = performance.now()
      print([`  ${tally.taken + tally.existing + tally.refused} of ${total}`])
    }
  }
  const verb = dryRun ? 'would be taken' : 'taken'
  print([`${kind.name}s  ${tally.taken} ${verb}, ${tally.existing} there already, ${tally.refused} not taken`])
  return tally.refused === 0
}

interface Refusal {
  readonly old: OldRow | undefined
  readonly reason: string
}

/** Leaves out what an earlier run imported, and tells what does not fit. */
function convertBatch<Row extends { readonly user_id: string }>(
  { convert, newId }: Kind<Row>,
  map: IdMap,
  batch: readonly OldRow[],
  tally: Tally,
): { readonly rows: readonly { readonly old: OldRow; readonly row: Row }[]; readonly outcomes: Refusal[] } {
  const rows: { old: OldRow; row: Row }[] = []
  const outcomes: Refusal[] = []
  for (const old of batch) {
    const converted = convert(old)
    if ('faults' in converted) {
      outcomes.push({ old, reason: converted.faults.join('; ') })
      continue
    }
    const id = newId(converted.row)
    if (id !== undefined && map.has(id)) tally.existing += 1
    else rows.push({ old, row: converted.row })
  }
  return { rows, outcomes }
}
