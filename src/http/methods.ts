import type { App } from './server.ts'

/** The methods possible at a path, sorted; empty when there is nothing. */
export type MethodsAt = (path: string) => readonly string[]

/** Remembers each route as it is added, for `405` and its `Allow`. Must run before the first one is. */
export function watchRoutes(app: App): MethodsAt {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    // A route for every path says nothing about this one.
    if (url === '*') return
    const route = routes.get(url) ?? { pattern: patternOf(url), methods: new Set() }
    for (const each of [method].flat()) route.methods.add(each.toUpperCase())
    routes.set(url, route)
  })
  return (path) => {
    const matching = [...routes.values()].filter(({ pattern }) => pattern.test(path))
    return [...new Set(matching.flatMap(({ methods }) => [...methods]))].sort()
  }
}

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:\w+/g, '[^/]+')
      .replace(/\*$/, '.*')}/?$`,
  )
