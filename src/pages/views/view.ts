import type { Task } from './task.ts'

/** What the list shows, as it stands in the address: parameters of `GET /api/tasks`, of which the page offers these. */
export interface View {
  readonly completed: 'false' | 'true' | 'any'
  readonly due?: string
  readonly priority?: string
  readonly tag?: string
  readonly q?: string
  readonly sort?: string
}

export const PAGE_TASKS = 100
export const OPEN_VIEW: View = { completed: 'false' }

export const NEWEST_FIRST = '-createdAt'
export const SORTS: Readonly<Record<string, string>> = {
  [NEWEST_FIRST]: 'Newest first',
  dueDate: 'Due date',
  '-priority': 'Priority',
  title: 'Title',
  '-updatedAt': 'Last changed',
}

const NAMES = ['due', 'priority', 'tag', 'q', 'sort'] as const

export function viewOf(parameters: URLSearchParams): View {
  const completed = parameters.get('completed')
  const rest = NAMES.flatMap((name) => {
    const value = parameters.get(name)?.trim() ?? ''
    return value === '' ? [] : [[name, value]]
  })
  return { completed: completed === 'true' || completed === 'any' ? completed : 'false', ...Object.fromEntries(rest) }
}

/** The part of the address after the path; empty for the open tasks. */
export function addressOf({ completed, ...rest }: View): string {
  const parameters = new URLSearchParams({ ...(completed !== 'false' && { completed }), ...rest })
  return parameters.size === 0 ? '' : `?${parameters.toString()}`
}

/** The path of the API that answers the view. A comma of a tag is a part of it. */
export function requestOf(view: View, zone: string, cursor?: string): string {
  const { completed, tag, ...rest } = view
  const parameters = new URLSearchParams({
    limit: String(PAGE_TASKS),
    ...(completed !== 'any' && { completed }),
    ...rest,
    ...((view.due === 'today' || view.due === 'week') && { timezone: zone }),
    ...(cursor !== undefined && { cursor }),
  })
  const ofTag = tag === undefined ? '' : `&tag=${encodeURIComponent(tag)}`
  return `/api/tasks?${parameters.toString()}${ofTag}`
}

/** Whether the list is the newest first and its filters can be decided from a task alone. */
export const isPlain = ({ due, q, sort }: View): boolean =>
  due === undefined && q === undefined && (sort === undefined || sort === NEWEST_FIRST)

/** Decides all filters but `q` and `due`, which only the service can. */
export const matches = ({ completed, priority, tag }: View, task: Task): boolean =>
  (completed === 'any' || (completed === 'true') === (task.status === 'COMPLETED')) &&
  (priority === undefined || priority === task.priority) &&
  (tag === undefined || task.tags.includes(tag))
