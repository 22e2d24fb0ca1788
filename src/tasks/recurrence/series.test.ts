import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { begun, movedOn, next, type Place, type Recurrence } from './series.ts'

/** The due dates of a task that is completed on time, one date after the other. */
function dates(
  { rule, basis = 'DUE' }: { rule: string; basis?: Recurrence['basis'] },
  start: string,
  zone: string,
  count = 4,
): string[] {
  let place: Place | undefined = begun({ rule, basis }, start, zone)
  const found: string[] = []
  while (found.length < count) {
    const following = next(place)
    if (following === undefined) break
    found.push(following.dueDate)
    place = movedOn(place, following)
  }
  return found
}

suite('the dates of a series', () => {
  test('keep the time on the clock of the zone when clocks change', () => {
    assert.deepEqual(dates({ rule: 'FREQ=WEEKLY' }, '2026-03-22T08:00:00Z', 'Europe/Berlin', 2), [
      '2026-03-29T07:00:00Z',
      '2026-04-05T07:00:00Z',
    ])
  })

  test('are moved by the gap on the day that skips their time, and on that day alone', () => {
    assert.deepEqual(dates({ rule: 'FREQ=DAILY' }, '2026-03-28T01:30:00Z', 'Europe/Berlin', 3), [
      '2026-03-29T01:30:00Z',
      '2026-03-30T00:30:00Z',
      '2026-03-31T00:30:00Z',
    ])
    // Half an hour is skipped.
    assert.deepEqual(dates({ rule: 'FREQ=DAILY' }, '2026-10-02T15:45:00Z', 'Australia/Lord_Howe', 3), [
      '2026-10-03T15:45:00Z',
      '2026-10-04T15:15:00Z',
      '2026-10-05T15:15:00Z',
    ])
  })

  test('are at the first of two equal times', () => {
    assert.deepEqual(dates({ rule: 'FREQ=DAILY' }, '2026-10-24T00:30:00Z', 'Europe/Berlin', 2), [
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ])
  })

  test('pass a day that a zone skips', () => {
    assert.deepEqual(dates({ rule: 'FREQ=DAILY' }, '2011-12-29T19:00:00Z', 'Pacific/Apia', 2), [
      '2011-12-30T19:00:00Z',
      '2011-12-31T19:00:00Z',
    ])
    // The Friday that Samoa did not have.
    assert.deepEqual(dates({ rule: 'FREQ=WEEKLY' }, '2011-12-23T19:00:00Z', 'Pacific/Apia', 2), [
      '2011-12-30T19:00:00Z',
      '2012-01-05T19:00:00Z',
    ])
  })

  test('of the 31st and of 29 February come only where there is such a day, and do not drift', () => {
    assert.deepEqual(dates({ rule: 'FREQ=MONTHLY' }, '2026-01-31', 'UTC'), [
      '2026-03-31',
      '2026-05-31',
      '2026-07-31',
      '2026-08-31',
    ])
    assert.deepEqual(dates({ rule: 'FREQ=YEARLY' }, '2024-02-29', 'UTC', 2), ['2028-02-29', '2032-02-29'])
    assert.deepEqual(dates({ rule: 'FREQ=MONTHLY;BYMONTHDAY=-1' }, '2026-01-31', 'UTC', 2), [
      '2026-02-28',
      '2026-03-31',
    ])
  })

  test('begin with the first day of the rule if the due date is not one', () => {
    assert.deepEqual(dates({ rule: 'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO' }, '2026-01-01', 'UTC', 2), [
      '2026-01-12',
      '2026-01-26',
    ])
  })

  test('have weekdays of the zone, not of UTC', () => {
    assert.deepEqual(dates({ rule: 'FREQ=WEEKLY;BYDAY=MO' }, '2026-01-04T11:30:00Z', 'Pacific/Auckland', 1), [
      '2026-01-11T11:30:00Z',
    ])
    assert.deepEqual(dates({ rule: 'FREQ=WEEKLY;BYDAY=MO,TU' }, '2026-01-06T04:30:00Z', 'America/New_York', 2), [
      '2026-01-07T04:30:00Z',
      '2026-01-13T04:30:00Z',
    ])
  })

  test('end with COUNT, which counts the first due date too', () => {
    assert.deepEqual(dates({ rule: 'FREQ=DAILY;COUNT=3' }, '2026-01-01', 'UTC'), ['2026-01-02', '2026-01-03'])
  })

  test('end with UNTIL, which is included: a day, a time of the zone, or an instant', () => {
    assert.deepEqual(dates({ rule: 'FREQ=DAILY;UNTIL=20260103' }, '2026-01-01', 'UTC'), ['2026-01-02', '2026-01-03'])
    const start = '2026-01-06T04:30:00Z' // 23:30 on the 5th in New York
    const both = ['2026-01-07T04:30:00Z', '2026-01-08T04:30:00Z']
    for (const until of ['20260107', '20260107T233000', '20260108T043000Z', '20260108T043001Z']) {
      assert.deepEqual(dates({ rule: `FREQ=DAILY;UNTIL=${until}` }, start, 'America/New_York'), both, until)
    }
    for (const until of ['20260106', '20260107T232959', '20260108T042959Z']) {
      assert.deepEqual(dates({ rule: `FREQ=DAILY;UNTIL=${until}` }, start, 'America/New_York'), both.slice(0, 1), until)
    }
  })

  test('are counted from the day of completion for the basis COMPLETION, at the time of the due date', () => {
    const place = begun({ rule: 'FREQ=DAILY;INTERVAL=3', basis: 'COMPLETION' }, '2026-03-20T08:00:00Z', 'Europe/Berlin')
    const late = next(place, Date.parse('2026-03-26T22:59:00Z'))
    assert.deepEqual(late, { dueDate: '2026-03-29T07:00:00Z', occurrence: { number: 2, at: '2026-03-29T09:00:00' } })
    const afterMidnight = next(place, Date.parse('2026-03-26T23:01:00Z'))
    assert.equal(afterMidnight?.dueDate, '2026-03-30T07:00:00Z')
    assert.equal(next(place)?.dueDate, '2026-03-23T08:00:00Z', 'a date that is skipped is followed by the next one')
  })

  test('always move on: a completion that would give the due date again gives the date after it', () => {
    const place = begun({ rule: 'FREQ=DAILY', basis: 'COMPLETION' }, '2026-03-20', 'UTC')
    assert.equal(next(place, Date.parse('2026-03-19T12:00:00Z'))?.dueDate, '2026-03-21')
  })

  test('never move back: completions of one day give later and later dates', () => {
    const rules: readonly (readonly [rule: string, dates: readonly string[]])[] = [
      ['FREQ=DAILY;INTERVAL=3', ['2026-12-03', '2026-12-06', '2026-12-09']],
      ['FREQ=WEEKLY;BYDAY=MO', ['2026-12-07', '2026-12-14', '2026-12-21']],
      ['FREQ=MONTHLY;BYMONTHDAY=31', ['2026-12-31', '2027-01-31', '2027-03-31']],
    ]
    for (const [rule, expected] of rules) {
      let place = begun({ rule, basis: 'COMPLETION' }, '2026-01-01', 'UTC')
      const found = expected.map(() => {
        place = movedOn(place, next(place, Date.parse('2026-11-30T12:00:00Z')) ?? assert.fail('no date'))
        return place.dueDate
      })
      assert.deepEqual(found, expected, rule)
    }
  })
})

