import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { nextPageHeaders, pageAt } from '../http/cursor.ts'
import { signedIn } from '../http/identify.ts'
import { once } from '../http/once.ts'
import * as operations from './operations.ts'
import { Notification, NotificationPatch, PAGE_NOTIFICATIONS, type NotificationQuery } from './schema.ts'
import * as store from './store.ts'

const NOTIFICATIONS = '/api/notifications'

/** What a user was reminded of. */
export function notificationRoutes(app: App, { db, cursors }: FeatureDeps): void {
  for (const schema of [Notification, NotificationPatch]) app.addSchema(schema)

  app.get(
    NOTIFICATIONS,
    {
      // The query has been validated as a NotificationQuery.
      config: { rows: ({ query }) => (query as NotificationQuery).limit ?? PAGE_NOTIFICATIONS },
      schema: operations.listNotifications,
    },
    async (request, reply) => {
      const { cursor, unread, limit = PAGE_NOTIFICATIONS } = request.query
      const list = unread === undefined ? NOTIFICATIONS : `${NOTIFICATIONS}?unread=${unread}`
      const { notifications, next, userId } = await db.asUser(
        signedIn(request),
        pageAt({ cursors, cursor, list: () => list }, (after) => store.list(unread, limit, after)),
      )
      if (next !== undefined) {
        const path = `${list}${unread === undefined ? '?' : '&'}limit=${limit}`
        void reply.headers(nextPageHeaders(app.links, path, cursors.seal(userId, list, next)))
      }
      return reply.send([...notifications])
    },
  )

  app.patch(`${NOTIFICATIONS}/:id`, { schema: operations.updateNotification }, async (request, reply) => {
    const { params, body } = request
    return reply.send(
      await db.asUser(signedIn(request), (sql) => store.mark(sql, params.id, body.read), {
        once: once(request, reply),
      }),
    )
  })

  app.post(`${NOTIFICATIONS}/read-all`, { schema: operations.readNotifications }, async (request, reply) =>
    reply.send({ read: await db.asUser(signedIn(request), store.markAll, { once: once(request, reply) }) }),
  )
}
