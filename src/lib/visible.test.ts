import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isPlain, isVisible, madePlain } from './visible.ts'

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

  test('with control, zero-width or bidirectional characters is not plain', () => {
    for (const character of [
      '\u0000',
      '\n',
      '\t',
      '\u001b',
      '\u007f',
      '\u0085',
      '\u009b',
      '\u00ad',
      '\u034f',
      '\u061c',
      '\u115f',
      '\u180e',
      '\u200b',
      '\u200c',
      '\u200d',
      '\u200e',
      '\u2028',
      '\u2029',
      '\u202a',
      '\u202e',
      '\u2060',
      '\u2066',
      '\u2069',
      '\u2800',
      '\u3164',
      '\ufeff',
      '\ue000',
      '\ufff9',
      '\u{e0041}',
    ]) {
      assert.equal(isPlain(`a${character}b`), false, JSON.stringify(character))
      assert.equal(madePlain(`a${character}b`), 'ab', JSON.stringify(character))
    }
  })

  test('in any script, and with emoji, is plain', () => {
    for (const text of [
      'Morning report',
      'Ärger & <b>',
      '日本',
      'שלום',
      'تقرير',
      'e\u0301',
      '❤\ufe0f',
      '\u{1F469}\u200d\u{1F52C}',
      '\u{1F469}\u{1F3FD}\u200d❤\ufe0f\u200d\u{1F468}',
      '\u00a0',
    ]) {
      assert.equal(isPlain(text), true, JSON.stringify(text))
    }
  })
})
