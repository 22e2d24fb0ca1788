/** Callbacks for metrics. Arguments must be low-cardinality: numbers, or values of a small fixed set. */
export interface Observer {
  /**
   * A request has ended.
   *
   * @param route its template; undefined if no route matched
   * @param status undefined if the client left before it had the whole answer
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
  /** @param credential the kind of credential that was refused */
  unauthenticated(this: void, credential: 'none' | 'bearer' | 'service'): void
  /** @param local whether only this process counted, because Redis was unreachable */
  limited(this: void, policy: string, allowed: boolean, local: boolean): void
  /** A stored answer of an earlier request was returned (Idempotency-Key). */
  replayed(this: void): void
  /** @param action of the embedded auth server, such as `sign-in` */
  authenticated(this: void, action: string, outcome: 'ok' | 'refused' | 'failed'): void
  jobEnded(this: void, name: string, outcome: JobOutcome, seconds: number): void
}

/**
 * The outcome of a run of a job. `released`: the process stopped, and another one will run the job. `lost`: the lease ended before
 * the outcome could be stored, and the job runs again.
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

/** Must not contain text of users, tokens, e-mail addresses, or ids of users or tasks. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[]>>

export interface SpanOptions {
  readonly name: string
  /** `client`: a request to another server. `internal` by default. */
  readonly kind?: 'client' | 'internal'
  readonly attributes?: SpanAttributes
}

export interface RequestSpan {
  /** The fields of log lines. */
  readonly ids: { readonly trace_id: string; readonly span_id: string }
  /** Runs `work` and everything asynchronous that it starts within this span. */
  run(work: () => void): void
  /** @param status undefined if the client left before it had the whole answer */
  end(status: number | undefined): void
}

export interface Tracer {
  /**
   * Starts the span of a request, which continues the caller's trace.
   *
   * @param isTrusted whether the caller may decide if the trace is recorded
   */
  request(
    options: Pick<SpanOptions, 'name' | 'attributes'>,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    isTrusted: boolean,
  ): RequestSpan
  /** Runs the work in a child span of the current one. `note` adds attributes that are known only later. */
  within<T>(options: SpanOptions, work: (note: (attributes: SpanAttributes) => void) => Promise<T>): Promise<T>
}
