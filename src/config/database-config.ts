import { type DatabaseAddress, parseDatabaseUrl } from '../lib/database-url.ts'
import { type EnvReader, role, type VariableTable } from '../lib/env-reader.ts'

export const DATABASE_VARIABLES = {
  DATABASE_URL: [],
  MIGRATION_DATABASE_URL: [],
  DATABASE_ROLE: [],
  DATABASE_POOL_SIZE: ['SQLALCHEMY_POOL_SIZE'],
  DATABASE_POOL_OVERFLOW: ['SQLALCHEMY_MAX_OVERFLOW', 'SQLALCHEMY_POOL_OVERFLOW'],
  DATABASE_POOL_TIMEOUT: ['SQLALCHEMY_POOL_TIMEOUT'],
  DATABASE_POOL_RECYCLE: ['SQLALCHEMY_POOL_RECYCLE'],
  DATABASE_POOLER: [],
  DATABASE_PREPARED_STATEMENTS: [],
  DATABASE_ECHO: ['SQLALCHEMY_ECHO'],
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
