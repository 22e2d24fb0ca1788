import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { needsServer, openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import { Problem } from '../errors.ts'
import { purgeIdempotencyKeys } from './idempotency-purge.ts'
import { isDone, onceOnly, type OnceOnly } from './idempotency.ts'
import { openScopes, type Scopes } from './scopes.ts'
import type { Sql, UserSql } from './sql.ts'

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
  fingerprints: [sha256(content)],
  onReplay,
})

const sha256 = (content: string): Buffer => createHash('sha256').update(content).digest()

const problem =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Problem && error.code === code

suite('work under a key', () => {
  for (const result of [{ a: [1, 'é\u2028', null, { b: 'x' }] }, [], 'text', 0, false, null, undefined]) {
    test(`with the result ${JSON.stringify(result)} returns the stored result the second time, and is executed once`, async () => {
      let done = 0
      let replays = 0
      const once = request('result', JSON.stringify(result), () => (replays += 1))
      const user = await served.addUser()
      const work = async (): Promise<unknown> => {
        done += 1
        return result
      }
      assert.deepEqual(await served.db.asUser(user.principal, work, { once }), result)
      assert.deepEqual([done, replays], [1, 0])
      assert.deepEqual(await served.db.asUser(user.principal, work, { once }), result)
      assert.deepEqual([done, replays], [1, 1])
    })
  }

  test('that throws stores nothing, so that the key can be used again, also for another request', async () => {
    const failing = served.db.asUser(
      ada.principal,
      async () => {
        throw new Problem('not_found', 'no')
      },
      { once: request('thrown', 'one') },
    )
    await assert.rejects(failing, problem('not_found'))
    assert.equal(await served.db.asUser(ada.principal, async () => 'done', { once: request('thrown', 'two') }), 'done')
  })

  test('runs again if the key was used more than 24 hours ago, for any request', async () => {
    const run = (content: string) =>
      served.db.asUser(ada.principal, async () => content, {
        once: request('old', content, () => assert.fail('it was replayed')),
      })
    assert.equal(await run('one'), 'one')
    await assert.rejects(run('two'), problem('idempotency_key_reused'))
    await rowsOf(`update idempotency_keys set created_at = now() - interval '24 hours 1 second' where key = 'old'`)
    assert.equal(await run('two'), 'two')
    await assert.rejects(run('one'), problem('idempotency_key_reused'))
    assert.deepEqual(await rowsOf(`select result from idempotency_keys where key = 'old'`), [{ result: '"two"' }])
  })

  test('is recognized by the fingerprint of the version that stored the key', async () => {
    const user = await served.addUser()
    const at = (key: string, ...contents: [string, ...string[]]) =>
      served.db.asUser(user.principal, async () => contents.join(), {
        once: {
          key,
          fingerprints: contents.map(sha256) as [Buffer, ...Buffer[]], // as many as there are contents
          onReplay: () => undefined,
        },
      })
    assert.equal(await at('old', 'first'), 'first')
    assert.equal(await at('old', 'first', 'second'), 'first', 'an upgraded process knows the request')
    await assert.rejects(at('old', 'other', 'first'), problem('idempotency_key_reused'))
    assert.equal(await at('new', 'first', 'second'), 'first,second')
    assert.equal(await at('new', 'other', 'second'), 'first,second', 'the newest fingerprint is kept')
    await assert.rejects(at('new', 'first', 'other'), problem('idempotency_key_reused'))
  })

  test('under a key that a newer version stored is refused as unavailable, and not as a reused key', async () => {
    const user = await served.addUser()
    const newer: OnceOnly = { ...request('newer'), fingerprints: [sha256('a'), sha256('b')] }
    const older: OnceOnly = { ...newer, fingerprints: [sha256('a')] }
    await served.db.asUser(user.principal, async () => 'done', { once: newer })
    await assert.rejects(
      served.db.asUser(user.principal, async () => assert.fail('it was done again'), { once: older }),
      problem('unavailable'),
    )
    await assert.rejects(
      served.db.asUser(user.principal, (sql) => isDone(sql, older)),
      problem('unavailable'),
    )
    assert.equal(await served.db.asUser(user.principal, async () => 'again', { once: newer }), 'done')
  })

  test('is rolled back if a result was stored under the key meanwhile, even without the lock', async () => {
    const user = await served.addUser()
    const work = async (sql: Sql): Promise<string> => {
      await sql.rows({ name: '', text: `insert into tasks (id, title) values (gen_random_uuid(), 'undone')` })
      await sql.rows({ name: '', text: `insert into idempotency_keys (key, fingerprint) values ('k', sha256('x'))` })
      return 'done'
    }
    await assert.rejects(served.db.asUser(user.principal, work, { once: request('k') }), problem('request_in_progress'))
    assert.deepEqual(await rowsOf(`select 1 from tasks where title = 'undone'`), [])
  })

  test('needs three additional statements, and work without a key none', async () => {
    const statements: string[] = []
    const { pool, roles } = served.db
    const scopes = openScopes(pool, roles, { onStatement: ({ name }) => statements.push(name) })
    const work = (sql: Sql) => sql.rows({ name: 'work', text: 'select 1 as one' })
    await scopes.asUser(ada.principal, work)
    assert.deepEqual(statements, ['work'])
    statements.length = 0
    await scopes.asUser(ada.principal, work, { once: request('counted') })
    assert.deepEqual(statements, ['idempotency.claim', 'idempotency.find', 'work', 'idempotency.keep'])
    statements.length = 0
    await scopes.asUser(ada.principal, work, { once: request('counted') })
    assert.deepEqual(statements, ['idempotency.claim', 'idempotency.find'])
  })

  test('under a key that another request used is refused, and the check for a stored result does not read it', async () => {
    const user = await served.addUser()
    await served.db.asUser(user.principal, async () => 'the result', { once: request('k') })
    const answers: unknown[] = []
    await served.db.asUser(user.principal, async (sql) => {
      const row: UserSql['row'] = async <Row>(...asked: Parameters<UserSql['row']>) => {
        const answer = await sql.row<Row>(...asked)
        answers.push(answer)
        return answer
      }
      const work = async (): Promise<never> => assert.fail('it was done')
      await assert.rejects(onceOnly({ ...sql, row }, request('k', 'other'), work), problem('idempotency_key_reused'))
      await assert.rejects(isDone({ ...sql, row }, request('k', 'other')), problem('idempotency_key_reused'))
      assert.equal(await isDone({ ...sql, row }, request('k')), true)
      assert.equal(await isDone({ ...sql, row }, request('none')), false)
    })
    assert.ok(answers.length >= 5)
    assert.doesNotMatch(JSON.stringify(answers), /the result/)
  })

  test('is rolled back and refused while the stored results of its user leave no room, with the time to wait', async () => {
    const [user, other] = [await served.addUser(), await served.addUser()]
    const large = 'x'.repeat(5 * 1024 * 1024)
    const work = async (sql: Sql): Promise<string> => {
      await sql.rows({ name: '', text: `insert into tasks (id, title) values (gen_random_uuid(), 'no room')` })
      return large
    }
    const tasks = async (): Promise<number> =>
      (await rowsOf(`select 1 from tasks where title = 'no room' and user_id = '${user.id}'`)).length
    for (const [key, megabytes, age] of [
      ['oldest', 10, '23 hours'],
      ['older', 30, '20 hours'],
      ['young', 25, '1 hour'],
    ] as const) {
      await rowsOf(`insert into idempotency_keys (user_id, key, fingerprint, result, created_at) values
                    ('${user.id}', '${key}', sha256('x'), repeat('x', ${megabytes << 20}), now() - interval '${age}')`)
    }
    let waitS = 0
    await assert.rejects(served.db.asUser(user.principal, work, { once: request('large') }), (error: unknown) => {
      waitS = Number(error instanceof Problem && error.headers['retry-after'])
      return problem('idempotency_quota_exceeded')(error)
    })
    // Without the oldest there is room.
    assert.ok(waitS > 3590 && waitS <= 3600, `${waitS} s`)
    assert.equal(await tasks(), 0)
    assert.equal(await served.db.asUser(user.principal, async () => 'small', { once: request('small') }), 'small')
    assert.equal(await served.db.asUser(other.principal, work, { once: request('large') }), large)
    await rowsOf(
      `update idempotency_keys set created_at = created_at - interval '${waitS} s' where user_id = '${user.id}'`,
    )
    assert.equal(await served.db.asUser(user.principal, work, { once: request('large') }), large)
    assert.equal(await tasks(), 1)
  })

  test('is deleted with its user', async () => {
    const user = await served.addUser()
    await served.db.asUser(user.principal, async () => 1, { once: request('k') })
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

  test('skips rows that another process has locked, and does not wait for them', { skip: needsServer }, async () => {
    await fill(10, '30 hours')
    const { pool, roles } = served.db
    const impatient = openScopes(pool, roles, { timeBudget: () => ({ leftMs: 5000, acquireMs: 5000 }) })
    await served.asOwner(async (holder) => {
      await holder.query('begin')
      await holder.query(`select from idempotency_keys where key in ('30 hours 2', '30 hours 7') for update`)
      assert.equal(await purgeIdempotencyKeys(impatient), 8)
      assert.equal((await rowsOf(`select 1 from idempotency_keys where key like '30 hours %'`)).length, 2)
      await holder.query('rollback')
    })
    assert.equal(await purgeIdempotencyKeys(impatient), 2)
  })

  test('ends after the current batch when its signal is aborted', async () => {
    await fill(2500, '28 hours')
    const stop = new AbortController()
    const db: Pick<Scopes, 'asSystem'> = {
      asSystem: async (reason, work) => {
        stop.abort()
        return await served.db.asSystem(reason, work)
      },
    }
    assert.equal(await purgeIdempotencyKeys(db, stop.signal), 1000)
    assert.equal(await purgeIdempotencyKeys(served.db), 1500)
  })
})
