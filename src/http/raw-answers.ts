import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import type { Problem } from '../errors.ts'
import type { Observer } from '../observer.ts'
import type { Links } from './links.ts'
import { LINGER_MS, PROBLEM_JSON, pathOf, problemBody, requestIdOf } from './problem.ts'

/** Answers to bytes that never became a request, which Fastify does not see. */
export class RawAnswers {
  readonly #headers: Readonly<Record<string, string>>
  readonly #links: Links
  readonly #log: FastifyBaseLogger
  readonly #observer: Observer

  /**
   * @param headers the headers of every answer
   * @param log for the lines of refusals that never became a request; a request logs its own
   */
  constructor(headers: Readonly<Record<string, string>>, links: Links, log: FastifyBaseLogger, observer: Observer) {
    this.#headers = headers
    this.#links = links
    this.#log = log
    this.#observer = observer
  }

  /**
   * Writes an HTTP/1.1 answer directly to the socket and closes it, because bytes after a fault cannot be trusted.
   *
   * @returns the id of the request
   */
  close(socket: Socket, problem: Problem, request?: IncomingMessage): string {
    this.#observer.refused(problem.code)
    const requestId = requestIdOf(request)
    // The target of CONNECT is a host, not a path.
    const path = request === undefined || request.method === 'CONNECT' ? '/' : pathOf(request.url ?? '/')
    const body = problemBody(problem, this.#links, { path, requestId })
    const head = {
      ...this.#headers,
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
  conclude({ status }: Problem, method: string | null, reqId: string): void {
    this.#log.info({ reqId, method, route: null, status }, 'request')
    this.#observer.requestEnded(method ?? undefined, undefined, status, 0)
  }
}
