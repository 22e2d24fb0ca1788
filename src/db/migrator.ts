import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseError, escapeIdentifier, escapeLiteral, type ClientBase } from 'pg'
import { StartError } from '../errors.ts'
import { splitStatements } from './statements.ts'

/** One pair of files `NNNN_name.up.sql` / `NNNN_name.down.sql`. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly up: string
  readonly down: string
  /** SHA-256 of the up file, in hex: an applied migration that was edited later is noticed by it. */
  readonly checksum: string
}

export interface AppliedMigration {
  readonly version: number
  readonly name: string
  readonly checksum: string
  readonly appliedAt: string
}

/** What the SQL files call `:"app_role"`, `:'app_role'` and so on, in psql's notation. */
export type MigrationVariables = Readonly<Record<'app_role' | 'system_role' | 'serving_login', string>>

export interface MigrateOptions {
  readonly migrations?: readonly Migration[]
  readonly steps?: number
  /** Hears of each as soon as it is done, and how long that took. */
  readonly onDone?: (migration: Migration, tookMs: number) => void
}

export interface MigrationState {
  readonly applied: readonly AppliedMigration[]
  readonly pending: readonly Migration[]
  /** Applied here, unknown to this code: the schema is newer. */
  readonly unknown: readonly AppliedMigration[]
  /** Applied here in another wording than the file has now. */
  readonly edited: readonly AppliedMigration[]
}

/** Any number all processes agree on: whoever holds it migrates. */
const LOCK = 7_062_026_001

const DIRECTORY = new URL('../../migrations/', import.meta.url)

/** Reads the pairs in order. Throws when a file has no partner or a number is missing or taken twice. */
export function readMigrations(directory: URL = DIRECTORY): readonly Migration[] {
  const files = new Set(readdirSync(directory).filter((file) => file.endsWith('.sql')))
  const ups = [...files].filter((file) => file.endsWith('.up.sql')).sort()
  const migrations = ups.map((file, index) => {
    const stem = file.slice(0, -'.up.sql'.length)
    const [, digits, name] = /^(\d{4})_([a-z0-9_]+)$/.exec(stem) ?? []
    if (digits === undefined || name === undefined) throw new Error(`migrations/${file} is not named NNNN_name.up.sql`)
    if (Number(digits) !== index + 1) throw new Error(`migrations/${file} should have number ${index + 1}`)
    if (!files.has(`${stem}.down.sql`)) throw new Error(`migrations/${stem}.down.sql is missing`)
    const up = readFileSync(new URL(file, directory), 'utf8')
    const down = readFileSync(new URL(`${stem}.down.sql`, directory), 'utf8')
    return { version: index + 1, name, up, down, checksum: createHash('sha256').update(up).digest('hex') }
  })
  if (files.size !== 2 * ups.length) throw new Error('migrations/ has a .sql file that belongs to no pair')
  return migrations
}

/**
 * Applies what is pending, each migration in a transaction of its own, up to `steps` of them. The advisory lock is the
 * transaction's, so that it also holds behind a pooler; a process that waited for it looks again at what is left.
 *
 * @returns the migrations that this call applied
 */
export async function migrateUp(
  client: ClientBase,
  variables: MigrationVariables,
  { migrations = readMigrations(), steps = Infinity, onDone = () => undefined }: MigrateOptions = {},
): Promise<readonly Migration[]> {
  const done: Migration[] = []
  while (done.length < steps) {
    const startedAt = performance.now()
    const next = await inLockedTransaction(client, async () => {
      const state = await readState(client, migrations)
      refuseEdited(state)
      const [migration] = state.pending
      if (migration === undefined) return undefined
      await run(client, migration, 'up', variables)
      await client.query('insert into schema_migrations (version, name, checksum) values ($1, $2, $3)', [
        migration.version,
        migration.name,
        migration.checksum,
      ])
      return migration
    })
    if (next === undefined) break
    done.push(next)
    onDone(next, Math.round(performance.now() - startedAt))
  }
  return done
}

/** Takes back the newest `steps` migrations. @returns those taken back, newest first */
export async function migrateDown(
  client: ClientBase,
  variables: MigrationVariables,
  { migrations = readMigrations(), steps = 1, onDone = () => undefined }: MigrateOptions = {},
): Promise<readonly Migration[]> {
  const done: Migration[] = []
  while (done.length < steps) {
    const startedAt = performance.now()
    const last = await inLockedTransaction(client, async () => {
      const newest = (await readState(client, migrations)).applied.at(-1)
      if (newest === undefined) return undefined
      const migration = migrations.find((each) => label(each) === label(newest))
      if (migration === undefined) throw new StartError(`migration ${label(newest)} is not in this version of the code`)
      await run(client, migration, 'down', variables)
      await client.query('delete from schema_migrations where version = $1', [migration.version])
      return migration
    })
    if (last === undefined) break
    done.push(last)
    onDone(last, Math.round(performance.now() - startedAt))
  }
  return done
}

