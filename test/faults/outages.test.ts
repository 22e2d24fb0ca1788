import assert from 'node:assert/strict'
import dns from 'node:dns'
import { after, before, describe, mock, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openWorld, type Answer, type User, type World } from '../world.ts'
import { FaultProxy } from './fault-proxy.ts'
import { assertNotNow, isShort, recovery, spread, timed, UNLIMITED, type Timed } from './measures.ts'
import { needsPostgres, openCluster, type Cluster } from './postgres.ts'

const LONG_OUTAGE_MS = isShort ? 5_000 : 30_000
const LOG = process.env['FAULTS_LOG'] ?? 'silent'

describe('while the database is unavailable', { skip: needsPostgres }, () => {
  let cluster: Cluster
  let proxy: FaultProxy
  let world: World
  let ada: User

  before(async () => {
    cluster = await openCluster()
    proxy = await FaultProxy.open(cluster.port)
    world = await openWorld({
      env: {
        ...UNLIMITED,
        DATABASE_URL: proxy.url('postgres', 'localhost'),
        DATABASE_POOL_SIZE: '5',
        DATABASE_POOL_OVERFLOW: '5',
        LOG_LEVEL: LOG,
      },
    })
    ada = await world.signUp()
  })
  after(async () => {
    await proxy?.pass()
    await world?.[Symbol.asyncDispose]()
    await proxy?.[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
  })

  const read = (): Promise<Answer> => world.ask('GET', '/api/tasks?limit=1', { token: ada.token })
  const write = (title = 'x'): Promise<Answer> => world.ask('POST', '/api/tasks', { token: ada.token, body: { title } })
  const signIn = (): Promise<Answer> =>
    world.ask('POST', '/api/auth/sign-in/email', { body: { email: ada.email, password: ada.password } })

  /** Fills the pool, so that the outage affects open connections. */
  const warmUp = async (): Promise<void> => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => read()))
    for (const { status, text } of answers) assert.equal(status, 200, text)
    assert.equal((await world.ask('GET', '/health/ready')).json.checks.database, 'up')
  }

  /** Asserts that all requests are refused in time, and that liveness stays 200. */
  const assertAway = async (t: TestContext): Promise<void> => {
    const asked = [...Array.from({ length: 15 }, read), ...Array.from({ length: 15 }, () => write()), signIn()]
    const [refusals, ready, alive] = await Promise.all([
      Promise.all(asked.map(timed)),
      timed(world.ask('GET', '/health/ready')),
      timed(world.ask('GET', '/health')),
    ])
    for (const each of refusals) assertNotNow(each, maybe(each))
    const { answer, ms } = ready
    assert.deepEqual([answer.status, answer.json.status, answer.json.checks.database], [503, 'unavailable', 'down'])
    assert.ok(ms < 2_000, `readiness answered after ${ms} ms`)
    assert.equal(alive.answer.status, 200)
    t.diagnostic(
      `31 requests refused after (min / median / max) ${spread(refusals.map((each) => each.ms))} ms, readiness after ${ms} ms`,
    )
  }
  // A write that had a connection may have sent its commit.
  const maybe = ({ answer }: Timed): 'unavailable' | 'outcome_unknown' =>
    answer.json?.code === 'outcome_unknown' ? 'outcome_unknown' : 'unavailable'

  const assertBack = async (t: TestContext): Promise<void> => {
    t.diagnostic(`first success ${await recovery(read)} ms after the return`)
    await warmUp()
    assert.equal((await write()).status, 201)
    assert.equal((await signIn()).status, 200)
    assert.equal((await world.ask('GET', '/health/ready')).json.checks.database, 'up')
  }

  const outage = (name: string, down: () => Promise<void> | void, up: () => Promise<void> | void, forMs = 0): void => {
    test(name, async (t) => {
      await warmUp()
      await down()
      const startedAt = performance.now()
      await assertAway(t)
      while (performance.now() - startedAt < forMs) {
        assertNotNow(await timed(read()))
        await sleep(200)
      }
      await up()
      await assertBack(t)
    })
  }

  outage(
    'because it refuses connections, requests are refused in time and succeed soon after its return',
    async () => {
      await proxy.refuse()
      proxy.cut()
    },
    () => proxy.pass(),
  )
  outage(
    'because no bytes get through for a time',
    () => proxy.stall(),
    () => proxy.pass(),
  )
  outage(
    'because its machine was lost and is replaced by another',
    () => proxy.stall({ dead: true }),
    () => proxy.pass(),
    isShort ? 0 : 10_000,
  )
  outage(
    'because all its processes are suspended',
    () => cluster.pause(),
    () => cluster.resume(),
  )
  outage(
    'because it was stopped for a long time',
    () => cluster.stop('fast'),
    () => cluster.start(),
    LONG_OUTAGE_MS,
  )
  outage(
    'because it crashed',
    () => cluster.stop('immediate'),
    () => cluster.start(),
  )
  outage(
    'because its name cannot be resolved',
    () => {
      proxy.cut()
      const notFound = (name: string): Error =>
        Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' })
      mock.method(dns, 'lookup', (name: string, options: unknown, callback?: (error: Error) => void) =>
        process.nextTick(callback ?? (options as (error: Error) => void), notFound(name)),
      )
    },
    () => mock.restoreAll(),
  )

  test('idle connections that are closed affect no request', async () => {
    for (let round = 0; round < 10; round += 1) {
      await warmUp()
      proxy.cut()
      // At once, before the pool has noticed it.
      const answers = await Promise.all([read(), write(), read(), write(), read()])
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 201, 200, 201, 200],
      )
    }
  })

  test('restarts under load only cause refusals', async (t) => {
    await warmUp()
    const stopping = new AbortController()
    const statuses = new Map<number, number>()
    let slowest = 0
    const clients = Array.from({ length: 8 }, async (_, index) => {
      while (!stopping.signal.aborted) {
        const each = await timed(index % 2 === 0 ? read() : write('under load'))
        if (each.answer.status >= 300) assertNotNow(each, maybe(each))
        statuses.set(each.answer.status, (statuses.get(each.answer.status) ?? 0) + 1)
        slowest = Math.max(slowest, each.ms)
      }
    })
    for (let round = 0; round < 3; round += 1) {
      await sleep(300)
      await cluster.restart('fast')
      t.diagnostic(`first success ${await recovery(read)} ms after the return`)
    }
    stopping.abort()
    await Promise.all(clients)
    t.diagnostic(`answers: ${JSON.stringify(Object.fromEntries(statuses))}; slowest ${slowest} ms`)
  })

  test('a connection that is reset at any point of a request affects only that request', async (t) => {
    await warmUp()
    let refused = 0
    for (let bytes = 1; bytes < 600; bytes += isShort ? 60 : 17) {
      proxy.cutAfter(bytes)
      const each = await timed(bytes % 2 === 0 ? read() : write())
      if (each.answer.status >= 300) {
        refused += 1
        assertNotNow(each, maybe(each))
      }
      await proxy.pass()
      await recovery(read)
    }
    assert.ok(refused > 0)
    t.diagnostic(`${refused} requests were interrupted`)
  })

  test('a slow network delays answers up to the time budget', async (t) => {
    proxy.delay(40)
    const each = await timed(read())
    assert.equal(each.answer.status, 200)
    t.diagnostic(`40 ms each way for each piece: ${each.ms} ms`)
    proxy.delay(900)
    // The write is one statement in one piece, so its outcome is unknown.
    assertNotNow(await timed(write()), 'outcome_unknown')
    assertNotNow(await timed(read()))
    await proxy.pass()
    await assertBack(t)
  })
})
