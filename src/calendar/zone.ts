/** VTIMEZONE of iCalendar: what the clocks of a zone show, for the years in which a calendar program may need it. */

const YEARS_BEFORE = 1
const YEARS_AFTER = 10

/**
 * The component of a zone. Each change of the clocks from a year before `fromMs` to ten years after it is written out, because the rules
 * of the zone are not known here.
 */
export function timeZoneLines(zone: string, fromMs: number): readonly string[] {
  const start = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(zone)
  const first = start.subtract({ years: YEARS_BEFORE })
  const last = start.add({ years: YEARS_AFTER })
  const lines = observance('STANDARD', first.offset, first.offset, '19700101T000000')
  let change = first.getTimeZoneTransition('next')
  while (change !== null && Temporal.ZonedDateTime.compare(change, last) <= 0) {
    const before = change.subtract({ nanoseconds: 1 })
    const isLater = change.offsetNanoseconds > before.offsetNanoseconds
    // The beginning is on the clock of before the change.
    const wall = change.toInstant().toZonedDateTimeISO(before.offset).toPlainDateTime()
    const at = wall.toString({ smallestUnit: 'second' }).replaceAll(/[-:]/g, '')
    lines.push(...observance(isLater ? 'DAYLIGHT' : 'STANDARD', before.offset, change.offset, at))
    change = change.getTimeZoneTransition('next')
  }
  return ['BEGIN:VTIMEZONE', `TZID:${zone}`, ...lines, 'END:VTIMEZONE']
}

const observance = (kind: 'STANDARD' | 'DAYLIGHT', from: string, to: string, at: string): string[] => [
  `BEGIN:${kind}`,
  `DTSTART:${at}`,
  `TZOFFSETFROM:${offsetValue(from)}`,
  `TZOFFSETTO:${offsetValue(to)}`,
  `END:${kind}`,
]

/** `+0100` for `+01:00`. */
const offsetValue = (offset: string): string => offset.replaceAll(':', '')
