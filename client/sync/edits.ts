import type { Task, TaskCreate, TaskPatch } from '../calls.ts'

/** An edit of one task that the service does not have yet. */
export type Edit =
  | { readonly kind: 'create'; readonly id: string; readonly task: TaskCreate }
  | { readonly kind: 'update'; readonly id: string; readonly base: Base; readonly patch: TaskPatch }
  | { readonly kind: 'delete'; readonly id: string; readonly base: Base }

/** The task that was edited. Null for one whose earlier edit is being sent: the answer to that will be the base. */
type Base = Task | null

/** Edits that are sent as one batch, in the same composition and under the same Idempotency-Key however often it takes. */
export interface Sending {
  readonly key: string
  readonly edits: readonly Edit[]
}

/** A task as the service has answered an edit, null if it is deleted, until the copy has caught up with the answer. */
export interface Written {
  readonly id: string
  readonly task: Task | null
  readonly cursor: string
}

/** All that an outbox keeps. It consists of JSON values. */
export interface OutboxState {
  /** At most one edit of each task. */
  readonly pending: readonly Edit[]
  readonly sending: Sending | null
  readonly written: readonly Written[]
}

export const EMPTY: OutboxState = { pending: [], sending: null, written: [] }

/** A task of the copy with the edits that are not in it. One that the service does not have yet has only the members it was given. */
export type LocalTask = Partial<Omit<Task, 'recurrence'>> & Pick<Task, 'id' | 'title'> & Pick<TaskCreate, 'recurrence'>

/** @throws Error when there is nothing to edit, or an id is to be created that exists */
export function withEdit(state: OutboxState, edit: Edit): OutboxState {
  const before = state.pending.find(({ id }) => id === edit.id)
  const others = state.pending.filter((other) => other !== before)
  const merged = before === undefined ? edit : merge(before, edit)
  return { ...state, pending: merged === undefined ? others : [...others, merged] }
}

/** One edit with the effect of two, the first of which has not been sent; undefined if there is nothing left to do. */
function merge(first: Edit, second: Edit): Edit | undefined {
  if (first.kind === 'delete') {
    if (second.kind === 'delete') return first
    throw new Error('The task is deleted')
  }
  if (second.kind === 'create') throw new Error('A task with this id exists')
  if (first.kind === 'create') {
    return second.kind === 'delete' ? undefined : { ...first, task: patched(first.task, second.patch) }
  }
  if (second.kind === 'delete') return { ...second, base: first.base }
  return { ...first, patch: { ...first.patch, ...second.patch } }
}

/** In a patch, null for the tags means none. */
const patched = <T extends object>(task: T, { tags, ...patch }: TaskPatch): T => ({
  ...task,
  ...patch,
  ...(tags !== undefined && { tags: tags ?? [] }),
})

/** What has become of an edit that was sent. */
export interface Outcome {
  readonly edit: Edit
  /** The task as the service has it now, if it has it. */
  readonly current?: Task
  /** Present if the edit is done. */
  readonly written?: Written
  /** What is to be sent instead, if the edit is not done. */
  readonly again?: Edit
}

/** The state when the batch that is being sent has been answered. */
export function settled(state: OutboxState, outcomes: readonly Outcome[]): OutboxState {
  const again = new Map(outcomes.flatMap(({ edit, again: next }) => (next === undefined ? [] : [[edit.id, next]])))
  const bases = new Map(outcomes.flatMap(({ edit, current }) => (current === undefined ? [] : [[edit.id, current]])))
  // An edit that was made meanwhile comes after the one that is sent again, or is based on the answer.
  const later = state.pending.flatMap((edit) => {
    const first = again.get(edit.id)
    again.delete(edit.id)
    if (first !== undefined) return merge(first, edit) ?? []
    return edit.kind === 'create' || edit.base !== null ? edit : { ...edit, base: bases.get(edit.id) ?? null }
  })
  const written = outcomes.flatMap((outcome) => outcome.written ?? [])
  return { pending: [...again.values(), ...later], sending: null, written: [...state.written, ...written] }
}

/** The operation of POST /api/tasks/batch. */
export function operationOf(edit: Edit) {
  if (edit.kind === 'create') return { op: 'create', task: { ...edit.task, id: edit.id } } as const
  const { id, base } = edit
  const ifVersion = base === null ? {} : { ifVersion: base.version }
  if (edit.kind === 'delete') return { op: 'delete', id, ...ifVersion } as const
  return { op: 'update', id, ...ifVersion, patch: edit.patch } as const
}

/** Whether the service's task has all that the edit wanted, for example because an earlier attempt has been carried out. */
export function isDone(edit: Edit, current: Task | undefined): boolean {
  if (current === undefined || edit.kind === 'delete') return current === undefined && edit.kind === 'delete'
  const wanted = Object.entries(edit.kind === 'create' ? edit.task : patched({}, edit.patch))
  return wanted.every(([name, value]) => JSON.stringify(value) === JSON.stringify(current[name as keyof Task]))
}

/** The task as the outbox knows it: what the service has answered counts until the copy has it. */
export function known({ written }: OutboxState, id: string, copied: Task | undefined): Task | undefined {
  const newest = written.findLast((each) => each.id === id)
  if (newest === undefined) return copied
  const { task } = newest
  if (task === null) return undefined
  return copied !== undefined && copied.version >= task.version ? copied : task
}

/** The task with the edits that the copy does not have; undefined if there is none, or it is being deleted. */
export function local(state: OutboxState, id: string, copied: Task | undefined): LocalTask | undefined {
  const edits = [...(state.sending?.edits ?? []), ...state.pending].filter((edit) => edit.id === id)
  let task: LocalTask | undefined = known(state, id, copied)
  for (const edit of edits) {
    if (edit.kind === 'delete') task = undefined
    else if (edit.kind === 'create') task = { ...edit.task, id }
    else if (task !== undefined) task = patched(task, edit.patch)
  }
  return task
}

/** What a client can set. */
const WRITABLE = [
  'title',
  'description',
  'status',
  'priority',
  'dueDate',
  'tags',
  'timezone',
  'recurrence',
  'reminders',
] as const
type Writable = (typeof WRITABLE)[number]

/** The patch that makes the second of the first. Without a first, it has all that is set. */
export function patchBetween(
  from: Partial<LocalTask> | undefined,
  to: Partial<LocalTask>,
): Partial<Pick<LocalTask, Writable>> {
  const isChanged = (name: Writable): boolean =>
    to[name] !== undefined && JSON.stringify(to[name]) !== JSON.stringify(from?.[name])
  return Object.fromEntries(WRITABLE.filter(isChanged).map((name) => [name, to[name]]))
}
