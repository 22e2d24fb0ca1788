import type { UserSql } from '../db/sql.ts'
import { USER_ZONE } from '../db/user-zone.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import { theOnly } from '../lib/the-only.ts'
import type { KeptField } from './fields.ts'
import { parseRule, RuleError } from './recurrence/rule.ts'
import { begun, next, type Next, type Occurrence, type Place, type Recurrence } from './recurrence/series.ts'
import type { Task, TaskPatch } from './schema.ts'

/** What changes and creations mean for tasks that recur. */

/** A patch, with what the service sets beside it. */
export type Change = TaskPatch & Partial<Pick<Task, KeptField>>

type RecurrenceToSet = NonNullable<TaskPatch['recurrence']>

/** As it is stored. Plus signs are left out, because RFC 5545 has none before an INTERVAL and a COUNT. */
export const normalizedRecurrence = ({ rule, basis = 'DUE' }: RecurrenceToSet): Recurrence => ({
  // In the order in which jsonb gives the members.
  rule: rule.toUpperCase().replaceAll('+', ''),
  basis,
})

/** Most entries of a task that are looked at to find out whether it was moved on since a request arrived. */
const RECENT_MAX = 50

/**
 * The time zone of the user, the time, and whether another request has moved the task $1 on since this one arrived. `ageMs` of the
 * origin is how long ago that was when the transaction began, so that only one clock is read, that of the database.
 */
const SETTING: Statement = {
  name: 'tasks.recurrence_setting',
  text: `select ${USER_ZONE} as timezone,
    now()::timestamptz(3) as now,
    exists (
      select from (
        select at, change_id, before, after from changes
        where user_id = $user and type = 'task' and entity_id >= $1::uuid
          and (entity_id, seq) <= ($1::uuid, ${Number.MAX_SAFE_INTEGER})
        order by entity_id desc, seq desc limit ${RECENT_MAX}
      ) entry
      cross join (select current_setting('app.origin')::jsonb as origin offset 0) request
      where entry.at > now() - (origin ->> 'ageMs')::float8 * interval '1 millisecond'
        and entry.change_id::text <> origin ->> 'change'
        and (entry.after ? 'completions'
          or (entry.after #>> '{occurrence,number}')::integer > (entry.before #>> '{occurrence,number}')::integer)
    ) as "isMoved"`,
}

interface Setting {
  readonly timezone: string
  readonly now: string
  readonly isMoved: boolean
}

const readSetting = async (sql: UserSql, id: string): Promise<Setting> => theOnly(await sql.row<Setting>(SETTING, [id]))

const ZONE: Statement = {
  name: 'tasks.user_zone',
  text: `select ${USER_ZONE} as timezone`,
}

/** The time zone of tasks that have none of their own. */
export const userZone = async (sql: UserSql): Promise<string> =>
  theOnly(await sql.row<{ timezone: string }>(ZONE)).timezone

/**
 * Whether one statement can apply the patch: to any task; only to one that does not recur; or to none, because its result depends on the
 * task. A task that recurs is not completed, but moved on.
 */
export function reachOf({ recurrence, status, dueDate }: TaskPatch): 'any' | 'plain' | 'none' {
  if (recurrence !== undefined && recurrence !== null) return 'none'
  return recurrence === null || dueDate === null || status === 'COMPLETED' ? 'plain' : 'any'
}

/** A condition of a statement that applies a patch. @param parameter a number, of a parameter with {@link reachOf} the patch */
export const isInReach = (parameter: number): string =>
  `($${parameter}::text = 'any' or $${parameter} = 'plain' and recurrence is null)`

/**
 * What a patch does to a task, which must be locked.
 *
 * @throws Problem invalid_input (422) for a rule that is refused, one without a next date, and for a recurrence without a due date
 */
export async function changeOf(sql: UserSql, current: Task, patch: TaskPatch): Promise<Change> {
  const { recurrence, isNew } = recurrenceAfter(current, patch)
  if (recurrence === null) return current.recurrence === null ? patch : { ...patch, occurrence: null }
  const dueDate = patch.dueDate === undefined ? current.dueDate : patch.dueDate
  if (dueDate === null) throw withoutDueDate(patch.dueDate === null ? '/dueDate' : '/recurrence')
  const isCompleted = patch.status === 'COMPLETED' && current.status !== 'COMPLETED'
  if (!isNew && !isCompleted) return patch
  const setting = await readSetting(sql, current.id)
  const own = patch.timezone === undefined ? current.timezone : patch.timezone
  const start = begun(recurrence, dueDate, own ?? setting.timezone)
  if (isNew) {
    checkRule(patch)
    if (next(start) === undefined) throw withoutNext()
  }
  const place = isNew || current.occurrence === null ? start : { ...start, occurrence: current.occurrence }
  const change = isNew ? { ...patch, occurrence: place.occurrence } : patch
  return isCompleted ? { ...change, ...completion(current, place, setting) } : change
}

