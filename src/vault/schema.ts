import { Type, type Static } from 'typebox'
import {
  Count,
  Instant,
  Nullable,
  OneOf,
  OpenSet,
  CursorParameter,
  limitParameter,
  REQUEST_ID_LENGTH_MAX,
  UserId,
  Uuid,
} from '../http/wire.ts'
import { PROVIDER_NAMES, PROVIDERS } from './providers.ts'

export const VALIDATION_STATUSES = ['success', 'failure', 'quota_exceeded', 'unreachable'] as const

const API_KEY_LENGTH_MAX = 512

export const AUDIT_PAGE_SIZE_DEFAULT = 100
export const AUDIT_PAGE_SIZE_MAX = 1000

const ProviderField = OneOf(PROVIDER_NAMES, {
  'x-component': 'Provider',
  description: PROVIDER_NAMES.map((name) => PROVIDERS[name].title).join(', '),
})

/** The public form of a key, which never contains the key itself. */
export const UserApiKey = Type.Object(
  {
    provider: ProviderField,
    maskedKey: Type.String({ maxLength: 10, description: 'The first four and the last three characters' }),
    validationStatus: OpenSet(VALIDATION_STATUSES, {
      description:
        'The result of the last check. `success`: the provider accepts the key. `failure`: it refuses the key. `quota_exceeded`, `unreachable`: the provider gave no decision; `lastValidatedAt` is the time of its last decision',
    }),
    lastValidatedAt: Nullable({
      ...Instant,
      description: 'When the provider last accepted or refused the key; a check without a decision does not change it',
    }),
    createdAt: { ...Instant, description: 'When a key for this provider was first stored' },
    updatedAt: { ...Instant, description: 'When this key was stored' },
  },
  {
    $id: 'UserApiKey',
    examples: [
      {
        provider: 'gemini',
        maskedKey: 'AIza...x7Q',
        validationStatus: 'success',
        lastValidatedAt: '2025-12-20T09:30:00.250Z',
        createdAt: '2025-12-20T09:30:00.250Z',
        updatedAt: '2025-12-20T09:30:00.250Z',
      },
    ],
  },
)
export type UserApiKey = Static<typeof UserApiKey>

export const UserApiKeyPut = Type.Object(
  {
    apiKey: Type.String({
      'x-trim': true,
      minLength: 1,
      maxLength: API_KEY_LENGTH_MAX,
      description: 'The key as the provider issued it. It is checked with the provider and then stored encrypted',
    }),
  },
  { $id: 'UserApiKeyPut', additionalProperties: false, examples: [{ apiKey: 'AIza-the-key-that-Gemini-gave-you' }] },
)
export type UserApiKeyPut = Static<typeof UserApiKeyPut>

export const PlaintextKey = Type.Object(
  {
    provider: ProviderField,
    apiKey: Type.String({ maxLength: API_KEY_LENGTH_MAX, description: 'The key in plain text' }),
  },
  { $id: 'PlaintextKey' },
)
export type PlaintextKey = Static<typeof PlaintextKey>

export const KeyRead = Type.Object(
  {
    id: Uuid,
    service: Type.String({ maxLength: 64, description: 'The name of the service that read the key' }),
    userId: { ...UserId, description: 'The user who owns the key' },
    provider: ProviderField,
    readAt: Instant,
    requestId: Type.String({ maxLength: REQUEST_ID_LENGTH_MAX, description: 'Identifies the request in the log' }),
  },
  {
    $id: 'KeyRead',
    description: 'A service read a key in plain text',
    examples: [
      {
        id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11',
        service: 'agent',
        userId: 'hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E',
        provider: 'gemini',
        readAt: '2025-12-20T09:30:00.250Z',
        requestId: '8f0e7f2e-6a59-4f0c-9a53-2f4f0f6f3c55',
      },
    ],
  },
)
export type KeyRead = Static<typeof KeyRead>

export const ByProvider = Type.Object({ provider: ProviderField }, { additionalProperties: false })

export const AuditQuery = Type.Object(
  {
    limit: limitParameter('Entries', AUDIT_PAGE_SIZE_DEFAULT, AUDIT_PAGE_SIZE_MAX),
    count: Count,
    cursor: CursorParameter,
  },
  { additionalProperties: false },
)
