import type { FastifyRequest } from 'fastify'
import type { RequestSpan, Tracer } from '../observer.ts'
import { RequestLogger, wholeStatus } from './request-log.ts'
import { isTrusted } from '../principal.ts'
import type { App } from './app.ts'
import { routeOf } from './route.ts'

declare module 'fastify' {
  interface FastifyRequest {
    span: RequestSpan | null
  }
}

/**
 * A span for each request, named by the template of its route, because paths contain ids. The request's log lines have the ids of
 * the span. A service is authenticated by now, so its `traceparent` decides whether the trace is recorded; that of others does not.
 */
export function traceRequests(app: App, tracer: Tracer): void {
  app.decorateRequest('span', null)
  app.addHook('onRequest', (request, reply, done) => {
    // Probes, metrics and documents would be most of the recorded spans. An inner request is in the span of the outer one.
    if (routeOf(request).config.unlimited === true || request.outer !== null) return done()
    const span = tracer.request(
      { name: nameOf(request), attributes: attributesOf(request, routeOf(request).url) },
      request.headers,
      request.principal !== null && isTrusted(request.principal),
    )
    request.span = span
    request.log = new RequestLogger(request.log, span.ids)
    reply.raw.once('close', () => span.end(wholeStatus(reply.raw)))
    span.run(done)
  })
  // The body arrives by events of the connection, which run outside the request's context.
  app.addHook('preValidation', ({ span }, _reply, done) => (span === null ? done() : span.run(done)))
}

const nameOf = (request: FastifyRequest): string => {
  const { url } = routeOf(request)
  return url === undefined ? request.method : `${request.method} ${url}`
}

const attributesOf = ({ method, id, protocol, principal, raw }: FastifyRequest, url: string | undefined) => ({
  'http.request.method': method,
  ...(url !== undefined && { 'http.route': url }),
  'http.response.header.x-request-id': [id],
  'url.scheme': protocol,
  'network.protocol.version': raw.httpVersion,
  principal: principal?.kind ?? 'none',
})
