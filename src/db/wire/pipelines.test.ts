import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import {
  needsServer,
  openServedDatabase,
  withClient,
  type ServedDatabase,
  type TestUser,
} from '../../../test/databases.ts'
import { Problem } from '../../errors.ts'
import { openScopes } from '../scopes.ts'
import { reading, shortReading, writing } from '../step.ts'
import type { Step } from '../sql.ts'
import { sessionPrincipal } from '../../principal.ts'

const POOL = 4
/** Half of it is shared by reads, and half of that by writes. */
const READ = 2
const WRITTEN = 1

suite('concurrent reads', { skip: needsServer }, () => {
  let served: ServedDatabase
  let users: readonly TestUser[]

  before(async () => {
    served = await openServedDatabase({ DATABASE_POOL_SIZE: `${POOL}`, DATABASE_POOL_OVERFLOW: '0' })
    users = await Promise.all(Array.from({ length: 8 }, () => served.addUser()))
  })
  after(() => served[Symbol.asyncDispose]())

  const user = (at: number): TestUser => users[at % users.length] ?? assert.fail('no users')
  const asAll = <T>(step: Step<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: 48 }, (_, at) => served.db.asUser(user(at).principal, step)))
  const whose = (seconds = 0, isShort = true): Step<{ user: string; pid: number }> =>
    (isShort ? shortReading : reading)(
      {
        name: 'test.whose',
        text: `select current_setting('app.user_id') as user, pg_backend_pid() as pid from (select pg_sleep($1)) s`,
      },
      [seconds],
      (row?: { user: string; pid: number }) => row ?? assert.fail('no row'),
    )

  /** Does `work` while a statement waits for a lock that is released after it. Work that waits for the statement times out with it. */
  const whileLocked = (step: typeof reading | typeof shortReading, work: () => Promise<void>): Promise<void> =>
    served.asOwner(async (client) => {
      await client.query('select pg_advisory_lock(1)')
      const waits = step({ name: 'test.locked', text: 'select pg_advisory_xact_lock_shared(1)' }, [], () => undefined)
      const waiting = served.db.asUser(user(0).principal, waits)
      try {
        await work()
      } finally {
        await client.query('select pg_advisory_unlock(1)')
      }
      await waiting
    })

  test('each run as their own user, on half of the connections', async () => {
    // Until shared connections exist, statements wait only briefly for one.
    await asAll(whose())
    const answers = await asAll(whose())
    assert.deepEqual(
      answers.map((answer) => answer.user),
      answers.map((_, at) => user(at).id),
    )
    assert.equal(new Set(answers.map(({ pid }) => pid)).size, READ)
  })

  test('do not share a connection with a statement that may take long', async () => {
    await whileLocked(reading, async () => {
      await Promise.all(Array.from({ length: 20 }, () => served.db.asUser(user(1).principal, whose())))
    })
  })

  test('are not affected by a statement that fails', async () => {
    const fails = shortReading({ name: 'test.fails', text: 'select 1 / $1::int as one' }, [0], () => 1)
    const [failed, answers] = await Promise.all([
      assert.rejects(served.db.asUser(user(0).principal, fails), /division by zero/),
      asAll(whose()),
    ])
    assert.equal(failed, undefined)
    assert.equal(answers.length, 48)
  })

  test('are refused one by one', async () => {
    const unknown = sessionPrincipal(['0'.repeat(64)])
    const [answers, refusal] = await Promise.all([
      asAll(whose()),
      served.db.asUser(unknown, whose()).catch((error: unknown) => error),
    ])
    assert.equal(answers.length, 48)
    assert.ok(refusal instanceof Problem && refusal.code === 'unauthenticated')
  })

  test('are all answered when their connections are lost', async () => {
    await asAll(whose())
    const answers = asAll(whose(0.02))
    await sleep(50)
    await withClient(String(served.env['DATABASE_URL']), (client) =>
      client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      ),
    )
    assert.equal((await answers).length, 48)
  })

  test('do not wait behind a statement that takes longer than expected', async () => {
    await whileLocked(shortReading, async () => {
      const others = Array.from({ length: 40 }, async (_, at) => {
        await sleep(50 + at)
        await served.db.asUser(user(at).principal, whose())
      })
      await Promise.all(others)
    })
  })

  test('that time out are rejected one by one, and the others are answered', async () => {
    const scopes = openScopes(served.db.pool, served.db.roles, {
      enteredWithMs: 100,
      timeBudget: () => ({ leftMs: waits.shift() ?? 1_600, acquireMs: 1_000 }),
    })
    const waits = [300]
    const late = assert.rejects(scopes.asUser(user(0).principal, whose(0.6)), { code: 'unavailable' })
    const others = Array.from({ length: 8 }, (_, at) => scopes.asUser(user(at).principal, whose()))
    assert.deepEqual(
      (await Promise.all(others)).map((answer) => answer.user),
      others.map((_, at) => user(at).id),
    )
    await late
    while (served.db.pool.idleCount < served.db.pool.totalCount) await sleep(10)
  })

  test('leave connections for unshared work, and return their own in the end', async () => {
    const until = new AbortController()
    const readers = (async () => {
      while (!until.signal.aborted) await asAll(whose())
    })()
    const pids = await Promise.all(
      Array.from({ length: POOL }, () =>
        served.db.asUser(user(0).principal, (sql) =>
          sql.row<{ pid: number }>({ name: 'test.alone', text: 'select pg_backend_pid() as pid from pg_sleep(0.02)' }),
        ),
      ),
    )
    until.abort()
    await readers
    assert.ok(pids.every((row) => row !== undefined))
    assert.equal(served.db.pool.idleCount, served.db.pool.totalCount)
  })
})

