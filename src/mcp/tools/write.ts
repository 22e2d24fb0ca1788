import { Type } from 'typebox'
import type { Members } from '../protocol.ts'
import { costOf, FRAME_COST, RESULT_COST } from './budget.ts'
import { Refusal, type Answer, type Asking, type Call } from './call.ts'
import type { Clock } from './clock.ts'
import { DryRun, IDS_MAX, PAGE_TASKS, strict, TaskId, TaskIds, WrittenTasks } from './shapes.ts'
import type { Properties, Source } from './source.ts'
import { shortened, taskFormOf, USUAL_FIELDS, type TaskForm } from './tasks.ts'
import { done, writingTool, type Outcome, type Tool } from './tool.ts'

/** The tools that write tasks. Each call is one batch: all of it is done, or nothing. */

const ALL_OR_NOTHING = 'All or nothing.'

type Changes = Readonly<Record<string, unknown>>

export function addTasks(source: Source): Tool {
  const { id: _, ...members } = source.members('TaskCreate')
  const batch = openBatch(source)
  return writingTool({
    name: 'add_tasks',
    title: 'Add tasks',
    description: `Creates 1 to ${PAGE_TASKS} tasks. ${ALL_OR_NOTHING}`,
    scope: batch.needs,
    isDestructive: false,
    isIdempotent: false,
    input: Type.Object(
      {
        tasks: Type.Array(Type.Unsafe<Changes>(Type.Object(members, strict)), { minItems: 1, maxItems: PAGE_TASKS }),
        dryRun: DryRun,
      },
      strict,
    ),
    output: WrittenTasks,
    run: ({ tasks, dryRun }, call) =>
      batch.run(call, { operations: tasks.map((task) => ({ op: 'create', task })), dryRun, list: 'tasks' }),
  })
}

export function updateTasks(source: Source): Tool {
  const batch = openBatch(source)
  const update = Type.Object({ id: TaskId, ifVersion: IF_VERSION, ...source.members('TaskPatch') }, strict)
  return writingTool({
    name: 'update_tasks',
    title: 'Change tasks',
    description: `Changes 1 to ${IDS_MAX} tasks, each in its own way. Absent fields stay as they are, null empties a field. ${ALL_OR_NOTHING}`,
    scope: batch.needs,
    isDestructive: true,
    isIdempotent: true,
    input: Type.Object(
      {
        tasks: Type.Array(Type.Unsafe<Changes & { readonly id: string }>(update), { minItems: 1, maxItems: IDS_MAX }),
        dryRun: DryRun,
      },
      strict,
    ),
    output: WrittenTasks,
    run: async ({ tasks, dryRun }, call) => {
      const text = repetitionIn(tasks.map(({ id }) => id.toLowerCase()))
      if (text !== undefined) return { kind: 'failed', code: 'invalid_input', text }
      const operations = tasks.map(({ id, ifVersion, ...patch }) => ({ op: 'update', id, ifVersion, patch }))
      return batch.run(call, { operations, dryRun, list: 'tasks' })
    },
  })
}

function repetitionIn(ids: readonly string[]): string | undefined {
  const place = ids.findIndex((id, index) => ids.indexOf(id) < index)
  if (place === -1) return undefined
  return `tasks.${place}.id is also that of tasks.${ids.indexOf(ids[place] ?? '')}: give each task once.`
}

const IF_VERSION = Type.Optional(
  Type.Integer({ minimum: 1, description: 'Refuse if the task has another version by now' }),
)

export function completeTasks(source: Source): Tool {
  const batch = openBatch(source)
  return writingTool({
    name: 'complete_tasks',
    title: 'Complete or reopen tasks',
    description: `Marks 1 to ${IDS_MAX} tasks as done, or with completed false as open again. ${ALL_OR_NOTHING}`,
    scope: batch.needs,
    isDestructive: false,
    isIdempotent: true,
    input: Type.Object(
      {
        ids: TaskIds,
        completed: Type.Optional(Type.Boolean({ description: 'true if absent' })),
        dryRun: DryRun,
      },
      strict,
    ),
    output: WrittenTasks,
    run: ({ ids, completed = true, dryRun }, call) => {
      const operations = ids.map((id) => ({ op: 'complete', id, completed }))
      return batch.run(call, { operations, dryRun, list: 'ids' })
    },
  })
}

