import type { FastifyRequest } from 'fastify'
import type { RequestSpan, Tracer } from '../observer.ts'
import { RequestLogger, wholeStatus } from './request-log.ts'
import { isTrusted } from '../principal.ts'
import type { App } from './app.ts'

declare module 'fastify' {
  interface FastifyRequest {
    span: RequestSpan | null
  }
}

/**
 * A span for each request from here on, under the template of its route: a path holds ids. Its log lines carry the ids of
 * the span. A service has proven itself by now, so its word counts for what is recorded; anybody else's does not.
 */
export function traceRequests(app: App, tracer: Tracer): void {
  app.decorateRequest('span', null)
  app.addHook('onRequest', (request, reply, done) => {
    // Probes, metrics and documents, which would be most of what is recorded.
    if (request.routeOptions.config.unlimited === true) return done()
    const span = tracer.request(
      { name: nameOf(request), attributes: attributesOf(request) },
      request.headers,
      request.principal !== null && isTrusted(request.principal),
    )
    request.span = span
    request.log = new RequestLogger(request.log, span.ids)
    reply.raw.once('close', () => span.end(wholeStatus(reply.raw)))
    span.run(done)
  })
  // A body comes by events of its connection, which know nothing of the request.
  app.addHook('preValidation', ({ span }, _reply, done) => (span === null ? done() : span.run(done)))
}

const nameOf = ({ method, routeOptions: { url } }: FastifyRequest): string =>
  url === undefined ? method : `${method} ${url}`

const attributesOf = ({ method, id, protocol, principal, raw, routeOptions: { url } }: FastifyRequest) => ({
  'http.request.method': method,
  ...(url !== undefined && { 'http.route': url }),
  'http.response.header.x-request-id': [id],
  'url.scheme': protocol,
  'network.protocol.version': raw.httpVersion,
  principal: principal?.kind ?? 'none',
})
