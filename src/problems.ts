/** The text of `GET /problems/<code>` about a kind of refusal. Public. */
export interface ProblemGuide {
  readonly title: string
  /** What the refusal means. */
  readonly meaning: string
  /** What a person or program can do. */
  readonly action: string
}

/** All facts about a kind of refusal. Public. */
export interface ProblemFacts extends ProblemGuide {
  readonly status: number
  /** An example of `detail` for the OpenAPI document; the title by default. */
  readonly detail?: string
  /** Members of the body in addition to the common ones, for the OpenAPI document. */
  readonly members?: Readonly<Record<string, unknown>>
  /** Seconds of Retry-After, for the OpenAPI document. Every 429 and 503 has one. */
  readonly retryAfterS?: number
  /** How a 5xx is logged; `error` when absent. `warn`: another server is at fault. `never`: the refusal is counted only. */
  readonly logLevel?: 'warn' | 'never'
}

/** A kind of refusal, from which a `Problem` is made. */
export interface ProblemKind extends ProblemFacts {
  readonly code: string
}

/** A table of refusals by code. A feature has its own table for refusals that only it gives. */
export function problemKinds<Code extends string>(
  table: Readonly<Record<Code, ProblemFacts>>,
): Readonly<Record<Code, ProblemKind>> {
  const kinds = Object.entries<ProblemFacts>(table).map(([code, facts]) => [code, { code, ...facts }] as const)
  // Object.fromEntries types the codes as strings.
  return Object.fromEntries(kinds) as Record<Code, ProblemKind>
}

const WAIT = 'Wait as many seconds as Retry-After says, then repeat the request.'
const CORRECT_IT = 'Correct the request and send it again. Without a change it is refused again.'

/** The details that never vary, for the code that refuses and for the examples of the OpenAPI document. */
export const DETAILS = {
  invalid_cursor: 'The cursor is malformed or was not made for you',
  unauthenticated: 'The session is unknown, expired or signed out',
  request_in_progress: 'A request with this Idempotency-Key is still running; repeat it shortly',
  idempotency_key_reused:
    'This Idempotency-Key was used for another request; use a new key for each request, and repeat a request without changes',
  idempotency_quota_exceeded:
    'Nothing was changed: the answers stored for your Idempotency-Keys leave no room for the answer to this request; send less at once, send it without a key, or wait',
  internal: 'The service failed unexpectedly; its operator finds the error in the log by the requestId',
  unavailable: 'The database cannot be reached or is busy; try again shortly',
  mail_unavailable: 'This service sends no mails: its operator has not configured a mail server',
  overloaded: 'More requests arrive than can be answered in time; try again shortly',
  outcome_unknown:
    'The connection to the database was lost during the commit: the change may or may not have happened. If the request had an Idempotency-Key, repeat it with that key; otherwise read before you repeat it',
} as const

