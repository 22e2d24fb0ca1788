import { Type } from 'typebox'
import type { Database } from '../db/database.ts'
import { nextPageHeaders, type Cursors } from '../http/cursor.ts'
import { signedIn } from '../http/identify.ts'
import type { App } from '../http/server.ts'
import { pageHeaders, refusals, RefTo, security } from '../http/wire.ts'
import * as store from './list-store.ts'
import { listingOf, readQuery, repeated, TaskQuery, TimezoneHeader } from './query.ts'
import { PAGE_SIZE_MAX, TagCount, TagQuery, TaskPart, TaskStats, type Task } from './schema.ts'

const LIST = '/api/tasks'
const tags = ['tasks']

const headersOfPage = pageHeaders('Tasks on all pages; absent with count=false')
const pageOfTasks = Type.Array(RefTo<Task>('Task'), { description: 'One page', headers: headersOfPage })
/** As it is documented; what has `fields` is serialised without a schema, since it was selected by name. */
const pageOfParts = Type.Array(Type.Union([RefTo<Task>('Task'), RefTo<TaskPart>('TaskPart')]), {
  description: 'One page: whole tasks or, with `fields`, those members of them',
  headers: headersOfPage,
})

/** The routes that read many tasks at once. */
export function taskListRoutes(app: App, { db, cursors }: { db: Database; cursors: Cursors }): void {
  for (const schema of [TaskPart, TaskStats, TagCount]) app.addSchema(schema)

  app.get(
    LIST,
    {
      schema: {
        operationId: 'listTasks',
        summary: 'List your tasks: filter, search, sort, page',
        description:
          'Newest first when nothing else is asked for. Filters combine with “and”. While tasks come, go and change, each that stays as it is appears exactly once; one that is changed meanwhile is where its new values put it.',
        tags,
        security,
        headers: TimezoneHeader,
        querystring: TaskQuery,
        response: { 200: pageOfTasks, ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input') },
      },
      config: {
        swaggerTransform: ({ schema, url }) => ({
          url,
          schema: { ...schema, response: { ...(schema.response as object), 200: pageOfParts } },
        }),
      },
    },
    async (request, reply) => {
      const given = request.query
      const query = readQuery(given, request.headers['x-timezone'])
      const listing = `${LIST}?${listingOf(query)}`
      const page = await db.asUser(signedIn(request), async (sql) => {
        const after = given.cursor === undefined ? undefined : cursors.open(sql.userId, listing, given.cursor)
        const { next, ...found } = await store.page(sql, query, after, Date.now())
        return { ...found, next: next && cursors.seal(sql.userId, listing, next) }
      })
      if (page.total !== undefined) void reply.header('x-total-count', page.total)
      if (page.next !== undefined) {
        void reply.headers(nextPageHeaders(`${LIST}?${repeated(given, query)}limit=${query.limit}`, page.next))
      }
      if (query.fields !== undefined) void reply.type('application/json; charset=utf-8').serializer(JSON.stringify)
      return reply.send(page.tasks)
    },
  )

  app.get(
    `${LIST}/stats`,
    {
      schema: {
        operationId: 'getTaskStats',
        summary: 'Count your tasks',
        tags,
        security,
        response: {
          200: RefTo<TaskStats>('TaskStats', { description: 'All your tasks, counted' }),
          ...refusals('unauthenticated', 'invalid_input'),
        },
      },
    },
    async (request, reply) => reply.send(await db.asUser(signedIn(request), (sql) => store.stats(sql, Date.now()))),
  )

  app.get(
    '/api/tags',
    {
      schema: {
        operationId: 'listTags',
        summary: 'List your tags, the most used first',
        tags,
        security,
        querystring: TagQuery,
        response: {
          200: Type.Array(RefTo<TagCount>('TagCount'), {
            description: 'Your tags',
            headers: { 'X-Total-Count': { type: 'integer', description: 'How many tags there are in all' } },
          }),
          ...refusals('unauthenticated', 'invalid_input'),
        },
      },
    },
    async (request, reply) => {
      const { limit = PAGE_SIZE_MAX } = request.query
      const { tags, total } = await db.asUser(signedIn(request), (sql) => store.tags(sql, limit))
      return reply.header('x-total-count', total).send(tags)
    },
  )
}
