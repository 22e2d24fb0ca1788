import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'pg'
import {
  needsServer,
  openServedDatabase,
  urlOf,
  withClient,
  type ServedDatabase,
  type TestUser,
} from '../../test/databases.ts'
import { Problem } from '../errors.ts'
import { parseDatabaseUrl } from '../lib/database-url.ts'
import { clientConfig, Connection, enterServingRole } from './wire/connection.ts'
import type { TimeBudget } from './wire/lease.ts'
import { openScopes } from './scopes.ts'
import type { Sql, UserSql } from './sql.ts'
import type { Statement } from './wire/statement.ts'
import { shortReading } from './step.ts'
import { servicePrincipal, sessionPrincipal } from '../principal.ts'

let served: ServedDatabase
let ada: TestUser

before(async () => {
  served = await openServedDatabase({
    DATABASE_POOL_SIZE: '4',
    DATABASE_POOL_OVERFLOW: '0',
    DATABASE_POOL_TIMEOUT: '1',
  })
  ada = await served.addUser()
})
after(() => served[Symbol.asyncDispose]())

const unnamed = (text: string): Statement => ({ name: '', text })
const INSERT = unnamed('insert into tasks (id, title) values (gen_random_uuid(), $1)')
const FAIL = unnamed('select 1 / 0')
const UNKNOWN = sessionPrincipal(['0'.repeat(64)])

const titlesOf = (user: TestUser): Promise<unknown[]> =>
  served.asOwner(async (client) => {
    const { rows } = await client.query<{ title: string }>('select title from tasks where user_id = $1 order by 1', [
      user.id,
    ])
    return rows.map((row) => row.title)
  })

const problem =
  (code: string, status: number) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Problem, String(error))
    assert.deepEqual([error.code, error.status], [code, status])
    return true
  }
const unavailable = (error: unknown): boolean => {
  problem('unavailable', 503)(error)
  assert.ok(error instanceof Problem)
  assert.equal(error.headers['retry-after'], '2')
  assert.equal(error.body['retryAfter'], 2)
  assert.ok(error.cause instanceof Error, 'the log gets the cause')
  return true
}

describe('a principal', () => {
  test('with an unknown session is refused with 401, and its work does not run', async () => {
    const work = served.db.asUser(UNKNOWN, () => assert.fail('it ran'))
    await assert.rejects(work, problem('unauthenticated', 401))
  })

  test('of a service that names an unknown user is refused with 404, its work does not run and no user is created', async () => {
    for (const userId of ['unknown', '', ' ', `${ada.id} `, ada.id.toUpperCase().concat('x')]) {
      const work = served.db.asUser(servicePrincipal('agent', userId), () => assert.fail('it ran'))
      await assert.rejects(work, problem('not_found', 404))
    }
    const users = await served.asOwner((client) =>
      client.query(`select id from users where trim(id) in ('', 'unknown')`),
    )
    assert.equal(users.rowCount, 0)
  })

  test('of a service that names a user enters the scope of that user, like a session of the user', async () => {
    const service = servicePrincipal('agent', ada.id)
    const whose = (sql: UserSql) =>
      sql.row(unnamed(`select current_user as role, current_setting('app.user_id') as "user"`))
    const expected = { role: served.db.roles.serving, user: ada.id }
    assert.deepEqual(await served.db.asUser(service, whose), expected)
    assert.deepEqual(await served.db.asUser(ada.principal, whose), expected)
    assert.equal(await served.db.asUser(service, async (sql) => sql.userId), ada.id)
  })
})

