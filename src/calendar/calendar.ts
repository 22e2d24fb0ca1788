import { formatInstant, isDay } from '../lib/instant.ts'
import { nextDate, parseRule, type Task } from '../tasks/schema.ts'
import { alarmLines } from './alarms.ts'
import { calendarText, dateValue, textLine, timeValue, utcTime, wallTime, type Component } from './ics.ts'
import { timeZoneLines } from './zone.ts'

/** A calendar has at most so many characters of a description: the rest is read in the task. */
const DESCRIPTION_LENGTH_MAX = 1000

const STATUS = { TODO: 'NEEDS-ACTION', IN_PROGRESS: 'IN-PROCESS', COMPLETED: 'COMPLETED' } as const
/** RFC 5545 §3.8.1.9: 1 is the highest, 9 the lowest. */
const PRIORITY = { URGENT: 1, HIGH: 3, MEDIUM: 5, LOW: 9 } as const

/** A component of the calendar. */
interface Entry {
  readonly uid: string
  readonly task: Task
  /** Of the task, else of its user. */
  readonly zone: string
  /** The value of its RRULE. */
  readonly rule?: string
}

/**
 * @param userZone for recurring tasks without a zone of their own
 * @param nowMs see {@link timeZoneLines}
 */
export function calendarOf(tasks: readonly Task[], component: Component, userZone: string, nowMs: number): string {
  const shown =
    component === 'VTODO' ? tasks : tasks.filter(({ dueDate, status }) => dueDate !== null && status !== 'COMPLETED')
  const entries = shown.flatMap((task) => entriesOf(task, task.timezone ?? userZone))
  return calendarText([
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//todo-backend//Tasks//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    'X-WR-CALNAME:Tasks',
    `X-WR-TIMEZONE:${userZone}`,
    // How often programs should look, which read them differently.
    'REFRESH-INTERVAL;VALUE=DURATION:PT1H',
    'X-PUBLISHED-TTL:PT1H',
    ...zonesOf(entries, nowMs),
    ...entries.flatMap((entry) => componentOf(entry, component)),
    'END:VCALENDAR',
  ])
}

/** One, or if the due date of a recurring task was moved to another day, two: this date, and the dates of the rule that follow it. */
function entriesOf(task: Task, zone: string): readonly Entry[] {
  const { id, recurrence, occurrence, dueDate, status, reminders } = task
  const entry = { uid: id, task, zone }
  // A rule that counts from the completion has no form in iCalendar.
  if (recurrence?.basis !== 'DUE' || occurrence === null || dueDate === null || status === 'COMPLETED') return [entry]
  const day = isDay(dueDate) ? dueDate : wallTime(dueDate, zone).slice(0, 10)
  if (occurrence.at.startsWith(day)) return [{ ...entry, rule: ruleOf(task, recurrence.rule, zone) }]
  const following = nextDate({ recurrence, occurrence, dueDate, timezone: zone })
  if (following === undefined) return [entry]
  const later: Task = {
    ...task,
    ...following,
    status: 'TODO',
    reminders: reminders.filter((reminder) => 'minutesBefore' in reminder),
  }
  return [entry, { uid: `${id}-following`, task: later, zone, rule: ruleOf(later, recurrence.rule, zone) }]
}

/** The zones that rules need: an instant of a task that does not recur is in UTC. */
function zonesOf(entries: readonly Entry[], nowMs: number): readonly string[] {
  const due = new Map<string, number[]>()
  for (const { rule, zone, task } of entries) {
    const { dueDate } = task
    if (rule === undefined || dueDate === null || isDay(dueDate) || zone === 'UTC') continue
    due.set(zone, [...(due.get(zone) ?? []), Date.parse(dueDate)])
  }
  return [...due].flatMap(([name, dueMs]) => timeZoneLines(name, dueMs, nowMs))
}

