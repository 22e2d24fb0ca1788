import { DatabaseError } from 'pg'
import { Problem, retryAfter } from '../../errors.ts'

/** Seconds a client is asked to wait before it tries again. */
const RETRY_AFTER_S = 2

/**
 * SQLSTATE classes and codes that mean "not now" rather than "wrong": connection exceptions (PgBouncer's refusals too),
 * insufficient resources (a full disk, too many connections), operator intervention and its time-outs, a database that
 * still starts up or became a read-only standby, locks, deadlocks and serialization, and a disk that fails.
 */
const TEMPORARY = /^(08...|53...|57P0[1-5]|57014|25P0[34]|25006|40001|40P01|55P03|58030)$/

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
  'EADDRNOTAVAIL',
  'EPIPE',
  'EPROTO',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
  'ETIMEDOUT',
])
const PG_WITHOUT_CODE =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|Query read timeout|Cannot use a pool after calling end)/

/** The 503 for an error that says the database is away or busy; undefined for any other. */
export function unavailable(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || error instanceof Problem) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isTemporary =
    TEMPORARY.test(code) || NETWORK.has(code) || PG_WITHOUT_CODE.test(error.message) || isOutdatedConnection(error)
  return isTemporary ? databaseUnavailable(error) : undefined
}

/** The 503 for whatever kept a connection from being had: nothing of the request can be to blame. */
export function databaseUnavailable(cause: unknown): Problem {
  return new Problem('unavailable', 'The database cannot be reached or is busy; try again shortly', {
    ...retryAfter(RETRY_AFTER_S),
    cause,
  })
}

/** lock_not_available: the 503 for somebody else's lock that was waited for as long as lock_timeout says. */
export const isLocked = (error: unknown): boolean =>
  error instanceof Problem && error.cause instanceof DatabaseError && error.cause.code === '55P03'

/** The server refused the statement, and with it its transaction; the connection is as it was. */
export function isAnswer(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false
  const { severity, code = '' } = error
  // A severity is in the language of the server, which is mostly English. In another one the code has to do.
  return severity === 'ERROR' || !(endsSession(error) || ENDS_SESSION.test(code))
}

const ENDS_SESSION = /^(08...|53300|57P0[1-5]|25P0[34]|58...|XX...)$/

/** The server's last word on this connection, as far as its language is known. */
export const endsSession = (error: unknown): boolean =>
  error instanceof DatabaseError && /^(FATAL|PANIC)$/.test(error.severity ?? '')

/** Of a statement that was behind one with which the server ended the session: it takes them in order. */
export class NeverStarted extends Error {
  readonly code = 'ECONNABORTED'
  constructor(cause: unknown) {
    super('the session had ended before', { cause })
  }
}

/** The driver's refusal to send anything on a connection that it knows to be broken. */
const NEVER_SENT = /is not queryable$/

/**
 * The 503 for a COMMIT that failed in such a way that it may have happened all the same: it was sent, and its answer is lost.
 * Only an ordinary error is an answer. One that ends the session (FATAL) is not: a server that crashes or shuts down may send
 * it when the commit is on disk already. Undefined where it is certain that nothing was committed.
 */
export function unknownOutcome(error: unknown): Problem | undefined {
  if (isAnswer(error)) return undefined
  if (error instanceof NeverStarted || (error instanceof Error && NEVER_SENT.test(error.message))) return undefined
  return new Problem(
    'outcome_unknown',
    'The connection to the database was lost at the last moment: the change may or may not have happened. If the request had an Idempotency-Key, repeat it with that key; otherwise look before you repeat it',
    { ...retryAfter(RETRY_AFTER_S), cause: error },
  )
}

/**
 * Whether the error would come again on this connection and not on a new one: a migration changed the type of what a
 * prepared statement returns ("cached plan must not change result type"), somebody between here and the server forgot the
 * prepared statements or never had them, or the server became a read-only standby.
 */
export function isOutdatedConnection(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false
  const { code, routine } = error
  if (code === '0A000') return routine === 'RevalidateCachedQuery'
  // read_only_sql_transaction, invalid_sql_statement_name, duplicate_prepared_statement
  return code === '25006' || code === '26000' || code === '42P05'
}
