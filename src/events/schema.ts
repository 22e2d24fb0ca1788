import { Type } from 'typebox'
import { SEQ_MAX } from '../http/sync-cursor.ts'
import { Instant, Nullable, OpenSet, RefTo, Uuid } from '../http/wire.ts'
import type { Task } from '../tasks/schema.ts'

const Cursor = Type.String({ description: 'A cursor, as X-Next-Cursor of GET /api/changes' })

export const EventQuery = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({
        description:
          'Begin after this cursor: an id of an event, X-Next-Cursor or X-Sync-Cursor. Without it the stream begins now',
      }),
    ),
  },
  { additionalProperties: false },
)

export const EventHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      description:
        'The id of the last event that the client has; browsers send it by themselves when they reconnect. Takes precedence over `cursor`',
    }),
  ),
})

export const ReadyEvent = Type.Object(
  { cursor: Cursor },
  { $id: 'ReadyEvent', description: '`event: ready`: where the stream begins' },
)

export const ReminderEvent = Type.Object(
  {
    seq: Type.Integer({ minimum: 1, maximum: SEQ_MAX, description: 'Its place among the changes' }),
    id: Uuid,
    kind: OpenSet(['reminder']),
    taskId: Uuid,
    task: Type.Unsafe<Task | null>({
      anyOf: [RefTo<Task>('Task'), Type.Null()],
      description: 'The task as it is now; null if it was deleted',
    }),
    at: Instant,
    readAt: Nullable(Instant),
  },
  { $id: 'ReminderEvent', description: '`event: reminder`: the notification of a reminder that is due' },
)

export const ResyncEvent = Type.Object(
  {
    reason: OpenSet(['cursor_expired', 'slow'], {
      description:
        'cursor_expired: read everything again, by GET /api/changes without a cursor; the stream continues. slow: the stream ends; continue from the last event',
    }),
  },
  { $id: 'ResyncEvent', description: '`event: resync`: the stream does not give all changes since the last event' },
)

export const EndEvent = Type.Object(
  {
    reason: OpenSet(['shutdown', 'age', 'credential', 'slow'], {
      description:
        'shutdown, age, slow: connect again after the time of `retry`. credential: the session has ended; connect again with another one',
    }),
  },
  { $id: 'EndEvent', description: '`event: end`: why the stream ends; the last event' },
)
