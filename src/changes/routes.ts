import type { Database } from '../db/database.ts'
import type { App } from '../http/app.ts'
import { signedIn } from '../http/identify.ts'
import { readSyncCursor, syncCursor } from '../http/sync-cursor.ts'
import { JSON_UTF8 } from '../http/wire.ts'
import { listChanges } from './operations.ts'
import { Change, PAGE_CHANGES, type ChangeQuery } from './schema.ts'
import { changesAfter } from './store.ts'

/** The routes that read the change log. */
export function changeRoutes(app: App, { db }: { db: Database }): void {
  app.addSchema(Change)

  app.get(
    '/api/changes',
    {
      // The query has been validated as a ChangeQuery.
      config: { rows: ({ query }) => (query as ChangeQuery).limit ?? PAGE_CHANGES },
      schema: listChanges,
    },
    async (request, reply) => {
      const { cursor, limit = PAGE_CHANGES } = request.query
      const { changes, next, hasMore } = await db.asUser(signedIn(request), async (sql) => {
        const from = cursor === undefined ? undefined : readSyncCursor(sql.userId, cursor)
        const page = await sql.run(changesAfter(from, limit))
        return { ...page, next: syncCursor(sql.userId, page.next) }
      })
      return reply
        .type(JSON_UTF8)
        .headers({ 'x-next-cursor': next, 'x-has-more': String(hasMore) })
        .send(changes)
    },
  )
}
