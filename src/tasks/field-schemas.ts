import { Type } from 'typebox'
import { Due, Instant, Nullable, OneOf } from '../http/wire.ts'
import { ZONE_LENGTH_MAX } from '../lib/time-zone.ts'

/** Schemas of the fields of a task. */

export const STATUSES = ['TODO', 'IN_PROGRESS', 'COMPLETED'] as const
export const PRIORITIES = ['URGENT', 'HIGH', 'MEDIUM', 'LOW'] as const

export const TITLE_LENGTH_MAX = 200
export const DESCRIPTION_LENGTH_MAX = 10_000
export const TAGS_MAX = 50
export const TAG_LENGTH_MAX = 50

// Lengths are counted in Unicode code points, after trimming.
export const Title = Type.String({
  'x-trim': true,
  'x-visible': true,
  minLength: 1,
  maxLength: TITLE_LENGTH_MAX,
  format: 'text',
  examples: ['Buy milk'],
})
export const Status = OneOf(STATUSES, {
  'x-component': 'TaskStatus',
  description: 'The progress of a task; TODO by default',
})
export const Priority = OneOf(PRIORITIES, {
  'x-component': 'TaskPriority',
  description: 'The urgency of a task; MEDIUM by default',
})
export const DueDate = Nullable(Due)
export const TimeZone = Nullable(
  Type.String({
    maxLength: ZONE_LENGTH_MAX,
    format: 'time-zone',
    description: "The IANA time zone in which the task's time of day stays the same; null means the user's",
    examples: ['Europe/Berlin'],
  }),
)
export const Tags = Type.Array(
  Type.String({ 'x-visible': true, minLength: 1, maxLength: TAG_LENGTH_MAX, format: 'text' }),
  {
    'x-trim-items': true,
    maxItems: TAGS_MAX,
    uniqueItems: true,
    description: 'In the order of the request',
    examples: [['home']],
  },
)

const REMINDERS_MAX = 5
/** A year. */
const MINUTES_BEFORE_MAX = 525_600

/** When a user is reminded of a task: at an instant, or so long before it is due. */
export type Reminder = { readonly at: string } | { readonly minutesBefore: number }

const Reminder = Type.Unsafe<Reminder>(
  Type.Object(
    {
      at: Type.Optional(Instant),
      minutesBefore: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: MINUTES_BEFORE_MAX,
          description:
            'Before dueDate; of a day, before 09:00 in the time zone of the task. Without a dueDate it waits for one',
        }),
      ),
    },
    {
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
      'x-one-of': ['at', 'minutesBefore'],
      'x-component': 'Reminder',
      description: 'Either `at` or `minutesBefore`',
      examples: [{ minutesBefore: 30 }],
    },
  ),
)
export const Reminders = Type.Array(Reminder, {
  maxItems: REMINDERS_MAX,
  uniqueItems: true,
  description: 'Each is due once, as a notification; none while the task is completed',
})

/**
 * The words of the title, in the order of their code points and not of a locale. Cut, because a cursor has to fit into a URL and
 * compatible decomposition makes eighteen letters of some.
 */
export const TITLE_WORDS = `left(split_part(search_words, E'\\n', 1), 200) collate "C"`
