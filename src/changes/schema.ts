import { Type, type Static } from 'typebox'
import { SEQ_MAX } from '../http/sync-cursor.ts'
import { OneOf, OpenSet, RefTo, Uuid } from '../http/wire.ts'
import type { Task } from '../tasks/schema.ts'

export const PAGE_CHANGES_MAX = 1000
export const PAGE_CHANGES = 500

export const ChangeQuery = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({
        description:
          'An X-Next-Cursor or X-Sync-Cursor. Without it, the pages begin with everything that exists, and then go on with what has changed since',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: PAGE_CHANGES_MAX,
        description: `Changes per page; default ${PAGE_CHANGES}`,
      }),
    ),
  },
  { additionalProperties: false },
)
export type ChangeQuery = Static<typeof ChangeQuery>

export const Change = Type.Object(
  {
    seq: Type.Integer({
      minimum: 0,
      maximum: SEQ_MAX,
      description:
        'The number of the change in the log of the user. Of an entity that existed when an initial load began: the number of the newest change at that time',
    }),
    type: OpenSet(['task'], { 'x-component': 'ChangeType', description: 'The kind of entity' }),
    id: Uuid,
    op: OneOf(['upsert', 'delete'], {
      'x-component': 'ChangeOp',
      description: 'upsert: create or replace the entity by `data`. delete: delete it, if you have it',
    }),
    data: Type.Unsafe<Task | null>({
      anyOf: [RefTo<Task>('Task'), Type.Null()],
      description: 'The entity as it is now; null if it was deleted',
    }),
  },
  { $id: 'Change', description: 'The newest change of an entity' },
)
export type Change = Static<typeof Change>
