import { headersOf, type Auth } from '../auth.ts'
import { serviceAt } from '../base-url.ts'
import type { Change } from '../calls.ts'
import { createClient, type Client, type ClientOptions } from '../index.ts'
import { ProblemError } from '../problem.ts'
import { backOffMs } from '../retry.ts'
import type { ServerEvent } from './event-stream.ts'
import { liveEvents } from './live.ts'
import { isKnown, readChanges, type Batch } from './page.ts'
import { Pause } from './pause.ts'
import { Position, seqOf } from './position.ts'

/** Keeps the cursor between runs of the program. */
export interface CursorStorage {
  read(): string | undefined | Promise<string | undefined>
  /** Called after the changes before the cursor have been applied. A crash in between only repeats them. */
  write(cursor: string): void | Promise<void>
}

/**
 * `loading`: the copy is not complete yet. `live`: changes arrive as they happen. `polling`: the event stream cannot be reached, and
 * changes are asked for. `waiting`: the service cannot be reached. `ended`: by {@link Follower.close}, the signal or an error.
 */
export type FollowStatus = 'loading' | 'live' | 'polling' | 'waiting' | 'ended'

export interface FollowOptions extends Pick<ClientOptions, 'baseUrl' | 'fetch'> {
  readonly auth: Auth
  /** Applies the changes to the copy. The next batch comes when it has resolved; if it throws, following ends with that error. */
  readonly apply: (batch: Batch) => void | Promise<void>
  /** Without it each run begins with a load. A store that keeps the cursor beside its data writes it in `apply` instead. */
  readonly storage?: CursorStorage
  readonly signal?: AbortSignal
  /** Reports changes of the status, and for `waiting` and `polling` the error that led to it. */
  readonly onStatus?: (status: FollowStatus, error?: unknown) => void
  /** Changes per request, 1 to 1000; default 500. */
  readonly pageSize?: number
  /** Whether to use the event stream; default true. Without it changes are asked for every `pollMs`. */
  readonly live?: boolean
  /** Milliseconds between two requests while there is no event stream; default 5 000. */
  readonly pollMs?: number
  /** Milliseconds of silence after which a stream counts as dead; default 45 000. The service sends something every 15 s. */
  readonly silenceMs?: number
  /** The longest wait after repeated failures, in milliseconds; default 60 000. */
  readonly backOffMaxMs?: number
}

export interface Follower extends AsyncDisposable {
  readonly status: FollowStatus
  /** Resolves when following has been ended. Rejects when it cannot go on: the credential was refused, or `apply` or `storage` failed. */
  readonly done: Promise<void>
  /**
   * Resolves when the copy contains a write.
   *
   * @param write the answer to the write, or its `X-Sync-Cursor`
   * @throws the reason of the signal; an Error when following ends before
   */
  seen(write: Response | string, signal?: AbortSignal): Promise<void>
  /** Ends a wait: for a page that is visible or online again. */
  wake(): void
  /** Resolves when the last `apply` has. */
  close(): Promise<void>
}

/** A stream that ends sooner counts as a failure. */
const STREAM_MIN_MS = 5_000
const PAGE_TIMEOUT_MS = 30_000
/** Clients whose streams ended at once reconnect within this time, unless the service has named another. */
const RECONNECT_SPREAD_MS = 1_000

/**
 * Keeps a copy of the user's tasks up to date: loads them, catches up, then receives changes as they happen. It reconnects by itself,
 * for as long as it takes.
 *
 * @throws TypeError when `baseUrl` is no URL of http or https
 */
export function follow(options: FollowOptions): Follower {
  return new Following(options)
}

/** What `apply` or `storage` has thrown. */
class HandlerError {
  readonly cause: unknown

  constructor(cause: unknown) {
    this.cause = cause
  }
}

class Following implements Follower {
  readonly done: Promise<void>
  readonly #options: FollowOptions
  readonly #api: Client
  readonly #eventsUrl: string
  readonly #pollMs: number
  readonly #backOffMaxMs: number
  readonly #stop = new AbortController()
  readonly #pause = new Pause(this.#stop.signal)
  readonly #position = new Position()
  #status: FollowStatus = 'loading'
  #isUpToDate = false
  /** Failures in a row of requests, and of streams. */
  #failures = 0
  #streamFailures = 0
  /** When the next stream may be tried, by performance.now(). */
  #nextStreamAtMs = 0

  constructor(options: FollowOptions) {
    const { baseUrl, auth, fetch, signal, pollMs = 5_000, backOffMaxMs = 60_000 } = options
    this.#options = options
    this.#pollMs = pollMs
    this.#backOffMaxMs = backOffMaxMs
    const { origin, pathname } = serviceAt(baseUrl)
    this.#eventsUrl = `${origin}${pathname.replace(/\/+$/, '')}/api/events`
    const retry = { attempts: 1, attemptTimeoutMs: PAGE_TIMEOUT_MS }
    this.#api = createClient({ baseUrl, auth, retry, ...(fetch && { fetch }) })
    const stop = (): void => this.#stop.abort(signal?.reason)
    if (signal?.aborted === true) stop()
    signal?.addEventListener('abort', stop, { once: true })
    this.done = this.#run().finally(() => signal?.removeEventListener('abort', stop))
  }

  get status(): FollowStatus {
    return this.#status
  }

