import { randomUUIDv7 } from 'node:crypto'
import { logPositionOf, positionNow } from '../db/change-log.ts'
import type { Step, UserSql } from '../db/sql.ts'
import { shortReading } from '../db/step.ts'
import { lockOf } from '../db/user-lock.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import type { Expectation } from '../http/conditional.ts'
import { theOnly } from '../lib/the-only.ts'
import { WEBHOOK_PROBLEMS } from './problems.ts'
import { OVERLAP_HOURS, WEBHOOKS_MAX, type Webhook, type WebhookCreate, type WebhookPatch } from './schema.ts'

/** The members of a webhook in answers, as a JSON object. */
const SHOWN = `json_build_object('id', id, 'url', url, 'events', events, 'description', description, 'active', active,
    'disabledReason', disabled_reason, 'disabledAt', todo_instant_json(disabled_at)::json,
    'previousSecretUntil', todo_instant_json(previous_until)::json, 'version', version,
    'createdAt', todo_instant_json(created_at)::json, 'updatedAt', todo_instant_json(updated_at)::json)`

/** Of a statement that changes what is shown. */
const CHANGED = 'version = version + 1, updated_at = greatest(now(), updated_at)'

const LIST: Statement = {
  name: 'webhooks.list',
  // In the order of the ids, which grow with time (UUID version 7): the key gives it without a sort.
  text: `select coalesce(json_agg(webhook), '[]') as webhooks from (
           select ${SHOWN} as webhook from webhooks where user_id = $user order by id desc
         ) newest_first`,
}
const FIND: Statement = {
  name: 'webhooks.find',
  text: `select ${SHOWN} as webhook from webhooks where user_id = $user and id = $1`,
}
const LOCK: Statement = { name: 'webhooks.lock', text: `${FIND.text} for update` }
const LOCK_ROOM = lockOf('webhooks')
const COUNT: Statement = {
  name: 'webhooks.count',
  text: 'select count(*)::int as total from webhooks where user_id = $user',
}
const CREATE: Statement = {
  name: 'webhooks.create',
  text: `insert into webhooks (id, url, events, description, active, sealed_secret, cursor_seq)
         values ($1, $2, $3, $4, $5, $6, $7) returning ${SHOWN} as webhook`,
}
// A change of the URL begins the attempts again, and so does the activation of a webhook that the service had disabled.
const PATCH: Statement = {
  name: 'webhooks.patch',
  text: `update webhooks set url = $2, events = $3, description = $4, active = $5, ${CHANGED},
           disabled_reason = case when $5 then null else disabled_reason end,
           disabled_at = case when $5 then null else disabled_at end,
           failed_attempts = case when url <> $2 or active <> $5 then 0 else failed_attempts end,
           is_slow = is_slow and url = $2
         where user_id = $user and id = $1 returning ${SHOWN} as webhook`,
}
const ROTATE: Statement = {
  name: 'webhooks.rotate',
  text: `update webhooks set previous_secret = sealed_secret, previous_until = now() + interval '${OVERLAP_HOURS} hours',
           sealed_secret = $2, ${CHANGED}
         where user_id = $user and id = $1 returning ${SHOWN} as webhook`,
}
const REMOVE: Statement = {
  name: 'webhooks.remove',
  text: 'delete from webhooks where user_id = $user and id = $1 returning id',
}

interface Row {
  readonly webhook: Webhook
}

/** All webhooks of the user, the newest first. */
export const list: Step<readonly Webhook[]> = shortReading(
  LIST,
  [],
  // The column of the statement.
  (row) => (theOnly(row) as { readonly webhooks: readonly Webhook[] }).webhooks,
)

/** @throws Problem not_found (404) */
export const find = (id: string): Step<Webhook> =>
  // The column of the statement.
  shortReading(FIND, [id], (row) => found(row as Row | undefined).webhook)

/**
 * Stores a new webhook. It gets the changes that are committed from now on.
 *
 * @throws Problem webhook_limit_reached (409)
 */
export async function create(
  sql: UserSql,
  { url, events, description = null, active = true }: WebhookCreate,
  sealed: string,
): Promise<Webhook> {
  // Two creations at once would each find room for one. The second statement has a snapshot from after the lock was taken.
  await sql.row(LOCK_ROOM, [sql.userId])
  const { total } = theOnly(await sql.row<{ total: number }>(COUNT))
  if (total >= WEBHOOKS_MAX) {
    throw new Problem(WEBHOOK_PROBLEMS.webhook_limit_reached, WEBHOOK_PROBLEMS.webhook_limit_reached.detail ?? '')
  }
  const { seq } = logPositionOf(await positionNow(sql))
  const values = [randomUUIDv7(), url, events, description, active, sealed, seq]
  return theOnly(await sql.row<Row>(CREATE, values)).webhook
}

/** Applies a merge patch. If nothing changes, the version does not change either. @throws Problem not_found (404), precondition_failed (412) */
export async function patch(sql: UserSql, id: string, changes: WebhookPatch, expected: Expectation): Promise<Webhook> {
  const current = await locked(sql, id, expected)
  const { url, description, active } = { ...current, ...changes }
  const events = changes.events ?? current.events
  if (JSON.stringify({ ...current, url, description, active, events }) === JSON.stringify(current)) return current
  return found(await sql.row<Row>(PATCH, [id, url, events, description, active])).webhook
}

/** Replaces the secret. The one before signs too for a day; one before that does not any more. @throws as {@link patch} */
export async function rotateSecret(sql: UserSql, id: string, sealed: string, expected: Expectation): Promise<Webhook> {
  await locked(sql, id, expected)
  return found(await sql.row<Row>(ROTATE, [id, sealed])).webhook
}

/** @throws as {@link patch} */
export async function remove(sql: UserSql, id: string, expected: Expectation): Promise<void> {
  await locked(sql, id, expected)
  await sql.row(REMOVE, [id])
}

async function locked(sql: UserSql, id: string, { check }: Expectation): Promise<Webhook> {
  const { webhook } = found(await sql.row<Row>(LOCK, [id]))
  check(webhook)
  return webhook
}

export function found<Found>(row: Found | undefined): Found {
  if (row === undefined) throw new Problem('not_found', 'You have no webhook with this id')
  return row
}
