import { randomUUIDv7 } from 'node:crypto'
import type { UserSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import { writing } from '../db/step.ts'
import type { Step } from '../db/sql.ts'
import { Problem } from '../errors.ts'
import { columnsOf, CONTENT, fieldOf, parameterTypeOf, type ContentField } from './fields.ts'
import type { Occurrence } from './recurrence/series.ts'
import { beginning, isRecurring, userZone } from './recurring.ts'
import type { TaskCreate } from './schema.ts'
import {
  contentOf,
  isSameContent,
  lockAll,
  sentValue,
  storedValue,
  taskOf,
  WRITTEN,
  type Content,
  type Positioned,
} from './store.ts'

/** The columns of the content, each with its value for the parameters or members that `valueOf` names. */
const contentColumns = (valueOf: (field: ContentField, at: number) => string) =>
  CONTENT.flatMap((field, at) => columnsOf(fieldOf(field), valueOf(field, at)))
const valuesOf = (columns: ReturnType<typeof contentColumns>): string => columns.map(([, value]) => value).join(', ')

const typeOf = (field: ContentField): string => parameterTypeOf(fieldOf(field))

const COLUMNS = contentColumns(String).map(([column]) => column)
const INSERT = `insert into tasks (id, ${COLUMNS.join(', ')}, occurrence, completed_at)`
const completedAt = (status: string): string => `case when ${status} = 'COMPLETED'::task_status then now() end`

/** $1 is the id; the content follows it. */
const parameterOf = (field: ContentField, at: number): string => `$${at + 2}::${typeOf(field)}`
// Without a user the statement inserts no row; otherwise the row-level policy would raise an error.
const CREATE: Statement = {
  name: 'tasks.create',
  text: `${INSERT}
         select $1::uuid, ${valuesOf(contentColumns(parameterOf))}, $${CONTENT.length + 2}::jsonb, ${completedAt(parameterOf('status', CONTENT.indexOf('status')))}
         where current_setting('app.user_id') <> ''
         on conflict (user_id, id) do nothing returning ${WRITTEN}`,
}
const GIVEN = CONTENT.map((field) => `"${field}" ${typeOf(field)}`)
// Inserts in the order of the ids, so that two statements that create the same ids cannot deadlock.
const CREATE_ALL: Statement = {
  name: 'tasks.create_all',
  text: `${INSERT}
         select id, ${valuesOf(contentColumns((field) => `"${field}"`))}, occurrence, ${completedAt('status')}
         from json_to_recordset($1::json) as given (id uuid, ${GIVEN.join(', ')}, occurrence jsonb)
         order by id
         on conflict (user_id, id) do nothing returning ${WRITTEN}`,
}

export interface Creation {
  readonly task: Positioned
  /** False if the user already had a task with this id and this content. */
  readonly isNew: boolean
}

/**
 * Creates the task, with the client's id if it sent one. An existing task with this id and the same content is returned.
 *
 * @throws Problem conflict (409) when the task with this id has other content; invalid_input (422) for a recurrence without a due date or
 *   without a next date
 */
export const create = (task: TaskCreate): Step<Creation> | ((sql: UserSql) => Promise<Creation>) =>
  isRecurring(task) ? (sql) => createIn(sql, task) : creating(task, null)

/** {@link create}, as part of a transaction. */
export const createIn = async (sql: UserSql, task: TaskCreate): Promise<Creation> =>
  sql.run(creating(task, isRecurring(task) ? beginning(task, await userZone(sql)) : null))

function creating(task: TaskCreate, occurrence: Occurrence | null): Step<Creation> {
  const { id = randomUUIDv7() } = task
  const values = [id, ...contentOf(contentToCreate(task)), sentValue('occurrence', occurrence)]
  return writing(CREATE, values, isNew, async (sql) => {
    const current = (await lockAll(sql, [id])).get(id.toLowerCase())
    // The task was deleted between the two statements. The time budget of the request bounds the number of attempts.
    return current === undefined ? sql.run(creating({ ...task, id }, occurrence)) : repeated(current, task)
  })
}

const isNew = (task: Positioned): Creation => ({ task, isNew: true })

/** @throws Problem conflict (409) */
export function repeated(current: Positioned, task: TaskCreate): Creation {
  if (isSameContent(taskOf(current), contentToCreate(task))) return { task: current, isNew: false }
  throw new Problem('conflict', 'You have a task with this id and other content')
}

/**
 * Creates all tasks in one statement. Their ids must be distinct.
 *
 * @returns the new tasks by id; ids that existed already are missing
 * @throws Problem invalid_input (422) for a recurrence without a due date or without a next date
 */
export async function createAll(
  sql: UserSql,
  tasks: readonly (TaskCreate & { id: string })[],
): Promise<Map<string, Positioned>> {
  const timezone = tasks.some(isRecurring) ? await userZone(sql) : 'UTC'
  const rows = tasks.map((task) => ({
    id: task.id,
    ...contentToCreate(task),
    occurrence: beginning(task, timezone),
  }))
  const created = await sql.rows<Positioned>(CREATE_ALL, [JSON.stringify(rows)])
  return new Map(created.map((task) => [task.id, task]))
}

/** The content of the new task; absent fields get their defaults. */
export function contentToCreate(task: TaskCreate): Content {
  const values = CONTENT.map((field) => {
    const value = task[field]
    return [field, value === undefined ? fieldOf(field).default : storedValue(field, value)]
  })
  // Object.fromEntries loses the keys: there is one value of the right type for each field of CONTENT.
  return Object.fromEntries(values) as Content
}
