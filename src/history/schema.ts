import { Type, type Static } from 'typebox'
import {
  Instant,
  Nullable,
  OneOf,
  OpenSet,
  CursorParameter,
  limitParameter,
  RefTo,
  REQUEST_ID_LENGTH_MAX,
  Uuid,
} from '../http/wire.ts'
import { PRINCIPAL_KINDS } from '../principal.ts'

export const PAGE_ENTRIES_MAX = 100
export const PAGE_ENTRIES = 20
/** Of an entry, and of a page with more than one entry. */
export const CHANGES_MAX = 1000
/** Most changes that an undo takes back, and so most changes of the log that it is of. */
export const UNDONE_MAX = CHANGES_MAX

const NAME_LENGTH_MAX = 255
const OPERATION_LENGTH_MAX = 255
const ACTOR_LENGTH_MAX = 300

const Since = Type.Optional(
  Type.Unsafe<string>({ ...Instant, description: 'Changes made at this instant or later; write + as %2B' }),
)
const Until = Type.Optional(Type.Unsafe<string>({ ...Instant, description: 'Changes made before this instant' }))

export const HistoryQuery = Type.Object(
  {
    actor: Type.Optional(
      Type.String({
        maxLength: ACTOR_LENGTH_MAX,
        format: 'text',
        description: `Changes of one kind of actor (${PRINCIPAL_KINDS.join(', ')}), or of one actor, as kind:name`,
        examples: ['service:agent'],
      }),
    ),
    since: Since,
    until: Until,
    limit: limitParameter('Maximum number of entries', PAGE_ENTRIES, PAGE_ENTRIES_MAX),
    cursor: CursorParameter,
  },
  { additionalProperties: false },
)
export type HistoryQuery = Static<typeof HistoryQuery>

export const HistoryValues = Type.Object(
  {},
  {
    $id: 'HistoryValues',
    additionalProperties: true,
    description: 'Members of an entity by name, as in its JSON',
    examples: [{ title: 'Buy milk' }],
  },
)
export type HistoryValues = Readonly<Record<string, unknown>>

const valuesOrNull = (description: string) =>
  Type.Unsafe<HistoryValues | null>({ anyOf: [RefTo('HistoryValues'), Type.Null()], description })

const CHANGE_EXAMPLE = {
  type: 'task',
  id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11',
  op: 'update',
  version: 2,
  before: { title: 'Buy milk' },
  after: { title: 'Buy oat milk' },
  erased: false,
}

export const HistoryChange = Type.Object(
  {
    type: OpenSet(['task'], { description: 'The kind of entity' }),
    id: Uuid,
    op: OpenSet(['create', 'update', 'delete'], {
      description: 'A task that is restored from the trash is created again, with the same id',
    }),
    version: Type.Integer({
      minimum: 1,
      description: 'The version of the entity after the change; of a deleted one, its last',
    }),
    before: valuesOrNull(
      'The values that were replaced: the members that an update changed, or all members of a deleted entity. Null for a creation',
    ),
    after: valuesOrNull(
      'The values that were set: the members that an update changed, or all members of a new entity. Null for a deletion',
    ),
    erased: Type.Boolean({
      description:
        'true if the entity was deleted for good: `before` and `after` are null, and the change cannot be undone',
    }),
  },
  {
    $id: 'HistoryChange',
    description: 'What a request changed of one entity',
    examples: [CHANGE_EXAMPLE],
  },
)
export type HistoryChange = Static<typeof HistoryChange>

const ActorKind = Type.Unsafe<string | null>({
  ...OpenSet(PRINCIPAL_KINDS),
  type: ['string', 'null'],
  description: 'session: the user. Null for a change that was not made by a request or job',
})

export const HistoryActor = Type.Object(
  {
    kind: ActorKind,
    name: Nullable(
      Type.String({
        maxLength: NAME_LENGTH_MAX,
        description: 'Of a personal token, connected app, service or job; null for the user',
      }),
    ),
  },
  { $id: 'HistoryActor', description: 'Who made a change', examples: [{ kind: 'service', name: 'agent' }] },
)
export type HistoryActor = Static<typeof HistoryActor>

const Operation = Nullable(
  Type.String({
    maxLength: OPERATION_LENGTH_MAX,
    description: 'The operationId in this document, or the name of a job',
  }),
)

const ENTRY_EXAMPLE = {
  id: '019b6051-4b11-7d3f-8a52-77a1f0c5e9d4',
  at: '2025-12-20T09:31:12.5Z',
  actor: { kind: 'session', name: null },
  requestId: '8f0e7f2e-6a59-4f0c-9a53-2f4f0f6f3c55',
  operation: 'updateTask',
  undoes: [],
  undoneBy: null,
  changeCount: 1,
  changes: [CHANGE_EXAMPLE],
}

