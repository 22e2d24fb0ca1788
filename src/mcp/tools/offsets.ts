/** A time in which a zone has one offset from UTC. */
interface Span {
  readonly fromMs: number
  readonly untilMs: number
  readonly offsetMs: number
  /** As in RFC 3339, such as `+01:00`. */
  readonly text: string
}

/** Zones that clients send. Each has few spans: those of the times that were asked for. */
const ZONES_MAX = 500
const SPANS_MAX = 50

const zones = new Map<string, Span[]>()

/**
 * The offset of a zone at an instant. Temporal takes as long for one instant as the rest of a task's JSON, and the instants of a list
 * have one or two offsets.
 *
 * @param zone an IANA time zone
 */
export function offsetAt(zone: string, epochMs: number): Span {
  let spans = zones.get(zone)
  if (spans === undefined) {
    if (zones.size >= ZONES_MAX) zones.clear()
    zones.set(zone, (spans = []))
  }
  const known = spans.find(({ fromMs, untilMs }) => fromMs <= epochMs && epochMs < untilMs)
  if (known !== undefined) return known
  if (spans.length >= SPANS_MAX) spans.length = 0
  const span = spanAt(zone, epochMs)
  spans.push(span)
  return span
}

function spanAt(zone: string, epochMs: number): Span {
  const local = Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(zone)
  // A transition at the instant itself is neither before nor after it.
  const next = local.getTimeZoneTransition('next')
  const previous = local.add({ milliseconds: 1 }).getTimeZoneTransition('previous')
  return {
    fromMs: previous?.epochMilliseconds ?? -Infinity,
    untilMs: next?.epochMilliseconds ?? Infinity,
    offsetMs: Math.trunc(local.offsetNanoseconds / 1e6),
    text: local.offset.slice(0, '+00:00'.length),
  }
}
