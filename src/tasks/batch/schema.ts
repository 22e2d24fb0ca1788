import { Type, type Static } from 'typebox'
import { OneOf, ProblemBody, RefTo, Uuid } from '../../http/wire.ts'
import type { Task, TaskCreate, TaskPatch } from '../schema.ts'

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

const Create = Type.Object({ op: Type.Literal('create'), task: RefTo<TaskCreate>('TaskCreate') }, strict('BatchCreate'))
const Update = Type.Object(
  { op: Type.Literal('update'), id: Uuid, ifVersion: IfVersion, patch: RefTo<TaskPatch>('TaskPatch') },
  strict('BatchUpdate'),
)
const Complete = Type.Object(
  {
    op: Type.Literal('complete'),
    id: Uuid,
    ifVersion: IfVersion,
    completed: Type.Optional(Type.Boolean({ description: 'The resulting state; if absent, the task is toggled' })),
  },
  strict('BatchComplete'),
)
const Delete = Type.Object({ op: Type.Literal('delete'), id: Uuid, ifVersion: IfVersion }, strict('BatchDelete'))

export type Operation = Static<typeof Create> | Static<typeof Update> | Static<typeof Complete> | Static<typeof Delete>

const Operation = Type.Unsafe<Operation>({
  type: 'object',
  required: ['op'],
  properties: { op: OneOf(['create', 'update', 'complete', 'delete']) },
  'x-component': 'TaskOperation',
  discriminator: { propertyName: 'op' },
  oneOf: [Create, Update, Complete, Delete],
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
    description: 'The result of one operation: the task after it, nothing after a deletion, or a problem',
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
  },
  { 'x-component': 'BatchAnswer', description: 'The result of each operation' },
)

export const BulkDelete = Type.Object(
  { ids: Type.Array(Uuid, { minItems: 1, maxItems: BULK_IDS_MAX, uniqueItems: true }) },
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