/** Refusals that more than one feature can give. In the OpenAPI document they are in this order. */
export const PROBLEMS = problemKinds({
  malformed_request: {
    status: 400,
    title: 'Malformed request',
    meaning: 'The request could not be understood: it is not valid HTTP, or its URL is not valid percent-encoding.',
    action: 'Look at how the client or a proxy writes the request. detail says which part is at fault.',
  },
  invalid_json: {
    status: 400,
    title: 'The body is not valid JSON',
    meaning:
      'The body is not JSON: a syntax error, invalid UTF-8, a member that appears twice in one object, or nesting that is too deep.',
    action: CORRECT_IT,
  },
  invalid_header: {
    status: 400,
    title: 'Invalid header',
    meaning: 'A header has a form that is not allowed, or was sent more than once.',
    action: 'Correct the header that detail names.',
  },
  invalid_cursor: {
    status: 400,
    title: 'Invalid cursor',
    meaning: 'The cursor is malformed, or belongs to another user, other filters or another order.',
    action: 'Start again at the first page, and keep filters and order while you follow X-Next-Cursor or Link.',
    detail: DETAILS.invalid_cursor,
  },
  contradictory_credentials: {
    status: 400,
    title: 'Contradictory credentials',
    meaning: 'The request carries both Authorization and X-Service-Auth.',
    action: 'Send one of them.',
  },
  missing_user_id: {
    status: 400,
    title: 'X-User-ID is missing',
    meaning: 'A service authenticated with X-Service-Auth without naming the user it acts for.',
    action: 'Add X-User-ID with the id of that user.',
  },
  unauthenticated: {
    status: 401,
    title: 'Authentication required',
    meaning: 'The request has no credential, or one that is malformed, unknown, expired or revoked.',
    action: 'Sign in and repeat the request with the new token.',
    detail: DETAILS.unauthenticated,
  },
  forbidden: {
    status: 403,
    title: 'Forbidden',
    meaning: 'The credential is valid, and does not allow this operation.',
    action: 'Use a credential that does. detail says which kind that is.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Insufficient scope',
    meaning:
      'The personal token or the access of the app is valid, and does not have the scope that this operation needs.',
    action:
      'Create a token that has the scopes in required, or have the app ask the user for them. The scopes of a token cannot be changed.',
    detail: 'The personal token does not have the scope tasks:write',
    members: { required: ['tasks:write'] },
  },
  not_found: {
    status: 404,
    title: 'Not found',
    meaning: 'You have no resource with this path. A resource of another user gets the same answer.',
    action: 'Check the path and the id. Do not repeat the request without a change.',
    detail: "Task not found or you don't have permission to access it",
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path exists, and does not support this method.',
    action: 'Use one of the methods in the Allow header.',
  },
  request_timeout: {
    status: 408,
    title: 'Request timeout',
    meaning: 'The request did not arrive completely in time.',
    action: 'Repeat it, on a faster connection or with a smaller body.',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    meaning:
      'The request contradicts what is stored, such as a chosen id under which you have a task with other content.',
    action: 'Read what is stored, decide again, and choose another id for a new task.',
    detail: 'You have a task with this id and other content',
  },
  request_in_progress: {
    status: 409,
    title: 'Request in progress',
    meaning: 'An earlier request with the same Idempotency-Key is still running.',
    action: WAIT,
    detail: DETAILS.request_in_progress,
    retryAfterS: 1,
  },
  precondition_failed: {
    status: 412,
    title: 'Precondition failed',
    meaning: 'The version of the task is not the one that If-Match or ifVersion names. Nothing was changed.',
    action: 'Read the task again and decide on its current version, which currentVersion and ETag name.',
    detail: 'The task is at version 4, which is not the one you named',
    members: { currentVersion: 4 },
  },
  body_too_large: {
    status: 413,
    title: 'Body too large',
    meaning: 'The body is larger than 1 MiB, or than 16 KiB at the token endpoint for apps.',
    action: 'Send less at once, for example a batch in parts.',
  },
  uri_too_long: {
    status: 414,
    title: 'URI too long',
    meaning: 'The URL, or a part of it, is longer than the service accepts.',
    action: 'Send fewer or shorter parameters.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    meaning: 'The body is not JSON in UTF-8, or it is compressed.',
    action: 'Send Content-Type: application/json, and the body without Content-Encoding.',
  },
  expectation_failed: {
    status: 417,
    title: 'Expectation failed',
    meaning: 'The Expect header asks for something other than 100-continue.',
    action: 'Leave the header out.',
  },
  invalid_input: {
    status: 422,
    title: 'Invalid input',
    meaning: 'The request is well-formed and its values are not valid. errors names each fault by its JSON Pointer.',
    action: CORRECT_IT,
    detail: 'title is required',
    members: { errors: [{ in: 'body', pointer: '/title', detail: 'title is required' }] },
  },
  idempotency_key_reused: {
    status: 422,
    title: 'Idempotency key reused',
    meaning: 'The Idempotency-Key was used for another request.',
    action: 'Use a new key for each request, and the same key only to repeat a request exactly.',
    detail: DETAILS.idempotency_key_reused,
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    meaning: 'The rate limit of the user or of the address is used up.',
    action: WAIT,
    detail: 'At most 30 write requests in 60 s; try again in 23 s',
  },
  idempotency_quota_exceeded: {
    status: 429,
    title: 'Idempotency quota exceeded',
    meaning: 'The answers stored for your Idempotency-Keys use all the room there is. Nothing was changed.',
    action: 'Wait until older answers expire, send less at once, or send the request without a key.',
    detail: DETAILS.idempotency_quota_exceeded,
  },
  headers_too_large: {
    status: 431,
    title: 'Headers too large',
    meaning: 'The request line and the headers together are larger than 16 KiB.',
    action: 'Send fewer or shorter headers, for example fewer cookies.',
  },
  internal: {
    status: 500,
    title: 'Internal server error',
    meaning: 'The service failed in a way that it did not expect.',
    action: 'Report the requestId to the operator of the service, who finds the cause in the log.',
  },
  unavailable: {
    status: 503,
    title: 'Service unavailable',
    meaning: 'The database cannot be reached or is busy. Nothing was changed.',
    action: WAIT,
    detail: DETAILS.unavailable,
  },
  mail_unavailable: {
    status: 503,
    title: 'No mails',
    meaning: 'The service is not configured to send mails, which this request needs. Nothing was changed.',
    action: 'Ask the operator of the service, who can set SMTP_URL and MAIL_FROM.',
    detail: DETAILS.mail_unavailable,
    retryAfterS: 3600,
    logLevel: 'never',
  },
  overloaded: {
    status: 503,
    title: 'Overloaded',
    meaning: 'More requests arrive than can be answered in time. Nothing was done.',
    action: WAIT,
    detail: DETAILS.overloaded,
    retryAfterS: 1,
    logLevel: 'never',
  },
  outcome_unknown: {
    status: 503,
    title: 'Outcome unknown',
    meaning: 'The connection to the database was lost during the commit: the change may have happened or not.',
    action: 'Repeat the request with the same Idempotency-Key. If it had none, read before you repeat it.',
    detail: DETAILS.outcome_unknown,
  },
})

export type ProblemCode = keyof typeof PROBLEMS

/** The kind that a code of {@link PROBLEMS} names; a kind itself is returned unchanged. */
export const kindOf = (kind: ProblemCode | ProblemKind): ProblemKind =>
  typeof kind === 'string' ? PROBLEMS[kind] : kind
