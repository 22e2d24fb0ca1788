import { Type } from 'typebox'
import type { Step, UserSql } from '../db/sql.ts'
import { USER_ZONE } from '../db/user-zone.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import { OneOf } from '../http/wire.ts'
import { isDay, parseInstant } from '../lib/instant.ts'
import { theOnly } from '../lib/the-only.ts'
import { WEEKDAYS, weekdayOf, type Weekday } from '../lib/weekday.ts'

/**
 * The guard against a due date that was computed wrongly: language models are often a day off. A client sends the weekday that it means beside
 * the date, and the request is refused if they differ. The weekday is not stored.
 */

export const ExpectedWeekday = Type.Optional(
  OneOf(WEEKDAYS, {
    'x-component': 'Weekday',
    description:
      "The weekday of dueDate, as you understand it. If it is another one, the answer is 422 and says which. The weekday of an instant is that in the time zone of the task, or else in the user's. Not stored",
    examples: ['TUESDAY'],
  }),
)

/** What the guard reads of a creation or a patch. */
interface Guarded {
  readonly dueDate?: string | null
  readonly timezone?: string | null
  readonly expectedWeekday?: Weekday
}

const ZONE: Statement = {
  name: 'tasks.zone',
  text: `select coalesce(
           (select timezone from tasks where user_id = $user and id = $1), ${USER_ZONE}) as zone`,
}

/** What `asUser` takes. */
type Work<T> = Step<T> | ((sql: UserSql) => Promise<T>)

/**
 * Work behind the guard. Only where the weekday depends on the time zone of the task or user, a step becomes a transaction.
 *
 * @param id of the task that is changed; undefined for a creation
 * @throws Problem invalid_input (422) if the weekday is another one, or there is no dueDate beside it
 */
export function guarded<T>(task: Guarded, id: string | undefined, work: Work<T>): Work<T> {
  if (task.expectedWeekday === undefined) return work
  if (needsZone(task)) {
    return async (sql) => {
      await checkWeekday(sql, task, id)
      return typeof work === 'function' ? work(sql) : sql.run(work)
    }
  }
  refuseOther(task, task.timezone ?? 'UTC')
  return work
}

/** The same for a part of a request. @param at the pointer to the part */
export async function checkWeekday(sql: UserSql, task: Guarded, id: string | undefined, at = ''): Promise<void> {
  if (task.expectedWeekday === undefined) return
  if (!needsZone(task)) return refuseOther(task, task.timezone ?? 'UTC', at)
  // A time zone of null is that of the user, whatever the task has now.
  const { zone } = theOnly(await sql.row<{ zone: string }>(ZONE, [task.timezone === null ? null : (id ?? null)]))
  refuseOther(task, zone, at)
}

/** Whether the weekday depends on a time zone that the request does not name. */
const needsZone = ({ dueDate, timezone }: Guarded): boolean =>
  typeof dueDate === 'string' && !isDay(dueDate) && typeof timezone !== 'string'

function refuseOther({ dueDate, expectedWeekday }: Guarded, zone: string, at = ''): void {
  const refused = (what: string): Problem =>
    Problem.invalid([{ in: 'body', pointer: `${at}/expectedWeekday`, detail: `expectedWeekday ${what}` }])
  if (typeof dueDate !== 'string') throw refused('needs a dueDate beside it')
  const weekday = weekdayOfDue(dueDate, zone)
  if (weekday === expectedWeekday) return
  throw refused(`is wrong: the dueDate is a ${weekday}${isDay(dueDate) ? '' : ` in ${zone}`}. Correct one of them`)
}

function weekdayOfDue(due: string, zone: string): Weekday {
  const day = isDay(due) ? Temporal.PlainDate.from(due) : instant(due).toZonedDateTimeISO(zone)
  return weekdayOf(day.dayOfWeek)
}

/** Not Temporal's own parser, which refuses an offset without a colon and accepts leap seconds. */
const instant = (text: string): Temporal.Instant => Temporal.Instant.fromEpochMilliseconds(parseInstant(text) ?? 0)
