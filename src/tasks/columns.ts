import type { Task } from './schema.ts'

/** Each member of a task as the expression it is read by. */
export const COLUMNS = {
  id: 'id',
  title: 'title',
  description: 'description',
  status: 'status',
  priority: 'priority',
  dueDate: 'due_date',
  tags: 'tags',
  userId: 'user_id',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  completedAt: 'completed_at',
  version: 'version',
} as const satisfies Record<keyof Task, string>

export type Field = keyof typeof COLUMNS

// Object.keys forgets what the keys of a literal are.
export const FIELDS = Object.keys(COLUMNS) as readonly Field[]

/** A SELECT list that names the columns as they travel. */
export const selectList = (fields: readonly Field[]): string =>
  fields.map((field) => (COLUMNS[field] === field ? field : `${COLUMNS[field]} as "${field}"`)).join(', ')

/** A task as it travels. Its owner and everything the database decides come back from the database. */
export const TASK = selectList(FIELDS)
