import { Type } from 'typebox'
import type { Members } from '../protocol.ts'
import { Refusal } from './call.ts'
import { ASKS_ABOVE, Confirm, questionBefore } from './consent.ts'
import { DryRun, PAGE_TASKS, strict, TaskIds, Text, Written } from './shapes.ts'
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
      const ids = [...new Set(given.map((id) => id.toLowerCase()))]
      const message = `Delete ${ids.length} tasks? They stay in the trash for 30 days.`
      const question = dryRun === true ? undefined : await questionBefore({ tool: DELETE, ids, message, confirm }, call)
      if (question !== undefined) return question
      const answer = await call.ask({ operation, query: { dryRun }, body: { ids } })
      const { deleted, notFound } = answer.body as Readonly<Record<'deleted' | 'notFound', readonly string[]>>
      return done({
        ...(await call.clock()).members,
        ...writtenMembers(answer, dryRun),
        count: deleted.length,
        ...(notFound.length > 0 && { notFound: notFound.slice(0, NOT_FOUND_SHOWN), notFoundCount: notFound.length }),
      })
    },
  })
}

export function restoreTasks(source: Source): Tool {
  const operation = source.operation('restoreTrashed')
  const form = taskFormOf(source)
  return writingTool({
    name: 'restore_tasks',
    title: 'Restore tasks from the trash',
    description: `Brings up to ${PAGE_TASKS} deleted tasks back, with the same ids. Ids that are not in the trash are listed in notFound.`,
    scope: operation.needs ?? 'any',
    isDestructive: false,
    isIdempotent: true,
    input: Type.Object({ ids: { ...TaskIds, maxItems: PAGE_TASKS }, dryRun: DryRun }, strict),
    output: Written({
      tasks: Type.Array(Type.Object({})),
      notFound: Type.Optional(Type.Array(Text())),
    }),
    async run({ ids, dryRun }, call) {
      const restored: unknown[] = []
      const notFound: string[] = []
      let written: Members = {}
      const clock = await call.clock()
      for (const id of ids) {
        try {
          const answer = await call.ask({ operation, id, query: { dryRun } })
          restored.push(answer.body)
          written = writtenMembers(answer, dryRun)
        } catch (error) {
          if (!(error instanceof Refusal) || error.code !== 'not_found') throw error
          notFound.push(id)
        }
      }
      const { changeId: _, ...dry } = written
      return done({
        ...clock.members,
        ...dry,
        tasks: shownTasks(restored, clock, form),
        ...(notFound.length > 0 && { notFound }),
      })
    },
  })
}
