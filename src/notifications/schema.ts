import { Type, type Static } from 'typebox'
import { Instant, Nullable, OpenSet, CursorParameter, limitParameter, RefTo, Uuid } from '../http/wire.ts'
import { EXAMPLE, type Task } from '../tasks/schema.ts'

/** How long notifications are kept. The policy of the purge in migrations/0022_reminders.up.sql has the same number. */
export const NOTIFICATION_DAYS = 90

export const PAGE_NOTIFICATIONS = 50
export const PAGE_NOTIFICATIONS_MAX = 200

export const NotificationQuery = Type.Object(
  {
    unread: Type.Optional(
      Type.Boolean({ description: 'true: only those that were not read; false: only those that were' }),
    ),
    limit: limitParameter('Notifications', PAGE_NOTIFICATIONS, PAGE_NOTIFICATIONS_MAX),
    cursor: CursorParameter,
  },
  { additionalProperties: false },
)
export type NotificationQuery = Static<typeof NotificationQuery>

export const Notification = Type.Object(
  {
    id: Uuid,
    kind: OpenSet(['reminder'], { 'x-component': 'NotificationKind', description: 'What it is about' }),
    taskId: Uuid,
    task: Type.Unsafe<Task | null>({
      anyOf: [RefTo<Task>('Task'), Type.Null()],
      description: 'The task as it is now; null if it was deleted',
    }),
    at: Type.Unsafe<string>({
      ...Instant,
      description: 'When it was due. It can be sent later, after a pause of the service',
    }),
    readAt: Nullable({ ...Instant, description: 'When it was first marked as read; null if it was not' }),
  },
  {
    $id: 'Notification',
    examples: [
      {
        id: '019b6051-6d40-4f7e-8c1d-3a2b1c0d9e8f',
        kind: 'reminder',
        taskId: EXAMPLE['id'],
        task: EXAMPLE,
        at: '2025-12-27T16:30:00Z',
        readAt: null,
      },
    ],
  },
)
export type Notification = Static<typeof Notification>

export const NotificationPatch = Type.Object(
  { read: Type.Optional(Type.Boolean({ description: 'Whether it was read' })) },
  {
    $id: 'NotificationPatch',
    additionalProperties: false,
    description: 'A merge patch: absent members do not change',
    examples: [{ read: true }],
  },
)
export type NotificationPatch = Static<typeof NotificationPatch>
