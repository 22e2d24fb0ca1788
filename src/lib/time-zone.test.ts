import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dayOf, isTimeZone, weekOf, type Span } from './time-zone.ts'

const shown = ({ fromMs, untilMs }: Span): string[] =>
  [fromMs, untilMs].map((each) => new Date(each).toISOString().replace('.000Z', 'Z'))

suite('a time zone', () => {
  test('must be an IANA name that Node knows, and no offset or rule', () => {
    for (const name of ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Asia/Kathmandu', 'Etc/GMT+5']) {
      assert.ok(isTimeZone(name), name)
    }
    for (const name of [
      '',
      'Mars/Olympus',
      '+02:00',
      '-0500',
      'UTC+1',
      'Europe/Berlin ',
      'Europe',
      'EST5EDT,M3.2.0',
      '\0',
    ]) {
      assert.ok(!isTimeZone(name), name)
    }
  })

  const days: readonly [what: string, zone: string, at: string, from: string, until: string][] = [
    ['of 24 hours', 'UTC', '2026-07-15T10:30:00Z', '2026-07-15T00:00:00Z', '2026-07-16T00:00:00Z'],
    ['at its first instant', 'UTC', '2026-07-15T00:00:00Z', '2026-07-15T00:00:00Z', '2026-07-16T00:00:00Z'],
    ['at its last', 'UTC', '2026-07-15T23:59:59.999Z', '2026-07-15T00:00:00Z', '2026-07-16T00:00:00Z'],
    [
      'that is tomorrow in UTC',
      'America/Los_Angeles',
      '2026-07-15T03:00:00Z',
      '2026-07-14T07:00:00Z',
      '2026-07-15T07:00:00Z',
    ],
    ['furthest east', 'Pacific/Kiritimati', '2026-07-15T10:00:00Z', '2026-07-15T10:00:00Z', '2026-07-16T10:00:00Z'],
    ['furthest west', 'Etc/GMT+12', '2026-07-15T11:59:59Z', '2026-07-14T12:00:00Z', '2026-07-15T12:00:00Z'],
    ['of 23 hours', 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    ['of 25 hours', 'Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
    ['without a midnight', 'America/Sao_Paulo', '2017-10-15T12:00:00Z', '2017-10-15T03:00:00Z', '2017-10-16T02:00:00Z'],
    ['before a skipped day', 'Pacific/Apia', '2011-12-30T09:59:00Z', '2011-12-29T10:00:00Z', '2011-12-30T10:00:00Z'],
  ]
  for (const [what, zone, at, from, until] of days) {
    test(`has a day ${what}`, () => assert.deepEqual(shown(dayOf(zone, Date.parse(at))), [from, until]))
  }

  test('has weeks from Monday to Sunday', () => {
    const week = ['2026-07-12T22:00:00Z', '2026-07-19T22:00:00Z']
    for (const at of ['2026-07-12T22:00:00Z', '2026-07-15T10:30:00Z', '2026-07-19T21:59:59.999Z']) {
      assert.deepEqual(shown(weekOf('Europe/Berlin', Date.parse(at))), week)
    }
    assert.deepEqual(shown(weekOf('UTC', 0)), ['1969-12-29T00:00:00Z', '1970-01-05T00:00:00Z'])
    assert.deepEqual(shown(weekOf('UTC', -1e9)), ['1969-12-15T00:00:00Z', '1969-12-22T00:00:00Z'])
  })
})
