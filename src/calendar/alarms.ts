import { isDay } from '../lib/instant.ts'
import type { Task } from '../tasks/schema.ts'
import { textLine, utcTime, type Component } from './ics.ts'

/** Reminders of a day count from 09:00, and triggers from the beginning of the day (RFC 5545 §3.8.6.3). */
const DAY_BEGINS_MINUTES = 9 * 60

/** The reminders that are still to come of a task that is not completed, as alarms. */
export function alarmLines({ title, reminders, dueDate, status }: Task, component: Component): readonly string[] {
  if (status === 'COMPLETED') return []
  return reminders.flatMap((reminder) => {
    if ('at' in reminder) return alarm(title, `TRIGGER;VALUE=DATE-TIME:${utcTime(reminder.at)}`)
    if (dueDate === null) return []
    const minutes = (isDay(dueDate) ? DAY_BEGINS_MINUTES : 0) - reminder.minutesBefore
    // The end of a to-do is when it is due; an event begins then.
    return alarm(title, `TRIGGER${component === 'VTODO' ? ';RELATED=END' : ''}:${durationOf(minutes)}`)
  })
}

const alarm = (title: string, trigger: string): readonly string[] => [
  'BEGIN:VALARM',
  'ACTION:DISPLAY',
  textLine('DESCRIPTION', title),
  trigger,
  'END:VALARM',
]

const durationOf = (minutes: number): string => `${minutes < 0 ? '-' : ''}PT${Math.abs(minutes)}M`
