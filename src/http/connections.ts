import { METHODS, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import { Problem } from '../errors.ts'
import type { Observer } from '../observer.ts'
import type { Links } from './links.ts'
import { headersTooLarge, MessageBytes, notHttp } from './message-bytes.ts'
import { LINGER_MS, PROBLEM_JSON, pathOf, problemBody, requestIdOf } from './problem.ts'

/** State of the server's connections that Fastify does not track. */
export interface Connections {
  /** Answers bytes that are not a valid request; for `clientErrorHandler`. */
  refuse(error: NodeJS.ErrnoException, socket: Socket): void
  watch(server: Server): void
  /** Why the request must be refused, according to its raw bytes, which Node's parser does not expose. */
  faultOf(request: IncomingMessage): Problem | undefined
  /** Whether the client had reset the connection of this request before the server accepted it. */
  hasLeft(request: IncomingMessage): boolean
  /** Whether this is the last request on its connection so far. */
  isLatest(request: IncomingMessage): boolean
  /** The number of open connections, and of requests whose answer is not complete. */
  count(): { readonly open: number; readonly inFlight: number }
  /**
   * Closes idle connections, but gives a new one time to send its request. Node's closeIdleConnections() would cut an answer that is
   * written but not sent yet, and would keep a connection that has never sent anything.
   */
  closeIdle(): void
  closeAll(): void
}

/** How long a new connection may take to send its first byte: a TLS handshake at a proxy and a round trip over any network. */
const FIRST_BYTES_MS = 500

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
  /** The bytes received when it was last idle. If more have arrived, a request is on its way. */
  idleAtBytes: number
}

/**
 * @param headers the headers of every answer
 * @param log for the lines of refusals that never became a request; a request logs its own
 */
export function createConnections(
  headers: Readonly<Record<string, string>>,
  links: Links,
  log: FastifyBaseLogger,
  observer: Observer,
): Connections {
  const open = new Map<Socket, Connection>()
  const refused = new WeakSet<Socket>()

  /** Runs `act` when the earlier requests on this connection have been answered, because answers must be in order. */
  function inTurn(socket: Socket, { except }: { except?: Exchange | undefined }, act: () => void): void {
    const previous = [...(open.get(socket)?.unanswered ?? [])].findLast((each) => each !== except)
    if (previous === undefined) act()
    else previous.response.once('close', act)
  }

  /** Writes an HTTP/1.1 answer directly to the socket and closes it, because bytes after a fault cannot be trusted. */
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

  /** Logs and counts a refusal that never became a request. */
  function conclude({ status }: Problem, method: string | null, reqId: string): void {
    log.info({ reqId, method, route: null, status }, 'request')
    observer.requestEnded(method ?? undefined, undefined, status, 0)
  }

  function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    // Node reports each further packet of a broken connection as an error.
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
    // The fault is in the body of an incomplete request, or else in the bytes of the next one.
    const faulty = latest?.request.complete === false ? latest : undefined
    inTurn(socket, { except: faulty }, () => {
      // A request that has an answer, or the head of one, must not get a second.
      if (!socket.writable || faulty?.response.headersSent === true) return socket.destroySoon()
      const reqId = close(socket, problem, faulty?.request)
      // The request logs this status when its response closes.
      if (faulty !== undefined) faulty.response.statusCode = problem.status
      else conclude(problem, null, reqId)
    })
  }

  /** Counts bytes before Node's parser gets them. After a refusal the parser gets no more. */
  function countBytes(socket: Socket, bytes: MessageBytes): void {
    const parsers = socket.listeners('data')
    socket.removeAllListeners('data')
    socket.on('data', (data) => {
      if (refused.has(socket)) return
      // It would be a string only with an encoding, which Node's HTTP server does not allow to be set.
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
    inTurn(socket, { except: latest?.request === request ? latest : undefined }, () => {
      conclude(problem, request.method ?? null, close(socket, problem, request))
    })
  }

  /** Refuses CONNECT. Node detaches its socket: without an error listener a reset would crash the process. */
  function refuseTunnel(request: IncomingMessage): void {
    request.socket.on('error', () => request.socket.destroy())
    const detail = 'CONNECT is not supported: this server is not a proxy'
    refuseUnserved(request, new Problem('method_not_allowed', detail, { headers: { allow: '' } }))
  }

  /** Node's parser also accepts the methods of RTSP. Fastify does not know them and would not run hooks for them. */
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
      // A client may close its side after its request and still read the answer. The option is missing from Node's types.
      Object.assign(server, { httpAllowHalfOpen: true })
      server.on('connection', (socket) => {
        // Reading the address makes Node cache it; after a reset it can no longer be determined.
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

/** Refusals by the error code of Node's HTTP parser. */
const PARSER_REFUSALS: Readonly<Record<string, () => Problem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: () => new Problem('request_timeout', 'The request did not arrive in time'),
  HPE_HEADER_OVERFLOW: headersTooLarge,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => new Problem('body_too_large', 'The chunk extensions are too large'),
}

const parserProblem = ({ code = '' }: NodeJS.ErrnoException): Problem =>
  PARSER_REFUSALS[code]?.() ?? new Problem('malformed_request', 'The request is not valid HTTP/1.1')
