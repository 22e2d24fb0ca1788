import type { ChangePage } from '../changes/store.ts'
import type { EndReason, EventStream } from '../http/streams.ts'
import { syncCursor, type SyncPosition } from '../http/sync-cursor.ts'
import type { Principal } from '../principal.ts'

/** A client that has read nothing of a full buffer for this long is too slow. */
const STALLED_MAX_MS = 10_000

export type ResyncReason = 'cursor_expired' | 'slow'

export interface ListenerOptions {
  readonly userId: string
  readonly principal: Principal
  readonly stream: EventStream
  readonly position: SyncPosition
}

/** An open stream of a user, and how far it has followed the log. */
export class Listener {
  readonly userId: string
  readonly principal: Principal
  readonly stream: EventStream
  /** All changes up to here were given to the stream, or wait in {@link Listener.#waiting}. */
  position: SyncPosition
  /** The number of the last wake-up of its user's listeners up to which it has everything. */
  wakesSeen = -1
  /** The part of one page that had no room in the buffer of the stream. */
  #waiting: readonly Buffer[] = []
  #stalled: NodeJS.Timeout | undefined
  readonly #onReady: () => void

  /** @param onReady called when it can take the next page, after it could not */
  constructor({ userId, principal, stream, position }: ListenerOptions, onReady: () => void) {
    this.userId = userId
    this.principal = principal
    this.stream = stream
    this.position = position
    this.#onReady = onReady
    stream.onDrain = () => this.#drained()
    stream.once('close', () => this.#forget())
  }

  /** Whether it can take a page. */
  get isReady(): boolean {
    return !this.stream.isEnded && this.#stalled === undefined
  }

  /** The first event: where the stream begins. */
  begin(): void {
    const cursor = this.#cursor
    this.stream.event({ event: 'ready', id: cursor, data: { cursor } })
  }

  take(frames: readonly Buffer[], { next }: ChangePage): void {
    this.position = next
    this.#send(frames)
  }

  /** The client has to read everything again; the stream continues from another position. */
  resync(position: SyncPosition): void {
    this.position = position
    this.stream.event({ event: 'resync', id: this.#cursor, data: { reason: 'cursor_expired' satisfies ResyncReason } })
  }

  end(reason: EndReason): void {
    this.#forget()
    this.stream.end(reason)
  }

  get #cursor(): string {
    return syncCursor(this.userId, this.position)
  }

  #send(frames: readonly Buffer[]): void {
    const full = frames.findIndex((frame) => !this.stream.send(frame))
    this.#waiting = full < 0 ? [] : frames.slice(full + 1)
    if (full < 0 || this.stream.isEnded) return
    this.#stalled = setTimeout(() => this.#giveUp(), STALLED_MAX_MS).unref()
  }

  #drained(): void {
    if (this.#stalled === undefined) return
    clearTimeout(this.#stalled)
    this.#stalled = undefined
    this.#send(this.#waiting)
    if (this.isReady) this.#onReady()
  }

  /** The client continues from the last event that it has. */
  #giveUp(): void {
    this.stream.event({ event: 'resync', data: { reason: 'slow' satisfies ResyncReason } })
    this.end('slow')
  }

  #forget(): void {
    clearTimeout(this.#stalled)
    this.#stalled = undefined
    this.#waiting = []
  }
}
