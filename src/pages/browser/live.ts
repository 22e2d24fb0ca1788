import { backoffMs, retryAfterMs } from '../views/backoff.ts'
import type { Notification } from '../views/notification-texts.ts'
import type { Task } from '../views/task.ts'
import { send } from './api.ts'

/** A change of a task, as `GET /api/events` reports it. */
export interface Change {
  readonly id: string
  readonly op: 'upsert' | 'delete'
  readonly data: Task | null
}

export interface LiveEvents {
  changed(change: Change): void
  /** A reminder is due. */
  reminded?(notification: Notification): void
  /** Changes may have been missed: the list has to be read again. */
  missed(): void
  /** Whether changes arrive. */
  connected(isConnected: boolean): void
}

/** A service that was restarted is followed again within seconds. */
const RETRY = { minMs: 500, maxMs: 5_000 }
/** Where a refusal does not say how long to wait. */
const REFUSED_MS = 2_000
/** The service sends a comment every 15 seconds. */
const SILENCE_MAX_MS = 40_000
/** A tab that is hidden for this long ends its stream: a user may have five. */
const HIDDEN_MS = 20_000

/** Follows the events of the user for as long as the page is open. */
export class Live {
  readonly #events: LiveEvents
  #cursor: string | null
  #abort = new AbortController()
  #failures = 0
  #timer: number | undefined
  #isRunning = false
  /** The list was read before the stream begins, so changes in between were missed. */
  #hasGap: boolean

  /** @param cursor where the list that is shown ends; null if unknown */
  constructor(cursor: string | null, events: LiveEvents) {
    this.#events = events
    this.#cursor = cursor
    this.#hasGap = cursor === null
    let hiding: number | undefined
    document.addEventListener('visibilitychange', () => {
      clearTimeout(hiding)
      if (document.visibilityState === 'hidden') hiding = setTimeout(() => this.#abort.abort(), HIDDEN_MS)
      else this.connect()
    })
    addEventListener('online', () => this.connect())
    addEventListener('pagehide', () => this.#abort.abort())
  }

  /** Connects now, unless it is connected. */
  connect(): void {
    clearTimeout(this.#timer)
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    this.#abort = new AbortController()
    let waitMs: number | undefined
    try {
      waitMs = await this.#follow(this.#abort)
    } catch {
      // Unreachable, or the connection was lost.
    }
    this.#isRunning = false
    this.#events.connected(false)
    if (waitMs === Infinity || document.visibilityState === 'hidden') return
    this.#timer = setTimeout(() => this.connect(), waitMs ?? backoffMs(this.#failures++, RETRY))
  }

  /** @returns how long to wait before the next connection, if that is known; infinite if the session has ended */
  async #follow(abort: AbortController): Promise<number | undefined> {
    const path = this.#cursor === null ? '/api/events' : `/api/events?cursor=${encodeURIComponent(this.#cursor)}`
    // The answer itself may not come either.
    let silence = setTimeout(() => abort.abort(), SILENCE_MAX_MS)
    try {
      const response = await send('GET', path, { signal: abort.signal })
      if (response.status === 401) return Infinity
      if (response.status === 400) {
        this.#cursor = null
        this.#hasGap = true
      }
      if (!response.ok || response.body === null) return retryAfterMs(response.headers) ?? REFUSED_MS
      this.#failures = 0
      this.#events.connected(true)
      let rest = ''
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
        clearTimeout(silence)
        silence = setTimeout(() => abort.abort(), SILENCE_MAX_MS)
        const frames = (rest + text).split('\n\n')
        rest = frames.pop() ?? ''
        for (const frame of frames) this.#take(frame)
      }
    } finally {
      clearTimeout(silence)
    }
    return undefined
  }

  /** An event (HTML Living Standard §9.2). The service sends the data of each in one line. */
  #take(frame: string): void {
    const fields = new Map(frame.split('\n').map((line) => splitOnce(line)))
    const event = fields.get('event')
    if (event === undefined) return
    const data: unknown = JSON.parse(fields.get('data') ?? 'null')
    const id = fields.get('id')
    if (event === 'change') this.#events.changed(data as Change)
    if (event === 'reminder') this.#events.reminded?.(data as Notification)
    if (id !== undefined) this.#cursor = id
    const isExpired = event === 'resync' && (data as { readonly reason: string }).reason === 'cursor_expired'
    if (isExpired || (event === 'ready' && this.#hasGap)) {
      this.#hasGap = false
      this.#events.missed()
    }
  }
}

function splitOnce(line: string): [name: string, value: string] {
  const at = line.indexOf(':')
  return [line.slice(0, at), line.slice(at + 1).trimStart()]
}
