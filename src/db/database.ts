import { DatabaseError, Pool, type ClientBase, type PoolClient } from 'pg'
import type { Config } from '../config/config.ts'
import { StartError } from '../errors.ts'
import type { Principal } from '../principal.ts'
import { refuseOtherAuthTables, withAuthTables } from './schema/auth-tables.ts'
import { Connection, enterServingRole, statementTimeoutMs } from './wire/connection.ts'
import { unavailable } from './wire/failures.ts'
import { refuseUnsafeDatabase } from './schema/guard.ts'
import type { TimeBudget } from './wire/lease.ts'
import { label, readMigrations, type MigrationVariables } from './schema/migration-files.ts'
import { migrateUp, migrationState, type MigrateOptions, type MigrationState } from './schema/migrator.ts'
import { refuseOtherSearchPath } from './schema/preflight.ts'
import { probeWrites } from './schema/probe.ts'
import { logPositionOf, POSITIONS, principalsValue, type LogPosition } from './change-log.ts'
import { send } from './sql.ts'
import { openScopes, type Scopes } from './scopes.ts'
import { BEGIN, SET_FOR_TRANSACTION } from './wire/settings.ts'
import type { Statement } from './wire/statement.ts'
import { openSource, systemRole, unreachable, withConnection, type Source } from './source.ts'

export interface DatabaseRoles {
  readonly serving: string
  readonly system: string
}

export interface Database extends Scopes, AsyncDisposable {
  /** For libraries with their own SQL. Its connections run as the serving role; behind a pooler they run as the login. */
  readonly pool: Pool
  readonly roles: DatabaseRoles
  /** The directory of the embedded database; undefined on a server. */
  readonly embeddedIn: string | undefined
  /** Resolves if the embedded database failed and could not be restarted: the process has to exit. */
  readonly failed: Promise<StartError>
  /** The time budget of one request, less `reservedMs` for work outside the database. */
  timeBudget(reservedMs?: number): TimeBudget
  /** Calls the listener after each commit that has changed rows of a user, or may have. */
  onChange(listener: (userId: string) => void): void
  /** Calls those listeners: after a commit of the system role that has changed rows of a user. */
  noteChange(userId: string): void
  /**
   * Proves principals, and reads where the log of each one's user is: undefined for a principal that proves none. One statement, in
   * which each log is read inside the scope of its user.
   *
   * @throws Problem unavailable (503)
   */
  positionsOf(principals: readonly Principal[]): Promise<readonly (LogPosition | undefined)[]>
  /** One trivial round trip as the serving role. */
  ping(): Promise<void>
  migrationState(): Promise<MigrationState>
  /**
   * Checks that the serving role can write, without writing, by these statements and those of the database itself.
   *
   * @throws Problem unavailable (503), whose cause has code 25006 if the database is read-only; pg's error with code 42501 if a
   *   privilege is missing
   */
  probeWrites(statements: readonly string[]): Promise<void>
}

export interface DatabaseLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** Limit for closing all connections in an orderly way. */
const POOL_END_TIMEOUT_MS = 1_000

/**
 * Opens the database, applies pending migrations if `migrate` is true, and refuses a database that does not isolate users.
 *
 * @param options.lentAt the socket directory at which another process shares its embedded database
 * @throws StartError if the database cannot be reached, is in use by another process, is not migrated or is not safe to serve
 */
export async function openDatabase(
  config: Config,
  log: DatabaseLog,
  { migrate, lentAt }: { migrate: boolean; lentAt?: string | undefined },
): Promise<Database> {
  await using opened = new AsyncDisposableStack()
  const source = opened.use(await openSource(config, { lentAt, log }))
  if (migrate) await withMigrationClient(source, (client) => applyPending(client, source, config, log))

  const roles: DatabaseRoles = { serving: config.database.role, system: systemRole(config.database.role) }
  const { acquireTimeoutMs: acquireMs, pooler, preparedStatements, echo } = config.database
  await refuseAtStart(source, roles, config, log)
  const pool = new Pool({
    ...(await source.serving.config()),
    max: source.poolMax,
    min: source.poolMin,
    Client: Connection,
    connectionTimeoutMillis: source.connectTimeoutMs,
    maxLifetimeSeconds: config.database.recycleMs / 1000,
    ...(pooler === 'none' && {
      // oxlint-disable-next-line typescript/no-misused-promises -- declared as void, but the pool waits for it
      onConnect: (client: ClientBase) => enterServingRole(client, roles.serving, source.budgetMs, source.idleTimeoutMs),
    }),
  })
  opened.defer(closing(pool))
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))

  const migrations = readMigrations()
  const timeBudget = (reservedMs = 0): TimeBudget => ({ leftMs: source.budgetMs - reservedMs, acquireMs })
  const changeListeners: ((userId: string) => void)[] = []
  const { withoutUser, ...scopes } = openScopes(pool, roles, {
    timeBudget,
    onChange: (userId) => changeListeners.forEach((listener) => listener(userId)),
    prepared: preparedStatements,
    enteredWithMs: pooler === 'none' ? statementTimeoutMs(source.budgetMs) : undefined,
    idleTimeoutMs: source.idleTimeoutMs,
    ...(echo && {
      onStatement: ({ name, text }: Statement) => log.info({ statement: name, sql: text }, 'sql'),
      onSystemScope: (reason: string) => log.info({ reason }, 'scope of the system role'),
    }),
  })
  const closes = opened.move()
  return {
    ...scopes,
    pool,
    roles,
    timeBudget,
    embeddedIn: source.embeddedIn,
    failed: source.failed,
    onChange: (listener) => void changeListeners.push(listener),
    noteChange: (userId) => changeListeners.forEach((listener) => listener(userId)),
    positionsOf: (principals) => withoutUser((client) => positionsOf(client, principals, preparedStatements)),
    ping: () => withoutUser(async (client) => void (await client.query('select 1'))),
    migrationState: () => withoutUser((client) => migrationState(client, migrations)),
    probeWrites: (statements) => withoutUser((client) => probeWrites(client, statements)),
    [Symbol.asyncDispose]: () => closes.disposeAsync(),
  }
}

