import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLowerCaseUuid, isUuid } from './uuid.ts'

const ID = '0198c5b2-7e3a-7d4f-8a1b-2c3d4e5f6a7b'

test('a UUID is recognized in upper and lower case', () => {
  assert.deepEqual([ID, ID.toUpperCase()].map(isUuid), [true, true])
  assert.deepEqual([ID, ID.toUpperCase()].map(isLowerCaseUuid), [true, false])
})

for (const [what, text] of [
  ['nothing', ''],
  ['without hyphens', ID.replaceAll('-', '')],
  ['in braces', `{${ID}}`],
  ['after a URN', `urn:uuid:${ID}`],
  ['with a line break', `${ID}\n`],
  ['with another character', ID.replace('0', 'g')],
  ['that is longer', `${ID}0`],
  ['twice', `${ID}${ID}`],
] as const) {
  test(`a UUID ${what} is none`, () => assert.deepEqual([isUuid(text), isLowerCaseUuid(text)], [false, false]))
}
