import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { assertProblem, assertSecurityHeaders, exchange, lines } from '../../test/wire.ts'
import { openWorld, type Answer, type Asking, type User, type World } from '../../test/world.ts'

const TASKS = '/api/tasks'
const UNKNOWN_ID = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let world: World
let ada: User
let taskPath: string

before(async () => {
  world = await openWorld({ env: { CORS_ORIGINS: 'http://localhost:3000,https://app.example.com' } })
  ada = await world.signUp()
  const { headers } = await world.ask('POST', TASKS, { token: ada.token, body: { title: 'a' } })
  taskPath = headers.get('location') ?? assert.fail('no Location')
})
after(() => world[Symbol.asyncDispose]())

suite('X-Request-Id', () => {
  test('that is well-formed is returned in the header and in the problem', async () => {
    for (const id of ['a', '8f0e7f2e-6a59-4f0c-9a53-2f4f0f6f3c55', 'web:42.7_x-Y', 'x'.repeat(128)]) {
      const headers = { 'x-request-id': id }
      assert.equal((await world.ask('GET', '/health', { headers })).headers.get('x-request-id'), id)
      for (const path of ['/nope', TASKS, '/%zz']) {
        assert.equal((await world.ask('GET', path, { headers })).json.requestId, id)
      }
      assert.equal((await world.ask('POST', '/health', { headers })).json.requestId, id)
    }
  })

  test('that is malformed is replaced by a generated one', async () => {
    const insane = [
      '',
      'a b',
      'x'.repeat(129),
      'a,b',
      'a;b',
      '<b>',
      '"a"',
      'a\tb',
      '\u00e9',
      '../a',
      'a%0d%0aSet-Cookie:x=1',
    ]
    const ids = new Set<string>()
    for (const id of insane) {
      const request = lines('GET /nope HTTP/1.1', 'Host: x', `X-Request-Id: ${id}`)
      const answer = await exchange(world.url, Buffer.from(request, 'latin1'))
      assertProblem(answer, { status: 404, code: 'not_found' })
      assert.match(answer.json.requestId, UUID)
      ids.add(answer.json.requestId)
    }
    assert.equal(ids.size, insane.length)
  })

  test('that is sent twice is replaced, and one with a line break is refused', async () => {
    const twice = await exchange(
      world.url,
      lines('GET /health HTTP/1.1', 'Host: x', 'X-Request-Id: a', 'X-Request-Id: b'),
    )
    assert.match(twice.headers.get('x-request-id') ?? '', UUID)
    for (const id of ['a\rX-Evil: 1', 'a\nX-Evil: 1', 'a\r\n X-Evil: 1']) {
      const broken = await exchange(world.url, lines('GET /health HTTP/1.1', 'Host: x', `X-Request-Id: ${id}`))
      assert.equal(broken.headers.get('x-evil'), null)
      assert.match(broken.headers.get('x-request-id') ?? '', UUID)
    }
  })
})

suite('every answer', () => {
  const asked: readonly [
    what: string,
    method: string,
    path: () => string,
    asking: () => Asking,
    status: number,
    isKept?: true,
  ][] = [
    ['a list', 'GET', () => TASKS, () => ({ token: ada.token }), 200, true],
    ['the changes', 'GET', () => '/api/changes', () => ({ token: ada.token }), 200],
    ['a task', 'GET', () => taskPath, () => ({ token: ada.token }), 200, true],
    ['a creation', 'POST', () => TASKS, () => ({ token: ada.token, body: { title: 'a' } }), 201, true],
    [
      'a task that has not changed',
      'GET',
      () => taskPath,
      () => ({ token: ada.token, headers: { 'if-none-match': '*' } }),
      304,
      true,
    ],
    ['a session', 'GET', () => '/api/auth/get-session', () => ({ token: ada.token }), 200],
    [
      'a version that is not the current one',
      'PATCH',
      () => taskPath,
      () => ({ token: ada.token, body: { title: 'b' }, headers: { 'if-match': '"9"' } }),
      412,
    ],
    ['a missing task', 'GET', () => `${TASKS}/${UNKNOWN_ID}`, () => ({ token: ada.token }), 404],
    ['a stranger', 'GET', () => TASKS, () => ({}), 401],
    ['an unknown path', 'GET', () => '/api/nope', () => ({}), 404],
    ['a wrong method', 'PUT', () => TASKS, () => ({}), 405],
    ['a broken path', 'GET', () => '/api/%zz', () => ({}), 400],
    ['an invalid query', 'GET', () => `${TASKS}?x=1`, () => ({ token: ada.token }), 422],
    ['a path spelt with escapes', 'GET', () => '/%61pi/t%61sks', () => ({ token: ada.token }), 200, true],
  ]
  for (const [what, method, path, asking, status, isKept] of asked) {
    test(`under /api/, to ${what}, is private, ${isKept ? 'revalidated' : 'not stored'}, and has the security headers`, async () => {
      const answer = await world.ask(method, path(), asking())
      assert.equal(answer.status, status)
      assert.equal(answer.headers.get('cache-control'), isKept ? 'private, no-cache' : 'private, no-store')
      assertSecurityHeaders(answer)
    })
  }

  test('does not name the software', async () => {
    for (const path of ['/health', '/nope', TASKS]) {
      const { headers } = await world.ask('GET', path)
      for (const name of ['server', 'x-powered-by', 'via']) assert.equal(headers.get(name), null)
    }
  })

  test('has Strict-Transport-Security only in production', async () => {
    assert.equal((await world.ask('GET', '/health')).headers.get('strict-transport-security'), null)
  })
})

