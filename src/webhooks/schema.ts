import { Type, type Static } from 'typebox'
import { SEQ_MAX } from '../http/sync-cursor.ts'
import { Instant, Nullable, OneOf, OpenSet, CursorParameter, limitParameter, PLAIN, Uuid } from '../http/wire.ts'
import { URL_LENGTH_MAX } from '../outbound/destination.ts'
import { EVENT_TYPES, EVENTS, LOSS, TEST_EVENT } from './events.ts'

/** Webhooks of a user. */
export const WEBHOOKS_MAX = 10
export const DESCRIPTION_LENGTH_MAX = 500
/** `whsec_` and 32 bytes in base64. */
const SECRET_LENGTH = 50
/** How long the secret before a new one signs too. */
export const OVERLAP_HOURS = 24

export const PAGE_DELIVERIES = 50
export const PAGE_DELIVERIES_MAX = 200
/** How much of an answer is shown. */
export const ANSWER_SHOWN_BYTES = 1024

const ANSWER_LENGTH_MAX = ANSWER_SHOWN_BYTES
const ERROR_LENGTH_MAX = 500
const MESSAGE_ID_LENGTH_MAX = 64

/** Why the service disables a webhook. */
export const DISABLED_REASONS = ['failed', 'gone'] as const
export type DisabledReason = (typeof DISABLED_REASONS)[number]

const Url = Type.String({
  'x-plain': true,
  minLength: 1,
  maxLength: URL_LENGTH_MAX,
  format: 'text',
  description:
    'https:// on port 443 or 8443 of a public host, without a user name, a password and a fragment. In development http:// and private addresses are allowed too',
  examples: ['https://example.com/hooks/todo'],
})
const EventList = Type.Array(
  OneOf(EVENT_TYPES, {
    'x-component': 'WebhookEventType',
    'x-enum-varnames': EVENT_TYPES.map((type) => type.toUpperCase().replace('.', '_')),
    description: EVENTS.map(({ type, means }) => `\`${type}\`: ${means}`).join('. '),
  }),
  {
    minItems: 1,
    maxItems: EVENT_TYPES.length,
    uniqueItems: true,
    description: 'What is delivered. A change is one event: the first of these types, in the order of the enumeration',
  },
)
const Description = Nullable(
  Type.String({
    'x-trim': true,
    'x-plain': true,
    maxLength: DESCRIPTION_LENGTH_MAX,
    format: 'text',
    description: `For its owner. ${PLAIN}`,
  }),
)
const Active = Type.Boolean({
  description:
    'Whether events are delivered. One that is activated again continues with the first event that it has not received, as far as the change log reaches (90 days)',
})
const Secret = Nullable(
  Type.String({
    minLength: SECRET_LENGTH,
    maxLength: SECRET_LENGTH,
    description:
      'The secret of the signatures (Standard Webhooks), in this answer only. null in the answer to a dry run, and to a repetition with the same Idempotency-Key: if the first answer was lost, make a new secret',
  }),
)

const PROPERTIES = {
  id: Uuid,
  url: Type.String({ maxLength: URL_LENGTH_MAX }),
  events: Type.Array(OpenSet(EVENT_TYPES), { maxItems: 50, description: 'What is delivered' }),
  description: Nullable(Type.String({ maxLength: DESCRIPTION_LENGTH_MAX })),
  active: Active,
  disabledReason: Nullable(
    Type.String({
      maxLength: 64,
      'x-extensible-enum': [...DISABLED_REASONS],
      description:
        'Why the service has set `active` to false. `failed`: the last attempt to deliver an event has failed. `gone`: the receiver answered 410',
    }),
  ),
  disabledAt: Nullable(Instant),
  previousSecretUntil: Nullable({
    ...Instant,
    description: 'Until then the secret before the current one signs too; null if the secret was never replaced',
  }),
  version: Type.Integer({ minimum: 1, description: 'Grows with every change of the webhook; read only' }),
  createdAt: Instant,
  updatedAt: Instant,
}

const EXAMPLE = {
  id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a13',
  url: 'https://example.com/hooks/todo',
  events: ['task.created', 'task.completed'],
  description: 'The dashboard of the team',
  active: true,
  disabledReason: null,
  disabledAt: null,
  previousSecretUntil: null,
  version: 1,
  createdAt: '2025-12-20T09:30:00.250Z',
  updatedAt: '2025-12-20T09:30:00.250Z',
}

export const Webhook = Type.Object(PROPERTIES, {
  $id: 'Webhook',
  description: 'A URL that gets the changes of a user, without its secret',
  examples: [EXAMPLE],
})
export type Webhook = Static<typeof Webhook>

