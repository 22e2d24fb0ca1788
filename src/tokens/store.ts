import { randomUUIDv7 } from 'node:crypto'
import type { Step, SystemSql, UserSql } from '../db/sql.ts'
import { shortReading } from '../db/step.ts'
import { lockOf } from '../db/user-lock.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import type { TokenHashing } from '../http/opaque-token.ts'
import { shownPart } from '../http/personal-token.ts'
import { theOnly } from '../lib/the-only.ts'
import { TOKEN_PROBLEMS } from './problems.ts'
import {
  DAYS_DEFAULT,
  DAYS_MAX,
  SCOPES_DEFAULT,
  TOKENS_MAX,
  type PersonalToken,
  type PersonalTokenCreate,
} from './schema.ts'

/** The members of a token in answers, as a JSON object. */
const SHOWN = `json_build_object('id', id, 'name', name, 'scopes', scopes, 'prefix', prefix,
    'createdAt', todo_instant_json(created_at)::json, 'expiresAt', todo_instant_json(expires_at)::json,
    'lastUsedAt', todo_instant_json(last_used_at)::json)`

// In the order of the ids, which grow with time (UUID version 7): the key gives it without a sort.
const LIST: Statement = {
  name: 'tokens.list',
  text: `select coalesce(json_agg(token), '[]') as tokens from (
           select ${SHOWN} as token from personal_tokens where user_id = $user order by id desc
         ) newest_first`,
}
const FIND: Statement = {
  name: 'tokens.find',
  text: `select ${SHOWN} as token from personal_tokens where user_id = $user and id = $1`,
}
const REVOKE: Statement = {
  name: 'tokens.revoke',
  text: 'delete from personal_tokens where user_id = $user and id = $1 returning id',
}
const LOCK = lockOf('tokens')
const ROOM: Statement = {
  name: 'tokens.room',
  text: `select count(*)::int as total, count(*) filter (where expires_at > now())::int as alive,
           coalesce($1::timestamptz > now() and $1 <= now() + interval '${DAYS_MAX * 24} hours', true) as "canExpire"
         from personal_tokens where user_id = $user`,
}
const REMOVE_EXPIRED: Statement = {
  name: 'tokens.remove_expired',
  text: `delete from personal_tokens where user_id = $user and id in (
           select id from personal_tokens where user_id = $user and expires_at <= now() order by expires_at limit $1)
         returning id`,
}
const CREATE: Statement = {
  name: 'tokens.create',
  text: `insert into personal_tokens (id, name, prefix, hash, scopes, expires_at)
         values ($1, $2, $3, $4, $5, coalesce($6::timestamptz, now() + make_interval(hours => 24 * $7::int)))
         returning ${SHOWN} as token`,
}
const NOTE_USES: Statement = { name: 'tokens.note_uses', text: 'select public.todo_note_token_uses($1, $2)::text' }

/** All tokens of the user, the newest first. */
export const list: Step<readonly PersonalToken[]> = shortReading(
  LIST,
  [],
  // The column of the statement.
  (row) => (theOnly(row) as { readonly tokens: readonly PersonalToken[] }).tokens,
)

/** @throws Problem not_found (404) */
export const find = (id: string): Step<PersonalToken> =>
  // The column of the statement.
  shortReading(FIND, [id], (row) => found(row as { readonly token: PersonalToken } | undefined).token)

/** @throws Problem not_found (404) */
export async function revoke(sql: UserSql, id: string): Promise<void> {
  found(await sql.row(REVOKE, [id]))
}

/**
 * Stores a new token. The caller has the token itself.
 *
 * @throws Problem invalid_input (422) for an expiry that is past or too late by the clock of the database; token_limit_reached (409)
 */
export async function create(
  sql: UserSql,
  { name, scopes = SCOPES_DEFAULT, expiresAt, expiresInDays = DAYS_DEFAULT }: PersonalTokenCreate,
  token: string,
  hashing: TokenHashing,
): Promise<PersonalToken> {
  // Two creations at once would each find room for one. The second statement has a snapshot from after the lock was taken.
  const [, room] = await Promise.all([
    sql.row(LOCK, [sql.userId]),
    sql.row<{ total: number; alive: number; canExpire: boolean }>(ROOM, [expiresAt ?? null]),
  ])
  const { total, alive, canExpire } = theOnly(room)
  if (!canExpire) throw invalidExpiry(`expiresAt must be in the future, and at most ${DAYS_MAX} days from now`)
  if (alive >= TOKENS_MAX) {
    throw new Problem(TOKEN_PROBLEMS.token_limit_reached, TOKEN_PROBLEMS.token_limit_reached.detail ?? '')
  }
  if (total >= TOKENS_MAX) await sql.rows(REMOVE_EXPIRED, [total - TOKENS_MAX + 1])
  const [hash] = hashing(token)
  const values = [randomUUIDv7(), name, shownPart(token), hash, scopes, expiresAt ?? null, expiresInDays]
  return theOnly(await sql.row<{ token: PersonalToken }>(CREATE, values)).token
}

/** @throws Problem invalid_input (422) where both kinds of expiry are given */
export function refuseTwoExpiries({ expiresAt, expiresInDays }: PersonalTokenCreate): void {
  if (expiresAt !== undefined && expiresInDays !== undefined) {
    throw invalidExpiry('expiresAt must be left out where expiresInDays is given')
  }
}

/** @param hashes of each token, what `personal_tokens.hash` may hold; the first is what it should hold */
export async function noteUses(sql: SystemSql, hashes: readonly (readonly string[])[]): Promise<void> {
  const pairs = hashes.flatMap((each) => each.map((presented) => [presented, each[0]]))
  await sql.rows(NOTE_USES, [pairs.map(([presented]) => presented), pairs.map(([, wanted]) => wanted)])
}

const invalidExpiry = (detail: string): Problem => Problem.invalid([{ in: 'body', pointer: '/expiresAt', detail }])

function found<Found>(row: Found | undefined): Found {
  if (row === undefined) throw new Problem('not_found', 'You have no personal token with this id')
  return row
}
