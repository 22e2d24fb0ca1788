import { Type } from 'typebox'
import { SYNC_CURSOR } from '../../http/sync-cursor.ts'
import { AsText, pageHeaders, refusals, RefTo, security } from '../../http/wire.ts'
import { PAGE_SIZE_MAX, TagQuery, type TagCount, type Task, type TaskStats } from '../schema.ts'
import { TaskQuery, TimezoneHeader } from './query.ts'

/** The operations that read many tasks at once, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['tasks']

const page = AsText(
  Type.Array(RefTo<Task>('Task'), {
    maxItems: PAGE_SIZE_MAX,
    description: 'One page of tasks. With `fields` they have only those members',
    headers: { ...SYNC_CURSOR, ...pageHeaders('Tasks on all pages') },
  }),
)

const pageOfTags = Type.Array(RefTo<TagCount>('TagCount'), {
  maxItems: PAGE_SIZE_MAX,
  description: 'One page',
  headers: pageHeaders('Tags on all pages'),
})

export const listTasks = {
  operationId: 'listTasks',
  summary: 'List your tasks: filter, search, sort, page',
  description:
    'Newest first by default. Filters combine with “and”. Under concurrent changes, each unchanged task appears exactly once; a task that changes meanwhile appears at the position of its new values.',
  tags,
  security,
  headers: TimezoneHeader,
  querystring: TaskQuery,
  response: { 200: page, ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input') },
}

export const getTaskStats = {
  operationId: 'getTaskStats',
  summary: 'Count your tasks',
  description: 'Counts of all your tasks by status and priority, and of overdue tasks.',
  tags,
  security,
  response: {
    200: RefTo<TaskStats>('TaskStats', { description: 'The numbers of your tasks' }),
    ...refusals('unauthenticated', 'invalid_input'),
  },
}

export const listTags = {
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
}
