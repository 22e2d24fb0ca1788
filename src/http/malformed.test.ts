import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import { assertProblem, dial, exchange, lines, openSurface } from '../../test/wire.ts'
import { openLog } from '../log.ts'
import { openWorld, SERVICE_TOKEN, type User, type World } from '../../test/world.ts'

const TASKS = '/api/tasks'
const HOST = 'Host: x'
const JSON_TYPE = 'Content-Type: application/json'

let world: World
let ada: User
let bearer: string

before(async () => {
  world = await openWorld()
  ada = await world.signUp()
  bearer = `Authorization: Bearer ${ada.token}`
})
after(() => world[Symbol.asyncDispose]())

const titlesOf = async (user: User): Promise<string[]> =>
  (await world.ask('GET', TASKS, { token: user.token })).json.map((task: { title: string }) => task.title)

suite('a path', () => {
  for (const path of [
    '/%zz',
    '/%%361',
    '/%ff',
    '/api/tasks/%ff',
    '/api/tasks/%E0%A4%A',
    '/api/tasks/%',
    '/api/tasks/%zz/complete',
  ]) {
    test(`${path} that is not percent-encoded UTF-8 is 400`, async () => {
      for (const method of ['GET', 'PATCH', 'PROPFIND']) {
        const answer = await exchange(world.url, lines(`${method} ${path} HTTP/1.1`, HOST, bearer))
        assertProblem(answer, { status: 400, code: 'malformed_request', path })
      }
    })
  }

  test('with a query that is not percent-encoded UTF-8 is 400, and with a fragment', async () => {
    for (const target of [`${TASKS}?cursor=%zz`, `${TASKS}?%ff=1`, `${TASKS}?limit=5#x`, `${TASKS}#x`, '/nope#x']) {
      const answer = await exchange(world.url, lines(`GET ${target} HTTP/1.1`, HOST, bearer))
      assertProblem(answer, { status: 400, code: 'malformed_request' })
    }
  })

  test('in absolute form (http://host/path), as proxies send it, is the same path', async () => {
    const list = await exchange(world.url, lines(`GET http://elsewhere${TASKS} HTTP/1.1`, HOST, bearer))
    assert.equal(list.status, 200)
    assert.equal(list.headers.get('cache-control'), 'private, no-cache')
    const put = await exchange(world.url, lines(`PUT HTTPS://elsewhere:8000${TASKS}?a=b HTTP/1.1`, HOST))
    assertProblem(put, { status: 405, code: 'method_not_allowed', path: TASKS })
    const root = await exchange(world.url, lines('PUT http://elsewhere HTTP/1.1', HOST))
    assertProblem(root, { status: 405, code: 'method_not_allowed', path: '/' })
    const session = await exchange(world.url, lines('GET http://elsewhere/api/auth/get-session HTTP/1.1', HOST, bearer))
    assert.equal(session.json.user.id, ada.id)
  })

  test('of more than 8192 characters is 414, well-formed or not, in the path or in the query', async () => {
    for (const target of [
      `/health?${'a'.repeat(9000)}`,
      `${TASKS}?cursor=${'a'.repeat(9000)}`,
      `/${'a'.repeat(9000)}`,
    ]) {
      const answer = await exchange(world.url, lines(`GET ${target} HTTP/1.1`, HOST, bearer))
      assertProblem(answer, { status: 414, code: 'uri_too_long' })
      assert.ok(answer.json.instance.length <= 1024)
    }
    const inPart = await exchange(world.url, lines(`GET ${TASKS}/${'a'.repeat(9000)} HTTP/1.1`, HOST, bearer))
    assertProblem(inPart, { status: 414, code: 'uri_too_long' })
    assert.equal(inPart.headers.get('cache-control'), 'private, no-store')
  })

  test('with an id of 4000 characters is 422, like any id that is no UUID', async () => {
    const answer = await exchange(world.url, lines(`GET ${TASKS}/${'a'.repeat(4000)} HTTP/1.1`, HOST, bearer))
    assertProblem(answer, { status: 422, code: 'invalid_input' })
  })

  test('of * is 404', async () => {
    for (const method of ['OPTIONS', 'GET']) {
      assertProblem(await exchange(world.url, lines(`${method} * HTTP/1.1`, HOST)), { status: 404, code: 'not_found' })
    }
  })
})

