import type { FastifyInstance, RouteOptions } from 'fastify'

/** The routes by the operationId of the OpenAPI document, for features that offer them in another form. */
export type Operations = ReadonlyMap<string, RouteOptions>

/** Records each route as it is added. Must be called before the first route is added. */
export function watchOperations(app: Pick<FastifyInstance, 'addHook'>): Operations {
  const operations = new Map<string, RouteOptions>()
  app.addHook('onRoute', (route) => {
    const id = route.schema?.operationId
    // The framework adds a HEAD route for each GET route.
    if (id !== undefined && route.method !== 'HEAD') operations.set(id, route)
  })
  return operations
}
