import { Type, type Static, type TSchema } from 'typebox'
import { Problem } from '../errors.ts'
import { kindOf, type ProblemCode, type ProblemKind } from '../problems.ts'

/** Schemas used by more than one feature. */

export const Uuid = Type.String({ format: 'uuid', description: 'A UUID (version 7, lower case in answers)' })

/**
 * The ids of a body in lower case. The schema has already refused exact duplicates; this also refuses ids that differ only in case.
 *
 * @throws Problem invalid_input (422)
 */
export function distinctIds(given: readonly string[]): string[] {
  const ids = new Set(given.map((id) => id.toLowerCase()))
  if (ids.size === given.length) return [...ids]
  throw Problem.invalid([{ in: 'body', pointer: '/ids', detail: 'ids must not have the same item twice' }])
}

/** User ids come from the auth server; a longer one is refused in X-User-ID. */
export const UserId = Type.String({ maxLength: 255 })

export const Instant = Type.String({
  format: 'date-time',
  description: 'RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.',
  examples: ['2025-12-27T17:00:00Z'],
})

/** A day in the calendar of wherever one is, or an instant. */
export const Due = Type.String({
  format: 'due',
  description:
    'A day such as 2026-12-24, which is that day in every time zone and comes back as it was sent, or an instant as RFC 3339. Answers have instants in UTC with `Z`, with milliseconds only where they are not zero.',
  examples: ['2025-12-27T17:00:00Z'],
})

/** Of `X-Request-Id`, in the header and in bodies. */
export const REQUEST_ID_LENGTH_MAX = 128

/** `T | null` as one type array, so that messages say "a string or null". */
export const Nullable = <Schema extends TSchema & { type: string }>(schema: Schema) =>
  Type.Unsafe<Static<Schema> | null>({ ...schema, type: [schema.type, 'null'] })

/** An optional body. Fastify's validator sees a missing one as null. */
export const OptionalBody = <Schema extends TSchema>(schema: Schema) =>
  Type.Unsafe<Static<Schema> | null>({ ...schema, type: ['object', 'null'] })

/** One of a few strings. */
export const OneOf = <const Values extends readonly string[]>(values: Values, options: object = {}) =>
  Type.Unsafe<Values[number]>({ type: 'string', enum: [...values], ...options })

const OPEN_SET_LENGTH_MAX = 64

/**
 * One of these strings, to which later versions may add. Not an `enum`, because a generated client fails on an unknown value of one.
 */
export const OpenSet = <const Values extends readonly string[]>(values: Values, options: object = {}) =>
  Type.Unsafe<Values[number]>({
    type: 'string',
    maxLength: OPEN_SET_LENGTH_MAX,
    'x-extensible-enum': [...values],
    ...options,
  })

/**
 * A query parameter with several values, as `status=TODO,IN_PROGRESS` or `status=TODO&status=IN_PROGRESS`. `splitList` defines
 * how a comma within a value is written.
 */
export const CommaList = <Item extends TSchema>(item: Item, options: object = {}) =>
  Type.Array(item, { minItems: 1, uniqueItems: true, ...options })

/** A reference to a schema registered under its `$id`, with the type that it describes. */
export const RefTo = <Shape>(id: string, options: object = {}) => Type.Unsafe<Shape>({ ...options, $ref: `${id}#` })

/** An answer body that PostgreSQL wrote as JSON text: documented by its schema and sent unchanged, with {@link JSON_UTF8}. */
export const JSON_UTF8 = 'application/json; charset=utf-8'
export const AsText = (schema: TSchema) => Type.Unsafe<string>(schema)

/** For the `headers` of a route that passes `once(request, reply)` to `asUser`. `once` checks its syntax. */
export const IdempotencyKey = Type.Optional(
  Type.String({
    description:
      'A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header',
    examples: ['8e03978e-40d5-43e8-bc93-6894a57f9324'],
  }),
)
export const IdempotentHeaders = Type.Object({ 'idempotency-key': IdempotencyKey })

