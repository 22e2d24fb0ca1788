import type { Statement, UserSql } from '../db/sql.ts'
import { Problem } from '../errors.ts'
import { formatInstant, parseInstant } from '../lib/instant.ts'
import { TASK } from './columns.ts'
import type { Task, TaskPatch } from './schema.ts'

const FIND: Statement = { name: 'tasks.find', text: `select ${TASK} from tasks where id = $1` }
const LOCK: Statement = { name: 'tasks.lock', text: `select ${TASK} from tasks where id = $1 for update` }
// In one order for everybody: of two that want the same tasks one waits, and neither waits for the other.
const LOCK_ALL: Statement = {
  name: 'tasks.lock_all',
  text: `select ${TASK} from tasks where id = any ($1::uuid[]) order by id for update`,
}
// A transaction that waited for the lock began before the one it waited for ended: time must not run backwards.
const changed = (status: string): string =>
  `completed_at = case when ${status} = 'COMPLETED'::task_status then coalesce(completed_at, greatest(now(), updated_at)) end,
   version = version + 1, updated_at = greatest(now(), updated_at)`

const REPLACE: Statement = {
  name: 'tasks.replace',
  text: `update tasks set title = $2, description = $3, status = $4, priority = $5, due_date = $6, tags = $7,
           ${changed('$4')}
         where id = $1 returning ${TASK}`,
}
// PostgreSQL folds the searched words anew whenever a column that they are made of is set, also to what it was.
const REPLACE_BESIDE_TEXT: Statement = {
  name: 'tasks.replace_beside_text',
  text: `update tasks set status = $2, priority = $3, due_date = $4, ${changed('$2')} where id = $1 returning ${TASK}`,
}
const REMOVE: Statement = { name: 'tasks.remove', text: `delete from tasks where id = $1` }
const REMOVE_ALL: Statement = {
  name: 'tasks.remove_all',
  text: `with locked as (select id from tasks where id = any ($1::uuid[]) order by id for update)
         delete from tasks where id in (select id from locked) returning id`,
}

/** Refuses the task by throwing a Problem when it is not in the state that the caller counts on. */
export type Expectation = (current: Task) => void

/** @throws Problem not_found (404) */
export async function find(sql: UserSql, id: string): Promise<Task> {
  return found(await sql.row<Task>(FIND, [id]))
}

/** Applies a merge patch. One that changes nothing leaves version and updatedAt alone. */
export async function update(sql: UserSql, id: string, patch: TaskPatch, expect: Expectation): Promise<Task> {
  return patched(sql, await lock(sql, id, expect), patch)
}

/** `current` must be locked. */
export async function patched(sql: UserSql, current: Task, patch: TaskPatch): Promise<Task> {
  const { dueDate } = patch
  return replace(sql, current, dueDate === undefined ? patch : { ...patch, dueDate: normalized(dueDate) })
}

/** Completes or reopens; without `completed` whichever it is not. */
export async function complete(
  sql: UserSql,
  id: string,
  completed: boolean | undefined,
  expect: Expectation,
): Promise<Task> {
  return completedOrReopened(sql, await lock(sql, id, expect), completed)
}

/** `current` must be locked. */
export async function completedOrReopened(sql: UserSql, current: Task, completed: boolean | undefined): Promise<Task> {
  const isCompleted = current.status === 'COMPLETED'
  const shouldBe = completed ?? !isCompleted
  return shouldBe === isCompleted ? current : replace(sql, current, { status: shouldBe ? 'COMPLETED' : 'TODO' })
}

export async function remove(sql: UserSql, id: string, expect: Expectation): Promise<void> {
  await lock(sql, id, expect)
  await sql.rows(REMOVE, [id])
}

/** @returns the ids of those that were there, in no order */
export async function removeAll(sql: UserSql, ids: readonly string[]): Promise<string[]> {
  const removed = await sql.rows<{ id: string }>(REMOVE_ALL, [ids])
  return removed.map(({ id }) => id)
}

/** Those that are there, by id: as they are now and stay until the transaction ends. */
export async function lockAll(sql: UserSql, ids: readonly string[]): Promise<Map<string, Task>> {
  if (ids.length === 0) return new Map()
  const tasks = await sql.rows<Task>(LOCK_ALL, [ids])
  return new Map(tasks.map((task) => [task.id, task]))
}

/** The task as it is now and stays until the transaction ends: what is decided from it cannot be overtaken. */
async function lock(sql: UserSql, id: string, expect: Expectation): Promise<Task> {
  const current = found(await sql.row<Task>(LOCK, [id]))
  expect(current)
  return current
}

async function replace(sql: UserSql, current: Task, patch: TaskPatch): Promise<Task> {
  const next = { ...current, ...patch }
  if (isSameContent(next, current)) return current
  const { id, status, priority, dueDate } = next
  const replaced = hasSameText(next, current)
    ? await sql.row<Task>(REPLACE_BESIDE_TEXT, [id, status, priority, dueDate])
    : await sql.row<Task>(REPLACE, [id, ...contentOf(next)])
  return found(replaced)
}

/** What users say of a task, in the order of the statements' parameters. */
export type Content = Pick<Task, 'title' | 'description' | 'status' | 'priority' | 'dueDate' | 'tags'>

export const contentOf = ({ title, description, status, priority, dueDate, tags }: Content): unknown[] => [
  title,
  description,
  status,
  priority,
  dueDate,
  tags,
]

export const isSameContent = (a: Content, b: Content): boolean =>
  JSON.stringify(contentOf(a)) === JSON.stringify(contentOf(b))

const hasSameText = (a: Content, b: Content): boolean =>
  a.title === b.title && a.description === b.description && JSON.stringify(a.tags) === JSON.stringify(b.tags)

/** Cut to milliseconds here, because PostgreSQL would round. The schema has already refused what is no instant. */
export function normalized(dueDate: string | null): string | null {
  const epochMs = dueDate === null ? undefined : parseInstant(dueDate)
  return epochMs === undefined ? null : formatInstant(epochMs)
}

export function found(task: Task | undefined): Task {
  if (task === undefined) throw new Problem('not_found', "Task not found or you don't have permission to access it")
  return task
}
