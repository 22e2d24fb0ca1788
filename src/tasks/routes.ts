import { Type } from 'typebox'
import type { Database } from '../db/database.ts'
import { etag, expectedVersion, isFresh } from '../http/conditional.ts'
import { signedIn } from '../http/identify.ts'
import type { App } from '../http/server.ts'
import { OptionalBody, refusals, RefTo } from '../http/wire.ts'
import { ById, Task, TaskCompletion, TaskCreate, TaskPatch } from './schema.ts'
import * as store from './store.ts'

const LIST = '/api/tasks'
const tags = ['tasks']

const ETag = { type: 'string', description: 'The version in double quotes, for If-Match and If-None-Match' }
const task = RefTo<Task>('Task', { description: 'The task as it is now', headers: { ETag } })
const createdTask = RefTo<Task>('Task', {
  description: 'Created',
  headers: { ETag, Location: { type: 'string', description: 'The path of the task' } },
})
const unchanged = Type.Null({ description: 'You have this version' })
const gone = Type.Null({ description: 'Deleted' })
const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'Only if the version is still this one, as ETag gave it', examples: ['"3"'] }),
  ),
})
const IfNoneMatch = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'Only if the version is no longer this one', examples: ['"3"'] }),
  ),
})
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
  'outcome_unknown',
)

/** The routes of one task. */
export function taskRoutes(app: App, { db }: { db: Database }): void {
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
          201: createdTask,
          ...refusals(
            'invalid_json',
            'unauthenticated',
            'body_too_large',
            'unsupported_media_type',
            'invalid_input',
            'outcome_unknown',
          ),
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
    `${LIST}/:id`,
    {
      schema: {
        operationId: 'getTask',
        summary: 'Read a task',
        tags,
        security,
        params: ById,
        headers: IfNoneMatch,
        response: {
          200: task,
          304: unchanged,
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
        headers: IfMatch,
        consumes: ['application/json', 'application/merge-patch+json'],
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
        headers: IfMatch,
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
        headers: IfMatch,
        response: {
          204: gone,
          ...refusals(
            'invalid_header',
            'unauthenticated',
            'not_found',
            'precondition_failed',
            'invalid_input',
            'outcome_unknown',
          ),
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
