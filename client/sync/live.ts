import { headersOf, type Auth } from '../auth.ts'
import { ProblemError } from '../problem.ts'
import { EventParser, type ServerEvent } from './event-stream.ts'

export interface LiveOptions {
  /** Of the event stream, with its cursor. */
  readonly url: string
  readonly auth: Auth | undefined
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly signal: AbortSignal
  /** How long the stream may be silent, in milliseconds. */
  readonly silenceMs: number
}

export interface Arrived {
  readonly events: readonly ServerEvent[]
  /** How long the service asks to wait before the next connection, in milliseconds, if it does. */
  readonly retryMs: number | undefined
}

/** The answer is no event stream, for example because a proxy or an older service gave it. */
export class NoEventStream extends Error {
  override readonly name = 'NoEventStream'
}

/**
 * The events of a stream, as many at a time as have arrived together. It reads on only when it is asked for more, so that a slow
 * consumer slows the service down instead of filling memory. `EventSource` cannot be used, because it cannot send credentials in
 * a header.
 *
 * @throws ProblemError when the service refuses; NoEventStream; a TimeoutError after silence; what `fetch` throws; the reason of the
 *   signal
 */
export async function* liveEvents(options: LiveOptions): AsyncGenerator<Arrived, void> {
  const { url, auth, fetch, signal, silenceMs } = options
  signal.throwIfAborted()
  const connection = new AbortController()
  const stop = (): void => connection.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const headers = { ...(await headersOf(auth)), accept: 'text/event-stream' }
    const init = { headers, redirect: 'manual', cache: 'no-store', signal: connection.signal } as const
    const response = await beforeSilence(connection, silenceMs, () => fetch(url, init))
    const reader = (await beforeSilence(connection, silenceMs, () => streamIn(response))).getReader()
    const decoder = new TextDecoder()
    const parser = new EventParser()
    for (;;) {
      const { done, value } = await beforeSilence(connection, silenceMs, () => reader.read())
      if (done) return
      const events = parser.push(decoder.decode(value, { stream: true }))
      yield { events, retryMs: parser.retryMs }
    }
  } finally {
    signal.removeEventListener('abort', stop)
    connection.abort()
  }
}

async function streamIn(response: Response): Promise<ReadableStream<Uint8Array>> {
  const { ok, status, headers, body } = response
  const type = headers.get('content-type') ?? ''
  if (ok && type.startsWith('text/event-stream') && body !== null) return body
  if (ok || status < 400) {
    throw new NoEventStream(`the answer is ${status} ${type}, and no event stream`)
  }
  const text = await response.text()
  throw new ProblemError(response, /\bjson\b/.test(type) ? parsed(text) : text)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** @throws the reason of the connection when it ends before the work does, even if the work ignores its signal */
async function beforeSilence<T>(connection: AbortController, ms: number, work: () => Promise<T>): Promise<T> {
  const { signal } = connection
  const timer = setTimeout(() => connection.abort(new DOMException('The event stream was silent', 'TimeoutError')), ms)
  let stop = (): void => undefined
  const ended = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    signal.throwIfAborted()
    return await Promise.race([work(), ended])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