suite('a request that is not valid HTTP/1.1', () => {
  const cases: readonly [what: string, ...parts: string[]][] = [
    ['garbage', 'GARBAGE\r\n\r\n'],
    ['an unknown method', lines('BREW / HTTP/1.1', HOST)],
    ['a method in lower case', lines('get /health HTTP/1.1', HOST)],
    ['HTTP/2.0', lines('GET /health HTTP/2.0', HOST)],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/0.9', 'GET /health\r\n\r\n'],
    ['HTTP/1.2', lines('GET /health HTTP/1.2', HOST)],
    ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['bare line feeds', 'GET /health HTTP/1.1\nHost: x\n\n'],
    ['a folded header', lines('GET /health HTTP/1.1', HOST, 'X-A: b', ' c')],
    ['a folded Authorization', lines(`GET ${TASKS} HTTP/1.1`, HOST, 'Authorization: Bearer', ` ${'a'.repeat(32)}`)],
    ['a space before the colon', lines('GET /health HTTP/1.1', HOST, 'X-A : b')],
    ['a header without a name', lines('GET /health HTTP/1.1', HOST, ': b')],
    ['a header without a colon', lines('GET /health HTTP/1.1', HOST, 'nonsense')],
    ['NUL in a header', lines('GET /health HTTP/1.1', HOST, 'X-A: a\0b')],
    ['a carriage return in a header', lines('GET /health HTTP/1.1', HOST, 'X-A: a\rb')],
    ['bytes above ASCII in the path', lines('GET /\u00e9 HTTP/1.1', HOST)],
    ['two Content-Lengths', lines(`POST ${TASKS} HTTP/1.1`, HOST, 'Content-Length: 2', 'Content-Length: 3'), '{}'],
    ['the same Content-Length twice', lines(`POST ${TASKS} HTTP/1.1`, HOST, 'Content-Length: 2', 'Content-Length: 2')],
    ['a list of Content-Lengths', lines(`POST ${TASKS} HTTP/1.1`, HOST, 'Content-Length: 2, 2'), '{}'],
    ['a signed Content-Length', lines(`POST ${TASKS} HTTP/1.1`, HOST, 'Content-Length: +2'), '{}'],
    [
      'Content-Length with Transfer-Encoding',
      lines(`POST ${TASKS} HTTP/1.1`, HOST, 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      '0\r\n\r\n',
    ],
    [
      'Transfer-Encoding with Content-Length',
      lines(`POST ${TASKS} HTTP/1.1`, HOST, 'Transfer-Encoding: chunked', 'Content-Length: 5'),
      '0\r\n\r\n',
    ],
    [
      'a Transfer-Encoding that does not end in chunked',
      lines(`POST ${TASKS} HTTP/1.1`, HOST, 'Transfer-Encoding: gzip'),
    ],
  ]
  for (const [what, ...parts] of cases) {
    test(`with ${what} is 400, and the connection is closed`, async () => {
      using wire = await dial(world.url)
      await wire.send(...parts.map((part) => Buffer.from(part, 'latin1')))
      const answer = await wire.answer()
      assertProblem(answer, { status: 400, code: 'malformed_request' })
      if (answer.headers.get('connection') === 'close') assert.equal(await wire.ended(), '')
    })
  }

  test('with a malformed chunk is 400 under its request id, and changes nothing', async () => {
    using wire = await dial(world.url)
    await wire.send(
      lines(`POST ${TASKS} HTTP/1.1`, HOST, bearer, JSON_TYPE, 'Transfer-Encoding: chunked', 'X-Request-Id: mine'),
      'zz\r\n{"title":"chunk"}\r\n0\r\n\r\n',
    )
    const answer = await wire.answer()
    assertProblem(answer, { status: 400, code: 'malformed_request', path: TASKS })
    assert.equal(answer.json.requestId, 'mine')
    assert.equal(await wire.ended(), '')
    assert.ok(!(await titlesOf(ada)).includes('chunk'))
  })
})

suite('headers', () => {
  const twice: readonly [name: string, first: string, second: string][] = [
    ['Host', 'x', 'x'],
    ['Authorization', 'Bearer a', 'Bearer b'],
    ['X-Service-Auth', SERVICE_TOKEN, SERVICE_TOKEN],
    ['X-User-ID', 'a', 'b'],
    ['Content-Type', 'application/json', 'application/json'],
    ['Content-Encoding', 'identity', 'identity'],
    ['If-Match', '"1"', '"2"'],
    ['If-None-Match', '"1"', '"2"'],
    ['Origin', 'http://localhost:3000', 'http://localhost:3000'],
    ['Idempotency-Key', 'a', 'a'],
  ]
  for (const [name, first, second] of twice) {
    test(`${name} sent twice is 400 on every path, and the answer names the header`, async () => {
      for (const path of [TASKS, '/health', '/nope']) {
        const host = name === 'Host' ? [] : [HOST]
        const request = lines(`GET ${path} HTTP/1.1`, ...host, `${name}: ${first}`, `${name.toLowerCase()}: ${second}`)
        const answer = await exchange(world.url, request)
        assertProblem(answer, { status: 400, code: 'invalid_header', path })
        assert.match(answer.json.detail, new RegExp(name, 'i'))
      }
    })
  }

  test('that are sent twice in a preflight are 400 too; a preflight with each header once is answered', async () => {
    const preflight = [
      `OPTIONS ${TASKS} HTTP/1.1`,
      HOST,
      'Access-Control-Request-Method: GET',
      'Origin: http://localhost:3000',
    ]
    assert.equal((await exchange(world.url, lines(...preflight))).status, 204)
    for (const more of ['Host: y', 'Origin: http://localhost:3000']) {
      const answer = await exchange(world.url, lines(...preflight, more))
      assertProblem(answer, { status: 400, code: 'invalid_header', path: TASKS })
    }
  })

  test('with a second Authorization after 3000 others are refused', async () => {
    const others = Array.from({ length: 3000 }, () => 'a:')
    const answer = await exchange(world.url, lines(`GET ${TASKS} HTTP/1.1`, HOST, bearer, ...others, bearer))
    assertProblem(answer, { status: 400, code: 'invalid_header', path: TASKS })
  })

  test('without Host are 400 in HTTP/1.1 and accepted in HTTP/1.0', async () => {
    for (const path of ['/health', TASKS, '/nope']) {
      const answer = await exchange(world.url, lines(`GET ${path} HTTP/1.1`))
      assertProblem(answer, { status: 400, code: 'invalid_header', path })
    }
    assert.equal((await exchange(world.url, lines('GET /health HTTP/1.0'))).status, 200)
  })

  test('with a malformed Host are 400, and with any well-formed one accepted', async () => {
    for (const host of ['', 'a b', 'a/b', 'user@a', 'a?b', 'a,b', 'a:port', '[::1', 'a:1:2', '<script>']) {
      const answer = await exchange(world.url, lines('GET /health HTTP/1.1', `Host: ${host}`))
      assertProblem(answer, { status: 400, code: 'invalid_header', path: '/health' })
    }
    for (const host of [
      'x',
      'api.example.com',
      'API.example.com:8000',
      '127.0.0.1:80',
      '[::1]:8000',
      'my_host',
      'a:',
    ]) {
      const answer = await exchange(world.url, lines('GET /health HTTP/1.1', `Host: ${host}`))
      assert.equal(answer.status, 200, host)
    }
  })

  test('of more than 16 KiB, one or many, are 431, which the client can read while it still sends', async () => {
    for (const more of [
      [`X-A: ${'a'.repeat(17_000)}`],
      Array.from({ length: 100 }, () => `X-A: ${'a'.repeat(8_000)}`),
    ]) {
      using wire = await dial(world.url)
      await wire.send(`GET /health HTTP/1.1\r\n${HOST}\r\n`, ...more.map((line) => `${line}\r\n`), '\r\n')
      assertProblem(await wire.answer(), { status: 431, code: 'headers_too_large' })
      assert.equal(await wire.ended(), '')
    }
  })

  test('with a transfer coding other than chunked are 400, and in HTTP/1.0 with any', async () => {
    for (const [version, coding] of [
      ['1.1', 'gzip, chunked'],
      ['1.1', 'identity, chunked'],
      ['1.0', 'chunked'],
    ]) {
      const head = [`POST ${TASKS} HTTP/${version}`, HOST, bearer, JSON_TYPE, `Transfer-Encoding: ${coding}`]
      const answer = await exchange(world.url, lines(...head), '2\r\n{}\r\n0\r\n\r\n')
      assert.ok(['invalid_header', 'malformed_request'].includes(answer.json.code))
      assertProblem(answer, { status: 400, code: answer.json.code })
    }
  })

  test('with an expectation other than 100-continue are 417', async () => {
    for (const [method, path] of [
      ['GET', '/health'],
      ['POST', TASKS],
      ['GET', '/nope'],
    ] as const) {
      const request = lines(
        `${method} ${path} HTTP/1.1`,
        HOST,
        'Expect: tea',
        'X-Request-Id: mine',
        'Content-Length: 0',
      )
      const answer = await exchange(world.url, request)
      assertProblem(answer, { status: 417, code: 'expectation_failed', path })
      assert.equal(answer.json.requestId, 'mine')
    }
    const head = await exchange(world.url, lines('HEAD /health HTTP/1.1', HOST, 'Expect: tea'))
    assert.deepEqual([head.status, head.text], [417, ''])
  })

  test('with Expect: 100-continue get 100 Continue', async () => {
    const body = '{"title":"expected"}'
    const head = [`POST ${TASKS} HTTP/1.1`, HOST, bearer, JSON_TYPE, 'Expect: 100-continue']
    using wire = await dial(world.url)
    await wire.send(lines(...head, `Content-Length: ${body.length}`))
    const [go] = (await once(wire.socket, 'data')) as [Buffer]
    assert.match(String(go), /^HTTP\/1\.1 100 Continue\r\n/)
    await wire.send(body)
    assert.equal((await wire.answer()).status, 201)
  })
})

suite('on one connection', () => {
  test('a malformed request after a complete one does not affect the answer to the complete one', async () => {
    const body = '{"title":"pipelined"}'
    const post = lines(`POST ${TASKS} HTTP/1.1`, HOST, bearer, JSON_TYPE, `Content-Length: ${body.length}`) + body
    using wire = await dial(world.url)
    await wire.send(`${post}${post}GARBAGE\r\n\r\n`)
    assert.equal((await wire.answer()).status, 201)
    assert.equal((await wire.answer()).status, 201)
    assertProblem(await wire.answer(), { status: 400, code: 'malformed_request' })
    assert.equal(await wire.ended(), '')
    assert.equal((await titlesOf(ada)).filter((title) => title === 'pipelined').length, 2)
  })

  test('requests are answered in order, and a refusal does not close the connection', async () => {
    using wire = await dial(world.url)
    const paths = ['/health', '/nope', TASKS, '/%zz', '/health']
    await wire.send(...paths.map((path) => lines(`GET ${path} HTTP/1.1`, HOST)))
    const statuses: number[] = []
    for (const _ of paths) statuses.push((await wire.answer()).status)
    assert.deepEqual(statuses, [200, 404, 401, 400, 200])
  })

  test('a client that half-closes after its request gets its answer', async () => {
    const body = '{"title":"half-closed"}'
    const head = [`POST ${TASKS} HTTP/1.1`, HOST, bearer, JSON_TYPE, `Content-Length: ${body.length}`]
    for (const [request, statuses] of [
      [lines(...head) + body, [201]],
      [lines('GET /health HTTP/1.1', HOST) + lines(...head) + body, [200, 201]],
      [lines(...head) + body.slice(0, -1), [400]],
      [lines('GET /health HTTP/1.1', HOST).slice(0, -2), [400]],
    ] as const) {
      using wire = await dial(world.url)
      wire.socket.end(request)
      for (const status of statuses) assert.equal((await wire.answer()).status, status)
      assert.equal(await wire.ended(), '')
    }
    assert.equal((await titlesOf(ada)).filter((title) => title === 'half-closed').length, 2)
  })

  test('CONNECT is 405, after the answers to earlier requests, with and without a body', async () => {
    for (const more of [[], ['Content-Length: 10']]) {
      using wire = await dial(world.url)
      await wire.send(lines('GET /health HTTP/1.1', HOST), lines('CONNECT example.com:443 HTTP/1.1', HOST, ...more))
      assert.equal((await wire.answer()).status, 200)
      const answer = await wire.answer()
      assertProblem(answer, { status: 405, code: 'method_not_allowed', path: '/' })
      assert.equal(answer.headers.get('allow'), '')
      await wire.send('bytes for the tunnel')
      assert.equal(await wire.ended(), '')
    }
  })

  test('a client that resets after CONNECT does not end the process', async () => {
    const closed: Promise<unknown>[] = []
    const { app, url } = await openSurface((app) => {
      app.server.on('connection', (socket) => closed.push(once(socket, 'close').catch(() => undefined)))
      app.get('/', async () => 'ok')
    })
    for (let n = 0; n < 3; n++) {
      using wire = await dial(url)
      await wire.send(lines('CONNECT example.com:443 HTTP/1.1', HOST))
      await wire.answer()
      wire.socket.resetAndDestroy()
    }
    await Promise.all(closed)
    assert.equal((await exchange(url, lines('GET / HTTP/1.1', HOST))).status, 200)
    await app.close()
  })

  test('a client that disconnects in the middle of its body causes no error in the log', async () => {
    const log: string[] = []
    const closed = Promise.withResolvers<void>()
    const { app, url } = await openSurface(
      (app) => {
        app.server.once('connection', (socket) => socket.once('close', closed.resolve))
        app.addHook('onRequest', async () => begun.resolve())
        app.post('/', async () => 'ok')
      },
      {
        log: openLog(
          'warn',
          new PassThrough().on('data', (line) => log.push(String(line))),
        ),
      },
    )
    const begun = Promise.withResolvers<void>()
    using wire = await dial(url)
    await wire.send(lines('POST / HTTP/1.1', HOST, JSON_TYPE, 'Content-Length: 100'), '{"title":')
    await begun.promise
    wire.socket.resetAndDestroy()
    await closed.promise
    assert.equal((await exchange(url, lines('POST / HTTP/1.1', HOST))).status, 200)
    assert.deepEqual(log, [])
    await app.close()
  })

  test('an Upgrade is ignored', async () => {
    const answer = await exchange(
      world.url,
      lines(
        'GET /health HTTP/1.1',
        HOST,
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAA',
      ),
    )
    assert.equal(answer.status, 200)
  })
})
