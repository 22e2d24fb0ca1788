import type { FastifyRequest } from 'fastify'
import type { Database } from '../db/database.ts'
import type { App } from '../http/app.ts'
import { nextPageHeaders, pageAt, type Cursors } from '../http/cursor.ts'
import { signedIn } from '../http/identify.ts'
import { JSON_UTF8 } from '../http/wire.ts'
import * as operations from './operations.ts'
import { filterOf, repeated } from './query.ts'
import { HistoryActor, HistoryChange, HistoryEntry, HistoryValues, PAGE_ENTRIES, type HistoryQuery } from './schema.ts'
import * as store from './store.ts'
import { noEntry } from './undo.ts'

interface HistoryDeps {
  readonly db: Database
  readonly cursors: Cursors
}

/** The routes that read the history. */
export function historyRoutes(app: App, deps: HistoryDeps): void {
  const { db } = deps
  for (const schema of [HistoryValues, HistoryChange, HistoryActor, HistoryEntry]) app.addSchema(schema)
  // The query has been validated as a HistoryQuery before this is called.
  const rows = ({ query }: FastifyRequest): number => (query as HistoryQuery).limit ?? PAGE_ENTRIES
  const pageOf = openPages(app, deps)

  app.get('/api/history', { config: { rows }, schema: operations.listHistory }, async (request, reply) => {
    const { entries, headers } = await pageOf(request, request.query, '/api/history')
    return reply.type(JSON_UTF8).headers(headers).send(entries)
  })

  app.get(
    '/api/tasks/:id/history',
    { config: { rows }, schema: operations.listTaskHistory },
    async (request, reply) => {
      const id = request.params.id.toLowerCase()
      const { entries, headers } = await pageOf(request, request.query, `/api/tasks/${id}/history`, id)
      return reply.type(JSON_UTF8).headers(headers).send(entries)
    },
  )

  app.get('/api/history/:id', { schema: operations.getHistoryEntry }, async (request, reply) => {
    const entry = await db.asUser(signedIn(request), store.entry(request.params.id))
    if (entry === undefined) throw noEntry()
    return reply.type(JSON_UTF8).send(entry)
  })
}

interface Page {
  readonly entries: string
  readonly headers: Readonly<Record<string, string>>
}

/** A page of the list at `path`, with the cursor of the next one. */
const openPages =
  ({ links }: App, { db, cursors }: HistoryDeps) =>
  async (request: FastifyRequest, query: HistoryQuery, path: string, taskId?: string): Promise<Page> => {
    const { limit = PAGE_ENTRIES, cursor } = query
    const filter = filterOf(query)
    const list = path + repeated(query)
    const { entries, next, userId } = await db.asUser(
      signedIn(request),
      pageAt({ cursors, cursor, list: () => list }, (after) =>
        store.pageOf(taskId, filter, { limit, below: after && Number(after[0]) }),
      ),
    )
    if (next === null) return { entries, headers: {} }
    return {
      entries,
      headers: nextPageHeaders(links, `${list}limit=${limit}`, cursors.seal(userId, list, [String(next)])),
    }
  }
