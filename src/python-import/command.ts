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
import { openIdMap, type IdMap } from './id-map.ts'
import type { ConversionContext, ImportedRow, ImportKind } from './kind.ts'
import type { OldRow } from './old-row.ts'
import { countRows, findOldTables, readOnly, readRows, type OldTable } from './source.ts'
import { insertBatch, knownUsers } from './target.ts'

export interface ImportOptions {
  readonly from: NonNullable<Config['database']['address']>
  readonly schema: string | undefined
  readonly map: string
  readonly dryRun: boolean
}

const USAGE = 'migrate import-python --from URL [--schema NAME] [--map FILE] [--dry-run]'
const DEFAULT_MAP = 'python-import.csv'
const PROGRESS_INTERVAL_MS = 2_000

/** @throws StartError for an option that is missing, unknown or invalid. No message quotes the URL. */
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
  if (from === undefined) throw new StartError(`--from, the URL of the old database, is missing: ${USAGE}`)
  try {
    return { from: parseDatabaseUrl(from), schema, map, dryRun }
  } catch (error) {
    throw new StartError(`--from: ${error instanceof Error ? error.message : 'is not a URL'}`, { cause: error })
  }
}

export interface ImportContext {
  readonly config: Config
  /** The owner's connection to this service's database. */
  readonly client: ClientBase
  readonly variables: MigrationVariables
  readonly print: (lines: readonly string[]) => void
}

/** A table to import, and the way that its rows take. */
interface Work extends ImportContext {
  readonly options: ImportOptions
  readonly source: Connection
  readonly map: IdMap
  readonly conversion: ConversionContext
  readonly old: OldTable
  readonly kind: ImportKind
}

interface Tally {
  taken: number
  existing: number
  refused: number
}

/**
 * Imports tables of the Python service. Its database is read in one read-only transaction. What was imported before is skipped,
 * so an interrupted run is started again in the same way. Exit status 1 when a row was not taken.
 *
 * @param kinds of rows, in the order of their import. The table of the tasks must exist; others may be missing.
 */
export async function importPython(
  context: ImportContext,
  options: ImportOptions,
  kinds: readonly ImportKind[],
): Promise<void> {
  const { pending } = await migrationState(context.client)
  if (pending.length > 0) throw new StartError('the database of this service is not migrated: run migrate init first')
  using map = openIdMap(options.map, options.dryRun)
  const conversion = { fernet: openFernet(context.config.encryptionKeys), now: new Date().toISOString() }
  await withConnection(onServer('--from', options.from), (source) =>
    readOnly(source, async () => {
      const names = kinds.map(({ table }) => table)
      const { tasks, others } = await findOldTables(source, options.schema, names)
      for (const kind of kinds) {
        const old = kind.table === tasks.name ? tasks : others.get(kind.table)
        if (old === undefined) continue
        const isComplete = await importTable({ ...context, options, source, map, conversion, old, kind })
        if (!isComplete) process.exitCode = 1
      }
      context.print([
        options.dryRun
          ? 'dry run: nothing was changed'
          : `old and new ids of the tasks are in ${options.map}. The old database was not changed`,
      ])
    }),
  )
}

/** @returns whether every row was taken, now or before */
async function importTable(work: Work): Promise<boolean> {
  const { client, variables, print, source, map, kind, old: table } = work
  const { dryRun } = work.options
  const { schema, name, columns } = table
  const ignored = columns.filter((column) => !kind.columns.has(column))
  const total = await countRows(source, table)
  print([`${kind.name}s  ${total} rows in ${schema}.${name}`])
  if (ignored.length > 0) print([`  not read  column ${ignored.join(', ')}`])
  const tally: Tally = { taken: 0, existing: 0, refused: 0 }
  let reportedAt = performance.now()
  for await (const batch of readRows(source, table)) {
    const { rows, outcomes } = convertBatch(work, batch, tally)
    const users = await knownUsers(client, variables, [...new Set(rows.map(({ row }) => row.user_id))])
    const wanted = rows.filter(({ old, row }) => {
      if (users.has(row.user_id)) return true
      outcomes.push({ old, reason: `there is no user ${row.user_id}` })
      return false
    })
    const inserted = wanted.map(({ row }) => row)
    const { added, refused } = await insertBatch(client, kind, inserted, dryRun)
    for (const [at, reason] of refused) outcomes.push({ old: wanted[at]?.old, reason })
    tally.taken += added.size
    tally.existing += wanted.length - added.size - refused.size
    tally.refused += outcomes.length
    // Also for existing rows: an earlier run may have been interrupted between its commit and this line.
    map.add(
      wanted.flatMap(({ old, row }, at) => {
        const newId = kind.newId?.(row)
        return newId === undefined || refused.has(at) ? [] : [{ userId: row.user_id, oldId: old.id, newId }]
      }),
    )
    print(outcomes.map(({ old, reason }) => `  not taken  ${kind.name} ${old?.id ?? ''}: ${reason}`))
    print(
      wanted.flatMap(({ old, row }, at) => {
        const remark = added.has(at) ? kind.remark?.(row) : undefined
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
function convertBatch(
  { kind, map, conversion }: Work,
  batch: readonly OldRow[],
  tally: Tally,
): { readonly rows: readonly { readonly old: OldRow; readonly row: ImportedRow }[]; readonly outcomes: Refusal[] } {
  const rows: { old: OldRow; row: ImportedRow }[] = []
  const outcomes: Refusal[] = []
  for (const old of batch) {
    const converted = kind.convert(old, conversion)
    if ('faults' in converted) {
      outcomes.push({ old, reason: converted.faults.join('; ') })
      continue
    }
    const id = kind.newId?.(converted.row)
    if (id !== undefined && map.has(id)) tally.existing += 1
    else rows.push({ old, row: converted.row })
  }
  return { rows, outcomes }
}
