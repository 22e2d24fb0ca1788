import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { addressOf, unknownParts, viewOf } from './view.ts'

suite('the address of a view', () => {
  const read = (query: string) => {
    const parameters = new URLSearchParams(query)
    return [addressOf(viewOf(parameters)), unknownParts(parameters)] as const
  }

  test('has what it is made of again, and nothing that is empty', () => {
    const query = '?completed=any&due=today&priority=HIGH&tag=home&q=milk&sort=dueDate'
    assert.deepEqual(read(query), [query, []])
    assert.deepEqual(read('?completed=false&q=&priority=&tag=+'), ['', []])
  })

  test('that is not understood is named part by part, and these parts are left out', () => {
    assert.deepEqual(read('?completed=maybe&priority=high&sort=version&status=TODO&flag&q=milk'), [
      '?q=milk',
      ['completed=maybe', 'priority=high', 'sort=version', 'status=TODO', 'flag'],
    ])
    assert.deepEqual(read('?tag=a&tag=b&__proto__=x&sort=toString'), [
      '?tag=a',
      ['tag=b', '__proto__=x', 'sort=toString'],
    ])
  })

  test('is named in a bounded number of parts and letters', () => {
    const [, parts] = read(`?${Array.from({ length: 50 }, (_, n) => `x${n}=${'y'.repeat(500)}`).join('&')}`)
    assert.equal(parts.length, 5)
    assert.ok(parts.every((part) => part.length <= 61))
  })
})
