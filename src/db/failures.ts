import { DatabaseError } from 'pg'
import { Problem } from '../errors.ts'

/** Seconds a client is asked to wait before it tries again. */
const RETRY_AFTER_S = 2

/**
 * SQLSTATE classes and codes that mean "not now" rather than "wrong": connection exceptions, insufficient resources,
 * operator intervention and its time-outs, a database that still starts up or became a read-only standby, locks,
 * deadlocks and serialization.
 */
const NOT_NOW = /^(08...|53...|57P0[1-5]|57014|25P0[34]|25006|40001|40P01|55P03)$/

/** Node's and pg's errors for a connection that could not be made or broke; some of pg's carry no code at all. */
const NETWORK = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
])
const PG_WITHOUT_CODE =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|Query read timeout|Cannot use a pool after calling end)/

/** The 503 for an error that says the database is away or busy; undefined for any other. */
export function unavailable(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || error instanceof Problem) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isNotNow =
    NOT_NOW.test(code) || NETWORK.has(code) || PG_WITHOUT_CODE.test(error.message) || isOutdatedConnection(error)
  return isNotNow ? databaseAway(error) : undefined
}

/** The 503 for whatever kept a connection from being had: nothing of the request can be to blame. */
export function databaseAway(cause: unknown): Problem {
  return new Problem('unavailable', 'The database cannot be reached or is busy; try again shortly', {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
    body: { retryAfter: RETRY_AFTER_S },
    cause,
  })
}

/**
 * Whether the error would come again on this connection and not on a new one: a migration changed the type of what a
 * prepared statement returns ("cached plan must not change result type"), or the server became a read-only standby.
 */
export function isOutdatedConnection(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false
  return error.code === '25006' || (error.code === '0A000' && error.routine === 'RevalidateCachedQuery')
}
