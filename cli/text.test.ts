import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fitted, jsonLine, neutral, padded, widthOf } from './text.ts'

suite('text for a terminal', () => {
  test('shows controls, separators and marks of direction instead of executing them', () => {
    for (const [text, shown] of [
      ['plain – ünïcödé 日本語 👩‍👩‍👧 עברית', 'plain – ünïcödé 日本語 👩‍👩‍👧 עברית'],
      ['\u001b[31mred\u001b[0m', '␛[31mred␛[0m'],
      ['\u001b]0;title\u0007', '␛]0;title␇'],
      ['a\r\nb\tc\u0000', 'a␍␊b␉c␀'],
      ['\u007f', '␡'],
      ['\u009b31m', '�31m'],
      ['safe\u202egnp.exe', 'safe�gnp.exe'],
      ['\u2066a\u2069\u200e\u200f\u061c', '�a����'],
      ['a\u2028b\u2029c', 'a�b�c'],
    ] as const) {
      assert.equal(neutral(text), shown)
    }
  })

  test('is escaped in JSON, which still has the same value', () => {
    const value = { title: 'a\u001b[2J \u009b \u202e \u2028 \u007f ü' }
    const line = jsonLine(value)
    assert.doesNotMatch(line, /[\p{Cc}\p{Zl}\p{Bidi_Control}]/u)
    assert.deepEqual(JSON.parse(line), value)
  })

  test('takes two columns for wide characters and emoji, one for others, and none for accents', () => {
    for (const [text, columns] of [
      ['', 0],
      ['abc', 3],
      ['e\u0301', 1],
      ['日本語', 6],
      ['한국어', 6],
      ['ﾊﾝｶｸ', 4],
      ['ＡＢ', 4],
      ['🎉', 2],
      ['👩‍👩‍👧', 2],
      ['🇩🇪', 2],
      ['👍🏽', 2],
      ['❤️', 2],
      ['✓ … – ü ß', 9],
      ['עברית', 5],
      ['\u200b', 0],
      ['𠀀', 2],
    ] as const) {
      assert.equal(widthOf(text), columns, text)
    }
  })

  test('is cut between characters, with an ellipsis, to at most the columns', () => {
    assert.equal(fitted('Buy milk', 8), 'Buy milk')
    assert.equal(fitted('Buy milk', 7), 'Buy mi…')
    assert.equal(fitted('日本語', 5), '日本…')
    assert.equal(fitted('日本語', 4), '日…')
    assert.equal(fitted('e\u0301e\u0301e\u0301', 2), 'e\u0301…')
    assert.equal(fitted('👩‍👩‍👧👩‍👩‍👧', 3), '👩‍👩‍👧…')
    assert.equal(padded('日本', 6), '日本  ')
    assert.equal(padded('long', 2), 'long')
  })
})
