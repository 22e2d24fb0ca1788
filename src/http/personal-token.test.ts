import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { Secret } from '../lib/secret.ts'
import {
  isIntactPersonalToken,
  isPersonalToken,
  newPersonalToken,
  openPersonalTokenHashing,
  shownPart,
} from './personal-token.ts'

suite('a personal token', () => {
  test('is a prefix, 30 letters and digits, and 6 of checksum, and every one is another', () => {
    const tokens = Array.from({ length: 1000 }, newPersonalToken)
    for (const token of tokens) {
      assert.match(token, /^todo_pat_[0-9A-Za-z]{36}$/)
      assert.ok(isPersonalToken(token) && isIntactPersonalToken(token))
    }
    assert.equal(new Set(tokens).size, tokens.length)
  })

  test('has the CRC-32 of its random part in base 62, padded with zeros', () => {
    // Computed with zlib.crc32 of Python.
    assert.ok(isIntactPersonalToken('todo_pat_abcdefghijABCDEFGHIJ01234567892C2O59'))
    assert.ok(isIntactPersonalToken('todo_pat_00000000000000000000000000040500azb7'))
  })

  test('is not intact with any character changed, exchanged, lost or added', () => {
    const token = newPersonalToken()
    const body = token.slice('todo_pat_'.length)
    const faults = [
      ...Array.from(
        body,
        (_, at) => `todo_pat_${body.slice(0, at)}${body[at] === 'x' ? 'y' : 'x'}${body.slice(at + 1)}`,
      ),
      ...Array.from(body, (_, at) => `todo_pat_${body.slice(0, at)}${body.slice(at + 1)}`),
      `${token}0`,
      `0${token}`,
      token.replace('todo_pat_', 'todo_pat'),
      token.toUpperCase(),
      'todo_pat_',
      '',
    ]
    for (const fault of faults) assert.equal(isIntactPersonalToken(fault), false, fault)
  })

  test('is shown by its first four random characters', () => {
    const token = newPersonalToken()
    assert.equal(shownPart(token), token.slice(0, 13))
  })
})

suite('the hash of a personal token', () => {
  const [first, second] = [secret(), secret()]

  test('is of the first key for new tokens, and the other keys are accepted too', () => {
    const token = newPersonalToken()
    const [old] = openPersonalTokenHashing([first])(token)
    const both = openPersonalTokenHashing([second, first])(token)
    assert.deepEqual(both.slice(1), [old])
    assert.match(both[0], /^[0-9a-f]{64}$/)
    assert.notEqual(both[0], old)
    assert.deepEqual(openPersonalTokenHashing([first])(token), [old])
  })

  test('needs a key', () => {
    assert.throws(() => openPersonalTokenHashing([]), /need an encryption key/)
  })
})

function secret(): Secret {
  return new Secret(randomBytes(32).toString('base64url'))
}
