import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import type { PoolClient } from 'pg'
import { openServedDatabase, type ServedDatabase } from '../../../test/databases.ts'
import { isOutdatedConnection } from './failures.ts'
import { send } from '../sql.ts'
import type { Statement } from './statement.ts'

const EVERYTHING: Statement = {
  name: 'test.everything',
  text: `select $1::text as text, null::int as nothing, 42::bigint as count, array[$1, 'b,"c'] as list, '{"a":[1]}'::json as json,
                '2025-12-27 17:00:00.25+00'::timestamptz as instant, true as yes`,
}
const everything = (text: string) => ({
  text,
  nothing: null,
  count: 42,
  list: [text, 'b,"c'],
  json: { a: [1] },
  instant: '2025-12-27T17:00:00.250Z',
  yes: true,
})
const DIVIDE: Statement = { name: 'test.divide', text: 'select 6 / $1::int as quotient' }
const AT: Statement = { name: 'test.at', text: 'select $1::timestamptz as instant' }

suite('a prepared query', () => {
  let served: ServedDatabase
  let client: PoolClient
  let described = 0

  before(async () => {
    served = await openServedDatabase()
    client = await served.db.pool.connect()
    const { connection } = client
    const describe = connection.describe.bind(connection)
    connection.describe = (...message) => {
      described++
      describe(...message)
    }
  })
  after(async () => {
    client.release()
    await served[Symbol.asyncDispose]()
  })
  beforeEach(() => (described = 0))

  const ask = (statement: Statement, ...values: unknown[]): Promise<readonly object[]> =>
    send(client, statement, values, true)

  test('asks for its columns once, and reads them the same ever after', async () => {
    for (const text of ['first', 'second', 'thïrd 🐘'])
      assert.deepEqual(await ask(EVERYTHING, text), [everything(text)])
    assert.equal(described, 1)
  })

  test('asks again if it is sent before the first answer with the columns has arrived', async () => {
    const statement = { ...EVERYTHING, name: 'test.at_once' }
    const texts = ['a', 'b', 'c']
    const all = await Promise.all(texts.map((text) => ask(statement, text)))
    assert.deepEqual(
      all,
      texts.map((text) => [everything(text)]),
    )
    assert.equal(described, 3)
    assert.deepEqual(await ask(statement, 'd'), [everything('d')])
    assert.equal(described, 3)
  })

  test('without a name asks each time', async () => {
    for (const text of ['a', 'b']) {
      assert.deepEqual(await send(client, EVERYTHING, [text], false), [everything(text)])
    }
    assert.equal(described, 2)
  })

  test('gives every row, none, and rows without columns', async () => {
    const series = { name: 'test.series', text: 'select n from generate_series(1, $1::int) as n' }
    const bare = { name: 'test.bare', text: 'select from generate_series(1, $1::int)' }
    for (const count of [3, 0, 2]) {
      assert.deepEqual(
        await ask(series, count),
        Array.from({ length: count }, (_, at) => ({ n: at + 1 })),
      )
      assert.deepEqual(
        await ask(bare, count),
        Array.from({ length: count }, () => ({})),
      )
    }
  })

  test('sends bytes, arrays, numbers, booleans and null with their types', async () => {
    const given = {
      name: 'test.given',
      text: 'select $1::bytea as b, $2::text[] as l, $3::int as n, $4::bool as t, $5::text as x',
    }
    for (const values of [
      [Buffer.from([0, 255, 10]), ['a,"b\\', '', null, 'NULL'], -7, false, null],
      [Buffer.alloc(0), [], 0, true, ''],
      [null, null, null, null, undefined],
    ]) {
      const [b, l, n, t, x = null] = values
      assert.deepEqual(await ask(given, ...values), [{ b, l, n, t, x }])
    }
  })

  test('that fails, the first time or later, does not affect others', async () => {
    const settled = await Promise.allSettled([0, 2, 0, 3].map((by) => ask(DIVIDE, by)))
    assert.deepEqual(
      settled.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as { code?: string }).code)),
      ['22012', [{ quotient: 3 }], '22012', [{ quotient: 2 }]],
    )
  })

  test('with a value that cannot be sent is rejected, and the connection stays usable', async () => {
    const statement = { name: 'test.unsendable', text: 'select $1::json as json' }
    const circular: { self?: object } = {}
    circular.self = circular
    assert.deepEqual(await ask(statement, { a: 1 }), [{ json: { a: 1 } }])
    await assert.rejects(ask(statement, circular), TypeError)
    assert.deepEqual(await ask(statement, { a: 2 }), [{ json: { a: 2 } }])
  })

  test('of a statement that was dropped, or whose result type has changed, fails as on an outdated connection', async () => {
    await client.query('create temporary table changing (a int)')
    const statement = { name: 'test.changing', text: 'select * from changing' }
    assert.deepEqual(await ask(statement), [])
    await client.query('alter table changing add b int')
    await assert.rejects(ask(statement), isOutdatedConnection)
    const dropped = { ...DIVIDE, name: 'test.dropped' }
    assert.deepEqual(await ask(dropped, 1), [{ quotient: 6 }])
    await client.query(`deallocate "${dropped.name}"`)
    await assert.rejects(ask(dropped, 1), isOutdatedConnection)
  })

  test('with a value that cannot be parsed fails, and the queries behind it do not', async () => {
    await ask(AT, '2025-12-27T17:00:00Z')
    const settled = await Promise.allSettled(['infinity', '2025-12-28T00:00:00Z'].map((at) => ask(AT, at)))
    const [unreadable, readable] = settled
    assert.equal(unreadable?.status, 'rejected')
    assert.deepEqual(readable, { status: 'fulfilled', value: [{ instant: '2025-12-28T00:00:00Z' }] })
  })

  test('fails with a stack that leads to the caller', async () => {
    async function whoAsked(): Promise<void> {
      await ask(DIVIDE, 0)
    }
    await assert.rejects(whoAsked(), (error: Error) => /\bwhoAsked\b|prepared-query\.test/.test(error.stack ?? ''))
  })
})
