import { randomUUIDv7 } from 'node:crypto'
import type { Step, UserSql } from '../db/sql.ts'
import { reading, shortReading } from '../db/step.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import { theOnly } from '../lib/the-only.ts'
import { TEST_EVENT } from './events.ts'
import type { DeliveryQuery, WebhookDelivery } from './schema.ts'
import { testMessageId } from './secrets.ts'
import { found } from './store.ts'

/** The members of a delivery in answers, as a JSON object. */
const SHOWN = `json_build_object('id', id, 'messageId', message_id, 'type', type, 'seq', seq, 'changeId', change_id, 'cause', cause,
    'status', status, 'attempt', attempt, 'createdAt', todo_instant_json(created_at)::json, 'durationMs', duration_ms,
    'responseStatus', response_status, 'responseBody', response_body, 'error', error,
    'nextAttemptAt', todo_instant_json(next_attempt_at)::json)`

// One delivery more than the page takes shows whether there is a next page.
const PAGE: Statement = {
  name: 'webhooks.deliveries',
  text: `select (select true from webhooks where user_id = $user and id = $1) as "isKnown", (
           select coalesce(json_agg(delivery order by id desc), '[]') from (
             select id, ${SHOWN} as delivery from webhook_deliveries
             where user_id = $user and webhook_id = $1 and ($3::text is null or status = $3) and ($4::uuid is null or id < $4)
             order by id desc limit $2::int + 1
           ) page
         ) as deliveries`,
}
const FIND: Statement = {
  name: 'webhooks.find_delivery',
  text: `select ${SHOWN} as delivery from webhook_deliveries where user_id = $user and webhook_id = $1 and id = $2`,
}
const HOOK: Statement = {
  name: 'webhooks.exists',
  text: 'select id from webhooks where user_id = $user and id = $1',
}
const ADD: Statement = {
  name: 'webhooks.add_delivery',
  text: `insert into webhook_deliveries (id, webhook_id, message_id, type, seq, change_id, cause, status, attempt)
         values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8) returning ${SHOWN} as delivery`,
}

interface Row {
  readonly delivery: WebhookDelivery
}

export interface DeliveryPage {
  readonly deliveries: readonly WebhookDelivery[]
  /** Where the next page begins; undefined on the last one. */
  readonly next: readonly string[] | undefined
  readonly userId: string
}

/** The newest first. @param after where the previous page ended @throws Problem not_found (404) */
export const page = (
  webhookId: string,
  limit: number,
  status: DeliveryQuery['status'],
  after: readonly string[] | undefined,
): Step<DeliveryPage> =>
  reading(PAGE, [webhookId, limit, status ?? null, after?.[0] ?? null], (row, userId) => {
    // The columns of the statement.
    const { isKnown, deliveries } = theOnly(row) as {
      readonly isKnown: true | null
      readonly deliveries: readonly WebhookDelivery[]
    }
    found(isKnown ?? undefined)
    const shown = deliveries.slice(0, limit)
    const last = deliveries.length > limit ? shown.at(-1) : undefined
    return { deliveries: shown, next: last && [last.id], userId }
  })

/** @throws Problem not_found (404) */
export const find = (webhookId: string, id: string): Step<WebhookDelivery> =>
  // The column of the statement.
  shortReading(FIND, [webhookId, id], (row) => foundDelivery(row as Row | undefined).delivery)

/** Adds the delivery of a test, which a job sends. @throws Problem not_found (404) */
export async function addTest(sql: UserSql, webhookId: string): Promise<WebhookDelivery> {
  found(await sql.row(HOOK, [webhookId]))
  const id = randomUUIDv7()
  return theOnly(await sql.row<Row>(ADD, [id, webhookId, testMessageId(id), TEST_EVENT, null, null, 'test', 1]))
    .delivery
}

/** Adds another delivery of the same event, which a job sends. @throws Problem not_found (404); conflict (409) for what is no event */
export async function addRedelivery(sql: UserSql, webhookId: string, id: string): Promise<WebhookDelivery> {
  const { delivery } = foundDelivery(await sql.row<Row>(FIND, [webhookId, id]))
  const { messageId, type, seq, changeId, status, attempt } = delivery
  if (status === 'lost') {
    throw new Problem('conflict', 'This is no event: it says which changes the log does not have any more')
  }
  const values = [randomUUIDv7(), webhookId, messageId, type, seq, changeId, 'redelivery', attempt + 1]
  return theOnly(await sql.row<Row>(ADD, values)).delivery
}

function foundDelivery<Found>(row: Found | undefined): Found {
  if (row === undefined) throw new Problem('not_found', 'This webhook has no delivery with this id')
  return row
}
