import { civilDay, dayNumber, daysInMonth, weekdayOf } from './calendar.ts'
import type { Frequency, Rule, WeekdayPart } from './rule.ts'

/** A rule without its end, which says nothing of single days. */
export type Pattern = Omit<Rule, 'count' | 'until'>

/** No date is later than the year 9999, the last one that tasks can have. */
const LAST_DAY = dayNumber(9999, 12, 31)

/**
 * How many periods are searched for a day. It bounds the time of a rule that has none, such as every 30 February, to a few milliseconds.
 * Rules with a day have the next one much earlier: the leap day of a certain weekday comes once in 28 to 40 years.
 */
const PERIODS_MAX: Readonly<Record<Frequency, number>> = { DAILY: 40_000, WEEKLY: 3_000, MONTHLY: 2_000, YEARLY: 400 }

/**
 * The first day of a series after a day; undefined if there is none. Nothing before `start` belongs to the series.
 *
 * The days that a rule leaves open are those of `start`, as RFC 5545 has it: a rule that is only MONTHLY means the day of the month of
 * `start`, and the periods that an INTERVAL counts begin with that of `start`. Every day of a series as `start` gives the same series from
 * that day on, so that a task needs to know its current day alone.
 */
export function nextDay(pattern: Pattern, start: number, after: number): number | undefined {
  const complete = completed(pattern, start)
  const { freq, interval } = complete
  const periods = PERIODS[freq]
  const first = periods.of(start)
  const from = Math.max(start, after + 1)
  // The first period with the right phase that does not end before `from`.
  const daysOf = daysOfPeriods(complete)
  let period = first + Math.max(0, Math.ceil((periods.of(from) - first) / interval)) * interval
  for (let searched = 0; searched < PERIODS_MAX[freq] && periods.startOf(period) <= LAST_DAY; searched++) {
    const day = daysOf(period).find((each) => each >= from)
    if (day !== undefined) return day <= LAST_DAY ? day : undefined
    period += interval
  }
  return undefined
}

/** The days of a period. Those of a year or month are found once for all that have the same length and first weekday. */
function daysOfPeriods(pattern: Pattern): (period: number) => readonly number[] {
  const { days, kindOf, startOf } = PERIODS[pattern.freq]
  const select = (period: number): readonly number[] => positioned(days(pattern, period), pattern.bySetPos)
  const known = new Map<number, readonly number[]>()
  return (period) => {
    if (kindOf === undefined) return select(period)
    const [kind, start] = [kindOf(period), startOf(period)]
    const offsets = known.get(kind) ?? select(period).map((day) => day - start)
    known.set(kind, offsets)
    return offsets.map((offset) => start + offset)
  }
}

/** The pattern with what it leaves open taken from its start. */
function completed(pattern: Pattern, start: number): Pattern {
  const { freq, byMonth, byMonthDay, byDay } = pattern
  const { month, day } = civilDay(start)
  if (freq === 'DAILY' || byDay.length > 0) return pattern
  if (freq === 'WEEKLY') return { ...pattern, byDay: [{ weekday: weekdayOf(start), nth: 0 }] }
  if (byMonthDay.length > 0) return pattern
  const months = freq === 'YEARLY' && byMonth.length === 0 ? [month] : byMonth
  return { ...pattern, byMonth: months, byMonthDay: [day] }
}

/** Periods of a frequency have consecutive numbers. */
interface Periods {
  of(this: void, day: number): number
  startOf(this: void, period: number): number
  /** The days of the period that the rule selects, ascending. */
  days(this: void, pattern: Pattern, period: number): readonly number[]
  /** Periods of one kind have the same days, counted from their start. */
  kindOf?(this: void, period: number): number
}

const startOfYear = (year: number): number => dayNumber(year, 1, 1)
const startOfMonth = (period: number): number => dayNumber(Math.floor(period / 12), (period % 12) + 1, 1)
/** Weeks begin on Monday, as in RFC 5545 without WKST. */
const startOfWeek = (period: number): number => period * 7 - 3

