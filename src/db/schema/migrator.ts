import type { ClientBase } from 'pg'
import { StartError } from '../../errors.ts'
import { RESET_SESSION, SET_FOR_SESSION } from '../wire/settings.ts'
import {
  fileOf,
  label,
  readMigrations,
  type Migration,
  type MigrationMode,
  type MigrationVariables,
} from './migration-files.ts'
import { refuseEarlierNumbering } from './earlier-numbering.ts'
import { inLockedTransaction, inWords, run, unhurried } from './migration-run.ts'
import { refuseUnfitDatabase } from './preflight.ts'
import { refuseOldServer } from './server-version.ts'

export interface AppliedMigration {
  readonly version: number
  readonly name: string
  readonly mode: MigrationMode
  readonly checksum: string
  readonly appliedAt: string
}

export interface MigrateOptions {
  readonly migrations?: readonly Migration[]
  readonly steps?: number
  /** Called after each migration, with its duration. */
  readonly onDone?: (migration: Migration, tookMs: number) => void
  /** Called after each batch of a backfill, with the number of rows changed so far. */
  readonly onBatch?: (migration: Migration, rows: number) => void
  /**
   * Opens a second connection for `work`. It holds the migration lock while statements run outside a transaction. Undefined only where no
   * other process can migrate the database: the embedded one has one session, and its directory lock excludes other processes. It must
   * be given in either case, because without it processes that migrate at the same time would run such a statement twice.
   */
  readonly onSecondConnection: OnSecondConnection | undefined
}

export type OnSecondConnection = <T>(work: (client: ClientBase) => Promise<T>) => Promise<T>

export interface MigrationState {
  readonly applied: readonly AppliedMigration[]
  readonly pending: readonly Migration[]
  /** Applied to this database but unknown to this code: the schema is newer. */
  readonly unknown: readonly AppliedMigration[]
  /** The contracting ones among `unknown`: this code cannot work on the schema. */
  readonly incompatible: readonly AppliedMigration[]
  /** The file was changed after it was applied to this database. */
  readonly edited: readonly AppliedMigration[]
}

/**
 * Applies pending migrations, up to `steps` of them. The advisory lock belongs to a transaction, so that it also works
 * behind a transaction pooler; a process that waited for it reads the state again.
 *
 * @returns the migrations that this call applied
 */
export async function migrateUp(
  client: ClientBase,
  variables: MigrationVariables,
  { migrations = readMigrations(), steps = Infinity, ...options }: MigrateOptions,
): Promise<readonly Migration[]> {
  await refuseOldServer(client)
  const next = (state: MigrationState): Migration | undefined => {
    refuseEdited(state)
    return state.pending[0]
  }
  const record: Direction['record'] = ({ version, name, mode, checksum }) => [
    'insert into public.schema_migrations (version, name, mode, checksum) values ($1, $2, $3, $4)',
    [version, name, mode, checksum],
  ]
  const check: Direction['check'] = ({ pending }) =>
    pending.length === 0 ? Promise.resolve() : refuseUnfitDatabase(client, pending)
  return await walk(client, variables, { direction: 'up', check, next, record }, { migrations, steps, ...options })
}

/** Reverts the newest `steps` migrations. @returns those reverted, newest first */
export async function migrateDown(
  client: ClientBase,
  variables: MigrationVariables,
  { migrations = readMigrations(), steps = 1, ...options }: MigrateOptions,
): Promise<readonly Migration[]> {
  const next = ({ applied }: MigrationState): Migration | undefined => {
    const newest = applied.at(-1)
    if (newest === undefined) return undefined
    const migration = migrations.find((each) => label(each) === label(newest))
    if (migration === undefined) throw new StartError(`migration ${label(newest)} is not in this version of the code`)
    return migration
  }
  const record: Direction['record'] = ({ version }) => [
    'delete from public.schema_migrations where version = $1',
    [version],
  ]
  return await walk(client, variables, { direction: 'down', next, record }, { migrations, steps, ...options })
}

interface Direction {
  readonly direction: 'up' | 'down'
  /** Called once, under the lock, before anything is changed. */
  readonly check?: (state: MigrationState) => Promise<void>
  /** The migration to run next, decided from the state under the lock. */
  readonly next: (state: MigrationState) => Migration | undefined
  /** The statement that records in schema_migrations that it was done. */
  readonly record: (migration: Migration) => readonly [text: string, values: readonly unknown[]]
}

type Walk = Pick<MigrateOptions, 'onDone' | 'onBatch' | 'onSecondConnection'> &
  Required<Pick<MigrateOptions, 'migrations' | 'steps'>>

