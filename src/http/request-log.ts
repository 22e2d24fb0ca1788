import type { ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import type { Bindings } from 'pino'

type Write = Parameters<FastifyBaseLogger['info']>

/**
 * The logger of a request, which is made when it is first used. To make one costs as much as a line, and most requests have only
 * the line that {@link logRequest} writes without it.
 */
export class RequestLogger implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Bindings
  #made: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: Bindings) {
    this.#parent = parent
    this.#bindings = bindings
  }

  get #log(): FastifyBaseLogger {
    return (this.#made ??= this.#parent.child(this.#bindings))
  }

  get level(): string {
    return this.#parent.level
  }
  child(...of: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.#log.child(...of)
  }
  trace(...line: Write): void {
    this.#log.trace(...line)
  }
  debug(...line: Write): void {
    this.#log.debug(...line)
  }
  info(...line: Write): void {
    this.#log.info(...line)
  }
  warn(...line: Write): void {
    this.#log.warn(...line)
  }
  error(...line: Write): void {
    this.#log.error(...line)
  }
  fatal(...line: Write): void {
    this.#log.fatal(...line)
  }
  silent(...line: Write): void {
    this.#log.silent(...line)
  }
}

/** One line a request, with nothing of what was sent but a sane request id, and the user that a service named. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const whole = wholeStatus(reply.raw)
  const route = request.routeOptions.url
  request.server.observer.requestEnded(request.method, route, whole, reply.elapsedTime / 1000)
  request.server.log.info(
    {
      reqId: request.id,
      ...request.span?.ids,
      method: request.method,
      route: route ?? null,
      principal: request.principal?.kind ?? 'none',
      actor: request.principal?.actor.name ?? undefined,
      userId: request.admitted?.userId,
      // A client that left before it had its whole answer has no status, as in metrics and traces.
      status: whole ?? null,
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
export function wholeStatus(response: ServerResponse): number | undefined {
  const { headersSent, writableFinished, writableEnded, statusCode } = response
  // An injected request (`app.inject`) has no connection on which its answer could get lost.
  const isSent = writableFinished || (writableEnded && 'isLightMyRequest' in response)
  const isAnswered = headersSent || statusCode >= 400
  return headersSent === isSent && isAnswered ? statusCode : undefined
}
