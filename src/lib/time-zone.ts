/** Days as a clock on the wall of some time zone counts them. Zones are IANA's, in the version that Node carries. */

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** No zone has ever been further from UTC, and a little more. */
const OFFSET_MAX_MS = 16 * HOUR_MS

/** A stretch of time in milliseconds since the epoch: from `fromMs` on and before `untilMs`. */
export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/** Whether it is the name of an IANA time zone, such as `Europe/Berlin` or `UTC`. Offsets such as `+02:00` are no names. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** The day that holds an instant; it has 23 or 25 hours where clocks are changed. */
export const dayOf = (zone: string, instantMs: number): Span => {
  const calendar = calendarOf(zone)
  const day = calendar(instantMs)
  return { fromMs: beginningOf(calendar, day), untilMs: beginningOf(calendar, day + 1) }
}

/** The week that holds an instant, from Monday to Sunday (ISO 8601). */
export const weekOf = (zone: string, instantMs: number): Span => {
  const calendar = calendarOf(zone)
  const day = calendar(instantMs)
  // Day 0, 1 January 1970, was a Thursday.
  const monday = day - ((((day + 3) % 7) + 7) % 7)
  return { fromMs: beginningOf(calendar, monday), untilMs: beginningOf(calendar, monday + 7) }
}

/** From an instant to the days since 1 January 1970 on the local calendar. */
type Calendar = (instantMs: number) => number

function calendarOf(timeZone: string): Calendar {
  const format = new Intl.DateTimeFormat('en-u-ca-iso8601', {
    timeZone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  })
  return (instantMs) => {
    const parts = format.formatToParts(instantMs)
    const field = (type: Intl.DateTimeFormatPartTypes): number =>
      Number(parts.find((each) => each.type === type)?.value)
    return Date.UTC(field('year'), field('month') - 1, field('day')) / DAY_MS
  }
}

/** The first instant of a day, or of the next one where a zone left the day out. Not always midnight: some clocks change then. */
function beginningOf(calendar: Calendar, day: number): number {
  let before = day * DAY_MS - OFFSET_MAX_MS
  let within = day * DAY_MS + OFFSET_MAX_MS
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2)
    if (calendar(middle) >= day) within = middle
    else before = middle
  }
  return within
}
