import { erasing, lockingLog, LOG_POSITION, WRITTEN_POSITION } from '../db/change-log.ts'
import type { UserSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import { shortReading, writing } from '../db/step.ts'
import type { Step } from '../db/sql.ts'
import { Problem } from '../errors.ts'
import type { Expectation } from '../http/conditional.ts'
import type { Logged } from '../http/logged.ts'
import { formatInstant, isDay, parseInstant } from '../lib/instant.ts'
import { theOnly } from '../lib/the-only.ts'
import { timeZoneNamed } from '../lib/time-zone.ts'
import {
  columnsOf,
  CONTENT,
  fieldOf,
  FIELDS,
  KEPT,
  parameterTypeOf,
  type ContentField,
  type Field,
  type KeptField,
} from './fields.ts'
import type { Reminder } from './field-schemas.ts'
import { normalizedRecurrence, type Change } from './recurring.ts'
import type { Task } from './schema.ts'

/** A task as the statements return it. */
export interface Stored {
  readonly id: string
  readonly version: number
  /** The task's JSON, which PostgreSQL stores in a column (migrations/0004_tasks.up.sql). */
  readonly json: string
}

/** A task with the position in the change log of the statement that gave it: where the task was changed, that of the change. */
export type Positioned = Stored & Logged

/** The JSON of a task. If the stored JSON has an earlier format, it is built from the row. */
export const TASK_JSON = 'case when json_format = todo_task_format() then json else todo_task_json(tasks) end'
export const STORED = `id, version, ${TASK_JSON} as json`
const LOCKED = `${STORED}, user_id as "userId", ${LOG_POSITION} as position`
const CHANGED = `user_id as "userId", ${WRITTEN_POSITION} as position`
/** For rows that the statement itself has written: their JSON has the current format. */
export const WRITTEN = `id, version, json, ${CHANGED}`

export const taskOf = ({ json }: Stored): Task => JSON.parse(json) as Task

const FIND: Statement = { name: 'tasks.find', text: `select ${STORED} from tasks where user_id = $user and id = $1` }
const LOCK: Statement = {
  name: 'tasks.lock',
  text: `select ${LOCKED} from tasks where user_id = $user and id = $1 and ${lockingLog()} for update`,
}
/**
 * Locks the tasks $1 in the order of their ids, so that two transactions that want the same tasks cannot deadlock. Each task is looked
 * up by itself: for `id = any ($1)` the planner may prefer to read all of the user's tasks. It does not see how many ids there are.
 */
const lockEach = (columns: string): string =>
  `select locked.* from (select id from unnest((select $1::uuid[])) as given (id) order by id) as given
   cross join lateral (select ${columns} from tasks
     where user_id = $user and tasks.id = given.id and ${lockingLog()} for update) as locked`
const LOCK_ALL: Statement = { name: 'tasks.lock_all', text: lockEach(LOCKED) }
/** Of a statement that changes a task in one of the versions $2, or in any if that is null. */
export const IS_EXPECTED = '($2::int[] is null or version = any ($2))'

/** The fields that a statement can set: those of users, and those that the service sets beside them. */
export const SETTABLE: readonly (ContentField | KeptField)[] = [...CONTENT, ...KEPT]

const removing = (name: string, given: string): Statement => ({
  name,
  text: `delete from tasks
         where user_id = $user and id = $1 and ${lockingLog(IS_EXPECTED)}
         returning ${given}`,
})
const REMOVE = removing('tasks.remove', `id, ${CHANGED}`)
const REMOVE_FOR_GOOD = removing('tasks.remove_for_good', `id, ${CHANGED}, ${erasing(`'task'`, 'array[id]')} as erased`)
const REMOVE_ALL: Statement = {
  name: 'tasks.remove_all',
  // The limit does not change the result. For an unknown limit the planner expects a tenth of the rows, so it looks each id up.
  text: `with locked as (${lockEach('id')} limit (select cardinality($1::uuid[])))
         delete from tasks where user_id = $user and id in (select id from locked) returning id, ${CHANGED}`,
}

const ERASE_ALL: Statement = { name: 'tasks.erase_all', text: `select ${erasing(`'task'`, '$1::uuid[]')} as erased` }

/** @throws Problem not_found (404) */
export const find = (id: string): Step<Stored> => shortReading(FIND, [id], found<Stored>)

/** A task that was deleted. */
export type Removed = Pick<Stored, 'id'> & Logged

/** Deletes the task: into the trash, or for good if `isPermanent`. */
export function remove(id: string, expected: Expectation, isPermanent: boolean): Step<Removed> {
  const statement = isPermanent ? REMOVE_FOR_GOOD : REMOVE
  return writing(
    statement,
    [id, expected.versions],
    ({ id: removed, userId, position }: Removed) => ({ id: removed, userId, position }),
    async (sql) => found(await sql.row<Removed>(statement, [(await lock(sql, id, expected)).id, null])),
  )
}

/** @returns those that were there, in no particular order */
export const removeAll = (sql: UserSql, ids: readonly string[]): Promise<readonly Removed[]> =>
  sql.rows<Removed>(REMOVE_ALL, [ids])

/** Deletes those of the tasks for good that were deleted, and are in the trash. @returns how many they were */
export async function eraseAll(sql: UserSql, ids: readonly string[]): Promise<number> {
  return ids.length === 0 ? 0 : theOnly(await sql.row<{ erased: number }>(ERASE_ALL, [ids])).erased
}

/** The existing tasks by id, locked until the transaction ends. */
export async function lockAll(sql: UserSql, ids: readonly string[]): Promise<Map<string, Positioned>> {
  if (ids.length === 0) return new Map()
  const tasks = await sql.rows<Positioned>(LOCK_ALL, [ids])
  return new Map(tasks.map((task) => [task.id, task]))
}

/** The current task, locked until the transaction ends, so that a decision based on it stays valid. */
export async function lock(sql: UserSql, id: string, { check }: Expectation): Promise<Positioned> {
  const current = found(await sql.row<Positioned>(LOCK, [id]))
  check(current)
  return current
}

/** The fields that users set. */
export type Content = Pick<Task, ContentField>

/** What a task gets that is created without its content. */
export const DEFAULT_CONTENT: Partial<Content> = Object.fromEntries(
  SETTABLE.map((field) => [field, fieldOf(field).default]),
)

/** A task of which an older version of the service has written the JSON: members that it did not know get their default, or null. */
export const withAllMembers = (task: Partial<Task>): Task =>
  // Object.fromEntries loses the keys: there is a value for each field of the table.
  ({ ...Object.fromEntries(FIELDS.map((field) => [field, fieldOf(field).default ?? null])), ...task }) as Task

/**
 * A statement that creates tasks again from JSON that the service has written, with their id and times. Members that this version does not
 * know are ignored, and missing ones get their default.
 *
 * @param source a FROM item with the columns `id` and `task`, a jsonb
 * @param defaults the parameter with {@link DEFAULT_CONTENT}
 */
export function recreating(source: string, defaults: string): string {
  const content = SETTABLE.flatMap((field) => columnsOf(fieldOf(field), `given."${field}"`))
  const columns = content.map(([column]) => column).join(', ')
  const members = content.map(([, value]) => value).join(', ')
  const types = [
    ...SETTABLE.map((field) => `"${field}" ${parameterTypeOf(fieldOf(field))}`),
    ...['createdAt', 'updatedAt', 'completedAt'].map((field) => `"${field}" timestamptz(3)`),
  ]
  // In the order of the ids, as for each statement that creates several tasks.
  return `insert into tasks (id, ${columns}, created_at, updated_at, completed_at)
    select source.id, ${members}, coalesce(given."createdAt", now()), greatest(now(), given."updatedAt"),
      case when given.status = 'COMPLETED' then coalesce(given."completedAt", now()) end
    from ${source} as source
    cross join lateral jsonb_to_record(${defaults}::jsonb || jsonb_strip_nulls(source.task)) as given (${types.join(', ')})
    order by source.id
    on conflict (user_id, id) do nothing returning ${WRITTEN}`
}

/** The fields that a change can replace, completedAt included, and createdAt of a task that was deleted and created again. */
export const REPLACEABLE: readonly Field[] = [...SETTABLE, 'createdAt', 'completedAt']
const REPLACED = REPLACEABLE.map((field) => `"${field}" ${parameterTypeOf(fieldOf(field))}`)
const REPLACEMENTS = REPLACEABLE.flatMap((field) => columnsOf(fieldOf(field), `given."${field}"`))

/** For an unknown limit the planner expects few rows, so it looks each task up. The log must be locked. */
const REPLACE_ALL: Statement = {
  name: 'tasks.replace_all',
  text: `update tasks set (${REPLACEMENTS.map(([column]) => column).join(', ')}) = row(${REPLACEMENTS.map(([, value]) => value).join(', ')}),
      version = version + 1, updated_at = greatest(now(), updated_at)
    from (select * from json_to_recordset($1::json) as given (
      id uuid, ${REPLACED.join(', ')}) order by id limit $2) given
    where user_id = $user and tasks.id = given.id returning ${CHANGED}`,
}

/**
 * Sets all {@link REPLACEABLE} fields of tasks, to values as the service gives them. The change log must be locked.
 *
 * @returns the position of each change
 */
export const replaceAll = (
  sql: UserSql,
  tasks: readonly Readonly<Record<string, unknown>>[],
): Promise<readonly Logged[]> => sql.rows<Logged>(REPLACE_ALL, [JSON.stringify(tasks), tasks.length])

/** In the order of the statements' parameters. */
export const contentOf = (content: Content): unknown[] => CONTENT.map((field) => sentValue(field, content[field]))

/** The column's value for a client's value. If the field cannot be null, null means its default. */
export function storedValue(field: ContentField | KeptField, value: Change[ContentField | KeptField] | null): unknown {
  const { type, isNullable, default: defaultValue } = fieldOf(field)
  if (value === null || value === undefined) return isNullable === true ? null : defaultValue
  if (typeof value === 'object' && 'rule' in value) return normalizedRecurrence(value)
  // The schema has refused all that are not of this type.
  if (field === 'reminders') return (value as readonly Reminder[]).map(normalizedReminder)
  if (typeof value !== 'string') return value
  if (field === 'timezone') return timeZoneNamed(value) ?? null
  return type === 'timestamptz(3)' && !isDay(value) ? normalized(value) : value
}

/** The parameter of a statement for a stored value. */
export const sentValue = (field: Field, value: unknown): unknown =>
  fieldOf(field).type === 'jsonb' && value !== null ? JSON.stringify(value) : value

export const isSameContent = (a: Content, b: Content): boolean =>
  JSON.stringify(contentOf(a)) === JSON.stringify(contentOf(b))

const normalizedReminder = (reminder: Reminder): Reminder =>
  'at' in reminder ? { at: normalized(reminder.at) ?? reminder.at } : reminder

/** Truncates to milliseconds, because PostgreSQL would round. The schema has already refused malformed instants. */
function normalized(instant: string): string | null {
  const epochMs = parseInstant(instant)
  return epochMs === undefined ? null : formatInstant(epochMs)
}

export function found<Found>(task: Found | undefined): Found {
  if (task === undefined) throw new Problem('not_found', "Task not found or you don't have permission to access it")
  return task
}
