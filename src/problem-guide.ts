import type { ProblemCode } from './errors.ts'

/** What `GET /problems/<code>` says of a kind of refusal. Public. */
export interface ProblemGuide {
  readonly title: string
  /** What the refusal means. */
  readonly meaning: string
  /** What a person or program can do about it. */
  readonly action: string
}

const WAIT = 'Wait as many seconds as Retry-After says, then repeat the request.'
const CORRECT = 'Correct the request and send it again. Repeated as it is, it is refused again.'
const SIGN_IN_AGAIN = 'Sign in and repeat the request with the new token.'

export const PROBLEM_GUIDE = {
  malformed_request: {
    meaning: 'The request could not be understood: it is not valid HTTP, or its URL is not valid percent-encoding.',
    action: 'Look at how the client or a proxy writes the request. detail says which part is at fault.',
  },
  invalid_json: {
    meaning:
      'The body is not JSON: a syntax error, invalid UTF-8, a member that appears twice in one object, or nesting that is too deep.',
    action: CORRECT,
  },
  invalid_header: {
    meaning: 'A header has a form that is not allowed, or was sent more than once.',
    action: 'Correct the header that detail names.',
  },
  invalid_cursor: {
    meaning: 'The cursor is malformed, or belongs to another user, other filters or another order.',
    action: 'Start again at the first page, and keep filters and order while you follow X-Next-Cursor or Link.',
  },
  contradictory_credentials: {
    meaning: 'The request carries both Authorization and X-Service-Auth.',
    action: 'Send one of them.',
  },
  missing_user_id: {
    meaning: 'A service authenticated with X-Service-Auth without naming the user it acts for.',
    action: 'Add X-User-ID with the id of that user.',
  },
  unauthenticated: {
    meaning: 'The request has no credential, or one that is malformed, unknown, expired or revoked.',
    action: SIGN_IN_AGAIN,
  },
  forbidden: {
    meaning: 'The credential is valid, and does not allow this operation.',
    action: 'Use a credential that does. detail says which kind that is.',
  },
  not_found: {
    meaning: 'There is no such thing of yours. What belongs to another user is answered in the same way.',
    action: 'Check the path and the id. Do not repeat the request as it is.',
  },
  method_not_allowed: {
    meaning: 'The path exists, and does not support this method.',
    action: 'Use one of the methods in the Allow header.',
  },
  request_timeout: {
    meaning: 'The request did not arrive completely in time.',
    action: 'Repeat it, on a faster connection or with a smaller body.',
  },
  conflict: {
    meaning:
      'The request contradicts what is stored, such as a chosen id under which you have a task with other content.',
    action: 'Read what is stored, decide again, and choose another id for a new task.',
  },
  request_in_progress: {
    meaning: 'An earlier request with the same Idempotency-Key is still running.',
    action: WAIT,
  },
  precondition_failed: {
    meaning: 'The version of the task is not the one that If-Match or ifVersion names. Nothing was changed.',
    action: 'Read the task again and decide on its current version, which currentVersion and ETag name.',
  },
  body_too_large: {
    meaning: 'The body is larger than 1 MiB.',
    action: 'Send less at once, for example a batch in parts.',
  },
  uri_too_long: {
    meaning: 'The URL, or a part of it, is longer than the service accepts.',
    action: 'Send fewer or shorter parameters.',
  },
  unsupported_media_type: {
    meaning: 'The body is not JSON in UTF-8, or it is compressed.',
    action: 'Send Content-Type: application/json, and the body without Content-Encoding.',
  },
  expectation_failed: {
    meaning: 'The Expect header asks for something other than 100-continue.',
    action: 'Leave the header out.',
  },
  invalid_input: {
    meaning: 'The request is well-formed and its values are not valid. errors names each fault by its JSON Pointer.',
    action: CORRECT,
  },
  key_refused: {
    meaning: 'The AI provider rejected the key. The key that was stored before is unchanged.',
    action: 'Copy the key again from the provider, or create a new one there.',
  },
  idempotency_key_reused: {
    meaning: 'The Idempotency-Key was used for another request.',
    action: 'Use a new key for each request, and the same key only to repeat a request exactly.',
  },
  too_many_requests: {
    meaning: 'The rate limit of the user or of the address is used up.',
    action: WAIT,
  },
  idempotency_quota_exceeded: {
    meaning: 'The answers stored for your Idempotency-Keys use all the room there is. Nothing was changed.',
    action: 'Wait until older answers expire, send less at once, or send the request without a key.',
  },
  headers_too_large: {
    meaning: 'The request line and the headers together are larger than 16 KiB.',
    action: 'Send fewer or shorter headers, for example fewer cookies.',
  },
  internal: {
    meaning: 'The service failed in a way that it did not expect.',
    action: 'Report the requestId to the operator of the service, who finds the cause in the log.',
  },
  unavailable: {
    meaning: 'The database cannot be reached or is busy. Nothing was changed.',
    action: WAIT,
  },
  overloaded: {
    meaning: 'More requests arrive than can be answered in time. Nothing was done.',
    action: WAIT,
  },
  outcome_unknown: {
    meaning: 'The connection to the database was lost during the commit: the change may have happened or not.',
    action: 'Repeat the request with the same Idempotency-Key. If it had none, read before you repeat it.',
  },
  provider_unavailable: {
    meaning: 'The AI provider could not be reached, so the key could not be checked. Nothing was changed.',
    action: 'Repeat the request later.',
  },
  key_unreadable: {
    meaning: 'The stored key cannot be decrypted with the encryption keys of the service.',
    action: 'Store the key again, or tell the operator of the service that an encryption key is missing.',
  },
} as const satisfies Record<ProblemCode, Omit<ProblemGuide, 'title'>>
