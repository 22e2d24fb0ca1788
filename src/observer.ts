/** What is told of the service's work, to whoever counts it. Every argument comes out of a small fixed set or is a number. */
export interface Observer {
  /**
   * A request is over.
   *
   * @param route its template; undefined where it came to none
   * @param status undefined where the client left before it had its whole answer
   */
  requestEnded(
    this: void,
    method: string | undefined,
    route: string | undefined,
    status: number | undefined,
    seconds: number,
  ): void
  /** @param code of the problem that was sent */
  refused(this: void, code: string): void
  /** @param credential what was presented and not accepted */
  unauthenticated(this: void, credential: 'none' | 'bearer' | 'service'): void
  /** @param alone without Redis, by what this process counted itself */
  limited(this: void, policy: string, allowed: boolean, alone: boolean): void
  /** The answer of an earlier request was given again. */
  replayed(this: void): void
  /** @param action of the embedded auth server, such as `sign-in` */
  authenticated(this: void, action: string, outcome: 'ok' | 'refused' | 'failed'): void
  jobEnded(this: void, name: string, outcome: JobOutcome, seconds: number): void
}

/**
 * What a run of a job came to. `released`: the process stopped, and another one runs it. `lost`: its lease ended before that could
 * be stored, and it runs again.
 */
export type JobOutcome = 'ok' | 'failed' | 'dead' | 'released' | 'lost'

const ignore = (): void => undefined

export const IGNORING_OBSERVER: Observer = {
  requestEnded: ignore,
  refused: ignore,
  unauthenticated: ignore,
  limited: ignore,
  replayed: ignore,
  authenticated: ignore,
  jobEnded: ignore,
}

/** Never anything that a user wrote, nor a token, an e-mail address or an id of a user or a task. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[]>>

export interface SpanOptions {
  readonly name: string
  /** `client`: of the answer of another server. `internal` by default. */
  readonly kind?: 'client' | 'internal'
  readonly attributes?: SpanAttributes
}

export interface RequestSpan {
  /** As log lines have them. */
  readonly ids: { readonly trace_id: string; readonly span_id: string }
  /** What it calls, and all that follows from it, is within this span. */
  run(work: () => void): void
  /** @param status undefined where the client left before it had its whole answer */
  end(status: number | undefined): void
}

export interface Tracer {
  /**
   * The span of a request, which continues the caller's trace.
   *
   * @param isTrusted whether the caller also says if the trace is to be recorded
   */
  request(
    options: Pick<SpanOptions, 'name' | 'attributes'>,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    isTrusted: boolean,
  ): RequestSpan
  /** Runs the work in a span of its own within the one it is called in. `note` adds what is known only later. */
  within<T>(options: SpanOptions, work: (note: (attributes: SpanAttributes) => void) => Promise<T>): Promise<T>
}
