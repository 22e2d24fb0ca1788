import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { suite, test } from 'node:test'
import { dial, exchange, lines, resetBeforeAccept } from '../../test/wire.ts'
import { openWorld, SERVICE_TOKEN, type World } from '../../test/world.ts'

/** Longer than a request takes to end. */
const PATIENCE_MS = 5_000

/** The value of a series, which is written in the exposition format. */
async function valueOf(world: World, series: string): Promise<number | undefined> {
  const { text } = await world.ask('GET', '/metrics')
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

/** Waits until a request is counted, which is after the client has the answer. */
async function reaches(world: World, series: string, wanted: number): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS
  for (;;) {
    const value = await valueOf(world, series)
    if (value === wanted) return
    assert.ok(performance.now() < giveUpAt, `${series} is ${value}, and not ${wanted}`)
  }
}

const requests = (method: string, route: string, status: string | number): string =>
  `http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`

suite('the metrics count', () => {
  test('clients that disconnected before their answer, and malformed requests', async () => {
    await using world = await openWorld()
    const { token } = await world.signUp()
    using wire = await dial(world.url)
    await wire.send(
      lines('POST /api/tasks HTTP/1.1', 'Host: x', `Authorization: Bearer ${token}`, 'Content-Length: 99'),
    )
    await reaches(world, 'http_requests_in_flight', 2)
    wire.socket.resetAndDestroy()
    await reaches(world, requests('POST', '/api/tasks', 'aborted'), 1)
    resetBeforeAccept(world.url, lines('GET /api/tasks HTTP/1.1', 'Host: x'), 20)
    await reaches(world, requests('GET', '/api/tasks', 'aborted'), 20)
    assert.equal(await valueOf(world, 'http_problems_total{code="internal"}'), 0)
    await exchange(world.url, 'GARBAGE\r\n\r\n')
    await reaches(world, requests('other', 'none', 400), 1)
    await exchange(world.url, lines('CONNECT example.com:443 HTTP/1.1', 'Host: x'))
    await reaches(world, requests('other', 'none', 405), 1)
    await exchange(world.url, lines('PROPFIND /api/tasks HTTP/1.1', 'Host: x'))
    await reaches(world, requests('other', 'none', 405), 2)
    await exchange(
      world.url,
      lines(
        'POST /api/tasks HTTP/1.1',
        'Host: x',
        `Authorization: Bearer ${token}`,
        'Content-Type: application/json',
        'Transfer-Encoding: chunked',
      ),
      'zz\r\n',
    )
    await reaches(world, requests('POST', '/api/tasks', 400), 1)
    await reaches(world, 'http_problems_total{code="malformed_request"}', 2)
    await reaches(world, 'http_problems_total{code="method_not_allowed"}', 2)
  })

  test('sign-ups, sign-ins, sign-outs and refusals, by kind of credential', async () => {
    await using world = await openWorld()
    const body = { email: 'ada@example.com', password: 'correct horse' }
    const signUp = await world.ask('POST', '/api/auth/sign-up/email', { body: { ...body, name: 'Ada' } })
    const token: string = signUp.json.token
    await world.ask('POST', '/api/auth/sign-in/email', { body })
    await world.ask('POST', '/api/auth/sign-in/email', { body: { ...body, password: 'wrong' } })
    await world.ask('POST', '/api/auth/sign-out', { token })
    await world.ask('GET', '/api/tasks', { token })
    await world.ask('GET', '/api/tasks', { headers: { 'x-service-auth': 'wrong', 'x-user-id': 'unknown' } })
    await world.ask('GET', '/api/tasks')
    const series = {
      'auth_actions_total{action="sign-up",outcome="ok"}': 1,
      'auth_actions_total{action="sign-in",outcome="ok"}': 1,
      'auth_actions_total{action="sign-in",outcome="refused"}': 1,
      'auth_actions_total{action="sign-out",outcome="ok"}': 1,
      'auth_unauthenticated_total{credential="bearer"}': 1,
      'auth_unauthenticated_total{credential="service"}': 1,
      // The request with the wrong password had no credential either.
      'auth_unauthenticated_total{credential="none"}': 2,
      'http_problems_total{code="unauthenticated"}': 4,
    }
    for (const [name, value] of Object.entries(series)) assert.equal(await valueOf(world, name), value, name)
  })

  test('the decisions of rate limits by policy, and those without Redis', async () => {
    await using world = await openWorld({ env: { RATE_LIMIT_WRITE: '2', REDIS_URL: 'redis://127.0.0.1:1/0' } })
    const { token } = await world.signUp()
    for (let task = 0; task < 3; task++) await world.ask('POST', '/api/tasks', { token, body: { title: 'x' } })
    assert.equal(await valueOf(world, 'rate_limit_verdicts_total{policy="write",verdict="refused"}'), 1)
    assert.ok(((await valueOf(world, 'rate_limit_verdicts_total{policy="write",verdict="allowed"}')) ?? 0) >= 2)
    assert.ok(((await valueOf(world, 'rate_limit_alone_total{policy="write"}')) ?? 0) >= 3)
    assert.equal(await valueOf(world, 'redis_up'), 0)
  })

  test('replayed answers, and conflicting Idempotency-Keys', async () => {
    await using world = await openWorld()
    const { token } = await world.signUp()
    const headers = { 'idempotency-key': randomUUID() }
    for (const title of ['x', 'x', 'y']) await world.ask('POST', '/api/tasks', { token, headers, body: { title } })
    assert.equal(await valueOf(world, 'idempotency_replays_total'), 1)
    assert.equal(await valueOf(world, 'http_problems_total{code="idempotency_key_reused"}'), 1)
  })

  test('the state of the database, also while it is unavailable', async () => {
    const away = new Error('away')
    await using world = await openWorld()
    assert.equal(await valueOf(world, 'database_up'), 1)
    assert.equal(await valueOf(world, 'database_migrations{state="pending"}'), 0)
    assert.ok(((await valueOf(world, 'database_migrations{state="applied"}')) ?? 0) > 0)
    assert.ok(((await valueOf(world, 'database_pool_connections_max')) ?? 0) >= 1)
    await using lost = await openWorld({
      replace: ({ db }) => ({ db: { ...db, migrationState: () => Promise.reject(away) } }),
    })
    assert.equal(await valueOf(lost, 'database_up'), 0)
    assert.equal(await valueOf(lost, 'database_migrations{state="pending"}'), undefined)
  })

  test('requests that got no connection in time', async () => {
    await using world = await openWorld({ env: { DATABASE_POOL_TIMEOUT: '1' } })
    const { token } = await world.signUp()
    const { pool } = world.deps.db
    const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()))
    const { status } = await world.ask('GET', '/api/tasks', { token })
    for (const client of held) client.release()
    assert.equal(status, 503)
    assert.ok(((await valueOf(world, 'database_pool_acquire_failures_total')) ?? 0) >= 1)
    assert.equal(await valueOf(world, 'http_problems_total{code="unavailable"}'), 1)
  })

  test('a service like any other caller', async () => {
    await using world = await openWorld()
    const { id } = await world.signUp()
    await world.ask('GET', '/api/tasks', { headers: { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': id } })
    await reaches(world, requests('GET', '/api/tasks', 200), 1)
  })
})
