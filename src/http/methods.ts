import type { FastifyRequest, RouteOptions } from 'fastify'
import { Problem } from '../errors.ts'
import { pathOf } from './problem.ts'
import type { App } from './app.ts'

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export const isWrite = ({ method }: RouteOptions): boolean => [method].flat().some((each) => WRITES.has(each))

export interface Methods {
  /** The methods of the routes at a path, sorted; empty if there is no route. */
  at(path: string): readonly string[]
  /**
   * Whether the path is that of a route without parameters which does not have this method. The router would then choose a route with
   * parameters: `GET /tasks/batch` would mean the task with the id `batch`.
   */
  lacks(method: string, path: string): boolean
}

/** Records each route as it is added, for `405` and its `Allow`. Must be called before the first route is added. */
export function watchRoutes(app: App): Methods {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { pattern: patternOf(url), methods: new Set() }
    for (const each of [method].flat()) route.methods.add(each.toUpperCase())
    routes.set(url, route)
  })
  const exact = (path: string) => routes.get(isPattern(path) ? '' : withoutSlash(path))
  return {
    at(path) {
      const fixed = exact(path)
      const matching = fixed ? [fixed] : [...routes.values()].filter(({ pattern }) => pattern.test(path))
      return [...new Set(matching.flatMap(({ methods }) => [...methods]))].sort()
    },
    lacks: (method, path) => exact(path)?.methods.has(method) === false,
  }
}

const withoutSlash = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)

const isPattern = (url: string): boolean => /[:*]/.test(url)

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:\w+/g, '[^/]+')
      .replace(/\*$/, '.*')}/?$`,
  )

/** 405 if the path has other methods, else 404. */
export function refuseUnknown(request: FastifyRequest, methods: Methods): never {
  const allowed = methods.at(pathOf(request.raw.url ?? '/'))
  if (allowed.length === 0) throw new Problem('not_found', 'There is no resource at this path')
  throw new Problem(
    'method_not_allowed',
    `This path does not support ${request.method}; it supports ${allowed.join(', ')}`,
    {
      headers: { allow: allowed.join(', ') },
    },
  )
}
