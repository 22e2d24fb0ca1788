import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openQueries } from './queries.ts'
import { pageStatement } from './query-sql.ts'
import { readQuery } from './query.ts'

const moment = { zone: null, now: '2026-11-30T00:00:00Z' }
const plain = { request: 'r', known: null }

suite('frequent queries', () => {
  test('are read once for each text and time zone', () => {
    const queryOf = openQueries(String)
    const ask = (text: string, given: object, headers = {}) => queryOf({ url: `/api/tasks?${text}`, headers }, given)
    const first = ask('limit=20', { limit: 20 })
    assert.equal(ask('limit=20', { limit: 20 }), first)
    assert.deepEqual(first.query, readQuery({ limit: 20 }, undefined))
    assert.equal(first.repeated, '')
    assert.equal(ask('sort=title', { sort: ['title'] }).repeated, 'sort=title&')
    const other = ask('limit=20', { limit: 20 }, { 'x-timezone': 'Asia/Tokyo' })
    assert.equal(other.query.zone, 'Asia/Tokyo')
    assert.equal(ask('limit=21', { limit: 21 }).query.limit, 21)
  })

  test('are not remembered with a cursor, or where their text is long', () => {
    const queryOf = openQueries(String)
    const again = (text: string, given: object): boolean => {
      const request = { url: `/api/tasks?${text}`, headers: {} }
      return queryOf(request, given) === queryOf(request, given)
    }
    assert.equal(again('limit=1&cursor=x', { limit: 1, cursor: 'x' }), false)
    const q = 'milk'.repeat(60)
    assert.equal(again(`q=${q}`, { q }), false)
  })

  test('that are refused are refused each time', () => {
    const queryOf = openQueries(String)
    for (let round = 0; round < 2; round++) {
      assert.throws(() => queryOf({ url: '/api/tasks?sort=title,title', headers: {} }, { sort: ['title', 'title'] }), {
        code: 'invalid_input',
      })
    }
  })

  test('have one statement for their first page, and others for tags, later pages and the clock', () => {
    const query = readQuery({ limit: 20 }, undefined)
    const first = pageStatement(query, moment, undefined, plain)
    assert.equal(pageStatement(query, moment, undefined, { ...plain, request: 'other' }), first)
    const tagged = pageStatement(query, moment, undefined, { request: 'r', known: ['"1"'] })
    assert.notEqual(tagged.statement.name, first.statement.name)
    assert.deepEqual(tagged.values, [20, 'r', ['"1"']])
    const later = pageStatement(query, moment, ['2026-01-01T00:00:00Z', '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'], plain)
    assert.notEqual(later.statement.name, first.statement.name)
    const due = readQuery({ due: 'today' }, undefined)
    const tomorrow = { ...moment, now: '2026-12-01T00:00:00Z' }
    assert.ok(pageStatement(due, tomorrow, undefined, plain).values.includes(tomorrow.now))
    assert.ok(pageStatement(due, moment, undefined, plain).values.includes(moment.now))
  })
})