function componentOf(entry: Entry, component: Component): readonly string[] {
  const { uid, task } = entry
  const { title, description, tags, version, priority, createdAt, updatedAt } = task
  return [
    `BEGIN:${component}`,
    `UID:${uid}`,
    // Of a published calendar DTSTAMP is the time of the last change (§3.8.7.2).
    `DTSTAMP:${utcTime(updatedAt)}`,
    `CREATED:${utcTime(createdAt)}`,
    `LAST-MODIFIED:${utcTime(updatedAt)}`,
    `SEQUENCE:${version}`,
    textLine('SUMMARY', title),
    ...(description === null ? [] : [textLine('DESCRIPTION', shortened(description))]),
    ...(tags.length === 0 ? [] : [`CATEGORIES:${tags.map((tag) => textLine('', tag).slice(1)).join(',')}`]),
    `PRIORITY:${PRIORITY[priority]}`,
    ...(component === 'VTODO' ? todoLines(task) : ['TRANSP:TRANSPARENT']),
    ...dueLines(entry, component),
    ...alarmLines(task, component),
    `END:${component}`,
  ]
}

function shortened(text: string): string {
  const characters = Array.from(text)
  return characters.length <= DESCRIPTION_LENGTH_MAX ? text : `${characters.slice(0, DESCRIPTION_LENGTH_MAX).join('')}…`
}

const todoLines = ({ status, completedAt }: Task): readonly string[] => [
  `STATUS:${STATUS[status]}`,
  ...(completedAt === null ? [] : [`COMPLETED:${utcTime(completedAt)}`, 'PERCENT-COMPLETE:100']),
]

function dueLines({ task: { dueDate, occurrence }, rule, zone }: Entry, component: Component): readonly string[] {
  if (dueDate === null) return []
  const value = (name: string): string => {
    if (isDay(dueDate)) return `${name};VALUE=DATE:${dateValue(dueDate)}`
    if (rule === undefined || zone === 'UTC') return `${name}:${utcTime(dueDate)}`
    // A rule needs the clock of the zone: in UTC it would move when clocks change.
    const isScheduled = occurrence !== null && isAt(occurrence.at, dueDate, zone)
    const wall = isScheduled ? occurrence.at.slice(0, 'yyyy-mm-ddThh:mm:ss'.length) : wallTime(dueDate, zone)
    return `${name};TZID=${zone}:${timeValue(wall)}`
  }
  const rules = rule === undefined ? [] : [`RRULE:${rule}`]
  if (component === 'VEVENT') return [value('DTSTART'), ...rules]
  // A rule begins with DTSTART (§3.8.5.3).
  return rule === undefined ? [value('DUE')] : [value('DTSTART'), value('DUE'), ...rules]
}

/** Whether an instant is that of a date on the clock of a zone, which on one day may skip the time of the date. */
const isAt = (wall: string, instant: string, zone: string): boolean =>
  !isDay(wall) && Temporal.PlainDateTime.from(wall).toZonedDateTime(zone).epochMilliseconds === Date.parse(instant)

/** The RRULE for the due date, which is one of the rule, and what follows it. */
function ruleOf({ occurrence, dueDate }: Task, text: string, zone: string): string {
  const { count, until } = parseRule(text)
  const parts = text.split(';').filter((part) => !/^(?:COUNT|UNTIL)=/.test(part))
  // The dates before this one are over.
  if (count !== undefined) parts.push(`COUNT=${Math.max(1, count - (occurrence?.number ?? 1) + 1)}`)
  if (until !== undefined) parts.push(`UNTIL=${untilValue(until, dueDate !== null && isDay(dueDate), zone)}`)
  return parts.join(';')
}

const DAY_MS = 86_400_000

/** UNTIL has the type of DTSTART: a day, or an instant in UTC (§3.3.10). */
function untilValue(
  until: NonNullable<ReturnType<typeof parseRule>['until']>,
  isOfDays: boolean,
  zone: string,
): string {
  if (until.kind === 'instant') {
    const instant = formatInstant(until.epochMs)
    return isOfDays ? dateValue(wallTime(instant, zone).slice(0, 10)) : utcTime(instant)
  }
  const wallMs = until.day * DAY_MS + (until.kind === 'wall' ? until.timeMs : DAY_MS - 1000)
  const wall = formatInstant(wallMs).slice(0, 19)
  if (isOfDays) return dateValue(wall.slice(0, 10))
  return utcTime(formatInstant(Temporal.PlainDateTime.from(wall).toZonedDateTime(zone).epochMilliseconds))
}
