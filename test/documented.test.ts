import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { FEATURE_CASES, withParameters } from './feature-cases.ts'
import { openWorld, type Answer, type Asking, type User, type World } from './world.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- a document that has another shape fails the tests
type Json = any

const ID = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'

/** Headers that clients read. The document must list them for every answer that has them. */
const PROMISED =
  /^(?:etag|link|location|retry-after|idempotency-replayed|set-auth-token|www-authenticate|x-change-id|x-has-more|x-next-cursor|x-request-id|x-sync-cursor|x-total-count)$/

/** Variations of a request that apply to any route. */
const VARIATIONS: readonly [what: string, asking: Asking, query?: string][] = [
  ['without changes', {}],
  ['with an unknown parameter', {}, '?x=1'],
  ['with a body that is no JSON', { raw: '{' }],
  ['with a body of another type', { raw: 'x', headers: { 'content-type': 'text/plain' } }],
  ['with a body that is too large', { raw: `"${'x'.repeat(1_100_000)}"` }],
  ['with an empty body', { body: {} }],
  ['with a dead bearer', { token: 'A'.repeat(32) }],
  ['with a malformed If-Match', { headers: { 'if-match': '1' } }],
  ['with another version', { headers: { 'if-match': '"9"' } }],
  ['with If-None-Match: *', { headers: { 'if-none-match': '*' } }],
  ['with a malformed Idempotency-Key', { headers: { 'idempotency-key': '' } }],
  ['with two credentials', { headers: { 'x-service-auth': 'x' } }],
]

/** As a generated client checks it, which refuses an answer with another value. */
function conforms(value: string, { type, maxLength, minimum, maximum }: Json): boolean {
  if (type === 'string') return value.length <= maxLength
  if (type === 'boolean') return /^(?:true|false)$/.test(value)
  return type === 'integer' && /^\d+$/.test(value) && Number(value) >= minimum && Number(value) <= maximum
}

suite('every answer is documented, with its status and the headers that a client reads:', () => {
  let world: World
  let ada: User
  let taskId: string
  let operations: readonly { method: string; path: string; operation: Json }[]
  let document: Json
  before(async () => {
    world = await openWorld()
    ada = await world.signUp()
    document = (await world.ask('GET', '/openapi.json')).json
    operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
      Object.entries<Json>(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    )
    taskId = (await world.ask('POST', '/api/tasks', { token: ada.token, body: { title: 'a' } })).json.id
  })
  after(() => world[Symbol.asyncDispose]())

  const undocumented = ({ status, headers }: Answer, operation: Json): string[] => {
    const given = operation.responses[status]
    if (given === undefined) return [`${operation.operationId} ${status}`]
    const response = given.$ref ? document.components.responses[given.$ref.split('/').at(-1)] : given
    const schemas = new Map(
      Object.entries<Json>(response.headers ?? {}).map(([name, header]) => [
        name.toLowerCase(),
        (header.$ref ? document.components.headers[name] : header).schema,
      ]),
    )
    return [...headers]
      .filter(([name, value]) => {
        const schema = schemas.get(name)
        return schema === undefined ? PROMISED.test(name) : !conforms(value, schema)
      })
      .map(([name, value]) => `${operation.operationId} ${status} ${name}: ${value}`)
  }

  for (const [what, asking, query = ''] of VARIATIONS) {
    test(`each operation requested ${what}`, async () => {
      const found = new Set<string>()
      for (const { method, path, operation } of operations) {
        // fetch sends no body with a GET.
        if (method === 'GET' && ('raw' in asking || 'body' in asking)) continue
        // Operations that end the session or the user would change the answers of the next ones.
        if (/^(?:deleteUser|revokeSessions|signOut)$/.test(operation.operationId)) continue
        const body = operation.requestBody?.content['application/json'].example
        for (const id of [taskId, ID, 'x']) {
          const target = (id === 'x' ? path.replaceAll(/\{\w+\}/g, id) : withParameters(path))
            .replace('{id}', id)
            .replace('{code}', 'not_found')
          const answer = await world.ask(method, target + query, {
            token: ada.token,
            ...(body === undefined || method === 'GET' ? {} : { body }),
            ...asking,
          })
          for (const each of undocumented(answer, operation)) found.add(each)
          if (target === path) break
        }
      }
      assert.deepEqual([...found], [])
    })
  }

  test('sign-out, routes for services, pages and repeated requests', async () => {
    const answers: (readonly [method: string, path: string, asking: Asking])[] = [
      ['GET', '/api/tasks', { token: ada.token }],
      ['POST', '/api/tasks', { token: ada.token, body: { title: 'b' }, headers: { 'idempotency-key': 'k' } }],
      ['POST', '/api/tasks', { token: ada.token, body: { title: 'b' }, headers: { 'idempotency-key': 'k' } }],
      ['POST', '/api/tasks', { token: ada.token, body: { title: 'c' }, headers: { 'idempotency-key': 'k' } }],
      ...FEATURE_CASES.flatMap(({ documented }) => documented?.(ada) ?? []),
      ['GET', '/api/auth/get-session', { token: ada.token }],
      ['POST', '/api/auth/sign-out', { token: ada.token }],
      ['POST', '/api/auth/sign-out', { token: ada.token }],
    ]
    for (const [method, path, asking] of answers) {
      const { operation } = operations.find((each) => each.method === method && each.path === path) ?? assert.fail(path)
      const target = `${withParameters(path)}${path === '/api/tasks' && method === 'GET' ? '?limit=1&count=true' : ''}`
      assert.deepEqual(undocumented(await world.ask(method, target, asking), operation), [], path)
    }
  })
})
