import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import type { Pool } from 'pg'
import { assertProblem, exchange, lines } from '../../test/wire.ts'
import { askAt, openWorld, type Asking, type Answer, type User, type World } from '../../test/world.ts'
import { buildApp } from '../app.ts'
import { openScopes } from '../db/scopes.ts'
import { Problem } from '../errors.ts'
import { openLog } from '../log.ts'
import { PROBLEM_KINDS } from '../features.ts'
import { openMetrics } from '../metrics/metrics.ts'
import { drain } from './drain.ts'

const TASKS = '/api/tasks'
const UNKNOWN_ID = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'

let world: World
let ada: User

before(async () => {
  world = await openWorld()
  ada = await world.signUp()
})
after(() => world[Symbol.asyncDispose]())

const countOfTasks = (): Promise<number> =>
  world.asOwner(async (client) => (await client.query<{ id: string }>('select id from tasks')).rows.length)

suite('an unknown path', () => {
  for (const path of ['/nope', '/api', '/api/nope', '/api/tasks/a/b', '/Health', '/api/Tasks', '/health;a=b']) {
    test(`${path} is 404 for every method and body`, async () => {
      for (const [method, asking] of [
        ['GET', {}],
        ['POST', { body: { title: 'x' } }],
        ['POST', { raw: '{broken' }],
        ['PUT', { raw: 'text', headers: { 'content-type': 'text/plain' } }],
        ['DELETE', {}],
      ] as const satisfies [string, Asking][]) {
        assertProblem(await world.ask(method, path, asking), { status: 404, code: 'not_found', path })
      }
    })
  }
})

