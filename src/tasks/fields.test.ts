import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openWorld, type User, type World } from '../../test/world.ts'
import { CONTENT, fieldOf, FIELDS, KEPT } from './fields.ts'

/** Columns that are not fields, because PostgreSQL derives them. */
const DERIVED = ['json', 'json_format', 'search_words']
/** Columns of a field that is kept in several, beside the one that it is named after. */
const FURTHER = [...new Set(FIELDS.flatMap((field) => Object.keys(fieldOf(field).columns ?? {})))].filter(
  (column) => !FIELDS.some((field) => fieldOf(field).column === column),
)

suite('the table of fields', () => {
  let world: World
  let ada: User
  before(async () => {
    world = await openWorld()
    ada = await world.signUp('Ada')
  })
  after(() => world[Symbol.asyncDispose]())

  test('has every column of the database, with its type, and whether it can be null', async () => {
    const { rows } = await world.asOwner((client) =>
      client.query<{ column: string; type: string; nullable: boolean }>(
        `select attname as column, format_type(atttypid, atttypmod) as type, not attnotnull as nullable from pg_attribute
         where attrelid = 'tasks'::regclass and attnum > 0 and not attisdropped and attname <> all ($1) order by 1`,
        [[...DERIVED, ...FURTHER]],
      ),
    )
    const expected = FIELDS.map(fieldOf).map(({ column, type, isNullable = false }) => ({
      column,
      type: type.replace('timestamptz(3)', 'timestamp(3) with time zone'),
      nullable: isNullable,
    }))
    assert.deepEqual(
      rows.map((row) => ({ ...row, type: row.type.replace(/^character varying.*/, 'text') })),
      expected.toSorted((a, b) => (a.column < b.column ? -1 : 1)),
    )
  })

  test('has the members of the JSON that the database builds, in its order', async () => {
    const { text } = await world.ask('POST', '/api/tasks', { token: ada.token, body: { title: 'x' } })
    assert.deepEqual(Object.keys(JSON.parse(text) as object), FIELDS)
  })

  test('marks as writable exactly the columns that are granted to the serving role', async () => {
    const { rows } = await world.asOwner((client) =>
      client.query<{ column: string; insert: boolean; update: boolean }>(
        `select attname as column, has_column_privilege('todo_app', attrelid, attname, 'insert') as insert,
           has_column_privilege('todo_app', attrelid, attname, 'update') as update
         from pg_attribute where attrelid = 'tasks'::regclass and attnum > 0 and not attisdropped`,
      ),
    )
    const content = [...CONTENT.map((field) => fieldOf(field).column), ...FURTHER]
    // The service sets these itself.
    const kept = KEPT.map((field) => fieldOf(field).column)
    const inserted = [...content, ...kept, 'id', 'created_at', 'updated_at', 'completed_at']
    const updated = [...content, ...kept, 'completed_at', 'created_at', 'updated_at', 'version']
    const granted = (verb: 'insert' | 'update') => rows.filter((row) => row[verb]).map(({ column }) => column)
    assert.deepEqual([granted('insert').sort(), granted('update').sort()], [inserted.sort(), updated.sort()])
  })

  test('builds the same JSON for selected members as the database builds for a whole task', async () => {
    await world.ask('POST', '/api/tasks', { token: ada.token, body: { title: 'on a day', dueDate: '2026-12-24' } })
    const body = {
      title: '"x"',
      description: 'é\n',
      dueDate: '2026-12-24T17:00:00.5Z',
      tags: ['a"b', ''.padEnd(50, 'ä')],
      timezone: 'Europe/Berlin',
    }
    const { text } = await world.ask('POST', '/api/tasks', { token: ada.token, body })
    const { json } = await world.ask('GET', `/api/tasks?limit=2&fields=${FIELDS.join(',')}`, { token: ada.token })
    assert.deepEqual(json[0], JSON.parse(text))
    assert.equal(json[1].dueDate, '2026-12-24')
  })
})
