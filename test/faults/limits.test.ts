import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { withClient } from '../databases.ts'
import { openWorld, type Answer, type User, type World } from '../world.ts'
import { assertNotNow, isShort, recovery, spread, timed, UNLIMITED, until } from './measures.ts'
import { mountSmallDisk, needsPostgres, openCluster, type Cluster } from './postgres.ts'

/** The maximum wait for a condition, after which the test fails. */
const PATIENT = { timeout: 60_000 }
/** Node's timers have a resolution of a millisecond. */
const TIMER_ROUNDING_MS = 1

describe('a reachable database at its limits', { skip: needsPostgres }, () => {
  let cluster: Cluster
  let world: World
  let ada: User

  before(async () => {
    cluster = await openCluster({ settings: { max_connections: '16', superuser_reserved_connections: '3' } })
    world = await openWorld({ env: { ...UNLIMITED, DATABASE_URL: cluster.url(), ...POOL } })
    ada = await world.signUp()
  })
  after(async () => {
    await world?.[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
  })
  const POOL = { DATABASE_POOL_SIZE: '3', DATABASE_POOL_OVERFLOW: '2' }

  const askIn = (world: World, method: string, path: string, body?: unknown): Promise<Answer> =>
    world.ask(method, path, { token: ada.token, body })
  const read = (): Promise<Answer> => askIn(world, 'GET', '/api/tasks?limit=1')
  const write = (title = 'x', description?: string): Promise<Answer> =>
    askIn(world, 'POST', '/api/tasks', { title, ...(description !== undefined && { description }) })

  /** Runs `work` while another session holds an exclusive lock on the table. */
  const whileLocked = (work: () => Promise<void>): Promise<void> =>
    withClient(cluster.url(), async (holder) => {
      await holder.query('begin; lock table tasks in access exclusive mode')
      await work()
      await holder.query('rollback')
    })
  const ours = (condition = 'true') =>
    cluster.admin(
      `select pid, state, query from pg_stat_activity where application_name = 'todo-backend' and ${condition}`,
    )

  test('too many connections (53300): refused in time, and served when a connection is available again', async (t) => {
    // All connections of the service are terminated first, so that it needs new ones.
    const others: Client[] = []
    await cluster.admin(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'todo-backend'`,
    )
    await until('the pool has removed its connections', () => world.deps.db.pool.idleCount === 0)
    try {
      for (;;) {
        const client = new Client({ connectionString: cluster.url() })
        client.on('error', () => undefined)
        try {
          await client.connect()
        } catch {
          break
        }
        others.push(client)
      }
      const refusals = await Promise.all([read, write, read, write].map((each) => timed(each())))
      for (const each of refusals) assertNotNow(each)
      const ready = await timed(world.ask('GET', '/health/ready'))
      assert.equal(ready.answer.status, 503)
      t.diagnostic(`refused after ${spread(refusals.map(({ ms }) => ms))} ms`)
    } finally {
      await Promise.all(others.map((client) => client.end()))
    }
    t.diagnostic(`first success ${await recovery(read)} ms after the return`)
  })

  test('a statement that exceeds its timeout (57014): refused in time, and cancelled on the server', async (t) => {
    await whileLocked(async () => {
      const refusals = await Promise.all([read, write, read].map((each) => timed(each())))
      for (const each of refusals) assertNotNow(each)
      t.diagnostic(`refused after ${spread(refusals.map(({ ms }) => ms))} ms`)
      await until('its statement has ended', async () => (await ours(`state <> 'idle'`)).length === 0, 500)
    })
    assert.equal((await read()).status, 200)
  })

  test('a session check that waits for a lock is bounded in the same way', async () => {
    await withClient(cluster.url(), async (holder) => {
      await holder.query('begin; lock table user_sessions in access exclusive mode')
      assertNotNow(await timed(read()))
      await until('its statement has ended', async () => (await ours(`state <> 'idle'`)).length === 0, 500)
      const signIn = world.ask('POST', '/api/auth/sign-in/email', {
        body: { email: ada.email, password: ada.password },
      })
      assertNotNow(await timed(signIn))
      await until('its statement has ended', async () => (await ours(`state <> 'idle'`)).length === 0, 500)
      await holder.query('rollback')
    })
    assert.equal((await read()).status, 200)
  })

  test('an exhausted pool: size and overflow bound the connections, and requests that wait too long are refused in time', async (t) => {
    await whileLocked(async () => {
      const refusals = await Promise.all(Array.from({ length: 40 }, () => timed(read())))
      for (const each of refusals) assertNotNow(each)
      assert.ok((await ours()).length <= 5)
      t.diagnostic(`40 requests over 5 connections: refused after ${spread(refusals.map(({ ms }) => ms))} ms`)
    })
    assert.equal((await read()).status, 200)
  })

  const takesLong = isShort ? 'only in the long form, because it waits 10 s' : false
  test(
    'connections above the pool size are closed after the peak, and the others are kept',
    { skip: takesLong },
    async () => {
      await Promise.all(Array.from({ length: 30 }, read))
      assert.ok((await ours()).length > 3)
      await until('the overflow is closed', async () => (await ours()).length === 3, 15_000)
      await sleep(1_000)
      assert.equal((await ours()).length, 3)
    },
  )

  test('DATABASE_POOL_TIMEOUT is the maximum wait for a connection', async () => {
    await using impatient = await openWorld({
      env: {
        ...UNLIMITED,
        DATABASE_URL: cluster.url(),
        DATABASE_POOL_SIZE: '1',
        DATABASE_POOL_OVERFLOW: '0',
        DATABASE_POOL_TIMEOUT: '1',
      },
    })
    await whileLocked(async () => {
      // Short pages: long ones run one at a time per user, so the second would wait for the first and not for a connection.
      const first = timed(askIn(impatient, 'GET', '/api/tasks?limit=1'))
      const second = await timed(askIn(impatient, 'GET', '/api/tasks?limit=1'))
      assertNotNow(second)
      assert.ok(second.ms >= 950 && second.ms < 1_400, `refused after ${second.ms} ms`)
      assertNotNow(await first)
    })
  })

  test('DATABASE_POOL_RECYCLE replaces older connections, also under load', PATIENT, async () => {
    await using recycling = await openWorld({
      env: {
        ...UNLIMITED,
        DATABASE_URL: cluster.url(),
        DATABASE_POOL_SIZE: '1',
        DATABASE_POOL_OVERFLOW: '0',
        DATABASE_POOL_RECYCLE: '1',
      },
    })
    // Only connections of this pool, compared with the elapsed time: a busy machine delays everything, but never makes it earlier.
    const openedAtMs: number[] = []
    recycling.deps.db.pool.on('connect', () => openedAtMs.push(performance.now()))
    while (openedAtMs.length < 4) assert.equal((await askIn(recycling, 'GET', '/api/tasks?limit=1')).status, 200)
    const livedMs = openedAtMs.slice(1).map((at, index) => at - (openedAtMs[index] ?? 0))
    assert.ok(
      livedMs.every((ms) => ms >= 1_000 - TIMER_ROUNDING_MS),
      `renewed after ${livedMs.map(Math.round).join(', ')} ms`,
    )
  })

  test('a database that became read-only (25006), as after a failover: writes are refused until it is writable again', async () => {
    await cluster.admin(`alter system set default_transaction_read_only = on`)
    await cluster.admin('select pg_reload_conf()')
    try {
      await until('it is', async () => (await write()).status === 503)
      assertNotNow(await timed(write()))
      const signIn = world.ask('POST', '/api/auth/sign-in/email', {
        body: { email: ada.email, password: ada.password },
      })
      assertNotNow(await timed(signIn))
      assert.equal((await read()).status, 200)
    } finally {
      await cluster.admin('begin; set local transaction read write; commit')
      await cluster.admin('alter system reset default_transaction_read_only')
      await cluster.admin('select pg_reload_conf()')
    }
    await recovery(write)
  })

  test('a full disk (53100): writes are refused as a whole and work again when there is space; reads continue', async (t) => {
    const disk = mountSmallDisk(8)
    if (typeof disk === 'string') {
      t.skip(disk)
      return
    }
    using _ = disk
    await cluster.admin(`create tablespace small location '${disk.directory}'`)
    await cluster.admin('alter table tasks set tablespace small; create table filler (x text) tablespace small')
    await cluster.admin('alter table filler alter x set storage plain')
    const fill = `insert into filler select repeat(md5(i::text), 60) from generate_series(1, $) i`
    for (const rows of ['1000', '100', '10', '1']) {
      for (;;) {
        const full = await cluster.admin(fill.replace('$', rows)).then(
          () => false,
          ({ code }: { code?: string }) => code === '53100',
        )
        if (full) break
      }
    }
    // Random text, because PostgreSQL would compress a repetition.
    const big = (): string =>
      Array.from({ length: 9_000 }, () => String.fromCodePoint(0x4e00 + Math.trunc(Math.random() * 20_000))).join('')
    let refusal = await timed(write('full', big()))
    for (let round = 0; refusal.answer.status === 201 && round < 50; round += 1)
      refusal = await timed(write('full', big()))
    assertNotNow(refusal)
    const count = (await cluster.admin('select count(*)::int as n from tasks'))[0]?.['n']
    assertNotNow(await timed(write('full', big())))
    assert.equal((await cluster.admin('select count(*)::int as n from tasks'))[0]?.['n'], count)
    assert.equal((await read()).status, 200)
    assert.equal((await world.ask('GET', '/health/ready')).json.checks.database, 'up')
    await cluster.admin('drop table filler')
    t.diagnostic(`first success ${await recovery(() => write('room', big()))} ms after there was room`)
    await cluster.admin('alter table tasks set tablespace pg_default')
    await cluster.admin('drop tablespace small')
  })
})
