import { DatabaseError } from 'pg'
import { Problem, retryAfter } from '../../errors.ts'
import { DETAILS } from '../../problems.ts'

/** Retry-After of the errors below, in seconds. */
const RETRY_AFTER_S = 2

/**
 * SQLSTATE classes and codes of temporary errors, after which a retry may succeed: connection exceptions (also from PgBouncer),
 * insufficient resources (disk full, too many connections), operator intervention and timeouts, a server that is starting up or
 * is a read-only standby, lock timeouts, deadlocks, serialization failures and I/O errors.
 */
const TEMPORARY = /^(08...|53...|57P0[1-5]|57014|25P0[34]|25006|40001|40P01|55P03|58030)$/

/** Error codes of Node and pg for a connection that failed or was lost. Some errors of pg have no code, only a message. */
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

/** The 503 for an error that means the database is unreachable or busy; undefined for any other error. */
export function unavailable(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || error instanceof Problem) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isTemporary =
    TEMPORARY.test(code) || NETWORK.has(code) || PG_WITHOUT_CODE.test(error.message) || isOutdatedConnection(error)
  return isTemporary ? databaseUnavailable(error) : undefined
}

/** The 503 for any failure to obtain a connection: the request cannot have caused it. */
export function databaseUnavailable(cause: unknown): Problem {
  return new Problem('unavailable', DETAILS.unavailable, {
    ...retryAfter(RETRY_AFTER_S),
    cause,
  })
}

/** Whether the error is the 503 for lock_not_available: another transaction held the lock until lock_timeout. */
export const isLocked = (error: unknown): boolean =>
  error instanceof Problem && error.cause instanceof DatabaseError && error.cause.code === '55P03'

/** Whether the server refused the statement and aborted its transaction, but keeps the connection open. */
export function isAnswer(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false
  const { severity, code = '' } = error
  // The severity is localized (lc_messages). If it is not English, the code decides.
  return severity === 'ERROR' || !(endsSession(error) || ENDS_SESSION.test(code))
}

const ENDS_SESSION = /^(08...|53300|57P0[1-5]|25P0[34]|58...|XX...)$/

/** Whether the server ends the session with this error: its severity is FATAL or PANIC, unless it is localized. */
export const endsSession = (error: unknown): boolean =>
  error instanceof DatabaseError && /^(FATAL|PANIC)$/.test(error.severity ?? '')

/** Rejects a statement queued behind the one at which the server ended the session. The server runs them in order, so it never ran. */
export class NeverStarted extends Error {
  readonly code = 'ECONNABORTED'
  constructor(cause: unknown) {
    super('the session ended before this statement was started', { cause })
  }
}

/** The driver's error if a connection is already known to be broken: the statement was not sent. */
const NEVER_SENT = /is not queryable$/

/**
 * The 503 for a COMMIT whose outcome is unknown: it was sent, and its answer was lost. An ordinary error is an answer. A FATAL
 * one is not: a server that crashes or shuts down may send it after the commit is on disk. Undefined if certainly nothing was
 * committed.
 */
export function unknownOutcome(error: unknown): Problem | undefined {
  if (isAnswer(error)) return undefined
  if (error instanceof NeverStarted || (error instanceof Error && NEVER_SENT.test(error.message))) return undefined
  return new Problem('outcome_unknown', DETAILS.outcome_unknown, { ...retryAfter(RETRY_AFTER_S), cause: error })
}

/**
 * Whether the error would recur on this connection but not on a new one: a migration changed the result type of a prepared
 * statement ("cached plan must not change result type"), a pooler lost the prepared statements, or the server became a read-only
 * standby.
 */
export function isOutdatedConnection(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false
  const { code, routine } = error
  if (code === '0A000') return routine === 'RevalidateCachedQuery'
  // read_only_sql_transaction, invalid_sql_statement_name, duplicate_prepared_statement
  return code === '25006' || code === '26000' || code === '42P05'
}
