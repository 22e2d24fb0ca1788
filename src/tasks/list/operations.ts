import { Type } from 'typebox'
import { KNOWN_LIST, LIST_ETAG } from '../../http/list-condition.ts'
import { SYNC_CURSOR } from '../../http/logged.ts'
import { scoped } from '../../http/access.ts'
import { AsText, pageHeaders, refusals, RefTo } from '../../http/wire.ts'
import { PAGE_SIZE_MAX, TagQuery, type TagCount, type Task, type TaskStats } from '../schema.ts'
import { StatsQuery, TaskQuery, TimezoneHeader } from './query.ts'

/** The operations that read many tasks at once, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['tasks']

const headers = { ...LIST_ETAG, ...SYNC_CURSOR }
const unchanged = Type.Null({ description: 'Nothing has changed since the answer with this ETag', headers })
const IfNoneMatch = Type.Object(KNOWN_LIST)

const page = AsText(
  Type.Array(RefTo<Task>('Task'), {
    maxItems: PAGE_SIZE_MAX,
    description: 'One page of tasks. With `fields` they have only those members',
    headers: { ...headers, ...pageHeaders('Tasks on all pages') },
  }),
)

const pageOfTags = Type.Array(RefTo<TagCount>('TagCount'), {
  maxItems: PAGE_SIZE_MAX,
  description: 'One page',
  headers: { ...headers, ...pageHeaders('Tags on all pages') },
})

export const listTasks = {
  operationId: 'listTasks',
  summary: 'List your tasks: filter, search, sort, page',
  description:
    'Newest first by default. Filters combine with “and”. Under concurrent changes, each unchanged task appears exactly once; a task that changes meanwhile appears at the position of its new values. A client that polls sends the `ETag` of its last answer as `If-None-Match`: the answer is 304 unless something has changed, and costs the database one small row.',
  tags,
  security: scoped('tasks:read'),
  headers: Type.Object({ ...TimezoneHeader.properties, ...KNOWN_LIST }),
  querystring: TaskQuery,
  response: { 200: page, 304: unchanged, ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input') },
}

export const getTaskStats = {
  operationId: 'getTaskStats',
  summary: 'Count your tasks',
  description:
    'Counts of all your tasks by status and priority, and of overdue tasks. A task that is due on a day is overdue when the day is over in the time zone.',
  tags,
  security: scoped('tasks:read'),
  headers: Type.Object({ ...TimezoneHeader.properties, ...KNOWN_LIST }),
  querystring: StatsQuery,
  response: {
    200: RefTo<TaskStats>('TaskStats', { description: 'The numbers of your tasks', headers }),
    304: unchanged,
    ...refusals('unauthenticated', 'invalid_input'),
  },
}

export const listTags = {
  operationId: 'listTags',
  description: 'Each tag with the number of tasks that have it.',
  summary: 'List your tags, the most used first',
  tags,
  security: scoped('tasks:read'),
  headers: IfNoneMatch,
  querystring: TagQuery,
  response: {
    200: pageOfTags,
    304: unchanged,
    ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input'),
  },
}
