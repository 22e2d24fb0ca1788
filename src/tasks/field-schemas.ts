import { Type } from 'typebox'
import { Due, Nullable, OneOf } from '../http/wire.ts'
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
