import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { suite, test } from 'node:test'
import { openEvents } from '../../test/event-stream.ts'
import { until } from '../../test/faults/measures.ts'
import { adds, reaches, valueOf } from '../../test/metric-values.ts'
import { dial, exchange, lines, resetBeforeAccept } from '../../test/wire.ts'
import { openWorld, SERVICE_TOKEN } from '../../test/world.ts'
import { runJobs } from '../jobs.ts'
import { VERSION } from '../lib/version.ts'

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

  test('open connections', async () => {
    await using world = await openWorld()
    const wires = new DisposableStack()
    await adds(world, { http_connections: 3 }, async () => {
      for (let wire = 0; wire < 3; wire++) wires.use(await dial(world.url))
    })
    await adds(world, { http_connections: -3 }, async () => wires.dispose())
  })

  test('event streams, what they are given, and how they end', async () => {
    await using world = await openWorld({ env: { REDIS_URL: 'redis://127.0.0.1:1/0' } })
    const { token } = await world.signUp()
    const streams = [await openEvents(`${world.url}/api/events`, { token })]
    streams.push(await openEvents(`${world.url}/api/events`, { token }))
    assert.equal(await valueOf(world, 'http_streams'), 2)
    const pages = (await valueOf(world, 'events_pages_read_total')) ?? 0
    await adds(world, { events_changes_total: 2 }, async () => {
      await world.ask('POST', '/api/tasks', { token, body: { title: 'Milk' } })
      await Promise.all(streams.map((stream) => stream.next(({ data }) => data?.seq === 1)))
    })
    assert.ok(((await valueOf(world, 'events_pages_read_total')) ?? 0) > pages)
    const checks = (await valueOf(world, 'events_checks_total')) ?? 0
    await until('checks', async () => ((await valueOf(world, 'events_checks_total')) ?? 0) > checks)
    await adds(world, { 'events_streams_ended_total{reason="client"}': 1 }, async () =>
      streams[0]?.[Symbol.asyncDispose](),
    )
    await adds(world, { 'events_streams_ended_total{reason="credential"}': 1 }, () =>
      world.ask('POST', '/api/auth/sign-out', { token }),
    )
    await streams[1]?.ended
    assert.equal(await valueOf(world, 'http_streams'), 0)
  })

  test('background jobs by name and result, and those that are late or dead', async () => {
    await using world = await openWorld()
    const { id } = await world.signUp()
    const add = (columns: string): Promise<unknown> =>
      world.asOwner((client) =>
        client.query(`insert into jobs (name, for_user, reference, run_at, dead_at)
          select 'empty-trash', '${id}', '{"seq": "0"}', ${columns}`),
      )
    await add("now() - interval '100 hours', now() from generate_series(1, 2)")
    await add(`now() - interval '1 hour', null`)
    assert.equal(await valueOf(world, 'jobs_dead'), 2)
    const late = (await valueOf(world, 'jobs_oldest_due_seconds')) ?? 0
    assert.ok(late >= 3600 && late < 3700, `${late}`)
    const counted = {
      'jobs_run_total{name="empty-trash",outcome="ok"}': 1,
      'jobs_duration_seconds_count{name="empty-trash"}': 1,
    }
    await adds(world, counted, async () => {
      await using _runner = await runJobs(world.deps)
      await reaches(world, 'jobs_run_total{name="empty-trash",outcome="ok"}', 1)
    })
    assert.equal(await valueOf(world, 'jobs_oldest_due_seconds'), 0)
  })

  test('one process of this version, and the time that it was active', async () => {
    await using world = await openWorld()
    const info = `todo_backend_build_info{version="${VERSION}",node="${process.versions.node}"}`
    assert.equal(await valueOf(world, info), 1)
    const active = (): Promise<number | undefined> => valueOf(world, 'nodejs_eventloop_active_seconds_total')
    const startedAt = performance.now()
    const before = (await active()) ?? 0
    const busyUntil = performance.now() + 50
    while (performance.now() < busyUntil);
    const seconds = ((await active()) ?? 0) - before
    assert.ok(seconds >= 0.05 && seconds <= (performance.now() - startedAt) / 1000, `${seconds}`)
  })
})
