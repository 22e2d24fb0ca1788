import { Type } from 'typebox'
import { scoped } from '../http/access.ts'
import { IdempotencyKey, IdempotentHeaders, NEXT_PAGE, ONCE_REFUSALS, refusals, RefTo, REPLAYED } from '../http/wire.ts'
import { WEBHOOK_PROBLEMS } from './problems.ts'
import { RETRIES_MS } from './schedule.ts'
import {
  DeliveryId,
  DeliveryQuery,
  OVERLAP_HOURS,
  PAGE_DELIVERIES_MAX,
  WebhookId,
  WEBHOOKS_MAX,
  type NewWebhook,
  type Webhook,
  type WebhookCreate,
  type WebhookDelivery,
  type WebhookPatch,
} from './schema.ts'

/** The operations on webhooks, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['webhooks']
const security = scoped('webhooks:manage')

const ETAG = { ETag: { type: 'string', description: 'The version of the webhook in quotes, for If-Match' } }
const LOCATION = (what: string) => ({ Location: { type: 'string', description: `The URL of the ${what}` } })

const ConditionalHeaders = Type.Object({
  'idempotency-key': IdempotencyKey,
  'if-match': Type.Optional(
    Type.String({
      description: 'Only if the webhook still has this ETag; otherwise 412. If omitted, any version is accepted',
      examples: ['"3"'],
    }),
  ),
})

const READ_REFUSALS = ['unauthenticated', 'not_found', 'invalid_input'] as const
const WRITE_REFUSALS = [...READ_REFUSALS, 'outcome_unknown', ...ONCE_REFUSALS] as const
const BODY_REFUSALS = ['invalid_json', 'body_too_large', 'unsupported_media_type'] as const

export const createWebhook = {
  operationId: 'createWebhook',
  summary: 'Create a webhook',
  description: `It gets the changes that are made from now on, in their order, each at least once. An event that the receiver does not accept is sent again ${RETRIES_MS.length} times within 32 hours, later where a 429 or 503 has Retry-After; then the webhook is disabled. A user can have ${WEBHOOKS_MAX} webhooks. docs/webhooks.md describes requests and signatures.`,
  tags,
  security,
  headers: IdempotentHeaders,
  body: RefTo<WebhookCreate>('WebhookCreate'),
  response: {
    201: RefTo<NewWebhook>('NewWebhook', {
      description: 'Created',
      headers: { ...ETAG, ...LOCATION('webhook'), ...REPLAYED },
    }),
    ...refusals(
      'unauthenticated',
      'invalid_input',
      WEBHOOK_PROBLEMS.webhook_limit_reached,
      'outcome_unknown',
      ...BODY_REFUSALS,
      ...ONCE_REFUSALS,
    ),
  },
}

export const listWebhooks = {
  operationId: 'listWebhooks',
  summary: 'List your webhooks',
  description: 'The newest first. The secrets are never returned.',
  tags,
  security,
  response: {
    200: Type.Array(RefTo<Webhook>('Webhook'), { maxItems: WEBHOOKS_MAX, description: 'All webhooks' }),
    ...refusals('unauthenticated', 'invalid_input'),
  },
}

export const getWebhook = {
  operationId: 'getWebhook',
  summary: 'Read a webhook',
  description:
    'The secret is never returned. With `If-None-Match` the answer is 304 if the webhook still has that version.',
  tags,
  security,
  params: WebhookId,
  headers: Type.Object({
    'if-none-match': Type.Optional(
      Type.String({ description: 'Return the webhook only if its ETag differs from this one', examples: ['"3"'] }),
    ),
  }),
  response: {
    200: RefTo<Webhook>('Webhook', { description: 'The webhook', headers: ETAG }),
    304: Type.Null({ description: 'The webhook still has this version', headers: ETAG }),
    ...refusals('invalid_header', ...READ_REFUSALS),
  },
}

export const updateWebhook = {
  operationId: 'updateWebhook',
  summary: 'Change a webhook',
  description:
    'Another URL, and `active: true`, begin the attempts again: an event that waits for its next attempt is sent at once.',
  tags,
  security,
  params: WebhookId,
  headers: ConditionalHeaders,
  body: RefTo<WebhookPatch>('WebhookPatch'),
  response: {
    200: RefTo<Webhook>('Webhook', { description: 'The webhook after the change', headers: { ...ETAG, ...REPLAYED } }),
    ...refusals('precondition_failed', ...BODY_REFUSALS, ...WRITE_REFUSALS),
  },
}

export const deleteWebhook = {
  operationId: 'deleteWebhook',
  summary: 'Delete a webhook',
  description: 'Its deliveries are deleted too. A request that is being sent at this moment is not taken back.',
  tags,
  security,
  params: WebhookId,
  headers: ConditionalHeaders,
  response: {
    204: Type.Null({ description: 'Deleted', headers: REPLAYED }),
    ...refusals('precondition_failed', ...WRITE_REFUSALS),
  },
}

export const rotateWebhookSecret = {
  operationId: 'rotateWebhookSecret',
  summary: 'Make a new secret for a webhook',
  description: `For ${OVERLAP_HOURS} hours each request has two signatures, one by the new secret and one by the one before, so that the receiver can change its secret without a pause. A secret that was replaced before that does not sign any more.`,
  tags,
  security,
  params: WebhookId,
  headers: ConditionalHeaders,
  response: {
    200: RefTo<NewWebhook>('NewWebhook', {
      description: 'The webhook with its new secret',
      headers: { ...ETAG, ...REPLAYED },
    }),
    ...refusals('precondition_failed', ...WRITE_REFUSALS),
  },
}

const delivery = (description: string, headers: object = {}) =>
  RefTo<WebhookDelivery>('WebhookDelivery', { description, headers })

export const testWebhook = {
  operationId: 'testWebhook',
  summary: 'Send a test event to a webhook',
  description:
    'An event of the type `webhook.test` is sent in the background, once, also while the webhook is not active. Read the delivery for the result.',
  tags,
  security,
  params: WebhookId,
  headers: IdempotentHeaders,
  response: {
    202: delivery('The delivery, which is about to be sent', { ...LOCATION('delivery'), ...REPLAYED }),
    ...refusals(...WRITE_REFUSALS),
  },
}

export const listWebhookDeliveries = {
  operationId: 'listWebhookDeliveries',
  summary: 'List the deliveries of a webhook',
  description: 'The newest first: each attempt with its result. The newest 1000 are kept, for 30 days.',
  tags,
  security,
  params: WebhookId,
  querystring: DeliveryQuery,
  response: {
    200: Type.Array(RefTo<WebhookDelivery>('WebhookDelivery'), {
      description: 'One page',
      maxItems: PAGE_DELIVERIES_MAX,
      headers: NEXT_PAGE,
    }),
    ...refusals('invalid_cursor', ...READ_REFUSALS),
  },
}

export const getWebhookDelivery = {
  operationId: 'getWebhookDelivery',
  summary: 'Read a delivery of a webhook',
  description: 'With the status and the beginning of the answer.',
  tags,
  security,
  params: DeliveryId,
  response: { 200: delivery('The delivery'), ...refusals(...READ_REFUSALS) },
}

export const redeliverWebhook = {
  operationId: 'redeliverWebhook',
  summary: 'Send the event of a delivery again',
  description:
    'It is sent in the background, once, with the same webhook-id, to the URL that the webhook has now, also while the webhook is not active.',
  tags,
  security,
  params: DeliveryId,
  headers: IdempotentHeaders,
  response: {
    202: delivery('The new delivery, which is about to be sent', { ...LOCATION('delivery'), ...REPLAYED }),
    ...refusals('conflict', ...WRITE_REFUSALS),
  },
}
