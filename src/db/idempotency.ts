import { Problem, retryAfter } from '../errors.ts'
import { DETAILS } from '../problems.ts'
import type { UserSql } from './sql.ts'
import type { Statement } from './wire/statement.ts'

/** A request with an Idempotency-Key: its work is done once, however often it is sent. */
export interface OnceOnly {
  /** The Idempotency-Key, unique for its user; 1 to 255 characters. */
  readonly key: string
  /**
   * SHA-256 over what identifies the request, one for each version of that definition, from 1. The last one is stored; the
   * others are compared with keys that earlier versions of the service stored.
   */
  readonly fingerprints: readonly [Buffer, ...Buffer[]]
  /** Called if the result is a stored one. */
  onReplay(this: void): void
}

/** How long a key is stored. The migration's policy repeats it: the system role may delete older rows. */
export const KEPT = `interval '24 hours'`

/** Seconds after which the other request has probably ended. */
const RETRY_AFTER_S = 1

// Held until the transaction ends. If two keys have the same 64-bit hash, the second request gets 409 and is repeated.
const CLAIM: Statement = {
  name: 'idempotency.claim',
  text: `select pg_try_advisory_xact_lock(hashtextextended($2, hashtextextended($1, 6))) as claimed`,
}
/** Null if a newer version of the service stored the key: the array has no element for its fingerprint version. */
const SAME = 'fingerprint = ($2::bytea[])[fingerprint_version]'
const FIND: Statement = {
  name: 'idempotency.find',
  text: `select ${SAME} as same, case when ${SAME} then result end as result
         from idempotency_keys where user_id = $user and key = $1 and created_at >= now() - ${KEPT}`,
}
const LOOK: Statement = {
  name: 'idempotency.look',
  text: `select ${SAME} as same from idempotency_keys where user_id = $user and key = $1 and created_at >= now() - ${KEPT}`,
}
const KEEP: Statement = {
  name: 'idempotency.keep',
  text: `insert into idempotency_keys (key, fingerprint, fingerprint_version, result) values ($1, $2, $3, $4)
         on conflict (user_id, key) do update
         set fingerprint = excluded.fingerprint, fingerprint_version = excluded.fingerprint_version,
             result = excluded.result, created_at = now()
         where idempotency_keys.created_at < now() - ${KEPT}
         returning true as kept`,
}

/**
 * Maximum total size of one user's stored results; any single result fits. Transactions that commit at the same time do not see
 * one another's rows, so it can be exceeded by one result for each connection.
 */
const KEPT_BYTES_MAX = 64 * 1024 * 1024

/** Smaller results are bounded by the rate limit and not checked. */
const SMALL_RESULT_BYTES = 4096

// The sum runs from newest to oldest: when the first row beyond the limit has expired, there is room. octet_length does not read
// the stored text.
const ROOM: Statement = {
  name: 'idempotency.room',
  text: `select ceil(extract(epoch from created_at + ${KEPT} - now()))::int as "waitS"
         from (select created_at, sum(octet_length(result)) over (order by created_at desc) as bytes
               from idempotency_keys where user_id = $user and created_at >= now() - ${KEPT}) kept
         where bytes + $1::int > ${KEPT_BYTES_MAX} order by created_at desc limit 1`,
}

/**
 * Runs the work and stores its result under the key, in the transaction of `sql`: both are committed or neither. If a result is
 * stored already, it is returned and the work is not run. If the work throws, nothing is stored.
 *
 * @param work its result must survive a JSON round trip, or be undefined
 * @throws Problem request_in_progress (409) while another transaction holds the key; idempotency_key_reused (422) if the key was
 *   used for another request; unavailable (503) if a newer version of the service stored it, whose fingerprint this one cannot
 *   compare; idempotency_quota_exceeded (429) if the user's stored results leave no room for this one; the work is rolled back
 */
export async function onceOnly<T>(
  sql: UserSql,
  { key, fingerprints }: OnceOnly,
  work: (sql: UserSql) => Promise<T>,
): Promise<{ result: T; replayed: boolean }> {
  // One round trip. Two statements, because the snapshot of the second must be taken after the lock is: only then does it see what
  // the previous holder committed.
  const [claim, earlier] = await Promise.all([
    sql.row<{ claimed: boolean }>(CLAIM, [sql.userId, key]),
    sql.row<StoredResult>(FIND, [key, fingerprints]),
  ])
  const kept = resultOf(earlier)
  // The fingerprint matches, so this is a result of the same request and has its type.
  if (kept !== undefined) return { result: kept.result as T, replayed: true }
  if (claim?.claimed !== true) throw stillRunning()
  const result = await work(sql)
  const text = JSON.stringify(result) ?? null
  if (text !== null) await refuseUnlessRoom(sql, Buffer.byteLength(text))
  const isStored = await sql.row(KEEP, [key, fingerprints.at(-1), fingerprints.length, text])
  // The lock excludes other transactions. If it ever failed, the unique key would still hold, and this work is rolled back.
  if (isStored === undefined) throw stillRunning()
  return { result, replayed: false }
}

/**
 * Whether the key has a stored result. For work that starts outside a transaction and can then be skipped: the `asUser` at its end
 * returns the stored result.
 *
 * @throws Problem idempotency_key_reused (422); unavailable (503) if a newer version of the service stored the key
 */
export async function isDone(sql: UserSql, once: OnceOnly | undefined): Promise<boolean> {
  if (once === undefined) return false
  const kept = await sql.row<Pick<StoredResult, 'same'>>(LOOK, [once.key, once.fingerprints])
  if (kept !== undefined) refuseUnlessSame(kept)
  return kept !== undefined
}

async function refuseUnlessRoom(sql: UserSql, bytes: number): Promise<void> {
  if (bytes <= SMALL_RESULT_BYTES) return
  const full = await sql.row<{ waitS: number }>(ROOM, [bytes])
  if (full === undefined) return
  throw new Problem('idempotency_quota_exceeded', DETAILS.idempotency_quota_exceeded, retryAfter(full.waitS))
}

interface StoredResult {
  readonly same: boolean | null
  readonly result: string | null
}

/** Undefined if nothing is stored. A stored result may itself be undefined. */
function resultOf(stored: StoredResult | undefined): { readonly result: unknown } | undefined {
  if (stored === undefined) return undefined
  refuseUnlessSame(stored)
  return { result: stored.result === null ? undefined : JSON.parse(stored.result) }
}

function refuseUnlessSame({ same }: Pick<StoredResult, 'same'>): void {
  if (same === true) return
  throw same === null ? storedByNewerVersion() : reused()
}

const reused = (): Problem => new Problem('idempotency_key_reused', DETAILS.idempotency_key_reused)

/** Happens during a rolling upgrade; a process of the newer version can compare the fingerprints. */
const storedByNewerVersion = (): Problem =>
  new Problem(
    'unavailable',
    'This Idempotency-Key was used with a newer version of the service than the one that got this request. Repeat the request shortly, with the same key',
    retryAfter(RETRY_AFTER_S),
  )

/** Also for work that was skipped because of a stored result which has expired since. */
export const stillRunning = (): Problem =>
  new Problem('request_in_progress', DETAILS.request_in_progress, retryAfter(RETRY_AFTER_S))
