import { join } from 'node:path'
import { lazy } from '../lib/lazy.ts'
import type { Config } from '../config/config.ts'
import { StartError } from '../errors.ts'
import { OWN_AUTH_TABLES } from './schema/auth-tables.ts'
import { clientConfig, clientDefaults, Connection, settleTls, type ConnectionConfig } from './wire/connection.ts'
import { lockDirectory } from './embedded/directory-lock.ts'
import { openEmbedded, type EmbeddedLog } from './embedded/embedded.ts'
import { LENT_PORT } from './embedded/lent-embedded.ts'
import type { MigrationVariables } from './schema/migration-files.ts'

/** A request's time budget on a server: it must be answered within 2 s, even if the server is gone. */
const SERVER_BUDGET_MS = 1_600

/**
 * A request's time budget on the embedded database. It has one session, in which requests run one after the other, so peaks take
 * longer; and it cannot be lost without this process.
 */
const EMBEDDED_BUDGET_MS = 40_000

/**
 * Limit for opening a connection of the pool. Longer than a request's budget, so that a server that is slow to accept connections
 * (one that was suspended) is reached at all; and short, because attempts that hang occupy places of the pool.
 */
const POOL_CONNECT_TIMEOUT_MS = 3_000

/** Where connections are opened: a server's address or the embedded database. */
export interface Source extends AsyncDisposable {
  readonly serving: Target
  readonly migrating: Target
  /** Name the tables of the embedded auth server; {@link withAuthTables} replaces them by those of another one. */
  readonly variables: MigrationVariables
  readonly poolMax: number
  readonly poolMin: number
  /** Limit for opening a connection or waiting for a free one. */
  readonly connectTimeoutMs: number
  /** Time budget of a request. */
  readonly budgetMs: number
  /** How long a transaction may wait for its next statement; undefined for the default, 0 for no limit. */
  readonly idleTimeoutMs: number | undefined
  readonly embeddedIn: string | undefined
  /** Resolves if the embedded database failed for good. Never resolves for a server, to which the pool reconnects. */
  readonly failed: Promise<StartError>
}

export interface Target {
  /** The environment variable that configures it, for messages. */
  readonly variable: string
  /** Called only when a connection is opened: a serving process need not reach the owner's address. */
  readonly config: () => Promise<ConnectionConfig>
}

export const systemRole = (servingRole: string): string => `${servingRole}_system`

/** @param lentAt the socket directory at which another process shares its embedded database, which it also supervises */
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
    idleTimeoutMs: undefined,
    embeddedIn: undefined,
    failed: never,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** A database server. `variable` names its address in messages. */
export function onServer(variable: string, address: NonNullable<Config['database']['address']>): Target {
  const settle = async (): Promise<ConnectionConfig> => {
    try {
      return clientConfig(await settleTls(address))
    } catch (error) {
      throw unreachable(error, variable)
    }
  }
  // Decided once, so that the checks at start and the pool connect in the same way.
  return { variable, config: lazy(settle) }
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
    // There is one session.
    poolMax: 1,
    poolMin: 1,
    connectTimeoutMs: EMBEDDED_BUDGET_MS,
    budgetMs: EMBEDDED_BUDGET_MS,
    // The end of its only session would be the end of the engine, for instance after the computer has slept. The next connection ends
    // a transaction that was left.
    idleTimeoutMs: 0,
    embeddedIn: embeddedDirectory(dataDir),
    failed,
    [Symbol.asyncDispose]: close,
  }
}

/** Runs `work` on a connection outside the pool, without a time limit. */
export async function withConnection<T>(
  { config, variable }: Target,
  work: (client: Connection) => Promise<T>,
): Promise<T> {
  // Migrations send several statements in one query, which pg does not pipeline.
  const client = new Connection({ ...(await config()), pipeline: false })
  // The loss of the connection is reported by the query in progress.
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

/** A StartError with the driver's message, which names host and port and never the password, and with advice. */
export function unreachable(error: unknown, variable: string): unknown {
  if (error instanceof StartError || !(error instanceof Error)) return error
  const reason =
    error instanceof AggregateError
      ? error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join(', ')
      : error.message
  const why = /client password must be a/.test(reason)
    ? 'the server asks for a password and none is configured'
    : reason
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(why)) ?? []
  return new StartError(
    `cannot connect to the database of ${variable}: ${why}${advice === undefined ? '' : `. ${advice}`}`,
    { cause: error },
  )
}

/** docs/operations/troubleshooting.md has more about each. */
const ADVICE: readonly (readonly [reason: RegExp, advice: string])[] = [
  [/ECONNREFUSED|connect ENOENT/, 'Start PostgreSQL there, or correct host and port'],
  [/ENOTFOUND|EAI_AGAIN/, 'Correct the host name'],
  [/ETIMEDOUT|EHOSTUNREACH|timeout expired/, 'Check host, port and firewall'],
  [/^database .* does not exist/, "Create it: create database … encoding 'UTF8' template template0"],
  [/^role .* does not exist/, 'Create that login, or correct the user'],
  [/password authentication failed/, 'Correct the password; in a URL, @ : / % are written %40 %3A %2F %25'],
  [/asks for a password/, 'Write postgresql://user:password@…'],
  [/no pg_hba\.conf entry/, 'Add an entry for this login to pg_hba.conf, or add sslmode=require to the URL'],
  [/does not support SSL/, 'Enable TLS on the server; in a private network, set sslmode=disable'],
  [/certificate|no such file/, 'Correct sslrootcert, or the host name that is verified against the certificate'],
  [/too many clients|connection slots/, 'Lower DATABASE_POOL_SIZE, or raise max_connections on the server'],
]
