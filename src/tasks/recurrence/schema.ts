import { Type } from 'typebox'
import { Instant, Nullable, OneOf } from '../../http/wire.ts'
import { RULE_LENGTH_MAX } from './rule.ts'
import { BASES, type Occurrence, type Recurrence } from './series.ts'

const Rule = Type.String({
  minLength: 1,
  maxLength: RULE_LENGTH_MAX,
  format: 'text',
  description:
    'An RRULE of RFC 5545 with FREQ DAILY, WEEKLY, MONTHLY or YEARLY, and INTERVAL 1 to 999, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, COUNT up to 1000, UNTIL',
  examples: ['FREQ=WEEKLY;BYDAY=MO,WE'],
})
const Basis = OneOf(BASES, {
  'x-component': 'RecurrenceBasis',
  description:
    'From what the next date is counted: DUE, the due date; COMPLETION, the day on which the task is completed',
})

const EXAMPLE: Recurrence = { rule: 'FREQ=WEEKLY;BYDAY=MO,WE', basis: 'DUE' }

/** The member of answers. */
export const RECURRENCE = Type.Unsafe<Recurrence | null>({
  anyOf: [
    Type.Object({ rule: Rule, basis: Basis }, { 'x-component': 'Recurrence', examples: [EXAMPLE] }),
    { type: 'null' },
  ],
  description: 'The rule by which dueDate moves on when the task is completed',
})

/** The member of creations and patches. */
export const RECURRENCE_TO_SET = Type.Unsafe<(Omit<Recurrence, 'basis'> & Partial<Recurrence>) | null>({
  ...Nullable(Type.Object({ rule: Rule, basis: Type.Optional(Basis) }, { additionalProperties: false })),
  'x-component': 'RecurrenceToSet',
  description: 'Needs a dueDate, with which the rule begins. basis is DUE by default',
  examples: [EXAMPLE],
})

const At = Type.Object(
  {
    number: Type.Integer({ minimum: 1, description: '1 for the due date with which the rule began' }),
    at: Type.String({
      maxLength: 32,
      description: "The date on the clock of the task's time zone; only the day, if dueDate is a day",
      examples: ['2026-01-31T09:00:00'],
    }),
  },
  { 'x-component': 'Occurrence', examples: [{ number: 1, at: '2026-01-31T09:00:00' }] },
)

export const OCCURRENCE = Type.Unsafe<Occurrence | null>({
  anyOf: [At, { type: 'null' }],
  description:
    'The date of the rule that dueDate stands for. dueDate differs from it if it was moved, or if the clocks skip this time. null without a recurrence',
})

export const COMPLETIONS = Type.Integer({
  minimum: 0,
  description: 'How often the task was completed while it had a recurrence',
})

export const LAST_COMPLETED_AT = Type.Unsafe<string | null>({
  ...Nullable(Instant),
  description: 'When the task was last completed while it had a recurrence',
})
