import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { wordsOf, WORDS_MAX } from '../../tasks/list/search.ts'
import { listOf, readText } from './notification-texts.ts'

suite('the texts of notifications', () => {
  test('link to the list by the words of the title', () => {
    assert.equal(listOf('Buy milk & bread!'), '?completed=any&q=Buy+milk+bread')
    assert.equal(listOf('“Crème brûlée”'), '?completed=any&q=Cr%C3%A8me+br%C3%BBl%C3%A9e')
  })

  test('have no link for a title that the search cannot find', () => {
    assert.equal(listOf('!!!'), undefined)
    assert.equal(listOf('🎉'), undefined)
  })

  for (const [name, title] of [
    ['many words', 'word '.repeat(50)],
    ['a long word', 'x'.repeat(500)],
    ['letters beyond the first plane', '𝒳'.repeat(250)],
    ['markup', `<img src=x onerror="alert('xss')">`],
  ] as const) {
    test(`link to a search that the service takes, for a title with ${name}`, () => {
      const q = new URLSearchParams(listOf(title)).get('q') ?? ''
      const words = wordsOf(q)
      assert.ok(words.length > 0 && words.length <= WORDS_MAX && q.length <= 200 && q.isWellFormed(), q)
    })
  }

  test('say how many were marked', () => {
    assert.deepEqual([0, 1, 2].map(readText), ['All were read already.', 'Marked 1 as read.', 'Marked 2 as read.'])
  })
})