/** What says when a task is due. Only the first is always there. */
const DUE_MEMBERS = ['dueDate', 'expectedWeekday', 'timezone'] as const

export function rescheduleTasks(source: Source): Tool {
  const batch = openBatch(source)
  const members = source.members('TaskPatch')
  const due: Properties = Object.fromEntries(
    DUE_MEMBERS.flatMap((name) => (members[name] === undefined ? [] : [[name, members[name]]])),
  )
  return writingTool({
    name: 'reschedule_tasks',
    title: 'Move tasks to another time',
    description: `Gives 1 to ${IDS_MAX} tasks the same due date. ${ALL_OR_NOTHING}`,
    scope: batch.needs,
    isDestructive: true,
    isIdempotent: true,
    input: Type.Unsafe<Changes & { readonly ids: readonly string[]; readonly dryRun?: boolean }>({
      ...Type.Object({ ids: TaskIds, ...due, dryRun: DryRun }, strict),
      required: ['ids', 'dueDate'],
    }),
    output: WrittenTasks,
    run: ({ ids, dryRun, ...patch }, call) =>
      batch.run(call, { operations: ids.map((id) => ({ op: 'update', id, patch })), dryRun, list: 'ids' }),
  })
}

interface Batch {
  readonly operations: readonly object[]
  readonly dryRun: boolean | undefined
  /** The argument whose items the operations are, for messages. */
  readonly list: 'tasks' | 'ids'
}

function openBatch(source: Source) {
  const operation = source.operation('batchTasks')
  const form = taskFormOf(source)
  return {
    needs: operation.needs ?? 'any',
    run: async (call: Call, { operations, dryRun, list }: Batch): Promise<Outcome> => {
      const answer = await askNaming(call, { operation, query: { dryRun }, body: { operations } }, list)
      return done(writtenTasks(await call.clock(), form, answer, dryRun))
    },
  }
}

/** A refusal names the item of the arguments that it is about, and not the operation of the batch. */
async function askNaming(call: Call, asking: Asking, list: string): Promise<Answer> {
  try {
    return await call.ask(asking)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const detail = error.message.replace(/operations\.(\d+)(?:\.(?:task|patch)(?=\.))?/g, `${list}.$1`)
    throw new Refusal(detail, error.code)
  }
}

function writtenTasks(clock: Clock, form: TaskForm, answer: Answer, dryRun: boolean | undefined): Members {
  const { results } = answer.body as { readonly results: readonly { readonly task: Members }[] }
  return {
    ...clock.members,
    ...writtenMembers(answer, dryRun),
    count: results.length,
    tasks: shownTasks(
      results.slice(0, PAGE_TASKS).map(({ task }) => task),
      clock,
      form,
    ),
  }
}

/** What a title may take where all tasks together are too large. */
const BRIEF_TITLE_COST = 40

/** All of them, because the model needs the ids: with their usual members, or only with ids and beginnings of titles if these are too large. */
export function shownTasks(tasks: readonly unknown[], clock: Clock, form: TaskForm): readonly Members[] {
  const shown = tasks.map((task) => form.present(task, clock, USUAL_FIELDS))
  if (costOf(shown) <= RESULT_COST - FRAME_COST) return shown
  return shown.map(({ id, title }) => shortened({ id, title }, BRIEF_TITLE_COST))
}

export function writtenMembers(answer: Answer, dryRun: boolean | undefined): Members {
  const changeId = answer.header('x-change-id')
  return { ...(dryRun === true && { dryRun: true }), ...(changeId !== undefined && { changeId }) }
}
