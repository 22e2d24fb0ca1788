import type { ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import type { Bindings } from 'pino'
import { isDryRun } from './dry-run.ts'
import { routeOf } from './route.ts'

type Write = Parameters<FastifyBaseLogger['info']>

/**
 * The logger of a request. Its child logger is created at the first use: creating one costs as much as a log line, and most requests
 * have only the line of {@link logRequest}, which does not need it.
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

declare module 'fastify' {
  interface FastifyRequest {
    /** Members that the route adds to the log line of the request: words of the service, never text of a client. */
    loggedAs: Readonly<Record<string, string>> | null
  }
}

/** One line for each request. Of what the client sent it has only a valid request id and the user that a service named. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  // A stream counts from its beginning: its client may leave it at any time.
  const whole = request.openedAfterMs === null ? wholeStatus(reply.raw) : reply.statusCode
  const route = routeOf(request).url
  const seconds = (request.openedAfterMs ?? reply.elapsedTime) / 1000
  request.server.observer.requestEnded(request.method, route, whole, seconds)
  request.server.log.info(
    {
      reqId: request.id,
      ...request.span?.ids,
      method: request.method,
      route: route ?? null,
      principal: request.principal?.kind ?? 'none',
      actor: request.principal?.actor.name ?? undefined,
      userId: request.admitted?.userId,
      // Null if the client left before it had the whole answer, as in metrics and traces.
      status: whole ?? null,
      ...request.loggedAs,
      ...(isDryRun(request) && { dryRun: true }),
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      ...(whole === undefined && { aborted: true }),
    },
    'request',
  )
}

/**
 * The status of a finished answer; undefined if its client did not get all of it. An answer that was written directly to the socket
 * has `headersSent` false and counts as received.
 */
export function wholeStatus(response: ServerResponse): number | undefined {
  const { headersSent, writableFinished, writableEnded, statusCode } = response
  // An injected request (`app.inject`) has no connection that could be lost.
  const isSent = writableFinished || (writableEnded && 'isLightMyRequest' in response)
  const isAnswered = headersSent || statusCode >= 400
  return headersSent === isSent && isAnswered ? statusCode : undefined
}
