import { Problem } from '../errors.ts'
import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { etag, expectedVersion, isFresh } from '../http/conditional.ts'
import { isDryRun } from '../http/dry-run.ts'
import { signedIn } from '../http/identify.ts'
import { once } from '../http/once.ts'
import { openFernet } from '../lib/fernet.ts'
import { destinationOf, type OutboundPolicy } from '../outbound/destination.ts'
import { deliveryRoutes } from './delivery-routes.ts'
import { policyOf, resuming } from './jobs.ts'
import { openWebhookMetrics } from './metrics.ts'
import * as operations from './operations.ts'
import { NewWebhook, Webhook, WebhookCreate, WebhookDelivery, WebhookPatch } from './schema.ts'
import { newSecret, sealedSecret } from './secrets.ts'
import * as store from './store.ts'

export const WEBHOOKS = '/api/webhooks'
export const WEBHOOK = `${WEBHOOKS}/:id`

export function webhookRoutes(app: App, deps: FeatureDeps): void {
  for (const schema of [Webhook, NewWebhook, WebhookCreate, WebhookPatch, WebhookDelivery]) app.addSchema(schema)
  // The jobs count. Declared here too, so that a process has the metrics from its beginning.
  openWebhookMetrics(deps.metrics.registry)
  storedWebhooks(app, deps)
  secretRoutes(app, deps)
  deliveryRoutes(app, deps)
}

/** @throws Problem invalid_input (422) for a URL that webhooks may not be sent to */
function refuseUrl(url: string, policy: OutboundPolicy): void {
  const fault = destinationOf(url, policy)
  if (typeof fault === 'string') throw Problem.invalid([{ in: 'body', pointer: '/url', detail: `url ${fault}` }])
}

/** The routes of webhooks without their secrets. */
function storedWebhooks(app: App, { db, config, jobs }: FeatureDeps): void {
  const policy = policyOf(config)

  app.get(WEBHOOKS, { schema: operations.listWebhooks }, async (request, reply) =>
    reply.send([...(await db.asUser(signedIn(request), store.list))]),
  )

  app.get(WEBHOOK, { schema: operations.getWebhook }, async (request, reply) => {
    const webhook = await db.asUser(signedIn(request), store.find(request.params.id))
    void reply.header('etag', etag(webhook))
    return isFresh(request, etag(webhook)) ? reply.code(304).send(null) : reply.send(webhook)
  })

  app.patch(WEBHOOK, { schema: operations.updateWebhook }, async (request, reply) => {
    const { id } = request.params
    if (request.body.url !== undefined) refuseUrl(request.body.url, policy)
    const expected = expectedVersion(request, 'webhook')
    const webhook = await db.asUser(
      signedIn(request),
      async (sql) => {
        const patched = await store.patch(sql, id, request.body, expected)
        if (patched.active) await jobs.enqueue(sql, resuming(patched.id, sql.userId))
        return patched
      },
      { once: once(request, reply) },
    )
    jobs.wake()
    return reply.header('etag', etag(webhook)).send(webhook)
  })

  app.delete(WEBHOOK, { schema: operations.deleteWebhook }, async (request, reply) => {
    const { id } = request.params
    const expected = expectedVersion(request, 'webhook')
    await db.asUser(signedIn(request), (sql) => store.remove(sql, id, expected), { once: once(request, reply) })
    return reply.code(204).send(null)
  })
}

/** The routes whose answers have a secret. */
function secretRoutes(app: App, { db, config }: FeatureDeps): void {
  const policy = policyOf(config)
  const fernet = openFernet(config.encryptionKeys)

  app.post(WEBHOOKS, { schema: operations.createWebhook }, async (request, reply) => {
    refuseUrl(request.body.url, policy)
    const secret = newSecret()
    const { repeatable, isReplayed } = noticing(once(request, reply))
    const webhook = await db.asUser(
      signedIn(request),
      // The result, which is stored under the Idempotency-Key, is without the secret.
      (sql) => store.create(sql, request.body, sealedSecret(fernet, secret)),
      { once: repeatable },
    )
    return reply
      .code(201)
      .headers({ etag: etag(webhook), location: app.links.to(`${WEBHOOKS}/${webhook.id}`) })
      .send({ ...webhook, secret: isReplayed() || isDryRun(request) ? null : secret.reveal() })
  })

  app.post(`${WEBHOOK}/secret`, { schema: operations.rotateWebhookSecret }, async (request, reply) => {
    const { id } = request.params
    const secret = newSecret()
    const expected = expectedVersion(request, 'webhook')
    const { repeatable, isReplayed } = noticing(once(request, reply))
    const webhook = await db.asUser(
      signedIn(request),
      (sql) => store.rotateSecret(sql, id, sealedSecret(fernet, secret), expected),
      { once: repeatable },
    )
    return reply
      .header('etag', etag(webhook))
      .send({ ...webhook, secret: isReplayed() || isDryRun(request) ? null : secret.reveal() })
  })
}

/** The same, and whether its answer was that of an earlier request, which had another secret. */
function noticing(repeatable: ReturnType<typeof once>) {
  let isReplayed = false
  return {
    isReplayed: () => isReplayed,
    repeatable: repeatable && {
      ...repeatable,
      onReplay: () => {
        isReplayed = true
        repeatable.onReplay()
      },
    },
  }
}
