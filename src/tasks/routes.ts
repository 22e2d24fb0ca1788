import type { Database } from '../db/database.ts'
import { etag, expectedVersion, isFresh } from '../http/conditional.ts'
import { signedIn } from '../http/identify.ts'
import { once } from '../http/once.ts'
import type { App } from '../http/app.ts'
import { loggedHeaders, type Logged } from '../http/logged.ts'
import { JSON_UTF8 } from '../http/wire.ts'
import type { Principal } from '../principal.ts'
import * as changing from './changing.ts'
import { create } from './creation.ts'
import * as operations from './operations.ts'
import type { Overlaps } from './overlaps.ts'
import { Task, TaskCreate, TaskPatch } from './schema.ts'
import * as store from './store.ts'
import { guarded } from './weekday.ts'

const LIST = '/api/tasks'

const headersOf = (task: store.Stored & Partial<Logged>) => ({
  'content-type': JSON_UTF8,
  etag: etag(task),
  ...loggedHeaders(task),
})

/** The routes of one task. */
export function taskRoutes(app: App, { db }: { db: Database }, completions: Overlaps): void {
  for (const schema of [Task, TaskCreate, TaskPatch]) app.addSchema(schema)

  app.post(
    LIST,
    {
      schema: operations.createTask,
    },
    async (request, reply) => {
      const { task, isNew } = await db.asUser(
        signedIn(request),
        guarded(request.body, undefined, create(request.body)),
        {
          once: once(request, reply),
        },
      )
      return reply
        .code(isNew ? 201 : 200)
        .headers({ ...headersOf(task), location: app.links.to(`${LIST}/${task.id}`) })
        .send(task.json)
    },
  )

  app.get(
    `${LIST}/:id`,
    {
      schema: operations.getTask,
    },
    async (request, reply) => {
      const task = await db.asUser(signedIn(request), store.find(request.params.id))
      if (isFresh(request, etag(task))) return reply.code(304).header('etag', etag(task)).send(null)
      return reply.headers(headersOf(task)).send(task.json)
    },
  )

  changeRoutes(app, db, completions)

  app.delete(
    `${LIST}/:id`,
    {
      schema: operations.deleteTask,
    },
    async (request, reply) => {
      const { permanent = false } = request.query
      const removed: Partial<Logged> = await db.asUser(
        signedIn(request),
        store.remove(request.params.id, expectedVersion(request), permanent),
        { once: once(request, reply) },
      )
      return reply.code(204).headers(loggedHeaders(removed)).send(null)
    },
  )
}

/** The routes that change an existing task. */
function changeRoutes(app: App, db: Database, completions: Overlaps): void {
  app.patch(
    `${LIST}/:id`,
    {
      schema: operations.updateTask,
    },
    async (request, reply) => {
      const { params, body } = request
      const step = guarded(body, params.id, changing.update(params.id, body, expectedVersion(request)))
      const update = (principal: Principal) => db.asUser(principal, step, { once: once(request, reply) })
      const task = await (body.status === 'COMPLETED'
        ? completions.run(signedIn(request), params.id, update)
        : update(signedIn(request)))
      return reply.headers(headersOf(task)).send(task.json)
    },
  )

  app.patch(
    `${LIST}/:id/complete`,
    {
      schema: operations.completeTask,
    },
    async (request, reply) => {
      const { params, body } = request
      const step = changing.complete(params.id, body?.completed, expectedVersion(request))
      const task = await completions.run(signedIn(request), params.id, (principal) =>
        db.asUser(principal, step, { once: once(request, reply) }),
      )
      return reply.headers(headersOf(task)).send(task.json)
    },
  )

  app.post(
    `${LIST}/:id/skip`,
    {
      schema: operations.skipTask,
    },
    async (request, reply) => {
      const { id } = request.params
      const expected = expectedVersion(request)
      const task = await completions.run(signedIn(request), id, (principal) =>
        db.asUser(principal, (sql) => changing.skip(sql, id, expected), { once: once(request, reply) }),
      )
      return reply.headers(headersOf(task)).send(task.json)
    },
  )
}