  async seen(write: Response | string, signal?: AbortSignal): Promise<void> {
    const seq = seqOf(typeof write === 'string' ? write : write.headers.get('x-sync-cursor'))
    if (Number.isNaN(seq)) throw new TypeError('seen: the write has no X-Sync-Cursor')
    if (this.#status === 'polling' && !this.#position.includes(seq)) this.#pause.wake()
    await this.#position.reached(seq, signal)
  }

  wake(): void {
    this.#nextStreamAtMs = 0
    this.#pause.wake()
  }

  async close(): Promise<void> {
    this.#stop.abort(new DOMException('following was ended', 'AbortError'))
    await this.done.catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #run(): Promise<void> {
    const { auth, storage } = this.#options
    let error: unknown
    try {
      // A credential that cannot stand in a header is a mistake, and not a failure that passes.
      if (typeof auth !== 'function') await headersOf(auth)
      this.#position.cursor = await storage?.read()
      while (!this.#stop.signal.aborted) await this.#step()
    } catch (thrown) {
      error = thrown instanceof HandlerError ? thrown.cause : thrown
      if (!this.#stop.signal.aborted || thrown instanceof HandlerError) throw error
    } finally {
      this.#setStatus('ended', error)
      this.#position.end()
    }
  }

  /** Catches up, and then receives events for as long as they come. */
  async #step(): Promise<void> {
    try {
      while (await this.#nextPage());
      this.#failures = 0
    } catch (error) {
      if (!isPassing(error)) throw error
      this.#setStatus('waiting', error)
      await this.#pause.for(this.#waitMs(++this.#failures, error))
      return
    }
    const waitMs = this.#options.live === false ? Infinity : this.#nextStreamAtMs - performance.now()
    if (waitMs > 0) {
      this.#setStatus('polling')
      await this.#pause.for(Math.min(waitMs, spread(this.#pollMs)))
      return
    }
    try {
      const retryMs = (await this.#listen()) ?? Math.random() * RECONNECT_SPREAD_MS
      this.#streamFailures = 0
      await this.#pause.for(Math.min(retryMs, this.#backOffMaxMs))
    } catch (error) {
      if (error instanceof HandlerError || this.#stop.signal.aborted) throw error
      // Whatever it is, the next request for changes shows whether it is only the stream.
      this.#nextStreamAtMs = performance.now() + this.#waitMs(++this.#streamFailures, error)
      this.#setStatus('polling', error)
    }
  }

  /** @returns whether there is more */
  async #nextPage(): Promise<boolean> {
    const { cursor } = this.#position
    const page = { cursor, limit: this.#options.pageSize ?? 500, signal: this.#stop.signal }
    const batch = await readChanges(this.#api, page)
    if (batch.isReset) this.#setStatus('loading')
    // That nothing has changed is said once.
    const isNews = batch.changes.length > 0 || batch.isReset || (batch.isUpToDate && !this.#isUpToDate)
    if (isNews) await this.#hand(batch)
    else await this.#moveTo(batch.cursor)
    return !batch.isUpToDate
  }

  /** @returns how long the service asks to wait before the next stream, if it does */
  async #listen(): Promise<number | undefined> {
    const { auth, fetch = globalThis.fetch.bind(globalThis), silenceMs = 45_000 } = this.#options
    const url = `${this.#eventsUrl}?cursor=${encodeURIComponent(this.#position.cursor ?? '')}`
    const startedMs = performance.now()
    let asked: number | undefined
    for await (const { events, retryMs } of liveEvents({ url, auth, fetch, signal: this.#stop.signal, silenceMs })) {
      if (events.some(({ event }) => event === 'ready')) this.#setStatus('live')
      asked = retryMs
      await this.#receive(events)
      // The request for changes that follows shows whether the cursor is still good.
      if (events.some(({ event }) => event === 'resync' || event === 'end')) break
    }
    if (performance.now() - startedMs < STREAM_MIN_MS) throw new Error('The event stream ended at once')
    return asked
  }

  async #receive(events: readonly ServerEvent[]): Promise<void> {
    const changes = new Map<string, Change>()
    let { cursor } = this.#position
    for (const { event, data, id } of events) {
      if (event !== 'change' || seqOf(id) <= seqOf(cursor)) continue
      // The service's own tests hold its events to its document.
      const change = JSON.parse(data) as Change
      cursor = id
      if (!isKnown(change)) continue
      const entity = `${change.type} ${change.id}`
      changes.delete(entity)
      changes.set(entity, change)
    }
    if (cursor === undefined) return
    if (changes.size === 0) await this.#moveTo(cursor)
    else await this.#hand({ changes: [...changes.values()], cursor, isReset: false, isUpToDate: true })
  }

  async #hand(batch: Batch): Promise<void> {
    try {
      await this.#options.apply(batch)
    } catch (error) {
      throw new HandlerError(error)
    }
    this.#isUpToDate = batch.isUpToDate
    await this.#moveTo(batch.cursor)
  }

  async #moveTo(cursor: string): Promise<void> {
    if (cursor === this.#position.cursor) return
    try {
      await this.#options.storage?.write(cursor)
    } catch (error) {
      throw new HandlerError(error)
    }
    this.#position.moveTo(cursor)
  }

  #waitMs(failures: number, error: unknown): number {
    const namedMs = error instanceof ProblemError && error.retryAfter !== undefined ? error.retryAfter * 1000 : 0
    return Math.max(backOffMs(failures, this.#backOffMaxMs), spread(namedMs))
  }

  #setStatus(status: FollowStatus, error?: unknown): void {
    if (status === this.#status) return
    this.#status = status
    this.#options.onStatus?.(status, error)
  }
}

/** Up to a quarter more, so that clients do not act in step. */
const spread = (ms: number): number => ms * (1 + Math.random() / 4)

/** Whether the same request can succeed later. What is no refusal of the service is a failure of the network. */
function isPassing(error: unknown): boolean {
  if (error instanceof HandlerError) return false
  return !(error instanceof ProblemError) || error.status >= 500 || error.status === 429 || error.status === 408
}
