import { formatInstant, isDay, parseInstant } from '../../lib/instant.ts'
import { civilDay, dayNumber } from './calendar.ts'
import { nextDay } from './next-day.ts'
import { parseRule, type Until } from './rule.ts'

/** The due dates of a recurring task: a rule gives the days, and the task's own due date the time of day. */

export const BASES = ['DUE', 'COMPLETION'] as const

export interface Recurrence {
  readonly rule: string
  /** From what the next date is counted: from the due date, or from the day on which the task is completed. */
  readonly basis: (typeof BASES)[number]
}

/** The date of the rule that a due date stands for. */
export interface Occurrence {
  /** 1 for the due date with which the rule began. */
  readonly number: number
  /**
   * The date on the clock of the task's zone, `2026-01-31T09:00:00`, or `2026-01-31` for a day. The due date differs from it if the user
   * has moved it, and where the clock skips this time.
   */
  readonly at: string
}

/** Where a task is in its series. */
export interface Place {
  readonly recurrence: Recurrence
  readonly occurrence: Occurrence
  /** An instant, or a day. */
  readonly dueDate: string
  /** The name of an IANA zone. */
  readonly timezone: string
}

/** A date of a series. */
export interface Next {
  readonly dueDate: string
  readonly occurrence: Occurrence
}

/** The date of a due date on the clock of a zone; `timeMs` is undefined for a day. */
interface Wall {
  readonly day: number
  readonly timeMs: number | undefined
}

const DAY_MS = 86_400_000

/** The place of a task whose rule begins with its due date. */
export const begun = (recurrence: Recurrence, dueDate: string, timezone: string): Place => ({
  recurrence,
  dueDate,
  timezone,
  occurrence: { number: 1, at: formatWall(wallOf(dueDate, timezone)) },
})

/** The place of a task that was moved on. */
export const movedOn = (place: Place, following: Next): Place => ({ ...place, ...following })

/**
 * The next date of a series; undefined if there is none.
 *
 * For the basis DUE it is the first date of the rule after the due date, also if that has passed: each date is completed or skipped. A
 * due date that the user moved gives the time of day, and no date up to it comes any more; the days stay those of the rule, counted
 * from the date that was moved. For the basis COMPLETION the rule begins with the day of the completion, and its first date after that day and
 * the due date counts.
 *
 * @param completedMs when the task was completed; undefined if its date is skipped
 * @throws RuleError if the rule is one that this version does not know
 */
export function next({ recurrence, occurrence, dueDate, timezone }: Place, completedMs?: number): Next | undefined {
  const rule = parseRule(recurrence.rule)
  if (rule.count !== undefined && occurrence.number >= rule.count) return undefined
  const due = wallOf(dueDate, timezone)
  const scheduled = parseWall(occurrence.at)
  const isAsScheduled = scheduled !== undefined && resolved(scheduled, timezone) === dueDate
  const timeMs = isAsScheduled ? scheduled.timeMs : due.timeMs
  let start = scheduled?.day ?? due.day
  let after = isAsScheduled ? start : Math.max(start, due.day)
  if (recurrence.basis === 'COMPLETION') {
    start = completedMs === undefined ? due.day : wallOf(formatInstant(completedMs), timezone).day
    // A date that is completed early is not followed by an earlier one, or by itself.
    after = Math.max(start, due.day)
  }
  for (let attempts = 0; attempts < ATTEMPTS_MAX; attempts++) {
    const day = nextDay(rule, start, after)
    if (day === undefined || isPast(rule.until, { day, timeMs }, timezone)) return undefined
    const at = { day, timeMs }
    const resolvedAt = resolved(at, timezone)
    if (resolvedAt !== dueDate) {
      return resolvedAt === undefined
        ? undefined
        : { dueDate: resolvedAt, occurrence: { number: occurrence.number + 1, at: formatWall(at) } }
    }
    after = day
  }
  return undefined
}

/** A zone that skips a whole day gives two dates the same instant. */
const ATTEMPTS_MAX = 3

/** Whether a date is later than the end of the rule. */
function isPast(until: Until | undefined, date: Wall, timezone: string): boolean {
  if (until === undefined) return false
  const last = until.kind === 'instant' ? wallOf(formatInstant(until.epochMs), timezone) : until
  const lastMs = until.kind === 'day' ? undefined : 'timeMs' in last ? last.timeMs : undefined
  if (date.day !== last.day) return date.day > last.day
  return lastMs !== undefined && date.timeMs !== undefined && date.timeMs > lastMs
}

function wallOf(date: string, timezone: string): Wall {
  const day = parseWall(date)
  if (day !== undefined && day.timeMs === undefined) return day
  const epochMs = parseInstant(date)
  if (epochMs === undefined) throw new Error('a due date is neither an instant nor a day')
  const wallMs = Temporal.Instant.fromEpochMilliseconds(epochMs)
    .toZonedDateTimeISO(timezone)
    .toPlainDateTime()
    .toZonedDateTime('UTC').epochMilliseconds
  const at = Math.floor(wallMs / DAY_MS)
  return { day: at, timeMs: wallMs - at * DAY_MS }
}

/**
 * The instant of a date on the clock of a zone; a time that the clock skips is moved by what it skips, and of a time that comes twice it is
 * the first. Undefined for an instant outside the years of a due date.
 */
function resolved(wall: Wall, timezone: string): string | undefined {
  if (wall.timeMs === undefined) return formatWall(wall)
  const { epochMilliseconds } = Temporal.PlainDateTime.from(formatWall(wall)).toZonedDateTime(timezone, {
    disambiguation: 'compatible',
  })
  const instant = formatInstant(epochMilliseconds)
  return parseInstant(instant) === undefined ? undefined : instant
}

const padded = (value: number, length: number): string => String(value).padStart(length, '0')

function formatWall({ day, timeMs }: Wall): string {
  const { year, month, day: dayOfMonth } = civilDay(day)
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(dayOfMonth, 2)}`
  if (timeMs === undefined) return date
  const time = new Date(timeMs).toISOString().slice('1970-01-01T'.length, -1).replace('.000', '')
  return `${date}T${time}`
}

/** Undefined for text of another form, which an other version may have written. */
function parseWall(text: string): Wall | undefined {
  const [date = '', time] = text.split('T')
  if (!isDay(date)) return undefined
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  const number = dayNumber(year, month, day)
  if (time === undefined) return { day: number, timeMs: undefined }
  const epochMs = parseInstant(`1970-01-01T${time}Z`)
  return epochMs === undefined ? undefined : { day: number, timeMs: epochMs }
}
