import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  needsServer,
  openServedDatabase,
  withClient,
  type ServedDatabase,
  type TestUser,
} from '../../test/databases.ts'
import { Problem } from '../errors.ts'
import { openScopes } from './scopes.ts'
import { reading, shortReading, type Step } from './step.ts'

const POOL = 4
/** Half of it. */
const SHARED = 2

suite('many who read at once', { skip: needsServer }, () => {
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

  test('each read as themselves, on half of the connections', async () => {
    const answers = await asAll(whose())
    assert.deepEqual(
      answers.map((answer) => answer.user),
      answers.map((_, at) => user(at).id),
    )
    assert.equal(new Set(answers.map(({ pid }) => pid)).size, SHARED)
  })

  test('have nobody between them who may take long', async () => {
    const [slow, ...quick] = await Promise.all([
      served.db.asUser(user(0).principal, whose(0.3, false)).then(() => performance.now()),
      ...Array.from({ length: 20 }, () => served.db.asUser(user(1).principal, whose()).then(() => performance.now())),
    ])
    assert.ok(quick.every((at) => at < slow))
  })

  test('are not disturbed by one whose statement fails', async () => {
    const fails = shortReading({ name: 'test.fails', text: 'select 1 / $1::int as one' }, [0], () => 1)
    const [failed, answers] = await Promise.all([
      assert.rejects(served.db.asUser(user(0).principal, fails), /division by zero/),
      asAll(whose()),
    ])
    assert.equal(failed, undefined)
    assert.equal(answers.length, 48)
  })

  test('are refused each for themselves', async () => {
    const nobody = { kind: 'session', tokenKeys: ['0'.repeat(64)] } as const
    const [answers, refusal] = await Promise.all([
      asAll(whose()),
      served.db.asUser(nobody, whose()).catch((error: unknown) => error),
    ])
    assert.equal(answers.length, 48)
    assert.ok(refusal instanceof Problem && refusal.code === 'unauthenticated')
  })

  test('are all answered when their connections are lost under them', async () => {
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

  test('do not wait behind one who takes long after all', async () => {
    const slow = served.db.asUser(user(0).principal, whose(0.5)).then(() => performance.now())
    const others = Array.from({ length: 40 }, async (_, at) => {
      await sleep(50 + at)
      await served.db.asUser(user(at).principal, whose())
      return performance.now()
    })
    const ended = await Promise.all(others)
    assert.ok(Math.max(...ended) < (await slow))
  })

  test('who run out of time give up alone, and the others are answered', async () => {
    const scopes = openScopes(served.db.pool, served.db.roles, {
      enteredWithMs: 100,
      patience: () => ({ leftMs: waits.shift() ?? 1_600, acquireMs: 1_000 }),
    })
    const waits = [300]
    const late = assert.rejects(scopes.asUser(user(0).principal, whose(0.6)), { code: 'unavailable' })
    const beside = Array.from({ length: 8 }, (_, at) => scopes.asUser(user(at).principal, whose()))
    assert.deepEqual(
      (await Promise.all(beside)).map((answer) => answer.user),
      beside.map((_, at) => user(at).id),
    )
    await late
    while (served.db.pool.idleCount < served.db.pool.totalCount) await sleep(10)
  })

  test('leave room for whoever needs a connection alone, and give theirs back in the end', async () => {
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