suite('a due date that the user has moved', () => {
  const monthly = begun({ rule: 'FREQ=MONTHLY', basis: 'DUE' }, '2026-01-31T09:00:00Z', 'UTC')

  test('gives the time of the following dates, whose days stay those of the rule', () => {
    const moved = { ...monthly, dueDate: '2026-02-28T17:00:00Z' }
    assert.equal(next(moved)?.dueDate, '2026-03-31T17:00:00Z')
  })

  test('is not followed by a date up to it', () => {
    assert.equal(next({ ...monthly, dueDate: '2026-06-15T09:00:00Z' })?.dueDate, '2026-07-31T09:00:00Z')
    assert.equal(next({ ...monthly, dueDate: '2026-01-02T09:00:00Z' })?.dueDate, '2026-03-31T09:00:00Z')
  })

  test('keeps which weeks an INTERVAL means', () => {
    const biweekly = begun({ rule: 'FREQ=WEEKLY;INTERVAL=2;BYDAY=TU', basis: 'DUE' }, '2026-01-06', 'UTC')
    assert.equal(next({ ...biweekly, dueDate: '2026-01-12' })?.dueDate, '2026-01-20')
  })

  test('can become a day, or an instant', () => {
    assert.equal(next({ ...monthly, dueDate: '2026-02-01' })?.dueDate, '2026-03-31')
    const days = begun({ rule: 'FREQ=DAILY', basis: 'DUE' }, '2026-01-31', 'Europe/Berlin')
    assert.equal(next({ ...days, dueDate: '2026-01-31T20:00:00Z' })?.dueDate, '2026-02-01T20:00:00Z')
  })

  test('can be moved far away without taking more time', () => {
    const far = {
      ...begun({ rule: 'FREQ=DAILY;INTERVAL=3', basis: 'DUE' }, '2026-01-01', 'UTC'),
      dueDate: '9998-01-01',
    }
    assert.equal(next(far)?.dueDate, '9998-01-04')
  })
})

suite('a year of a daily task', () => {
  for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']) {
    test(`is due at 02:30 on each of 365 days in ${zone}, but for the day that skips it`, () => {
      let place = begun({ rule: 'FREQ=DAILY', basis: 'DUE' }, atZone('2026-01-01T02:30:00', zone), zone)
      const odd: string[] = []
      for (let day = 1; day <= 365; day++) {
        const following = next(place)
        assert.ok(following)
        place = movedOn(place, following)
        const wall = Temporal.Instant.from(place.dueDate).toZonedDateTimeISO(zone)
        assert.equal(wall.toPlainDate().toString(), Temporal.PlainDate.from('2026-01-01').add({ days: day }).toString())
        if (wall.toPlainTime().toString() !== '02:30:00') odd.push(wall.toPlainDateTime().toString())
      }
      const skipped: Readonly<Record<string, string[]>> = {
        'Europe/Berlin': ['2026-03-29T03:30:00'],
        'America/New_York': ['2026-03-08T03:30:00'],
        // 02:00 to 02:30 is skipped, 02:30 is not.
        'Australia/Lord_Howe': [],
      }
      assert.deepEqual(odd, skipped[zone])
      assert.equal(place.occurrence.number, 366)
    })
  }
})

const atZone = (wall: string, zone: string): string =>
  Temporal.PlainDateTime.from(wall).toZonedDateTime(zone).toInstant().toString()
