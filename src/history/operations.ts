import { Type } from 'typebox'
import { AsText, refusals, RefTo, security } from '../http/wire.ts'
import { ById } from '../tasks/schema.ts'
import { HistoryQuery, PAGE_ENTRIES_MAX, type HistoryEntry } from './schema.ts'

/** The operations on the history, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['history']

const page = AsText(
  Type.Array(RefTo<HistoryEntry>('HistoryEntry'), {
    maxItems: PAGE_ENTRIES_MAX,
    description:
      'One page of entries, newest first. It can have fewer than `limit`, or none, although there is a next page: if its entries have many changes, or if few requests match the filter',
    headers: {
      'X-Next-Cursor': { type: 'string', description: 'The cursor of the next page; absent on the last page' },
      Link: { type: 'string', description: 'RFC 8288: the next page, as rel="next"; absent on the last page' },
    },
  }),
)

const FILTERS =
  'Entries are kept for 90 days. `actor`, `since` and `until` combine with “and”; a time is compared with `at`, when the request had made its changes.'

export const listHistory = {
  operationId: 'listHistory',
  summary: 'List what was changed, by whom',
  description: `One entry for each request that changed something, a batch included, newest first. ${FILTERS}`,
  tags,
  security,
  querystring: HistoryQuery,
  response: { 200: page, ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input') },
}

export const listTaskHistory = {
  operationId: 'listTaskHistory',
  summary: 'List the changes of one task',
  description: `As GET /api/history, with the requests that changed this task. An entry shows the changes of this task alone: GET /api/history/{id} shows all that the request changed. A deleted task has its history too. ${FILTERS}`,
  tags,
  security,
  params: ById,
  querystring: HistoryQuery,
  response: { 200: page, ...refusals('invalid_cursor', 'unauthenticated', 'not_found', 'invalid_input') },
}

export const getHistoryEntry = {
  operationId: 'getHistoryEntry',
  summary: 'Read an entry of the history',
  description: 'By the X-Change-Id of its request.',
  tags,
  security,
  params: ById,
  response: {
    200: AsText(RefTo<HistoryEntry>('HistoryEntry', { description: 'All that the request changed' })),
    ...refusals('unauthenticated', 'not_found', 'invalid_input'),
  },
}
