import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { byDateutil, DATES, horizon, type DateCase } from './dateutil.testing.ts'
import { byScan } from './scan.testing.ts'
import { begun, movedOn, next, type Place } from './series.ts'

/** Zones whose rules have been the same for long in all editions of the zone data, on both hemispheres and with halves of hours. */
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Auckland', 'Australia/Lord_Howe', 'Asia/Kolkata']

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']

const list = (values: fc.Arbitrary<number | string>, maxLength = 4) =>
  fc.uniqueArray(values, { minLength: 1, maxLength }).map((each) => each.join(','))
const weekday = fc.constantFrom(...WEEKDAYS)
const counted = (most: number) =>
  fc
    .tuple(fc.constantFrom(1, 2, 3, 4, 5, 53, -1, -2, -5), weekday)
    .map(([nth, day]) => `${Math.sign(nth) * Math.min(Math.abs(nth), most)}${day}`)
/** dateutil takes a rule with both kinds as days that are of both. */
const days = (most: number) => fc.oneof(list(weekday), list(counted(most)))
const monthDay = fc.oneof(fc.integer({ min: 1, max: 31 }), fc.constantFrom(28, 29, 30, 31, -1, -2, -29, -31))
const month = fc.integer({ min: 1, max: 12 })
const interval = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 13 }))
const position = fc.constantFrom(1, 2, 3, -1, -2)

const maybe = (name: string, value: fc.Arbitrary<number | string>): fc.Arbitrary<string> =>
  fc.option(value, { nil: undefined, freq: 2 }).map((given) => (given === undefined ? '' : `;${name}=${given}`))

const parts = (freq: string, others: readonly fc.Arbitrary<string>[], positions: fc.Arbitrary<number>) =>
  fc.tuple(interval, fc.tuple(...others), maybe('BYSETPOS', list(positions, 2))).map(([each, given, setPos]) => {
    const by = given.join('')
    return `FREQ=${freq};INTERVAL=${each}${by}${by === '' ? '' : setPos}`
  })

const rule = fc.oneof(
  parts(
    'DAILY',
    [maybe('BYMONTH', list(month)), maybe('BYMONTHDAY', list(monthDay)), maybe('BYDAY', list(weekday))],
    fc.constantFrom(1, -1),
  ),
  parts('WEEKLY', [maybe('BYMONTH', list(month)), maybe('BYDAY', list(weekday, 7))], position),
  parts(
    'MONTHLY',
    [maybe('BYMONTH', list(month)), maybe('BYMONTHDAY', list(monthDay)), maybe('BYDAY', days(5))],
    position,
  ),
  parts(
    'YEARLY',
    [maybe('BYMONTH', list(month)), maybe('BYMONTHDAY', list(monthDay)), maybe('BYDAY', days(5))],
    position,
  ),
  parts('YEARLY', [maybe('BYMONTHDAY', list(monthDay)), maybe('BYDAY', days(53))], position),
)

const start = fc
  .tuple(
    fc.integer({ min: Date.UTC(1996, 0, 1), max: Date.UTC(2030, 11, 31) }),
    fc.constantFrom(
      '00:00:00',
      '00:30:00',
      '01:30:00',
      '02:00:00',
      '02:15:00',
      '02:30:00',
      '03:00:00',
      '09:00:00',
      '23:59:59',
    ),
  )
  .map(([ms, time]) => `${new Date(ms).toISOString().slice(0, 10)}T${time}`)

/** Other implementations count BYSETPOS in the first week from the start, and not from Monday. Their weeks begin on Monday here. */
const monday = (text: string): string => {
  const date = new Date(`${text}Z`)
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7))
  return date.toISOString().slice(0, 19)
}

const existing = (wall: string, zone: string): string =>
  Temporal.PlainDateTime.from(wall).toZonedDateTime(zone).toPlainDateTime().toString({ smallestUnit: 'second' })

const cases: fc.Arbitrary<DateCase> = fc
  .record({ rule, start, zone: fc.constantFrom(...ZONES) })
  .map((each) => (/WEEKLY.*BYSETPOS/.test(each.rule) ? { ...each, start: monday(each.start) } : each))
  // A due date is an instant, and so never at a time that the clock skips.
  .map((each) => ({ ...each, start: existing(each.start, each.zone) }))

const instantOf = (wall: string, zone: string): string =>
  Temporal.PlainDateTime.from(wall).toZonedDateTime(zone).toInstant().toString()

/** As the service moves a task on, date by date, from what it stores of each. */
function ours({ rule: text, start: from, zone }: DateCase): string[] {
  const last = horizon(from)
  let place: Place = begun({ rule: text, basis: 'DUE' }, instantOf(from, zone), zone)
  const dates: string[] = []
  while (dates.length < DATES) {
    const following = next(place)
    if (following === undefined || following.dueDate > last) break
    dates.push(following.dueDate)
    place = movedOn(place, following)
  }
  return dates
}

const RUNS = 300

const sample = (count: number): readonly DateCase[] => fc.sample(cases, { numRuns: count, seed: Date.now() })

suite('the dates of a random rule, from a random start, in a random zone', () => {
  test('are those of dateutil', { timeout: 120_000 }, (t) => {
    const given = sample(RUNS)
    const theirs = byDateutil(given)
    if (theirs === undefined) return t.skip('python3 has no dateutil here')
    given.forEach((each, at) => assert.deepEqual(ours(each), theirs[at], JSON.stringify(each)))
  })

  test('are those of a scan of all days', () => {
    for (const each of sample(RUNS)) assert.deepEqual(ours(each), byScan(each), JSON.stringify(each))
  })
})
