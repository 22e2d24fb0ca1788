/** Days and weeks in the local calendar of an IANA time zone, by Temporal and the zone data of Node. */

/** An interval in milliseconds since the epoch: from `fromMs`, before `untilMs`. */
export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/** The longest name that is accepted; the longest of IANA has 32 characters. */
export const ZONE_LENGTH_MAX = 64

/**
 * The IANA time zone of this name, such as `Europe/Berlin` or `UTC`, in the case of the IANA database; undefined if there is none. Offsets
 * such as `+02:00` are none. A link keeps its name: `Europe/Kiev` does not become `Europe/Kyiv`, so that clients find what they sent.
 */
export function timeZoneNamed(name: string): string | undefined {
  // Temporal also accepts offsets, and instants with a zone in brackets.
  if (!/^[A-Za-z]/.test(name)) return undefined
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId
  } catch {
    return undefined
  }
}

export const isTimeZone = (name: string): boolean => timeZoneNamed(name) !== undefined

/** The day that contains an instant; it has 23 or 25 hours when clocks change. */
export const dayOf = (zone: string, instantMs: number): Span => daysFrom(startOfDay(zone, instantMs), 1)

/** The week that contains an instant, from Monday to Sunday (ISO 8601). */
export function weekOf(zone: string, instantMs: number): Span {
  const day = startOfDay(zone, instantMs)
  return daysFrom(day.subtract({ days: day.dayOfWeek - 1 }), 7)
}

/** The first instant of the local day, which is not always midnight: some zones change their clocks then. */
const startOfDay = (zone: string, instantMs: number): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(zone).startOfDay()

const daysFrom = (start: Temporal.ZonedDateTime, days: number): Span => ({
  fromMs: start.startOfDay().epochMilliseconds,
  untilMs: start.add({ days }).startOfDay().epochMilliseconds,
})
