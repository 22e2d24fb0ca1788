import { Type, type Static } from 'typebox'
import { Count, CursorParameter, limitParameter, Uuid } from '../http/wire.ts'
import {
  ANSWER_PROPERTIES,
  CREATE_PROPERTIES,
  EXAMPLE,
  PATCH_PROPERTIES,
  PRIORITIES,
  STATUSES,
  TAG_LENGTH_MAX,
} from './fields.ts'
import { ExpectedWeekday } from './weekday.ts'

export { EXAMPLE } from './fields.ts'
export { parseRule } from './recurrence/rule.ts'
export { next as nextDate } from './recurrence/series.ts'

export const PAGE_SIZE_MAX = 1000

export const Task = Type.Object(ANSWER_PROPERTIES, { $id: 'Task', examples: [EXAMPLE] })
export type Task = Static<typeof Task>

export const TaskCreate = Type.Object(
  {
    id: Type.Optional(
      Type.String({
        format: 'uuid',
        description:
          'Any UUID, which makes the request repeatable: if you have a task with this id and the same content, the answer is 200 with that task; with other content it is 409. If absent, the service generates an id.',
      }),
    ),
    ...CREATE_PROPERTIES,
    expectedWeekday: ExpectedWeekday,
  },
  {
    $id: 'TaskCreate',
    additionalProperties: false,
    examples: [{ title: 'Buy milk', priority: 'HIGH', dueDate: '2025-12-27T17:00:00Z', tags: ['home'] }],
  },
)
export type TaskCreate = Static<typeof TaskCreate>

export const TaskPatch = Type.Object(
  { ...PATCH_PROPERTIES, expectedWeekday: ExpectedWeekday },
  {
    $id: 'TaskPatch',
    additionalProperties: false,
    description: 'A JSON merge patch (RFC 7396): absent members do not change, null clears a member',
    examples: [{ status: 'IN_PROGRESS', dueDate: null }],
  },
)
export type TaskPatch = Static<typeof TaskPatch>

export const TaskCompletion = Type.Object(
  {
    completed: Type.Optional(
      Type.Boolean({
        description: 'The resulting state; setting it makes a retry safe. Without it the task is toggled',
      }),
    ),
  },
  { additionalProperties: false, 'x-component': 'CompleteTaskRequest', examples: [{ completed: true }] },
)

/** Of a deletion. */
export const Permanent = Type.Optional(
  Type.Boolean({
    description:
      'true deletes for good instead of into the trash: the content leaves the change log and the history too. Not for what is in the trash already',
  }),
)

export const DeleteQuery = Type.Object({ permanent: Permanent }, { additionalProperties: false })

/** Headers of an answer with a task. */
export const ETag = { type: 'string', description: 'The version in double quotes, for If-Match and If-None-Match' }
export const Location = { type: 'string', description: 'The URL of the task' }

export const ById = Type.Object({ id: Uuid }, { additionalProperties: false })

/** A task with only the members that `fields` selects. */
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
    overdue: amount('Due before now, or on a day that is over, and not completed'),
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
  {
    name: Type.String({ maxLength: TAG_LENGTH_MAX }),
    count: Type.Integer({ minimum: 1, description: 'The number of tasks with this tag' }),
  },
  { $id: 'TagCount', examples: [{ name: 'home', count: 3 }] },
)
export type TagCount = Static<typeof TagCount>

export const TagQuery = Type.Object(
  {
    limit: limitParameter('Tags', PAGE_SIZE_MAX, PAGE_SIZE_MAX),
    count: Count,
    cursor: CursorParameter,
  },
  { additionalProperties: false },
)
