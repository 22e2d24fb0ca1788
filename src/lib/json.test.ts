import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { JSON_DEPTH_MAX, JsonError, parseJson } from './json.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const refusal = (text: string | Uint8Array): string => {
  try {
    parseJson(typeof text === 'string' ? bytes(text) : text)
  } catch (error) {
    assert.ok(error instanceof JsonError)
    return error.message
  }
  return assert.fail('was accepted')
}

suite('strict JSON', () => {
  test('valid texts have the result of JSON.parse, also with colons, brackets and quotes in strings', () => {
    for (const text of [
      '{"a":"b:c","d":{"e:f":[1,{"g":null}]},"h":"\\"{[:"}',
      '[]',
      '"x:y"',
      '3',
      'null',
      ' {"a" : "\\\\"} ',
    ]) {
      assert.deepEqual(parseJson(bytes(text)), JSON.parse(text))
    }
  })

  test('a repeated member is refused at any depth, also if it is written with an escape', () => {
    for (const text of [
      '{"a":1,"a":1}',
      '[{"b":{"a":1,"a":2}}]',
      '{"a":1,"\\u0061":2}',
      '{"__proto__":1,"__proto__":2}',
    ]) {
      assert.match(refusal(text), /duplicate member/)
    }
  })

  test('__proto__ is an ordinary member and changes no prototype', () => {
    const value = parseJson(bytes('{"__proto__":{"polluted":true}}')) as object
    assert.deepEqual(Object.keys(value), ['__proto__'])
    assert.equal('polluted' in {}, false)
  })

  test('invalid UTF-8 is refused and never becomes U+FFFD', () => {
    assert.match(refusal(new Uint8Array([0x22, 0xff, 0x22])), /UTF-8/)
    assert.match(refusal(new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])), /UTF-8/)
  })

  test('the depth is bounded, and a megabyte of brackets is refused at once', () => {
    assert.ok(parseJson(bytes('['.repeat(JSON_DEPTH_MAX) + ']'.repeat(JSON_DEPTH_MAX))))
    assert.match(refusal('['.repeat(JSON_DEPTH_MAX + 1) + ']'.repeat(JSON_DEPTH_MAX + 1)), /deeper/)
    assert.match(refusal('['.repeat(1_000_000)), /deeper/)
  })

  test('text that is no JSON, also with a byte order mark, is refused without being quoted', () => {
    for (const text of ['', '{', '{"secret":}', "{'a':1}", '\uFEFF{}', 'NaN', '{"a":1}x', '"\u0000"']) {
      assert.equal(refusal(text), 'The body is not valid JSON')
    }
  })
})
