/**
 * Instants on the wire. Input: RFC 3339 with any offset, which may lack its colon (`+0000`), as many languages write it. Output: UTC
 * with `Z`, and milliseconds unless they are zero.
 */

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):?(\d{2}))$/

const MINUTE_MS = 60_000
const FIRST_MS = Date.UTC(1900, 0, 1)
const AFTER_LAST_MS = Date.UTC(10_000, 0, 1)

/**
 * Milliseconds since the epoch, or undefined if the text is not an instant between the years 1900 and 9999 (in UTC). Leap seconds,
 * the hour 24, days that the month does not have and instants without an offset are refused. Digits beyond milliseconds are
 * truncated.
 */
export function parseInstant(text: string): number | undefined {
  const match = RFC_3339.exec(text)
  if (match === null) return undefined
  const field = (index: number): number => Number(match[index] ?? 0)
  const [year, month, day, hour, minute, second] = [field(1), field(2), field(3), field(4), field(5), field(6)]
  const [offsetHour, offsetMinute] = [field(9), field(10)]
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined
  const millisecond = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))

  const local = new Date(0)
  local.setUTCFullYear(year, month - 1, day)
  // A day the month does not have rolls over into another month.
  if (local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day) return undefined
  local.setUTCHours(hour, minute, second, millisecond)

  const offsetMs = (match[8] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute) * MINUTE_MS
  const instantMs = local.getTime() - offsetMs
  return instantMs >= FIRST_MS && instantMs < AFTER_LAST_MS ? instantMs : undefined
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** Whether the text is an RFC 3339 date that exists, between the years 1900 and 9999. */
export const isDay = (text: string): boolean => DAY.test(text) && parseInstant(`${text}T00:00:00Z`) !== undefined

/** The wire form of an instant given in milliseconds since the epoch. */
export const formatInstant = (epochMs: number): string => new Date(epochMs).toISOString().replace('.000Z', 'Z')

/** PostgreSQL's text of a timestamptz(3) on a connection in UTC, which omits trailing zeros of the fraction. */
const POSTGRES_UTC = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?\+00$/

/**
 * Converts PostgreSQL's text of a timestamptz to the wire form without creating a Date, which would take a fifth of the time of a
 * long list. Text in another zone or precision is parsed as a Date.
 */
export function instantFromPostgres(text: string): string {
  const match = POSTGRES_UTC.exec(text)
  if (match === null) return formatInstant(Date.parse(text))
  const [, day, time, fraction] = match
  return fraction === undefined ? `${day}T${time}Z` : `${day}T${time}.${fraction.padEnd(3, '0')}Z`
}
