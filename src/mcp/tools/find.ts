import { Type, type TSchema } from 'typebox'
import type { Members } from '../protocol.ts'
import type { Call, Operation } from './call.ts'
import { PAGE_TASKS, resultOf, strict, TaskId, Text } from './shapes.ts'
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
    description: `Lists tasks that match all given filters, newest first, ${PAGE_TASKS} per page. Without filters: all tasks. Open tasks: completed false. A task shows ${USUAL_FIELDS.join(', ')}, without empty ones; fields selects others. If nextCursor is present there are more: call again with the same arguments and cursor.`,
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
  const { deleted: _, limit = PAGE_TASKS, fields = USUAL_FIELDS, ...filters } = args
  const shown = ['id', ...fields.filter((field) => field !== 'id')]
  const answer = await call.ask({ operation, query: { ...filters, limit, fields: shown } })
  const clock = await call.clock(args.timezone)
  const total = answer.header('x-total-count')
  return done({
    ...clock.members,
    tasks: (answer.body as readonly unknown[]).map((task) => form.present(task, clock, shown)),
    ...(total !== undefined && { total: Number(total) }),
    ...nextCursor(answer.header('x-next-cursor')),
  })
}

async function findDeleted(args: Found, call: Call, operation: Operation, form: TaskForm): Promise<Outcome> {
  const others = Object.keys(args).filter((name) => !OF_TRASH.has(name))
  if (others.length > 0) {
    const text = `The trash has no filters: leave out ${others.join(', ')}. With deleted true only ${[...OF_TRASH].join(', ')} are allowed.`
    return { kind: 'failed', code: 'invalid_input', text }
  }
  const { limit = PAGE_TASKS, fields = USUAL_FIELDS, cursor } = args
  const answer = await call.ask({ operation, query: { limit, cursor } })
  const clock = await call.clock(args.timezone)
  const items = answer.body as readonly { readonly deletedAt: string; readonly data: Members }[]
  return done({
    ...clock.members,
    tasks: items.map(({ data, deletedAt }) => ({
      ...form.present(data, clock, ['id', ...fields]),
      deletedAt: clock.local(deletedAt)?.time,
      deletedAtWeekday: clock.local(deletedAt)?.weekday,
    })),
    ...nextCursor(answer.header('x-next-cursor')),
  })
}

export const nextCursor = (cursor: string | undefined): { readonly nextCursor?: string } =>
  cursor === undefined ? {} : { nextCursor: cursor }

export function getTask(source: Source): Tool {
  const operation = source.operation('getTask')
  const form = taskFormOf(source)
  const output: TSchema = resultOf({ task: form.schema })
  return readingTool({
    name: 'get_task',
    title: 'Read a task',
    description: 'Shows one task with its whole description and its version.',
    scope: operation.needs ?? 'any',
    input: Type.Object({ id: TaskId }, strict),
    output,
    async run({ id }, call) {
      const { body } = await call.ask({ operation, id })
      const clock = await call.clock()
      return done({ ...clock.members, task: form.present(body, clock) })
    },
  })
}
