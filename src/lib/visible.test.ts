import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isVisible } from './visible.ts'

suite('a text', () => {
  test('of only white space, zero-width, blank or ignorable characters is invisible', () => {
    for (const text of [
      '',
      ' \t\n',
      '\u00a0\u2003\u3000',
      '\u200b',
      '\u200d\u200c\u2060\ufeff',
      '\u00ad',
      '\u034f',
      '\u061c\u200e\u202e\u2066',
      '\u115f\u1160\u3164\uffa0',
      '\u17b4\u180e',
      '\u2800',
      '\ufe0f',
      '\u{e0041}\u{e01ef}',
      '\u{1d173}',
      '\u0001\u007f',
      '\u3164 \u200b\u2800',
    ]) {
      assert.equal(isVisible(text), false, JSON.stringify(text))
    }
  })

  test('with any other character is visible, also with additional invisible characters', () => {
    for (const text of [
      'a',
      '.',
      '\u200ba',
      '日本',
      'ا',
      '\u{1F469}\u200d\u{1F52C}',
      '❤\ufe0f',
      '\u0301',
      '\ue000',
      '\u0600',
    ]) {
      assert.equal(isVisible(text), true, JSON.stringify(text))
    }
  })
})
