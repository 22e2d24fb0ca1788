import { Type } from 'typebox'
import { scoped } from '../http/access.ts'
import {
  AsText,
  IdempotencyKey,
  IdempotentHeaders,
  ONCE_REFUSALS,
  OptionalBody,
  REPLAYED,
  refusals,
  RefTo,
} from '../http/wire.ts'
import { WRITTEN } from '../http/logged.ts'
import { ById, DeleteQuery, ETag, Location, TaskCompletion, type TaskCreate, type TaskPatch } from './schema.ts'

/** The operations on one task, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['tasks']

const task = AsText(RefTo('Task', { description: 'The current task', headers: { ETag } }))
const createdTask = AsText(
  RefTo('Task', { description: 'Created', headers: { ETag, Location, ...WRITTEN, ...REPLAYED } }),
)
const sameTask = AsText(
  RefTo('Task', {
    description: 'You already have a task with this id and the same content',
    headers: { ETag, Location, ...WRITTEN, ...REPLAYED },
  }),
)
const changedTask = AsText(
  RefTo('Task', {
    description: 'The task after the request',
    headers: { ETag, ...WRITTEN, ...REPLAYED },
  }),
)
const unchanged = Type.Null({ description: 'The task still has this version', headers: { ETag } })
const gone = Type.Null({ description: 'Deleted', headers: { ...WRITTEN, ...REPLAYED } })
const WriteHeaders = Type.Object({
  'idempotency-key': IdempotencyKey,
  'if-match': Type.Optional(
    Type.String({
      description: 'Execute the request only if the task still has this version, as returned in ETag',
      examples: ['"3"'],
    }),
  ),
})
const IfNoneMatch = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'Return the task only if its version differs from this one', examples: ['"3"'] }),
  ),
})

/** The problems that each route that changes a task can return. */
const writeRefusals = refusals(
  'invalid_json',
  'invalid_header',
  'unauthenticated',
  'not_found',
  'precondition_failed',
  'body_too_large',
  'unsupported_media_type',
  'invalid_input',
  'outcome_unknown',
  ...ONCE_REFUSALS,
)

export const createTask = {
  operationId: 'createTask',
  summary: 'Create a task',
  description: 'Absent members get their defaults. With an `id` of your choice the request is repeatable.',
  tags,
  security: scoped('tasks:write'),
  headers: IdempotentHeaders,
  body: RefTo<TaskCreate>('TaskCreate'),
  response: {
    200: sameTask,
    201: createdTask,
    ...refusals(
      'invalid_json',
      'unauthenticated',
      'body_too_large',
      'unsupported_media_type',
      'conflict',
      'invalid_input',
      'outcome_unknown',
      ...ONCE_REFUSALS,
    ),
  },
}

export const getTask = {
  operationId: 'getTask',
  summary: 'Read a task',
  description: 'With `If-None-Match` the answer is 304 if the task still has that version.',
  tags,
  security: scoped('tasks:read'),
  params: ById,
  headers: IfNoneMatch,
  response: {
    200: task,
    304: unchanged,
    ...refusals('invalid_header', 'unauthenticated', 'not_found', 'invalid_input'),
  },
}

export const updateTask = {
  operationId: 'updateTask',
  summary: 'Change a task',
  description:
    'A JSON merge patch (RFC 7396): absent members do not change, null clears a member. `application/merge-patch+json` is accepted too. A patch that changes nothing does not change the version.',
  tags,
  security: scoped('tasks:write'),
  params: ById,
  headers: WriteHeaders,
  body: RefTo<TaskPatch>('TaskPatch'),
  response: { 200: changedTask, ...writeRefusals },
}

export const completeTask = {
  operationId: 'completeTask',
  summary: 'Complete or reopen a task',
  description:
    'Without a body, or with `{}`, the task is toggled. With `completed` the state is set, so a retry is safe. A task with a recurrence moves on to its next date and stays TODO, until no date is left. Of completions that arrive before one of them has moved the task on, the others change nothing and get the task as it is then. A retry moves it on again: send `If-Match` or `Idempotency-Key`.',
  tags,
  security: scoped('tasks:write'),
  params: ById,
  headers: WriteHeaders,
  body: OptionalBody(TaskCompletion),
  response: { 200: changedTask, ...writeRefusals },
}

export const skipTask = {
  operationId: 'skipTask',
  summary: 'Skip a date of a recurring task',
  description:
    'Moves the task on to its next date without completing it; its status is TODO. 409 if it has no recurrence, is completed, or has no date after this one.',
  tags,
  security: scoped('tasks:write'),
  params: ById,
  headers: WriteHeaders,
  response: { 200: changedTask, ...writeRefusals, ...refusals('conflict', ...ONCE_REFUSALS) },
}

export const deleteTask = {
  operationId: 'deleteTask',
  summary: 'Delete a task',
  description:
    'The task goes to the trash, from which it can be restored for 30 days; with `permanent=true` it is deleted for good. With `If-Match` only if it still has that version.',
  tags,
  security: scoped('tasks:write'),
  params: ById,
  querystring: DeleteQuery,
  headers: WriteHeaders,
  response: {
    204: gone,
    ...refusals(
      'invalid_header',
      'unauthenticated',
      'not_found',
      'precondition_failed',
      'invalid_input',
      'outcome_unknown',
      ...ONCE_REFUSALS,
    ),
  },
}
