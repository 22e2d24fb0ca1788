import { kindOf, type ProblemCode, type ProblemKind } from './problems.ts'

/** One fault of the input; `pointer` is a JSON Pointer (RFC 6901) into the part named by `in`. */
export interface Violation {
  readonly in: 'body' | 'query' | 'path' | 'header'
  readonly pointer: string
  readonly detail: string
}

export interface ProblemExtras {
  /** Members added to the problem body (RFC 9457 §3.2), such as `errors` or `currentVersion`. Public. */
  readonly body?: Readonly<Record<string, unknown>>
  /** Headers the refusal carries, lower case, such as `allow` or `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>
  /** The underlying error. Private: logged once, never sent. */
  readonly cause?: unknown
}

/** Retry-After, as header and in the body. */
export const retryAfter = (seconds: number): Required<Pick<ProblemExtras, 'headers' | 'body'>> => ({
  headers: { 'retry-after': String(seconds) },
  body: { retryAfter: seconds },
})

/** The one way to refuse a request. `detail` is public; `cause` stays in the log. */
export class Problem extends Error {
  override readonly name = 'Problem'
  /** Private, so that logs of a problem do not show all of it. */
  readonly #kind: ProblemKind
  readonly code: string
  readonly status: number
  readonly title: string
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  /** @param kind a code of `PROBLEMS`, or a kind of a feature's own */
  constructor(kind: ProblemCode | ProblemKind, detail: string, extras: ProblemExtras = {}) {
    super(detail, extras.cause === undefined ? undefined : { cause: extras.cause })
    this.#kind = kindOf(kind)
    this.code = this.#kind.code
    this.status = this.#kind.status
    this.title = this.#kind.title
    this.body = extras.body ?? {}
    this.headers = extras.headers ?? {}
  }

  get kind(): ProblemKind {
    return this.#kind
  }

  /** @param members added to the body */
  static invalid(violations: readonly Violation[], members: Readonly<Record<string, unknown>> = {}): Problem {
    return new Problem('invalid_input', violations.map((each) => each.detail).join('; '), {
      body: { errors: violations, ...members },
    })
  }
}

/** An error that the operator can correct: only its message is printed, without a stack, and the exit status is 1. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