function recurrenceAfter(current: Task, { recurrence }: TaskPatch): { recurrence: Recurrence | null; isNew: boolean } {
  if (recurrence === undefined) return { recurrence: current.recurrence, isNew: false }
  const given = recurrence && normalizedRecurrence(recurrence)
  return { recurrence: given, isNew: JSON.stringify(given) !== JSON.stringify(current.recurrence) }
}

/** Moves the task on to its next date, or ends its series. Nothing, if another request has done so meanwhile. */
function completion(current: Task, place: Place, { now, isMoved }: Setting): Change {
  if (isMoved) return { status: current.status }
  const done = { completions: current.completions + 1, lastCompletedAt: now }
  const following = nextOf(place, Date.parse(now))
  return following === undefined ? { ...done, status: 'COMPLETED' } : { ...done, ...following, status: 'TODO' }
}

/**
 * The change by which the date of a task is skipped; undefined if another request has moved the task on meanwhile.
 *
 * @param current must be locked
 * @throws Problem conflict (409) if there is no date to skip, or none after it
 */
export async function skipping(sql: UserSql, current: Task): Promise<Change | undefined> {
  const { id, recurrence, occurrence, dueDate, status } = current
  if (recurrence === null || dueDate === null) throw new Problem('conflict', 'The task has no recurrence')
  const { timezone, isMoved } = await readSetting(sql, id)
  if (isMoved) return undefined
  if (status === 'COMPLETED') throw new Problem('conflict', 'The task is completed: no date is left to skip')
  const start = begun(recurrence, dueDate, current.timezone ?? timezone)
  const following = nextOf({ ...start, occurrence: occurrence ?? start.occurrence })
  if (following === undefined) {
    throw new Problem('conflict', 'This is the last date of the task: complete or delete it instead')
  }
  return { ...following, status: 'TODO' }
}

/**
 * Where the series of a new task begins; null if it does not recur.
 *
 * @param timezone see {@link userZone}; it is not used for a task that does not recur
 * @param pointer to the task in the body
 * @throws Problem invalid_input (422)
 */
export function beginning(
  { recurrence, dueDate, timezone: own }: Pick<TaskPatch, 'recurrence' | 'dueDate' | 'timezone'>,
  timezone: string,
  pointer = '',
): Occurrence | null {
  if (recurrence === null || recurrence === undefined) return null
  if (dueDate === null || dueDate === undefined) throw withoutDueDate('/recurrence', pointer)
  checkRule({ recurrence }, pointer)
  const place = begun(normalizedRecurrence(recurrence), dueDate, own ?? timezone)
  if (next(place) === undefined) throw withoutNext(pointer)
  return place.occurrence
}

export const isRecurring = ({ recurrence }: Pick<TaskPatch, 'recurrence'>): boolean =>
  recurrence !== null && recurrence !== undefined

/** @throws Problem invalid_input (422) for a rule that is refused, whatever the task */
export function checkRule({ recurrence }: Pick<TaskPatch, 'recurrence'>, pointer = ''): void {
  if (recurrence === null || recurrence === undefined) return
  try {
    parseRule(recurrence.rule)
  } catch (error) {
    throw error instanceof RuleError ? refused(`${pointer}/recurrence/rule`, error.message) : error
  }
}

const withoutNext = (pointer = ''): Problem => refused(`${pointer}/recurrence/rule`, 'has no date after dueDate')

/** The next date by the rule of a task. @throws Problem conflict (409) if a later version of the service has written the rule */
function nextOf(place: Place, completedMs?: number): Next | undefined {
  try {
    return next(place, completedMs)
  } catch (error) {
    if (!(error instanceof RuleError)) throw error
    throw new Problem('conflict', 'This version of the service does not know the recurrence of the task', {
      cause: error,
    })
  }
}

const withoutDueDate = (member: '/dueDate' | '/recurrence', pointer = ''): Problem =>
  refused(
    `${pointer}${member}`,
    member === '/dueDate'
      ? 'must not be null while the task has a recurrence: send "recurrence": null too'
      : 'needs a dueDate, with which it begins',
  )

/** @param what follows the name of the member in a sentence */
const refused = (pointer: string, what: string): Problem =>
  Problem.invalid([{ in: 'body', pointer, detail: `${pointer.slice(1).replaceAll('/', '.')} ${what}` }])
