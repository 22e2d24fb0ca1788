/** Days and instants in the zone of the reader. */

const DAY_MS = 24 * 60 * 60 * 1000

const NUMBERS: Intl.DateTimeFormatOptions = { year: 'numeric', month: '2-digit', day: '2-digit' }
const TIME_OF_DAY: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
const DATE: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric' }

/** Making a formatter takes as long as a hundred uses. */
const FORMATTERS = new Map<string, Intl.DateTimeFormat>()
/** A zone is a part of a request, so there must not be one for each that is asked for. */
const FORMATTERS_MAX = 100

function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${zone} ${Object.entries(options).join(' ')}`
  const known = FORMATTERS.get(name)
  if (known !== undefined) return known
  if (FORMATTERS.size >= FORMATTERS_MAX) FORMATTERS.clear()
  const made = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options })
  FORMATTERS.set(name, made)
  return made
}

/** A day of a calendar, without a time: `2026-12-24`. */
export function dayIn(zone: string, at: Date): string {
  // en-GB writes 24/12/2026.
  const [day = '', month = '', year = ''] = formatter(zone, NUMBERS).format(at).split('/')
  return `${year}-${month}-${day}`
}

/** @param day such as `2026-12-24` */
export const dayAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)

/** Whether there is such a day: not 2026-02-30. */
export const isDay = (day: string): boolean => {
  const at = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day)
}

export const timeIn = (zone: string, at: Date): string => formatter(zone, TIME_OF_DAY).format(at)

/**
 * The instant of a time of day in a zone. A time that a change of clocks leaves out becomes the one that is as long after midnight.
 *
 * @param day such as `2026-12-24`
 * @param time such as `17:00`
 */
export function instantOf(zone: string, day: string, time: string): string {
  const wanted = Date.parse(`${day}T${time}:00Z`)
  // The offset depends on the instant, so it is looked up twice.
  let at = wanted
  for (let round = 0; round < 2; round++) at = wanted - offsetMs(zone, at)
  return new Date(at).toISOString().replace('.000Z', 'Z')
}

function offsetMs(zone: string, at: number): number {
  const date = new Date(at)
  return Date.parse(`${dayIn(zone, date)}T${timeIn(zone, date)}:00Z`) - Math.floor(at / 60_000) * 60_000
}

/** Such as `Tue 24 Dec`, with the year if it is another one. */
export function dayText(day: string, today: string): string {
  const isThisYear = day.slice(0, 4) === today.slice(0, 4)
  const at = new Date(`${day}T00:00:00Z`)
  const part = (options: Intl.DateTimeFormatOptions): string => formatter('UTC', options).format(at)
  const date = `${part({ weekday: 'short' })} ${part({ day: 'numeric' })} ${part({ month: 'short' })}`
  return isThisYear ? date : `${date} ${day.slice(0, 4)}`
}

/** Today, tomorrow or yesterday by name; other days by their date. */
export function nearDayText(day: string, today: string): string {
  if (day === today) return 'Today'
  if (day === dayAfter(today, 1)) return 'Tomorrow'
  if (day === dayAfter(today, -1)) return 'Yesterday'
  return dayText(day, today)
}

/** When a task is due. @param dueDate an instant, or a day, which is the same in every zone */
export function dueText(dueDate: string, zone: string, now: Date): string {
  const today = dayIn(zone, now)
  if (isDay(dueDate)) return nearDayText(dueDate, today)
  const at = new Date(dueDate)
  return `${nearDayText(dayIn(zone, at), today)}, ${timeIn(zone, at)}`
}

/** A day is late when it is over, and an instant when it has passed. */
export const isLate = (dueDate: string, zone: string, now: Date): boolean =>
  isDay(dueDate) ? dueDate < dayIn(zone, now) : Date.parse(dueDate) < now.getTime()

/** Such as `30 Nov 2026, 14:05`. */
export const momentText = (instant: string, zone: string): string =>
  `${formatter(zone, DATE).format(new Date(instant))}, ${timeIn(zone, new Date(instant))}`
