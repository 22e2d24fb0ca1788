import type { FastifyInstance, FastifyRequest } from 'fastify'

type Route = FastifyRequest['routeOptions']

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by {@link routeOf}. */
    matchedRoute: Route | null
  }
}

export function keepRoutes(app: Pick<FastifyInstance, 'decorateRequest'>): void {
  app.decorateRequest('matchedRoute', null)
}

/**
 * The route of a request, or that of refusals where it has none. Fastify makes a new object each time `routeOptions` is read, and a request is
 * asked for it a dozen times. A request that the router refused lacks the member until it is set here.
 */
export const routeOf = (request: FastifyRequest): Route => (request.matchedRoute ??= request.routeOptions)
