/**
 * Settings that the service's SQL and driver depend on. A server, database or login may have other defaults (`alter database …
 * set`), so every connection of the service sets them itself: for its whole session, or for each transaction behind a pooler.
 */
const NEEDED = {
  // Off, an unquoted NULL in an array parameter is the word: a description of null becomes "NULL".
  array_nulls: 'on',
  bytea_output: 'hex',
  datestyle: 'ISO, YMD',
  // Pages read an index in its order and stop when they are full. The planner assumes that each user has an average number of tasks,
  // so for a selective filter it prefers a bitmap scan, which reads all tasks of the user first: 250 ms instead of 2 with 10⁵ tasks.
  enable_bitmapscan: 'off',
  extra_float_digits: '1',
  intervalstyle: 'postgres',
  // Changes have one of their own; everything else is bounded by statement_timeout.
  lock_timeout: '0',
  // Off, PostgreSQL refuses a query that a policy applies to.
  row_security: 'on',
  // Unnamed, pg_temp would come first in the path: a temporary table could take the place of one of ours.
  search_path: 'public, pg_temp',
  // Off, the bodies of the functions that make JSON and search words mean something else.
  standard_conforming_strings: 'on',
  timezone: 'UTC',
} as const

/** Defaults of new transactions and of idle sessions, which a transaction cannot set for itself. */
const NEEDED_OF_SESSION = {
  // The service locks rows and then reads their newest version, which a transaction with one snapshot refuses (40001).
  default_transaction_isolation: 'read committed',
  // The pool bounds the life of idle connections. One that the server ends may be lost with a change on the way to it.
  idle_session_timeout: '0',
  // Outside a user's scope policies show no rows.
  'app.user_id': '',
} as const

const assigned = (settings: Readonly<Record<string, string>>, isLocal: boolean): string =>
  Object.entries(settings)
    .map(([name, value]) => `set_config('${name}', '${value}', ${isLocal})`)
    .join(', ')

/** A select list that sets them until the transaction ends. */
export const SET_FOR_TRANSACTION = assigned(NEEDED, true)

/** A select list that sets them until the session ends. */
export const SET_FOR_SESSION = assigned({ ...NEEDED, ...NEEDED_OF_SESSION }, false)

/** Gives a session its own defaults back. */
export const RESET_SESSION = Object.keys({ ...NEEDED, ...NEEDED_OF_SESSION })
  .map((name) => `reset ${name}`)
  .join('; ')

/** How every transaction of the service begins, whatever `default_transaction_isolation` says. */
export const BEGIN = 'begin isolation level read committed'
