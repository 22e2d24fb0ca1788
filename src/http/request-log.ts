import type { ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'

/** For what is logged of a request besides its line. */
export const logOf = (request: FastifyRequest): FastifyBaseLogger => request.log.child({ reqId: request.id })

/** One line a request, with nothing of what was sent but a sane request id, and the user that a service named. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode, headersSent } = reply.raw
  const isAnswered = headersSent || statusCode >= 400
  const whole = wholeStatus(reply.raw)
  const route = request.routeOptions.url
  request.server.observer.requestEnded(request.method, route, whole, reply.elapsedTime / 1000)
  request.log.info(
    {
      reqId: request.id,
      method: request.method,
      route: route ?? null,
      principal: request.principal?.kind ?? 'none',
      service: request.principal?.kind === 'service' ? request.principal.service : undefined,
      userId: request.admitted?.userId,
      // Of a client that went away before there was any: null. One that went away during its answer is `aborted` too.
      status: isAnswered ? statusCode : null,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      ...(whole === undefined && { aborted: true }),
    },
    'request',
  )
}

/**
 * The status of an answer that is over, if its client had all of it. One that was written past it, on the bare socket, has
 * sent no headers, and counts as had.
 */
export function wholeStatus({ headersSent, writableFinished, statusCode }: ServerResponse): number | undefined {
  const isAnswered = headersSent || statusCode >= 400
  return headersSent === writableFinished && isAnswered ? statusCode : undefined
}
