import { problemIn } from './problem.ts'

export interface Retry {
  /** Maximum number of attempts of a call. */
  readonly attempts: number
  /** Timeout of one attempt, from the call of `auth` to the end of the answer's body; milliseconds. */
  readonly attemptTimeoutMs: number
  /** Deadline of a call with all its attempts and waits; milliseconds. */
  readonly deadlineMs: number
}

export const RETRY: Retry = { attempts: 5, attemptTimeoutMs: 10_000, deadlineMs: 30_000 }

/** The first wait if the service sends no Retry-After; each further one is twice as long. */
const FIRST_WAIT_MS = 250
const WAIT_MAX_MS = 8_000

/** The longest delay of a timer; with a longer one it fires at once. */
const TIMER_MAX_MS = 2 ** 31 - 1

export interface Attempts {
  /** Builds the request of the next attempt. An error that it throws ends the call. */
  prepare(this: void): Promise<(signal: AbortSignal) => Promise<Response>>
  /** Whether the call may be sent again: a read, or a write with an Idempotency-Key. */
  readonly isRepeatable: boolean
  /** Aborts the current attempt or wait. */
  readonly signal: AbortSignal | undefined
}

/**
 * Sends the call until its answer is final, which 429, 503, a key that is still in use and a network error are not. A Retry-After of
 * the service is never shortened: if it would exceed the deadline, the refusal is the answer.
 *
 * @returns the answer, with its whole body received
 * @throws the error of the last attempt; the reason of the signal
 */
export async function repeatedly(
  { prepare, isRepeatable, signal }: Attempts,
  { attempts, attemptTimeoutMs, deadlineMs }: Retry,
): Promise<Response> {
  const endsMs = performance.now() + Math.min(deadlineMs, TIMER_MAX_MS)
  const leftMs = (): number => Math.max(0, endsMs - performance.now())
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    const outcome = await outcomeOf(prepare, signal, Math.min(attemptTimeoutMs, leftMs()))
    signal?.throwIfAborted()
    const waitMs = isRepeatable && attempt < attempts ? waitAfter(outcome, attempt) : undefined
    if (waitMs === undefined || waitMs >= leftMs()) {
      if ('failure' in outcome) throw outcome.failure
      return responseOf(outcome)
    }
    await sleep(waitMs, signal)
  }
}

interface Received {
  readonly response: Response
  readonly body: ArrayBuffer
}
type Outcome = Received | { readonly failure: unknown }

/**
 * One attempt, which includes reading the body: an interrupted answer counts as none. The deadline and the signal end the attempt even
 * if `auth` or `fetch` ignores the signal.
 */
async function outcomeOf(
  prepare: Attempts['prepare'],
  signal: AbortSignal | undefined,
  timeoutMs: number,
): Promise<Outcome> {
  // AbortSignal.any and .timeout would leave a listener and a timer behind for the lifetime of the caller's signal.
  const attempt = new AbortController()
  const stop = (): void => attempt.abort(signal?.reason)
  const tooLate = (): void => attempt.abort(new DOMException('No answer came in time', 'TimeoutError'))
  const ended = new Promise<Outcome>((resolve) => {
    attempt.signal.addEventListener('abort', () => resolve({ failure: attempt.signal.reason }))
  })
  const timer = setTimeout(tooLate, timeoutMs)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([made(prepare, attempt.signal), ended])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

async function made(prepare: Attempts['prepare'], signal: AbortSignal): Promise<Outcome> {
  const send = await prepare()
  try {
    // Credentials that arrive after the deadline are not sent.
    signal.throwIfAborted()
    const response = await send(signal)
    return { response, body: await response.arrayBuffer() }
  } catch (failure) {
    return { failure }
  }
}

/** The statuses without a body (Fetch standard, null body status). */
const BODILESS = new Set([204, 205, 304])

function responseOf({ response: { status, statusText, headers, type }, body }: Received): Response {
  if (type === 'opaqueredirect' || (status >= 300 && status < 400 && status !== 304)) {
    throw new Error('The answer is a redirect, which is not followed: it would take the credentials along')
  }
  return new Response(BODILESS.has(status) ? null : body, { status, statusText, headers })
}

/** The wait before the next attempt in milliseconds; undefined if the answer is final. */
function waitAfter(outcome: Outcome, attempt: number): number | undefined {
  if ('failure' in outcome) return backOffMs(attempt)
  const { response, body } = outcome
  const { status, headers } = response
  if (status !== 429 && status !== 503 && !(status === 409 && isInProgress(body))) return undefined
  const namedMs = retryAfterMs(headers)
  // Jitter, so that clients with the same Retry-After do not all return at the same moment.
  return namedMs === undefined ? backOffMs(attempt) : namedMs + Math.random() * FIRST_WAIT_MS
}

/** @param attempt 1 after the first failure */
export function backOffMs(attempt: number, maxMs = WAIT_MAX_MS): number {
  const wholeMs = Math.min(maxMs, FIRST_WAIT_MS * 2 ** (attempt - 1))
  return wholeMs * (0.5 + Math.random() / 2)
}

function isInProgress(body: ArrayBuffer): boolean {
  try {
    return problemIn(JSON.parse(new TextDecoder().decode(body))).code === 'request_in_progress'
  } catch {
    return false
  }
}

/** Seconds, or a date (RFC 9110 §10.2.3), which is compared with the answer's Date header if there is one. */
export function retryAfterMs(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // Date.parse alone would accept -1 as a year.
  const instantMs = text.endsWith(' GMT') ? Date.parse(text) : Number.NaN
  if (Number.isNaN(instantMs)) return undefined
  const shownMs = Date.parse(headers.get('date') ?? '')
  return Math.max(0, instantMs - (Number.isNaN(shownMs) ? Date.now() : shownMs))
}

/** @throws the reason of the signal as soon as it is aborted */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
