import { METHODS, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import { Problem } from '../errors.ts'
import type { Observer } from '../observer.ts'
import type { Links } from './links.ts'
import { headersTooLarge, MessageBytes, notHttp } from './message-bytes.ts'
import { LINGER_MS, PROBLEM_JSON, pathOf, problemBody, requestIdOf } from './problem.ts'

/** What the server's connections hold that Fastify does not see. */
export interface Connections {
  /** Answers what never became a request; for `clientErrorHandler`. */
  refuse(error: NodeJS.ErrnoException, socket: Socket): void
  watch(server: Server): void
  /** Why the request must not be served: what its bytes say, and Node's parser does not. */
  faultOf(request: IncomingMessage): Problem | undefined
  /** Whether the client had reset the connection of this request before the server accepted it. */
  hasLeft(request: IncomingMessage): boolean
  /** Whether nothing was asked on its connection after this request. */
  isLatest(request: IncomingMessage): boolean
  /** How many there are, and over how many requests without their whole answer came. */
  count(): { readonly open: number; readonly inFlight: number }
  /**
   * Closes the connections over which nothing is under way, but gives a new one the time to send its request. Node's own
   * closeIdleConnections() cuts an answer that is written but not sent yet, and spares a connection over which nothing has ever
   * come.
   */
  closeIdle(): void
  closeAll(): void
}

/** The request of a client that has just connected is on its way: a round trip over any network, and a handshake of TLS before it. */
const FIRST_BYTES_MS = 500

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly fault: Problem | undefined
}

interface Connection {
  readonly bytes: MessageBytes
  /** In the order in which they were asked. */
  readonly unanswered: Set<Exchange>
  latest: Exchange | undefined
  /** On the clock of `performance.now()`. */
  readonly openedAtMs: number
  /** How many bytes had come when it last was idle; more, and the next request is on its way. */
  idleAtBytes: number
}

/**
 * @param headers what every answer carries
 * @param log gets the line of whatever never became a request; a request has its own
 */
