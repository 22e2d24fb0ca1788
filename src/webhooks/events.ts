import { TASK_JSON } from '../tasks/store.ts'

/**
 * How many later changes of a task are taken back to find what it was like after an earlier one. Of a task that has changed more often since,
 * an event has its state of now.
 */
const LATER_MAX = 200

interface EventSource {
  readonly type: string
  /** What the OpenAPI document says of it. */
  readonly means: string
  /** A condition on an `entry` of the change log. */
  readonly when: string
  /** The `data` of the event: an SQL expression of type jsonb on the `entry`. Null where the content was deleted for good. */
  readonly data: string
}

/** The later entries of the entity, and where it was first deleted among them: from there on they say nothing about the entry. */
const LATER = `(select later.seq, later.op, later.before from changes later
    where user_id = $user and later.type = entry.type and later.entity_id = entry.entity_id and later.seq > entry.seq
    order by later.seq limit ${LATER_MAX + 1})`

/**
 * The task as it was after the entry: what it is now, or was when it was deleted, with the values that later changes have replaced. Of two
 * values of a member the earlier one is the last that is aggregated, which is the one that counts.
 */
const TASK_AFTERWARDS = `(
    select case when entry.after is null and entry.op <> 'delete' then null
        when entry.op = 'create' then entry.after
        when entry.op = 'delete' then entry.before
        else base || coalesce(replaced, '{}') || case when is_newest then '{}'
          else jsonb_build_object('version', entry.version, 'updatedAt', todo_instant_json(entry.at)::jsonb) end
      end
    from (
      select count(*) = 0 or count(*) > ${LATER_MAX} as is_newest,
        coalesce(
          (array_agg(later.before order by later.seq) filter (where later.op = 'delete'))[1],
          (select (${TASK_JSON})::jsonb from tasks where user_id = $user and id = entry.entity_id)) as base,
        min(later.seq) filter (where later.op = 'delete') as deleted_seq
      from ${LATER} later
    ) afterwards
    cross join lateral (
      select jsonb_object_agg(member.key, member.value order by later.seq desc) as replaced
      from ${LATER} later cross join lateral jsonb_each(later.before) member
      where later.op = 'update' and not is_newest and (deleted_seq is null or later.seq < deleted_seq)
    ) members)`

const ofTask = (type: string, means: string, when: string): EventSource => ({
  type,
  means,
  when: `entry.type = 'task' and ${when}`,
  data: TASK_AFTERWARDS,
})

/**
 * Every type of event, and the entries of the change log that it stands for. An entry becomes one event: the first of the table that it is
 * and that the webhook takes, so that a completion is an update for a webhook without `task.completed`. Entries of other types, and of
 * later versions of the service, are no events.
 */
export const EVENTS = [
  ofTask(
    'task.created',
    'also by an import, a restoration from the trash, and the undo of a deletion',
    `entry.op = 'create'`,
  ),
  ofTask(
    'task.completed',
    'a change of its status to COMPLETED, or the completion of a date of a recurrence; without this type it is `task.updated`',
    // A task with a recurrence is TODO again after it was completed.
    `entry.op = 'update' and (entry.after ->> 'status' = 'COMPLETED'
          or (entry.after ->> 'completions')::int > (entry.before ->> 'completions')::int)`,
  ),
  ofTask('task.updated', 'also by an undo', `entry.op = 'update'`),
  ofTask('task.deleted', 'into the trash or for good, and by the undo of a creation', `entry.op = 'delete'`),
  {
    type: 'task.reminder',
    means: 'a reminder of it was due; the data is the notification',
    when: `entry.type = 'reminder'`,
    data: `(select todo_notification_json(notifications)::jsonb from notifications
      where user_id = $user and id = (entry.after ->> 'notification')::uuid)`,
  },
] as const satisfies readonly EventSource[]

export const EVENT_TYPES: readonly string[] = EVENTS.map(({ type }) => type)

/** The type of the event of a test, which no webhook names. */
export const TEST_EVENT = 'webhook.test'

/** The type of a delivery that was none: it says which entries were purged from the log before they could be delivered. */
export const LOSS = 'webhook.loss'

/** An SQL expression: the type of event that an `entry` is for a webhook; null for none. @param taken an SQL expression: its types */
export const eventOf = (taken: string): string =>
  `case ${EVENTS.map(({ type, when }) => `when '${type}' = any (${taken}) and ${when} then '${type}'`).join('\n      ')} end`

/** An SQL expression of type jsonb: the data of an `entry` that is an event of this type. */
export const dataOf = (type: string): string =>
  `case ${type} ${EVENTS.map((event) => `when '${event.type}' then ${event.data}`).join('\n      ')} end`
