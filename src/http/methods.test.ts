import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fastify } from 'fastify'
import { watchRoutes, type Methods } from './methods.ts'
import type { App } from './app.ts'

function methodsOf(routes: readonly (readonly [method: string | string[], url: string])[]): Methods {
  // Only the onRoute hook of the application is used.
  const app = fastify() as unknown as App
  const methods = watchRoutes(app)
  for (const [method, url] of routes) app.route({ method, url, handler: async () => 'ok' })
  return methods
}

suite('the allowed methods of a path', () => {
  const possible = methodsOf([
    ['GET', '/tasks'],
    ['POST', '/tasks'],
    ['GET', '/tasks/:id'],
    ['DELETE', '/tasks/:id'],
    ['PATCH', '/tasks/:id/complete'],
    ['POST', '/tasks/batch'],
    [['PUT', 'POST'], '/both'],
    ['GET', '/openapi.json'],
    ['GET', '/docs/*'],
  ])
  const cases: readonly [path: string, methods: readonly string[]][] = [
    ['/tasks', ['GET', 'HEAD', 'POST']],
    ['/tasks/', ['GET', 'HEAD', 'POST']],
    ['/tasks/1', ['DELETE', 'GET', 'HEAD']],
    ['/tasks/1/', ['DELETE', 'GET', 'HEAD']],
    ['/tasks/a%2Fb', ['DELETE', 'GET', 'HEAD']],
    ['/tasks/1/complete', ['PATCH']],
    ['/tasks/batch', ['POST']],
    ['/tasks/batch/', ['POST']],
    ['/tasks/batch1', ['DELETE', 'GET', 'HEAD']],
    ['/tasks/:id', ['DELETE', 'GET', 'HEAD']],
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
    test(`${JSON.stringify(path)} has ${methods.join(', ') || 'none'}, sorted, without repetitions`, () => {
      assert.deepEqual(possible.at(path), methods)
    })
  }

  test('are those of the exact path if a path with a parameter matches as well', () => {
    for (const path of ['/tasks/batch', '/tasks/batch/']) {
      for (const method of ['GET', 'HEAD', 'DELETE', 'PUT']) assert.equal(possible.lacks(method, path), true, method)
      assert.equal(possible.lacks('POST', path), false)
    }
    for (const path of ['/tasks/1', '/tasks/:id', '/docs/*', '*', '', '/', '/nothing']) {
      assert.equal(possible.lacks('GET', path), false, path)
    }
  })
})
