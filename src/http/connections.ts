import { METHODS, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Problem } from '../errors.ts'
import { headersTooLarge, MessageBytes, notHttp } from './message-bytes.ts'
import type { RawAnswers } from './raw-answers.ts'

/**
 * How long a new connection may take to send its first byte. A proxy may open it before a TLS handshake with its own client, which
 * takes two round trips, and one more for the request. Each takes 600 ms over a satellite.
 */
export const FIRST_BYTES_MS = 2_000

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly fault: Problem | undefined
}

interface Connection {
  readonly bytes: MessageBytes
  /** In order of arrival. */
  readonly unanswered: Set<Exchange>
  latest: Exchange | undefined
  /** On the clock of `performance.now()`. */
  readonly openedAtMs: number
  /** The bytes received up to the end of the last request that was answered. If more have arrived, a request is on its way. */
  idleAtBytes: number
}

/** State of the server's connections that Fastify does not track. */
export class Connections {
  readonly #answers: RawAnswers
  readonly #open = new Map<Socket, Connection>()
  readonly #refused = new WeakSet<Socket>()

  constructor(answers: RawAnswers) {
    this.#answers = answers
  }

  watch(server: Server): void {
    // A client may close its side after its request and still read the answer. The option is missing from Node's types.
    Object.assign(server, { httpAllowHalfOpen: true })
    server.on('connection', (socket) => this.#track(socket))
    this.#keepFromFastify(server)
    server.prependListener('request', (request, response) => this.#trackExchange(request, response))
    server.on('connect', (request) => this.#refuseTunnel(request))
  }

  /** Answers bytes that are not a valid request; for `clientErrorHandler`. */
  refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    // Node reports each further packet of a broken connection as an error.
    if (this.#refused.has(socket)) return
    if (error.code === 'ECONNRESET') {
      this.#refused.add(socket)
      return void socket.destroy()
    }
    this.#refuseWith(parserProblem(error), socket)
  }

  /** Why the request must be refused, according to its raw bytes, which Node's parser does not expose. */
  faultOf({ socket }: IncomingMessage): Problem | undefined {
    return this.#open.get(socket)?.latest?.fault
  }

  /** Whether the client had reset the connection of this request before the server accepted it. */
  hasLeft({ socket }: IncomingMessage): boolean {
    return socket.remoteAddress === undefined
  }

  /** Whether this is the last request on its connection so far. */
  isLatest(request: IncomingMessage): boolean {
    return this.#open.get(request.socket)?.latest?.request === request
  }

  /** The number of open connections, and of requests whose answer is not complete. */
  count(): { readonly open: number; readonly inFlight: number } {
    const inFlight = [...this.#open.values()].reduce((sum, each) => sum + each.unanswered.size, 0)
    return { open: this.#open.size, inFlight }
  }

  /**
   * Closes idle connections, but gives a new one time to send its request. Node's closeIdleConnections() would cut an answer that is
   * written but not sent yet, and would keep a connection that has never sent anything.
   *
   * It waits until the event loop has read from all connections, because closing one with unread bytes resets it. A connection whose
   * time ends during this wait stays open: its request may have arrived after the read.
   */
  closeIdle(): void {
    const newSinceMs = performance.now() - FIRST_BYTES_MS
    setImmediate(() => {
      for (const [socket, { unanswered, openedAtMs, idleAtBytes }] of this.#open) {
        const isNew = socket.bytesRead === 0 && openedAtMs > newSinceMs
        if (unanswered.size === 0 && socket.bytesRead === idleAtBytes && !isNew) socket.destroy()
      }
    })
  }

  closeAll(): void {
    for (const socket of this.#open.keys()) socket.destroy()
  }

  #track(socket: Socket): void {
    // Reading the address makes Node cache it; after a reset it can no longer be determined.
    void socket.remoteAddress
    const bytes = new MessageBytes()
    this.#countBytes(socket, bytes)
    this.#open.set(socket, {
      bytes,
      unanswered: new Set(),
      latest: undefined,
      openedAtMs: performance.now(),
      idleAtBytes: 0,
    })
    socket.once('close', () => this.#open.delete(socket))
  }

  #trackExchange(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#open.get(request.socket)
    if (connection === undefined) return
    const exchange = { request, response, fault: connection.bytes.begun(request, response) }
    connection.latest = exchange
    connection.unanswered.add(exchange)
    response.once('close', () => {
      connection.unanswered.delete(exchange)
      connection.idleAtBytes = request.socket.bytesRead - connection.bytes.ofNextHead()
    })
  }

  /** Counts bytes before Node's parser gets them. After a refusal the parser gets no more. */
  #countBytes(socket: Socket, bytes: MessageBytes): void {
    const parsers = socket.listeners('data')
    socket.removeAllListeners('data')
    socket.on('data', (data) => {
      if (this.#refused.has(socket)) return
      // It would be a string only with an encoding, which Node's HTTP server does not allow to be set.
      const read = data as NonSharedBuffer
      const problem = bytes.received(read)
      if (problem !== undefined) return this.#refuseWith(problem, socket)
      for (const parse of parsers) parse.call(socket, read)
    })
  }

  /** Runs `act` when the earlier requests on this connection have been answered, because answers must be in order. */
  #inTurn(socket: Socket, except: Exchange | undefined, act: () => void): void {
    const previous = [...(this.#open.get(socket)?.unanswered ?? [])].findLast((each) => each !== except)
    if (previous === undefined) act()
    else previous.response.once('close', act)
  }

  #refuseWith(problem: Problem, socket: Socket): void {
    this.#refused.add(socket)
    const latest = this.#open.get(socket)?.latest
    // The fault is in the body of an incomplete request, or else in the bytes of the next one.
    const faulty = latest?.request.complete === false ? latest : undefined
    this.#inTurn(socket, faulty, () => {
      // A request that has an answer, or the head of one, must not get a second.
      if (!socket.writable || faulty?.response.headersSent === true) return socket.destroySoon()
      const reqId = this.#answers.close(socket, problem, faulty?.request)
      // The request logs this status when its response closes.
      if (faulty !== undefined) faulty.response.statusCode = problem.status
      else this.#answers.conclude(problem, null, reqId)
    })
  }

  /** Refuses a request that Fastify does not get, and everything behind it on its connection. */
  #refuseUnserved(request: IncomingMessage, problem: Problem): void {
    const { socket } = request
    const latest = this.#open.get(socket)?.latest
    this.#refused.add(socket)
    this.#inTurn(socket, latest?.request === request ? latest : undefined, () => {
      this.#answers.conclude(problem, request.method ?? null, this.#answers.close(socket, problem, request))
    })
  }

  /** Refuses CONNECT. Node detaches its socket: without an error listener a reset would crash the process. */
  #refuseTunnel(request: IncomingMessage): void {
    request.socket.on('error', () => request.socket.destroy())
    const detail = 'CONNECT is not supported: this server is not a proxy'
    this.#refuseUnserved(request, new Problem('method_not_allowed', detail, { headers: { allow: '' } }))
  }

  /** Node's parser also accepts the methods of RTSP. Fastify does not know them and would not run hooks for them. */
  #keepFromFastify(server: Server): void {
    const listeners = server.listeners('request')
    server.removeAllListeners('request')
    server.on('request', (request, response) => {
      if (this.#refused.has(request.socket)) return
      if (!METHODS.includes(request.method ?? '')) return this.#refuseUnserved(request, notHttp())
      for (const serve of listeners) serve.call(server, request, response)
    })
  }
}

/** Refusals by the error code of Node's HTTP parser. */
const PARSER_REFUSALS: Readonly<Record<string, () => Problem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: () => new Problem('request_timeout', 'The request did not arrive in time'),
  HPE_HEADER_OVERFLOW: headersTooLarge,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => new Problem('body_too_large', 'The chunk extensions are too large'),
}

const parserProblem = ({ code = '' }: NodeJS.ErrnoException): Problem =>
  PARSER_REFUSALS[code]?.() ?? new Problem('malformed_request', 'The request is not valid HTTP/1.1')