describe('the transaction of a scope', () => {
  test('is committed when the work ends, and the result of the work is returned', async () => {
    const user = await served.addUser()
    assert.equal(await served.db.asUser(user.principal, async (sql) => (await sql.rows(INSERT, ['kept']), 42)), 42)
    assert.deepEqual(await titlesOf(user), ['kept'])
  })

  test('is rolled back, and the same error is thrown, when the work throws at any depth', async () => {
    const user = await served.addUser()
    const thrown = new Problem('conflict', 'no')
    const deeper = async (sql: UserSql): Promise<void> => {
      await sql.rows(INSERT, ['inner'])
      throw thrown
    }
    const work = served.db.asUser(user.principal, async (sql) => {
      await sql.rows(INSERT, ['outer'])
      await deeper(sql)
    })
    await assert.rejects(work, (error) => error === thrown)
    assert.deepEqual(await titlesOf(user), [])
  })

  test('is rolled back when the work throws before its first await', async () => {
    const thrown = new Error('at once')
    const work = served.db.asUser(ada.principal, () => {
      throw thrown
    })
    await assert.rejects(work, (error) => error === thrown)
  })

  test('is rolled back by a failing statement whose error the work ignores, and the scope throws', async () => {
    const user = await served.addUser()
    const work = served.db.asUser(user.principal, async (sql) => {
      await sql.rows(INSERT, ['lost'])
      await sql.rows(FAIL).catch(() => undefined)
      return 'done'
    })
    await assert.rejects(work, /nothing was committed/)
    assert.deepEqual(await titlesOf(user), [])
  })

  test('is rolled back by a failing statement that was not awaited', async () => {
    const user = await served.addUser()
    const work = served.db.asUser(user.principal, async (sql) => {
      await sql.rows(INSERT, ['lost'])
      sql.rows(FAIL).catch(() => undefined)
    })
    await assert.rejects(work, /nothing was committed/)
    assert.deepEqual(await titlesOf(user), [])
  })

  test('includes a statement that was not awaited, because it was sent before the commit', async () => {
    const user = await served.addUser()
    await served.db.asUser(user.principal, async (sql) => void sql.rows(INSERT, ['in time']))
    assert.deepEqual(await titlesOf(user), ['in time'])
  })

  test('leaves a usable connection outside a transaction when one of several concurrent statements fails', async () => {
    // Uses every connection of the pool again.
    for (let round = 0; round < 2; round += 1) {
      const works = Array.from({ length: 4 }, (_, index) =>
        served.db.asUser(ada.principal, (sql) =>
          Promise.all(
            index % 2 === 0
              ? [sql.rows(FAIL), sql.rows(INSERT, ['lost'])]
              : [sql.rows(INSERT, ['lost']), sql.rows(FAIL)],
          ),
        ),
      )
      await Promise.all(works.map((work) => assert.rejects(work, { code: '22012' })))
    }
    const before = served.db.pool.totalCount
    for (let each = 0; each < 4; each += 1) {
      const { rows } = await served.db.pool.query(`select now() = statement_timestamp() as outside`)
      assert.deepEqual(rows, [{ outside: true }])
    }
    assert.equal(served.db.pool.totalCount, before, 'no connection was destroyed')
    assert.deepEqual(await titlesOf(ada), [])
  })
})

describe('a statement that fails before others that were sent with it', () => {
  // The promise of `row` settles later than that of `rows`, although the server answered its statement first.
  const failAtFirst = (sql: UserSql): Promise<unknown> => Promise.all([sql.row(FAIL), sql.rows(INSERT, ['behind'])])

  test('is the reason that the scope throws, and not that the others were not executed', async () => {
    await assert.rejects(served.db.asUser(ada.principal, failAtFirst), { code: '22012' })
  })

  test('is the reason also after another error, from which the work has recovered', async () => {
    const work = served.db.asUser(ada.principal, async (sql) => {
      await sql.rows(unnamed('savepoint before'))
      await sql.rows(unnamed('select sqrt(-1)')).catch(() => undefined)
      await sql.rows(unnamed('rollback to savepoint before'))
      await failAtFirst(sql)
    })
    await assert.rejects(work, { code: '22012' })
  })
})

