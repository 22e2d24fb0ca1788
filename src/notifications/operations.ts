import { Type } from 'typebox'
import { scoped } from '../http/access.ts'
import { IdempotentHeaders, NEXT_PAGE, ONCE_REFUSALS, refusals, REPLAYED, RefTo } from '../http/wire.ts'
import { ById } from '../tasks/schema.ts'
import {
  NOTIFICATION_DAYS,
  NotificationQuery,
  PAGE_NOTIFICATIONS_MAX,
  type Notification,
  type NotificationPatch,
} from './schema.ts'

/** The operations on notifications, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['notifications']

const writeRefusals = ['unauthenticated', 'invalid_input', 'outcome_unknown', ...ONCE_REFUSALS] as const

export const listNotifications = {
  operationId: 'listNotifications',
  summary: 'List your notifications',
  description: `The newest first. A reminder that was due is one of the kind \`reminder\`. They are kept for ${NOTIFICATION_DAYS} days.`,
  tags,
  security: scoped('tasks:read'),
  querystring: NotificationQuery,
  response: {
    200: Type.Array(RefTo<Notification>('Notification'), {
      maxItems: PAGE_NOTIFICATIONS_MAX,
      description: 'One page',
      headers: NEXT_PAGE,
    }),
    ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input'),
  },
}

export const updateNotification = {
  operationId: 'updateNotification',
  summary: 'Mark a notification as read or unread',
  description: 'One that was read keeps the time at which it was first marked.',
  tags,
  security: scoped('tasks:write'),
  params: ById,
  headers: IdempotentHeaders,
  body: RefTo<NotificationPatch>('NotificationPatch'),
  response: {
    200: RefTo<Notification>('Notification', { description: 'The notification after the request', headers: REPLAYED }),
    ...refusals(...writeRefusals, 'invalid_json', 'not_found', 'body_too_large', 'unsupported_media_type'),
  },
}

export const readNotifications = {
  operationId: 'readNotifications',
  summary: 'Mark all notifications as read',
  description: 'Those that come during the request can stay unread.',
  tags,
  security: scoped('tasks:write'),
  headers: IdempotentHeaders,
  response: {
    200: Type.Object(
      { read: Type.Integer({ minimum: 0, description: 'How many were unread' }) },
      { 'x-component': 'NotificationsRead', description: 'Done', headers: REPLAYED },
    ),
    ...refusals(...writeRefusals),
  },
}
