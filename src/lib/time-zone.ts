/** Names of IANA time zones, as Temporal and the zone data of Node know them. */

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
