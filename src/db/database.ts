import { join } from 'node:path'
import { DatabaseError, Pool, type ClientBase } from 'pg'
import type { Config } from '../config.ts'
import { StartError } from '../errors.ts'
import {
  clientConfig,
  clientDefaults,
  Connection,
  enterServingRole,
  settleTls,
  type ConnectionConfig,
} from './connection.ts'
import { lockDirectory } from './directory-lock.ts'
import { openEmbedded } from './embedded.ts'
import { unavailable } from './failures.ts'
import { refuseUnsafeDatabase } from './guard.ts'
import {
  label,
  migrateUp,
  migrationState,
  readMigrations,
  type MigrationState,
  type MigrationVariables,
} from './migrator.ts'
import { openScopes, type Scopes } from './scopes.ts'

export interface DatabaseRoles {
  readonly serving: string
  readonly system: string
}

export interface Database extends Scopes, AsyncDisposable {
  /** For libraries that bring their own SQL. Its connections are under the serving role. */
  readonly pool: Pool
  readonly roles: DatabaseRoles
  /** Where the embedded database is kept; undefined on a server. */
  readonly embeddedIn: string | undefined
  /** One trivial round trip, under the serving role. */
  ping(): Promise<void>
  migrationState(): Promise<MigrationState>
}

export interface DatabaseLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/**
 * The server gives up a statement after 30 s (statement_timeout) and says so. Who hears nothing by now has lost it, behind a
 * cable that was pulled or a machine that stands still.
 */
const QUERY_TIMEOUT_MS = 40_000

/** Where connections come from: an address, or the embedded database. */
interface Source extends AsyncDisposable {
  readonly serving: Target
  readonly migrating: Target
  readonly variables: MigrationVariables
  readonly poolMax: number
  readonly poolMin: number
  readonly embeddedIn: string | undefined
}

interface Target {
  /** The variable that names it. */
  readonly variable: string
  /** Asked for only where a connection is about to be made: who serves need not reach the owner's address. */
  config(): Promise<ConnectionConfig>
}

/**
 * Opens the database, brings its schema up to date when `migrate` says so, and refuses one that would not isolate users.
 *
 * @throws StartError when it cannot be reached, is in use by another process, is not migrated or is not safe to serve
 */
