import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { App } from './app.ts'
import { awaitsContinue } from './bodies.ts'
import type { Connections } from './connections.ts'
import { outerOf } from './inner-request.ts'
import { pathOf } from './problem.ts'
import { logRequest } from './request-log.ts'

const PRIVATE = 'private, no-store'

/** What every request has in common, also one that the router refuses: headers, its log line, and the state of its connection. */
export class Exchanges {
  readonly #headers: Readonly<Record<string, string>>
  readonly #connections: Connections
  /** Requests that were answered 100 Continue. */
  readonly #continued = new WeakSet<IncomingMessage>()

  /** @param headers the headers of every answer */
  constructor(headers: Readonly<Record<string, string>>, connections: Connections) {
    this.#headers = headers
    this.#connections = connections
  }

  /** Adds the hooks of requests that the router accepts. */
  addTo(app: App): void {
    app.addHook('onRequest', (request, reply, done) => {
      this.begin(request, reply)
      if (!this.abortIfLeft(request)) done()
    })
    app.addHook('onSend', (request, reply, _payload, done) => {
      this.endConnection(request, reply, app.draining)
      // An answer with an ETag may be stored by its client, which revalidates it with If-None-Match before each use.
      const isStored = reply.statusCode < 400 && reply.hasHeader('etag') && reply.getHeader('cache-control') === PRIVATE
      if (isStored) void reply.header('cache-control', 'private, no-cache')
      done()
    })
  }

  begin(request: FastifyRequest, reply: FastifyReply): void {
    // Not `onResponse`: that hook does not run if the client has left, nor for refusals of the router.
    if (outerOf(request.raw) === null) reply.raw.once('close', () => logRequest(request, reply))
    void reply.headers({ ...this.#headers, 'x-request-id': request.id })
    const { authorization, 'x-service-auth': service } = request.headers
    const isPrivate = authorization !== undefined || service !== undefined
    if (isPrivate || pathOf(request.raw.url ?? '').startsWith('/api/')) {
      void reply.header('cache-control', PRIVATE)
    }
  }

  /** Does no work for a client that has left. Destroying its connection writes the log line of the request. */
  abortIfLeft({ raw }: FastifyRequest): boolean {
    const hasLeft = this.#connections.hasLeft(raw)
    if (hasLeft) raw.socket.destroy()
    return hasLeft
  }

  /**
   * The last answer of a connection while the process drains says that it closes. So does an answer that comes instead of 100:
   * the client may send the body or leave it out, so that what follows could be read as either a body or a request.
   */
  endConnection({ raw }: FastifyRequest, reply: FastifyReply, isDraining: boolean): void {
    const isAmbiguous = raw.headers.expect !== undefined && !raw.complete && !this.#continued.has(raw)
    if (isAmbiguous || (isDraining && this.#connections.isLatest(raw))) void reply.header('connection', 'close')
  }

  /** Answers 100 to a client that waits for it before it sends its body. */
  continue({ raw }: FastifyRequest, reply: FastifyReply): void {
    if (!awaitsContinue(raw)) return
    this.#continued.add(raw)
    reply.raw.writeContinue()
  }
}
