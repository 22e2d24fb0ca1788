import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Kysely, sql } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import { openAuthDatabase, type AuthDatabase } from '../../test/auth-database.ts'
import { Problem } from '../errors.ts'
import { systemDialect } from './system-dialect.ts'

interface Tables {
  users: { id: string; name: string; email: string; emailVerified: boolean; createdAt?: Date }
}

let database: AuthDatabase
let pool: Pool
let db: Kysely<Tables>
const errors: unknown[] = []

before(async () => {
  database = await openAuthDatabase()
  pool = database.pool(1)
  db = new Kysely<Tables>({
    dialect: systemDialect({ pool, role: database.systemRole, onError: (error) => errors.push(error) }),
  })
})
after(() => database[Symbol.asyncDispose]())

const user = (id: string) => ({ id, name: id, email: `${id}@example.com`, emailVerified: false })
const ids = async () => (await db.selectFrom('users').select('id').orderBy('id').execute()).map(({ id }) => id)

/** The state in which the next user of the pool's only connection finds it. */
async function nextInLine() {
  const { rows } = await pool.query<{ role: string; inTransaction: boolean }>(
    'select current_user as role, now() <> statement_timestamp() as "inTransaction"',
  )
  return rows[0]
}

test('a statement runs as the system role, and its connection goes back as the serving role, outside a transaction', async () => {
  const { rows } = await sql<{ role: string }>`select current_user as role`.execute(db)
  assert.deepEqual(rows, [{ role: database.systemRole }])
  assert.deepEqual(await nextInLine(), { role: database.systemRole.replace('_system', ''), inTransaction: false })
  await assert.rejects(pool.query('select from users'), /permission denied/)
})

test('instants are returned as Dates although the pool parses them as text', async () => {
  await db.insertInto('users').values(user('dated')).execute()
  const { createdAt } = await db
    .selectFrom('users')
    .select('createdAt')
    .where('id', '=', 'dated')
    .executeTakeFirstOrThrow()
  assert.ok(createdAt instanceof Date)
  assert.ok(Math.abs(createdAt.getTime() - Date.now()) < 60_000)
})

test('writes return the number of affected rows, queries do not', async () => {
  const inserted = await db
    .insertInto('users')
    .values([user('n1'), user('n2')])
    .executeTakeFirst()
  assert.equal(inserted.numInsertedOrUpdatedRows, 2n)
  const deleted = await db.deleteFrom('users').where('id', 'like', 'n_').executeTakeFirst()
  assert.equal(deleted.numDeletedRows, 2n)
  assert.equal((await sql`select 1`.execute(db)).numAffectedRows, undefined)
})

test('a failing statement throws its own error, changes nothing and leaves the connection usable', async () => {
  errors.length = 0
  await assert.rejects(
    db
      .insertInto('users')
      .values([user('twice'), user('twice')])
      .execute(),
    { code: '23505' },
  )
  assert.equal((await nextInLine())?.inTransaction, false)
  assert.ok(!(await ids()).includes('twice'))
  assert.equal(errors.length, 1)
})

test('a transaction is atomic on a pool of one connection', async () => {
  const boom = new Error('boom')
  await assert.rejects(
    db.transaction().execute(async (trx) => {
      await trx.insertInto('users').values(user('gone')).execute()
      throw boom
    }),
    boom,
  )
  await db.transaction().execute(async (trx) => {
    await Promise.all(['kept1', 'kept2', 'kept3'].map((id) => trx.insertInto('users').values(user(id)).execute()))
    const { rows } = await sql<{ role: string }>`select current_user as role`.execute(trx)
    assert.deepEqual(rows, [{ role: database.systemRole }])
  })
  const found = await ids()
  assert.ok(!found.includes('gone'))
  assert.ok(['kept1', 'kept2', 'kept3'].every((id) => found.includes(id)))
  assert.equal((await nextInLine())?.inTransaction, false)
})

test('a transaction that continues after an error does not count as committed', async () => {
  await assert.rejects(
    db.transaction().execute(async (trx) => {
      await trx.insertInto('users').values(user('swallowed')).execute()
      await sql`select 1/0`.execute(trx).catch(() => undefined)
    }),
    { name: 'AbortedTransactionError' },
  )
  assert.ok(!(await ids()).includes('swallowed'))
  assert.equal((await nextInLine())?.inTransaction, false)
})

test('isolation level and access mode are those of the call', async () => {
  await db
    .transaction()
    .setIsolationLevel('serializable')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const { rows } = await sql<{ level: string }>`select current_setting('transaction_isolation') as level`.execute(
        trx,
      )
      assert.deepEqual(rows, [{ level: 'serializable' }])
      await assert.rejects(trx.insertInto('users').values(user('readonly')).execute(), { code: 'unavailable' })
    })
    .catch((error: unknown) => assert.equal((error as Error).name, 'AbortedTransactionError'))
})

test('a statement is refused if the role cannot be set', async () => {
  const other = new Kysely<Tables>({ dialect: systemDialect({ pool, role: 'no "such" role' }) })
  await assert.rejects(other.selectFrom('users').selectAll().execute(), /role "no "such" role" does not exist/)
  await assert.rejects(
    other.transaction().execute((trx) => trx.selectFrom('users').selectAll().execute()),
    /does not exist/,
  )
  assert.equal((await nextInLine())?.inTransaction, false)
})

test('many statements at once take turns on one connection', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => sql<{ n: number }>`select ${n}::int as n`.execute(db)),
  )
  assert.deepEqual(
    answers.map(({ rows }) => rows[0]?.n),
    Array.from({ length: 50 }, (_, n) => n),
  )
})

test('a connection that breaks in use is a 503, is never used again and does not end the process', async (t) => {
  if (!database.onServer) return t.skip('needs a second session')
  errors.length = 0
  const broken = db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
    await database.asOwner('select pg_terminate_backend($1)', [rows[0]?.pid])
    await trx.insertInto('users').values(user('lost')).execute()
  })
  await assert.rejects(broken, (error) => error instanceof Problem && error.code === 'unavailable')
  assert.ok(errors[0] instanceof Problem)
  assert.ok(!(await ids()).includes('lost'))
})

test('a connection that does not answer is destroyed at the deadline, and the outcome of a write is unknown', async () => {
  const silence = (client: PoolClient): void => {
    client.connection.stream.pause()
    // One that was acquired too late to be used is not destroyed, and the next test gets it.
    pool.once('release', () => client.connection.stream.resume())
  }
  const timeBudget = () => ({ leftMs: 1_000, acquireMs: 1_000 })
  const hurried = new Kysely<Tables>({ dialect: systemDialect({ pool, role: database.systemRole, timeBudget }) })
  const fails = async (work: () => Promise<unknown>, code: string): Promise<void> => {
    // Opens a connection, so that opening one uses nothing of the time budget.
    await nextInLine()
    pool.once('acquire', silence)
    await assert.rejects(work(), (error) => error instanceof Problem && error.code === code)
    assert.equal(pool.totalCount, 0)
  }
  await fails(() => hurried.selectFrom('users').select('id').execute(), 'unavailable')
  await fails(() => hurried.insertInto('users').values(user('silent')).execute(), 'outcome_unknown')
  await fails(
    () => hurried.transaction().execute((transaction) => transaction.selectFrom('users').select('id').execute()),
    'unavailable',
  )
})

test('destroying the Kysely instance leaves the pool open', async () => {
  const other = new Kysely<Tables>({ dialect: systemDialect({ pool, role: database.systemRole }) })
  await other.selectFrom('users').select('id').execute()
  await other.destroy()
  assert.ok((await ids()).length > 0)
})
