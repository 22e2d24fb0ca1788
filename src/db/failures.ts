import { Problem } from '../errors.ts'

/** Seconds a client is asked to wait before it tries again. */
const RETRY_AFTER_S = 2

/**
 * SQLSTATE classes and codes that mean "not now" rather than "wrong": connection exceptions, insufficient resources,
 * operator intervention, and a database that still starts up.
 */
const NOT_NOW = /^(08...|53...|57P0[1-5]|57014|25P03|40001|40P01)$/

/** Node's and pg's errors for a connection that could not be made or broke; some of pg's carry no code at all. */
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])
const PG_WITHOUT_CODE =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout|Cannot use a pool after calling end)/

/** The 503 for an error that says the database is away or busy; undefined for any other. */
export function unavailable(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || error instanceof Problem) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (!NOT_NOW.test(code) && !NETWORK.has(code) && !PG_WITHOUT_CODE.test(error.message)) return undefined
  return new Problem('unavailable', 'The database cannot be reached or is busy; try again shortly', {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
    body: { retryAfter: RETRY_AFTER_S },
    cause: error,
  })
}
