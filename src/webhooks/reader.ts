import type { Step } from '../db/sql.ts'
import { reading } from '../db/step.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { Task } from '../tasks/schema.ts'
import { withAllMembers } from '../tasks/store.ts'
import { dataOf, eventOf, TEST_EVENT } from './events.ts'

/** How many entries of the log one statement looks at, and how many events it gives. */
const SCANNED_MAX = 500
const EVENTS_MAX = 20

/** An entry of the change log that is an event for a webhook. */
export interface LoggedEvent {
  readonly type: string
  readonly seq: number
  readonly changeId: string
  /** When it happened, RFC 3339. */
  readonly timestamp: string
  readonly entityId: string
  /** What the event is about, as it was then; null if its content was deleted for good. */
  readonly data: Partial<Task> | null
}

/** A webhook as its deliveries need it. */
export interface Target {
  readonly id: string
  readonly url: string
  readonly active: boolean
  readonly isSlow: boolean
  readonly failedAttempts: number
  readonly cursorSeq: number
  readonly sealedSecret: string
  /** The secret before it, if that signs too. */
  readonly previousSecret: string | null
}

export interface NextEvents {
  readonly userId: string
  readonly target: Target
  /** In the order of the log. */
  readonly events: readonly LoggedEvent[]
  /** The cursor once these events are delivered: entries up to here that are no events are done too. */
  readonly doneSeq: number
  /** Whether there may be more to read. */
  readonly hasMore: boolean
  /** The newest entry that was purged from the log; 0 for none. */
  readonly purgedSeq: number
}

const TARGET = `'id', hook.id, 'url', url, 'active', active, 'isSlow', is_slow, 'failedAttempts', failed_attempts,
    'cursorSeq', cursor_seq, 'sealedSecret', sealed_secret, 'previousSecret', case when previous_until > now() then previous_secret end`

const EVENT = `json_build_object('type', event, 'seq', seq, 'changeId', change_id, 'timestamp', todo_instant_json(at)::json,
    'entityId', entity_id, 'data', ${dataOf('event')})`

/**
 * What comes next for the webhook $1. Only the entries that are events are read entirely, so that what a webhook does not take costs little.
 */
const NEXT: Statement = {
  name: 'webhooks.next',
  text: `with hook as materialized (
      select * from webhooks where user_id = $user and id = $1
    ), scanned as materialized (
      select entry.*, ${eventOf('hook.events')} as event
      from hook cross join lateral (
        select seq, type, entity_id, op, version, change_id, at, before, after from changes
        where user_id = $user and hook.active and seq > hook.cursor_seq order by seq limit ${SCANNED_MAX}
      ) entry
    ), entry as materialized (
      select * from scanned where event is not null order by seq limit ${EVENTS_MAX}
    )
    select json_build_object(${TARGET}) as target,
      coalesce((select json_agg(${EVENT} order by seq) from entry), '[]') as events,
      coalesce(case when (select count(*) from entry) = ${EVENTS_MAX} then (select max(seq) from entry)
        else (select max(seq) from scanned) end, cursor_seq) as "doneSeq",
      (select count(*) from entry) = ${EVENTS_MAX} or (select count(*) from scanned) = ${SCANNED_MAX} as "hasMore",
      coalesce((select purged_seq from change_logs where user_id = $user), 0) as "purgedSeq"
    from hook`,
}

/** What is to be sent again: a test, or the event of an entry. */
const PENDING: Statement = {
  name: 'webhooks.pending',
  text: `with hook as materialized (
      select webhooks.*, delivery.id as delivery_id, delivery.message_id, delivery.type as event, delivery.seq as event_seq,
        delivery.change_id as event_change_id, delivery.created_at as added_at
      from (select * from webhook_deliveries where user_id = $user and id = $1 and status = 'pending') delivery
      join (select * from webhooks where user_id = $user) webhooks on webhooks.id = delivery.webhook_id
    ), entry as materialized (
      select found.*, hook.event from hook cross join lateral (
        select seq, type, entity_id, op, version, change_id, at, before, after from changes
        where user_id = $user and seq = hook.event_seq and change_id = hook.event_change_id
      ) found
    )
    select json_build_object(${TARGET}) as target, message_id as "messageId", event_seq is null as "isTest",
      todo_instant_json(added_at)::json as "addedAt", (select ${EVENT} from entry) as event
    from hook`,
}

export interface PendingDelivery {
  readonly userId: string
  readonly target: Target
  readonly messageId: string
  readonly isTest: boolean
  readonly addedAt: string
  /** Null for a test, and if the log does not have the entry any more. */
  readonly event: LoggedEvent | null
}

/** What a webhook gets next; undefined if there is no such webhook. */
export const nextEvents = (webhookId: string): Step<NextEvents | undefined> =>
  // The columns of the statement.
  reading(NEXT, [webhookId], (row, userId) => row && { ...(row as Omit<NextEvents, 'userId'>), userId })

/** A delivery that the user has asked for; undefined if it is done, or its webhook was deleted. */
export const pendingDelivery = (id: string): Step<PendingDelivery | undefined> =>
  // The columns of the statement.
  reading(PENDING, [id], (row, userId) => row && { ...(row as Omit<PendingDelivery, 'userId'>), userId })

/** The body of an event, as Standard Webhooks has it. */
export const bodyOf = ({ type, timestamp, data, seq, changeId, entityId }: LoggedEvent): string =>
  // An older version of the service may have written the data; without content only the id is known.
  JSON.stringify({ type, timestamp, data: dataFor(type, data, entityId), seq, changeId })

/** A notification is not a task, and is sent as it is. */
function dataFor(type: string, data: LoggedEvent['data'], entityId: string): object {
  if (data === null) return { id: entityId }
  return type === 'task.reminder' ? data : withAllMembers(data)
}

/** The body of a test. */
export const testBodyOf = (timestamp: string): string =>
  JSON.stringify({ type: TEST_EVENT, timestamp, data: {}, seq: null, changeId: null })
