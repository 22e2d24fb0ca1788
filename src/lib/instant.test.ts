import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formatInstant, instantFromPostgres, isDay, parseInstant } from './instant.ts'

suite('instants', () => {
  const accepted: readonly [input: string, wire: string][] = [
    ['2025-12-27T17:00:00Z', '2025-12-27T17:00:00Z'],
    ['2025-12-27t17:00:00z', '2025-12-27T17:00:00Z'],
    ['2025-12-27T17:00:00.000Z', '2025-12-27T17:00:00Z'],
    ['2025-12-27T17:00:00.1Z', '2025-12-27T17:00:00.100Z'],
    ['2025-12-27T17:00:00.123999+00:00', '2025-12-27T17:00:00.123Z'],
    ['2025-12-27T17:00:00+05:30', '2025-12-27T11:30:00Z'],
    ['2025-12-27T17:00:00-08:00', '2025-12-28T01:00:00Z'],
    ['2025-12-27T17:00:00-00:00', '2025-12-27T17:00:00Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00Z'],
    ['1900-01-01T00:00:00Z', '1900-01-01T00:00:00Z'],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999Z'],
    ['2025-12-27T17:00:00+0000', '2025-12-27T17:00:00Z'],
    ['2025-12-27T17:00:00.5-0330', '2025-12-27T20:30:00.500Z'],
  ]
  for (const [input, wire] of accepted) {
    test(`${input} is ${wire}`, () => {
      const epochMs = parseInstant(input)
      assert.ok(epochMs !== undefined)
      assert.equal(formatInstant(epochMs), wire)
    })
  }

  const refused: readonly [input: string, why: string][] = [
    ['2025-12-27T17:00:00', 'has no offset'],
    ['2025-12-27', 'is a day'],
    ['2025-12-27 17:00:00Z', 'has a space for the T'],
    ['2016-12-31T23:59:60Z', 'is a leap second'],
    ['2025-12-27T24:00:00Z', 'has an hour 24'],
    ['2025-02-29T00:00:00Z', 'is not in a leap year'],
    ['1900-02-29T00:00:00Z', 'is not in a leap year either'],
    ['2025-02-30T00:00:00Z', 'is no day of February'],
    ['2025-13-01T00:00:00Z', 'has a month 13'],
    ['2025-00-01T00:00:00Z', 'has a month 0'],
    ['2025-01-00T00:00:00Z', 'has a day 0'],
    ['2025-01-01T00:60:00Z', 'has a minute 60'],
    ['2025-01-01T00:00:00+24:00', 'has an offset of a day'],
    ['2025-01-01T00:00:00+01', 'has an offset without minutes'],
    ['2025-01-01T00:00:00+2400', 'has an offset of a day, without a colon'],
    ['2025-01-01T00:00:00.Z', 'has an empty fraction'],
    ['0000-01-01T00:00:00Z', 'is in the year 0'],
    ['1899-12-31T23:59:59Z', 'is before 1900'],
    ['1900-01-01T00:00:00+01:00', 'is before 1900 in UTC'],
    ['9999-12-31T23:59:59-01:00', 'is after 9999 in UTC'],
    ['10000-01-01T00:00:00Z', 'has a year of five digits'],
    ['٢٠٢٥-12-27T17:00:00Z', 'has digits that are not ASCII'],
    ['', 'is empty'],
  ]
  for (const [input, why] of refused) {
    test(`${JSON.stringify(input)} is refused: it ${why}`, () => assert.equal(parseInstant(input), undefined))
  }

  test('a day is one that exists, as four, two and two ASCII digits', () => {
    for (const day of ['2026-12-24', '2024-02-29', '1900-01-01', '9999-12-31']) assert.ok(isDay(day), day)
    const others = ['2025-02-29', '2026-13-01', '2026-1-1', '1899-12-31', '2026-12-24T', '2026-12-24T00:00:00Z', '']
    for (const text of others) assert.ok(!isDay(text), text)
  })

  test("PostgreSQL's text becomes the wire form, in UTC and in any other zone", () => {
    assert.equal(instantFromPostgres('2025-12-27 17:00:00+00'), '2025-12-27T17:00:00Z')
    assert.equal(instantFromPostgres('2025-12-27 17:00:00.1+00'), '2025-12-27T17:00:00.100Z')
    assert.equal(instantFromPostgres('2025-12-27 17:00:00.123+00'), '2025-12-27T17:00:00.123Z')
    assert.equal(instantFromPostgres('2025-12-27 18:00:00+01'), '2025-12-27T17:00:00Z')
    assert.equal(instantFromPostgres('2025-12-27 22:30:00.5+05:30'), '2025-12-27T17:00:00.500Z')
  })
})
