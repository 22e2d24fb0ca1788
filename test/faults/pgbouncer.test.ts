import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Client } from 'pg'
import { openDatabase } from '../../src/db/database.ts'
import type { JobKind } from '../../src/jobs/kind.ts'
import { openQueue } from '../../src/jobs/queue.ts'
import { openRunner } from '../../src/jobs/runner.ts'
import { servicePrincipal } from '../../src/principal.ts'
import { configOf, SILENT, withClient } from '../databases.ts'
import { openWorld, SERVICE_TOKEN, type Answer, type User, type World } from '../world.ts'
import { assertNotNow, recovery, spread, timed, UNLIMITED, until } from './measures.ts'
import { needsPgbouncer, openBouncer, type Bouncer } from './pgbouncer.ts'
import { needsPostgres, openCluster, type Cluster } from './postgres.ts'

const SERVER_CONNECTIONS = 3

describe('through PgBouncer in transaction mode', { skip: needsPostgres || needsPgbouncer }, () => {
  let cluster: Cluster
  let bouncer: Bouncer
  let world: World
  let ada: User
  let ben: User

  before(async () => {
    cluster = await openCluster()
    bouncer = await openBouncer(cluster.port, { poolSize: SERVER_CONNECTIONS })
    // The migrations use PgBouncer too.
    world = await openWorld({
      env: { ...UNLIMITED, DATABASE_URL: bouncer.url('postgres'), DATABASE_POOLER: 'transaction' },
    })
    ada = await world.signUp('Ada')
    ben = await world.signUp('Ben')
  })
  after(async () => {
    await world?.[Symbol.asyncDispose]()
    await bouncer?.[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
  })

  const ask = (user: User, method: string, path: string, body?: unknown): Promise<Answer> =>
    world.ask(method, path, { token: user.token, body })
  const asService = (user: User, method: string, path: string, body?: unknown): Promise<Answer> =>
    world.ask(method, path, { body, headers: { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': user.id } })
  const create = async (user: User, title: string): Promise<string> => {
    const { status, json, text } = await ask(user, 'POST', '/api/tasks', { title })
    assert.equal(status, 201, text)
    return json.id
  }

  test('prepared statements are disabled, and the migrations were applied', async () => {
    assert.equal(world.config.database.preparedStatements, false)
    assert.equal((await world.ask('GET', '/health/ready')).json.checks.migrations, 'current')
    assert.deepEqual(await bouncer.console('show version').then((rows) => rows.length), 1)
  })

  test('migrations are reverted and applied again', async () => {
    const { withMigrations } = await import('../../src/db/database.ts')
    const { migrateDown, migrateUp } = await import('../../src/db/schema/migrator.ts')
    await cluster.admin('create database other')
    const config = configOf({ DATABASE_URL: bouncer.url('other'), DATABASE_POOLER: 'transaction' })
    const counts = await withMigrations(config, async (client, variables, options) => [
      (await migrateUp(client, variables, options)).length,
      (await migrateDown(client, variables, { ...options, steps: Infinity })).length,
      (await migrateUp(client, variables, options)).length,
    ])
    assert.ok((counts[0] ?? 0) > 0)
    assert.deepEqual(counts, [counts[0], counts[0], counts[0]])
    // Five at once, each on a separate connection.
    await cluster.admin('create database another')
    const another = configOf({ DATABASE_URL: bouncer.url('another'), DATABASE_POOLER: 'transaction' })
    const racing = await Promise.all(
      Array.from({ length: 5 }, () =>
        withMigrations(
          another,
          async (client, variables, options) => (await migrateUp(client, variables, options)).length,
        ),
      ),
    )
    assert.equal(
      racing.reduce((sum, each) => sum + each),
      counts[0],
    )
  })

  test('tasks are created, listed, read, changed, completed and deleted', async () => {
    const id = await create(ada, 'one')
    assert.equal((await ask(ada, 'GET', `/api/tasks/${id}`)).json.title, 'one')
    const due = '2025-12-27T17:00:00Z'
    const changed = await ask(ada, 'PATCH', `/api/tasks/${id}`, { title: 'two', dueDate: due })
    assert.deepEqual(
      [changed.status, changed.json.title, changed.json.dueDate, changed.json.version],
      [200, 'two', due, 2],
    )
    assert.equal((await ask(ada, 'PATCH', `/api/tasks/${id}/complete`)).json.status, 'COMPLETED')
    assert.equal((await ask(ada, 'GET', '/api/tasks?limit=10')).json.length, 1)
    assert.equal((await asService(ada, 'GET', `/api/tasks/${id}`)).json.title, 'two')
    assert.equal((await asService(ada, 'PATCH', `/api/tasks/${id}`, { title: 'three' })).status, 200)
    assert.equal((await ask(ada, 'DELETE', `/api/tasks/${id}`)).status, 204)
    assert.equal((await ask(ada, 'GET', `/api/tasks/${id}`)).status, 404)
    assert.equal((await asService({ ...ada, id: 'unknown' }, 'GET', '/api/tasks')).status, 404)
  })

  test('sessions are listed and revoked', async () => {
    const eve = await world.signUp('Eve')
    assert.equal((await ask(eve, 'GET', '/api/auth/list-sessions')).json.length, 1)
    assert.equal((await ask(eve, 'POST', '/api/auth/sign-out', {})).status, 200)
    assert.equal((await ask(eve, 'GET', '/api/tasks')).status, 401)
  })

  test('of 50 toggles at once none is lost', async (t) => {
    const id = await create(ada, 'toggle')
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => timed(ask(ada, 'PATCH', `/api/tasks/${id}/complete`))),
    )
    for (const { answer } of answers) assert.equal(answer.status, 200, answer.text)
    const { json } = await ask(ada, 'GET', `/api/tasks/${id}`)
    assert.deepEqual([json.version, json.status], [51, 'TODO'])
    assert.equal(new Set(answers.map(({ answer }) => answer.json.version)).size, 50)
    t.diagnostic(`answered after (min / median / max) ${spread(answers.map(({ ms }) => ms))} ms`)
  })

  test('two concurrent users on few server connections neither see nor change rows of each other', async () => {
    const tasks = new Map<User, string>([
      [ada, await create(ada, 'of ada')],
      [ben, await create(ben, 'of ben')],
    ])
    const other = (user: User): User => (user === ada ? ben : ada)
    await Promise.all(
      Array.from({ length: 120 }, async (_, index) => {
        const user = index % 2 === 0 ? ada : ben
        const strange = tasks.get(other(user)) ?? ''
        const own = tasks.get(user) ?? ''
        switch (index % 10) {
          case 0:
          case 1:
            await create(user, `by ${user.id}`)
            break
          case 2:
          case 3:
            assert.equal((await ask(user, 'PATCH', `/api/tasks/${strange}`, { title: 'taken' })).status, 404)
            break
          case 4:
          case 5:
            assert.equal((await asService(user, 'GET', `/api/tasks/${strange}`)).status, 404)
            break
          case 6:
          case 7:
            assert.equal((await asService(user, 'GET', `/api/tasks/${own}`)).json.userId, user.id)
            break
          default: {
            const { json } = await ask(user, 'GET', '/api/tasks')
            assert.ok(json.length > 0)
            assert.ok(json.every((task: { userId: string }) => task.userId === user.id))
          }
        }
      }),
    )
    const [used] = await cluster.admin(
      `select count(*)::int as n from pg_stat_activity where datname = 'postgres' and backend_type = 'client backend' and pid <> pg_backend_pid()`,
    )
    assert.ok(Number(used?.['n']) <= SERVER_CONNECTIONS)
  })

  test('two runners claim each job once, renew its lease, retry it, and act for its user alone', async () => {
    const { db } = world.deps
    const COUNT = 20
    const runs = new Map<unknown, string[]>()
    const finished = Promise.withResolvers<undefined>()
    let isLongDone = false
    const kinds: readonly JobKind[] = [
      {
        name: 'bouncer-count',
        retryInMs: () => 10,
        run: async ({ reference, attempts, principal }) => {
          assert.ok(principal)
          const titles = await db.asUser(principal, (sql) =>
            sql.rows<{ title: string }>({ name: 'test.titles', text: 'select title from tasks' }, []),
          )
          assert.ok(titles.length > 0 && titles.every(({ title }) => title === 'of Grace'), JSON.stringify(titles))
          runs.set(reference['n'], [...(runs.get(reference['n']) ?? []), `attempt ${attempts}`])
          if (reference['n'] === 0 && attempts === 1) throw new Error('fails at first')
        },
      },
      {
        name: 'bouncer-long',
        run: async () => {
          await until('all others have ended', async () => runs.size === COUNT && runs.get(0)?.length === 2, 20_000)
          isLongDone = true
        },
      },
    ]
    const grace = await world.signUp('Grace')
    await create(grace, 'of Grace')
    await db.asUser(servicePrincipal('test', grace.id), async (sql) => {
      for (let n = 0; n < COUNT; n++) await world.deps.jobs.enqueue(sql, { name: 'bouncer-count', reference: { n } })
    })
    await db.asSystem('test', (sql) => world.deps.jobs.enqueue(sql, { name: 'bouncer-long' }))
    const observer = {
      jobEnded: (name: string, outcome: string) => {
        if (name === 'bouncer-long' && outcome !== 'released') finished.resolve(undefined)
      },
    }
    const log = { debug: () => undefined, warn: () => undefined, error: () => undefined }
    const alive = setInterval(() => undefined, 1000)
    {
      await using stack = new AsyncDisposableStack()
      for (let runner = 0; runner < 2; runner++) {
        stack.use(openRunner(db, openQueue(db), kinds, { log, observer, pollMs: 50, leaseMs: 600 }))
      }
      await finished.promise
    }
    clearInterval(alive)
    assert.equal(isLongDone, true)
    for (let n = 0; n < COUNT; n++) assert.deepEqual(runs.get(n), n === 0 ? ['attempt 1', 'attempt 2'] : ['attempt 1'])
    assert.deepEqual(await cluster.admin(`select name from jobs where name like 'bouncer-%'`), [])
  })

  test('no user, role or setting stays on a server connection', async () => {
    const WHO = `select pg_backend_pid() as pid, current_user as "user", current_setting('role') as role,
      coalesce(current_setting('app.user_id', true), '') as "userId", current_setting('statement_timeout') as timeout,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('search_path') as path,
      (select count(*)::int from pg_prepared_statements) as prepared`
    const clients = Array.from(
      { length: SERVER_CONNECTIONS },
      () => new Client({ connectionString: bouncer.url('postgres') }),
    )
    await Promise.all(clients.map((client) => client.connect()))
    try {
      // All are held at once, so that every server connection is checked.
      await Promise.all(clients.map((client) => client.query('begin')))
      const seen = await Promise.all(clients.map(async (client) => (await client.query(WHO)).rows[0]))
      assert.equal(new Set(seen.map(({ pid }) => pid)).size, SERVER_CONNECTIONS)
      for (const { pid: _, ...rest } of seen) {
        assert.deepEqual(rest, {
          user: 'postgres',
          role: 'none',
          userId: '',
          timeout: '0',
          idle: '0',
          path: '"$user", public',
          prepared: 0,
        })
      }
      await Promise.all(clients.map((client) => client.query('rollback')))
    } finally {
      await Promise.all(clients.map((client) => client.end()))
    }
  })

  test('a statement that exceeds its timeout is refused in time, and cancelled on the server', async () => {
    await withClient(cluster.url(), async (holder) => {
      await holder.query('begin; lock table user_sessions, tasks in access exclusive mode')
      const refusals = await Promise.all(Array.from({ length: 12 }, () => timed(ask(ada, 'GET', '/api/tasks?limit=1'))))
      for (const each of refusals) assertNotNow(each)
      const running = `select 1 from pg_stat_activity where wait_event_type = 'Lock'`
      await until('its statement has ended', async () => (await cluster.admin(running)).length === 0, 2_000)
      await holder.query('rollback')
    })
    await recovery(() => ask(ada, 'GET', '/api/tasks?limit=1'))
  })

  test('after a crash of the server requests are refused in time, and succeed within 5 s of its return', async (t) => {
    await cluster.stop('immediate')
    for (const each of await Promise.all(
      Array.from({ length: 8 }, () => timed(ask(ada, 'GET', '/api/tasks?limit=1'))),
    )) {
      assertNotNow(each)
    }
    // PgBouncer 1.18 accepts a connection and closes it when it has no server. A write that was sent in between has no known outcome.
    const write = await timed(ask(ada, 'POST', '/api/tasks', { title: 'x' }))
    assertNotNow(write, write.answer.json.code === 'outcome_unknown' ? 'outcome_unknown' : 'unavailable')
    assert.equal((await timed(world.ask('GET', '/health/ready'))).answer.status, 503)
    await cluster.start()
    t.diagnostic(`first success ${await recovery(() => ask(ada, 'GET', '/api/tasks?limit=1'))} ms after the return`)
  })

  test('a start without DATABASE_POOLER logs a warning', async () => {
    const warnings: string[] = []
    const log = { ...SILENT, warn: (_: object, message: string) => void warnings.push(message) }
    for (const [env, expected] of [
      [{ DATABASE_URL: bouncer.url('postgres') }, 1],
      [{ DATABASE_URL: bouncer.url('postgres'), DATABASE_POOLER: 'transaction' }, 0],
      [{ DATABASE_URL: cluster.url() }, 0],
    ] as const) {
      warnings.length = 0
      await using _ = await openDatabase(configOf(env), log, { migrate: false })
      assert.equal(warnings.filter((each) => /DATABASE_POOLER=transaction/.test(each)).length, expected)
    }
  })
})