suite('HEAD', () => {
  /** Removes headers that differ between two answers to the same request, or because fetch closes the connection after HEAD. */
  const stableHeaders = ({ headers }: Answer): [string, string][] =>
    [...headers].filter(([name]) => !/^(date|x-request-id|connection|keep-alive|(x-)?ratelimit.*)$/.test(name))

  test('is answered on every route with GET, with the same headers and no body', async () => {
    for (const [path, asking] of [
      ['/health', {}],
      ['/health/ready', {}],
      ['/openapi.json', {}],
      ['/llms.txt', {}],
      ['/redoc', {}],
      [TASKS, { token: ada.token }],
      [`${TASKS}?limit=1`, { token: ada.token }],
      [taskPath, { token: ada.token }],
      [`${TASKS}/${UNKNOWN_ID}`, { token: ada.token }],
      [`${TASKS}/no-uuid`, { token: ada.token }],
      [`${TASKS}?limit=0`, { token: ada.token }],
      [TASKS, {}],
      ['/nope', {}],
    ] as const) {
      const [head, get] = [await world.ask('HEAD', path, asking), await world.ask('GET', path, asking)]
      assert.equal(head.status, get.status, path)
      assert.equal(head.text, '', path)
      assert.deepEqual(stableHeaders(head), stableHeaders(get), path)
    }
  })

  test('is 304 if If-None-Match has the current version', async () => {
    const asking = { token: ada.token, headers: { 'if-none-match': 'W/"1"' } }
    for (const method of ['GET', 'HEAD']) {
      const answer = await world.ask(method, taskPath, asking)
      assert.deepEqual([answer.status, answer.text, answer.headers.get('etag')], [304, '', '"1"'])
      assert.equal(answer.headers.get('content-length'), null)
    }
  })
})