describe('a statement after the end of its scope', () => {
  const late = (error: unknown): boolean => error instanceof Error && /after the end of its scope/.test(error.message)

  test('is refused, because its connection may already be in the scope of another user', async () => {
    const escaped = Promise.withResolvers<Sql>()
    await served.db.asUser(ada.principal, async (sql) => escaped.resolve(sql))
    const sql = await escaped.promise
    await assert.rejects(sql.rows(INSERT, ['late']), late)
    const ben = await served.addUser()
    await served.db.asUser(ben.principal, async () => {
      await assert.rejects(sql.rows(INSERT, ['late']), late)
    })
    assert.deepEqual(await titlesOf(ben), [])
  })

  test('is refused in a concurrent branch that continues after its sibling failed', async () => {
    const ben = await served.addUser()
    const failed = Promise.withResolvers<void>()
    const branch = Promise.withResolvers<unknown>()
    const work = served.db.asUser(ada.principal, (sql) =>
      Promise.all([
        sql.rows(FAIL),
        (async () => {
          await failed.promise
          branch.resolve(await sql.rows(INSERT, ['late']).catch((error: unknown) => error))
        })(),
      ]),
    )
    await assert.rejects(work, { code: '22012' })
    await served.db.asUser(ben.principal, async () => {
      failed.resolve()
      assert.ok(late(await branch.promise))
    })
    assert.deepEqual(await titlesOf(ben), [])
  })

  test('is refused in a scope of the system role too', async () => {
    const sql = await served.db.asSystem('test', async (sql) => ({ sql }))
    await assert.rejects(sql.sql.rows(unnamed('select 1')), late)
  })
})

test('concurrent scopes never read or write rows of other users: 200 scopes of 10 users on one pool', async () => {
  const users = await Promise.all(Array.from({ length: 10 }, () => served.addUser()))
  const [WHO, COUNT]: Statement[] = [
    { name: 'test.who', text: `select current_setting('app.user_id') as "user", current_user as role` },
    { name: 'test.count', text: 'select count(*) as n, count(*) filter (where user_id <> $1) as others from tasks' },
  ]
  const kept = new Map(users.map((user) => [user.id, 0]))
  // An order other than that of the users, and the same in every run, so that a failure can be reproduced.
  const outcomes = Array.from({ length: 200 }, (_, index) => {
    const user = users[(index * 7 + Math.trunc(index / 10)) % users.length] ?? ada
    const fails = index % 5 === 0
    return served.db
      .asUser(user.principal, async (sql) => {
        await Promise.all([sql.rows(INSERT, [`${index}`]), index % 3 === 0 ? sleep(1) : undefined])
        const [who, count] = await Promise.all([
          sql.row<{ user: string; role: string }>(WHO ?? FAIL),
          sql.row<{ n: number; others: number }>(COUNT ?? FAIL, [user.id]),
        ])
        assert.deepEqual(who, { user: user.id, role: served.db.roles.serving })
        assert.equal(sql.userId, user.id)
        assert.equal(count?.others, 0)
        assert.ok((count?.n ?? 0) >= 1)
        if (fails) await Promise.all([sql.rows(FAIL), sql.rows(WHO ?? FAIL)])
        kept.set(user.id, (kept.get(user.id) ?? 0) + 1)
      })
      .then(
        () => assert.ok(!fails),
        // The pool is small and the time budget short, so some scopes may be refused; none may see rows of another user.
        (error: unknown) => void (error instanceof Problem ? unavailable(error) : assert.ok(fails, String(error))),
      )
  })
  await Promise.all(outcomes)
  assert.ok([...kept.values()].reduce((sum, each) => sum + each) > 0)
  for (const user of users) assert.equal((await titlesOf(user)).length, kept.get(user.id))
})

describe('when no connection becomes free in time', () => {
  test('the scope is refused with 503, and the next one works', async () => {
    const held = Promise.withResolvers<void>()
    const holders = Array.from({ length: served.db.pool.options.max }, () =>
      served.db.asUser(ada.principal, () => held.promise),
    )
    await Promise.all([
      assert.rejects(
        served.db.asUser(ada.principal, () => assert.fail('it ran')),
        unavailable,
      ),
      assert.rejects(
        served.db.asSystem('test', () => assert.fail('it ran')),
        unavailable,
      ),
    ])
    held.resolve()
    await Promise.all(holders)
    assert.equal(await served.db.asUser(ada.principal, async (sql) => sql.userId), ada.id)
  })
})

