import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { etag } from '../http/conditional.ts'
import { nextPageHeaders, pageAt } from '../http/cursor.ts'
import { signedIn } from '../http/identify.ts'
import { once } from '../http/once.ts'
import { loggedHeaders } from '../http/logged.ts'
import { distinctIds, JSON_UTF8 } from '../http/wire.ts'
import type { Positioned } from '../tasks/store.ts'
import { emptyingUpTo } from './jobs.ts'
import * as operations from './operations.ts'
import { PAGE_TRASH, Trashed, TrashRestore, TrashRestored, type TrashQuery } from './schema.ts'
import * as store from './store.ts'

const TRASH = '/api/trash'
/** What is in a fuller trash is deleted for good by a job. */
const ERASED_MAX = 1000

/** What was deleted, and what can be done with it. */
export function trashRoutes(app: App, { db, cursors, jobs }: FeatureDeps): void {
  for (const schema of [Trashed, TrashRestore, TrashRestored]) app.addSchema(schema)

  app.get(
    TRASH,
    {
      // The query has been validated as a TrashQuery.
      config: { rows: ({ query }) => (query as TrashQuery).limit ?? PAGE_TRASH },
      schema: operations.listTrash,
    },
    async (request, reply) => {
      const { cursor, limit = PAGE_TRASH } = request.query
      const { items, next, userId } = await db.asUser(
        signedIn(request),
        pageAt({ cursors, cursor, list: () => TRASH }, (after) => store.page(limit, after)),
      )
      if (next !== undefined) {
        const sealed = cursors.seal(userId, TRASH, next)
        void reply.headers(nextPageHeaders(app.links, `${TRASH}?limit=${limit}`, sealed))
      }
      return reply.send([...items])
    },
  )

  app.get(`${TRASH}/:id`, { schema: operations.getTrashed }, async (request, reply) =>
    reply.send(await db.asUser(signedIn(request), store.find(request.params.id))),
  )

  restoreRoutes(app, db)

  app.delete(`${TRASH}/:id`, { schema: operations.eraseTrashed }, async (request, reply) => {
    await db.asUser(signedIn(request), (sql) => store.erase(sql, request.params.id), { once: once(request, reply) })
    return reply.code(204).send(null)
  })

  app.delete(TRASH, { schema: operations.emptyTrash }, async (request, reply) => {
    const isEmpty = await db.asUser(
      signedIn(request),
      async (sql) => {
        const seq = (await store.eraseOldest(sql, ERASED_MAX)) < ERASED_MAX ? undefined : await store.newestSeq(sql)
        if (seq !== undefined) await jobs.enqueue(sql, emptyingUpTo(seq))
        return seq === undefined
      },
      { once: once(request, reply) },
    )
    if (!isEmpty) jobs.wake()
    return reply.code(isEmpty ? 204 : 202).send(undefined)
  })
}

function restoreRoutes(app: App, db: FeatureDeps['db']): void {
  app.post(`${TRASH}/:id/restore`, { schema: operations.restoreTrashed }, async (request, reply) => {
    const id = request.params.id.toLowerCase()
    const restored = await db.asUser(signedIn(request), (sql): Promise<Positioned> => store.restore(sql, id), {
      once: once(request, reply),
    })
    const location = app.links.to(`/api/tasks/${restored.id}`)
    return reply
      .headers({ 'content-type': JSON_UTF8, etag: etag(restored), location, ...loggedHeaders(restored) })
      .send(restored.json)
  })

  app.post(
    `${TRASH}/restore`,
    {
      // The body has been validated as a TrashRestore before this is called.
      config: { rows: ({ body }) => (body as TrashRestore).ids.length },
      schema: operations.restoreManyTrashed,
    },
    async (request, reply) => {
      const ids = distinctIds(request.body.ids)
      const restored = await db.asUser(signedIn(request), (sql) => store.restoreMany(sql, ids), {
        once: once(request, reply),
      })
      return reply.headers({ 'content-type': JSON_UTF8, ...loggedHeaders(restored) }).send(restoredJson(ids, restored))
    },
  )
}

/** @param ids in the order of the request */
function restoredJson(ids: readonly string[], { tasks, notInTrash }: store.Restored): string {
  const texts = new Map(tasks.map(({ id, json }) => [id, json]))
  return `{"tasks":[${ids.flatMap((id) => texts.get(id) ?? []).join(',')}],"notFound":${JSON.stringify(notInTrash)}}`
}
