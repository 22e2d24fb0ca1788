import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { Problem, retryAfter } from '../errors.ts'
import type { InWork } from './overload.ts'
import type { App } from './app.ts'
import { routeOf } from './route.ts'
import type { Cost, Turn, Turns } from './turns.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the request has its turn; null if the route needs none. */
    turn: Turn | null
    /** Size of the body, once it has been read. */
    bodyBytes: number
  }
  interface FastifyContextConfig {
    /** The maximum number of rows that a request reads, writes or answers. One by default. */
    readonly rows?: (request: FastifyRequest) => number
    /** Whether it scans all rows of its user, however few it answers. False by default. */
    readonly scans?: (request: FastifyRequest) => boolean
  }
}

/** The assumed size of a user's rows until it is measured. */
const USUAL_ROW_BYTES = 1_024
/** The number of users whose row sizes the process remembers. */
const SIZES_MAX = 10_000
/** Factor by which the remembered size shrinks at most, if an answer has smaller rows: one small answer does not mean small rows. */
const REMEMBERED = 0.9
/** A request with more rows is long: its user has one in progress at a time. */
const SHORT_ROWS = 100

/** Maximum wait for a turn. With the work that follows it is shorter than usual timeouts of clients and proxies (60 s). */
const WAIT_MAX_MS = 50_000

/** A larger answer is sent in pieces of this many UTF-16 code units, each encoded when the previous one has been sent. */
const PIECE_LENGTH = 64 * 1024

/** Time limit for reading a large answer: this many milliseconds, and one more for each `READ_BYTES_PER_MS` bytes. */
const READ_WITHIN_MS = 30_000
const READ_BYTES_PER_MS = 64

/** The size of each user's rows, estimated from recent requests and answers. */
class RowSizes {
  readonly #bytes = new LRUCache<string, number>({ max: SIZES_MAX })

  of(user: string): number {
    return this.#bytes.get(user) ?? USUAL_ROW_BYTES
  }

  read(user: string, bytes: number): void {
    this.#bytes.set(user, Math.max(bytes, (this.#bytes.get(user) ?? 0) * REMEMBERED))
  }

  written(user: string, bytes: number): void {
    if (bytes > this.of(user)) this.#bytes.set(user, bytes)
  }
}

/**
 * Makes the requests of a user wait for one another and not for those of other users; {@link Turns} decides the order. A waiting
 * request does not count as in progress. It waits after admission and validation, so that refusals are immediate.
 */
export function shareFairly(
  app: App,
  turns: Turns,
  inWork: InWork,
  { waitMaxMs = WAIT_MAX_MS, readWithinMs = READ_WITHIN_MS }: { waitMaxMs?: number; readWithinMs?: number } = {},
): void {
  const sizes = new RowSizes()
  app.decorateRequest('turn', null)
  app.decorateRequest('bodyBytes', 0)
  app.addHook('preHandler', (request, reply, done) => {
    const user = userOf(request)
    if (user === undefined) return done()
    awaitTurn({ turns, inWork, waitMaxMs }, { request, reply, user, cost: costOf(request, user, sizes) }, done)
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    const text = typeof payload === 'string' && payload.length > PIECE_LENGTH ? payload : undefined
    const bytes = text === undefined ? lengthOf(payload) : Buffer.byteLength(text)
    if (request.turn !== null && reply.statusCode < 300) learn(request, bytes, sizes)
    endTurn(request, reply, bytes, readWithinMs)
    if (text === undefined || request.method === 'HEAD') return done(null, payload)
    void reply.header('content-length', bytes)
    done(null, Readable.from(piecesOf(text), { objectMode: false }))
  })
}

/**
 * The user whose turn the request takes; undefined if the route is unlimited, has its own limit or works by inner requests, or without a
 * credential.
 */
function userOf(request: FastifyRequest): string | undefined {
  const { config } = routeOf(request)
  const { principal, admitted } = request
  if (config.unlimited === true || config.waitsElsewhere === true || config.hasInnerRequests === true) return undefined
  if (principal === null) return undefined
  return admitted?.subject
}

function costOf(request: FastifyRequest, user: string, sizes: RowSizes): Cost {
  const { config } = routeOf(request)
  const { bodyBytes } = request
  const rows = config.rows?.(request) ?? 1
  return {
    bytes: () => bodyBytes + rows * sizes.of(user),
    bodyBytes,
    isLong: rows > SHORT_ROWS || config.scans?.(request) === true,
  }
}

interface Asking {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly user: string
  readonly cost: Cost
}

function awaitTurn(
  { turns, inWork, waitMaxMs }: { turns: Turns; inWork: InWork; waitMaxMs: number },
  { request, reply, user, cost }: Asking,
  done: (refusal?: Problem) => void,
): void {
  // The client left during admission. The response has emitted 'close' already and will not do so again.
  if (reply.raw.destroyed) return done(waitedTooLong())
  let stopWaiting = (): void => undefined
  const withdraw = turns.request(user, cost, (turn) => {
    stopWaiting()
    request.turn = turn
    done()
  })
  if (withdraw === undefined) return
  if (typeof withdraw === 'string') return done(mayNotWait(withdraw))
  const inProgress = request.outer ?? request
  inWork.pause(inProgress)
  const giveUp = (): void => {
    withdraw()
    stopWaiting()
    done(waitedTooLong())
  }
  const timer = setTimeout(giveUp, waitMaxMs)
  reply.raw.once('close', giveUp)
  stopWaiting = () => {
    clearTimeout(timer)
    reply.raw.off('close', giveUp)
    inWork.resume(inProgress)
  }
}

const mayNotWait = (whose: 'user' | 'all'): Problem =>
  whose === 'user'
    ? new Problem('too_many_requests', 'Too many of your requests are waiting; send fewer at once', retryAfter(1))
    : new Problem('overloaded', 'Too many requests are waiting; try again shortly', retryAfter(1))

const waitedTooLong = (): Problem =>
  new Problem(
    'overloaded',
    'The request waited too long for other requests of its user, or for large answers that clients have not read; send fewer at once',
    retryAfter(1),
  )

/** An answer says how large rows are where many were asked for, and a body where it holds them. */
function learn(request: FastifyRequest, answerBytes: number, sizes: RowSizes): void {
  const user = userOf(request)
  const rows = routeOf(request).config.rows?.(request) ?? 1
  if (user === undefined || rows < 1) return
  if (request.bodyBytes > 0) sizes.written(user, request.bodyBytes / rows)
  else if (rows > 1) sizes.read(user, answerBytes / rows)
}

function endTurn(request: FastifyRequest, reply: FastifyReply, bytes: number, readWithinMs: number): void {
  const { turn } = request
  if (turn === null) return
  turn.done(bytes)
  if (bytes <= PIECE_LENGTH) return
  const { raw } = reply
  if (raw.destroyed || raw.closed) return turn.end()
  const timer = setTimeout(() => raw.destroy(), readWithinMs + bytes / READ_BYTES_PER_MS)
  raw.once('close', () => {
    clearTimeout(timer)
    turn.end()
  })
}

const lengthOf = (payload: unknown): number =>
  typeof payload === 'string' || payload instanceof Uint8Array ? payload.length : 0

/** Encodes piece by piece, so that for a slow client only the text is in memory. Does not split surrogate pairs. */
function* piecesOf(text: string): Generator<Buffer> {
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + PIECE_LENGTH)
    const last = text.charCodeAt(end - 1)
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end--
    yield Buffer.from(text.slice(at, end))
    at = end
  }
}