suite('concurrent writes', { skip: needsServer }, () => {
  let served: ServedDatabase
  let ada: TestUser
  let ben: TestUser

  before(async () => {
    served = await openServedDatabase({ DATABASE_POOL_SIZE: `${POOL}`, DATABASE_POOL_OVERFLOW: '0' })
    ;[ada, ben] = [await served.addUser(), await served.addUser()]
    // The change log makes the writes of one user wait for each other. Here connections are tested, with writes that do not.
    await served.asOwner((client) => client.query('alter table tasks disable trigger tasks_logged'))
  })
  after(() => served[Symbol.asyncDispose]())

  const INSERT = {
    name: 'test.insert',
    text: `insert into tasks (id, title) select $1::uuid, $2 where current_setting('app.user_id') <> ''
           on conflict (user_id, id) do nothing returning id, user_id as user, pg_backend_pid() as pid`,
  }
  interface Made {
    readonly id: string
    readonly user: string
    readonly pid: number
  }
  const insert = (id: string = randomUUID(), title = 'x', fallback?: Writing): Step<Made> =>
    writing(INSERT, [id, title], (row: Made) => row, fallback ?? (() => assert.fail('it was settled')))
  type Writing = Parameters<typeof writing<Made>>[3]

  const many = (): Promise<Made[]> =>
    Promise.all(Array.from({ length: 4 }, (_, at) => served.db.asUser((at % 2 === 0 ? ada : ben).principal, insert())))
  const count = (): Promise<number> =>
    served.asOwner(async (client) => {
      const { rows } = await client.query<{ count: number }>('select count(*)::int as count from tasks')
      return rows[0]?.count ?? NaN
    })

  test('each run as their own user, on one connection while it has room', async () => {
    const before = (await count()) + 1
    // Opens the connection. Writes that find none may each open one.
    await served.db.asUser(ada.principal, insert())
    const made = await many()
    assert.deepEqual(
      made.map(({ user }) => user),
      made.map((_, at) => (at % 2 === 0 ? ada : ben).id),
    )
    assert.equal(new Set(made.map(({ pid }) => pid)).size, WRITTEN)
    assert.equal((await count()) - before, made.length)
  })

  test('are not blocked by one that meets a lock: it is retried in a transaction, and done when the lock ends', async () => {
    const id = randomUUID()
    const lock = Promise.withResolvers<void>()
    const holds = Promise.withResolvers<void>()
    const holder = served.db.asUser(ada.principal, async (sql) => {
      await sql.row(INSERT, [id, 'theirs'])
      holds.resolve()
      await lock.promise
    })
    await holds.promise
    const ended: string[] = []
    const kept = served.db
      .asUser(
        ada.principal,
        insert(id, 'x', async (sql) => (await sql.row<Made>(INSERT, [id, 'x'])) ?? { id, user: ada.id, pid: 0 }),
      )
      .then(({ pid }) => {
        ended.push('kept')
        return pid
      })
    const others = many().then(() => ended.push('others'))
    await others
    lock.resolve()
    await holder
    assert.equal(await kept, 0, 'the row was there when the lock ended')
    assert.deepEqual(ended, ['others', 'kept'])
  })

  const SLOW_INSERT = {
    name: 'test.slow_insert',
    text: `insert into tasks (id, title) select $1::uuid, 'slow' from pg_sleep(0.3)
           where current_setting('app.user_id') <> '' returning id`,
  }
  const insertSlowly = (): Step<object> =>
    writing(
      SLOW_INSERT,
      [randomUUID()],
      (row: object) => row,
      () => assert.fail('it was settled'),
    )
  const code =
    (expected: string) =>
    (error: unknown): boolean =>
      error instanceof Problem && error.code === expected

  test('have one unknown outcome when the session is terminated: the statement in progress; the others are sent again', async () => {
    await many()
    const before = await count()
    const changes = Array.from({ length: 4 }, () => served.db.asUser(ada.principal, insertSlowly()))
    const outcomes = Promise.allSettled(changes)
    await served.asOwner(async (client) => {
      const end = `select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(0.3)%'
                   and state = 'active' and datname = current_database() and pid <> pg_backend_pid()`
      while ((await client.query(end)).rowCount === 0);
    })
    const [first, ...others] = await outcomes
    assert.ok(first?.status === 'rejected' && code('outcome_unknown')(first.reason))
    for (const { status } of others) assert.equal(status, 'fulfilled')
    assert.equal((await count()) - before, others.length)
  })

  test('that waited for a connection are cancelled by the server first, so that they are known not to have happened', async () => {
    const before = await count()
    const hurried = openScopes(served.db.pool, served.db.roles, {
      enteredWithMs: 400,
      timeBudget: () => ({ leftMs: 500, acquireMs: 500 }),
    })
    const taken = await Promise.all(Array.from({ length: POOL }, () => served.db.pool.connect()))
    const late = assert.rejects(hurried.asUser(ada.principal, insertSlowly()), code('unavailable'))
    await sleep(200)
    for (const client of taken) client.release()
    await late
    assert.equal(await count(), before)
  })

  test('test a connection that was idle before they are sent on it', async (t) => {
    await many()
    const sent: string[] = []
    const listen = ({ connection: { stream } }: PoolClient): void => {
      const write = stream.write.bind(stream)
      t.mock.method(stream, 'write', (...[chunk, ...rest]: Parameters<typeof write>) => {
        sent.push(String(chunk))
        return write(chunk, ...rest)
      })
    }
    served.db.pool.once('acquire', listen)
    const now = performance.now.bind(performance)
    t.mock.method(performance, 'now', () => now() + 10_000)
    assert.equal((await served.db.asUser(ada.principal, insert())).user, ada.id)
    assert.equal(sent[0], 'Q\0\0\0\x05\0', 'an empty query')
  })

  test('do not wait for a connection that is silent while there are others', async (t) => {
    await many()
    const silence = ({ connection: { stream } }: PoolClient): void => void stream.pause()
    served.db.pool.once('acquire', silence)
    const now = performance.now.bind(performance)
    t.mock.method(performance, 'now', () => now() + 20_000)
    const ended: string[] = []
    const silent = assert
      .rejects(served.db.asUser(ada.principal, insert()), code('unavailable'))
      .then(() => ended.push('silent'))
    await many()
    ended.push('others')
    await silent
    assert.deepEqual(ended, ['others', 'silent'])
  })

  test('that fail do not affect others', async () => {
    const [failed, made] = await Promise.all([
      assert.rejects(served.db.asUser(ada.principal, insert(randomUUID(), 'x'.repeat(201))), /too long/),
      many(),
    ])
    assert.equal(failed, undefined)
    assert.equal(made.length, 4)
  })
})
