import { PRIORITY_NAMES, type Task } from './task.ts'

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
    return value === '' || !isUnderstood(name, value) ? [] : [[name, value]]
  })
  return { completed: completed === 'true' || completed === 'any' ? completed : 'false', ...Object.fromEntries(rest) }
}

/** What a part of an address is shown with at most, and how many are shown. */
const PART_LENGTH_MAX = 60
const PARTS_MAX = 5

/** The parts of an address that the page does not understand, and leaves out: other names, other values, and second ones. */
export function unknownParts(parameters: URLSearchParams): readonly string[] {
  const seen = new Set<string>()
  const unknown = [...parameters].filter(([name, value]) => {
    const isSecond = seen.has(name)
    seen.add(name)
    return isSecond || !isUnderstood(name, value.trim())
  })
  return unknown.slice(0, PARTS_MAX).map(([name, value]) => {
    const part = value === '' ? name : `${name}=${value}`
    return part.length > PART_LENGTH_MAX ? `${part.slice(0, PART_LENGTH_MAX)}…` : part
  })
}

function isUnderstood(name: string, value: string): boolean {
  if (name === 'completed') return ['', 'false', 'true', 'any'].includes(value)
  if (value === '') return NAMES.some((each) => each === name)
  if (name === 'priority') return Object.hasOwn(PRIORITY_NAMES, value)
  if (name === 'sort') return Object.hasOwn(SORTS, value)
  // Which times there are is known to the service, which refuses others.
  return name === 'q' || name === 'tag' || name === 'due'
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