describe('when the connection breaks', { skip: needsServer }, () => {
  // It returns when the process has ended. A COMMIT that is sent before would make the outcome unknown.
  const kill = (pid: unknown): Promise<unknown> =>
    withClient(String(served.env['DATABASE_URL']), (client) =>
      client.query('select pg_terminate_backend($1, 10000)', [pid]),
    )
  const pidOf = async (sql: Sql): Promise<unknown> =>
    (await sql.row<{ pid: number }>(unnamed('select pg_backend_pid() as pid')))?.pid
  const recovered = async (): Promise<void> => {
    for (let each = 0; each < 5; each += 1) {
      assert.equal(await served.db.asUser(ada.principal, async (sql) => sql.userId), ada.id)
    }
  }

  test('during a query, the scope is refused with 503 and the pool stays usable', async () => {
    const work = served.db.asUser(ada.principal, async (sql) => {
      const pid = await pidOf(sql)
      await Promise.all([sql.rows(unnamed('select pg_sleep(30)')), sql.rows(INSERT, ['lost']), kill(pid)])
    })
    await assert.rejects(work, unavailable)
    await recovered()
    assert.deepEqual(await titlesOf(ada), [])
  })

  test('between two queries of a scope, the scope is refused with 503, and process and pool continue', async () => {
    const work = served.db.asUser(ada.principal, async (sql) => {
      await sql.rows(INSERT, ['lost'])
      await kill(await pidOf(sql))
      // Long enough for the end of the connection to arrive while no query runs.
      await sleep(100)
      await sql.rows(INSERT, ['lost'])
    })
    await assert.rejects(work, unavailable)
    await recovered()
    assert.deepEqual(await titlesOf(ada), [])
  })

  test('before its commit, the scope is not reported as committed', async () => {
    const work = served.db.asUser(ada.principal, async (sql) => {
      await sql.rows(INSERT, ['lost'])
      await kill(await pidOf(sql))
    })
    await assert.rejects(work, unavailable)
    assert.deepEqual(await titlesOf(ada), [])
  })

  /** A pool whose connections go through a proxy that can be cut off. */
  async function openCable() {
    const url = new URL(String(served.env['DATABASE_URL']))
    const target = { host: url.hostname, port: Number(url.port || 5432) }
    const sockets: Socket[] = []
    const cable = createServer((near) => {
      const far = connect(target)
      for (const socket of [near, far]) sockets.push(socket.on('error', () => undefined))
      near.pipe(far).pipe(near)
    })
    await once(cable.listen(0, '127.0.0.1'), 'listening')
    url.host = `127.0.0.1:${(cable.address() as AddressInfo).port}`
    const pool = new Pool({
      ...clientConfig(parseDatabaseUrl(`${url.href}?sslmode=disable`)),
      Client: Connection,
      max: 2,
      // oxlint-disable-next-line typescript/no-misused-promises -- declared as void, but the pool waits for it
      onConnect: (client) => enterServingRole(client, served.db.roles.serving, 1_600),
    })
    pool.on('connect', (client) => client.on('error', () => undefined))
    return {
      pool,
      pull(): void {
        for (const socket of sockets) socket.unpipe()
      },
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy()
        cable.close()
        await pool.end()
      },
    }
  }

  test('by becoming silent, the scope is refused with 503 when its time budget ends, and the pool stays usable', async () => {
    await using cable = await openCable()
    const timeBudget = (): TimeBudget => ({ leftMs: 400, acquireMs: 400 })
    const scopes = openScopes(cable.pool, served.db.roles, { timeBudget })
    const work = scopes.asUser(ada.principal, async (sql) => {
      cable.pull()
      await Promise.all([sql.rows(INSERT, ['lost']), sql.rows(unnamed('select 1'))])
    })
    await assert.rejects(work, unavailable)
    assert.equal(await scopes.asUser(ada.principal, async (sql) => sql.userId), ada.id)
  })

  test('by becoming silent while it is shared, it is destroyed, even if all waiting scopes have ended before', async () => {
    await using cable = await openCable()
    const { pool } = cable
    const timeBudget = (): TimeBudget => ({ leftMs: 500, acquireMs: 500 })
    const scopes = openScopes(pool, served.db.roles, { timeBudget, enteredWithMs: 400 })
    const who = shortReading({ name: 'test.who', text: 'select' }, [], (_row, userId) => userId)
    const lost = shortReading({ name: 'test.lost', text: 'select pg_sleep(0.1)' }, [], (_row, userId) => userId)
    assert.equal(await scopes.asUser(ada.principal, who), ada.id)
    const waiting = Promise.all(
      [lost, lost].map((step) => assert.rejects(scopes.asUser(ada.principal, step), unavailable)),
    )
    setImmediate(() => cable.pull())
    await waiting
    const removed = once(pool, 'remove', { signal: AbortSignal.timeout(5_000) })
    assert.equal(pool.idleCount, 0)
    await removed
    assert.equal(pool.totalCount, 0)
    assert.equal(await scopes.asUser(ada.principal, who), ada.id)
  })

  test('and no other can be opened, scopes are refused with 503 until one can', async () => {
    const url = String(served.env['DATABASE_URL'])
    const database = new URL(url).pathname.slice(1)
    const admin = (text: string) => withClient(urlOf(url, 'postgres'), (client) => client.query(text))
    await admin(`alter database ${database} allow_connections false`)
    try {
      await admin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`)
      while (served.db.pool.idleCount > 0) await sleep(5)
      await assert.rejects(
        served.db.asUser(ada.principal, () => assert.fail('it ran')),
        unavailable,
      )
    } finally {
      await admin(`alter database ${database} allow_connections true`)
    }
    await recovered()
  })

  test('while idle, like all others, the pool replaces them', async () => {
    await Promise.all(
      Array.from({ length: 4 }, () =>
        served.db.asUser(ada.principal, (sql) => sql.rows(unnamed('select pg_sleep(0.01)'))),
      ),
    )
    const idle = served.db.pool.idleCount
    assert.ok(idle > 1)
    await withClient(String(served.env['DATABASE_URL']), (client) =>
      client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      ),
    )
    while (served.db.pool.idleCount > 0) await sleep(5)
    await recovered()
  })
})

describe(
  'a temporary error of the database is refused with 503, and the connection stays usable',
  { skip: needsServer },
  () => {
    const dies = (...texts: string[]) =>
      served.db.asUser(ada.principal, async (sql) => {
        for (const text of texts) await sql.rows(unnamed(text))
      })

    test('a statement that takes longer than statement_timeout', async () => {
      await assert.rejects(dies(`set local statement_timeout = '20ms'`, 'select pg_sleep(5)'), unavailable)
    })

    test('a lock that is not released in time', async () => {
      await withClient(String(served.env['DATABASE_URL']), async (other) => {
        await other.query('begin; lock table tasks in access exclusive mode')
        await assert.rejects(dies(`set local lock_timeout = '20ms'`, 'select 1 from tasks'), unavailable)
      })
    })

    test('a deadlock', async () => {
      const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const lockBoth = (
        first: number,
        second: number,
        mine: PromiseWithResolvers<void>,
        others: PromiseWithResolvers<void>,
      ) =>
        served.db.asUser(ada.principal, async (sql) => {
          await sql.rows(unnamed(`select pg_advisory_xact_lock(${first})`))
          mine.resolve()
          await others.promise
          await sql.rows(unnamed(`select pg_advisory_xact_lock(${second})`))
        })
      const outcomes = await Promise.allSettled([lockBoth(1, 2, one, two), lockBoth(2, 1, two, one)])
      const refused = outcomes.filter((each) => each.status === 'rejected')
      assert.equal(refused.length, 1)
      unavailable(refused[0]?.reason)
    })

    test('a session that idles inside its transaction for too long', async () => {
      const work = served.db.asUser(ada.principal, async (sql) => {
        await sql.rows(unnamed(`set local idle_in_transaction_session_timeout = '20ms'`))
        await sleep(150)
        await sql.rows(unnamed('select 1'))
      })
      await assert.rejects(work, unavailable)
    })
  },
)

describe('a prepared statement whose result type changed', { skip: needsServer }, () => {
  const RESULTS: Statement = { name: 'test.results', text: 'select result from idempotency_keys' }
  const read = () => served.db.asUser(ada.principal, (sql) => sql.rows(RESULTS))
  const alter = (text: string) => withClient(String(served.env['DATABASE_URL']), (client) => client.query(text))

  test('is refused with 503 once per connection, and then prepared again', async () => {
    await read()
    await alter('alter table idempotency_keys alter result type varchar')
    try {
      const outcomes = []
      for (let each = 0; each < 8; each += 1)
        outcomes.push(await read().catch((error: unknown) => unavailable(error) && 'refused'))
      assert.equal(outcomes[0], 'refused')
      assert.deepEqual(await read(), outcomes.at(-1))
    } finally {
      await alter('alter table idempotency_keys alter result type text')
    }
  })
})

test('a session may idle inside a transaction for seconds; the only one of the embedded database, without which it fails, for ever', async () => {
  const limit = unnamed(`select current_setting('idle_in_transaction_session_timeout') as "limit"`)
  const limits = [
    await served.db.asUser(ada.principal, (sql) => sql.row(limit)),
    await served.db.asSystem('test', (sql) => sql.row(limit)),
    (await served.db.pool.query(limit.text)).rows[0],
  ]
  const expected = needsServer === false ? ['5s', '5s', '1min'] : ['0', '0', '0']
  assert.deepEqual(
    limits,
    expected.map((each) => ({ limit: each })),
  )
})

test('statements are reported by name and text, and a scope of the system role by its reason', async () => {
  const statements: string[] = []
  const reasons: string[] = []
  const scopes = openScopes(served.db.pool, served.db.roles, {
    onStatement: ({ name, text }) => statements.push(`${name}: ${text}`),
    onSystemScope: (reason) => reasons.push(reason),
  })
  await scopes.asUser(ada.principal, (sql) => sql.rows({ name: 'test.one', text: 'select 1' }))
  await scopes.asSystem('count users', (sql) => sql.rows({ name: 'test.two', text: 'select 2' }))
  assert.deepEqual(statements, ['test.one: select 1', 'test.two: select 2'])
  assert.deepEqual(reasons, ['count users'])
})

describe('a scope with its own time budget', () => {
  const asked = unnamed(`select current_setting('statement_timeout') as "limit", pg_sleep($1)::text`)
  const slept = (seconds: number) =>
    shortReading({ name: 'test.slept', text: asked.text }, [seconds], (row?: { limit: string }) => row?.limit)

  test('uses that budget in a step, in a transaction and as the system role, instead of that of requests', async () => {
    const scopes = openScopes(served.db.pool, served.db.roles, {
      timeBudget: () => ({ leftMs: 400, acquireMs: 400 }),
      enteredWithMs: 300,
    })
    const limits = [
      await scopes.asUser(ada.principal, slept(0.6), { budgetMs: 30_000 }),
      await scopes.asUser(ada.principal, async (sql) => (await sql.row<{ limit: string }>(asked, [0.6]))?.limit, {
        budgetMs: 30_000,
      }),
      await scopes.asSystem('test', async (sql) => (await sql.row<{ limit: string }>(asked, [0.6]))?.limit, {
        budgetMs: 30_000,
      }),
    ]
    // The statement_timeout is a little shorter than the budget.
    for (const limit of limits) assert.match(String(limit), /^(29|30)\d*(\.\d+)?m?s$/)
  })

  test('is refused with 503 when a budget that is shorter than that of requests ends', async () => {
    const budgetMs = 300
    await assert.rejects(served.db.asUser(ada.principal, slept(5), { budgetMs }), unavailable)
    await assert.rejects(
      served.db.asUser(ada.principal, (sql) => sql.rows(asked, [5]), { budgetMs }),
      unavailable,
    )
    await assert.rejects(
      served.db.asSystem('test', (sql) => sql.rows(asked, [5]), { budgetMs }),
      unavailable,
    )
  })
})
