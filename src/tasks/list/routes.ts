import type { Database } from '../../db/database.ts'
import { nextPageHeaders, type Cursors } from '../../http/cursor.ts'
import { signedIn } from '../../http/identify.ts'
import type { App } from '../../http/app.ts'
import { syncCursorHeader } from '../../http/sync-cursor.ts'
import { JSON_UTF8 } from '../../http/wire.ts'
import * as operations from './operations.ts'
import * as store from './store.ts'
import { listingOf, readQuery, repeated, type TaskQuery } from './query.ts'
import { PAGE_SIZE_MAX, TagCount, TaskStats } from '../schema.ts'

const LIST = '/api/tasks'
const TAGS = '/api/tags'

/** The routes that read many tasks at once. */
export function taskListRoutes(app: App, { db, cursors }: { db: Database; cursors: Cursors }): void {
  for (const schema of [TaskStats, TagCount]) app.addSchema(schema)

  app.get(
    LIST,
    {
      config: {
        // The query has been validated as a TaskQuery before this is called.
        rows: ({ query }) => (query as TaskQuery).limit ?? PAGE_SIZE_MAX,
        scans: ({ query }) => (query as TaskQuery).q !== undefined || (query as TaskQuery).count === true,
      },
      schema: operations.listTasks,
    },
    async (request, reply) => {
      const given = request.query
      const query = readQuery(given, request.headers['x-timezone'])
      const listing = (): string => `${LIST}?${listingOf(query)}`
      const now = Date.now()
      const { cursor } = given
      const isLarge = request.turn?.isHeavy === true
      const found = await db.asUser(
        signedIn(request),
        cursor === undefined
          ? store.page(query, undefined, now, isLarge)
          : (sql) => sql.run(store.page(query, cursors.open(sql.userId, listing(), cursor), now)),
      )
      void reply.headers(syncCursorHeader(found))
      if (found.total !== null) void reply.header('x-total-count', found.total)
      if (found.next !== undefined) {
        const next = cursors.seal(found.userId, listing(), found.next)
        void reply.headers(nextPageHeaders(app.links.to(`${LIST}?${repeated(given, query)}limit=${query.limit}`), next))
      }
      return reply.type(JSON_UTF8).send(found.tasks)
    },
  )

  app.get(
    `${LIST}/stats`,
    {
      config: { scans: () => true },
      schema: operations.getTaskStats,
    },
    async (request, reply) => reply.send(await db.asUser(signedIn(request), store.stats(Date.now()))),
  )

  app.get(
    TAGS,
    {
      schema: operations.listTags,
    },
    async (request, reply) => {
      const { limit = PAGE_SIZE_MAX, count = false, cursor } = request.query
      const page = await db.asUser(signedIn(request), async (sql) => {
        const after = cursor === undefined ? undefined : cursors.open(sql.userId, TAGS, cursor)
        const { tags, total, next } = await store.tags(sql, { limit, count }, after)
        return { tags, total, next: next && cursors.seal(sql.userId, TAGS, next) }
      })
      if (page.total !== undefined) void reply.header('x-total-count', page.total)
      if (page.next !== undefined) {
        void reply.headers(nextPageHeaders(`${TAGS}?${count ? 'count=true&' : ''}limit=${limit}`, page.next))
      }
      return reply.send(page.tags)
    },
  )
}
