import { randomUUIDv7 } from 'node:crypto'
import type { Statement, UserSql } from '../db/sql.ts'
import { Problem } from '../errors.ts'
import { formatInstant, parseInstant } from '../lib/instant.ts'
import { TASK } from './columns.ts'
import type { Task, TaskCreate, TaskPatch } from './schema.ts'

const CREATE: Statement = {
  name: 'tasks.create',
  text: `insert into tasks (id, title, description, status, priority, due_date, tags, completed_at)
         values ($1, $2, $3, $4, $5, $6, $7, case when $4 = 'COMPLETED'::task_status then now() end)
         returning ${TASK}`,
}
const FIND: Statement = { name: 'tasks.find', text: `select ${TASK} from tasks where id = $1` }
const LOCK: Statement = { name: 'tasks.lock', text: `select ${TASK} from tasks where id = $1 for update` }
// A transaction that waited for the lock began before the one it waited for ended: time must not run backwards.
const REPLACE: Statement = {
  name: 'tasks.replace',
  text: `update tasks set title = $2, description = $3, status = $4, priority = $5, due_date = $6, tags = $7,
           completed_at = case when $4 = 'COMPLETED'::task_status then coalesce(completed_at, greatest(now(), updated_at)) end,
           version = version + 1, updated_at = greatest(now(), updated_at)
         where id = $1 returning ${TASK}`,
}
const REMOVE: Statement = { name: 'tasks.remove', text: `delete from tasks where id = $1` }

/** Refuses the task by throwing a Problem when it is not in the state that the caller counts on. */
export type Expectation = (current: Task) => void

export async function create(sql: UserSql, task: TaskCreate): Promise<Task> {
  const { title, description = null, status = 'TODO', priority = 'MEDIUM', dueDate = null, tags = [] } = task
  const id = randomUUIDv7()
  return found(await sql.row<Task>(CREATE, [id, title, description, status, priority, normalized(dueDate), tags]))
}

/** @throws Problem not_found (404) */
export async function find(sql: UserSql, id: string): Promise<Task> {
  return found(await sql.row<Task>(FIND, [id]))
}

/** Applies a merge patch. One that changes nothing leaves version and updatedAt alone. */
export async function update(sql: UserSql, id: string, patch: TaskPatch, expect: Expectation): Promise<Task> {
  const current = await lock(sql, id, expect)
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
  const current = await lock(sql, id, expect)
  const isCompleted = current.status === 'COMPLETED'
  const shouldBe = completed ?? !isCompleted
  return shouldBe === isCompleted ? current : replace(sql, current, { status: shouldBe ? 'COMPLETED' : 'TODO' })
}

export async function remove(sql: UserSql, id: string, expect: Expectation): Promise<void> {
  await lock(sql, id, expect)
  await sql.rows(REMOVE, [id])
}

/** The task as it is now and stays until the transaction ends: what is decided from it cannot be overtaken. */
async function lock(sql: UserSql, id: string, expect: Expectation): Promise<Task> {
  const current = found(await sql.row<Task>(LOCK, [id]))
  expect(current)
  return current
}

async function replace(sql: UserSql, current: Task, patch: TaskPatch): Promise<Task> {
  const next = { ...current, ...patch }
  const content = ({ title, description, status, priority, dueDate, tags }: Task): unknown[] => [
    title,
    description,
    status,
    priority,
    dueDate,
    tags,
  ]
  if (JSON.stringify(content(next)) === JSON.stringify(content(current))) return current
  return found(await sql.row<Task>(REPLACE, [current.id, ...content(next)]))
}

/** Cut to milliseconds here, because PostgreSQL would round. The schema has already refused what is no instant. */
function normalized(dueDate: string | null): string | null {
  const epochMs = dueDate === null ? undefined : parseInstant(dueDate)
  return epochMs === undefined ? null : formatInstant(epochMs)
}

function found(task: Task | undefined): Task {
  if (task === undefined) throw new Problem('not_found', "Task not found or you don't have permission to access it")
  return task
}
