import { randomUUIDv7 } from 'node:crypto'
import type { UserSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import type { Verdict } from './live-check.ts'
import type { ProviderName } from './providers.ts'
import type { KeyRead, UserApiKey } from './schema.ts'

/** The columns of the public form of a key. */
const SHOWN = `provider, masked_key as "maskedKey", validation_status as "validationStatus",
  last_validated_at as "lastValidatedAt", created_at as "createdAt", updated_at as "updatedAt"`

const LIST: Statement = {
  name: 'vault.list',
  text: `select ${SHOWN} from user_api_keys where user_id = $user order by provider`,
}
const FIND: Statement = {
  name: 'vault.find',
  text: `select ${SHOWN} from user_api_keys where user_id = $user and provider = $1`,
}
const FIND_SEALED: Statement = {
  name: 'vault.find_sealed',
  text: `select key_id as "keyId", encrypted_key as "encryptedKey" from user_api_keys where user_id = $user and provider = $1`,
}
// One statement, so that concurrent requests each replace a whole row. An inserted row has xmax 0; an updated one was locked by this
// transaction, so that its xmax is not 0.
const PUT: Statement = {
  name: 'vault.put',
  text: `insert into user_api_keys as k (provider, key_id, encrypted_key, masked_key, validation_status, last_validated_at)
         values ($1, $2, $3, $4, 'success', now())
         on conflict (user_id, provider) do update set
           key_id = excluded.key_id, encrypted_key = excluded.encrypted_key, masked_key = excluded.masked_key,
           validation_status = excluded.validation_status, last_validated_at = greatest(now(), k.updated_at),
           updated_at = greatest(now(), k.updated_at)
         returning ${SHOWN}, xmax = 0 as "isNew"`,
}
const RECORD: Statement = {
  name: 'vault.record',
  text: `update user_api_keys set validation_status = $3,
           last_validated_at = case when $3 in ('success', 'failure') then greatest(now(), last_validated_at) else last_validated_at end
         where user_id = $user and provider = $1 and key_id = $2 returning ${SHOWN}`,
}
const REMOVE: Statement = {
  name: 'vault.remove',
  text: `delete from user_api_keys where user_id = $user and provider = $1 returning provider`,
}
const NOTE_READ: Statement = {
  name: 'vault.note_read',
  text: `insert into user_api_key_reads (id, provider, service, request_id) values ($1, $2, $3, $4)`,
}
const READS: Statement = {
  name: 'vault.reads',
  text: `select id, service, user_id as "userId", provider, read_at as "readAt", request_id as "requestId"
         from user_api_key_reads where user_id = $user and provider = $1 and (read_at, id) < ($2, $3)
         order by read_at desc, id desc limit $4`,
}
const COUNT_READS: Statement = {
  name: 'vault.count_reads',
  text: `select count(*) as total from user_api_key_reads where user_id = $user and provider = $1`,
}

/** A stored key, encrypted. */
export interface SealedKey {
  /** Identifies this key among those that were stored for the provider one after another. */
  readonly keyId: string
  readonly encryptedKey: string
}

/** Where a page ends: readAt and id of its last entry. */
export type Position = readonly string[]

const BEFORE_THE_NEWEST: Position = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff']

export interface AuditPage {
  readonly reads: KeyRead[]
  /** Undefined if it was not requested and would need a count. */
  readonly total: number | undefined
  /** Where the next page begins; undefined on the last one. */
  readonly next: Position | undefined
}

export async function list(sql: UserSql): Promise<UserApiKey[]> {
  return [...(await sql.rows<UserApiKey>(LIST))]
}

/** @throws Problem not_found (404) */
export async function find(sql: UserSql, provider: ProviderName): Promise<UserApiKey> {
  return found(await sql.row<UserApiKey>(FIND, [provider]))
}

/** @throws Problem not_found (404) */
export async function findSealed(sql: UserSql, provider: ProviderName): Promise<SealedKey> {
  return found(await sql.row<SealedKey>(FIND_SEALED, [provider]))
}

/** Whether there is a key now; pass the result to `put`. */
export async function exists(sql: UserSql, provider: ProviderName): Promise<boolean> {
  return (await sql.row(FIND, [provider])) !== undefined
}

/**
 * Stores a key that the provider has just accepted, replacing the previous one.
 *
 * @param existed whether there was a key before the check
 * @throws Problem conflict (409) when the previous key was deleted during the check, because that deletion must not be undone
 */
export async function put(
  sql: UserSql,
  provider: ProviderName,
  { encryptedKey, maskedKey }: { readonly encryptedKey: string; readonly maskedKey: string },
  existed = false,
): Promise<{ readonly key: UserApiKey; readonly isNew: boolean }> {
  if (existed && !(await exists(sql, provider))) {
    throw new Problem('conflict', 'The key was deleted while this one was being checked: nothing was stored')
  }
  const values = [provider, randomUUIDv7(), encryptedKey, maskedKey]
  const { isNew, ...key } = found(await sql.row<UserApiKey & { isNew: boolean }>(PUT, values))
  return { key, isNew }
}

/**
 * Records the result of a check of the key `keyId`, unless that key has been replaced since.
 *
 * @returns the current key
 * @throws Problem not_found (404) when the key has been deleted since
 */
export async function record(
  sql: UserSql,
  provider: ProviderName,
  keyId: string,
  { status }: Verdict,
): Promise<UserApiKey> {
  return (await sql.row<UserApiKey>(RECORD, [provider, keyId, status])) ?? (await find(sql, provider))
}

/** @throws Problem not_found (404) */
export async function remove(sql: UserSql, provider: ProviderName): Promise<void> {
  found(await sql.row(REMOVE, [provider]))
}

/** Records that a service reads a key in plain text, in the transaction that returns the key, so that no read is unrecorded. */
export async function noteRead(
  sql: UserSql,
  { provider, service, requestId }: Pick<KeyRead, 'provider' | 'service' | 'requestId'>,
): Promise<void> {
  await sql.rows(NOTE_READ, [randomUUIDv7(), provider, service, requestId])
}

/** Newest first. `after` is where the previous page ended. */
export async function auditPage(
  sql: UserSql,
  provider: ProviderName,
  { limit, count }: { readonly limit: number; readonly count: boolean },
  after?: Position,
): Promise<AuditPage> {
  const [rows, counted] = await Promise.all([
    // One row more than the limit shows whether there is a next page.
    sql.rows<KeyRead>(READS, [provider, ...(after ?? BEFORE_THE_NEWEST), limit + 1]),
    count ? sql.row<{ total: number }>(COUNT_READS, [provider]) : undefined,
  ])
  const reads = rows.slice(0, limit)
  const last = rows.length > limit ? reads.at(-1) : undefined
  const known = after === undefined && last === undefined ? reads.length : undefined
  return { reads, total: counted?.total ?? known, next: last && [last.readAt, last.id] }
}

function found<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Problem('not_found', 'You have no key for this provider')
  return row
}
