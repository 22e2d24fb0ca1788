import { type DatabaseAddress, parseDatabaseUrl } from '../lib/database-url.ts'
import { type EnvReader, role } from '../lib/env-reader.ts'
import type { VariableTable } from '../lib/variable.ts'

export const DATABASE_VARIABLES = {
  DATABASE_URL: {
    does: 'Required. `postgresql://user:password@host:port/database`, also `postgres://` and `postgresql+asyncpg://`; a Unix socket: `postgresql:///database?host=/var/run/postgresql`. `sslmode=` (or `ssl=`) has the values of libpq, `prefer` by default; `sslrootcert=` names a file of CA certificates, or `system`; `sslcert=` and `sslkey=` name the files of a client certificate. Without it the embedded database is used.',
  },
  MIGRATION_DATABASE_URL: {
    does: 'The login that owns the tables, for migrations only. The one of `DATABASE_URL` if not set.',
  },
  DATABASE_ROLE: {
    default: 'todo_app',
    does: 'Role that serves requests. The system role has this name with the suffix `_system`.',
  },
  DATABASE_POOL_SIZE: {
    otherNames: ['SQLALCHEMY_POOL_SIZE'],
    default: '10',
    does: 'Connections that each process keeps.',
  },
  DATABASE_POOL_OVERFLOW: {
    otherNames: ['SQLALCHEMY_MAX_OVERFLOW', 'SQLALCHEMY_POOL_OVERFLOW'],
    default: '20',
    does: 'Connections that each process may open beyond those at peak load. The embedded database always has one connection.',
  },
  DATABASE_POOL_TIMEOUT: {
    otherNames: ['SQLALCHEMY_POOL_TIMEOUT'],
    default: '30',
    does: 'Seconds to wait for a connection before the answer is 503. With a database server at most the 1.6 s that a request has for the database.',
  },
  DATABASE_POOL_RECYCLE: {
    otherNames: ['SQLALCHEMY_POOL_RECYCLE'],
    default: '3600',
    does: 'Seconds after which a connection is replaced.',
  },
  DATABASE_POOLER: {
    default: 'none',
    does: "`transaction` behind a pooler such as PgBouncer in transaction mode: the service then changes no session settings. Neon's `-pooler` hosts and `pgbouncer=true` in the URL mean the same.",
  },
  DATABASE_PREPARED_STATEMENTS: {
    default: 'true',
    does: '`false` if the pooler does not support them (PgBouncer before 1.21). The default is `false` with `DATABASE_POOLER=transaction`. `prepared_statement_cache_size=0` in the URL means `false` too.',
  },
  DATABASE_ECHO: {
    otherNames: ['SQLALCHEMY_ECHO'],
    default: 'false',
    does: '`true` logs executed statements, and the reason for each transaction as the system role. Values are never logged.',
  },
} as const satisfies VariableTable

export interface DatabaseConfig {
  /** Absent: the embedded database in `dataDir`. */
  readonly address?: DatabaseAddress
  /** The owner's login, for migrations only. Present if `address` is, and equal to it by default. */
  readonly migrationAddress?: DatabaseAddress
  /** The role for requests. The role for work outside a user's scope is `<role>_system`. */
  readonly role: string
  readonly poolSize: number
  /** Connections beyond `poolSize` that may be opened at peaks. */
  readonly poolOverflow: number
  readonly acquireTimeoutMs: number
  readonly recycleMs: number
  /** `transaction`: a pooler that reassigns connections after each transaction, so no setting may outlive one. */
  readonly pooler: 'none' | 'transaction'
  readonly preparedStatements: boolean
  readonly echo: boolean
}

type Reader = Pick<
  EnvReader<keyof typeof DATABASE_VARIABLES | 'WORKERS'>,
  'choice' | 'flag' | 'has' | 'integer' | 'mistake' | 'seconds' | 'value'
>

/** @param workers the number of processes; more than one needs a database server */
export function readDatabase(reader: Reader, production: boolean, workers: number): DatabaseConfig {
  const address = reader.value('DATABASE_URL', undefined, parseDatabaseUrl)
  const migrationAddress = reader.value('MIGRATION_DATABASE_URL', address, parseDatabaseUrl)
  if (!reader.has('DATABASE_URL')) {
    if (production)
      reader.mistake('DATABASE_URL', 'is required in production: set it to the URL of your PostgreSQL server')
    if (reader.has('MIGRATION_DATABASE_URL')) {
      reader.mistake('MIGRATION_DATABASE_URL', 'has no effect without DATABASE_URL: set both or none')
    }
    // The embedded database has one session in one process; a second process would corrupt its files.
    if (workers > 1) {
      reader.mistake('WORKERS', 'must be 1 with the embedded database: set DATABASE_URL to use more')
    }
  }
  const pooler = reader.choice('DATABASE_POOLER', address?.pooler ?? 'none', ['none', 'transaction'])
  return {
    ...(address && migrationAddress && { address, migrationAddress }),
    role: reader.value('DATABASE_ROLE', 'todo_app', role),
    poolSize: reader.integer('DATABASE_POOL_SIZE', 10, 1, 1000),
    poolOverflow: reader.integer('DATABASE_POOL_OVERFLOW', 20, 0, 1000),
    acquireTimeoutMs: reader.seconds('DATABASE_POOL_TIMEOUT', 30_000, 1, 600),
    recycleMs: reader.seconds('DATABASE_POOL_RECYCLE', 3_600_000, 1, 86_400),
    pooler,
    preparedStatements: reader.flag('DATABASE_PREPARED_STATEMENTS', address?.preparedStatements ?? pooler === 'none'),
    echo: reader.flag('DATABASE_ECHO', false),
  }
}
