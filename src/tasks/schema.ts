import { Type, type Static } from 'typebox'
import { Count, Instant, Nullable, OneOf, Uuid } from '../http/wire.ts'

export const STATUSES = ['TODO', 'IN_PROGRESS', 'COMPLETED'] as const
export const PRIORITIES = ['URGENT', 'HIGH', 'MEDIUM', 'LOW'] as const

export const PAGE_SIZE_MAX = 1000

const EXAMPLE = {
  id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11',
  title: 'Buy milk',
  description: null,
  status: 'TODO',
  priority: 'MEDIUM',
  dueDate: '2025-12-27T17:00:00Z',
  tags: ['home'],
  userId: 'hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E',
  createdAt: '2025-12-20T09:30:00.250Z',
  updatedAt: '2025-12-20T09:30:00.250Z',
  completedAt: null,
  version: 1,
}

// Lengths are counted in Unicode code points, after trimming.
const Title = Type.String({
  'x-trim': true,
  'x-visible': true,
  minLength: 1,
  maxLength: 200,
  format: 'text',
  examples: ['Buy milk'],
})
const Description = Nullable(Type.String({ maxLength: 10_000, format: 'text' }))
export const Status = OneOf(STATUSES, {
  'x-component': 'TaskStatus',
  description: 'The progress of a task; TODO by default',
})
export const Priority = OneOf(PRIORITIES, {
  'x-component': 'TaskPriority',
  description: 'The urgency of a task; MEDIUM by default',
})
const DueDate = Nullable(Instant)
const Tags = Type.Array(Type.String({ 'x-visible': true, minLength: 1, maxLength: 50, format: 'text' }), {
  'x-trim-items': true,
  maxItems: 50,
  uniqueItems: true,
  description: 'In the order of the request',
  examples: [['home']],
})

// Absent members are null to some generated clients, and a list of tags must not be lost for that.
const NullableTags = Nullable({ ...Tags, description: 'In the order of the request; null means none' })

export const Task = Type.Object(
  {
    id: Uuid,
    title: Type.String(),
    description: Nullable(Type.String()),
    status: Status,
    priority: Priority,
    dueDate: DueDate,
    tags: Type.Array(Type.String()),
    userId: Type.String(),
    createdAt: Instant,
    updatedAt: Instant,
    completedAt: Nullable(Instant),
    version: Type.Integer({ minimum: 1, description: 'Incremented by each change; the value of the ETag' }),
  },
  { $id: 'Task', examples: [EXAMPLE] },
)
export type Task = Static<typeof Task>

export type Field = keyof Task
// Object.keys forgets what the keys are.
export const FIELDS = Object.keys(Task.properties) as readonly Field[]

export const TaskCreate = Type.Object(
  {
    id: Type.Optional(
      Type.String({
        format: 'uuid',
        description:
          'Any UUID, which makes the request repeatable: if you have a task with this id and the same content, the answer is 200 with that task; with other content it is 409. If absent, the service generates an id.',
      }),
    ),
    title: Title,
    description: Type.Optional(Description),
    status: Type.Optional(Status),
    priority: Type.Optional(Priority),
    dueDate: Type.Optional(DueDate),
    tags: Type.Optional(Tags),
  },
  {
    $id: 'TaskCreate',
    additionalProperties: false,
    examples: [{ title: 'Buy milk', priority: 'HIGH', dueDate: '2025-12-27T17:00:00Z', tags: ['home'] }],
  },
)
export type TaskCreate = Static<typeof TaskCreate>

export const TaskPatch = Type.Object(
  {
    title: Type.Optional(Title),
    description: Type.Optional(Description),
    status: Type.Optional(Status),
    priority: Type.Optional(Priority),
    dueDate: Type.Optional(DueDate),
    tags: Type.Optional(NullableTags),
  },
  {
    $id: 'TaskPatch',
    additionalProperties: false,
    description: 'A JSON merge patch (RFC 7396): absent members do not change, null clears a member',
    examples: [{ status: 'IN_PROGRESS', dueDate: null }],
  },
)
export type TaskPatch = Static<typeof TaskPatch>

export const TaskCompletion = Type.Object(
  { completed: Type.Boolean({ description: 'The resulting state; setting it makes a retry safe' }) },
  { additionalProperties: false, 'x-component': 'CompleteTaskRequest', examples: [{ completed: true }] },
)

export const ById = Type.Object({ id: Uuid }, { additionalProperties: false })

/** The members that `fields` left. */
export type TaskPart = Partial<Task>

const amount = (description: string) => Type.Integer({ minimum: 0, description })
const amounts = <const Values extends readonly string[]>(name: string, values: Values) =>
  Type.Unsafe<Record<Values[number], number>>(
    Type.Object(Object.fromEntries(values.map((value) => [value, Type.Integer({ minimum: 0 })])), {
      'x-component': name,
    }),
  )

export const TaskStats = Type.Object(
  {
    total: amount('All tasks'),
    byStatus: amounts('TasksByStatus', STATUSES),
    byPriority: amounts('TasksByPriority', PRIORITIES),
    overdue: amount('Due before now and not completed'),
  },
  {
    $id: 'TaskStats',
    examples: [
      {
        total: 3,
        byStatus: { TODO: 1, IN_PROGRESS: 1, COMPLETED: 1 },
        byPriority: { URGENT: 0, HIGH: 1, MEDIUM: 2, LOW: 0 },
        overdue: 1,
      },
    ],
  },
)
export type TaskStats = Static<typeof TaskStats>

export const TagCount = Type.Object(
  { name: Type.String(), count: Type.Integer({ minimum: 1, description: 'The number of tasks with this tag' }) },
  { $id: 'TagCount', examples: [{ name: 'home', count: 3 }] },
)
export type TagCount = Static<typeof TagCount>

export const TagQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: PAGE_SIZE_MAX, description: `Tags per page; default ${PAGE_SIZE_MAX}` }),
    ),
    count: Count,
    cursor: Type.Optional(Type.String({ description: 'The X-Next-Cursor of the previous page' })),
  },
  { additionalProperties: false },
)
