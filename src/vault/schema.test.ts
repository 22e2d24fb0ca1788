import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaintextKey, UserApiKey, UserApiKeyPut } from './schema.ts'

test('a key comes back with the limit that it was sent with', () => {
  const [sent, returned] = [UserApiKeyPut.properties.apiKey, PlaintextKey.properties.apiKey]
  // TypeBox keeps the options of a schema, but not in its type.
  assert.equal(Object(returned).maxLength, Object(sent).maxLength)
  assert.ok(Object(sent).maxLength > 0)
})

test('the result of a check is an open set: later versions may add values, which generated clients must accept', () => {
  const { validationStatus } = UserApiKey.properties
  assert.ok('x-extensible-enum' in validationStatus && !('enum' in validationStatus))
})
