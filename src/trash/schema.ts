import { Type, type Static } from 'typebox'
import { Instant, Nullable, OneOf, OpenSet, CursorParameter, limitParameter, RefTo, Uuid } from '../http/wire.ts'
import { PRINCIPAL_KINDS } from '../principal.ts'
import { EXAMPLE, type Task } from '../tasks/schema.ts'

/** How long something stays in the trash. `todo_expire_trash()` in migrations/0010_trash.up.sql has the same number. */
export const TRASH_DAYS = 30

export const PAGE_TRASH_MAX = 200
export const PAGE_TRASH = 50

export const TrashQuery = Type.Object(
  {
    limit: limitParameter('Items', PAGE_TRASH, PAGE_TRASH_MAX),
    cursor: CursorParameter,
  },
  { additionalProperties: false },
)
export type TrashQuery = Static<typeof TrashQuery>

const ACTOR_NAME_LENGTH_MAX = 200

const DeletedBy = Type.Unsafe<{ kind: string; name: string | null } | null>({
  ...Type.Object({
    kind: OpenSet(PRINCIPAL_KINDS, { description: 'session: you, signed in' }),
    name: Nullable(
      Type.String({
        maxLength: ACTOR_NAME_LENGTH_MAX,
        description: 'The name of the personal token, connected app, service or job; null for a session',
      }),
    ),
  }),
  type: ['object', 'null'],
  'x-component': 'DeletedBy',
  description: 'Who deleted it; null if that was not recorded',
})

export const Trashed = Type.Object(
  {
    id: Uuid,
    type: OneOf(['task'], { 'x-component': 'TrashedType', description: 'The kind of entity' }),
    deletedAt: Instant,
    expiresAt: { ...Instant, description: `When it will be deleted for good: ${TRASH_DAYS} days after its deletion` },
    deletedBy: DeletedBy,
    data: RefTo<Task>('Task', { description: 'The task as it was when it was deleted' }),
  },
  {
    $id: 'Trashed',
    description: 'Something deleted that can be restored',
    examples: [
      {
        id: EXAMPLE['id'],
        type: 'task',
        deletedAt: '2025-12-21T08:00:00Z',
        expiresAt: '2026-01-20T08:00:00Z',
        deletedBy: { kind: 'session', name: null },
        data: EXAMPLE,
      },
    ],
  },
)
export type Trashed = Static<typeof Trashed>

/** The answer has the tasks, as that of a batch. */
export const RESTORED_MAX = 100

export const TrashRestore = Type.Object(
  { ids: Type.Array(Uuid, { minItems: 1, maxItems: RESTORED_MAX, uniqueItems: true }) },
  { $id: 'TrashRestore', additionalProperties: false, examples: [{ ids: [EXAMPLE['id']] }] },
)
export type TrashRestore = Static<typeof TrashRestore>

export const TrashRestored = Type.Object(
  {
    tasks: Type.Array(RefTo<Task>('Task'), {
      maxItems: RESTORED_MAX,
      description: 'The tasks, which are in your list again, in the order of the request',
    }),
    notFound: Type.Array(Uuid, {
      maxItems: RESTORED_MAX,
      description: 'Ids with which nothing is in your trash, in the order of the request',
    }),
  },
  { $id: 'TrashRestored', description: 'The result for each id', examples: [{ tasks: [EXAMPLE], notFound: [] }] },
)
