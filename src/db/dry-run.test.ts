import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { DatabaseError } from 'pg'
import { openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import { Problem } from '../errors.ts'
import type { Principal } from '../principal.ts'
import type { UserSql } from './sql.ts'
import { shortReading, writing } from './step.ts'
import type { Statement } from './wire/statement.ts'

let served: ServedDatabase
let ada: TestUser
let dryAda: Principal
const changed: string[] = []

before(async () => {
  served = await openServedDatabase({})
  ada = await served.addUser()
  dryAda = { ...ada.principal, origin: { requestId: 'test', operation: 'test', isDryRun: true } }
  served.db.onChange((userId) => changed.push(userId))
  const { serving } = served.db.roles
  await served.asOwner((client) =>
    client.query(
      `create table marks (mark int unique deferrable initially deferred); grant all on marks to "${serving}"`,
    ),
  )
})
after(() => served[Symbol.asyncDispose]())

const unnamed = (text: string): Statement => ({ name: '', text })
const MARK = unnamed('insert into marks values ($1) returning mark')

const marks = async (): Promise<unknown[]> =>
  (await served.asOwner((client) => client.query<{ mark: number }>('select mark from marks order by 1'))).rows
const marking = (mark: number) =>
  writing(
    MARK,
    [mark],
    (row: { mark?: number }) => row.mark,
    () => assert.fail('the statement gives a row'),
  )

suite('a dry run', () => {
  test('of a transaction returns its result, is rolled back and calls no listener', async () => {
    const work = async (sql: UserSql): Promise<unknown> => await sql.row(MARK, [1])
    assert.deepEqual(await served.db.asUser(dryAda, work), { mark: 1 })
    assert.deepEqual([await marks(), changed], [[], []])
    await served.db.asUser(ada.principal, work)
    assert.deepEqual([await marks(), changed], [[{ mark: 1 }], [ada.id]])
  })

  test('of a step that is one statement is rolled back too', async () => {
    const before = [await marks(), [...changed]]
    assert.equal(await served.db.asUser(dryAda, marking(2)), 2)
    assert.deepEqual([await marks(), changed], before)
  })

  test('of a step that reads is the reading', async () => {
    const user = shortReading(unnamed('select'), [], (_row, userId) => userId)
    assert.equal(await served.db.asUser(dryAda, user), ada.id)
  })

  test('stores no Idempotency-Key', async () => {
    const once = { key: 'dry', fingerprints: [Buffer.alloc(32)], onReplay: () => assert.fail('a replay') } as const
    for (let time = 0; time < 2; time++) assert.equal(await served.db.asUser(dryAda, marking(3), { once }), 3)
  })

  test('fails by a deferred constraint, as the commit would', async () => {
    const before = await marks()
    for (const principal of [dryAda, ada.principal]) {
      const work = served.db.asUser(principal, (sql) => Promise.all([sql.rows(MARK, [4]), sql.rows(MARK, [4])]))
      await assert.rejects(work, (error) => error instanceof DatabaseError && error.code === '23505')
    }
    assert.deepEqual(await marks(), before)
  })

  test('fails by a failing statement whose error the work ignores, as the commit would', async () => {
    for (const principal of [dryAda, ada.principal]) {
      const work = served.db.asUser(principal, (sql) => sql.rows(unnamed('select 1 / 0')).catch(() => 'ignored'))
      await assert.rejects(work, (error) => error instanceof Error && !(error instanceof Problem))
    }
    assert.equal(await served.db.asUser(dryAda, marking(5)), 5)
  })
})
