import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { backoffMs, retryAfterMs } from './backoff.ts'

suite('the time before another attempt', () => {
  const limits = { minMs: 500, maxMs: 5_000 }

  test('doubles after each failure, up to the limit, and at least half of it is waited', () => {
    const longest = Array.from({ length: 6 }, (_, failures) => backoffMs(failures, limits, 1))
    assert.deepEqual(longest, [500, 1_000, 2_000, 4_000, 5_000, 5_000])
    assert.equal(backoffMs(2_000, limits, 0), 2_500)
  })

  test('is that of Retry-After if it is a number of seconds', () => {
    for (const [value, waitMs] of [
      ['3', 3_000],
      ['0', 0],
      [null, undefined],
      ['Mon, 30 Nov 2026 12:00:00 GMT', undefined],
      ['-1', undefined],
    ] as const) {
      assert.equal(retryAfterMs(new Headers(value === null ? [] : [['retry-after', value]])), waitMs, String(value))
    }
  })
})
