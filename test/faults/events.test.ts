import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { needsServer, openTestDatabase, type TestDatabase } from '../databases.ts'
import { openEvents, type EventClient } from '../event-stream.ts'
import { openWorld, type User, type World } from '../world.ts'
import { FaultProxy } from './fault-proxy.ts'
import { isShort, until } from './measures.ts'
import { needsRedisServer, openRedisServer, type RedisServer } from './redis-server.ts'

const USERS = 5
const WRITERS_EACH = 20
/** Within 3 s without Redis; the rest is for a busy machine. */
const WITHOUT_REDIS_MS = 5_000

/** What happens to Redis, and what ends it. */
const OUTAGES: Record<
  string,
  readonly [
    begin: (redis: RedisServer, proxy: FaultProxy) => unknown,
    end: (redis: RedisServer, proxy: FaultProxy) => unknown,
  ]
> = {
  'is killed, and started again': [(redis) => redis.kill(), (redis) => redis.start()],
  'accepts and never answers': [(redis) => redis.pause(), (redis) => redis.resume()],
  'is behind a cable that was pulled': [(_, proxy) => proxy.stall({ dead: true }), (_, proxy) => proxy.pass()],
}

describe('events of two processes', { skip: needsServer || needsRedisServer }, () => {
  let redis: RedisServer
  let proxy: FaultProxy
  let database: TestDatabase
  let worlds: readonly [World, World]

  before(async () => {
    redis = await openRedisServer()
    proxy = await FaultProxy.open(redis.port)
    database = await openTestDatabase()
    const env = { ...database.env, REDIS_URL: `redis://127.0.0.1:${proxy.port}/0` }
    worlds = [await openWorld({ env }), await openWorld({ env })]
  })
  after(async () => {
    for (const world of worlds ?? []) await world[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
    await proxy?.[Symbol.asyncDispose]()
    await redis?.[Symbol.asyncDispose]()
  })

  const listen = async (world: World, { token }: User): Promise<EventClient> => {
    const client = await openEvents(`${world.url}/api/events`, { token })
    await client.named('ready')
    return client
  }
  /**
   * Creates a task; again where a busy machine did not do it in time, which changed nothing.
   *
   * @param answeredMs when the answer of each write arrived, by its seq
   */
  const write = async (world: World, user: User, answeredMs: Map<number, number>): Promise<void> => {
    const { token } = user
    const { status, headers, text } = await world.ask('POST', '/api/tasks', { token, body: { title: 'x' } })
    if (status === 503 && text.includes('"unavailable"')) return await write(world, user, answeredMs)
    assert.equal(status, 201, text)
    answeredMs.set(Number(headers.get('x-sync-cursor')?.split('.')[0]), performance.now())
  }
  const assertComplete = ({ events }: EventClient, count: number): void =>
    assert.deepEqual(
      events.filter(({ event }) => event === 'change').map(({ data }) => data.seq),
      Array.from({ length: count }, (_, at) => at + 1),
    )
  /** How long after the answer of its write each change was there; 0 for those that were there before. */
  const delaysOf = ({ events }: EventClient, answeredMs: ReadonlyMap<number, number>): number[] =>
    events
      .filter(({ event }) => event === 'change')
      .map(({ data, atMs }) => Math.max(0, Math.round(atMs - (answeredMs.get(data.seq) ?? atMs))))
      .toSorted((a, b) => a - b)

  test(`${USERS * WRITERS_EACH} writers and ${2 * USERS} listeners: every listener gets each change of its user once, in order`, async (t) => {
    await using open = new AsyncDisposableStack()
    const users = await Promise.all(Array.from({ length: USERS }, () => worlds[0].signUp()))
    const written = users.map((user) => ({
      user,
      answeredMs: new Map<number, number>(),
      clients: new Array<EventClient>(),
    }))
    for (const { user, clients } of written) {
      for (const world of worlds) clients.push(open.use(await listen(world, user)))
    }
    const rounds = isShort ? 1 : 3
    await Promise.all(
      written.flatMap(({ user, answeredMs }) =>
        Array.from({ length: WRITERS_EACH }, async (_, writer) => {
          for (let round = 0; round < rounds; round++) {
            await write(worlds[(writer + round) % 2 === 0 ? 0 : 1], user, answeredMs)
          }
        }),
      ),
    )
    const count = WRITERS_EACH * rounds
    const delays: number[] = []
    for (const { clients, answeredMs } of written) {
      for (const client of clients) {
        await client.next(({ data }) => data.seq === count)
        assertComplete(client, count)
        delays.push(...delaysOf(client, answeredMs))
      }
    }
    delays.sort((a, b) => a - b)
    const at = (share: number) => delays[Math.floor(delays.length * share)]
    t.diagnostic(`ms after the answer of the write: median ${at(0.5)}, p99 ${at(0.99)}`)
  })

  for (const [what, [begin, end]] of Object.entries(OUTAGES)) {
    test(`while Redis ${what}: no change is lost or given twice, and each is there in time`, async (t) => {
      const [near, far] = worlds
      const user = await near.signUp()
      await using client = await listen(far, user)
      const answeredMs = new Map<number, number>()
      const over = new AbortController()
      const writing = (async () => {
        while (!over.signal.aborted) await write(near, user, answeredMs)
      })()
      const has = (count: number) => () => client.events.length > count
      await until('events flow', has(20))
      await begin(redis, proxy)
      const before = client.events.length
      await until('events flow without Redis', has(before + 100), 30_000)
      await end(redis, proxy)
      await until('Redis is used again', () => far.deps.redis.isReachable())
      const afterwards = client.events.length
      await until('events flow after it', has(afterwards + 50), 30_000)
      over.abort()
      await writing
      await client.next(({ data }) => data.seq === answeredMs.size)
      assertComplete(client, answeredMs.size)
      const slowest = delaysOf(client, answeredMs).at(-1) ?? 0
      t.diagnostic(`${answeredMs.size} changes, the slowest ${slowest} ms after the answer of its write`)
      assert.ok(slowest < WITHOUT_REDIS_MS, `${slowest} ms`)
    })
  }
})
