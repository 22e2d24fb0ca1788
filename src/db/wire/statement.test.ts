import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hasChanged } from './statement.ts'

const ROW = [{}]

suite('a statement has changed rows', () => {
  for (const [text, rows, expected] of [
    ['insert into tasks (id) values ($1) returning id', ROW, true],
    ['insert into tasks (id) values ($1) on conflict do nothing returning id', [], false],
    ['insert into keys (key) values ($1)', [], true],
    ['UPDATE tasks SET title = $1 RETURNING id', ROW, true],
    ['update tasks set title = $1 where version = $2 returning id', [], false],
    ['with gone as (delete from tasks returning id) select count(*) from gone', ROW, true],
    ['select id from tasks where id = $1 for update', ROW, false],
    ['select id from tasks for no key update', ROW, false],
    ['select updated_at, deleted from tasks', ROW, false],
  ] as const) {
    test(`${expected ? 'with' : 'not with'} ${rows.length} rows of: ${text}`, () => {
      assert.equal(hasChanged({ name: '', text }, rows), expected)
    })
  }
})
