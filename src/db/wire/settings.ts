/**
 * Settings that the service's SQL and driver depend on. A server, database or login may have other defaults (`alter database …
 * set`), so every connection of the service sets them itself: for its whole session, or for each transaction behind a pooler.
 */
const NEEDED = {
  // If off, an unquoted NULL in an array parameter is read as text: a description of null becomes "NULL".
  array_nulls: 'on',
  bytea_output: 'hex',
  datestyle: 'ISO, YMD',
  // Pages read an index in its order and stop when they are full. The planner assumes that each user has an average number of tasks,
  // so for a selective filter it prefers a bitmap scan, which reads all tasks of the user first: 250 ms instead of 2 with 10⁵ tasks.
  enable_bitmapscan: 'off',
  extra_float_digits: '1',
  intervalstyle: 'postgres',
  // Writes set their own; everything else is bounded by statement_timeout.
  lock_timeout: '0',
  // If off, PostgreSQL refuses any query to which a policy applies.
  row_security: 'on',
  // If pg_temp is not listed, it is searched first: a temporary table could shadow one of ours.
  search_path: 'public, pg_temp',
  // If off, backslashes in the function bodies that make JSON and search words would be escapes.
  standard_conforming_strings: 'on',
  timezone: 'UTC',
} as const

/** Defaults of new transactions and of idle sessions, which cannot be set from within a transaction. */
const NEEDED_OF_SESSION = {
  // The service locks rows and then reads their newest version, which fails (40001) at the stricter isolation levels.
  default_transaction_isolation: 'read committed',
  // The pool limits the age of connections. If the server closed an idle one, a write on its way to it could be lost.
  idle_session_timeout: '0',
  // Without a user the policies show no rows.
  'app.user_id': '',
} as const

const assigned = (settings: Readonly<Record<string, string>>, isLocal: boolean): string =>
  Object.entries(settings)
    .map(([name, value]) => `set_config('${name}', '${value}', ${isLocal})`)
    .join(', ')

/** A select list that sets them for the transaction. */
export const SET_FOR_TRANSACTION = assigned(NEEDED, true)

/** A select list that sets them for the session. */
export const SET_FOR_SESSION = assigned({ ...NEEDED, ...NEEDED_OF_SESSION }, false)

/** Restores the session's own defaults. */
export const RESET_SESSION = Object.keys({ ...NEEDED, ...NEEDED_OF_SESSION })
  .map((name) => `reset ${name}`)
  .join('; ')

/** Begins every transaction of the service, regardless of `default_transaction_isolation`. */
export const BEGIN = 'begin isolation level read committed'