/** What is applied, pending, unknown or edited. Reads only; a database never migrated has everything pending. */
export async function migrationState(
  client: Pick<ClientBase, 'query'>,
  migrations: readonly Migration[] = readMigrations(),
): Promise<MigrationState> {
  return (await hasTable(client))
    ? readState(client, migrations)
    : { applied: [], pending: migrations, unknown: [], edited: [] }
}

/** From the catalogue, which everybody may read: `to_regclass` fails for a role that may not use the schema. */
async function hasTable(client: Pick<ClientBase, 'query'>): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relname = 'schema_migrations'`,
  )
  return rowCount === 1
}

export const label = (migration: { readonly version: number; readonly name: string }): string =>
  `${String(migration.version).padStart(4, '0')}_${migration.name}`

async function readState(client: Pick<ClientBase, 'query'>, migrations: readonly Migration[]): Promise<MigrationState> {
  const { rows: applied } = await client.query<AppliedMigration>(
    `select version, name, checksum, applied_at::text as "appliedAt" from schema_migrations order by version`,
  )
  const byVersion = new Map(applied.map((each) => [each.version, each]))
  const known = new Map(migrations.map((each) => [each.version, each]))
  return {
    applied,
    pending: migrations.filter((each) => !byVersion.has(each.version)),
    unknown: applied.filter((each) => !known.has(each.version)),
    edited: applied.filter((each) => (known.get(each.version)?.checksum ?? each.checksum) !== each.checksum),
  }
}

function refuseEdited({ edited }: MigrationState): void {
  if (edited.length === 0) return
  throw new StartError(
    `migration ${edited.map(label).join(', ')} was changed after it was applied to this database: restore the file and put the change into a new migration`,
  )
}

async function inLockedTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    // The login's own role and one schema, whatever a pooled connection was left with.
    await client.query(`set local role none; set local search_path = public, pg_temp; set local lock_timeout = '60s'`)
    await client.query('select pg_advisory_xact_lock($1)', [LOCK])
    // Asked first, because "if not exists" takes the right to create it even where it exists.
    if (!(await hasTable(client))) {
      await client.query(
        `create table schema_migrations (
           version integer primary key,
           name text not null,
           checksum text not null,
           applied_at timestamptz not null default now()
         )`,
      )
    }
    const result = await work()
    await client.query('commit')
    return result
  } catch (error) {
    // Where the connection itself is gone there is nothing to roll back; the first error is the one to tell.
    await client.query('rollback').catch(() => undefined)
    throw inWords(error)
  }
}

/** What keeps a login from migrating at all, before it comes to any file. */
function inWords(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error
  const isDenied = error.code === '42501' // insufficient_privilege
  if (isDenied) {
    return new StartError(
      `cannot migrate: ${error.message}. The login of the migrations has to own schema_migrations, or be allowed to create it: grant create on schema public`,
      { cause: error },
    )
  }
  const isLocked = error.code === '55P03' // lock_not_available
  return isLocked
    ? new StartError('cannot migrate: another process has been migrating this database for a minute', { cause: error })
    : error
}

async function run(
  client: ClientBase,
  migration: Migration,
  direction: 'up' | 'down',
  variables: MigrationVariables,
): Promise<void> {
  for (const { text, line } of splitStatements(interpolate(migration[direction], variables))) {
    try {
      await client.query(text)
    } catch (error) {
      const { message, hint } = error as { message: string; hint?: string }
      throw new StartError(
        `migration ${label(migration)}.${direction}.sql failed at line ${line} (${firstLine(text)}) and left nothing behind: ${message}${hint === undefined ? '' : `. ${hint}`}`,
        { cause: error },
      )
    }
  }
}

const firstLine = (statement: string): string => (statement.split('\n', 1)[0] ?? '').slice(0, 80)

/** psql's `:"name"` (an identifier) and `:'name'` (a literal), so that the files also run under psql with `-v`. */
function interpolate(sql: string, variables: MigrationVariables): string {
  return sql.replace(/(?<!:):(["'])(\w+)\1/g, (_, quote: string, name: string) => {
    if (!Object.hasOwn(variables, name)) throw new Error(`unknown migration variable ${name}`)
    const value = variables[name as keyof MigrationVariables]
    return quote === '"' ? escapeIdentifier(value) : escapeLiteral(value)
  })
}
