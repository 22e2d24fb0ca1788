import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import { DatabaseError } from 'pg'
import { Problem } from '../src/errors.ts'
import { openLog } from '../src/log.ts'
import { assertNoSecret, remember } from './canary.ts'
import { dial, exchange, lines, openSurface, resetBeforeAccept } from './wire.ts'
import { openWorld, SERVICE_TOKEN, type User, type World } from './world.ts'

const TASKS = '/api/tasks'
const HOST = 'Host: x'
/** Maximum time for a line to be written. */
const PATIENCE_MS = 30_000
const JSON_TYPE = 'Content-Type: application/json'

interface RequestLine {
  readonly reqId: string
  readonly msg: string
  readonly status: number | null
  readonly aborted?: boolean
}

/** Waits for the log line of a request, which is written after the client has the answer. */
async function linesOf(logged: readonly string[], reqId: string, count = 1): Promise<RequestLine[]> {
  const found = (): RequestLine[] =>
    logged.map((line) => JSON.parse(line) as RequestLine).filter((line) => line.reqId === reqId)
  const giveUpAt = performance.now() + PATIENCE_MS
  while (found().filter(({ msg }) => msg === 'request').length < count) {
    assert.ok(performance.now() < giveUpAt, `${found().length} lines`)
    await new Promise(setImmediate)
  }
  return found()
}

const RESETS = 50

async function resetAfterAccept(url: string, request: string, times: number): Promise<void> {
  const wires = await Promise.all(Array.from({ length: times }, () => dial(url)))
  for (const { socket } of wires) socket.write(request, () => socket.resetAndDestroy())
}

suite('one line per request', () => {
  let world: World
  let ada: User
  before(async () => {
    world = await openWorld()
    ada = await world.signUp()
  })
  after(() => world[Symbol.asyncDispose]())

  const bearer = (): string => `Authorization: Bearer ${ada.token}`
  const asked: readonly [what: string, status: number, ...parts: (() => string)[]][] = [
    ['an answer', 200, () => lines(`GET ${TASKS} HTTP/1.1`, HOST, bearer())],
    ['an unknown path', 404, () => lines('GET /nope HTTP/1.1', HOST)],
    ['a method that is not allowed', 405, () => lines(`TRACE ${TASKS} HTTP/1.1`, HOST)],
    ['a stranger', 401, () => lines(`GET ${TASKS} HTTP/1.1`, HOST)],
    ['a path that cannot be decoded', 400, () => lines('GET /%zz HTTP/1.1', HOST)],
    ['two hosts', 400, () => lines('GET /health HTTP/1.1', HOST, HOST)],
    ['garbage', 400, () => 'GARBAGE\r\n\r\n'],
    ['headers that are too large', 431, () => lines('GET /health HTTP/1.1', HOST, `X-A: ${'a'.repeat(17_000)}`)],
    ['a tunnel', 405, () => lines('CONNECT example.com:443 HTTP/1.1', HOST)],
    [
      'a body that is interrupted',
      400,
      () => lines(`POST ${TASKS} HTTP/1.1`, HOST, bearer(), JSON_TYPE, 'Transfer-Encoding: chunked'),
      () => 'zz\r\n',
    ],
  ]
  for (const [what, status, ...parts] of asked) {
    test(`is written for ${what}: ${status}, under the request id of the answer`, async () => {
      const answer = await exchange(world.url, ...parts.map((part) => part()))
      assert.equal(answer.status, status)
      const logged = await linesOf(world.logged, answer.headers.get('x-request-id') ?? '')
      assert.deepEqual(
        logged.map((line) => [line.msg, line.status]),
        [['request', status]],
      )
    })
  }

  test('is written for a client that disconnected before its answer, as aborted and without a status', async () => {
    using wire = await dial(world.url)
    await wire.send(
      lines(`POST ${TASKS} HTTP/1.1`, HOST, bearer(), JSON_TYPE, 'Content-Length: 99', 'X-Request-Id: gone'),
    )
    await exchange(world.url, lines('GET /health HTTP/1.1', HOST))
    wire.socket.resetAndDestroy()
    const [line, ...more] = await linesOf(world.logged, 'gone')
    assert.deepEqual([line?.status, line?.aborted, more], [null, true, []])
  })

  for (const [when, sendAndReset] of [
    ['before its connection was accepted', resetBeforeAccept],
    ['directly after its request', resetAfterAccept],
  ] as const) {
    test(`is written for each client that reset its connection ${when}, and no other line`, async () => {
      const from = world.logged.length
      const reqId = randomBytes(8).toString('hex')
      await sendAndReset(world.url, lines(`GET ${TASKS} HTTP/1.1`, HOST, `X-Request-Id: ${reqId}`), RESETS)
      const logged = await linesOf(world.logged, reqId, RESETS)
      assert.deepEqual(
        logged.map((line) => [line.msg, line.status, line.aborted]),
        Array.from({ length: RESETS }, () => ['request', null, true]),
      )
      const others = world.logged.slice(from).filter((line) => !line.includes(reqId))
      assert.deepEqual(others, [])
    })
  }

  test('names the route and not the path, and contains nothing else of the request', async () => {
    const secret = randomBytes(16).toString('hex')
    const headers = { 'user-agent': secret, 'x-request-id': 'shape', cookie: `a=${secret}`, 'x-forwarded-for': secret }
    await world.ask('PATCH', `${TASKS}/${secret}?${secret}=${secret}`, { token: ada.token, headers, body: { secret } })
    const [line = {}] = await linesOf(world.logged, 'shape')
    assert.ok(!JSON.stringify(line).includes(secret))
    assert.equal('route' in line && line.route, `${TASKS}/:id`)
  })
})

