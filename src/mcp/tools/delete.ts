import { Type } from 'typebox'
import { ASKS_ABOVE, Confirm, questionBefore } from './consent.ts'
import { DryRun, IDS_MAX, PAGE_TASKS, strict, TaskIds, Text, Written } from './shapes.ts'
import type { Source } from './source.ts'
import { taskFormOf } from './tasks.ts'
import { done, writingTool, type Tool } from './tool.ts'
import { shownTasks, writtenMembers } from './write.ts'

/** Ids that are listed in the answer to a deletion. */
const NOT_FOUND_SHOWN = 50

const DELETE = 'delete_tasks'

export function deleteTasks(source: Source): Tool {
  const operation = source.operation('deleteTasks')
  const { ids: Ids } = source.members('BulkDelete')
  return writingTool({
    name: DELETE,
    title: 'Delete tasks',
    description: `Moves tasks to the trash, where they stay for 30 days. Ids without a task are listed in notFound, up to ${NOT_FOUND_SHOWN}. Above ${ASKS_ABOVE} tasks the user is asked first.`,
    scope: operation.needs ?? 'any',
    isDestructive: true,
    isIdempotent: true,
    input: Type.Object(
      {
        ids: Type.Unsafe<readonly string[]>(Ids ?? TaskIds),
        confirm: Confirm,
        dryRun: DryRun,
      },
      strict,
    ),
    output: Written({
      count: Type.Integer(),
      notFound: Type.Optional(Type.Array(Text())),
      notFoundCount: Type.Optional(Type.Integer()),
    }),
    async run({ ids: given, confirm, dryRun }, call) {
      const ids = distinct(given)
      const message = `Delete ${ids.length} tasks? They stay in the trash for 30 days.`
      const question = dryRun === true ? undefined : await questionBefore({ tool: DELETE, ids, message, confirm }, call)
      if (question !== undefined) return question
      const answer = await call.ask({ operation, query: { dryRun }, body: { ids } })
      const { deleted, notFound } = answer.body as Readonly<Record<'deleted' | 'notFound', readonly string[]>>
      return done({
        ...(await call.clock()).members,
        ...writtenMembers(answer, dryRun),
        count: deleted.length,
        ...notFoundMembers(notFound),
      })
    },
  })
}

export function restoreTasks(source: Source): Tool {
  const operation = source.operation('restoreManyTrashed')
  const form = taskFormOf(source)
  return writingTool({
    name: 'restore_tasks',
    title: 'Restore tasks from the trash',
    description: `Brings up to ${IDS_MAX} deleted tasks back, with the same ids.`,
    scope: operation.needs ?? 'any',
    isDestructive: false,
    isIdempotent: true,
    input: Type.Object({ ids: TaskIds, dryRun: DryRun }, strict),
    output: Written({
      count: Type.Integer(),
      tasks: Type.Array(Type.Object({})),
      notFound: Type.Optional(Type.Array(Text())),
      notFoundCount: Type.Optional(Type.Integer()),
    }),
    async run({ ids: given, dryRun }, call) {
      const ids = distinct(given)
      const answer = await call.ask({ operation, query: { dryRun }, body: { ids } })
      const { tasks, notFound } = answer.body as {
        readonly tasks: readonly unknown[]
        readonly notFound: readonly string[]
      }
      const clock = await call.clock()
      return done({
        ...clock.members,
        ...writtenMembers(answer, dryRun),
        count: tasks.length,
        tasks: shownTasks(tasks.slice(0, PAGE_TASKS), clock, form),
        ...notFoundMembers(notFound),
      })
    },
  })
}

/** The routes refuse an id that is given twice; a tool takes it as one. */
const distinct = (ids: readonly string[]): string[] => [...new Set(ids.map((id) => id.toLowerCase()))]

const notFoundMembers = (notFound: readonly string[]) =>
  notFound.length > 0 && { notFound: notFound.slice(0, NOT_FOUND_SHOWN), notFoundCount: notFound.length }
