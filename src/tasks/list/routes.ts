import { Type } from 'typebox'
import type { Database } from '../../db/database.ts'
import { nextPageHeaders, type Cursors } from '../../http/cursor.ts'
import { signedIn } from '../../http/identify.ts'
import type { App } from '../../http/app.ts'
import { AsText, JSON_UTF8, pageHeaders, refusals, RefTo, security } from '../../http/wire.ts'
import * as store from './store.ts'
import { listingOf, readQuery, repeated, TaskQuery, TimezoneHeader } from './query.ts'
import { PAGE_SIZE_MAX, TagCount, TagQuery, TaskStats, type Task } from '../schema.ts'

const LIST = '/api/tasks'
const TAGS = '/api/tags'
const tags = ['tasks']

const page = AsText(
  Type.Array(RefTo<Task>('Task'), {
    description: 'One page of tasks. With `fields` they have only those members',
    headers: pageHeaders('Tasks on all pages'),
  }),
)

const pageOfTags = Type.Array(RefTo<TagCount>('TagCount'), {
  description: 'One page',
  headers: pageHeaders('Tags on all pages'),
})

/** The routes that read many tasks at once. */
export function taskListRoutes(app: App, { db, cursors }: { db: Database; cursors: Cursors }): void {
  for (const schema of [TaskStats, TagCount]) app.addSchema(schema)

  app.get(
    LIST,
    {
      config: {
        // The query was validated as a TaskQuery by then.
        rows: ({ query }) => (query as TaskQuery).limit ?? PAGE_SIZE_MAX,
        scans: ({ query }) => (query as TaskQuery).q !== undefined || (query as TaskQuery).count === true,
      },
      schema: {
        operationId: 'listTasks',
        summary: 'List your tasks: filter, search, sort, page',
        description:
          'Newest first by default. Filters combine with “and”. Under concurrent changes, each unchanged task appears exactly once; a task that changes meanwhile appears at the position of its new values.',
        tags,
        security,
        headers: TimezoneHeader,
        querystring: TaskQuery,
        response: { 200: page, ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input') },
      },
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
      schema: {
        operationId: 'getTaskStats',
        summary: 'Count your tasks',
        description: 'Counts of all your tasks by status and priority, and of overdue tasks.',
        tags,
        security,
        response: {
          200: RefTo<TaskStats>('TaskStats', { description: 'The numbers of your tasks' }),
          ...refusals('unauthenticated', 'invalid_input'),
        },
      },
    },
    async (request, reply) => reply.send(await db.asUser(signedIn(request), store.stats(Date.now()))),
  )

  app.get(
    TAGS,
    {
      schema: {
        operationId: 'listTags',
        description: 'Each tag with the number of tasks that have it.',
        summary: 'List your tags, the most used first',
        tags,
        security,
        querystring: TagQuery,
        response: {
          200: pageOfTags,
          ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input'),
        },
      },
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
