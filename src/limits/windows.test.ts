import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Windows } from './windows.ts'

suite('windows', () => {
  test('begin with the first request, and again with the first one after their end', () => {
    let now = 0
    const windows = new Windows(1000, () => now)
    assert.deepEqual({ ...windows.take('ada') }, { count: 1, shared: { own: 0, others: 0 }, endsAtMs: 1000 })
    now = 999
    assert.deepEqual({ ...windows.take('ada') }, { count: 2, shared: { own: 0, others: 0 }, endsAtMs: 1000 })
    now = 1000
    assert.deepEqual({ ...windows.take('ada') }, { count: 1, shared: { own: 0, others: 0 }, endsAtMs: 2000 })
  })

  test('can be shortened', () => {
    let now = 0
    const windows = new Windows(1000, () => now)
    windows.take('ada').endsAtMs = 300
    now = 300
    assert.deepEqual({ ...windows.take('ada') }, { count: 1, shared: { own: 0, others: 0 }, endsAtMs: 1300 })
  })

  test('that have ended are removed', () => {
    let now = 0
    const windows = new Windows(1000, () => now)
    for (let index = 0; index < 500; index++) windows.take(`user ${index}`)
    now = 500
    for (let index = 500; index < 700; index++) windows.take(`user ${index}`)
    assert.equal(windows.size, 700)
    now = 1200
    windows.take('user 650')
    assert.equal(windows.size, 200)
  })
})
