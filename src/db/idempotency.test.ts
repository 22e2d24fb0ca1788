import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import { Problem } from '../errors.ts'
import { purgeIdempotencyKeys, purgeNowAndThen, type OnceOnly } from './idempotency.ts'
import { openScopes, type Scopes } from './scopes.ts'
import type { Sql } from './sql.ts'

let served: ServedDatabase
let ada: TestUser

before(async () => {
  served = await openServedDatabase()
  ada = await served.addUser()
})
after(() => served[Symbol.asyncDispose]())

const rowsOf = async (text: string): Promise<Record<string, unknown>[]> =>
  served.asOwner(async (client) => (await client.query<Record<string, unknown>>(text)).rows)

const request = (key: string, content = key, onReplay = (): void => undefined): OnceOnly => ({
  key,
  fingerprint: createHash('sha256').update(content).digest(),
  onReplay,
})

const problem =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Problem && error.code === code

suite('work under a key', () => {
  for (const result of [{ a: [1, 'é\u2028', null, { b: 'x' }] }, [], 'text', 0, false, null, undefined]) {
    test(`with the result ${JSON.stringify(result)} gives it again, and is not done again`, async () => {
      let done = 0
      let replays = 0
      const once = request('result', JSON.stringify(result), () => (replays += 1))
      const user = await served.addUser()
      const work = async (): Promise<unknown> => {
        done += 1
        return result
      }
      assert.deepEqual(await served.db.asUser(user.principal, work, once), result)
      assert.deepEqual([done, replays], [1, 0])
      assert.deepEqual(await served.db.asUser(user.principal, work, once), result)
      assert.deepEqual([done, replays], [1, 1])
    })
  }

  test('that throws keeps nothing, so that the key can be used again, for another request too', async () => {
    const failing = served.db.asUser(
      ada.principal,
      async () => {
        throw new Problem('not_found', 'no')
      },
      request('thrown', 'one'),
    )
    await assert.rejects(failing, problem('not_found'))
    assert.equal(await served.db.asUser(ada.principal, async () => 'done', request('thrown', 'two')), 'done')
  })

  test('is done anew when the key was used more than 24 hours ago, whatever it was used for', async () => {
    const run = (content: string) =>
      served.db.asUser(
        ada.principal,
        async () => content,
        request('old', content, () => assert.fail('it was replayed')),
      )
    assert.equal(await run('one'), 'one')
    await assert.rejects(run('two'), problem('idempotency_key_reused'))
    await rowsOf(`update idempotency_keys set created_at = now() - interval '24 hours 1 second' where key = 'old'`)
    assert.equal(await run('two'), 'two')
    await assert.rejects(run('one'), problem('idempotency_key_reused'))
    assert.deepEqual(await rowsOf(`select result from idempotency_keys where key = 'old'`), [{ result: '"two"' }])
  })

  test('is undone when somebody else has kept a result under the key meanwhile, lock or no lock', async () => {
    const user = await served.addUser()
    const work = async (sql: Sql): Promise<string> => {
      await sql.rows({ name: '', text: `insert into tasks (id, title) values (gen_random_uuid(), 'undone')` })
      await sql.rows({ name: '', text: `insert into idempotency_keys (key, fingerprint) values ('k', sha256('x'))` })
      return 'done'
    }
    await assert.rejects(served.db.asUser(user.principal, work, request('k')), problem('request_in_progress'))
    assert.deepEqual(await rowsOf(`select 1 from tasks where title = 'undone'`), [])
  })

  test('takes three statements more, and work without a key none', async () => {
    const statements: string[] = []
    const { pool, roles } = served.db
    const scopes = openScopes(pool, roles, { onStatement: ({ name }) => statements.push(name) })
    const work = (sql: Sql) => sql.rows({ name: 'work', text: 'select 1 as one' })
    await scopes.asUser(ada.principal, work)
    assert.deepEqual(statements, ['work'])
    statements.length = 0
    await scopes.asUser(ada.principal, work, request('counted'))
    assert.deepEqual(statements, ['idempotency.claim', 'idempotency.find', 'work', 'idempotency.keep'])
    statements.length = 0
    await scopes.asUser(ada.principal, work, request('counted'))
    assert.deepEqual(statements, ['idempotency.claim', 'idempotency.find'])
  })

  test('goes with its user', async () => {
    const user = await served.addUser()
    await served.db.asUser(user.principal, async () => 1, request('k'))
    await rowsOf(`delete from users where id = '${user.id}'`)
    assert.deepEqual(await rowsOf(`select key from idempotency_keys where user_id = '${user.id}'`), [])
  })
})

suite('the purge', () => {
  const fill = (rows: number, age: string): Promise<unknown> =>
    rowsOf(`insert into idempotency_keys (user_id, key, fingerprint, created_at)
            select '${ada.id}', '${age} ' || n, sha256('x'), now() - interval '${age}' from generate_series(1, ${rows}) n`)
  const left = async (): Promise<number> =>
    Number((await rowsOf(`select count(*) as n from idempotency_keys where key like '% hours %'`))[0]?.['n'])

  test('deletes all that has expired and nothing else, at most 1000 rows in a transaction', async () => {
    await fill(2001, '25 hours')
    await fill(3, '23 hours')
    const reasons: string[] = []
    const counting: Pick<Scopes, 'asSystem'> = {
      asSystem: (reason, work) => {
        reasons.push(reason)
        return served.db.asSystem(reason, work)
      },
    }
    assert.ok((await purgeIdempotencyKeys(counting)) >= 2001)
    assert.equal(reasons.length, 3)
    assert.equal(await left(), 3)
    assert.equal(await purgeIdempotencyKeys(served.db), 0)
  })

  test('of two processes at once deletes each row once', async () => {
    await fill(1500, '30 hours')
    const purged = await Promise.all([purgeIdempotencyKeys(served.db), purgeIdempotencyKeys(served.db)])
    // What one has locked the other passes by.
    assert.ok(purged[0] + purged[1] <= 1500)
    await purgeIdempotencyKeys(served.db)
    assert.equal(await left(), 3)
  })

  test('that fails is one line in the log, and the next one comes', async () => {
    const warned = Promise.withResolvers<object>()
    const purged = Promise.withResolvers<object>()
    let attempts = 0
    const failingFirst: Pick<Scopes, 'asSystem'> = {
      asSystem: (reason, work) => {
        attempts += 1
        return attempts === 1 ? Promise.reject(new Error('away')) : served.db.asSystem(reason, work)
      },
    }
    await fill(1, '26 hours')
    const log = { debug: purged.resolve, warn: warned.resolve }
    const purging = purgeNowAndThen(failingFirst, log, { intervalMs: 1 })
    // The timer keeps no process alive, and nothing else does here.
    const alive = setInterval(() => undefined, 1000)
    assert.match(String(Reflect.get(await warned.promise, 'err')), /away/)
    assert.deepEqual(await purged.promise, { purged: 1 })
    await purging[Symbol.asyncDispose]()
    clearInterval(alive)
  })
})
