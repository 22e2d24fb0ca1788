import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { retryAfterMs } from './retry-after.ts'

const NOW_MS = Date.parse('2026-11-30T12:00:00Z')
const HOUR_MS = 3_600_000

suite('Retry-After of an answer', () => {
  for (const [value, expected] of [
    ['0', 0],
    ['120', 120_000],
    ['Mon, 30 Nov 2026 13:00:00 GMT', HOUR_MS],
    ['Monday, 30-Nov-26 13:00:00 GMT', HOUR_MS],
    ['Mon Nov 30 13:00:00 2026', HOUR_MS],
    ['Tue Dec  1 12:00:00 2026', 24 * HOUR_MS],
    ['Mon, 30 Nov 2026 11:00:00 GMT', 0],
    [undefined, undefined],
    [['1', '2'], undefined],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['soon', undefined],
    ['2026-11-30', undefined],
    ['Mon, 99 Nov 2026 13:00:00 GMT', undefined],
    ['Mon, 30 Nov 2026 13:00:00 +0100', undefined],
  ] as [string | string[] | undefined, number | undefined][]) {
    test(`${JSON.stringify(value)} is ${expected === undefined ? 'ignored' : `${expected} ms`}`, () => {
      assert.equal(retryAfterMs(value, NOW_MS), expected)
    })
  }

  test('of more digits than a number has is a wait without an end, which callers bound', () => {
    assert.equal(retryAfterMs('9'.repeat(400), NOW_MS), Infinity)
  })
})