const PERIODS: Readonly<Record<Frequency, Periods>> = {
  DAILY: {
    of: (day) => day,
    startOf: (period) => period,
    days: (pattern, day) => (isSelected(pattern, day) ? [day] : []),
  },
  WEEKLY: {
    of: (day) => Math.floor((day + 3) / 7),
    startOf: startOfWeek,
    days: (pattern, period) => range(startOfWeek(period), 7).filter((day) => isSelected(pattern, day)),
  },
  MONTHLY: {
    of: (day) => {
      const { year, month } = civilDay(day)
      return year * 12 + month - 1
    },
    startOf: startOfMonth,
    days: (pattern, period) => daysOfMonth(pattern, Math.floor(period / 12), (period % 12) + 1),
    kindOf: (period) =>
      (startOfMonth(period + 1) - startOfMonth(period)) * 100 + (period % 12) * 7 + weekdayOf(startOfMonth(period)),
  },
  YEARLY: {
    of: (day) => civilDay(day).year,
    startOf: startOfYear,
    days: daysOfYear,
    kindOf: (year) => (startOfYear(year + 1) - startOfYear(year)) * 7 + weekdayOf(startOfYear(year)),
  },
}

const range = (from: number, length: number): number[] => Array.from({ length }, (_, at) => from + at)

/** Whether a day has a month, a day of the month and a weekday of the rule, which has no counted weekdays. */
function isSelected({ byMonth, byMonthDay, byDay }: Pattern, number: number): boolean {
  if (byDay.length > 0 && !byDay.some(({ weekday }) => weekday === weekdayOf(number))) return false
  if (byMonth.length === 0 && byMonthDay.length === 0) return true
  const { year, month, day } = civilDay(number)
  if (byMonth.length > 0 && !byMonth.includes(month)) return false
  if (byMonthDay.length === 0 || byMonthDay.includes(day)) return true
  return byMonthDay[0] !== undefined && byMonthDay[0] < 0 && byMonthDay.includes(day - daysInMonth(year, month) - 1)
}

function daysOfMonth(pattern: Pattern, year: number, month: number): readonly number[] {
  const { byMonth, byMonthDay, byDay } = pattern
  if (byMonth.length > 0 && !byMonth.includes(month)) return []
  const length = daysInMonth(year, month)
  const first = dayNumber(year, month, 1)
  const days = byMonthDay.length > 0 ? daysAt(byMonthDay, length).map((day) => first + day - 1) : range(first, length)
  return byDay.length === 0 ? days : days.filter((day) => isOneOf(byDay, day, first, length))
}

/** The days of a month that has this length, ascending. */
function daysAt(byMonthDay: readonly number[], length: number): readonly number[] {
  const days = byMonthDay.map((day) => (day < 0 ? length + day + 1 : day)).filter((day) => day >= 1 && day <= length)
  return [...new Set(days)].toSorted((a, b) => a - b)
}

/** Whether a day is one of the weekdays, which are counted from the first day of a month or year with this length. */
function isOneOf(byDay: readonly WeekdayPart[], day: number, first: number, length: number): boolean {
  const weekday = weekdayOf(day)
  const nth = Math.floor((day - first) / 7) + 1
  const nthLast = -Math.floor((first + length - 1 - day) / 7) - 1
  return byDay.some((part) => part.weekday === weekday && (part.nth === 0 || part.nth === nth || part.nth === nthLast))
}

const MONTHS = range(1, 12)

function daysOfYear(pattern: Pattern, year: number): readonly number[] {
  const { byMonth, byDay } = pattern
  if (byMonth.length > 0) return byMonth.flatMap((month) => daysOfMonth(pattern, year, month))
  // Weekdays are counted in the whole year.
  const first = dayNumber(year, 1, 1)
  const length = dayNumber(year + 1, 1, 1) - first
  const days = MONTHS.flatMap((month) => daysOfMonth({ ...pattern, byDay: [] }, year, month))
  return byDay.length === 0 ? days : days.filter((day) => isOneOf(byDay, day, first, length))
}

/** The days at the positions of BYSETPOS, which counts the days of one period. */
function positioned(days: readonly number[], bySetPos: readonly number[]): readonly number[] {
  if (bySetPos.length === 0) return days
  const found = bySetPos.flatMap((position) => days.at(position > 0 ? position - 1 : position) ?? [])
  return [...new Set(found)].toSorted((a, b) => a - b)
}
