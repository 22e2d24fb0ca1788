import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { StartError } from '../errors.ts'
import { OWN_AUTH_TABLES } from './schema/auth-tables.ts'
import { clientConfig, clientDefaults, Connection, settleTls, type ConnectionConfig } from './wire/connection.ts'
import { lockDirectory } from './embedded/directory-lock.ts'
import { openEmbedded, type EmbeddedLog } from './embedded/embedded.ts'
import { LENT_PORT } from './embedded/lent-embedded.ts'
import type { MigrationVariables } from './schema/migration-files.ts'

/** All that a request waits for a server, which may be anywhere: it is to have its answer within 2 s. */
const SERVER_BUDGET_MS = 1_600

/**
 * One process and one session, in which requests take turns: it cannot be lost without this process, but a peak takes its
 * time.
 */
const EMBEDDED_BUDGET_MS = 40_000

/**
 * Until a connection of the pool is made or given up. Longer than a request waits, so that a server that takes its time to
 * let somebody in (one that was asleep) is reached at all; and short, since each one that hangs keeps others from trying.
 */
const POOL_CONNECT_TIMEOUT_MS = 3_000

/** Where connections come from: an address, or the embedded database. */
export interface Source extends AsyncDisposable {
  readonly serving: Target
  readonly migrating: Target
  /** With the tables of the embedded auth server; {@link withAuthTables} finds those of another one. */
  readonly variables: MigrationVariables
  readonly poolMax: number
  readonly poolMin: number
  /** Of making one, or waiting for one. */
  readonly connectTimeoutMs: number
  readonly budgetMs: number
  readonly embeddedIn: string | undefined
  /** Resolves when the embedded database broke down for good. A server is reached again when it is there again. */
  readonly failed: Promise<StartError>
}

export interface Target {
  /** The variable that names it. */
  readonly variable: string
  /** Asked for only where a connection is about to be made: who serves need not reach the owner's address. */
  readonly config: () => Promise<ConnectionConfig>
}

export const systemRole = (servingRole: string): string => `${servingRole}_system`

/** @param lentAt where another process lends the embedded database that it keeps open, and watches over it */
export async function openSource(
  config: Config,
  { lentAt, log }: { lentAt?: string | undefined; log?: EmbeddedLog } = {},
): Promise<Source> {
  const { address, migrationAddress = address, role, poolSize, poolOverflow } = config.database
  const variables = { ...OWN_AUTH_TABLES, app_role: role, system_role: systemRole(role) }
  if (address === undefined) {
    return lentAt === undefined
      ? openEmbeddedSource(config.dataDir, variables, log)
      : embeddedSource({ host: lentAt, port: LENT_PORT }, config.dataDir, variables, {
          failed: never,
          close: async () => undefined,
        })
  }
  const serving = onServer('DATABASE_URL', address)
  return {
    serving,
    migrating:
      migrationAddress === undefined || migrationAddress === address
        ? serving
        : onServer('MIGRATION_DATABASE_URL', migrationAddress),
    variables: { ...variables, serving_login: address.user },
    poolMax: poolSize + poolOverflow,
    poolMin: poolSize,
    connectTimeoutMs: POOL_CONNECT_TIMEOUT_MS,
    budgetMs: SERVER_BUDGET_MS,
    embeddedIn: undefined,
    failed: never,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** A database at an address. `variable` is how messages call it. */
export function onServer(variable: string, address: NonNullable<Config['database']['address']>): Target {
  const settle = async (): Promise<ConnectionConfig> => {
    try {
      return clientConfig(await settleTls(address))
    } catch (error) {
      throw unreachable(error, variable)
    }
  }
  let settled: Promise<ConnectionConfig> | undefined
  // Once: what is checked at start has to be what serves afterwards.
  return { variable, config: () => (settled ??= settle()) }
}

const never = new Promise<never>(() => undefined)

async function openEmbeddedSource(
  dataDir: string,
  variables: EmbeddedVariables,
  log: EmbeddedLog | undefined,
): Promise<Source> {
  await using opened = new AsyncDisposableStack()
  opened.use(await lockDirectory(dataDir))
  const embedded = opened.use(await openEmbedded(embeddedDirectory(dataDir), { ...(log !== undefined && { log }) }))
  const closing = opened.move()
  return embeddedSource({ stream: () => embedded.stream() }, dataDir, variables, {
    failed: embedded.failed,
    close: () => closing.disposeAsync(),
  })
}

type EmbeddedVariables = Omit<MigrationVariables, 'serving_login'>

export const embeddedDirectory = (dataDir: string): string => join(dataDir, 'postgres')

function embeddedSource(
  reached: Pick<ConnectionConfig, 'stream' | 'host' | 'port'>,
  dataDir: string,
  variables: EmbeddedVariables,
  { failed, close }: { failed: Promise<StartError>; close: () => Promise<void> },
): Source {
  const connection: Target = {
    variable: 'DATA_DIR',
    config: async () => ({ ...clientDefaults, ...reached, user: 'postgres', database: 'postgres', ssl: false }),
  }
  return {
    serving: connection,
    migrating: connection,
    variables: { ...variables, serving_login: 'postgres' },
    // It is one session; requests take turns.
    poolMax: 1,
    poolMin: 1,
    connectTimeoutMs: EMBEDDED_BUDGET_MS,
    budgetMs: EMBEDDED_BUDGET_MS,
    embeddedIn: embeddedDirectory(dataDir),
    failed,
    [Symbol.asyncDispose]: close,
  }
}

/** A connection of its own, outside the pool, that has all the time it takes. */
export async function withConnection<T>(
  { config, variable }: Target,
  work: (client: Connection) => Promise<T>,
): Promise<T> {
  // Migrations are batches of statements, sent one after another.
  const client = new Connection({ ...(await config()), pipeline: false })
  // A connection that breaks also fails the query under way, which says so.
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    throw unreachable(error, variable)
  }
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** In the driver's own words, which name host and port and never the password, and with what to do. */
export function unreachable(error: unknown, variable: string): unknown {
  if (error instanceof StartError || !(error instanceof Error)) return error
  const reason =
    error instanceof AggregateError
      ? error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join(', ')
      : error.message
  const why = /client password must be a/.test(reason) ? 'the server asks for a password and there is none' : reason
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(why)) ?? []
  return new StartError(
    `cannot connect to the database of ${variable}: ${why}${advice === undefined ? '' : `. ${advice}`}`,
    { cause: error },
  )
}

/** What docs/operations/troubleshooting.md says at more length. */
const ADVICE: readonly (readonly [reason: RegExp, advice: string])[] = [
  [/ECONNREFUSED|connect ENOENT/, 'Start PostgreSQL there, or correct host and port'],
  [/ENOTFOUND|EAI_AGAIN/, 'Correct the host name'],
  [/ETIMEDOUT|EHOSTUNREACH|timeout expired/, 'Check host, port and firewall'],
  [/^database .* does not exist/, "Make it: create database … encoding 'UTF8' template template0"],
  [/^role .* does not exist/, 'Make that login, or correct the user'],
  [/password authentication failed/, 'Correct it; in a URL @ : / % are written %40 %3A %2F %25'],
  [/asks for a password/, 'Write postgresql://user:password@…'],
  [/no pg_hba\.conf entry/, 'Let this login in there, or add sslmode=require'],
  [/does not support SSL/, 'Switch TLS on there; in a private network sslmode=disable'],
  [/certificate|no such file/, 'Correct sslrootcert, or the host name that is verified'],
  [/too many clients|connection slots/, 'Lower DATABASE_POOL_SIZE, or raise max_connections there'],
]
