import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { Problem, retryAfter } from '../errors.ts'

export const STREAMS_PER_USER_MAX = 5
export const STREAMS_PER_PROCESS_MAX = 1_000

/** Shorter than the idle timeouts of proxies (60 s) and than our own for silent connections. */
const HEARTBEAT_INTERVAL_MS = 15_000
/** Then the client reconnects, so that no stream outlives a deploy, a rebalancing or its credential for long. */
const AGE_MAX_MS = 60 * 60 * 1_000
/** Maximum bytes buffered in this process for one slow client; the kernel has buffers of its own. */
const BUFFERED_BYTES_MAX = 64 * 1024
/** How long the client has to read the rest of a stream that has ended. Then its connection is destroyed. */
const REST_MAX_MS = 10_000
/** The client's wait before it reconnects. Randomised, so that the clients of one process do not all reconnect at once. */
const RECONNECT_MIN_MS = 2_000
const RECONNECT_SPREAD_MS = 2_000

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Keeps proxies from delaying events by compressing or buffering them; nginx buffers without `x-accel-buffering: no`.
  'cache-control': 'private, no-store, no-transform',
  'x-accel-buffering': 'no',
}

declare module 'fastify' {
  interface FastifyRequest {
    /** How long the answer took to begin, in milliseconds, if it stays open as a stream; else null. */
    openedAfterMs: number | null
  }
}

/** Why a stream ended, in its last event: the client may reconnect at once, later, or only with another credential. */
export type EndReason = 'shutdown' | 'age' | 'credential' | 'slow'

export interface StreamEvent {
  readonly event: string
  /** The position at which a client continues after a reconnect (`Last-Event-ID`). */
  readonly id?: string
  /** Sent as one line of JSON. */
  readonly data: unknown
}

/** An event as it is sent (HTML Living Standard §9.2.6), for several streams. */
export function frameOf({ event, id, data }: StreamEvent): Buffer {
  const idLine = id === undefined ? '' : `id: ${id}\n`
  return Buffer.from(`event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`)
}

/** One answer of `text/event-stream` (HTML Living Standard §9.2). Ends itself when its client leaves. */
export class EventStream extends Readable {
  /** Called when the buffer has room again. */
  onDrain: () => void = () => undefined
  /** Called when its last event was buffered. The client may not have read it yet. */
  onEnd: () => void = () => undefined
  #endReason: EndReason | undefined

  constructor() {
    super({ highWaterMark: BUFFERED_BYTES_MAX, read: () => this.onDrain() })
    const reconnectMs = RECONNECT_MIN_MS + Math.round(Math.random() * RECONNECT_SPREAD_MS)
    this.push(`retry: ${reconnectMs}\n\n`)
  }

  /** @returns false when the client is too slow: the unread bytes exceed the buffer, and no more events should be sent */
  event(event: StreamEvent): boolean {
    return this.send(frameOf(event))
  }

  /** The same for an event that was made into a frame. */
  send(frame: Buffer): boolean {
    return !this.isEnded && this.push(frame)
  }

  /** Whether nothing more can be sent: it was ended, or its client has left. */
  get isEnded(): boolean {
    return this.#endReason !== undefined || this.destroyed
  }

  /** Undefined as long as it is open, and if its client has left. */
  get endReason(): EndReason | undefined {
    return this.#endReason
  }

  /** A comment, which keeps proxies from closing a silent connection. */
  heartbeat(): void {
    if (!this.isEnded && this.readableLength < BUFFERED_BYTES_MAX) this.push(':\n\n')
  }

  /** Sends a last event with the reason, then ends the answer. */
  end(reason: EndReason): void {
    if (this.isEnded) return
    this.event({ event: 'end', data: { reason } })
    this.#endReason = reason
    this.push(null)
    this.onEnd()
  }
}

export interface StreamBounds {
  readonly perUser: number
  readonly perProcess: number
  readonly heartbeatMs: number
  readonly ageMs: number
  readonly restMs: number
}

const BOUNDS: StreamBounds = {
  perUser: STREAMS_PER_USER_MAX,
  perProcess: STREAMS_PER_PROCESS_MAX,
  heartbeatMs: HEARTBEAT_INTERVAL_MS,
  ageMs: AGE_MAX_MS,
  restMs: REST_MAX_MS,
}

/** The open streams of this process: their bounds, their heartbeat, and their end when the process drains. */
export class Streams {
  readonly #bounds: StreamBounds
  readonly #open = new Map<EventStream, string>()
  #heartbeat: NodeJS.Timeout | undefined
  #draining = false

  constructor(bounds: Partial<StreamBounds> = {}) {
    this.#bounds = { ...BOUNDS, ...bounds }
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Begins an answer that stays open, and sends its headers.
   *
   * @throws Problem too_many_requests (429) when the user has too many streams; overloaded (503) when the process has, or
   *   drains
   */
  open(reply: FastifyReply, userId: string): EventStream {
    this.#refuseTooMany(userId)
    reply.request.openedAfterMs = reply.elapsedTime
    const stream = new EventStream()
    const age = setTimeout(() => stream.end('age'), this.#bounds.ageMs).unref()
    this.#open.set(stream, userId)
    this.#heartbeat ??= setInterval(() => this.#beat(), this.#bounds.heartbeatMs).unref()
    // Clients may close their side and still read (half-open connections), but one that reads events keeps both open.
    const leave = (): void => void stream.destroy()
    const { socket } = reply.raw
    socket?.once('end', leave)
    stream.once('close', () => {
      socket?.off('end', leave)
      clearTimeout(age)
      this.#open.delete(stream)
      if (this.#open.size > 0) return
      clearInterval(this.#heartbeat)
      this.#heartbeat = undefined
    })
    stream.onEnd = () => this.#limitRest(reply)
    void reply.headers(HEADERS).send(stream)
    // If the client has left before, neither event comes again.
    if (reply.raw.destroyed || socket?.readableEnded === true) leave()
    return stream
  }

  /** A client that reads nothing would otherwise keep the connection and its place among the streams forever. */
  #limitRest({ raw }: FastifyReply): void {
    const late = setTimeout(() => raw.destroy(), this.#bounds.restMs).unref()
    raw.once('close', () => clearTimeout(late))
  }

  /** Ends all streams and refuses new ones. */
  drain(): void {
    this.#draining = true
    for (const stream of this.#open.keys()) stream.end('shutdown')
  }

  #refuseTooMany(userId: string): void {
    const { perUser, perProcess } = this.#bounds
    if (this.#draining || this.#open.size >= perProcess) {
      throw new Problem('overloaded', 'The server has too many open event streams; try again shortly', retryAfter(1))
    }
    const own = [...this.#open.values()].filter((each) => each === userId).length
    if (own >= perUser) {
      throw new Problem('too_many_requests', `A user can have at most ${perUser} open event streams`, retryAfter(30))
    }
  }

  #beat(): void {
    for (const stream of this.#open.keys()) stream.heartbeat()
  }
}
