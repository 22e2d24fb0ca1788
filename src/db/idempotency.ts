import { Problem, retryAfter } from '../errors.ts'
import type { UserSql } from './sql.ts'
import type { Statement } from './wire/statement.ts'

/** A request that is to happen once, however often it is sent. */
export interface OnceOnly {
  /** The client's name for it, among those of the user; 1 to 255 characters. */
  readonly key: string
  /**
   * SHA-256 of all that makes it this request and no other, by each version of what that is, from 1 on. The last one is kept;
   * the others recognize keys that earlier versions of the service have kept.
   */
  readonly fingerprints: readonly [Buffer, ...Buffer[]]
  /** Called when the result is that of an earlier time. */
  onReplay(this: void): void
}

/** How long a request may be repeated; also in the migration, as what the system role may delete. */
export const KEPT = `interval '24 hours'`

/** Seconds until the other one has probably ended. */
const RETRY_AFTER_S = 1

// For the transaction. Of two keys with one hash of 64 bits, the second would be told 409 and come again.
const CLAIM: Statement = {
  name: 'idempotency.claim',
  text: `select pg_try_advisory_xact_lock(hashtextextended($2, hashtextextended($1, 6))) as claimed`,
}
/** Null where the version that kept the key is newer than this one: its element of the array does not exist. */
const SAME = 'fingerprint = ($2::bytea[])[fingerprint_version]'
const FIND: Statement = {
  name: 'idempotency.find',
  text: `select ${SAME} as same, case when ${SAME} then result end as result
         from idempotency_keys where user_id = $3 and key = $1 and created_at >= now() - ${KEPT}`,
}
const LOOK: Statement = {
  name: 'idempotency.look',
  text: `select ${SAME} as same from idempotency_keys where user_id = $3 and key = $1 and created_at >= now() - ${KEPT}`,
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
 * What the results of one user may take together, which any single one fits into. Requests that end at the same moment do not
 * see one another: it may be exceeded by as many results as there are connections.
 */
const KEPT_BYTES_MAX = 64 * 1024 * 1024

/** Smaller ones are bounded well enough by the rate limit, and are spared the question. */
const SMALL_RESULT_BYTES = 4096

// The sum goes from the youngest to the oldest: once the first that is too much has expired, there is room. The length is
// known without reading the text.
const ROOM: Statement = {
  name: 'idempotency.room',
  text: `select ceil(extract(epoch from created_at + ${KEPT} - now()))::int as "waitS"
         from (select created_at, sum(octet_length(result)) over (order by created_at desc) as bytes
               from idempotency_keys where user_id = $2 and created_at >= now() - ${KEPT}) kept
         where bytes + $1::int > ${KEPT_BYTES_MAX} order by created_at desc limit 1`,
}

/**
 * Does the work and keeps its result under the key, in the transaction that it is called in: both are there after it or
 * neither is. When the result is there already it is the answer, and nothing is done. Work that throws keeps nothing.
 *
 * @param work gives something that JSON brings back as it was, or undefined
 * @throws Problem request_in_progress (409) while another transaction has the key; idempotency_key_reused (422) when it
 *   was that of another request; unavailable (503) when a newer version of the service has kept it, which this one cannot
 *   compare; idempotency_quota_exceeded (429) when what is kept for the user leaves no room for the
 *   result, so that the work is undone
 */
export async function onceOnly<T>(
  sql: UserSql,
  { key, fingerprints }: OnceOnly,
  work: (sql: UserSql) => Promise<T>,
): Promise<{ result: T; replayed: boolean }> {
  // In one flight. Two statements, because only one that begins when the lock is held sees what its last holder committed.
  const [claim, earlier] = await Promise.all([
    sql.row<{ claimed: boolean }>(CLAIM, [sql.userId, key]),
    sql.row<StoredResult>(FIND, [key, fingerprints, sql.userId]),
  ])
  const kept = resultOf(earlier)
  // The fingerprint says that it is the result of this very request, and so of its type.
  if (kept !== undefined) return { result: kept.result as T, replayed: true }
  if (claim?.claimed !== true) throw stillRunning()
  const result = await work(sql)
  const text = JSON.stringify(result) ?? null
  if (text !== null) await refuseUnlessRoom(sql, Buffer.byteLength(text))
  const isKept = await sql.row(KEEP, [key, fingerprints.at(-1), fingerprints.length, text])
  // The lock lets nobody else get this far. Were it ever to fail, the key itself would not: what was done here is undone.
  if (isKept === undefined) throw stillRunning()
  return { result, replayed: false }
}

/**
 * Whether the request was done before: for work that begins outside of any transaction, which need not be begun then, as the
 * `asUser` at its end gives the result that is kept.
 *
 * @throws Problem idempotency_key_reused (422); unavailable (503) when a newer version of the service has kept the key
 */
export async function isDone(sql: UserSql, once: OnceOnly | undefined): Promise<boolean> {
  if (once === undefined) return false
  const kept = await sql.row<Pick<StoredResult, 'same'>>(LOOK, [once.key, once.fingerprints, sql.userId])
  if (kept !== undefined) refuseUnlessSame(kept)
  return kept !== undefined
}

async function refuseUnlessRoom(sql: UserSql, bytes: number): Promise<void> {
  if (bytes <= SMALL_RESULT_BYTES) return
  const full = await sql.row<{ waitS: number }>(ROOM, [bytes, sql.userId])
  if (full === undefined) return
  throw new Problem(
    'idempotency_quota_exceeded',
    'Nothing was changed: the answers kept for your Idempotency-Keys leave no room for that of this request; send less at once, send it without a key, or wait',
    retryAfter(full.waitS),
  )
}

interface StoredResult {
  readonly same: boolean | null
  readonly result: string | null
}

/** Undefined when there is none; the result of one may be undefined too. */
function resultOf(stored: StoredResult | undefined): { readonly result: unknown } | undefined {
  if (stored === undefined) return undefined
  refuseUnlessSame(stored)
  return { result: stored.result === null ? undefined : JSON.parse(stored.result) }
}

function refuseUnlessSame({ same }: Pick<StoredResult, 'same'>): void {
  if (same === true) return
  throw same === null ? keptByNewerVersion() : reused()
}

const reused = (): Problem =>
  new Problem(
    'idempotency_key_reused',
    'This Idempotency-Key was used for another request; take a new one for each, and repeat a request exactly',
  )

/** During a rolling upgrade: a process of the newer version can compare. */
const keptByNewerVersion = (): Problem =>
  new Problem(
    'unavailable',
    'This Idempotency-Key was used with a newer version of the service, and a process of an older one was asked; repeat the request shortly, with the same key',
    retryAfter(RETRY_AFTER_S),
  )

/** For work, too, that finds the result gone on which it counted. */
export const stillRunning = (): Problem =>
  new Problem(
    'request_in_progress',
    'A request with this Idempotency-Key is still running; repeat it shortly',
    retryAfter(RETRY_AFTER_S),
  )
