import { randomUUIDv7 } from 'node:crypto'
import { LOCK_LOG, newestPosition, positionNow } from '../../db/change-log.ts'
import type { UserSql } from '../../db/sql.ts'
import { Problem } from '../../errors.ts'
import { ifVersion } from '../../http/conditional.ts'
import type { Links } from '../../http/links.ts'
import { problemMembers } from '../../http/problem.ts'
import type { Logged } from '../../http/logged.ts'
import type { BatchResult, Operation, TaskBatch, TaskPut } from './schema.ts'
import { checkRecurrences } from './recurrences.ts'
import { deletedAmong, refuseUnseen, seenBy } from './unseen.ts'
import { completedOrReopened, patched } from '../changing.ts'
import { contentToCreate, createAll, createIn, repeated, type Creation } from '../creation.ts'
import type { TaskCreate, TaskPatch } from '../schema.ts'
import * as store from '../store.ts'
import { checkWeekday } from '../weekday.ts'
import type { Positioned, Stored } from '../store.ts'

/** The tasks whose ids the batch names, locked, in the state after the operations so far. */
type Tasks = Map<string, Positioned>

interface Success {
  readonly status: number
  readonly task?: Stored
}
interface Failure {
  readonly problem: Problem
  /** The task as it is, for a conflict. */
  readonly task?: Stored | undefined
  /** Whether the task is not there because it was deleted. */
  readonly deleted?: true
}
type Outcome = Success | Failure

/**
 * The result of an operation; the first one also says whose log the batch belongs to and its position there. It is stored for an
 * Idempotency-Key as an array, which processes of the version before the log can replay.
 */
export type LoggedResult = BatchResult & Partial<Logged>

/** An operation with its id in lower case. A creation without an id has got a generated one. */
type Identified =
  | { readonly op: 'create'; readonly id: string; readonly task: TaskCreate }
  | Exclude<Operation, { op: 'create' }>

/**
 * Executes the operations in order; each sees the changes of those before it. An operation is checked before its first write, so
 * that a refused operation needs no savepoint. An error of the database itself ends the whole batch.
 *
 * @param isDryRun whether the transaction will be rolled back: the position is then that before the batch
 * @throws Problem when `atomic`: the problem of the first refused operation, with its index as `failedOperation`; in both cases
 * precondition_failed (412) if a task that an operation names has a change that the client has not seen
 */
export async function runBatch(
  sql: UserSql,
  batch: TaskBatch,
  { links, isDryRun = false }: { readonly links: Links; readonly isDryRun?: boolean },
): Promise<LoggedResult[]> {
  const { atomic = true, operations } = batch
  // The positions that the operations get are rolled back. With this one as `ifCursor`, the real batch is refused if what it names
  // has changed since.
  const before = isDryRun ? await positionNow(sql) : undefined
  await checkRecurrences(sql, operations)
  await checkWeekdays(sql, operations)
  const all = identified(operations)
  const chosen = all.map(({ id }, index) => (idOf(operations[index]) === undefined ? undefined : id))
  const tasks = await lockTasks(sql, batch, chosen)
  const positions = [...tasks.values()].map(({ position }) => position)
  const outcomes: Outcome[] = []
  for (const run of runsOf(all)) {
    outcomes.push(...(await perform(sql, tasks, run, positions)))
    const failed = atomic ? outcomes.findIndex((outcome) => 'problem' in outcome) : -1
    const outcome = outcomes[failed]
    if (outcome !== undefined && 'problem' in outcome) throw failure(outcome.problem, failed)
  }
  const position = before ?? (await newestOf(sql, positions))
  return outcomes.map((outcome, at) => ({
    ...shown(outcome, links),
    ...(at === 0 && { userId: sql.userId, position }),
  }))
}

/** @throws Problem invalid_input (422) naming the first operation whose due date has another weekday, whether the batch is atomic or not */
async function checkWeekdays(sql: UserSql, operations: readonly Operation[]): Promise<void> {
  for (const [at, operation] of operations.entries()) {
    if (operation.op === 'update') await checkWeekday(sql, operation.patch, operation.id, `/operations/${at}/patch`)
    else if ('task' in operation) await checkWeekday(sql, operation.task, undefined, `/operations/${at}/task`)
  }
}

