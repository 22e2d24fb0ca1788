import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { costOf, cutList, cutText, fitting } from './budget.ts'

suite('the budget of results', () => {
  test('texts of any script and length are cut between characters, to at most the cost', () => {
    for (const text of [
      'word '.repeat(100),
      '漢字'.repeat(100),
      '\u{1f600}'.repeat(100),
      'x'.repeat(500),
      '\u0000"'.repeat(50),
    ]) {
      const short = cutText(text, 40)
      assert.ok(short.endsWith('…') && short.isWellFormed(), short)
      assert.ok(text.startsWith(short.slice(0, -1)) && short.length > 5, short)
      assert.ok(costOf(short) <= 40 + 5, `${costOf(short)}`)
    }
    assert.equal(cutText('Buy milk', 40), 'Buy milk')
  })

  test('lists are cut to the items that fit, pages have at least one', () => {
    assert.deepEqual(cutList(['a', 'b', 'x'.repeat(200), 'c'], 20), ['a', 'b'])
    assert.deepEqual(cutList(['a', 'b'], 20), ['a', 'b'])
    assert.equal(fitting(['x'.repeat(200)], 20), 1)
  })

  test('ids, times and values of the service cost little more than they are', () => {
    assert.equal(costOf('019b6051-4b11-7d3f-8a52-77a1f0c5e9d4'), 27)
    assert.equal(costOf('2026-12-24T00:30:00+01:00'), 19)
    assert.ok(costOf({ status: 'IN_PROGRESS', dueDateWeekday: 'THURSDAY', version: 3, done: true, none: null }) < 32)
  })
})