/** For the headers of such a route's answer. */
export const REPLAYED = {
  'Idempotency-Replayed': { type: 'string', description: 'true if this is the answer to an earlier request' },
}

/** Additional refusals of such a route. */
export const ONCE_REFUSALS = [
  'invalid_header',
  'request_in_progress',
  'idempotency_key_reused',
  'idempotency_quota_exceeded',
] as const

/** @param kinds all that the service can send */
export const problemCodes = (kinds: readonly ProblemKind[]) =>
  OpenSet(
    kinds.map(({ code }) => code),
    {
      $id: 'ProblemCode',
      description:
        'The kind of error, for programs. Later versions may add codes, and errors under /api/auth have codes of better-auth',
    },
  )

/** At most this many faults are listed, to bound the answer. */
export const VIOLATIONS_MAX = 20
const DETAIL_LENGTH_MAX = 16_384
const POINTER_LENGTH_MAX = 1024

export const ProblemBody = Type.Object(
  {
    type: Type.String({ maxLength: 512, description: '`/problems/<code>`', examples: ['/problems/invalid_input'] }),
    title: Type.String({ maxLength: 200, examples: ['Invalid input'] }),
    status: Type.Integer({ minimum: 100, maximum: 599, examples: [422] }),
    detail: Type.String({
      maxLength: DETAIL_LENGTH_MAX,
      description: 'What is wrong and what to do, in one sentence for people',
      examples: ['title is required'],
    }),
    instance: Type.String({ maxLength: 1024, description: 'The path of the request', examples: ['/api/tasks'] }),
    code: RefTo<string>('ProblemCode'),
    requestId: Type.String({
      maxLength: REQUEST_ID_LENGTH_MAX,
      description: 'Identifies the request in the log',
      examples: ['8f0e7f2e-6a59-4f0c-9a53-2f4f0f6f3c55'],
    }),
    errors: Type.Optional(
      Type.Array(
        Type.Object(
          {
            in: OpenSet(['body', 'query', 'path', 'header']),
            pointer: Type.String({
              maxLength: POINTER_LENGTH_MAX,
              description: 'A JSON Pointer (RFC 6901) into that part',
              examples: ['/title'],
            }),
            detail: Type.String({ maxLength: DETAIL_LENGTH_MAX, examples: ['title is required'] }),
          },
          { 'x-component': 'Violation' },
        ),
        { maxItems: VIOLATIONS_MAX, description: 'With 422: each error' },
      ),
    ),
    failedOperation: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 99, description: 'For an atomic batch: the index of the failed operation' }),
    ),
    required: Type.Optional(
      Type.Array(Type.String({ maxLength: 64 }), {
        maxItems: 10,
        description: 'With insufficient_scope: the scopes that the operation needs',
      }),
    ),
    currentVersion: Type.Optional(Type.Integer({ description: 'With 412: the current version of the task' })),
    retryAfter: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400,
        description: 'With 429, 503 and request_in_progress: seconds to wait',
      }),
    ),
  },
  { $id: 'Problem', description: 'The body of every error (RFC 9457)', additionalProperties: true },
)

/** Refusals that any request can get. */
const ANYWHERE: readonly ProblemCode[] = [
  'malformed_request',
  'invalid_header',
  'expectation_failed',
  'invalid_input',
  'body_too_large',
  'unsupported_media_type',
  'request_timeout',
  'uri_too_long',
  'headers_too_large',
  'internal',
  'unavailable',
]

type Refusals = Record<`${4 | 5}${number}`, object>

/** The refusals a route can give, as response schemas with an example of each. */
export const refusals = (...kinds: readonly (ProblemCode | ProblemKind)[]): Refusals =>
  refusalsOfUnlimited(...kinds, 'too_many_requests', 'overloaded')