/**
 * Locks what the batch names, and checks that its client has seen it.
 *
 * @param ids of the operations; undefined for creations without one
 */
async function lockTasks(sql: UserSql, batch: TaskBatch, ids: readonly (string | undefined)[]): Promise<Tasks> {
  const { operations } = batch
  const seen = seenBy(sql, batch)
  const creates = operations.some((operation, at) => isCreation(operation) && ids[at] !== undefined)
  // An id that does not exist yet cannot be locked: without this, two batches that create the same ids in different orders could deadlock.
  if (seen !== undefined || (creates && operations.length > 1)) await sql.rows(LOCK_LOG, [sql.userId])
  const tasks = await store.lockAll(sql, [...new Set(ids.filter((id) => id !== undefined))])
  if (seen !== undefined) await refuseUnseen(sql, seen, ids)
  return tasks
}

const isCreation = ({ op }: Operation): boolean => op === 'create' || op === 'put'

/** The position after the batch: of its last change, or if it has changed nothing, of the log as it was read. */
async function newestOf(sql: UserSql, positions: readonly string[]): Promise<string> {
  return newestPosition(positions) ?? (await positionNow(sql))
}

function shown(outcome: Outcome, links: Links): BatchResult {
  const task = outcome.task === undefined ? {} : { task: store.taskOf(outcome.task) }
  if (!('problem' in outcome)) return { status: outcome.status, ...task }
  const { problem, deleted } = outcome
  return { status: problem.status, ...task, ...(deleted && { deleted }), problem: problemMembers(problem, links) }
}

const failure = ({ kind, message, body, cause }: Problem, index: number): Problem =>
  new Problem(kind, `Nothing was changed, because of operations.${index}: ${message}`, {
    body: { ...body, failedOperation: index },
    cause,
  })

const idOf = (operation: Operation | undefined): string | undefined =>
  operation?.op === 'create' ? operation.task.id : operation?.id

/** All tasks of a batch have the same createdAt, so lists order them by id. Sorted ids make the last creation the newest. */
function identified(operations: readonly Operation[]): Identified[] {
  const made = operations.map(() => randomUUIDv7()).sort()
  return operations.map((operation, index) => {
    const id = (idOf(operation) ?? made[index] ?? '').toLowerCase()
    return { ...operation, id }
  })
}

type Kind = 'create' | 'put' | 'change' | 'delete'

const kindOf = ({ op }: Identified): Kind => (op === 'create' || op === 'put' || op === 'delete' ? op : 'change')

/** Groups consecutive operations of one kind on different tasks: their statements are sent in one round trip. */
function runsOf(operations: readonly Identified[]): Identified[][] {
  const runs: Identified[][] = []
  let ids = new Set<string>()
  let kind: Kind | undefined
  for (const operation of operations) {
    const run = runs.at(-1)
    if (run === undefined || kindOf(operation) !== kind || ids.has(operation.id)) {
      runs.push([operation])
      kind = kindOf(operation)
      ids = new Set([operation.id])
    } else {
      run.push(operation)
      ids.add(operation.id)
    }
  }
  return runs
}

/** @param positions gets those of the changes */
async function perform(
  sql: UserSql,
  tasks: Tasks,
  run: readonly Identified[],
  positions: string[],
): Promise<Outcome[]> {
  const created = await createNew(sql, tasks, run)
  const outcomes = await Promise.all(
    run.map((operation) => outcomeOf(tasks, operation, () => one(sql, tasks, operation, created.get(operation.id)))),
  )
  await markDeleted(sql, run, outcomes)
  for (const { id } of run) positions.push(...[tasks.get(id)?.position].filter((position) => position !== undefined))
  const removed = run.filter(({ op }, index) => op === 'delete' && !('problem' in (outcomes[index] ?? {})))
  const ids = removed.map(({ id }) => id)
  if (ids.length > 0) positions.push(...(await store.removeAll(sql, ids)).map(({ position }) => position))
  const permanent = removed.flatMap((each) => (each.op === 'delete' && each.permanent === true ? [each.id] : []))
  await store.eraseAll(sql, permanent)
  return outcomes
}

