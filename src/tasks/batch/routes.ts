import type { Database } from '../../db/database.ts'
import type { UserSql } from '../../db/sql.ts'
import { Problem } from '../../errors.ts'
import { signedIn } from '../../http/identify.ts'
import { once } from '../../http/once.ts'
import type { App } from '../../http/app.ts'
import { IdempotentHeaders, ONCE_REFUSALS, REPLAYED, refusals, RefTo, security } from '../../http/wire.ts'
import { runBatch } from './batch.ts'
import { BatchAnswer, BatchResult, BulkDelete, BulkDeleted, TaskBatch } from './schema.ts'
import { removeAll } from '../store.ts'

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

/**
 * In lower case. That no two are the same as they are written, the schema has seen.
 *
 * @throws Problem invalid_input (422)
 */
function distinct(given: readonly string[]): string[] {
  const ids = new Set(given.map((id) => id.toLowerCase()))
  if (ids.size === given.length) return [...ids]
  throw Problem.invalid([{ in: 'body', pointer: '/ids', detail: 'ids must not have the same item twice' }])
}

/** Many tasks in one request, which is one write to the rate limit. */
export function batchRoutes(app: App, { db }: { db: Database }): void {
  for (const schema of [TaskBatch, BatchResult, BulkDelete, BulkDeleted]) app.addSchema(schema)

  app.post(
    '/api/tasks/batch',
    {
      // The body was validated as a TaskBatch by then.
      config: { rows: ({ body }) => (body as TaskBatch).operations.length },
      schema: {
        operationId: 'batchTasks',
        summary: 'Create, change, complete and delete up to 100 tasks at once',
        description: `One transaction and one write of the rate limit; the body is at most 1 MiB. A batch with an operation that is malformed is refused as a whole, whether atomic or not: 422. What is refused for the tasks as they are (404, 409, 412) refuses the whole batch where it is atomic: the answer is that of the first such operation, with its index in \`failedOperation\`, and nothing was changed. Otherwise the answer is 200 with a result for each.`,
        tags,
        security,
        headers: IdempotentHeaders,
        body: RefTo<TaskBatch>('TaskBatch'),
        response: {
          200: { ...BatchAnswer, headers: REPLAYED },
          ...refusals(...bulkRefusals, 'not_found', 'conflict', 'precondition_failed'),
        },
      },
    },
    async (request, reply) => {
      const run = (sql: UserSql): Promise<BatchResult[]> => runBatch(sql, request.body, app.links)
      const results = await db.asUser(signedIn(request), run, once(request, reply))
      return reply.send({ results })
    },
  )

  app.post(
    '/api/tasks/bulk-delete',
    {
      // The body was validated as a BulkDelete by then.
      config: { rows: ({ body }) => (body as BulkDelete).ids.length },
      schema: {
        operationId: 'deleteTasks',
        summary: 'Delete up to 1000 tasks at once',
        description:
          'Those that are yours are deleted, together; the others are named. Sent again it finds none of them.',
        tags,
        security,
        headers: IdempotentHeaders,
        body: RefTo<BulkDelete>('BulkDelete'),
        response: {
          200: RefTo<BulkDeleted>('BulkDeleted', { description: 'What became of each id', headers: REPLAYED }),
          ...refusals(...bulkRefusals),
        },
      },
    },
    async (request, reply) => {
      const ids = distinct(request.body.ids)
      const removed = await db.asUser(signedIn(request), (sql) => removeAll(sql, ids), once(request, reply))
      const deleted = new Set(removed)
      return reply.send({
        deleted: ids.filter((id) => deleted.has(id)),
        notFound: ids.filter((id) => !deleted.has(id)),
      })
    },
  )
}
