import { Type } from 'typebox'
import { scoped } from '../http/access.ts'
import { AsText, refusals, RefTo } from '../http/wire.ts'
import { CHANGE_PROBLEMS } from './problems.ts'
import { ChangeQuery, PAGE_CHANGES_MAX, type Change } from './schema.ts'

/** The operations on the change log, as Fastify takes them and the OpenAPI document shows them. */

const page = AsText(
  Type.Array(RefTo<Change>('Change'), {
    maxItems: PAGE_CHANGES_MAX,
    description: 'One page of changes, ordered by seq, each entity at most once',
    headers: {
      'X-Next-Cursor': { type: 'string', description: 'The cursor of the next page; always present' },
      'X-Has-More': {
        type: 'boolean',
        description: 'true if the next page can be read now; false if the client has everything',
      },
    },
  }),
)

export const listChanges = {
  operationId: 'listChanges',
  summary: 'Follow the changes of your tasks',
  description:
    'Without `cursor` the pages give everything that exists, and then what has changed since. Keep the last X-Next-Cursor and continue from it at any time: no change is missed and none is given twice in a page. A page can have fewer changes than `limit` although X-Has-More is true. Apply a change by its `id`: `upsert` replaces what you have, `delete` removes it.',
  tags: ['sync'],
  security: scoped('tasks:read'),
  querystring: ChangeQuery,
  response: {
    200: page,
    ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input', CHANGE_PROBLEMS.cursor_expired),
  },
}