async function positionsOf(
  client: ClientBase,
  principals: readonly Principal[],
  prepared: boolean,
): Promise<readonly (LogPosition | undefined)[]> {
  const values = [principalsValue(principals)]
  const rows = await send<{ readonly position: string | null }>(client, POSITIONS, values, prepared)
  return rows.map(({ position }) => (position === null ? undefined : logPositionOf(position)))
}

/** Ends the pool: in an orderly way if the server answers, else by destroying the connections. */
function closing(pool: Pool): () => Promise<void> {
  const open = new Set<PoolClient>()
  pool.on('connect', (client) => {
    open.add(client)
    // Without a listener, a restart of PostgreSQL would crash the process: the pool listens to idle connections only. The loss of
    // one in use is reported by its query.
    client.on('error', () => undefined)
  })
  pool.on('remove', (client) => open.delete(client))
  return async () => {
    const timer = setTimeout(() => {
      for (const client of open) client.connection.stream.destroy()
    }, POOL_END_TIMEOUT_MS)
    await pool.end()
    clearTimeout(timer)
  }
}

/** Opens a connection as the owner, for the migration command. */
export async function withMigrations<T>(
  config: Config,
  work: (
    client: ClientBase,
    variables: MigrationVariables,
    options: Pick<MigrateOptions, 'onSecondConnection'>,
  ) => Promise<T>,
): Promise<T> {
  await using source = await openSource(config)
  return await withMigrationClient(source, (client) => work(client, source.variables, secondConnection(source)))
}

/** None for the embedded database, which has a single session. */
const secondConnection = (source: Source): Pick<MigrateOptions, 'onSecondConnection'> => ({
  onSecondConnection: source.embeddedIn === undefined ? (work) => withMigrationClient(source, work) : undefined,
})

function withMigrationClient<T>(source: Source, work: (client: ClientBase) => Promise<T>): Promise<T> {
  return withConnection(source.migrating, work)
}

async function applyPending(
  client: ClientBase,
  source: Source,
  { auth }: Pick<Config, 'auth'>,
  log: DatabaseLog,
): Promise<void> {
  await migrateUp(client, await withAuthTables(client, source.variables, auth), {
    ...secondConnection(source),
    onDone: (migration, tookMs) => log.info({ migration: label(migration), tookMs }, 'migration applied'),
  })
}

/** In embedded mode sign-up writes users as the system role, which has no privileges on the tables of another auth server. */
export async function refuseForeignUsers(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ own: boolean }>(
    `select coalesce(has_table_privilege(to_regclass('public.users'), 'insert'), false) as own`,
  )
  if (rows[0]?.own === true) return
  throw new StartError(
    'the users in this database belong to another auth server: set AUTH_MODE=external, or set DATABASE_URL to a database without them',
  )
}

/** All checks run in one transaction, which sets role and settings for itself only, since there may be a pooler. */
async function refuseAtStart(
  source: Source,
  roles: DatabaseRoles,
  { auth, database: { pooler } }: Config,
  log: DatabaseLog,
): Promise<void> {
  const login = source.variables.serving_login
  await withConnection(source.serving, async (client) => {
    let role = roles.serving
    try {
      await client.query(BEGIN)
      await client.query(ENTER_ROLE, [role])
      await refuseOtherSearchPath(client)
      await refuseUnsafeDatabase(client, roles.system)
      await refuseOtherAuthTables(client, auth)
      role = roles.system
      await client.query(ENTER_ROLE, [role])
      if (auth.mode === 'embedded') await refuseForeignUsers(client)
      if (pooler === 'none' && (await isPooled(client))) log.warn({}, SEEMS_POOLED)
      await client.query('rollback')
    } catch (error) {
      if (isRoleError(error)) throw cannotActAs(role, login, error)
      throw unavailable(error) === undefined ? error : unreachable(error, source.serving.variable)
    }
  })
}

export const ENTER_ROLE = `select set_config('role', $1, true), ${SET_FOR_TRANSACTION}`

const SEEMS_POOLED =
  'there seems to be a connection pooler in front of PostgreSQL: if it pools transactions, set DATABASE_POOLER=transaction, or other clients of the pooler could get the privileges of this service'

/** A pooler gives its clients a process id of its own for cancel requests, which differs from the backend's. */
export async function isPooled(client: Connection): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  // Missing from pg's type declarations.
  return rows[0]?.pid !== (client as unknown as { readonly processID: number }).processID
}

/** invalid_parameter_value (no such role) and insufficient_privilege (not a member), from setting the role. */
export const isRoleError = (error: unknown): boolean =>
  error instanceof DatabaseError && (error.code === '22023' || error.code === '42501')

export const cannotActAs = (role: string, login: string, cause: unknown): StartError =>
  new StartError(
    `login ${login} cannot act as role ${role}. Run: npm run migrate -- up, which creates and grants it. If that was done, an administrator has to run: grant ${role} to ${login} (docs/adr/0003-roles.md)`,
    { cause },
  )
