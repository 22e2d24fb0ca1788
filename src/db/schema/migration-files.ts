import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { escapeIdentifier, escapeLiteral } from 'pg'
import type { Config } from '../../config/config.ts'
import { splitStatements, type FileStatement } from './statements.ts'

/** One pair of files `NNNN_name.up.sql` / `NNNN_name.down.sql`. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly mode: MigrationMode
  readonly up: string
  readonly down: string
  /** SHA-256 of the up file, in hex: detects a migration that was edited after it was applied. */
  readonly checksum: string
}

/**
 * `expand`: only adds, so that older code still works on the schema. `contract`: removes or changes what older code needs, so older
 * code refuses to serve.
 */
export type MigrationMode = 'expand' | 'contract'

/**
 * How a file runs. `in a transaction`: all of it or nothing. `without a transaction`: statement by statement, for those that
 * PostgreSQL refuses in a transaction; each must be safe to repeat. `in batches`: its one statement is repeated, each time in
 * a transaction of its own, until it affects no row.
 */
export type Style = 'in a transaction' | 'without a transaction' | 'in batches'

const HEADER =
  /^-- (?:(expand|contract)(?:, (without a transaction|in batches))?|(without a transaction|in batches))\s*$/

/** An interrupted build leaves an invalid index, which `if not exists` would accept for good. */
const ACCEPTS_INVALID_INDEX = /^create\s+(unique\s+)?index\s+concurrently\s+if\s+not\s+exists/i

/**
 * Reads the first line of a migration file: `-- expand`, `-- contract`, either followed by `, without a transaction` or
 * `, in batches`. Any other first line means expand, in a transaction.
 */
function headerOf(sql: string): { readonly mode: MigrationMode; readonly style: Style } {
  const [line = ''] = sql.split('\n', 1)
  const [, mode = 'expand', withMode, withoutMode] = HEADER.exec(line) ?? []
  const style = (withMode ?? withoutMode ?? 'in a transaction') as Style // the pattern allows no other text
  return { mode: mode === 'contract' ? 'contract' : 'expand', style }
}

/** @throws Error naming the file when its statements do not fit its style */
function checkStyle(style: Style, statements: readonly FileStatement[], file: string): void {
  if (style === 'in batches' && statements.length !== 1) {
    throw new Error(`${file} runs in batches and must be one statement; it has ${statements.length}`)
  }
  if (statements.some(({ text }) => ACCEPTS_INVALID_INDEX.test(text))) {
    throw new Error(
      `${file}: replace "if not exists" by "drop index concurrently if exists" before "create index concurrently", because an interrupted build leaves an invalid index`,
    )
  }
}

/** Variables of the SQL files, in psql's notation: `:"app_role"`, `:'app_role'` and so on. */
export type MigrationVariables = Readonly<
  Record<
    | 'app_role'
    | 'system_role'
    | 'serving_login'
    | 'users_schema'
    | 'users_table'
    | 'sessions_schema'
    | 'sessions_table'
    | 'session_user_column'
    | 'session_expiry_column',
    string
  > & { readonly auth_mode: Config['auth']['mode'] }
>

const DIRECTORY = new URL('../../../migrations/', import.meta.url)

/** Reads the pairs in order. Throws if a file has no partner, or if a number is missing or used twice. */
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
    return {
      version: index + 1,
      name,
      mode: headerOf(up).mode,
      up,
      down,
      checksum: createHash('sha256').update(up).digest('hex'),
    }
  })
  if (files.size !== 2 * ups.length) throw new Error('migrations/ has a .sql file that belongs to no pair')
  return migrations
}

export const label = (migration: { readonly version: number; readonly name: string }): string =>
  `${String(migration.version).padStart(4, '0')}_${migration.name}`

/** One direction of a migration, ready to run. */
export interface MigrationFile {
  readonly name: string
  readonly style: Style
  readonly statements: readonly FileStatement[]
}

export function fileOf(migration: Migration, direction: 'up' | 'down', variables: MigrationVariables): MigrationFile {
  return scriptOf(`${label(migration)}.${direction}.sql`, migration[direction], variables)
}

/**
 * SQL with variables, ready to run.
 *
 * @param name for messages
 * @throws Error when its statements do not fit the style that its first line gives
 */
export function scriptOf(name: string, sql: string, variables: MigrationVariables): MigrationFile {
  const { style } = headerOf(sql)
  const statements = splitStatements(interpolate(sql, variables))
  checkStyle(style, statements, name)
  return { name, style, statements }
}

/** psql's `:"name"` (an identifier) and `:'name'` (a literal), so that the files also run under psql with `-v`. */
function interpolate(sql: string, variables: MigrationVariables): string {
  return sql.replace(/(?<!:):(["'])(\w+)\1/g, (_, quote: string, name: string) => {
    if (!Object.hasOwn(variables, name)) throw new Error(`unknown migration variable ${name}`)
    const value = variables[name as keyof MigrationVariables]
    return quote === '"' ? escapeIdentifier(value) : escapeLiteral(value)
  })
}
