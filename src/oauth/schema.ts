import { Type, type Static } from 'typebox'
import { Instant, Nullable, OneOf, OpenSet } from '../http/wire.ts'
import { SCOPE_NAMES } from '../principal.ts'
import { ScopeName } from '../tokens/schema.ts'

/** A user's connections that have not ended. */
export const GRANTS_MAX = 100
/** Connections of one app: each device or sign-in of it has one. Beyond it the oldest ends. */
export const GRANTS_OF_CLIENT_MAX = 10

export const CLIENT_ID_LENGTH_MAX = 512
export const NAME_LENGTH_MAX = 100
export const REDIRECT_URI_LENGTH_MAX = 1024
export const REQUEST_LENGTH_MAX = 4000

const ClientId = Type.String({
  minLength: 1,
  maxLength: CLIENT_ID_LENGTH_MAX,
  format: 'text',
  description: 'The id of the app: the URL of its metadata document, or the UUID that it got when it registered',
})
const Name = Type.String({
  maxLength: NAME_LENGTH_MAX,
  description:
    'As the app names itself, which this service cannot verify. The history shows it as the actor of changes',
})
const Scopes = Type.Array(OpenSet(SCOPE_NAMES), { maxItems: 20, description: 'What the app may do' })

const DESTINATIONS = ['website', 'device', 'link'] as const
const Destination = Type.Object(
  {
    kind: OpenSet(DESTINATIONS, {
      description:
        '`website`: the server `name`, over TLS. `device`: a program on the device of the user, which listens at `name`. `link`: the program on the device that opens links with the scheme `name`',
    }),
    name: Type.String({ maxLength: REDIRECT_URI_LENGTH_MAX }),
  },
  {
    'x-component': 'AppDestination',
    description: 'Where the answer goes. This is verified, and the best sign of who the app is',
  },
)
export type Destination = Static<typeof Destination>

const EXAMPLE = {
  clientId: 'https://app.example.com/oauth/client.json',
  name: 'Example',
  destination: { kind: 'website', name: 'app.example.com' },
  scopes: ['tasks:read'],
}

export const ConnectedApp = Type.Object(
  {
    clientId: ClientId,
    name: Name,
    destination: Destination,
    scopes: Scopes,
    connections: Type.Integer({
      minimum: 1,
      maximum: GRANTS_MAX,
      description: 'How often it is connected: each device or sign-in of the app is one connection',
    }),
    connectedAt: { ...Instant, description: 'The first of these connections' },
    lastUsedAt: { ...Instant, description: 'When it last got an access token. An access token lasts an hour' },
    expiresAt: { ...Instant, description: 'When its access ends if it does not renew it before' },
  },
  {
    $id: 'ConnectedApp',
    description: 'An app that the user has connected',
    examples: [
      {
        ...EXAMPLE,
        connections: 1,
        connectedAt: '2025-12-20T09:30:00.250Z',
        lastUsedAt: '2025-12-21T08:00:00Z',
        expiresAt: '2026-01-20T08:00:00Z',
      },
    ],
  },
)
export type ConnectedApp = Static<typeof ConnectedApp>

const Request = Type.String({
  minLength: 1,
  maxLength: REQUEST_LENGTH_MAX,
  format: 'text',
  description:
    'The query of the authorization request (RFC 6749 §4.1.1), as the app has sent it, without the question mark',
})

export const AuthorizationQuery = Type.Object({ request: Request }, { additionalProperties: false })

export const AuthorizationRequest = Type.Object(
  {
    clientId: ClientId,
    name: Name,
    destination: Destination,
    scopes: { ...Scopes, description: 'What the app asks for' },
    isRenewable: Type.Boolean({
      description:
        'Whether the app can renew its access until the user ends it. Without that it has access for an hour after the consent',
    }),
    expiresAt: {
      ...Instant,
      description: 'When access given now ends at the latest. A renewable one also ends after 30 days without use',
    },
  },
  {
    $id: 'AuthorizationRequest',
    description: 'What an app asks for, to be shown to the user',
    examples: [{ ...EXAMPLE, isRenewable: true, expiresAt: '2026-12-21T08:00:00Z' }],
  },
)
export type AuthorizationRequest = Static<typeof AuthorizationRequest>

export const AuthorizationDecision = Type.Object(
  {
    request: Request,
    decision: OneOf(['allow', 'deny'], { description: 'Whether the app gets access' }),
    scopes: Type.Optional(
      Type.Array(ScopeName, {
        minItems: 1,
        uniqueItems: true,
        maxItems: SCOPE_NAMES.length,
        description: 'Less than the app asks for; by default all of it',
      }),
    ),
  },
  {
    $id: 'AuthorizationDecision',
    additionalProperties: false,
    examples: [{ request: 'response_type=code&client_id=…', decision: 'allow' }],
  },
)
export type AuthorizationDecision = Static<typeof AuthorizationDecision>

export const AuthorizationAnswer = Type.Object(
  {
    redirectTo: Nullable(
      Type.String({
        maxLength: 16_384,
        description:
          'Where the browser is to go: the redirect URI of the app with the code or the refusal. The code is valid once, for two minutes, and only for this app. null in the answer to a dry run, and to a repetition with the same Idempotency-Key: the code is not stored',
      }),
    ),
  },
  {
    $id: 'AuthorizationAnswer',
    examples: [
      { redirectTo: 'https://app.example.com/callback?code=todo_code_…&state=xyz&iss=https%3A%2F%2Ftodo.example.com' },
    ],
  },
)
export type AuthorizationAnswer = Static<typeof AuthorizationAnswer>

export const ClientIdParams = Type.Object({ clientId: ClientId }, { additionalProperties: false })
