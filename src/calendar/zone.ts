/** VTIMEZONE of iCalendar: what the clocks of a zone show, for the years in which a calendar program may need it. */

const YEARS_BEFORE = 1
const YEARS_AFTER = 10
/** How many spans of years a zone has at most. One is usual, and tasks that are due in other centuries have their own. */
const SPANS_MAX = 3

interface Span {
  readonly first: Temporal.ZonedDateTime
  readonly last: Temporal.ZonedDateTime
}

/**
 * The component of a zone. Each change of the clocks from a year before a task is due to ten years after it is written out, because the
 * rules of the zone are not known here.
 *
 * @param dueMs when the tasks of the zone are due
 * @param nowMs if they are due in too many different decades, the ones nearest to now are written
 */
export function timeZoneLines(zone: string, dueMs: readonly number[], nowMs: number): readonly string[] {
  const away = ({ first, last }: Span): number =>
    Math.max(first.epochMilliseconds - nowMs, nowMs - last.epochMilliseconds, 0)
  const spans = spansOf(zone, dueMs)
    .toSorted((a, b) => away(a) - away(b))
    .slice(0, SPANS_MAX)
    .toSorted((a, b) => Temporal.ZonedDateTime.compare(a.first, b.first))
  return ['BEGIN:VTIMEZONE', `TZID:${zone}`, ...spans.flatMap(spanLines), 'END:VTIMEZONE']
}

/** Spans that overlap are one. */
function spansOf(zone: string, dueMs: readonly number[]): readonly Span[] {
  const spans: Span[] = []
  for (const each of dueMs.toSorted((a, b) => a - b)) {
    const due = Temporal.Instant.fromEpochMilliseconds(each).toZonedDateTimeISO(zone)
    const [first, last] = [due.subtract({ years: YEARS_BEFORE }), due.add({ years: YEARS_AFTER })]
    const previous = spans.at(-1)
    if (previous !== undefined && Temporal.ZonedDateTime.compare(first, previous.last) <= 0) {
      spans.splice(-1, 1, { first: previous.first, last })
    } else {
      spans.push({ first, last })
    }
  }
  return spans
}

/** What the clocks show at the beginning of a span, and each change in it. */
function spanLines({ first, last }: Span, at: number): readonly string[] {
  const lines = observance('STANDARD', first.offset, first.offset, at === 0 ? '19000101T000000' : localTime(first))
  let change = first.getTimeZoneTransition('next')
  while (change !== null && Temporal.ZonedDateTime.compare(change, last) <= 0) {
    const before = change.subtract({ nanoseconds: 1 })
    const isLater = change.offsetNanoseconds > before.offsetNanoseconds
    // The beginning is on the clock of before the change.
    const begins = localTime(change.toInstant().toZonedDateTimeISO(before.offset))
    lines.push(...observance(isLater ? 'DAYLIGHT' : 'STANDARD', before.offset, change.offset, begins))
    change = change.getTimeZoneTransition('next')
  }
  return lines
}

const localTime = (date: Temporal.ZonedDateTime): string =>
  date.toPlainDateTime().toString({ smallestUnit: 'second' }).replaceAll(/[-:]/g, '')

const observance = (kind: 'STANDARD' | 'DAYLIGHT', from: string, to: string, at: string): string[] => [
  `BEGIN:${kind}`,
  `DTSTART:${at}`,
  `TZOFFSETFROM:${offsetValue(from)}`,
  `TZOFFSETTO:${offsetValue(to)}`,
  `END:${kind}`,
]

/** `+0100` for `+01:00`. */
const offsetValue = (offset: string): string => offset.replaceAll(':', '')
