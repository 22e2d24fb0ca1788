import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fastify } from 'fastify'
import { watchRoutes, type MethodsAt } from './methods.ts'
import type { App } from './server.ts'

function methodsOf(routes: readonly (readonly [method: string | string[], url: string])[]): MethodsAt {
  // Of the application only its hook for routes is used.
  const app = fastify() as unknown as App
  const methodsAt = watchRoutes(app)
  for (const [method, url] of routes) app.route({ method, url, handler: async () => 'ok' })
  return methodsAt
}

suite('the methods possible at a path', () => {
  const methodsAt = methodsOf([
    ['GET', '/tasks'],
    ['POST', '/tasks'],
    ['GET', '/tasks/:id'],
    ['DELETE', '/tasks/:id'],
    ['PATCH', '/tasks/:id/complete'],
    [['PUT', 'POST'], '/both'],
    ['GET', '/openapi.json'],
    ['GET', '/docs/*'],
    ['OPTIONS', '*'],
  ])
  const cases: readonly [path: string, methods: readonly string[]][] = [
    ['/tasks', ['GET', 'HEAD', 'POST']],
    ['/tasks/', ['GET', 'HEAD', 'POST']],
    ['/tasks/1', ['DELETE', 'GET', 'HEAD']],
    ['/tasks/1/', ['DELETE', 'GET', 'HEAD']],
    ['/tasks/a%2Fb', ['DELETE', 'GET', 'HEAD']],
    ['/tasks/1/complete', ['PATCH']],
    ['/both', ['POST', 'PUT']],
    ['/openapi.json', ['GET', 'HEAD']],
    ['/docs/', ['GET', 'HEAD']],
    ['/docs/a/b.js', ['GET', 'HEAD']],
    ['/openapixjson', []],
    ['/', []],
    ['', []],
    ['*', []],
    ['/task', []],
    ['/tasks1', []],
    ['/x/tasks', []],
    ['/TASKS', []],
    ['/tasks//', []],
    ['/tasks/1/2', []],
    ['/tasks\n', []],
  ]
  for (const [path, methods] of cases) {
    test(`${JSON.stringify(path)} has ${methods.join(', ') || 'none'}, sorted, each once`, () => {
      assert.deepEqual(methodsAt(path), methods)
    })
  }
})
