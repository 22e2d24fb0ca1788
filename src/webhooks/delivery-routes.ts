import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { nextPageHeaders, pageAt } from '../http/cursor.ts'
import { signedIn } from '../http/identify.ts'
import { once } from '../http/once.ts'
import * as deliveries from './deliveries.ts'
import { sending } from './jobs.ts'
import * as operations from './operations.ts'
import { PAGE_DELIVERIES, type DeliveryQuery, type WebhookDelivery } from './schema.ts'

const WEBHOOKS = '/api/webhooks'
const LIST = `${WEBHOOKS}/:id/deliveries`
const ONE = `${LIST}/:deliveryId`

const listOf = (webhookId: string): string => `${WEBHOOKS}/${webhookId.toLowerCase()}/deliveries`

/** What webhooks were sent, and what is sent because their owner asks for it. */
export function deliveryRoutes(app: App, { db, jobs, cursors }: FeatureDeps): void {
  const locationOf = (webhookId: string, { id }: WebhookDelivery): string => app.links.to(`${listOf(webhookId)}/${id}`)

  app.get(
    LIST,
    {
      // The query has been validated as a DeliveryQuery.
      config: { rows: ({ query }) => (query as DeliveryQuery).limit ?? PAGE_DELIVERIES },
      schema: operations.listWebhookDeliveries,
    },
    async (request, reply) => {
      const { id } = request.params
      const { cursor, limit = PAGE_DELIVERIES, status } = request.query
      // A cursor is of the list with the same filter.
      const list = (): string => `${listOf(id)}?${status ?? ''}`
      const page = await db.asUser(
        signedIn(request),
        pageAt({ cursors, cursor, list }, (after) => deliveries.page(id, limit, status, after)),
      )
      if (page.next !== undefined) {
        const url = `${listOf(id)}?${status === undefined ? '' : `status=${status}&`}limit=${limit}`
        void reply.headers(nextPageHeaders(app.links, url, cursors.seal(page.userId, list(), page.next)))
      }
      return reply.send([...page.deliveries])
    },
  )

  app.get(ONE, { schema: operations.getWebhookDelivery }, async (request, reply) => {
    const { id, deliveryId } = request.params
    return reply.send(await db.asUser(signedIn(request), deliveries.find(id, deliveryId)))
  })

  app.post(`${ONE}/redeliver`, { schema: operations.redeliverWebhook }, async (request, reply) => {
    const { id, deliveryId } = request.params
    const delivery = await db.asUser(
      signedIn(request),
      async (sql) => {
        const added = await deliveries.addRedelivery(sql, id, deliveryId)
        await jobs.enqueue(sql, sending(added.id))
        return added
      },
      { once: once(request, reply) },
    )
    jobs.wake()
    return reply.code(202).header('location', locationOf(id, delivery)).send(delivery)
  })

  app.post(`${WEBHOOKS}/:id/test`, { schema: operations.testWebhook }, async (request, reply) => {
    const { id } = request.params
    const delivery = await db.asUser(
      signedIn(request),
      async (sql) => {
        const added = await deliveries.addTest(sql, id)
        await jobs.enqueue(sql, sending(added.id))
        return added
      },
      { once: once(request, reply) },
    )
    jobs.wake()
    return reply.code(202).header('location', locationOf(id, delivery)).send(delivery)
  })
}
