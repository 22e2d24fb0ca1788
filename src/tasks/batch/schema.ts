import { Type, type Static } from 'typebox'
import { CURSOR_CHARS_MAX, SEQ_MAX } from '../../http/sync-cursor.ts'
import { OneOf, ProblemBody, RefTo, Uuid } from '../../http/wire.ts'
import { CREATE_PROPERTIES } from '../fields.ts'
import { ExpectedWeekday } from '../weekday.ts'
import { Permanent, type Task, type TaskCreate, type TaskPatch } from '../schema.ts'

export const OPERATIONS_MAX = 100
export const BULK_IDS_MAX = 1000

const IfVersion = Type.Optional(
  Type.Integer({
    minimum: 1,
    description: 'The operation fails unless the task has this version, as with If-Match',
    examples: [3],
  }),
)
const strict = (name: string) => ({ additionalProperties: false, 'x-component': name })
/** The value of `op` in the operation `component`; a type with its own name in every generated client. */
const Op = <const Name extends string>(name: Name, component: string) =>
  OneOf([name], { 'x-component': `${component}Op` })

const Create = Type.Object(
  { op: Op('create', 'BatchCreate'), task: RefTo<TaskCreate>('TaskCreate') },
  strict('BatchCreate'),
)
const TaskPut = Type.Object(
  { ...CREATE_PROPERTIES, expectedWeekday: ExpectedWeekday },
  {
    additionalProperties: false,
    'x-component': 'TaskPut',
    description: 'All content of a task: absent members get their defaults',
  },
)
export type TaskPut = Static<typeof TaskPut>
const Put = Type.Object(
  { op: Op('put', 'BatchPut'), id: Uuid, ifVersion: IfVersion, task: TaskPut },
  {
    ...strict('BatchPut'),
    description:
      'Creates the task with this id (201), or replaces its content (200). With ifVersion it creates nothing: if there is no such task it is 404',
  },
)
const Update = Type.Object(
  { op: Op('update', 'BatchUpdate'), id: Uuid, ifVersion: IfVersion, patch: RefTo<TaskPatch>('TaskPatch') },
  strict('BatchUpdate'),
)
const Complete = Type.Object(
  {
    op: Op('complete', 'BatchComplete'),
    id: Uuid,
    ifVersion: IfVersion,
    completed: Type.Optional(Type.Boolean({ description: 'The resulting state; if absent, the task is toggled' })),
  },
  strict('BatchComplete'),
)
const Delete = Type.Object(
  { op: Op('delete', 'BatchDelete'), id: Uuid, ifVersion: IfVersion, permanent: Permanent },
  strict('BatchDelete'),
)

export type Operation =
  | Static<typeof Create>
  | Static<typeof Put>
  | Static<typeof Update>
  | Static<typeof Complete>
  | Static<typeof Delete>

const Operation = Type.Unsafe<Operation>({
  type: 'object',
  required: ['op'],
  properties: { op: OneOf(['create', 'put', 'update', 'complete', 'delete']) },
  'x-component': 'TaskOperation',
  discriminator: { propertyName: 'op' },
  oneOf: [Create, Put, Update, Complete, Delete],
})

const ID = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'

export const TaskBatch = Type.Object(
  {
    atomic: Type.Optional(
      Type.Boolean({
        default: true,
        description:
          'true: all operations or none. false: operations are independent, and the answer has the result of each',
      }),
    ),
    ifSeq: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: SEQ_MAX,
        description:
          'The seq up to which you have all changes: the number before the first dot of an X-Next-Cursor or X-Sync-Cursor. If a task that the batch names has a later change, the answer is 412 and nothing is changed, whether atomic or not. See also ifCursor',
        examples: [812],
      }),
    ),
    ifCursor: Type.Optional(
      Type.String({
        maxLength: CURSOR_CHARS_MAX,
        description:
          'The same as ifSeq with a whole X-Next-Cursor or X-Sync-Cursor, which also notices that the database was restored from a backup: it then has other changes with these numbers. The answer is 412',
      }),
    ),
    operations: Type.Array(Operation, {
      minItems: 1,
      maxItems: OPERATIONS_MAX,
      description: 'Executed in order; each operation sees the changes of those before it',
    }),
  },
  {
    $id: 'TaskBatch',
    additionalProperties: false,
    examples: [
      {
        atomic: true,
        operations: [
          { op: 'create', task: { title: 'Buy milk', tags: ['home'] } },
          { op: 'put', id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a10', task: { title: 'Buy bread' } },
          { op: 'update', id: ID, ifVersion: 3, patch: { priority: 'HIGH' } },
          { op: 'complete', id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a12', completed: true },
          { op: 'delete', id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a13' },
        ],
      },
    ],
  },
)
export type TaskBatch = Static<typeof TaskBatch>

const { type, title, status, detail, code, currentVersion } = ProblemBody.properties

export const BatchResult = Type.Object(
  {
    status: Type.Integer({
      minimum: 200,
      maximum: 499,
      description: 'The status that the route of this operation would return: 200, 201, 204, 404, 409 or 412',
    }),
    task: Type.Optional(RefTo<Task>('Task')),
    deleted: Type.Optional(
      Type.Boolean({ description: 'With 404: true if you had the task, and it was deleted in the last 90 days' }),
    ),
    problem: Type.Optional(
      Type.Object(
        {
          type,
          title,
          status,
          detail,
          code,
          currentVersion,
        },
        {
          'x-component': 'BatchProblem',
          description: 'The error, in the usual form but without instance and requestId',
        },
      ),
    ),
  },
  {
    $id: 'BatchResult',
    description:
      'The result of one operation: the task after it, nothing after a deletion, or a problem. With 409 and 412 `task` is the task as it is now',
    examples: [
      { status: 204 },
      {
        status: 404,
        problem: {
          type: '/problems/not_found',
          title: 'Not found',
          status: 404,
          detail: "Task not found or you don't have permission to access it",
          code: 'not_found',
        },
      },
    ],
  },
)
export type BatchResult = Static<typeof BatchResult>

export const BatchAnswer = Type.Object(
  {
    results: Type.Array(RefTo<BatchResult>('BatchResult'), {
      maxItems: OPERATIONS_MAX,
      description: 'One result per operation, in the same order',
    }),
    cursor: Type.Optional(
      Type.String({
        maxLength: CURSOR_CHARS_MAX,
        description:
          'The value of X-Sync-Cursor. Of a dry run: the position before it; as ifCursor of the real batch it refuses that batch if a task that it names has changed since. Absent only in the repeated answer to a request that was made before the service had a change log',
      }),
    ),
  },
  { 'x-component': 'BatchAnswer', description: 'The result of each operation' },
)

export const BulkDelete = Type.Object(
  { ids: Type.Array(Uuid, { minItems: 1, maxItems: BULK_IDS_MAX, uniqueItems: true }), permanent: Permanent },
  { $id: 'BulkDelete', additionalProperties: false, examples: [{ ids: [ID] }] },
)
export type BulkDelete = Static<typeof BulkDelete>

export const BulkDeleted = Type.Object(
  {
    deleted: Type.Array(Uuid, {
      maxItems: BULK_IDS_MAX,
      description: 'Ids of deleted tasks, in the order of the request',
    }),
    notFound: Type.Array(Uuid, {
      maxItems: BULK_IDS_MAX,
      description: 'Ids for which you have no task, in the order of the request',
    }),
  },
  { $id: 'BulkDeleted', description: 'The result for each id', examples: [{ deleted: [ID], notFound: [] }] },
)
export type BulkDeleted = Static<typeof BulkDeleted>