suite('no secret is in the log', () => {
  const canary = (): string => `canary-${randomBytes(12).toString('hex')}`

  test('after any failure: a refused value, a missing table, an unavailable database, a refusal of the auth server', async () => {
    const redisPassword = canary()
    remember('the password of Redis', redisPassword)
    await using world = await openWorld({
      env: { REDIS_URL: `redis://:${redisPassword}@127.0.0.1:1/0`, DATABASE_ECHO: 'true', METRICS_TOKEN: canary() },
    })
    const { token, id, email, password } = await world.signUp()
    const body = { title: canary(), description: canary(), tags: [canary()] }
    const statuses: number[] = []
    const ask = async (...asking: Parameters<World['ask']>): Promise<void> => {
      const answer = await world.ask(...asking)
      statuses.push(answer.status)
      for (const sent of [body.title, body.description, body.tags[0] ?? '']) {
        if (answer.status >= 400) assert.ok(!answer.text.includes(sent), answer.text)
      }
    }

    // PostgreSQL quotes values: in the message, in `detail` with the whole row, and in `where`.
    await world.asOwner(async (client) => {
      await client.query(`create function quote() returns trigger language plpgsql as
        $$ begin if new.title::int > 0 then return new; end if; return new; end $$`)
      await client.query('create trigger quote before insert on tasks for each row execute function quote()')
    })
    await ask('POST', TASKS, { token, body })
    await world.asOwner(async (client) => {
      await client.query('drop trigger quote on tasks')
      await client.query(`alter table tasks add constraint never check (version < 0)`)
    })
    await ask('POST', TASKS, { token, body })
    await ask('GET', TASKS, { token: canary() })
    await world.asOwner((client) => client.query('alter table tasks rename to elsewhere'))
    await ask('POST', TASKS, { headers: { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': id }, body })
    await ask('GET', `${TASKS}?cursor=${canary()}`, { token, headers: { cookie: `session=${canary()}` } })
    await ask('GET', `${TASKS}?limit=${canary()}`, { token })
    await ask('GET', TASKS, { headers: { authorization: `Basic ${canary()}` } })
    await ask('GET', '/metrics', { token: canary() })
    await ask('POST', TASKS, { token, raw: `{"title":"${canary()}"` })

    const foreign = {
      cookie: `better-auth.session_token=${canary()}`,
      referer: `https://evil.example/?token=${canary()}`,
    }
    remember('a referer', foreign.referer)
    await ask('POST', '/api/auth/sign-out', { headers: { ...foreign, 'sec-fetch-site': 'cross-site' } })
    const signIn = { email, password: canary() }
    await ask('POST', '/api/auth/sign-in/email', { body: signIn })
    await ask('POST', '/api/auth/sign-in/email', {
      body: { ...signIn, callbackURL: `https://evil.example/${canary()}` },
    })
    await ask('POST', '/api/auth/sign-up/email', { body: { name: canary(), email, password } })
    await world.asOwner((client) => client.query('alter table user_sessions rename to elsewhere2'))
    await ask('POST', '/api/auth/sign-in/email', { body: { email, password } })
    await ask('GET', '/api/auth/get-session', { token })
    assert.deepEqual(statuses, [500, 500, 401, 500, 400, 422, 401, 401, 400, 403, 401, 403, 422, 500, 500])

    assert.ok(world.logged.filter((line) => line.includes('"level":50')).length >= 5, 'errors were logged')
    assertNoSecret(world.logged)
  })

  test('when the database is not available, even if its error quotes one', async () => {
    const quoted = canary()
    remember('a value that an error quotes', quoted)
    const cause = Object.assign(new DatabaseError(`invalid input: "\n    at ${quoted}"`, 0, 'error'), {
      code: '22P02',
      detail: `Failing row contains (${quoted})`,
      where: quoted,
      internalQuery: quoted,
    })
    const asUser = (): Promise<never> => Promise.reject(new Problem('unavailable', 'Not now', { cause }))
    await using world = await openWorld({ replace: ({ db }) => ({ db: { ...db, asUser } }) })
    const { status } = await world.ask('GET', TASKS, { token: 'a'.repeat(32) })
    assert.equal(status, 503)
    assert.ok(world.logged.some((line) => line.includes('22P02')))
  })

  test('which the worlds of all tests assert at their end: a line with a secret fails', () => {
    const secret = canary()
    remember('a test', secret)
    assert.throws(() => assertNoSecret(['{"msg":"fine"}', `{"msg":"token ${secret}"}`]), /the log holds a test/)
  })
})

suite('no value of a request', () => {
  /** Characters that make a second line in a log, or change the colour or content of a terminal. */
  const FORGED = [
    'a\r\n{"level":60}',
    'a\n{"level":60}',
    'a\u001b[2J\u001b[31m',
    'a\u0085b\u009b31m',
    'a\u2028b\u202ec',
    'a\u007f\u0000',
  ]

  /** An application whose errors quote the request, unlike those of the service, and its log. */
  async function logOf(isTTY: boolean): Promise<string> {
    let written = ''
    const sink = Object.assign(
      new Writable({ write: (chunk, _encoding, done) => ((written += String(chunk)), done()) }),
      { isTTY },
    )
    const { app, url } = await openSurface(
      (app) => {
        app.get('/quote/:text', async ({ params }) => {
          throw new Error(`quoted: ${(params as { text: string }).text}`)
        })
      },
      { log: openLog('trace', sink) },
    )
    for (const text of FORGED) {
      await exchange(url, lines(`GET /quote/${encodeURIComponent(text)} HTTP/1.1`, HOST))
      for (const name of ['X-Request-Id', 'User-Agent', 'Authorization', 'X-User-ID', 'X-Forwarded-For']) {
        const request = Buffer.from(lines('GET / HTTP/1.1', HOST, `${name}: ${text}`), 'utf8')
        await exchange(url, request)
      }
      await exchange(url, Buffer.from(lines(`${text} / HTTP/1.1`, HOST), 'utf8'))
    }
    await app.close()
    return written
  }
  // oxlint-disable-next-line no-control-regex -- control characters are under test
  const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/

  test('causes a second line or a control character in the JSON log', async () => {
    const written = await logOf(false)
    assert.doesNotMatch(written, CONTROL)
    const logged = written
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: number; err?: { message: string } })
    assert.ok(logged.every(({ level }) => level === 30 || level === 50))
    assert.deepEqual(
      logged.flatMap(({ err }) => (err === undefined ? [] : [err.message])),
      FORGED.map((text) => `quoted: ${text}`),
    )
  })

  test('causes a second line or a control character in a terminal', async () => {
    const written = await logOf(true)
    // The formatter itself may write colours.
    // oxlint-disable-next-line no-control-regex -- control characters are under test
    const plain = written.replaceAll(/\x1b\[\d+m/g, '')
    assert.doesNotMatch(plain, CONTROL)
    assert.ok(
      plain.split('\n').every((line) => /^(?:\[\d\d:\d\d:\d\d\.\d{3}\] (?:INFO|ERROR): |\s|$)/.test(line)),
      plain,
    )
    assert.match(plain, /\\u001b\[2J/)
  })
})