/** For routes that no rate limit is on. */
export function refusalsOfUnlimited(...kinds: readonly (ProblemCode | ProblemKind)[]): Refusals {
  const all = new Set([...kinds, ...ANYWHERE].map(kindOf))
  // In one order, so that routes which list the same kinds in different orders share one response in the document.
  const byStatus = Map.groupBy([...all].sort(byCode), ({ status }) => status)
  return Object.fromEntries([...byStatus].map(([status, ofStatus]) => [status, refusal(ofStatus)]))
}

const byCode = (a: ProblemKind, b: ProblemKind): number => (a.code < b.code ? -1 : 1)

const RETRY_AFTER = { 'Retry-After': { type: 'integer', description: 'Seconds to wait' } }
const HEADERS_OF_STATUS: Readonly<Record<number, object>> = {
  401: { 'WWW-Authenticate': { type: 'string', description: 'Bearer' } },
  412: { ETag: { type: 'string', maxLength: 64, description: 'The current one' } },
  429: RETRY_AFTER,
  503: RETRY_AFTER,
}

const refusal = (kinds: readonly ProblemKind[]): object => ({
  description: kinds.map(({ title }) => title).join('; '),
  headers: Object.assign({}, ...kinds.map(headersOf)),
  content: {
    'application/problem+json': {
      schema: RefTo('Problem'),
      examples: Object.fromEntries(kinds.map((kind) => [kind.code, { summary: kind.title, value: example(kind) }])),
    },
  },
})

const CHALLENGE = {
  'WWW-Authenticate': {
    type: 'string',
    description: 'Bearer error="insufficient_scope" and the scope, as in RFC 6750',
  },
}

const headersOf = ({ code, status, retryAfterS }: ProblemKind): object =>
  (code === 'insufficient_scope' ? CHALLENGE : HEADERS_OF_STATUS[status]) ??
  (retryAfterS === undefined ? {} : RETRY_AFTER)

/** What the examples show where a kind says nothing else. */
const RETRY_AFTER_S: Readonly<Record<number, number>> = { 429: 23, 503: 2 }

function example({ code, status, title, detail = title, members, retryAfterS = RETRY_AFTER_S[status] }: ProblemKind) {
  return {
    type: `/problems/${code}`,
    title,
    status,
    detail,
    instance: '/api/tasks',
    code,
    requestId: '8f0e7f2e-6a59-4f0c-9a53-2f4f0f6f3c55',
    ...members,
    ...(retryAfterS !== undefined && { retryAfter: retryAfterS }),
  }
}

/** What a schema with `x-plain` says in the document. */
export const PLAIN = 'It has no control characters, no invisible ones, and none that change the direction of text'

/** The parameter `limit` of a paged list. @param items what a page has, for the document */
export const limitParameter = (items: string, usual: number, maximum: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum, description: `${items} per page; default ${usual}` }))

/** The parameter `cursor` of a paged list. */
export const CursorParameter = Type.Optional(Type.String({ description: 'The X-Next-Cursor of the previous page' }))

/**
 * The parameter `count` of a paged list. Counting reads all matching rows, while a page reads only its own, so it is done on request.
 */
export const Count = Type.Optional(
  Type.Boolean({
    description:
      'true counts all matches for X-Total-Count, which takes longer the more there are. Without it the header is present only on a first page that is also the last. Link shows in both cases whether there is another page',
  }),
)

/** Headers of a paged list. */
export const NEXT_PAGE = {
  'X-Next-Cursor': { type: 'string', description: 'The cursor of the next page; absent on the last page' },
  Link: { type: 'string', description: 'RFC 8288: the next page, as rel="next"; absent on the last page' },
}

/** Headers of a paged list with {@link Count}. @param total description of X-Total-Count */
export const pageHeaders = (total: string): object => ({
  'X-Total-Count': {
    type: 'integer',
    description: `${total}; present with count=true, or on a first page that is also the last`,
  },
  ...NEXT_PAGE,
})
