import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { nextDay } from './next-day.ts'
import { parseRule, RuleError } from './rule.ts'
import { begun, next } from './series.ts'

/** What is refused, and a part of the reason. */
const REFUSED: readonly (readonly [rule: string, reason: string])[] = [
  ['', 'parts FREQ'],
  ['FREQ', 'FREQ without a value'],
  ['FREQ=', 'FREQ without a value'],
  ['FREQ=DAILY;', 'parts FREQ'],
  ['FREQ=DAILY=1', 'parts FREQ'],
  ['FREQ=DAILY\nINTERVAL=2', 'separated by semicolons'],
  [' FREQ=DAILY', 'parts FREQ'],
  ['RRULE:FREQ=DAILY', 'without "RRULE:"'],
  ['DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY', 'parts FREQ'],
  ['INTERVAL=2', 'FREQ of'],
  ['FREQ=HOURLY', 'FREQ of'],
  ['FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30', 'FREQ of'],
  ['FREQ=SECONDLY', 'FREQ of'],
  ['FREQ=DAILY;FREQ=DAILY', 'FREQ twice'],
  ['FREQ=DAILY;BYHOUR=9', 'must not have BYHOUR. It must have'],
  ['FREQ=YEARLY;BYYEARDAY=100', 'must not have BYYEARDAY. It must have'],
  ['FREQ=YEARLY;BYWEEKNO=20', 'must not have BYWEEKNO. It must have'],
  ['FREQ=WEEKLY;WKST=SU', 'must not have WKST: weeks begin on Monday. It must have'],
  ['FREQ=DAILY;X-OTHER=1', 'parts FREQ'],
  ['FREQ=DAILY;BYDAY=MO;BYSETPOS=2', 'BYSETPOS that is not 1 or -1'],
  ['FREQ=DAILY;INTERVAL=0', 'has an INTERVAL that is not a whole number from 1 to 999'],
  ['FREQ=DAILY;INTERVAL=-1', 'INTERVAL'],
  ['FREQ=DAILY;INTERVAL=1000', 'INTERVAL'],
  ['FREQ=DAILY;INTERVAL=1.5', 'INTERVAL'],
  ['FREQ=DAILY;INTERVAL=1e2', 'INTERVAL'],
  ['FREQ=DAILY;INTERVAL=٣', 'INTERVAL'],
  ['FREQ=DAILY;INTERVAL=99999999999999999999', 'INTERVAL'],
  ['FREQ=DAILY;COUNT=0', 'COUNT'],
  ['FREQ=DAILY;COUNT=1001', 'COUNT'],
  ['FREQ=DAILY;COUNT=2;UNTIL=20270101', 'both COUNT and UNTIL'],
  ['FREQ=DAILY;UNTIL=20260230', 'UNTIL'],
  ['FREQ=DAILY;UNTIL=2026-12-31', 'UNTIL'],
  ['FREQ=DAILY;UNTIL=20261231T246060Z', 'UNTIL'],
  ['FREQ=DAILY;UNTIL=18991231', 'UNTIL'],
  ['FREQ=WEEKLY;BYDAY=XX', 'BYDAY'],
  ['FREQ=WEEKLY;BYDAY=MO,', 'BYDAY'],
  ['FREQ=WEEKLY;BYDAY=1MO', 'only if it is MONTHLY or YEARLY'],
  ['FREQ=DAILY;BYDAY=-1MO', 'only if it is MONTHLY or YEARLY'],
  ['FREQ=MONTHLY;BYDAY=6MO', 'from 1 to 5'],
  ['FREQ=MONTHLY;BYDAY=0MO', 'from 1 to 5'],
  ['FREQ=YEARLY;BYMONTH=1;BYDAY=6MO', 'from 1 to 5'],
  ['FREQ=YEARLY;BYDAY=54MO', 'from 1 to 53'],
  ['FREQ=MONTHLY;BYMONTHDAY=0', 'BYMONTHDAY'],
  ['FREQ=MONTHLY;BYMONTHDAY=32', 'BYMONTHDAY'],
  ['FREQ=MONTHLY;BYMONTHDAY=-32', 'BYMONTHDAY'],
  ['FREQ=WEEKLY;BYMONTHDAY=1', 'BYMONTHDAY if it is WEEKLY'],
  ['FREQ=YEARLY;BYMONTH=13', 'BYMONTH'],
  ['FREQ=YEARLY;BYMONTH=-1', 'BYMONTH'],
  ['FREQ=MONTHLY;BYSETPOS=1', 'if it has BYSETPOS'],
  ['FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0', 'BYSETPOS'],
  ['FREQ=MONTHLY;BYDAY=MO;BYSETPOS=32', 'BYSETPOS'],
  ['FREQ=WEEKLY;BYDAY=MO;BYSETPOS=8', 'BYSETPOS'],
  [`FREQ=MONTHLY;BYMONTHDAY=${Array.from({ length: 400 }, () => '1').join(',')}`, 'at most 500'],
]

