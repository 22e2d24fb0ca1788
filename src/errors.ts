/** What is wrong with one member of the input; `pointer` is a JSON Pointer (RFC 6901) into the part named by `in`. */
export interface Violation {
  readonly in: 'body' | 'query' | 'path' | 'header'
  readonly pointer: string
  readonly detail: string
}

/** Every refusal the service can give: code → HTTP status and title. The only such table. */
export const PROBLEMS = {
  malformed_request: [400, 'Malformed request'],
  invalid_json: [400, 'The body is not valid JSON'],
  invalid_header: [400, 'Invalid header'],
  invalid_cursor: [400, 'Invalid cursor'],
  contradictory_credentials: [400, 'Contradictory credentials'],
  missing_user_id: [400, 'X-User-ID is missing'],
  unauthenticated: [401, 'Authentication required'],
  forbidden: [403, 'Forbidden'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  request_timeout: [408, 'Request timeout'],
  conflict: [409, 'Conflict'],
  request_in_progress: [409, 'Request in progress'],
  precondition_failed: [412, 'Precondition failed'],
  body_too_large: [413, 'Body too large'],
  uri_too_long: [414, 'URI too long'],
  unsupported_media_type: [415, 'Unsupported media type'],
  expectation_failed: [417, 'Expectation failed'],
  invalid_input: [422, 'Invalid input'],
  key_refused: [422, 'The provider refuses this key'],
  idempotency_key_reused: [422, 'Idempotency key reused'],
  too_many_requests: [429, 'Too many requests'],
  idempotency_quota_exceeded: [429, 'Idempotency quota exceeded'],
  headers_too_large: [431, 'Headers too large'],
  internal: [500, 'Internal server error'],
  unavailable: [503, 'Service unavailable'],
  overloaded: [503, 'Overloaded'],
  outcome_unknown: [503, 'Outcome unknown'],
  provider_unavailable: [503, 'The provider cannot be asked'],
  key_unreadable: [503, 'The stored key cannot be read'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemCode = keyof typeof PROBLEMS

export interface ProblemExtras {
  /** Members added to the problem body (RFC 9457 §3.2), such as `errors` or `currentVersion`. Public. */
  readonly body?: Readonly<Record<string, unknown>>
  /** Headers the refusal carries, lower case, such as `allow` or `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>
  /** What really happened. Private: logged once, never sent. */
  readonly cause?: unknown
}

/** How long to wait before it is worth asking again, in the header and in the body. */
export const retryAfter = (seconds: number): Required<Pick<ProblemExtras, 'headers' | 'body'>> => ({
  headers: { 'retry-after': String(seconds) },
  body: { retryAfter: seconds },
})

/** The one way to refuse a request. `detail` is public; `cause` stays in the log. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly status: number
  readonly title: string
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail, extras.cause === undefined ? undefined : { cause: extras.cause })
    this.code = code
    ;[this.status, this.title] = PROBLEMS[code]
    this.body = extras.body ?? {}
    this.headers = extras.headers ?? {}
  }

  static invalid(violations: readonly Violation[]): Problem {
    return new Problem('invalid_input', violations.map((each) => each.detail).join('; '), {
      body: { errors: violations },
    })
  }
}

/** A mistake that whoever starts the process can mend: printed as its message alone, without a stack, exit status 1. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
