import { Type, type Static } from 'typebox'
import { Instant, Nullable, OneOf, OpenSet, PLAIN, Uuid } from '../http/wire.ts'
import { SCOPE_NAMES, SCOPES, type Scope } from '../principal.ts'

/** A user's tokens that have not expired. */
export const TOKENS_MAX = 50
export const SCOPES_DEFAULT: Scope[] = ['tasks:read']
export const DAYS_DEFAULT = 90
export const DAYS_MAX = 366
export const NAME_LENGTH_MAX = 100

const TOKEN_LENGTH = 45
const PREFIX_LENGTH_MAX = 20

const scopeList = SCOPE_NAMES.map((scope) => `\`${scope}\`: ${SCOPES[scope]}`).join('. ')

/** One of the scopes, in a request. */
export const ScopeName = OneOf(SCOPE_NAMES, {
  'x-component': 'Scope',
  'x-enum-varnames': SCOPE_NAMES.map((scope) => scope.toUpperCase().replace(':', '_')),
  description: scopeList,
})

const PROPERTIES = {
  id: Uuid,
  name: Type.String({ maxLength: NAME_LENGTH_MAX, description: 'The history shows it as the actor of changes' }),
  scopes: Type.Array(OpenSet(SCOPE_NAMES), { maxItems: 20, description: 'What the token may do' }),
  prefix: Type.String({ maxLength: PREFIX_LENGTH_MAX, description: 'The beginning of the token, to recognize it' }),
  createdAt: Instant,
  expiresAt: { ...Instant, description: 'From then on the token is refused with 401' },
  lastUsedAt: Nullable({
    ...Instant,
    description: 'The hour in which the token was last used; null if it never was. A use appears a moment later',
  }),
}

const EXAMPLE = {
  id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a12',
  name: 'Morning report',
  scopes: ['tasks:read'],
  prefix: 'todo_pat_5Jx2',
  createdAt: '2025-12-20T09:30:00.250Z',
  expiresAt: '2026-03-20T09:30:00.250Z',
  lastUsedAt: null,
}

export const PersonalToken = Type.Object(PROPERTIES, {
  $id: 'PersonalToken',
  description: 'A personal token, without the token itself, which is not stored',
  examples: [{ ...EXAMPLE, lastUsedAt: '2025-12-21T08:00:00Z' }],
})
export type PersonalToken = Static<typeof PersonalToken>

export const NewPersonalToken = Type.Object(
  {
    ...PROPERTIES,
    token: Nullable(
      Type.String({
        minLength: TOKEN_LENGTH,
        maxLength: TOKEN_LENGTH,
        description:
          'The token, in this answer only. null in the answer to a dry run, and to a repetition with the same Idempotency-Key: if the first answer was lost, delete the token and create another',
      }),
    ),
  },
  {
    $id: 'NewPersonalToken',
    examples: [{ ...EXAMPLE, token: 'todo_pat_5Jx2hWkq8RzT0mYcNvB4LpGd7sFaEu29rS1E' }],
  },
)
export type NewPersonalToken = Static<typeof NewPersonalToken>

export const PersonalTokenCreate = Type.Object(
  {
    name: Type.String({
      'x-trim': true,
      'x-visible': true,
      'x-plain': true,
      minLength: 1,
      maxLength: NAME_LENGTH_MAX,
      format: 'text',
      description: `What the token is for. ${PLAIN}`,
      examples: ['Morning report'],
    }),
    scopes: Type.Optional(
      Type.Array(ScopeName, {
        minItems: 1,
        uniqueItems: true,
        maxItems: SCOPE_NAMES.length,
        description: 'What the token may do; by default only `tasks:read`. It cannot be changed later',
      }),
    ),
    expiresAt: Type.Optional({
      ...Instant,
      description: `When the token expires, at most ${DAYS_MAX} days from now. Only without expiresInDays`,
    }),
    expiresInDays: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: DAYS_MAX,
        description: `Days of 24 hours until the token expires; ${DAYS_DEFAULT} by default. Only without expiresAt`,
      }),
    ),
  },
  {
    $id: 'PersonalTokenCreate',
    additionalProperties: false,
    examples: [{ name: 'Morning report', scopes: ['tasks:read'], expiresInDays: 30 }],
  },
)
export type PersonalTokenCreate = Static<typeof PersonalTokenCreate>

export const TokenId = Type.Object({ id: Uuid }, { additionalProperties: false })
