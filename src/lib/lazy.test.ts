import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lazy } from './lazy.ts'

test('a lazy value is made at its first use, once, even if it is undefined', () => {
  let made = 0
  const value = lazy(() => void made++)
  assert.equal(made, 0)
  assert.deepEqual([value(), value(), made], [undefined, undefined, 1])
})

test('a lazy value that could not be made is tried again', () => {
  let tried = 0
  const value = lazy(() => {
    if (++tried === 1) throw new Error('not yet')
    return tried
  })
  assert.throws(value, /not yet/)
  assert.equal(value(), 2)
})