export const NewWebhook = Type.Object(
  { ...PROPERTIES, secret: Secret },
  {
    $id: 'NewWebhook',
    examples: [{ ...EXAMPLE, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw3bV1c0Qd9Ew=' }],
  },
)
export type NewWebhook = Static<typeof NewWebhook>

export const WebhookCreate = Type.Object(
  {
    url: Url,
    events: EventList,
    description: Type.Optional(Description),
    active: Type.Optional({ ...Active, description: 'true by default' }),
  },
  {
    $id: 'WebhookCreate',
    additionalProperties: false,
    examples: [{ url: EXAMPLE.url, events: EXAMPLE.events, description: EXAMPLE.description }],
  },
)
export type WebhookCreate = Static<typeof WebhookCreate>

export const WebhookPatch = Type.Object(
  {
    url: Type.Optional(Url),
    events: Type.Optional(
      // Generated clients send null for an absent list.
      Nullable({ ...EventList, description: 'What is delivered; null does not change it' }),
    ),
    description: Type.Optional(Description),
    active: Type.Optional(Active),
  },
  {
    $id: 'WebhookPatch',
    additionalProperties: false,
    description: 'A merge patch: absent members do not change',
    examples: [{ active: true }],
  },
)
export type WebhookPatch = Static<typeof WebhookPatch>

export const WebhookDelivery = Type.Object(
  {
    id: Uuid,
    messageId: Type.String({
      maxLength: MESSAGE_ID_LENGTH_MAX,
      description: 'The header webhook-id: the same for all attempts to deliver an event',
    }),
    type: OpenSet([...EVENT_TYPES, TEST_EVENT, LOSS], { description: 'The type of the event' }),
    seq: Nullable(
      Type.Integer({
        minimum: 1,
        maximum: SEQ_MAX,
        description: 'The change, as in GET /api/changes; null for a test',
      }),
    ),
    changeId: Nullable({ ...Uuid, description: 'The change in GET /api/history; null for a test' }),
    cause: OpenSet(['change', 'test', 'redelivery'], { description: 'Why it was sent' }),
    status: OpenSet(['pending', 'succeeded', 'failed', 'lost'], {
      description:
        '`pending`: it is about to be sent. `failed`: see `error` and `responseStatus`. `lost`: the entries up to `seq` were deleted from the change log, after 90 days, before they could be delivered',
    }),
    attempt: Type.Integer({ minimum: 1, description: 'How often the event was sent, this time included' }),
    createdAt: Instant,
    durationMs: Nullable(Type.Integer({ minimum: 0, description: 'Milliseconds until the answer, or the failure' })),
    responseStatus: Nullable(
      Type.Integer({
        minimum: 100,
        maximum: 999,
        description: 'The HTTP status of the answer; null if there was none',
      }),
    ),
    responseBody: Nullable(
      Type.String({ maxLength: ANSWER_LENGTH_MAX, description: 'The first KiB of the answer, as text' }),
    ),
    error: Nullable(Type.String({ maxLength: ERROR_LENGTH_MAX, description: 'Why there was no answer' })),
    nextAttemptAt: Nullable({ ...Instant, description: 'When the event is sent again; null if it is not' }),
  },
  {
    $id: 'WebhookDelivery',
    description: 'An attempt to deliver an event',
    examples: [
      {
        id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a14',
        messageId: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
        type: 'task.created',
        seq: 17,
        changeId: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a15',
        cause: 'change',
        status: 'failed',
        attempt: 1,
        createdAt: '2025-12-20T09:30:00.250Z',
        durationMs: 84,
        responseStatus: 503,
        responseBody: 'Service Unavailable',
        error: null,
        nextAttemptAt: '2025-12-20T09:30:05.334Z',
      },
    ],
  },
)
export type WebhookDelivery = Static<typeof WebhookDelivery>

export const WebhookId = Type.Object({ id: Uuid }, { additionalProperties: false })
export const DeliveryId = Type.Object({ id: Uuid, deliveryId: Uuid }, { additionalProperties: false })

export const DeliveryQuery = Type.Object(
  {
    status: Type.Optional(
      OneOf(['pending', 'succeeded', 'failed', 'lost'], { description: 'Deliveries in this state' }),
    ),
    limit: limitParameter('Deliveries', PAGE_DELIVERIES, PAGE_DELIVERIES_MAX),
    cursor: CursorParameter,
  },
  { additionalProperties: false },
)
export type DeliveryQuery = Static<typeof DeliveryQuery>