suite('a page of another origin', () => {
  const allowed = ['http://localhost:3000', 'https://app.example.com']
  const foreign = [
    'https://evil.example',
    'null',
    'http://localhost:3001',
    'https://localhost:3000',
    'https://app.example.com.evil.example',
    'https://sub.app.example.com',
    'HTTPS://APP.EXAMPLE.COM',
    '*',
  ]

  test('whose origin is allowed may read every answer, also refusals, and the exposed headers only', async () => {
    for (const origin of allowed) {
      for (const [path, asking] of [
        [TASKS, { token: ada.token }],
        [TASKS, {}],
        ['/nope', {}],
        [`${TASKS}?limit=0`, { token: ada.token }],
        [`${TASKS}?cursor=${'a'.repeat(9000)}`, { token: ada.token }],
        ['/health', {}],
      ] as const) {
        const { headers } = await world.ask('GET', path, { ...asking, headers: { origin } })
        assert.equal(headers.get('access-control-allow-origin'), origin)
        assert.equal(headers.get('vary'), 'Origin')
        const exposed = (headers.get('access-control-expose-headers') ?? '').split(', ')
        for (const name of [
          'ETag',
          'Link',
          'Location',
          'Retry-After',
          'X-Next-Cursor',
          'X-Request-Id',
          'X-Total-Count',
        ]) {
          assert.ok(exposed.includes(name), name)
        }
      }
      const put = await world.ask('PUT', TASKS, { headers: { origin } })
      assert.deepEqual([put.status, put.headers.get('access-control-allow-origin')], [405, origin])
    }
  })

  test('whose origin is not allowed or is null may read no answer', async () => {
    for (const origin of foreign) {
      for (const [path, asking] of [
        [TASKS, { token: ada.token }],
        ['/nope', {}],
      ] as const) {
        const { headers } = await world.ask('GET', path, { ...asking, headers: { origin } })
        assert.equal(headers.get('access-control-allow-origin'), null, origin)
        assert.equal(headers.get('vary'), 'Origin')
      }
    }
    const { headers } = await world.ask('GET', TASKS)
    assert.equal(headers.get('access-control-allow-origin'), null)
    assert.equal(headers.get('vary'), 'Origin')
  })

  test('whose origin is allowed may send credentials to every route, as fetch does with credentials: include', async () => {
    for (const origin of allowed) {
      for (const path of [
        '/api/auth/get-session',
        '/api/%61uth/get-session',
        '/api/auth/nope',
        TASKS,
        '/health',
        '/nope',
      ]) {
        const { headers } = await world.ask('GET', path, { headers: { origin } })
        assert.equal(headers.get('access-control-allow-credentials'), 'true', path)
      }
    }
    for (const origin of foreign) {
      const { headers } = await world.ask('GET', '/api/auth/get-session', { headers: { origin } })
      assert.equal(headers.get('access-control-allow-credentials'), null, origin)
    }
  })

  test('whose origin is allowed only by `*` or `null` may read, but not send credentials', async () => {
    await using open = await openWorld({ env: { CORS_ORIGINS: '*,null,https://app.example.com' } })
    for (const [origin, allowedOrigin, credentials] of [
      ['https://any.example', '*', null],
      ['null', 'null', null],
      ['https://app.example.com', 'https://app.example.com', 'true'],
    ] as const) {
      const { headers } = await open.ask('GET', '/health', { headers: { origin } })
      assert.equal(headers.get('access-control-allow-origin'), allowedOrigin, origin)
      assert.equal(headers.get('access-control-allow-credentials'), credentials, origin)
    }
  })

  test('sends a preflight before a write, whose answer lists the allowed methods and headers', async () => {
    for (const origin of allowed) {
      for (const path of [TASKS, `${TASKS}/${UNKNOWN_ID}`, '/api/auth/sign-in/email']) {
        const answer = await world.ask('OPTIONS', path, {
          headers: {
            origin,
            'access-control-request-method': 'PATCH',
            'access-control-request-headers': 'authorization',
          },
        })
        assert.deepEqual([answer.status, answer.text], [204, ''])
        assert.equal(answer.headers.get('access-control-allow-origin'), origin)
        assert.equal(answer.headers.get('access-control-allow-methods'), 'GET, HEAD, POST, PUT, PATCH, DELETE')
        const allowedHeaders = (answer.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(', ')
        assert.equal(answer.headers.get('access-control-allow-credentials'), 'true')
        for (const name of [
          'authorization',
          'baggage',
          'content-type',
          'idempotency-key',
          'if-match',
          'if-none-match',
          'last-event-id',
          'traceparent',
          'tracestate',
          'x-request-id',
          'x-timezone',
        ]) {
          assert.ok(allowedHeaders.includes(name), name)
        }
        assert.ok(!allowedHeaders.includes('x-service-auth'))
        assert.equal(answer.headers.get('access-control-max-age'), '600')
        assertSecurityHeaders(answer)
      }
    }
  })

  test('whose origin is not allowed gets no permission from a preflight', async () => {
    for (const origin of foreign) {
      const headers = { origin, 'access-control-request-method': 'PATCH' }
      const answer = await world.ask('OPTIONS', TASKS, { headers })
      assert.equal(answer.headers.get('access-control-allow-origin'), null)
      assert.equal(answer.headers.get('vary'), 'Origin')
    }
  })

  test('may read well-known documents whatever its origin, also with a header that takes a preflight', async () => {
    const path = '/.well-known/oauth-authorization-server'
    const asks = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'mcp-protocol-version' }
    for (const origin of [...allowed, ...foreign]) {
      const isListed = allowed.includes(origin)
      const expected = isListed ? [origin, 'true'] : ['*', null]
      for (const [method, headers] of [
        ['GET', { origin }],
        ['OPTIONS', { origin, ...asks }],
      ] as const) {
        const answer = await world.ask(method, path, { headers })
        const sent = ['access-control-allow-origin', 'access-control-allow-credentials'].map((name) =>
          answer.headers.get(name),
        )
        assert.deepEqual(sent, expected, `${method} from ${origin}`)
      }
    }
  })

  test('gets 405 for OPTIONS that is no preflight', async () => {
    for (const headers of [{}, { origin: 'https://evil.example' }, { 'access-control-request-method': 'PATCH' }]) {
      const answer = await world.ask('OPTIONS', TASKS, { headers })
      assertProblem(answer, { status: 405, code: 'method_not_allowed', path: TASKS })
      assert.equal(answer.headers.get('allow'), 'GET, HEAD, POST')
    }
  })
})