async function walk(
  client: ClientBase,
  variables: MigrationVariables,
  way: Direction,
  { migrations, steps, onDone, onBatch, onSecondConnection }: Walk,
): Promise<readonly Migration[]> {
  // A fault in any file stops all, before anything is changed.
  for (const migration of migrations) fileOf(migration, way.direction, variables)
  const done: Migration[] = []
  let batchedRows = 0
  let checked = way.check === undefined
  while (done.length < steps) {
    const startedAt = performance.now()
    const outcome = await inLockedTransaction(client, async () => {
      if (!checked) await way.check?.(await migrationState(client, migrations))
      checked = true
      await createTable(client)
      const migration = way.next(await readState(client, migrations))
      if (migration === undefined) return undefined
      const file = fileOf(migration, way.direction, variables)
      if (file.style === 'without a transaction') return { migration, state: 'postponed' as const }
      const rows = await run(client, file)
      if (file.style === 'in batches' && rows > 0) return { migration, state: 'batch' as const, rows }
      await client.query(...recorded(way, migration))
      return { migration, state: 'done' as const }
    })
    if (outcome === undefined) break
    let { migration } = outcome
    if (outcome.state === 'batch') {
      onBatch?.(migration, (batchedRows += outcome.rows))
      continue
    }
    if (outcome.state === 'postponed') {
      const ran = await runOutsideTransaction(client, variables, way, { migrations, onSecondConnection })
      if (ran === undefined) continue
      migration = ran
    }
    batchedRows = 0
    done.push(migration)
    onDone?.(migration, Math.round(performance.now() - startedAt))
  }
  return done
}

/**
 * Runs the next migration outside a transaction, as `create index concurrently` requires. A second connection holds the lock
 * meanwhile, in a transaction at read committed: between statements that has no snapshot, which the index build would wait for.
 *
 * @returns the migration; undefined where another process ran it first
 */
async function runOutsideTransaction(
  client: ClientBase,
  variables: MigrationVariables,
  way: Direction,
  { migrations, onSecondConnection }: Pick<Walk, 'migrations' | 'onSecondConnection'>,
): Promise<Migration | undefined> {
  const work = async (): Promise<Migration | undefined> => {
    // The login's own role and our settings, regardless of the state of a pooled connection.
    await client.query(`set role none; select ${SET_FOR_SESSION}, ${unhurried(false)}`)
    try {
      // Another process may have run it while this one waited for the lock.
      const migration = way.next(await readState(client, migrations))
      if (migration === undefined) return undefined
      const file = fileOf(migration, way.direction, variables)
      if (file.style !== 'without a transaction') return undefined
      await run(client, file)
      await client.query(...recorded(way, migration))
      return migration
    } finally {
      // If the connection is lost, there is nothing to reset, and the first error is the one to report.
      await client
        .query(`${RESET_SESSION}; reset statement_timeout; reset idle_in_transaction_session_timeout`)
        .catch(() => undefined)
    }
  }
  try {
    if (onSecondConnection === undefined) return await work()
    return await onSecondConnection((second) => inLockedTransaction(second, work))
  } catch (error) {
    throw inWords(error)
  }
}

const recorded = ({ record }: Direction, migration: Migration): [string, unknown[]] => {
  const [text, values] = record(migration)
  return [text, [...values]]
}

/**
 * What is applied, pending, unknown or edited. Reads only; a database never migrated has everything pending.
 *
 * @throws StartError when the database has the migrations of the earlier numbering
 */
export async function migrationState(
  client: Pick<ClientBase, 'query'>,
  migrations: readonly Migration[] = readMigrations(),
): Promise<MigrationState> {
  return (await hasMigrationsTable(client))
    ? readState(client, migrations)
    : { applied: [], pending: migrations, unknown: [], incompatible: [], edited: [] }
}

/** Reads the catalogue, which every role may do; `to_regclass` fails for a role without usage on the schema. */
export async function hasMigrationsTable(client: Pick<ClientBase, 'query'>): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relname = 'schema_migrations'`,
  )
  return rowCount === 1
}

/** A table of the first versions has no column `mode`; it is read so that they, too, are refused with a reason. */
async function readState(client: Pick<ClientBase, 'query'>, migrations: readonly Migration[]): Promise<MigrationState> {
  const { rows: applied } = await client.query<AppliedMigration>(
    `select version, name, coalesce(to_jsonb(m)->>'mode', 'expand') as mode, checksum,
       to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') as "appliedAt"
     from public.schema_migrations m order by version`,
  )
  const files = new Set(migrations.map(({ checksum }) => checksum))
  refuseEarlierNumbering(applied.filter(({ checksum }) => !files.has(checksum)))
  const byVersion = new Map(applied.map((each) => [each.version, each]))
  const known = new Map(migrations.map((each) => [each.version, each]))
  const unknown = applied.filter((each) => !known.has(each.version))
  return {
    applied,
    pending: migrations.filter((each) => !byVersion.has(each.version)),
    unknown,
    incompatible: unknown.filter((each) => each.mode === 'contract'),
    edited: applied.filter((each) => (known.get(each.version)?.checksum ?? each.checksum) !== each.checksum),
  }
}

function refuseEdited({ edited }: MigrationState): void {
  if (edited.length === 0) return
  throw new StartError(
    `migration ${edited.map(label).join(', ')} was changed after it was applied to this database: restore the file and put the change into a new migration`,
  )
}

async function createTable(client: ClientBase): Promise<void> {
  // Checked first, because `if not exists` requires the privilege to create it even if it exists.
  if (await hasMigrationsTable(client)) return
  await client.query(
    `create table public.schema_migrations (
       version integer primary key,
       name text not null,
       mode text not null default 'expand' check (mode in ('expand', 'contract')),
       checksum text not null,
       applied_at timestamptz not null default now()
     )`,
  )
}
