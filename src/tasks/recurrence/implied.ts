import { dayNumber } from './calendar.ts'
import { completed } from './next-day.ts'
import { parseRule, WEEKDAYS } from './rule.ts'

/**
 * The parts that a rule leaves open, for programs that would take them from another date: `['BYMONTHDAY=31']` for `FREQ=MONTHLY` on
 * `2026-01-31`. Empty if it leaves nothing open.
 *
 * @param day a date of the rule
 * @throws RuleError
 */
export function impliedParts(text: string, day: string): readonly string[] {
  const rule = parseRule(text)
  const [year = 0, month = 0, dayOfMonth = 0] = day.split('-').map(Number)
  const { byMonth, byMonthDay, byDay } = completed(rule, dayNumber(year, month, dayOfMonth))
  return [
    ...(rule.byMonth.length < byMonth.length ? [`BYMONTH=${byMonth.join(',')}`] : []),
    ...(rule.byMonthDay.length < byMonthDay.length ? [`BYMONTHDAY=${byMonthDay.join(',')}`] : []),
    ...(rule.byDay.length < byDay.length ? [`BYDAY=${byDay.map(({ weekday }) => WEEKDAYS[weekday]).join(',')}`] : []),
  ]
}
