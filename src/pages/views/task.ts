/** A task as `GET /api/tasks` answers it. */
export interface Task {
  readonly id: string
  readonly title: string
  readonly description: string | null
  readonly status: Status
  readonly priority: Priority
  /** An instant, or a day such as `2026-12-24`. */
  readonly dueDate: string | null
  readonly tags: readonly string[]
  readonly createdAt: string
  readonly updatedAt: string
  readonly completedAt: string | null
  readonly version: number
}

export type Status = 'TODO' | 'IN_PROGRESS' | 'COMPLETED'
export type Priority = 'URGENT' | 'HIGH' | 'MEDIUM' | 'LOW'

/** What a creation or a change sends. */
export type TaskPatch = Partial<Pick<Task, 'title' | 'description' | 'status' | 'priority' | 'dueDate' | 'tags'>>

export const PRIORITY_NAMES: Readonly<Record<Priority, string>> = {
  URGENT: 'Urgent',
  HIGH: 'High',
  MEDIUM: 'Medium',
  LOW: 'Low',
}
// Object.keys loses the type of the keys.
export const PRIORITIES = Object.keys(PRIORITY_NAMES) as Priority[]

export const STATUS_NAMES: Readonly<Record<Status, string>> = {
  TODO: 'To do',
  IN_PROGRESS: 'In progress',
  COMPLETED: 'Done',
}

export interface User {
  readonly id: string
  readonly name: string
  readonly email: string
}