/** Well-formed rules that have no date, or none that tasks can have. */
const WITHOUT_DATES: readonly (readonly [rule: string, start: string])[] = [
  ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', '2026-01-01'],
  ['FREQ=MONTHLY;BYMONTH=4,6,9,11;BYMONTHDAY=31', '2026-01-01'],
  ['FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30', '2026-02-01'],
  ['FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=5', '2026-01-01'],
  ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYMONTH=2;BYSETPOS=31', '2026-01-01'],
  ['FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29', '2027-01-01'],
  ['FREQ=YEARLY;BYDAY=MO;BYSETPOS=54', '2026-01-01'],
  ['FREQ=YEARLY;BYDAY=1MO;BYMONTHDAY=31', '2026-01-01'],
  ['FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', '2026-01-01'],
  ['FREQ=DAILY;INTERVAL=7;BYDAY=TU', '2026-01-05'],
  ['FREQ=DAILY;INTERVAL=7;BYDAY=TU;BYMONTH=2;BYMONTHDAY=29', '2026-01-05'],
  ['FREQ=DAILY;INTERVAL=2;BYDAY=MO;BYMONTH=2;BYMONTHDAY=30', '2026-01-01'],
  ['FREQ=WEEKLY;INTERVAL=999;BYDAY=MO;BYMONTH=2;BYSETPOS=7', '2026-01-01'],
  ['FREQ=YEARLY;INTERVAL=999', '9500-01-01'],
  ['FREQ=DAILY', '9999-12-31'],
  ['FREQ=DAILY;COUNT=1', '2026-01-01'],
  ['FREQ=DAILY;UNTIL=20260101', '2026-01-01'],
  ['FREQ=DAILY;UNTIL=20260101T235959Z', '2026-01-01'],
]

/**
 * Rules that in February have no date, and how many months may be compared to find that out: as many as days or weeks are searched, or
 * as there are kinds of months (12 with 4 lengths and 7 first weekdays) or of years (2 lengths and 7 first weekdays).
 */
const SEARCHED: readonly (readonly [rule: string, most: number])[] = [
  ['FREQ=DAILY;BYMONTHDAY=30', 40_000],
  ['FREQ=WEEKLY;BYDAY=MO;BYSETPOS=7', 3_000],
  ['FREQ=MONTHLY;BYMONTHDAY=30', 12 * 4 * 7],
  ['FREQ=YEARLY;BYMONTHDAY=30', 12 * 2 * 7],
]

const following = (rule: string, start: string) => next(begun({ rule, basis: 'DUE' }, start, 'UTC'))

suite('a recurrence rule', () => {
  for (const [rule, reason] of REFUSED) {
    test(`${JSON.stringify(rule.slice(0, 60))} is refused: ${reason}`, () => {
      assert.throws(
        () => parseRule(rule),
        (error) => error instanceof RuleError && error.message.includes(reason),
      )
    })
  }

  for (const [rule, start] of WITHOUT_DATES) {
    test(`${rule} from ${start} has no next date`, () => {
      assert.equal(following(rule, start), undefined)
    })
  }

  for (const [rule, most] of SEARCHED) {
    test(`${rule} in February compares at most ${most} months to find that it has no date`, () => {
      let compared = 0
      const includes = (month: number): boolean => {
        compared++
        return month === 2
      }
      const byMonth = Object.assign([2], { includes })
      assert.equal(nextDay({ ...parseRule(rule), byMonth }, 0, 0), undefined)
      assert.ok(compared > 0 && compared <= most, `${compared}`)
    })
  }

  test('in lower case, with parts in any order, and with plus signs, has the same dates', () => {
    const rules = [
      'FREQ=MONTHLY;BYDAY=2TU;INTERVAL=2',
      'interval=2;byday=+2tu;freq=monthly',
      'INTERVAL=+2;FREQ=MONTHLY;BYDAY=2TU,2TU',
    ]
    for (const rule of rules) assert.equal(following(rule, '2026-01-13')?.dueDate, '2026-03-10')
  })

  test('finds a leap day on a Monday 40 years later', () => {
    assert.equal(following('FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO', '2088-03-01')?.dueDate, '2112-02-29')
    assert.equal(following('FREQ=YEARLY;INTERVAL=999', '2026-01-31')?.dueDate, '3025-01-31')
  })
})
