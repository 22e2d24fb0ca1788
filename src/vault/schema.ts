import { Type, type Static } from 'typebox'
import { Count, Instant, Nullable, OneOf, OpenSet, Uuid } from '../http/wire.ts'
import { PROVIDER_NAMES, PROVIDERS } from './providers.ts'

export const VALIDATION_STATUSES = ['success', 'failure', 'quota_exceeded', 'unreachable'] as const

export const AUDIT_PAGE_SIZE_DEFAULT = 100
export const AUDIT_PAGE_SIZE_MAX = 1000

const ProviderField = OneOf(PROVIDER_NAMES, {
  'x-component': 'Provider',
  description: PROVIDER_NAMES.map((name) => PROVIDERS[name].title).join(', '),
})

/** A key as it is shown: never the key. */
export const UserApiKey = Type.Object(
  {
    provider: ProviderField,
    maskedKey: Type.String({ description: 'The first four and the last three characters' }),
    validationStatus: OpenSet(VALIDATION_STATUSES, {
      description:
        'What the last check found. `success`: the provider accepts the key. `failure`: it refuses it. `quota_exceeded`, `unreachable`: the provider did not decide; the last decision is the one of `lastValidatedAt`',
    }),
    lastValidatedAt: Nullable({
      ...Instant,
      description: 'When the provider last said whether the key works; a check that could not tell leaves it alone',
    }),
    createdAt: { ...Instant, description: 'When a key for this provider was first put' },
    updatedAt: { ...Instant, description: 'When this key was put' },
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
      maxLength: 512,
      description: 'As the provider gave it. Checked with the provider before it is stored, encrypted',
    }),
  },
  { $id: 'UserApiKeyPut', additionalProperties: false, examples: [{ apiKey: 'AIza-the-key-that-Gemini-gave-you' }] },
)
export type UserApiKeyPut = Static<typeof UserApiKeyPut>

export const PlaintextKey = Type.Object(
  { provider: ProviderField, apiKey: Type.String({ description: 'In clear' }) },
  { $id: 'PlaintextKey' },
)
export type PlaintextKey = Static<typeof PlaintextKey>

export const KeyRead = Type.Object(
  {
    id: Uuid,
    service: Type.String({ description: 'Who read it: the name of a service' }),
    userId: Type.String({ description: 'Whose key it is' }),
    provider: ProviderField,
    readAt: Instant,
    requestId: Type.String({ description: 'Finds the request in the log' }),
  },
  {
    $id: 'KeyRead',
    description: 'A service read a key in clear',
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
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: AUDIT_PAGE_SIZE_MAX,
        description: `Entries a page; ${AUDIT_PAGE_SIZE_DEFAULT} when absent`,
      }),
    ),
    count: Count,
    cursor: Type.Optional(Type.String({ description: 'Where the page before ended: its X-Next-Cursor' })),
  },
  { additionalProperties: false },
)
