import { formatInstant, isDay } from '../lib/instant.ts'
import { impliedParts, parseRule, type Task } from '../tasks/schema.ts'
import { alarmLines } from './alarms.ts'
import { calendarText, dateValue, textLine, utcTime, wallTime, type Component } from './ics.ts'
import { timeZoneLines } from './zone.ts'

/** A calendar has at most so many characters of a description: the rest is read in the task. */
const DESCRIPTION_LENGTH_MAX = 1000

const STATUS = { TODO: 'NEEDS-ACTION', IN_PROGRESS: 'IN-PROCESS', COMPLETED: 'COMPLETED' } as const
/** RFC 5545 §3.8.1.9: 1 is the highest, 9 the lowest. */
const PRIORITY = { URGENT: 1, HIGH: 3, MEDIUM: 5, LOW: 9 } as const

/**
 * @param zone of the user, for recurring tasks without one of their own
 * @param nowMs see {@link timeZoneLines}
 */
export function calendarOf(tasks: readonly Task[], component: Component, zone: string, nowMs: number): string {
  const shown =
    component === 'VTODO' ? tasks : tasks.filter(({ dueDate, status }) => dueDate !== null && status !== 'COMPLETED')
  return calendarText([
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//todo-backend//Tasks//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    'X-WR-CALNAME:Tasks',
    `X-WR-TIMEZONE:${zone}`,
    // How often programs should look, which read them differently.
    'REFRESH-INTERVAL;VALUE=DURATION:PT1H',
    'X-PUBLISHED-TTL:PT1H',
    ...zonesOf(shown, zone, nowMs),
    ...shown.flatMap((task) => componentOf(task, component, zone)),
    'END:VCALENDAR',
  ])
}

/** The zones that recurring tasks need: an instant of a task that does not recur is in UTC. */
function zonesOf(tasks: readonly Task[], zone: string, nowMs: number): readonly string[] {
  const due = new Map<string, number[]>()
  for (const { recurrence, dueDate, timezone } of tasks) {
    const its = timezone ?? zone
    if (recurrence === null || dueDate === null || isDay(dueDate) || its === 'UTC') continue
    due.set(its, [...(due.get(its) ?? []), Date.parse(dueDate)])
  }
  return [...due].flatMap(([name, dueMs]) => timeZoneLines(name, dueMs, nowMs))
}

function componentOf(task: Task, component: Component, zone: string): readonly string[] {
  const { id, title, description, tags, version, priority, createdAt, updatedAt } = task
  return [
    `BEGIN:${component}`,
    `UID:${id}`,
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
    ...dueLines(task, component, task.timezone ?? zone),
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

/** @param zone of the task */
function dueLines(task: Task, component: Component, zone: string): readonly string[] {
  const { dueDate } = task
  if (dueDate === null) return []
  const rule = ruleOf(task, zone)
  const value = (name: string): string => {
    if (isDay(dueDate)) return `${name};VALUE=DATE:${dateValue(dueDate)}`
    // A rule needs the clock of the zone: in UTC it would move when clocks change.
    return rule === undefined || zone === 'UTC'
      ? `${name}:${utcTime(dueDate)}`
      : `${name};TZID=${zone}:${wallTime(dueDate, zone)}`
  }
  if (component === 'VEVENT') return [value('DTSTART'), ...(rule ?? [])]
  // A rule begins with DTSTART (§3.8.5.3).
  return rule === undefined ? [value('DUE')] : [value('DTSTART'), value('DUE'), ...rule]
}

/** The RRULE for the due date and what follows it. A rule that counts from the completion has no form in iCalendar. */
function ruleOf({ recurrence, occurrence, dueDate, status }: Task, zone: string): readonly string[] | undefined {
  if (recurrence?.basis !== 'DUE' || dueDate === null || status === 'COMPLETED') return undefined
  const { count, until } = parseRule(recurrence.rule)
  const parts = recurrence.rule.split(';').filter((part) => !/^(?:COUNT|UNTIL)=/.test(part))
  // A program takes what the rule leaves open from the due date. If the user has moved that, it is not what the rule means.
  const day = isDay(dueDate)
    ? dueDate
    : Temporal.Instant.from(dueDate).toZonedDateTimeISO(zone).toPlainDate().toString()
  const meant = occurrence?.at.slice(0, 10) ?? day
  if (meant !== day) parts.push(...impliedParts(recurrence.rule, meant))
  // The dates before this one are over.
  if (count !== undefined) parts.push(`COUNT=${Math.max(1, count - (occurrence?.number ?? 1) + 1)}`)
  if (until !== undefined) parts.push(`UNTIL=${untilValue(until, isDay(dueDate), zone)}`)
  return [`RRULE:${parts.join(';')}`]
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
    return isOfDays ? wallTime(instant, zone).slice(0, 8) : utcTime(instant)
  }
  const wallMs = until.day * DAY_MS + (until.kind === 'wall' ? until.timeMs : DAY_MS - 1000)
  const wall = formatInstant(wallMs).slice(0, 19)
  if (isOfDays) return dateValue(wall.slice(0, 10))
  return utcTime(formatInstant(Temporal.PlainDateTime.from(wall).toZonedDateTime(zone).epochMilliseconds))
}
