import { USER_ZONE } from '../../db/user-zone.ts'
import { isDay } from '../../lib/instant.ts'
import type { Parameters } from './parameters.ts'
import type { Query } from './query.ts'

/**
 * Due dates in lists. An instant is due at itself, and a day at its last millisecond in the time zone of the query: that is its deadline.
 * Orders and filters compare deadlines. Instants and days have indexes of their own, so a list that they bound or order reads each kind
 * by itself: a deadline of a day lies before an instant exactly if the day lies before the instant's day.
 */

/** The row of {@link zoneOf}. */
const ZONE = '(select zone from zone)'
const TODAY = '(select today from zone)'

/**
 * A common table expression of one row: the time zone of the query, which is that of the user where `zone` is null, and the day that it is
 * there.
 *
 * @param zone a parameter of type text
 * @param now a parameter of type timestamptz
 */
export const zoneOf = (zone: string, now: string): string => `zone as materialized (
      select zone, (${now} at time zone zone)::date as today from (
        select coalesce(${zone}, ${USER_ZONE}) as zone offset 0) given)`

export const ZONE_USED = `${ZONE} as zone`

/** The first instant of a day; `day` may use the columns of {@link zoneOf}. */
const startOf = (day: string): string => `(select todo_day_start(${day}, zone) from zone)`
/** The day of an instant, by the clocks of the zone. */
const dayOf = (instant: string): string => `(select (${instant} at time zone zone)::date from zone)`

/** The deadline of a task: the key of an order by due date that has other keys before it. */
export const DEADLINE = `case when due_day is null then due_date else todo_day_end(due_day, ${ZONE}) end`

/** Conditions on a task that is due at an instant, and on one that is due on a day. */
export interface DueRange {
  readonly instants: readonly string[]
  readonly days: readonly string[]
}

const MONDAY = 'today - (extract(isodow from today)::int - 1)'

/** @param now a parameter of type timestamptz */
function rangeOfDue(due: Query['due'], now: string): DueRange {
  switch (due) {
    case 'overdue':
      return { instants: [`due_date < ${now}`], days: [`due_day < ${TODAY}`] }
    case 'today':
      return {
        instants: [`due_date >= ${startOf('today')}`, `due_date < ${startOf('today + 1')}`],
        days: [`due_day = ${TODAY}`],
      }
    case 'week':
      return {
        instants: [`due_date >= ${startOf(MONDAY)}`, `due_date < ${startOf(`${MONDAY} + 7`)}`],
        days: [`due_day >= (select ${MONDAY} from zone)`, `due_day < (select ${MONDAY} + 7 from zone)`],
      }
    case 'none':
    case undefined:
      return { instants: [], days: [] }
  }
}

/** What `due`, `dueBefore` and `dueAfter` require. @param now a parameter of type timestamptz */
export function dueRange(
  { due, dueBefore, dueAfter }: Pick<Query, 'due' | 'dueBefore' | 'dueAfter'>,
  now: string,
  parameters: Parameters,
): DueRange {
  const { instants, days } = rangeOfDue(due, now)
  const range = { instants: [...instants], days: [...days] }
  if (dueBefore !== undefined) {
    const bound = parameters.add(dueBefore, isDay(dueBefore) ? 'date' : 'timestamptz')
    range.instants.push(`due_date < ${isDay(dueBefore) ? startOf(bound) : bound}`)
    range.days.push(`due_day < ${isDay(dueBefore) ? bound : dayOf(bound)}`)
  }
  if (dueAfter !== undefined) {
    const bound = parameters.add(dueAfter, isDay(dueAfter) ? 'date' : 'timestamptz')
    range.instants.push(isDay(dueAfter) ? `due_date >= ${startOf(`${bound} + 1`)}` : `due_date > ${bound}`)
    // The deadline of a day has milliseconds too, so it is after the bound exactly if it is not before the next millisecond.
    range.days.push(
      isDay(dueAfter) ? `due_day > ${bound}` : `due_day >= ${dayOf(`(${bound} + interval '1 millisecond')`)}`,
    )
  }
  return range
}

