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

describe('while the database is away', { skip: needsPostgres }, () => {
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

  /** Fills the pool, so that there are connections to lose. */
  const warmUp = async (): Promise<void> => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => read()))
    for (const { status, text } of answers) assert.equal(status, 200, text)
    assert.equal((await world.ask('GET', '/health/ready')).json.checks.database, 'up')
  }

  /** Everything that can be asked is refused in time; nothing is touched by liveness. */
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
  // A write that had its connection may have come as far as its commit.
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
    'because it refuses connections, requests are refused in time and the first success follows its return',
    async () => {
      await proxy.refuse()
      proxy.cut()
    },
    () => proxy.pass(),
  )
  outage(
    'because nothing gets through, and then everything does',
    () => proxy.stall(),
    () => proxy.pass(),
  )
  outage(
    'because its machine was lost, and another takes its place',
    () => proxy.stall({ dead: true }),
    () => proxy.pass(),
    isShort ? 0 : 10_000,
  )
  outage(
    'because all its processes stand still',
    () => cluster.pause(),
    () => cluster.resume(),
  )
  outage(
    'because it was stopped, for long',
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
    'because its name is not found',
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

  test('connections that broke while they idled cost no request at all', async () => {
    for (let round = 0; round < 10; round += 1) {
      await warmUp()
      proxy.cut()
      // At once, before the news has come.
      const answers = await Promise.all([read(), write(), read(), write(), read()])
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 201, 200, 201, 200],
      )
    }
  })

  test('restarts under load cost refusals and nothing else', async (t) => {
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

  test('connections that are reset at any point of a request cost that request alone', async (t) => {
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
    t.diagnostic(`${refused} requests were cut`)
  })

  test('a slow line makes slow answers, within the limit', async (t) => {
    proxy.delay(40)
    const each = await timed(read())
    assert.equal(each.answer.status, 200)
    t.diagnostic(`40 ms each way for each piece: ${each.ms} ms`)
    proxy.delay(900)
    // It goes up in one piece, with all that it does: nobody knows what becomes of it.
    assertNotNow(await timed(write()), 'outcome_unknown')
    assertNotNow(await timed(read()))
    await proxy.pass()
    await assertBack(t)
  })
})