suite('a known path with another method', () => {
  const hex = (_: string, code: string): string => String.fromCharCode(Number.parseInt(code, 16))
  const cases: readonly [path: string, allow: string, methods: readonly string[]][] = [
    [TASKS, 'GET, HEAD, POST', ['PUT', 'PATCH', 'DELETE']],
    [`${TASKS}/${UNKNOWN_ID}`, 'DELETE, GET, HEAD, PATCH', ['POST', 'PUT']],
    [`${TASKS}/no-uuid`, 'DELETE, GET, HEAD, PATCH', ['POST']],
    [`${TASKS}/${UNKNOWN_ID}/complete`, 'PATCH', ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']],
    [`${TASKS}/batch`, 'POST', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']],
    [`${TASKS}/bulk-delete`, 'POST', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']],
    [`${TASKS}/stats`, 'GET, HEAD', ['POST', 'PUT', 'PATCH', 'DELETE']],
    [`${TASKS}/b%61tch`, 'POST', ['GET', 'PUT']],
    ['/api/auth/sign-in/email', 'POST', ['GET', 'PUT']],
    ['/health', 'GET, HEAD', ['POST', 'DELETE']],
    ['/metrics', 'GET, HEAD', ['POST']],
    ['/openapi.json', 'GET, HEAD', ['PUT']],
    [`${TASKS}/`, 'GET, HEAD, POST', ['PUT']],
    ['/%61pi/%74asks', 'GET, HEAD, POST', ['PUT']],
  ]
  // Further methods of Node's parser, which fetch does not send.
  const exotic = ['PROPFIND', 'QUERY', 'PURGE', 'LINK', 'MKCOL', 'M-SEARCH', 'SEARCH', 'TRACE', 'OPTIONS']
  for (const [path, allow, methods] of cases) {
    test(`${path} is 405 with Allow: ${allow}, before credentials and body are checked`, async () => {
      for (const method of [...methods, ...exotic]) {
        const answer = await exchange(world.url, lines(`${method} ${path} HTTP/1.1`, 'Host: x'))
        assert.equal(answer.headers.get('allow'), allow)
        assert.equal(answer.status, 405)
        if (method !== 'HEAD') {
          assertProblem(answer, { status: 405, code: 'method_not_allowed', path: path.replaceAll(/%(61|74)/g, hex) })
        }
      }
      const broken = await world.ask('PUT', '/health', { raw: '{broken' })
      assertProblem(broken, { status: 405, code: 'method_not_allowed', path: '/health' })
    })
  }
})

suite('a body', () => {
  const refused: readonly [what: string, raw: string | Uint8Array, code: string][] = [
    ['that is truncated', '{"title":"a"', 'invalid_json'],
    ['of no JSON', 'title=a', 'invalid_json'],
    ['of NaN', '{"title":NaN}', 'invalid_json'],
    ['with a comma too many', '{"title":"a",}', 'invalid_json'],
    ['with more after it', '{"title":"a"}{}', 'invalid_json'],
    ['of white space', ' \n', 'invalid_json'],
    ['with a byte order mark', '\uFEFF{"title":"a"}', 'invalid_json'],
    ['in UTF-16', Buffer.from('{"title":"a"}', 'utf16le'), 'invalid_json'],
    ['of invalid UTF-8', Buffer.from([...Buffer.from('{"title":"'), 0xff, ...Buffer.from('"}')]), 'invalid_json'],
    ['with a surrogate encoded as UTF-8', Buffer.from('7b227469746c65223a22eda080227d', 'hex'), 'invalid_json'],
    ['with one member twice', '{"title":"a","title":"b"}', 'invalid_json'],
    ['with one member twice, once escaped', '{"title":"a","t\\u0069tle":"b"}', 'invalid_json'],
    ['nested too deep', `{"title":${'['.repeat(40)}${']'.repeat(40)}}`, 'invalid_json'],
    ['of half a million brackets', '['.repeat(500_000), 'invalid_json'],
  ]
  for (const [what, raw, code] of refused) {
    test(`${what} is 400 and changes nothing`, async () => {
      const before = await countOfTasks()
      assertProblem(await world.ask('POST', TASKS, { token: ada.token, raw }), { status: 400, code, path: TASKS })
      assert.equal(await countOfTasks(), before)
    })
  }

  test('that is required and missing is 422, with or without a Content-Type', async () => {
    for (const asking of [{}, { raw: '' }, { headers: { 'content-type': 'application/json' } }]) {
      const answer = await world.ask('POST', TASKS, { token: ada.token, ...asking })
      assertProblem(answer, { status: 422, code: 'invalid_input', path: TASKS })
      assert.deepEqual(answer.json.errors, [{ in: 'body', pointer: '', detail: 'The body must be an object' }])
    }
  })

  test('may be omitted if it is optional, also with a Content-Type', async () => {
    const { json } = await world.ask('POST', TASKS, { token: ada.token, body: { title: 'a' } })
    const headers = { 'content-type': 'application/json' }
    const completed = await world.ask('PATCH', `${TASKS}/${json.id}/complete`, { token: ada.token, headers })
    assert.deepEqual([completed.status, completed.json.status], [200, 'COMPLETED'])
    assert.equal((await world.ask('DELETE', `${TASKS}/${json.id}`, { token: ada.token, headers })).status, 204)
  })

  const unsupported: readonly [what: string, headers: Record<string, string>][] = [
    ['of text/plain', { 'content-type': 'text/plain' }],
    ['of a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['of a multipart form', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['of something like JSON', { 'content-type': 'application/jsonx' }],
    ['of a list of types', { 'content-type': 'application/json, text/plain' }],
    ['of an invalid type', { 'content-type': ';;;' }],
    ['of an empty type', { 'content-type': '' }],
    ['of JSON in Latin-1', { 'content-type': 'application/json; charset=iso-8859-1' }],
    ['of JSON in UTF-16', { 'content-type': 'application/json;charset="UTF-16"' }],
    ['that is compressed', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
  ]
  for (const [what, headers] of unsupported) {
    test(`${what} is 415 and changes nothing`, async () => {
      const before = await countOfTasks()
      const answer = await world.ask('POST', TASKS, { token: ada.token, raw: '{"title":"a"}', headers })
      assertProblem(answer, { status: 415, code: 'unsupported_media_type', path: TASKS })
      assert.equal(await countOfTasks(), before)
    })
  }

  test('without any Content-Type is 415', async () => {
    const body = '{"title":"a"}'
    const head = [`POST ${TASKS} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${ada.token}`]
    for (const size of [`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked']) {
      const payload = size.startsWith('C') ? body : `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
      const answer = await exchange(world.url, lines(...head, size), payload)
      assertProblem(answer, { status: 415, code: 'unsupported_media_type', path: TASKS })
    }
  })

  test('of JSON is accepted with every spelling of its type', async () => {
    for (const type of ['application/json', 'Application/JSON; Charset="UTF-8"', 'application/merge-patch+json']) {
      const headers = { 'content-type': type, 'content-encoding': 'identity' }
      const answer = await world.ask('POST', TASKS, { token: ada.token, body: { title: 'a' }, headers })
      assert.equal(answer.status, 201, type)
    }
  })
})

suite('a field with the name of a member of Object.prototype', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', '']) {
    test(`${JSON.stringify(name)} is 422, is named in the answer, and changes no prototype`, async () => {
      const raw = `{"title":"a",${JSON.stringify(name)}:{"polluted":true,"status":"COMPLETED"}}`
      for (const path of [TASKS, `${TASKS}/${UNKNOWN_ID}`]) {
        const method = path === TASKS ? 'POST' : 'PATCH'
        const answer = await world.ask(method, path, { token: ada.token, raw })
        assertProblem(answer, { status: 422, code: 'invalid_input', path })
        assert.deepEqual(
          answer.json.errors.map((each: { pointer: string }) => each.pointer),
          [`/${name}`],
        )
      }
      assert.equal('polluted' in {}, false)
    })
  }

  test('is 422 as a query parameter too', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const answer = await world.ask('GET', `${TASKS}?${name}=1`, { token: ada.token })
      assertProblem(answer, { status: 422, code: 'invalid_input', path: TASKS })
      assert.equal(answer.json.errors[0].pointer, `/${name}`)
    }
  })
})

suite('credentials', () => {
  test('that are missing or malformed are 401 on every route that requires them, and HEAD has the same headers', async () => {
    for (const authorization of ['', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', 'Bearer x']) {
      const headers = authorization === '' ? {} : { authorization }
      for (const [method, path] of [
        ['GET', TASKS],
        ['POST', TASKS],
        ['DELETE', `${TASKS}/no-uuid`],
      ] as const) {
        assertProblem(await world.ask(method, path, { headers }), { status: 401, code: 'unauthenticated', path })
      }
    }
    const head = await world.ask('HEAD', TASKS)
    assert.deepEqual([head.status, head.text, head.headers.get('www-authenticate')], [401, '', 'Bearer'])
  })
})

suite('an unexpected error', () => {
  /** A service whose `asUser` fails, and the lines of its log. */
  async function askBroken(asUser: World['deps']['db']['asUser']): Promise<{ answer: Answer; log: LogLine[] }> {
    const log: LogLine[] = []
    const sink = new Writable({
      write: (line: Buffer, _, done) => {
        log.push(JSON.parse(String(line)) as LogLine)
        done()
      },
    })
    const { deps } = world
    const parts = { log: openLog('error', sink), metrics: openMetrics(PROBLEM_KINDS), db: { ...deps.db, asUser } }
    const app = await buildApp({ ...deps, ...parts })
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const answer = await askAt(url, 'GET', `${TASKS}?limit=5`, { token: 'a'.repeat(32) })
    await drain(app, 1000)
    return { answer, log }
  }

  interface LogLine {
    readonly level: number
    readonly msg: string
    readonly reqId: string
    readonly err: { readonly message: string; readonly stack: string }
  }

  for (const [what, thrown] of [
    ['an error', new Error('secret: select * from tasks at /srv/app.ts:1')],
    [
      'an error with a status of its own',
      Object.assign(new Error('secret'), { statusCode: 404, status: 404, code: 'E_X' }),
    ],
    ['an error of the database', Object.assign(new Error('secret'), { code: '42P01', detail: 'secret' })],
  ] as const) {
    test(`${what} is 500 without its message, and is logged once, with the request id of the answer`, async () => {
      const { answer, log } = await askBroken(() => Promise.reject(thrown))
      assertProblem(answer, { status: 500, code: 'internal', path: TASKS })
      assert.equal(
        answer.json.detail,
        'The service failed unexpectedly; its operator finds the error in the log by the requestId',
      )
      assert.doesNotMatch(answer.text, /secret/)
      assert.equal(log.length, 1)
      assert.equal(log[0]?.err.message, thrown.message)
      assert.equal(log[0]?.reqId, answer.json.requestId)
    })
  }

  test('that is undefined is 500 too', async () => {
    // oxlint-disable-next-line prefer-promise-reject-errors -- this is the case under test
    const { answer, log } = await askBroken(() => Promise.reject(undefined))
    assertProblem(answer, { status: 500, code: 'internal', path: TASKS })
    assert.equal(log.length, 1)
  })

  test('of an unavailable database is 503 with Retry-After, and is logged once', async () => {
    const { answer, log } = await askBroken(() =>
      Promise.reject(new Problem('unavailable', 'Not now', { cause: new Error('secret') })),
    )
    assertProblem(answer, { status: 503, code: 'unavailable', path: TASKS })
    assert.doesNotMatch(answer.text, /secret/)
    assert.equal(log.length, 1)
    assert.equal(log[0]?.err.message, 'secret')
  })

  test('of a database that refuses connections is 503 with Retry-After in header and body', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' })
    // The scopes only use `connect` and the size of the pool.
    const pool = { options: { max: 1 }, connect: () => Promise.reject(refused) } as unknown as Pool
    const scopes = openScopes(pool, { serving: 'todo_app', system: 'todo_app_system' })
    const { answer, log } = await askBroken((principal, work) => scopes.asUser(principal, work))
    assertProblem(answer, { status: 503, code: 'unavailable', path: TASKS, more: ['retryAfter'] })
    assert.equal(String(answer.json.retryAfter), answer.headers.get('retry-after'))
    assert.doesNotMatch(answer.text, /ECONNREFUSED|10\.0\.0\.7/)
    assert.equal(log.length, 1)
  })
})