export function createConnections(
  headers: Readonly<Record<string, string>>,
  links: Links,
  log: FastifyBaseLogger,
  observer: Observer,
): Connections {
  const open = new Map<Socket, Connection>()
  const refused = new WeakSet<Socket>()

  /** Runs `act` when what was asked before on this connection has its answers: these come in order. */
  function inTurn(socket: Socket, { besides }: { besides?: Exchange | undefined }, act: () => void): void {
    const previous = [...(open.get(socket)?.unanswered ?? [])].findLast((each) => each !== besides)
    if (previous === undefined) act()
    else previous.response.once('close', act)
  }

  /** A whole HTTP/1.1 answer on a bare socket, which is then closed: nothing that follows can be trusted. */
  function close(socket: Socket, problem: Problem, request?: IncomingMessage): string {
    observer.refused(problem.code)
    const requestId = requestIdOf(request)
    // The target of CONNECT is a host, not a path.
    const path = request === undefined || request.method === 'CONNECT' ? '/' : pathOf(request.url ?? '/')
    const body = problemBody(problem, links, { path, requestId })
    const head = {
      ...headers,
      ...problem.headers,
      'cache-control': 'private, no-store',
      'content-type': PROBLEM_JSON,
      'content-length': String(Buffer.byteLength(body)),
      'x-request-id': requestId,
      date: new Date().toUTCString(),
      connection: 'close',
    }
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`)
    const linger = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(linger))
    socket.resume()
    return requestId
  }

  /** What a request does when it is over, for what is none. */
  function conclude({ status }: Problem, method: string | null, reqId: string): void {
    log.info({ reqId, method, route: null, status }, 'request')
    observer.requestEnded(method ?? undefined, undefined, status, 0)
  }

  function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    // Node reports every further packet of a broken connection again.
    if (refused.has(socket)) return
    if (error.code === 'ECONNRESET') {
      refused.add(socket)
      return void socket.destroy()
    }
    refuseWith(parserProblem(error), socket)
  }

  function refuseWith(problem: Problem, socket: Socket): void {
    refused.add(socket)
    const latest = open.get(socket)?.latest
    // The fault is in the body of a request that is not all here yet, or in what should have been the next one.
    const faulty = latest?.request.complete === false ? latest : undefined
    inTurn(socket, { besides: faulty }, () => {
      // Whatever has its answer, or the head of one, must not get a second.
      if (!socket.writable || faulty?.response.headersSent === true) return socket.destroySoon()
      const reqId = close(socket, problem, faulty?.request)
      // For the line that the request writes when its answer is over.
      if (faulty !== undefined) faulty.response.statusCode = problem.status
      else conclude(problem, null, reqId)
    })
  }

  /** Puts the count of bytes before Node's parser, which gets none of a connection that has been refused. */
  function countBytes(socket: Socket, bytes: MessageBytes): void {
    const parsers = socket.listeners('data')
    socket.removeAllListeners('data')
    socket.on('data', (data) => {
      if (refused.has(socket)) return
      // A string only under an encoding, which Node's HTTP server lets nobody set.
      const read = data as NonSharedBuffer
      const problem = bytes.received(read)
      if (problem !== undefined) return refuseWith(problem, socket)
      for (const parse of parsers) parse.call(socket, read)
    })
  }

  /** Refuses a request that Fastify does not get, and everything behind it on its connection. */
  function refuseUnserved(request: IncomingMessage, problem: Problem): void {
    const { socket } = request
    const latest = open.get(socket)?.latest
    refused.add(socket)
    inTurn(socket, { besides: latest?.request === request ? latest : undefined }, () => {
      conclude(problem, request.method ?? null, close(socket, problem, request))
    })
  }

  /** CONNECT, for which Node lets go of the socket: without a listener for its errors a reset would end the process. */
  function refuseTunnel(request: IncomingMessage): void {
    request.socket.on('error', () => request.socket.destroy())
    const detail = 'This is no proxy: CONNECT is not possible'
    refuseUnserved(request, new Problem('method_not_allowed', detail, { headers: { allow: '' } }))
  }

  /** Node's parser takes the methods of RTSP too. For Fastify they do not exist, not even to be refused by its hooks. */
  function keepFromFastify(server: Server): void {
    const listeners = server.listeners('request')
    server.removeAllListeners('request')
    server.on('request', (request, response) => {
      if (refused.has(request.socket)) return
      if (!METHODS.includes(request.method ?? '')) return refuseUnserved(request, notHttp())
      for (const serve of listeners) serve.call(server, request, response)
    })
  }

  return {
    refuse,
    watch(server) {
      // A client may close its side once it has asked, and still wants its answer. Node has the switch, its types do not.
      Object.assign(server, { httpAllowHalfOpen: true })
      server.on('connection', (socket) => {
        // Node keeps the address once it was read, and cannot find it out any more after a reset.
        void socket.remoteAddress
        const bytes = new MessageBytes()
        countBytes(socket, bytes)
        open.set(socket, {
          bytes,
          unanswered: new Set(),
          latest: undefined,
          openedAtMs: performance.now(),
          idleAtBytes: 0,
        })
        socket.once('close', () => open.delete(socket))
      })
      keepFromFastify(server)
      server.prependListener('request', (request, response) => {
        const connection = open.get(request.socket)
        if (connection === undefined) return
        const exchange = { request, response, fault: connection.bytes.begun(request, response) }
        connection.latest = exchange
        connection.unanswered.add(exchange)
        response.once('close', () => {
          connection.unanswered.delete(exchange)
          connection.idleAtBytes = request.socket.bytesRead
        })
      })
      server.on('connect', refuseTunnel)
    },
    faultOf: (request) => open.get(request.socket)?.latest?.fault,
    hasLeft: ({ socket }) => socket.remoteAddress === undefined,
    isLatest: (request) => open.get(request.socket)?.latest?.request === request,
    count: () => ({
      open: open.size,
      inFlight: [...open.values()].reduce((sum, each) => sum + each.unanswered.size, 0),
    }),
    closeIdle() {
      const newSinceMs = performance.now() - FIRST_BYTES_MS
      for (const [socket, { unanswered, openedAtMs, idleAtBytes }] of open) {
        const isNew = socket.bytesRead === 0 && openedAtMs > newSinceMs
        if (unanswered.size === 0 && socket.bytesRead === idleAtBytes && !isNew) socket.destroy()
      }
    },
    closeAll() {
      for (const socket of open.keys()) socket.destroy()
    },
  }
}

/** What Node's HTTP parser gave up on, by its code. */
const PARSER_REFUSALS: Readonly<Record<string, () => Problem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: () => new Problem('request_timeout', 'The request did not arrive in time'),
  HPE_HEADER_OVERFLOW: headersTooLarge,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => new Problem('body_too_large', 'The chunk extensions are too large'),
}

const parserProblem = ({ code = '' }: NodeJS.ErrnoException): Problem =>
  PARSER_REFUSALS[code]?.() ?? new Problem('malformed_request', 'The request is not valid HTTP/1.1')