/** Tasks that another request created since the batch began are locked too, again in the order of their ids. */
async function createNew(sql: UserSql, tasks: Tasks, run: readonly Identified[]): Promise<Map<string, Positioned>> {
  const creations = run.flatMap((each) => (creates(each, tasks) ? [{ ...each.task, id: each.id }] : []))
  if (creations.length === 0) return new Map()
  const created = await createAll(sql, creations)
  const others = creations.map(({ id }) => id).filter((id) => !created.has(id) && !tasks.has(id))
  for (const [id, task] of await store.lockAll(sql, others)) tasks.set(id, task)
  return created
}

type Creating = Extract<Identified, { op: 'create' | 'put' }>

/** A `put` with a version is for a task that exists. */
const creates = (operation: Identified, tasks: Tasks): operation is Creating =>
  operation.op === 'create' || (operation.op === 'put' && operation.ifVersion === undefined && !tasks.has(operation.id))

async function outcomeOf(tasks: Tasks, { id }: Identified, work: () => Promise<Success>): Promise<Outcome> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Problem) return { problem: error, task: tasks.get(id) }
    throw error
  }
}

/** Says of tasks that are not there whether they were deleted, by an earlier operation of the batch too. */
async function markDeleted(sql: UserSql, run: readonly Identified[], outcomes: Outcome[]): Promise<void> {
  const isMissing = (outcome: Outcome): outcome is Failure => 'problem' in outcome && outcome.problem.status === 404
  const missing = run.filter((_, at) => outcomes.slice(at, at + 1).some(isMissing))
  const deleted = await deletedAmong(
    sql,
    missing.map(({ id }) => id),
  )
  for (const [at, outcome] of outcomes.entries()) {
    if (isMissing(outcome) && deleted.has(run[at]?.id ?? '')) outcomes[at] = { ...outcome, deleted: true }
  }
}

/** @param created the task that `createNew` inserted for this operation. Deletions are executed later, by `perform`. */
async function one(
  sql: UserSql,
  tasks: Tasks,
  operation: Identified,
  created: Positioned | undefined,
): Promise<Success> {
  const { id } = operation
  if (operation.op === 'put' && operation.ifVersion === undefined && (created !== undefined || !tasks.has(id))) {
    const task = created ?? (await createIn(sql, { ...operation.task, id })).task
    tasks.set(id, task)
    return { status: 201, task }
  }
  if (operation.op === 'create') {
    const { task, isNew } = await creation(sql, tasks, operation, created)
    tasks.set(id, task)
    return { status: isNew ? 201 : 200, task }
  }
  const current = store.found(tasks.get(id))
  ifVersion(operation.ifVersion).check(current)
  if (operation.op === 'delete') {
    tasks.delete(id)
    return { status: 204 }
  }
  const task = await changed(sql, current, operation)
  tasks.set(id, task)
  return { status: 200, task }
}

function changed(
  sql: UserSql,
  current: Positioned,
  operation: Exclude<Identified, { op: 'create' | 'delete' }>,
): Promise<Positioned> {
  if (operation.op === 'complete') return completedOrReopened(sql, current, operation.completed)
  return patched(sql, current, operation.op === 'put' ? replacement(operation.task) : operation.patch)
}

/** A patch that sets all content. */
const replacement = (task: TaskPut): TaskPatch => contentToCreate(task)

async function creation(
  sql: UserSql,
  tasks: Tasks,
  { id, task }: Extract<Identified, { op: 'create' }>,
  created: Positioned | undefined,
): Promise<Creation> {
  if (created !== undefined) return { task: created, isNew: true }
  const current = tasks.get(id)
  // Another request deleted the task between the two statements.
  return current === undefined ? createIn(sql, { ...task, id }) : repeated(current, task)
}
