import { Type, type TSchema } from 'typebox'
import type { Members } from '../protocol.ts'
import { FRAME_COST, RESULT_COST } from './budget.ts'
import type { Call, Operation } from './call.ts'
import { PAGE_TASKS, resultOf, strict, TaskId, Text } from './shapes.ts'
import { pageWithin } from './pages.ts'
import type { Source } from './source.ts'
import { taskFormOf, USUAL_FIELDS, type TaskForm } from './tasks.ts'
import { done, readingTool, type Outcome, type Tool } from './tool.ts'

const LIMIT_MAX = 100
/** Arguments that a search in the trash can have too. */
const OF_TRASH = new Set(['deleted', 'limit', 'cursor', 'fields', 'timezone'])

interface Found {
  readonly limit?: number
  readonly deleted?: boolean
  readonly fields?: readonly string[]
  readonly timezone?: string
  readonly cursor?: string
}

export function findTasks(source: Source): Tool {
  const list = source.operation('listTasks')
  const trash = source.operation('listTrash')
  const form = taskFormOf(source)
  const input = Type.Object(
    {
      ...source.query('listTasks'),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX, description: `${PAGE_TASKS} if absent` })),
      deleted: Type.Optional(
        Type.Boolean({ description: 'true: the tasks in the trash instead, without filters, for restore_tasks' }),
      ),
    },
    strict,
  )
  return readingTool({
    name: 'find_tasks',
    title: 'Find tasks',
    description: `Lists tasks that match all given filters, newest first, up to ${PAGE_TASKS} per page. Without filters: all tasks. Open tasks: completed false. A task shows ${USUAL_FIELDS.join(', ')}, without empty ones; fields selects others. If nextCursor is present there are more: call again with the same arguments and cursor. Large tasks: fewer per page; cut names what is shortened, get_task shows it.`,
    scope: list.needs ?? 'any',
    input: Type.Unsafe<Found>(input),
    output: resultOf({
      tasks: Type.Array(form.schema),
      total: Type.Optional(Type.Integer()),
      nextCursor: Type.Optional(Text()),
    }),
    run: (args, call) => (args.deleted === true ? findDeleted(args, call, trash, form) : find(args, call, list, form)),
  })
}

async function find(args: Found, call: Call, operation: Operation, form: TaskForm): Promise<Outcome> {
  const { deleted: _, limit, fields = USUAL_FIELDS, ...filters } = args
  const shown = ['id', ...fields.filter((field) => field !== 'id')]
  const clock = await call.clock(args.timezone)
  const { items, answer, cursor } = await pageWithin({
    ask: (size) => call.ask({ operation, query: { ...filters, limit: size, fields: shown } }),
    present: (task) => form.present(task, clock, shown),
    limit,
    usualLimit: PAGE_TASKS,
  })
  const total = answer.header('x-total-count')
  return done({ ...clock.members, tasks: items, ...(total !== undefined && { total: Number(total) }), ...cursor })
}

async function findDeleted(args: Found, call: Call, operation: Operation, form: TaskForm): Promise<Outcome> {
  const others = Object.keys(args).filter((name) => !OF_TRASH.has(name))
  if (others.length > 0) {
    const text = `The trash has no filters: leave out ${others.join(', ')}. With deleted true only ${[...OF_TRASH].join(', ')} are allowed.`
    return { kind: 'failed', code: 'invalid_input', text }
  }
  const { limit, fields = USUAL_FIELDS, cursor: from } = args
  const clock = await call.clock(args.timezone)
  const { items, cursor } = await pageWithin<Deleted>({
    ask: (size) => call.ask({ operation, query: { limit: size, cursor: from } }),
    present: ({ data, deletedAt }) => ({
      ...form.present(data, clock, ['id', ...fields]),
      deletedAt: clock.local(deletedAt)?.time,
      deletedAtWeekday: clock.local(deletedAt)?.weekday,
    }),
    limit,
    usualLimit: PAGE_TASKS,
  })
  return done({ ...clock.members, tasks: items, ...cursor })
}

/** An item of the trash. */
interface Deleted {
  readonly deletedAt: string
  readonly data: Members
}

export function getTask(source: Source): Tool {
  const operation = source.operation('getTask')
  const form = taskFormOf(source)
  const output: TSchema = resultOf({ task: Type.Object({}) })
  return readingTool({
    name: 'get_task',
    title: 'Read a task',
    description:
      'Shows one task with its description and its version. What is too long for an answer is cut, and named in cut.',
    scope: operation.needs ?? 'any',
    input: Type.Object(
      { id: TaskId, whole: Type.Optional(Type.Boolean({ description: 'true: cut nothing' })) },
      strict,
    ),
    output,
    async run({ id, whole }, call) {
      const { body } = await call.ask({ operation, id })
      const clock = await call.clock()
      return done({
        ...clock.members,
        task: form.presentWhole(body, clock, whole === true ? Infinity : RESULT_COST - FRAME_COST),
      })
    },
  })
}