export const HistoryEntry = Type.Object(
  {
    id: Type.Unsafe<string>({ ...Uuid, description: 'The X-Change-Id of the request' }),
    at: Instant,
    actor: RefTo<HistoryActor>('HistoryActor'),
    requestId: Nullable(
      Type.String({ maxLength: REQUEST_ID_LENGTH_MAX, description: 'The X-Request-Id; of a job, its id' }),
    ),
    operation: Operation,
    undoes: Type.Array(Uuid, {
      maxItems: UNDONE_MAX,
      description: 'Ids of the entries that this one took back, the newest first; empty if it is no undo',
    }),
    undoneBy: Type.Unsafe<string | null>({
      ...Nullable(Type.String({ format: 'uuid' })),
      description:
        'The id of the entry that took this one back; null if it is in effect, also after its undo was undone',
    }),
    changeCount: Type.Integer({
      minimum: 1,
      description: `The number of changes. Requests make at most ${CHANGES_MAX}; of other programs' larger changes the first ${CHANGES_MAX} are shown`,
    }),
    changes: Type.Array(RefTo<HistoryChange>('HistoryChange'), {
      maxItems: CHANGES_MAX,
      description: 'In the order in which they were made',
    }),
  },
  {
    $id: 'HistoryEntry',
    description: 'All that one request changed',
    examples: [ENTRY_EXAMPLE],
  },
)
export type HistoryEntry = Static<typeof HistoryEntry>

const Skipped = Type.Object(
  {
    type: OpenSet(['task'], { 'x-component': 'SkippedType', description: 'The kind of entity' }),
    id: Uuid,
    field: Nullable(
      Type.String({
        maxLength: NAME_LENGTH_MAX,
        description: 'The first of its fields that stays as it is; null for the whole entity',
      }),
    ),
    change: Type.Unsafe<LaterChange | null>({
      anyOf: [
        Type.Object(
          { id: Uuid, at: Instant, actor: RefTo<HistoryActor>('HistoryActor'), operation: Operation },
          { 'x-component': 'LaterChange', description: 'The latest change that is in the way' },
        ),
        Type.Null(),
      ],
      description: 'Null where none is known: the entity cannot be restored, or was deleted for good',
    }),
  },
  { 'x-component': 'Skipped', description: 'Something that an undo left as it is' },
)

/** Who changed something later. */
export interface LaterChange {
  readonly id: string
  readonly at: string
  readonly actor: HistoryActor
  readonly operation: string | null
}

export const UndoOfTime = Type.Object(
  {
    ...HistoryEntry.properties,
    skipped: Type.Optional(
      Type.Array(Skipped, {
        maxItems: UNDONE_MAX,
        description:
          'With skipConflicts: the entities of which something stays as it is. Requests that changed it are not among `undoes`',
      }),
    ),
  },
  {
    $id: 'UndoOfTime',
    description: 'The entry of an undo of a time',
    examples: [{ ...ENTRY_EXAMPLE, operation: 'undoChanges', skipped: [] }],
  },
)
export type UndoOfTime = Static<typeof UndoOfTime>

export const UndoTime = Type.Object(
  {
    actor: Type.Optional(
      Type.Object(
        {
          kind: OneOf(PRINCIPAL_KINDS, { 'x-component': 'UndoActorKind' }),
          name: Type.Optional(
            Nullable(
              Type.String({
                minLength: 1,
                maxLength: NAME_LENGTH_MAX,
                format: 'text',
                description: 'As in the history. Absent or null: all of this kind',
              }),
            ),
          ),
        },
        {
          additionalProperties: false,
          'x-component': 'UndoActor',
          description: 'Whose changes are taken back; absent: those of all',
        },
      ),
    ),
    since: Type.Unsafe<string>({ ...Instant, description: 'Changes made at this instant or later' }),
    until: Type.Optional(
      Type.Unsafe<string>({ ...Instant, description: 'Changes made before this instant; absent: up to now' }),
    ),
    skipConflicts: Type.Optional(
      Type.Boolean({
        description:
          'true takes back what can be taken back. What is not as these changes made it any more, or cannot be restored, stays as it is: 409 is then the answer only if nothing else is left. false, the default: all or nothing',
      }),
    ),
  },
  {
    $id: 'UndoTime',
    additionalProperties: false,
    examples: [{ actor: { kind: 'service', name: 'agent' }, since: '2025-12-20T09:30:00Z' }],
  },
)
export type UndoTime = Static<typeof UndoTime>
