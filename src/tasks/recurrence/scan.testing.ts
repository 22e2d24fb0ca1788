import { DATES, horizon, type DateCase } from './dateutil.testing.ts'

/** A second implementation, slow and plain: it asks of every day whether the rule has it. It uses the calendar of Date alone. */

const DAY_MS = 86_400_000
const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']

interface Scan {
  readonly parts: ReadonlyMap<string, string>
  readonly start: Date
}

const numbers = (text: string | undefined): readonly number[] | undefined => text?.split(',').map(Number)
const utc = (year: number, month: number, day: number): Date => new Date(Date.UTC(year, month, day))

/** The first day of the period of a day, and the first one of the next period. */
function periodOf(freq: string, date: Date): readonly [Date, Date] {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const monday = day - ((date.getUTCDay() + 6) % 7)
  if (freq === 'YEARLY') return [utc(year, 0, 1), utc(year + 1, 0, 1)]
  if (freq === 'MONTHLY') return [utc(year, month, 1), utc(year, month + 1, 1)]
  return freq === 'WEEKLY'
    ? [utc(year, month, monday), utc(year, month, monday + 7)]
    : [date, utc(year, month, day + 1)]
}

/** How many periods lie between two that begin on these days. */
function distance(freq: string, from: Date, to: Date): number {
  const years = to.getUTCFullYear() - from.getUTCFullYear()
  if (freq === 'YEARLY') return years
  if (freq === 'MONTHLY') return years * 12 + to.getUTCMonth() - from.getUTCMonth()
  return (to.getTime() - from.getTime()) / DAY_MS / (freq === 'WEEKLY' ? 7 : 1)
}

/** Whether the rule has this day, without regard to BYSETPOS. */
function has({ parts, start }: Scan, date: Date): boolean {
  const freq = parts.get('FREQ') ?? ''
  const steps = distance(freq, periodOf(freq, start)[0], periodOf(freq, date)[0])
  if (steps % Number(parts.get('INTERVAL') ?? 1) !== 0) return false
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const [months, days, weekdays] = [
    numbers(parts.get('BYMONTH')),
    numbers(parts.get('BYMONTHDAY')),
    parts.get('BYDAY')?.split(','),
  ]
  const isOpen = days === undefined && weekdays === undefined
  if (months !== undefined ? !months.includes(month + 1) : freq === 'YEARLY' && isOpen && month !== start.getUTCMonth())
    return false
  if (isOpen && freq === 'WEEKLY') return date.getUTCDay() === start.getUTCDay()
  if (isOpen && freq !== 'DAILY') return day === start.getUTCDate()
  const fromEnd = day - utc(year, month + 1, 0).getUTCDate() - 1
  if (days !== undefined && !days.includes(day) && !days.includes(fromEnd)) return false
  const within = freq === 'YEARLY' && months === undefined ? periodOf('YEARLY', date) : periodOf('MONTHLY', date)
  return weekdays === undefined || weekdays.some((each) => isWeekday(each, date, within))
}

function isWeekday(part: string, date: Date, [first, end]: readonly [Date, Date]): boolean {
  if (part.slice(-2) !== WEEKDAYS[date.getUTCDay()]) return false
  const nth = Number(part.slice(0, -2))
  const weekBefore = new Date(date.getTime() - (nth - 1) * 7 * DAY_MS)
  const weekAfter = new Date(date.getTime() - (nth + 1) * 7 * DAY_MS)
  if (nth > 0) return weekBefore >= first && weekBefore.getTime() - 7 * DAY_MS < first.getTime()
  if (nth < 0) return weekAfter < end && weekAfter.getTime() + 7 * DAY_MS >= end.getTime()
  return true
}

const daysFrom = (first: Date, end: Date): Date[] =>
  Array.from({ length: (end.getTime() - first.getTime()) / DAY_MS }, (_, at) => new Date(first.getTime() + at * DAY_MS))

/** Whether the rule has this day at one of its positions in the period. */
function isPositioned(scan: Scan, date: Date): boolean {
  const positions = numbers(scan.parts.get('BYSETPOS'))
  if (positions === undefined) return true
  const all = daysFrom(...periodOf(scan.parts.get('FREQ') ?? '', date)).filter((each) => has(scan, each))
  return positions.some((position) => all.at(position > 0 ? position - 1 : position)?.getTime() === date.getTime())
}

/** The next dates of a case after its start, in UTC. */
export function byScan({ rule, start: from, zone }: DateCase): string[] {
  const parts = new Map(rule.split(';').map((part) => part.split('=') as [string, string])) // each part has one =
  const [date = '', time] = from.split('T')
  const scan: Scan = { parts, start: new Date(`${date}T00:00:00Z`) }
  const last = horizon(from)
  const found: string[] = []
  for (let day = scan.start; found.length < DATES;) {
    day = new Date(day.getTime() + DAY_MS)
    const wall = Temporal.PlainDateTime.from(`${day.toISOString().slice(0, 10)}T${time}`)
    const instant = wall.toZonedDateTime(zone, { disambiguation: 'compatible' }).toInstant().toString()
    if (instant > last) break
    if (has(scan, day) && isPositioned(scan, day)) found.push(instant)
  }
  return found
}
