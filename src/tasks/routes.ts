import { Type } from 'typebox'
import type { Database } from '../db/database.ts'
import { etag, expectedVersion, isFresh } from '../http/conditional.ts'
import type { Cursors } from '../http/cursor.ts'
import { signedIn } from '../http/identify.ts'
import type { App } from '../http/server.ts'
import { OptionalBody, refusals, RefTo } from '../http/wire.ts'
import { ById, PAGE_SIZE_MAX, PageQuery, Task, TaskCompletion, TaskCreate, TaskPatch } from './schema.ts'
import * as store from './store.ts'

const LIST = '/api/tasks'
const tags = ['tasks']
const task = RefTo<Task>('Task')
const security = [{ session: [] }, { service: [], userId: [] }]

/** What each route that changes a task can refuse. */
const writeRefusals = refusals(
  'invalid_json',
  'invalid_header',
  'unauthenticated',
  'not_found',
  'precondition_failed',
  'body_too_large',
  'unsupported_media_type',
  'invalid_input',
)

/** The six routes of tasks. */
export function taskRoutes(app: App, { db, cursors }: { db: Database; cursors: Cursors }): void {
  for (const schema of [Task, TaskCreate, TaskPatch]) app.addSchema(schema)

  app.post(
    LIST,
    {
      schema: {
        operationId: 'createTask',
        summary: 'Create a task',
        tags,
        security,
        body: RefTo<TaskCreate>('TaskCreate'),
        response: {
          201: task,
          ...refusals('invalid_json', 'unauthenticated', 'body_too_large', 'unsupported_media_type', 'invalid_input'),
        },
      },
    },
    async (request, reply) => {
      const task = await db.asUser(signedIn(request), (sql) => store.create(sql, request.body))
      return reply
        .code(201)
        .headers({ location: `${LIST}/${task.id}`, etag: etag(task) })
        .send(task)
    },
  )

  app.get(
    LIST,
    {
      schema: {
        operationId: 'listTasks',
        summary: 'List your tasks, newest first',
        tags,
        security,
        querystring: PageQuery,
        response: { 200: Type.Array(task), ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input') },
      },
    },
    async (request, reply) => {
      const { limit = PAGE_SIZE_MAX, cursor } = request.query
      const page = await db.asUser(signedIn(request), async (sql) => {
        const after = cursor === undefined ? undefined : cursors.open(sql.userId, LIST, cursor)
        const { tasks, total, next } = await store.page(sql, limit, after)
        return { tasks, total, next: next && cursors.seal(sql.userId, LIST, next) }
      })
      void reply.header('x-total-count', page.total)
      if (page.next !== undefined) {
        void reply.headers({
          'x-next-cursor': page.next,
          link: `<${LIST}?limit=${limit}&cursor=${page.next}>; rel="next"`,
        })
      }
      return reply.send(page.tasks)
    },
  )

  app.get(
    `${LIST}/:id`,
    {
      schema: {
        operationId: 'getTask',
        summary: 'Read a task',
        tags,
        security,
        params: ById,
        response: {
          200: task,
          304: Type.Null(),
          ...refusals('invalid_header', 'unauthenticated', 'not_found', 'invalid_input'),
        },
      },
    },
    async (request, reply) => {
      const task = await db.asUser(signedIn(request), (sql) => store.find(sql, request.params.id))
      void reply.header('etag', etag(task))
      return isFresh(request, etag(task)) ? reply.code(304).send(null) : reply.send(task)
    },
  )

  app.patch(
    `${LIST}/:id`,
    {
      schema: {
        operationId: 'updateTask',
        summary: 'Change a task',
        tags,
        security,
        params: ById,
        body: RefTo<TaskPatch>('TaskPatch'),
        response: { 200: task, ...writeRefusals },
      },
    },
    async (request, reply) => {
      const expect = expectedVersion(request)
      const task = await db.asUser(signedIn(request), (sql) =>
        store.update(sql, request.params.id, request.body, expect),
      )
      return reply.header('etag', etag(task)).send(task)
    },
  )

  app.patch(
    `${LIST}/:id/complete`,
    {
      schema: {
        operationId: 'completeTask',
        summary: 'Complete or reopen a task',
        tags,
        security,
        params: ById,
        body: OptionalBody(TaskCompletion),
        response: { 200: task, ...writeRefusals },
      },
    },
    async (request, reply) => {
      const expect = expectedVersion(request)
      const task = await db.asUser(signedIn(request), (sql) =>
        store.complete(sql, request.params.id, request.body?.completed, expect),
      )
      return reply.header('etag', etag(task)).send(task)
    },
  )

  app.delete(
    `${LIST}/:id`,
    {
      schema: {
        operationId: 'deleteTask',
        summary: 'Delete a task',
        tags,
        security,
        params: ById,
        response: {
          204: Type.Null(),
          ...refusals('invalid_header', 'unauthenticated', 'not_found', 'precondition_failed', 'invalid_input'),
        },
      },
    },
    async (request, reply) => {
      const expect = expectedVersion(request)
      await db.asUser(signedIn(request), (sql) => store.remove(sql, request.params.id, expect))
      return reply.code(204).send(null)
    },
  )
}
