import { Type } from 'typebox'
import { scoped } from '../http/access.ts'
import { WRITTEN } from '../http/logged.ts'
import { AsText, IdempotentHeaders, NEXT_PAGE, ONCE_REFUSALS, REPLAYED, refusals, RefTo } from '../http/wire.ts'
import { ById } from '../tasks/schema.ts'
import { HISTORY_PROBLEMS } from './problems.ts'
import {
  HistoryQuery,
  PAGE_ENTRIES_MAX,
  UNDONE_MAX,
  type HistoryEntry,
  type UndoOfTime,
  type UndoTime,
} from './schema.ts'

/** The operations on the history, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['history']

const page = AsText(
  Type.Array(RefTo<HistoryEntry>('HistoryEntry'), {
    maxItems: PAGE_ENTRIES_MAX,
    description:
      'One page of entries, newest first. It can have fewer than `limit`, or none, although there is a next page: if its entries have many changes, or if few requests match the filter',
    headers: NEXT_PAGE,
  }),
)

const FILTERS =
  'Entries are kept for 90 days. `actor`, `since` and `until` combine with “and”; a time is compared with `at`, when the request had made its changes.'

export const listHistory = {
  operationId: 'listHistory',
  summary: 'List what was changed, by whom',
  description: `One entry for each request that changed something, a batch included, newest first. ${FILTERS}`,
  tags,
  security: scoped('tasks:read'),
  querystring: HistoryQuery,
  response: { 200: page, ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input') },
}

export const listTaskHistory = {
  operationId: 'listTaskHistory',
  summary: 'List the changes of one task',
  description: `As GET /api/history, with the requests that changed this task. An entry shows the changes of this task alone: GET /api/history/{id} shows all that the request changed. A deleted task has its history too. ${FILTERS}`,
  tags,
  security: scoped('tasks:read'),
  params: ById,
  querystring: HistoryQuery,
  response: { 200: page, ...refusals('invalid_cursor', 'unauthenticated', 'not_found', 'invalid_input') },
}

export const getHistoryEntry = {
  operationId: 'getHistoryEntry',
  summary: 'Read an entry of the history',
  description: 'By the X-Change-Id of its request.',
  tags,
  security: scoped('tasks:read'),
  params: ById,
  response: {
    200: AsText(RefTo<HistoryEntry>('HistoryEntry', { description: 'All that the request changed' })),
    ...refusals('unauthenticated', 'not_found', 'invalid_input'),
  },
}

const ENTRY_OF_UNDO = {
  description: 'The entry of the undo, which can be undone like any other',
  headers: { ...WRITTEN, ...REPLAYED },
}
const undone = {
  200: AsText(RefTo<HistoryEntry>('HistoryEntry', ENTRY_OF_UNDO)),
  204: Type.Null({ description: 'There was nothing to change', headers: { ...WRITTEN, ...REPLAYED } }),
}
const undoRefusals = [
  'unauthenticated',
  'invalid_input',
  'outcome_unknown',
  ...ONCE_REFUSALS,
  HISTORY_PROBLEMS.undo_conflict,
  HISTORY_PROBLEMS.cannot_be_undone,
] as const

export const undoChange = {
  operationId: 'undoChange',
  summary: 'Undo what a request changed',
  description:
    'Sets back the fields that the request changed, and only those; deletes into the trash what it created, and restores what it deleted. A batch, a bulk deletion or an undo is taken back as a whole. A field that is not as the request made it any more is a conflict (409), and nothing is changed. With dryRun=true the answer shows what would be changed.',
  tags,
  security: scoped('tasks:write'),
  params: ById,
  headers: IdempotentHeaders,
  response: { ...undone, ...refusals(...undoRefusals, 'not_found') },
}

export const undoChanges = {
  operationId: 'undoChanges',
  summary: 'Undo all changes of a time, or those of one actor in it',
  description: `Takes back what was changed in the time, the newest first, all or nothing, as one change. What is already undone is left out. Only changes that are not taken back here can be conflicts. With skipConflicts=true conflicts stay as they are instead, and are named in \`skipped\`. At most ${UNDONE_MAX} changes; if there are more, the answer is 422 with \`since\`: undo the changes since that time first, and then the others with it as \`until\`. With dryRun=true the answer shows what would be changed.`,
  tags,
  security: scoped('tasks:write'),
  headers: IdempotentHeaders,
  body: RefTo<UndoTime>('UndoTime'),
  response: {
    ...undone,
    200: AsText(RefTo<UndoOfTime>('UndoOfTime', ENTRY_OF_UNDO)),
    ...refusals(...undoRefusals, 'invalid_json', 'body_too_large', 'unsupported_media_type'),
  },
}
