import type { Database } from '../../db/database.ts'
import { nextPageHeaders, pageAt, type Cursors } from '../../http/cursor.ts'
import { signedIn } from '../../http/identify.ts'
import type { App } from '../../http/app.ts'
import { answersUnchanged, conditionOf, openAnswerHash, type AnswerHash } from '../../http/list-condition.ts'
import { JSON_UTF8 } from '../../http/wire.ts'
import * as operations from './operations.ts'
import { openQueries } from './queries.ts'
import * as store from './store.ts'
import { readZone, refuseUnknownZone, type TaskQuery } from './query.ts'
import { PAGE_SIZE_MAX, TagCount, TaskStats } from '../schema.ts'

const LIST = '/api/tasks'
const TAGS = '/api/tags'

interface Listing {
  readonly db: Database
  readonly cursors: Cursors
  readonly hashOf: AnswerHash
}

/** The routes that read many tasks at once. */
export function taskListRoutes(app: App, { db, cursors }: { db: Database; cursors: Cursors }): void {
  for (const schema of [TaskStats, TagCount]) app.addSchema(schema)
  const hashOf = openAnswerHash(cursors)
  const queryOf = openQueries((answer) => hashOf(LIST, [answer]))

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
      const { query, answerHash, repeated, ...understood } = queryOf(request, given)
      const listing = `${LIST}?${understood.listing}`
      const { cursor } = given
      const nowMs = Date.now()
      const condition = conditionOf(request, answerHash)
      const asked = { nowMs, condition, isLarge: request.turn?.isHeavy === true }
      const found = await db
        .asUser(
          signedIn(request),
          pageAt({ cursors, cursor, list: () => listing }, (after) => store.page(query, after, asked)),
        )
        .catch(refuseUnknownZone)
      if (answersUnchanged(reply, found)) return reply.send(null)
      if (found.total !== null) void reply.header('x-total-count', found.total)
      if (found.next !== undefined) {
        const next = cursors.seal(found.userId, listing, found.next)
        void reply.headers(nextPageHeaders(app.links, `${LIST}?${repeated}limit=${query.limit}`, next))
      }
      return reply.type(JSON_UTF8).send(found.tasks)
    },
  )

  aggregateRoutes(app, { db, cursors, hashOf })
}

/** The routes that read what all tasks have together. */
function aggregateRoutes(app: App, { db, cursors, hashOf }: Listing): void {
  const statsHash = hashOf(`${LIST}/stats`, [])
  app.get(
    `${LIST}/stats`,
    {
      config: { scans: () => true },
      schema: operations.getTaskStats,
    },
    async (request, reply) => {
      const zone = readZone(request.query.timezone, request.headers['x-timezone'])
      const found = await db
        .asUser(signedIn(request), store.stats(Date.now(), zone, conditionOf(request, statsHash)))
        .catch(refuseUnknownZone)
      return reply.send(answersUnchanged(reply, found) ? null : found.stats)
    },
  )

  app.get(
    TAGS,
    {
      schema: operations.listTags,
    },
    async (request, reply) => {
      const { limit = PAGE_SIZE_MAX, count = false, cursor } = request.query
      const condition = conditionOf(request, hashOf(TAGS, [limit, count, cursor]))
      const found = await db.asUser(
        signedIn(request),
        pageAt({ cursors, cursor, list: () => TAGS }, (after) => store.tags({ limit, count }, after, condition)),
      )
      if (answersUnchanged(reply, found)) return reply.send(null)
      if (found.total !== undefined) void reply.header('x-total-count', found.total)
      if (found.next !== undefined) {
        const next = cursors.seal(found.userId, TAGS, found.next)
        void reply.headers(nextPageHeaders(app.links, `${TAGS}?${count ? 'count=true&' : ''}limit=${limit}`, next))
      }
      return reply.send(found.tags)
    },
  )
}