export const isBounded = ({ due, dueBefore, dueAfter }: Query): boolean =>
  (due !== undefined && due !== 'none') || dueBefore !== undefined || dueAfter !== undefined

const OPEN_OF_USER = 'from tasks where user_id = $user and completed_at is null'

/** How many tasks are overdue. @param now a parameter of type timestamptz */
export const countOverdue = (
  now: string,
): string => `(select count(*) ${OPEN_OF_USER} and due_day is null and due_date < ${now})
             + (select count(*) ${OPEN_OF_USER} and due_day is not null and due_day < ${TODAY})`

/**
 * A text expression for which tasks are overdue at the instant `now`: the due dates of the latest of them, an instant and a day. In one
 * state of the tasks there is one set of overdue tasks for each value, so that a tag with it is exact, and it is found with one entry of
 * each index.
 */
export const latestOverdue = (now: string): string => `concat_ws('/',
      (select extract(epoch from due_date)::text ${OPEN_OF_USER} and due_day is null and due_date < ${now}
        order by due_date desc limit 1),
      (select due_day::text ${OPEN_OF_USER} and due_day is not null and due_day < ${TODAY} order by tasks.due_day desc limit 1))`

/** A text expression for what a list that depends on days takes from the clock and the user's time zone. */
export const clockOf = ({ due }: Query, now: string): string => {
  if (due === 'overdue') return `concat_ws(' ', ${ZONE}, ${latestOverdue(now)})`
  if (due === 'today') return `concat_ws(' ', ${ZONE}, ${TODAY})`
  if (due === 'week') return `concat_ws(' ', ${ZONE}, (select ${MONDAY} from zone))`
  return ZONE
}

/** The instants, the days, or the tasks without a due date. */
export type DueKind = 'instants' | 'days' | 'none'

/** Literals, because the planner uses a partial index only if the text of the statement implies its predicate. */
export const CONDITION_OF: Readonly<Record<DueKind, string>> = {
  instants: 'due_day is null and due_date is not null',
  days: 'due_day is not null',
  none: 'due_day is null and due_date is null',
}

/** The column by which the tasks of a kind are in the order of their deadlines, and in an index before their ids. */
export const COLUMN_OF = {
  instants: { expression: 'due_date', type: 'timestamptz' },
  days: { expression: 'due_day', type: 'date' },
  // Null: it is named because the planner does not infer that the rest of the index is in order.
  none: { expression: 'due_date', type: 'timestamptz' },
} as const

/**
 * The first two sort keys of an order by due date: the deadline, and the day, which comes after an instant with the same deadline. Two
 * days have the same deadline where a calendar leaves one out.
 */
export const KEYS_OF: Readonly<Record<DueKind, readonly [deadline: string, day: string]>> = {
  instants: ['due_date', `'-infinity'::date`],
  days: [`todo_day_end(due_day, ${ZONE})`, 'due_day'],
  none: ['null::timestamptz', 'null::date'],
}

const INSTANT = '-infinity'

/**
 * Where a page begins among the tasks of one kind, after a task with these first two keys.
 *
 * @returns `first`: at its first task; `never`: nowhere; `equal`: after the keys of the same kind; or a condition
 */
export function startAmong(
  kind: DueKind,
  [deadline = '', day = '']: readonly string[],
  descending: boolean,
  parameters: Parameters,
): 'first' | 'never' | 'equal' | { readonly condition: string } {
  const after: DueKind = deadline === '' ? 'none' : day === INSTANT ? 'instants' : 'days'
  if (after === kind) return 'equal'
  if (kind === 'none') return 'first'
  if (after === 'none') return 'never'
  const bound = parameters.add(deadline, 'timestamptz')
  if (kind === 'instants') return { condition: `due_date ${descending ? '<=' : '>'} ${bound}` }
  return { condition: `due_day ${descending ? '<' : '>='} ${dayOf(bound)}` }
}