export async function openDatabase(
  config: Config,
  log: DatabaseLog,
  { migrate }: { migrate: boolean },
): Promise<Database> {
  await using opened = new AsyncDisposableStack()
  const source = opened.use(await openSource(config))
  if (migrate) await withMigrationClient(source, (client) => applyPending(client, source.variables, log))

  const roles: DatabaseRoles = { serving: config.database.role, system: systemRole(config.database.role) }
  const pool = new Pool({
    ...(await source.serving.config()),
    max: source.poolMax,
    min: source.poolMin,
    Client: Connection,
    connectionTimeoutMillis: config.database.acquireTimeoutMs,
    query_timeout: QUERY_TIMEOUT_MS,
    maxLifetimeSeconds: config.database.recycleMs / 1000,
    // oxlint-disable-next-line typescript/no-misused-promises -- declared as void, but the pool waits for it
    onConnect: (client) => enterServingRole(client, roles.serving),
  })
  // Without listeners a restart of PostgreSQL would end the process. The pool itself listens to idle connections only; one
  // that breaks in use fails its query, which says so.
  pool.on('connect', (client) => client.on('error', () => undefined))
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))
  opened.defer(() => pool.end())

  await refuseAtStart(pool, roles, source)
  const migrations = readMigrations()
  const closing = opened.move()
  const scopes = openScopes(pool, roles, (statement) => {
    if (config.database.echo) log.info({ statement: statement.name, sql: statement.text }, 'sql')
  })
  return {
    ...scopes,
    pool,
    roles,
    embeddedIn: source.embeddedIn,
    ping: async () => void (await pool.query('select 1')),
    migrationState: () => migrationState(pool, migrations),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** Opens a connection as the owner, for the migration command. */
export async function withMigrations<T>(
  config: Config,
  work: (client: ClientBase, variables: MigrationVariables) => Promise<T>,
): Promise<T> {
  await using source = await openSource(config)
  return await withMigrationClient(source, (client) => work(client, source.variables))
}

const systemRole = (servingRole: string): string => `${servingRole}_system`

async function openSource(config: Config): Promise<Source> {
  const { address, migrationAddress = address, role, poolSize, poolOverflow } = config.database
  const variables = { app_role: role, system_role: systemRole(role) }
  if (address === undefined) return openEmbeddedSource(config.dataDir, variables)
  const serving = onServer('DATABASE_URL', address)
  return {
    serving,
    migrating:
      migrationAddress === undefined || migrationAddress === address
        ? serving
        : onServer('MIGRATION_DATABASE_URL', migrationAddress),
    variables: { ...variables, serving_login: address.user },
    poolMax: poolSize + poolOverflow,
    poolMin: Math.min(poolSize, 1),
    embeddedIn: undefined,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

function onServer(variable: string, address: NonNullable<Config['database']['address']>): Target {
  return {
    variable,
    config: async () => {
      try {
        return clientConfig(await settleTls(address))
      } catch (error) {
        throw unreachable(error, variable)
      }
    },
  }
}

async function openEmbeddedSource(
  dataDir: string,
  variables: Omit<MigrationVariables, 'serving_login'>,
): Promise<Source> {
  await using opened = new AsyncDisposableStack()
  opened.use(await lockDirectory(dataDir))
  const directory = join(dataDir, 'postgres')
  const embedded = opened.use(await openEmbedded(directory))
  const connection: Target = {
    variable: 'DATA_DIR',
    config: async () => ({
      ...clientDefaults,
      user: 'postgres',
      database: 'postgres',
      ssl: false,
      stream: () => embedded.stream(),
    }),
  }
  const closing = opened.move()
  return {
    serving: connection,
    migrating: connection,
    variables: { ...variables, serving_login: 'postgres' },
    // It is one session; requests take turns.
    poolMax: 1,
    poolMin: 1,
    embeddedIn: directory,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

async function withMigrationClient<T>(source: Source, work: (client: ClientBase) => Promise<T>): Promise<T> {
  // Migrations are batches of statements, sent one after another.
  const client = new Connection({ ...(await source.migrating.config()), pipeline: false })
  // A connection that breaks also fails the query under way, which says so.
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    throw unreachable(error, source.migrating.variable)
  }
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function applyPending(client: ClientBase, variables: MigrationVariables, log: DatabaseLog): Promise<void> {
  for (const migration of await migrateUp(client, variables)) {
    log.info({ migration: label(migration) }, 'migration applied')
  }
}

async function refuseAtStart(pool: Pool, roles: DatabaseRoles, source: Source): Promise<void> {
  const login = source.variables.serving_login
  let client
  try {
    client = await pool.connect()
  } catch (error) {
    throw isRoleError(error) ? cannotActAs(roles.serving, login, error) : unreachable(error, source.serving.variable)
  }
  try {
    await refuseUnsafeDatabase(client)
    await client.query(`select set_config('role', $1, true)`, [roles.system])
  } catch (error) {
    if (isRoleError(error)) throw cannotActAs(roles.system, login, error)
    throw unavailable(error) === undefined ? error : unreachable(error, source.serving.variable)
  } finally {
    client.release()
  }
}

/** invalid_parameter_value (no such role) and insufficient_privilege (not a member), from setting the role. */
const isRoleError = (error: unknown): boolean =>
  error instanceof DatabaseError && (error.code === '22023' || error.code === '42501')

const cannotActAs = (role: string, login: string, cause: unknown): StartError =>
  new StartError(
    `login ${login} cannot act as role ${role}. Run: npm run migrate -- up, which makes and grants it; where that was done, have an administrator run: grant ${role} to ${login} (docs/adr/0003-roles.md)`,
    { cause },
  )

/** The driver's own message names host and port and never the password. */
function unreachable(error: unknown, variable: string): unknown {
  if (error instanceof StartError || !(error instanceof Error)) return error
  const reason =
    error instanceof AggregateError
      ? error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join(', ')
      : error.message
  return new StartError(`cannot connect to the database of ${variable}: ${reason}`, { cause: error })
}
