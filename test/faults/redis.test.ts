import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { Secret } from '../../src/lib/secret.ts'
import { openLimits } from '../../src/limits/limits.ts'
import { openRedis, type RedisConnection } from '../../src/redis.ts'
import { openWorld, type Answer, type World } from '../world.ts'
import { FaultProxy } from './fault-proxy.ts'
import { RECOVERY_LIMIT_MS, spread, timed, until } from './measures.ts'
import { needsRedisServer, openRedisServer, type RedisServer } from './redis-server.ts'

const LIMIT = 40
/** Maximum duration of a request while Redis is unavailable. By design one request takes 250 ms longer; this bound only detects waiting. */
const ANSWER_LIMIT_MS = 1_000

/** A fault of Redis: its beginning and its end. */
interface Fault {
  readonly name: string
  begin(redis: RedisServer, proxy: FaultProxy): Promise<unknown> | void
  end(redis: RedisServer, proxy: FaultProxy): Promise<unknown> | void
}

const FAULTS: readonly Fault[] = [
  { name: 'killed and restarted, empty', begin: (redis) => redis.kill(), end: (redis) => redis.start() },
  { name: 'stalled: it accepts and never answers', begin: (redis) => redis.pause(), end: (redis) => redis.resume() },
  {
    name: 'stalled, as behind an unplugged cable',
    begin: (_, proxy) => proxy.stall({ dead: true }),
    end: (_, proxy) => proxy.pass(),
  },
  {
    name: 'unreachable: connections are reset and refused',
    begin: async (_, proxy) => {
      await proxy.refuse()
      proxy.cut()
    },
    end: (_, proxy) => proxy.pass(),
  },
  { name: 'slower than the timeout', begin: (_, proxy) => proxy.delay(300), end: (_, proxy) => proxy.pass() },
  {
    name: 'read-only: a replica without a master',
    begin: (redis) => redis.admin('replicaof', '127.0.0.1', '1'),
    end: (redis) => redis.admin('replicaof', 'no', 'one'),
  },
  {
    name: 'full, without eviction',
    begin: (redis) => redis.admin('config', 'set', 'maxmemory-policy', 'noeviction', 'maxmemory', '1'),
    end: (redis) => redis.admin('config', 'set', 'maxmemory', '0'),
  },
  {
    name: 'requiring a password that is not configured',
    begin: async (redis, proxy) => {
      await redis.admin('config', 'set', 'requirepass', 'secret')
      proxy.cut()
    },
    end: (redis) => redis.kill().then(() => redis.start()),
  },
]

describe('rate limits and their Redis', { skip: needsRedisServer }, () => {
  let server: RedisServer
  let proxy: FaultProxy
  let redis: RedisConnection
  let world: World
  const lines: string[] = []
  const log = {
    info: (message: string) => void lines.push(message),
    warn: (_: object, message: string) => void lines.push(message),
  }

  before(async () => {
    server = await openRedisServer()
    proxy = await FaultProxy.open(server.port)
    redis = await openRedis({ url: new Secret(`redis://127.0.0.1:${proxy.port}/0`), keyPrefix: 'todo-backend:' }, log)
    world = await openWorld({
      env: { RATE_LIMIT_READ: String(LIMIT) },
      replace: () => ({ limits: openLimits(redis), redis }),
    })
  })
  after(async () => {
    await world?.[Symbol.asyncDispose]()
    await redis?.[Symbol.asyncDispose]()
    await proxy?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })

  for (const fault of FAULTS) {
    test(`${fault.name}: no error, no wait, the limit is enforced, and Redis is used again within 5 s`, async (t) => {
      lines.length = 0
      const { token } = await world.signUp()
      const read = (): Promise<Answer> => world.ask('GET', '/api/tasks', { token })
      const statuses: number[] = []
      const take = async (count: number): Promise<number[]> => {
        const took: number[] = []
        for (let index = 0; index < count; index++) {
          const { answer, ms } = await timed(read())
          statuses.push(answer.status)
          took.push(ms)
        }
        return took
      }
      const usual = await take(10)
      await fault.begin(server, proxy)
      const during = await take(10)
      assert.ok(Math.max(...during) < ANSWER_LIMIT_MS, `answered after ${Math.max(...during)} ms`)
      assert.equal((await world.ask('GET', '/health/ready')).json.status, 'degraded')
      await fault.end(server, proxy)

      const endedAt = performance.now()
      // Counted by another process too, so the sum shows that Redis is used.
      await until('Redis is used again', () => redis.isReachable(), RECOVERY_LIMIT_MS)
      const backMs = Math.round(performance.now() - endedAt)
      await take(LIMIT)
      assert.deepEqual(
        { passed: statuses.filter((status) => status === 200).length, others: new Set(statuses) },
        { passed: LIMIT, others: new Set([200, 429]) },
      )
      assert.deepEqual(lines, [
        'Redis is unavailable; this process counts rate limits by itself until it is back',
        'Redis is back',
      ])
      t.diagnostic(
        `ms a read, min / median / max: before ${spread(usual)}, during ${spread(during)}; used again after ${backMs} ms`,
      )
    })
  }

  test('evicting: no request fails, and no process by itself allows more than the limit', async () => {
    lines.length = 0
    await server.admin('config', 'set', 'maxmemory-policy', 'allkeys-lru')
    const { token } = await world.signUp()
    const statuses: number[] = []
    for (let index = 0; index < 2 * LIMIT; index++) {
      statuses.push((await world.ask('GET', '/api/tasks', { token })).status)
      if (index % 10 === 9) await server.admin('flushdb')
    }
    assert.deepEqual(statuses, [...Array<number>(LIMIT).fill(200), ...Array<number>(LIMIT).fill(429)])
    assert.deepEqual(lines, [])
  })

  test('absent at the start: served at once, one log line, and used when it is available', async () => {
    const later = await openRedisServer()
    await later.kill()
    lines.length = 0
    await using own = await openRedis({ url: new Secret(later.url), keyPrefix: 'todo-backend:' }, log)
    const { take } = openLimits(own)
    const policy = { name: 'test', limit: 2, windowSeconds: 60 }
    const subject = randomUUID()
    const allowed = [await take(policy, subject), await take(policy, subject), await take(policy, subject)]
    assert.deepEqual(
      allowed.map((verdict) => verdict.allowed),
      [true, true, false],
    )
    assert.deepEqual(lines, ['Redis is unavailable; this process counts rate limits by itself until it is back'])
    await later.start()
    await until('Redis is used', () => own.isReachable(), RECOVERY_LIMIT_MS)
    assert.deepEqual(lines.slice(1), ['Redis is back'])
    // Requests that this process allowed before still count.
    assert.equal((await take(policy, subject)).allowed, false)
    await later[Symbol.asyncDispose]()
  })
})
