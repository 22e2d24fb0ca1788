import { randomUUIDv7 } from 'node:crypto'
import type { UserSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import { LOSS } from './events.ts'
import type { LoggedEvent, Target } from './reader.ts'
import { messageIdOf } from './secrets.ts'
import type { DisabledReason } from './schema.ts'
import type { Outcome } from './sender.ts'

/** The newest deliveries of a webhook that are kept. */
export const KEPT_MAX = 1_000

/** Statements that record what became of a delivery. None of them changes anything where the webhook was deleted, or has moved on. */

const INSERT = `insert into webhook_deliveries (id, webhook_id, message_id, type, seq, change_id, cause, status, attempt, duration_ms,
      response_status, response_body, error, next_attempt_at)`

const DELIVERED: Statement = {
  name: 'webhooks.delivered',
  text: `with moved as (
      update webhooks set cursor_seq = $2, failed_attempts = 0, is_slow = $3
      where user_id = $user and id = $1 and cursor_seq < $2 returning id
    )
    ${INSERT}
    select $4, moved.id, $5, $6, $2, $7, 'change', 'succeeded', $8, $9, $10, $11, $12, null from moved returning id`,
}
const FAILED: Statement = {
  name: 'webhooks.failed',
  text: `with moved as (
      update webhooks set failed_attempts = $8, is_slow = $3, active = $14::text is null,
        disabled_reason = $14, disabled_at = case when $14::text is not null then now() end,
        version = version + ($14::text is not null)::int,
        updated_at = case when $14::text is not null then greatest(now(), updated_at) else updated_at end
      where user_id = $user and id = $1 and cursor_seq < $2 and active returning id
    )
    ${INSERT}
    select $4, moved.id, $5, $6, $2, $7, 'change', 'failed', $8, $9, $10, $11, $12, now() + $13::float8 * interval '1 millisecond'
    from moved returning id`,
}
const ADVANCE: Statement = {
  name: 'webhooks.advance',
  text: 'update webhooks set cursor_seq = $2 where user_id = $user and id = $1 and cursor_seq < $2 returning id',
}
const LOST: Statement = {
  name: 'webhooks.lost',
  text: `with moved as (
      update webhooks set cursor_seq = $2, failed_attempts = 0
      where user_id = $user and id = $1 and cursor_seq < $2 returning id
    )
    ${INSERT}
    select $3, moved.id, $4, '${LOSS}', $2, null, 'change', 'lost', 1, null, null, null, $5, null from moved returning id`,
}
const SETTLE: Statement = {
  name: 'webhooks.settle',
  text: `update webhook_deliveries set status = $2, duration_ms = $3, response_status = $4, response_body = $5, error = $6
         where user_id = $user and id = $1 and status = 'pending' returning id`,
}
const TRIM: Statement = {
  name: 'webhooks.trim',
  text: `delete from webhook_deliveries where user_id = $user and webhook_id = $1 and id <= (
           select id from webhook_deliveries where user_id = $user and webhook_id = $1
           order by id desc offset ${KEPT_MAX} limit 1)
         returning id`,
}

type Values = readonly unknown[]

/** What records an outcome, in a transaction. @returns false if the webhook was deleted, has moved on, or is not active */
export type Recording = (sql: UserSql) => Promise<boolean>

const recording =
  (statement: Statement, values: Values): Recording =>
  async (sql) =>
    (await sql.row(statement, values)) !== undefined

const valuesOf = (
  { id, failedAttempts }: Target,
  { type, seq, changeId }: LoggedEvent,
  { isSlow, durationMs, responseStatus, responseBody, error }: Outcome,
): Values => [
  id,
  seq,
  isSlow,
  randomUUIDv7(),
  messageIdOf(id, seq, changeId),
  type,
  changeId,
  failedAttempts + 1,
  durationMs,
  responseStatus,
  responseBody,
  error,
]

/** Moves the cursor behind a delivered event. */
export const delivered = (target: Target, event: LoggedEvent, outcome: Outcome): Recording =>
  recording(DELIVERED, valuesOf(target, event, outcome))

/** Keeps the cursor before an event that could not be delivered. @param retryInMs undefined if the webhook is disabled, for `reason` */
export function failed(
  target: Target,
  event: LoggedEvent,
  outcome: Outcome,
  next: { readonly retryInMs: number } | { readonly reason: DisabledReason },
): Recording {
  const [inMs, reason] = 'reason' in next ? [null, next.reason] : [next.retryInMs, null]
  return recording(FAILED, [...valuesOf(target, event, outcome), inMs, reason])
}

/** Moves the cursor behind entries that are no events. */
export const advanced = ({ id }: Target, seq: number): Recording => recording(ADVANCE, [id, seq])

/** Notes that entries up to `purgedSeq` are not in the log any more, and continues behind them. */
export const lost = ({ id, cursorSeq }: Target, purgedSeq: number): Recording =>
  recording(LOST, [
    id,
    purgedSeq,
    randomUUIDv7(),
    messageIdOf(id, purgedSeq, LOSS),
    `The changes ${cursorSeq + 1} to ${purgedSeq} were deleted from the change log after 90 days, before they could be delivered: read GET /api/changes without a cursor`,
  ])

/** Records what became of a delivery that the user has asked for. */
export const settled = (
  deliveryId: string,
  {
    isDelivered,
    durationMs,
    responseStatus,
    responseBody,
    error,
  }: Pick<Outcome, 'isDelivered' | 'durationMs' | 'responseStatus' | 'responseBody' | 'error'>,
): Recording =>
  recording(SETTLE, [deliveryId, isDelivered ? 'succeeded' : 'failed', durationMs, responseStatus, responseBody, error])

/** Deletes all but the newest deliveries. */
export const trimmed = ({ id }: Target): Recording => recording(TRIM, [id])
