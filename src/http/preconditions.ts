import type { FastifyRequest, RouteOptions } from 'fastify'
import { Problem } from '../errors.ts'
import type { App } from './app.ts'
import { isWrite } from './methods.ts'

/**
 * Makes every write under `/api` that is registered on `app` from here on refuse a condition that it would not check: a client that sends
 * one relies on it. `If-Match` is checked by the handlers of routes that declare it, whose resources have an ETag. `If-Match: *` is accepted
 * everywhere: it asks that the resource exists, which is 404 if it does not. No write checks `If-None-Match`.
 */
export function refuseUncheckedConditions(app: App): void {
  app.addHook('onRoute', (route) => {
    if (!isWrite(route) || !route.url.startsWith('/api/')) return
    const checksIfMatch = declaresIfMatch(route)
    const refuse = async ({ headers }: FastifyRequest): Promise<void> => {
      const ifMatch = headers['if-match']?.trim()
      if (!checksIfMatch && ifMatch !== undefined && ifMatch !== '*') {
        throw new Problem('invalid_header', 'If-Match must be * or left out: what this request writes has no ETag')
      }
      if (headers['if-none-match'] !== undefined) {
        throw new Problem('invalid_header', 'If-None-Match must be left out: writes do not check it')
      }
    }
    route.preHandler = [refuse, ...[route.preHandler ?? []].flat()]
  })
}

/** Whether the operation has the header in its schema. */
function declaresIfMatch({ schema }: RouteOptions): boolean {
  const { properties } = Object(schema?.headers) as { readonly properties?: object }
  return properties !== undefined && 'if-match' in properties
}
