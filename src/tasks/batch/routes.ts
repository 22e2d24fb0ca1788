import type { Database } from '../../db/database.ts'
import type { UserSql } from '../../db/sql.ts'
import { isDryRun } from '../../http/dry-run.ts'
import { signedIn } from '../../http/identify.ts'
import { once } from '../../http/once.ts'
import type { App } from '../../http/app.ts'
import { loggedHeaders, WRITTEN } from '../../http/logged.ts'
import { scoped } from '../../http/access.ts'
import { distinctIds, IdempotentHeaders, ONCE_REFUSALS, REPLAYED, refusals, RefTo } from '../../http/wire.ts'
import type { Overlaps } from '../overlaps.ts'
import { deletion, readDeletion } from './deletion.ts'
import { runBatch, type LoggedResult } from './batch.ts'
import { BatchAnswer, BatchResult, BulkDelete, BulkDeleted, TaskBatch, type Operation } from './schema.ts'

const tags = ['tasks']

const bulkRefusals = [
  'invalid_json',
  'unauthenticated',
  'body_too_large',
  'unsupported_media_type',
  'invalid_input',
  'outcome_unknown',
  ...ONCE_REFUSALS,
] as const

/** The cursor for clients that read bodies alone. */
const cursorMember = ({ 'x-sync-cursor': cursor }: Readonly<Record<string, string>>): { cursor?: string } =>
  cursor === undefined ? {} : { cursor }

/** The id of the task that a batch completes, if it is a single one. */
function onlyCompleted({ operations }: TaskBatch): string | undefined {
  const ids = operations.flatMap((operation) => (completes(operation) ? [operation.id] : []))
  return ids.length === 1 ? ids[0] : undefined
}

const completes = (operation: Operation): operation is Exclude<Operation, { op: 'create' }> =>
  operation.op === 'complete' ||
  (operation.op === 'update' && operation.patch.status === 'COMPLETED') ||
  (operation.op === 'put' && operation.task.status === 'COMPLETED')

/** Many tasks in one request, which is one write to the rate limit. */
export function batchRoutes(app: App, { db }: { db: Database }, completions: Overlaps): void {
  for (const schema of [TaskBatch, BatchResult, BulkDelete, BulkDeleted]) app.addSchema(schema)

  app.post(
    '/api/tasks/batch',
    {
      // The body has been validated as a TaskBatch before this is called.
      config: { rows: ({ body }) => (body as TaskBatch).operations.length },
      schema: {
        operationId: 'batchTasks',
        summary: 'Create, replace, change, complete and delete up to 100 tasks at once',
        description: `The batch is one transaction and counts as one write of the rate limit; the body is at most 1 MiB. If an operation is malformed, the whole batch is refused with 422, whether atomic or not. With \`ifSeq\` or \`ifCursor\` the whole batch is refused with 412 if a task that it names was changed after that. If an operation of an atomic batch fails because of the state of a task (404, 409, 412), nothing is changed, and the answer is the error of the first such operation, with its index in \`failedOperation\`. Otherwise the answer is 200 with a result for each operation.`,
        tags,
        security: scoped('tasks:write'),
        headers: IdempotentHeaders,
        body: RefTo<TaskBatch>('TaskBatch'),
        response: {
          200: { ...BatchAnswer, headers: { ...WRITTEN, ...REPLAYED } },
          ...refusals(...bulkRefusals, 'invalid_cursor', 'not_found', 'conflict', 'precondition_failed'),
        },
      },
    },
    async (request, reply) => {
      const context = { links: app.links, isDryRun: isDryRun(request) }
      const run = (sql: UserSql): Promise<LoggedResult[]> => runBatch(sql, request.body, context)
      const results = await completions.run(signedIn(request), onlyCompleted(request.body), (principal) =>
        db.asUser(principal, run, { once: once(request, reply) }),
      )
      const headers = loggedHeaders(results[0] ?? {})
      return reply.headers(headers).send({ results, ...cursorMember(headers) })
    },
  )

  app.post(
    '/api/tasks/bulk-delete',
    {
      // The body has been validated as a BulkDelete before this is called.
      config: { rows: ({ body }) => (body as BulkDelete).ids.length },
      schema: {
        operationId: 'deleteTasks',
        summary: 'Delete up to 1000 tasks at once',
        description:
          'Deletes those of the tasks that are yours, in one transaction, and lists the other ids. They go to the trash, or with `permanent` they are deleted for good. A repetition finds none of them.',
        tags,
        security: scoped('tasks:write'),
        headers: IdempotentHeaders,
        body: RefTo<BulkDelete>('BulkDelete'),
        response: {
          200: RefTo<BulkDeleted>('BulkDeleted', {
            description: 'The result for each id',
            headers: { ...WRITTEN, ...REPLAYED },
          }),
          ...refusals(...bulkRefusals),
        },
      },
    },
    async (request, reply) => {
      const { permanent = false } = request.body
      const ids = distinctIds(request.body.ids)
      const removed = await db.asUser(signedIn(request), (sql) => deletion(sql, ids, permanent), {
        once: once(request, reply),
      })
      const { deleted, logged } = readDeletion(removed)
      return reply.headers(loggedHeaders(logged)).send({
        deleted: ids.filter((id) => deleted.has(id)),
        notFound: ids.filter((id) => !deleted.has(id)),
      })
    },
  )
}
