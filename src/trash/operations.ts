import { Type } from 'typebox'
import { WRITTEN } from '../http/logged.ts'
import { scoped } from '../http/access.ts'
import { AsText, IdempotentHeaders, NEXT_PAGE, ONCE_REFUSALS, REPLAYED, refusals, RefTo } from '../http/wire.ts'
import { ById, ETag, Location } from '../tasks/schema.ts'
import { PAGE_TRASH_MAX, TRASH_DAYS, TrashQuery, type Trashed, type TrashRestore } from './schema.ts'

/** The operations on the trash, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['trash']

const page = Type.Array(RefTo<Trashed>('Trashed'), {
  maxItems: PAGE_TRASH_MAX,
  description: 'One page',
  headers: NEXT_PAGE,
})

const writeRefusals = ['unauthenticated', 'invalid_input', 'outcome_unknown', ...ONCE_REFUSALS] as const

export const listTrash = {
  operationId: 'listTrash',
  summary: 'List what you have deleted',
  description: `Everything that was deleted in the last ${TRASH_DAYS} days and can be restored, the latest deletion first. After ${TRASH_DAYS} days it is deleted for good.`,
  tags,
  security: scoped('tasks:read'),
  querystring: TrashQuery,
  response: { 200: page, ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input') },
}

export const getTrashed = {
  operationId: 'getTrashed',
  summary: 'Read something in the trash',
  description: 'The task as it was when it was deleted, when that was, and who deleted it.',
  tags,
  security: scoped('tasks:read'),
  params: ById,
  response: {
    200: RefTo<Trashed>('Trashed', { description: 'The item' }),
    ...refusals('unauthenticated', 'not_found', 'invalid_input'),
  },
}

export const restoreTrashed = {
  operationId: 'restoreTrashed',
  summary: 'Restore a task from the trash',
  description:
    'The task has the same id, content, createdAt and completedAt as before it was deleted. Its version is incremented, and updatedAt is the time of the request. If two requests restore the same task at once, one of them gets 404.',
  tags,
  security: scoped('tasks:write'),
  params: ById,
  headers: IdempotentHeaders,
  response: {
    200: AsText(
      RefTo('Task', {
        description: 'The task, which is in your list again',
        headers: { ETag, Location, ...WRITTEN, ...REPLAYED },
      }),
    ),
    ...refusals(...writeRefusals, 'not_found'),
  },
}

export const restoreManyTrashed = {
  operationId: 'restoreManyTrashed',
  summary: 'Restore up to 100 tasks from the trash at once',
  description:
    'Restores those of the tasks that are in your trash, in one transaction, and lists the other ids. It is one change in the history, which one undo takes back. A repetition finds none of them.',
  tags,
  security: scoped('tasks:write'),
  headers: IdempotentHeaders,
  body: RefTo<TrashRestore>('TrashRestore'),
  response: {
    200: AsText(
      RefTo('TrashRestored', { description: 'The result for each id', headers: { ...WRITTEN, ...REPLAYED } }),
    ),
    ...refusals(...writeRefusals, 'invalid_json', 'body_too_large', 'unsupported_media_type'),
  },
}

export const eraseTrashed = {
  operationId: 'eraseTrashed',
  summary: 'Delete something in the trash for good',
  description:
    'It cannot be restored any more, and its content leaves the change log and the history too. They keep that it existed and was deleted, when and by whom.',
  tags,
  security: scoped('tasks:write'),
  params: ById,
  headers: IdempotentHeaders,
  response: {
    204: Type.Null({ description: 'Deleted for good', headers: REPLAYED }),
    ...refusals(...writeRefusals, 'not_found'),
  },
}

export const emptyTrash = {
  operationId: 'emptyTrash',
  summary: 'Empty the trash',
  description:
    'Deletes everything in the trash for good, as the deletion of one item does. With more than 1000 items the answer is 202, and the rest is deleted in the background, usually within a minute. What is deleted after the request stays in the trash.',
  tags,
  security: scoped('tasks:write'),
  headers: IdempotentHeaders,
  response: {
    // Without a body, which only `undefined` means with this status. The document shows no content for the type null.
    202: Type.Unsafe<undefined>(
      Type.Null({ description: 'The oldest 1000 items are deleted; the rest follows', headers: REPLAYED }),
    ),
    204: Type.Null({ description: 'The trash is empty', headers: REPLAYED }),
    ...refusals(...writeRefusals),
  },
}
