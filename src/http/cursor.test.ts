import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Problem } from '../errors.ts'
import { Secret } from '../lib/secret.ts'
import { openCursors } from './cursor.ts'

const LIST = '/api/tasks'
const POSITION = ['2025-12-27T17:00:00.123456Z', '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11']
const secret = new Secret('s'.repeat(32))
const cursors = openCursors([secret])
const cursor = cursors.seal('ada', LIST, POSITION)

function assertInvalid(act: () => unknown, what?: string): void {
  assert.throws(
    act,
    (error) => error instanceof Problem && error.status === 400 && error.code === 'invalid_cursor',
    what,
  )
}

suite('a cursor', () => {
  test('is decoded to its position by any process with the same secret', () => {
    assert.deepEqual(cursors.open('ada', LIST, cursor), POSITION)
    assert.deepEqual(openCursors([secret]).open('ada', LIST, cursor), POSITION)
    const strange = ['', '.', '\u0000', '"', '\u{1F600}']
    assert.deepEqual(cursors.open('ada', LIST, cursors.seal('ada', LIST, strange)), strange)
  })

  test('has only characters that need no escaping in a URL or a header', () => {
    assert.match(cursor, /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{22}$/)
  })

  test('is refused for another user, another list or under another secret', () => {
    for (const user of ['bob', 'Ada', 'ada ', '', 'ada","']) assertInvalid(() => cursors.open(user, LIST, cursor), user)
    assertInvalid(() => cursors.open('ada', `${LIST}/`, cursor))
    assertInvalid(() => openCursors([new Secret('t'.repeat(32))]).open('ada', LIST, cursor))
    // Parts with the same concatenation are different.
    assertInvalid(() => cursors.open('ada/', 'api/tasks', cursor))
  })

  test('with any single character replaced is refused, also the last one', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n'
    for (let at = 0; at < cursor.length; at++) {
      for (const other of alphabet) {
        if (other === cursor[at]) continue
        assertInvalid(
          () => cursors.open('ada', LIST, cursor.slice(0, at) + other + cursor.slice(at + 1)),
          `${at} ${other}`,
        )
      }
    }
  })

  test('that is truncated, extended or has an insertion is refused', () => {
    for (let length = 0; length < cursor.length; length++) {
      assertInvalid(() => cursors.open('ada', LIST, cursor.slice(0, length)))
      assertInvalid(() => cursors.open('ada', LIST, cursor.slice(length + 1)))
    }
    for (const more of ['=', '==', '.', '.x', ' ', '\n', 'A', '\u0000', '\u00e9']) {
      assertInvalid(() => cursors.open('ada', LIST, cursor + more), more)
      assertInvalid(() => cursors.open('ada', LIST, more + cursor), more)
      assertInvalid(() => cursors.open('ada', LIST, cursor.replace('.', `${more}.`)), more)
    }
  })

  test('requires a secret', () => {
    assert.throws(() => openCursors([]), /need a secret/)
  })
})
