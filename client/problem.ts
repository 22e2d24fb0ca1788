import type { components } from './schema.ts'

/** The service's own codes, as this version of it has them. */
export type ProblemCode = components['schemas']['ProblemCode']

/** An error of one member of the input. */
export type Violation = NonNullable<components['schemas']['Problem']['errors']>[number]

/** The code of a refusal that is no problem+json: that of a proxy in between, for instance. */
const UNKNOWN = 'unknown'

/** A refusal (RFC 9457). Its message is the problem's `detail`. It contains only the answer, and no part of the request. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  /** The HTTP status. */
  readonly status: number
  /** `unknown` when the answer is no problem; under `/api/auth` also better-auth's own, such as `USER_ALREADY_EXISTS`. */
  // oxlint-disable-next-line typescript/ban-types -- keeps the known ones in sight of an editor
  readonly code: ProblemCode | (string & {})
  readonly title: string
  /** The errors of a 422; otherwise empty. */
  readonly errors: readonly Violation[]
  /** Finds the request in the service's log. */
  readonly requestId: string | undefined
  /** Seconds to wait, with 429, 503 and request_in_progress. */
  readonly retryAfter: number | undefined
  /** With 412: the current version of the task. */
  readonly currentVersion: number | undefined
  /** For an atomic batch: the index of the failed operation. */
  readonly failedOperation: number | undefined
  /** The whole problem, with the members that only some codes have, such as `required` and `conflicts`; empty if it is none. */
  readonly problem: Partial<components['schemas']['Problem']>

  /** @param body as it was received: parsed JSON, or text */
  constructor({ status, statusText, headers }: Response, body: unknown) {
    const problem = problemIn(body)
    super(problem.detail ?? `The answer is ${status}, and no problem that says why`)
    this.status = status
    this.code = problem.code ?? UNKNOWN
    this.title = problem.title ?? statusText
    this.errors = problem.errors ?? []
    this.requestId = problem.requestId ?? headers.get('x-request-id') ?? undefined
    this.retryAfter = problem.retryAfter
    this.currentVersion = problem.currentVersion
    this.failedOperation = problem.failedOperation
    this.problem = problem
  }
}

/** Its members, if the body is a problem. */
export function problemIn(body: unknown): Partial<components['schemas']['Problem']> {
  const isProblem =
    typeof body === 'object' && body !== null && 'code' in body && 'detail' in body && typeof body.code === 'string'
  // The service's answers are held to its document by its own tests.
  return isProblem ? (body as components['schemas']['Problem']) : {}
}

/** Whether it is a refusal, and, with codes, one of these. */
export function isProblem<Code extends ProblemCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is ProblemError & { readonly code: Code } {
  return error instanceof ProblemError && (codes.length === 0 || (codes as readonly string[]).includes(error.code))
}
