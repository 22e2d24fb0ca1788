import { randomUUIDv7 } from 'node:crypto'
import { logPositionOf } from '../../db/change-log.ts'
import type { UserSql } from '../../db/sql.ts'
import type { Statement } from '../../db/wire/statement.ts'
import { Problem } from '../../errors.ts'
import { ifVersion } from '../../http/conditional.ts'
import type { Links } from '../../http/links.ts'
import { problemMembers } from '../../http/problem.ts'
import type { Logged } from '../../http/sync-cursor.ts'
import type { BatchResult, Operation, TaskBatch } from './schema.ts'
import { positionNow } from './deletion.ts'
import { create, createAll, repeated, type Creation } from '../creation.ts'
import type { TaskCreate } from '../schema.ts'
import * as store from '../store.ts'
import type { Positioned, Stored } from '../store.ts'

/** The tasks whose ids the batch names, locked, in the state after the operations so far. */
type Tasks = Map<string, Positioned>

// An id that does not exist yet cannot be locked, so two batches of a user that create the same ids in different orders could
// deadlock. An advisory lock serialises them.
const TAKE_TURNS: Statement = {
  name: 'tasks.batch_turn',
  text: `select pg_advisory_xact_lock(hashtextextended($1, 7))::text`,
}

type Outcome = Problem | { readonly status: number; readonly task?: Stored }

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
 * @throws Problem when `atomic`: the problem of the first refused operation, with its index as `failedOperation`
 */
export async function runBatch(
  sql: UserSql,
  { atomic = true, operations }: TaskBatch,
  links: Links,
): Promise<LoggedResult[]> {
  const all = identified(operations)
  const chosen = all.filter((_, index) => idOf(operations[index]) !== undefined).map(({ id }) => id)
  const createsChosen = operations.some((operation) => operation.op === 'create' && idOf(operation) !== undefined)
  if (createsChosen && operations.length > 1) await sql.rows(TAKE_TURNS, [sql.userId])
  const tasks = await store.lockAll(sql, [...new Set(chosen)])
  const positions = [...tasks.values()].map(({ position }) => position)
  const outcomes: Outcome[] = []
  for (const run of runsOf(all)) {
    outcomes.push(...(await perform(sql, tasks, run, positions)))
    const failed = atomic ? outcomes.findIndex((outcome) => outcome instanceof Problem) : -1
    const problem = outcomes[failed]
    if (problem instanceof Problem) throw failure(problem, failed)
  }
  const position = await newestOf(sql, positions)
  return outcomes.map((outcome, at) => ({
    ...shown(outcome, links),
    ...(at === 0 && { userId: sql.userId, position }),
  }))
}

/** The position after the batch: of its last change, or if it has changed nothing, of the log as it was read. */
async function newestOf(sql: UserSql, positions: readonly string[]): Promise<string> {
  const [newest] = positions.toSorted((a, b) => logPositionOf(b).seq - logPositionOf(a).seq)
  return newest ?? (await positionNow(sql))
}

function shown(outcome: Outcome, links: Links): BatchResult {
  const { status } = outcome
  if (outcome instanceof Problem) return { status, problem: problemMembers(outcome, links) }
  return outcome.task === undefined ? { status } : { status, task: store.taskOf(outcome.task) }
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

type Kind = 'create' | 'change' | 'delete'

const kindOf = ({ op }: Identified): Kind => (op === 'create' || op === 'delete' ? op : 'change')

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
    run.map((operation) => outcomeOf(() => one(sql, tasks, operation, created.get(operation.id)))),
  )
  for (const { id } of run) positions.push(...[tasks.get(id)?.position].filter((position) => position !== undefined))
  const removed = run.filter(({ op }, index) => op === 'delete' && !(outcomes[index] instanceof Problem))
  const ids = removed.map(({ id }) => id)
  if (ids.length > 0) positions.push(...(await store.removeAll(sql, ids)).map(({ position }) => position))
  return outcomes
}

/** Tasks that another request created since the batch began are locked too, again in the order of their ids. */
async function createNew(sql: UserSql, tasks: Tasks, run: readonly Identified[]): Promise<Map<string, Positioned>> {
  const creations = run.flatMap((each) => (each.op === 'create' ? [{ ...each.task, id: each.id }] : []))
  if (creations.length === 0) return new Map()
  const created = await createAll(sql, creations)
  const others = creations.map(({ id }) => id).filter((id) => !created.has(id) && !tasks.has(id))
  for (const [id, task] of await store.lockAll(sql, others)) tasks.set(id, task)
  return created
}

async function outcomeOf(work: () => Promise<Exclude<Outcome, Problem>>): Promise<Outcome> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

/** @param created the task that `createNew` inserted for this operation. Deletions are executed later, by `perform`. */
async function one(
  sql: UserSql,
  tasks: Tasks,
  operation: Identified,
  created: Positioned | undefined,
): Promise<Exclude<Outcome, Problem>> {
  const { id } = operation
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
  const task =
    operation.op === 'update'
      ? await store.patched(sql, current, operation.patch)
      : await store.completedOrReopened(sql, current, operation.completed)
  tasks.set(id, task)
  return { status: 200, task }
}

async function creation(
  sql: UserSql,
  tasks: Tasks,
  { id, task }: Extract<Identified, { op: 'create' }>,
  created: Positioned | undefined,
): Promise<Creation> {
  if (created !== undefined) return { task: created, isNew: true }
  const current = tasks.get(id)
  // Another request deleted the task between the two statements.
  return current === undefined ? sql.run(create({ ...task, id })) : repeated(current, task)
}
