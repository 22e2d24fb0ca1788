import type { Task, TaskPatch } from './task.ts'
import { matches, type View } from './view.ts'

/** A change that the user has made and the service has not confirmed yet. */
export interface Write {
  readonly key: string
  /** The Idempotency-Key, if it is not `key`: a write that is changed before it is sent again is another request. */
  readonly attempt?: string
  readonly kind: 'create' | 'change' | 'complete' | 'delete' | 'undo'
  /** Of the task; of an undo, the change that it takes back, or '' until that one is known. */
  readonly id: string
  /** What it is about, for messages. */
  readonly title: string
  /** What a creation or change sets. */
  readonly patch: TaskPatch
  /** The task as the user saw it; null for a creation. A change is refused if its version is another one now. */
  readonly base: Task | null
  /** The key of the write that an undo takes back, while it is not confirmed. */
  readonly of?: string
  /** It was sent at least once, so the service may have executed it. */
  readonly isTried?: boolean
  /** Why it waits for a decision of the user. */
  readonly trouble?: Trouble
}

export type Trouble =
  | { readonly kind: 'conflict'; readonly theirs: Task }
  | {
      readonly kind: 'refused'
      readonly detail: string
      /** The task does not exist any more, so that no change of it can succeed. */
      readonly isGone?: boolean
    }

/** The fields of a patch as people call them. */
export const FIELD_NAMES: Readonly<Record<keyof TaskPatch, string>> = {
  title: 'Title',
  description: 'Notes',
  status: 'Status',
  priority: 'Priority',
  dueDate: 'Due',
  tags: 'Tags',
}

export const fieldsOf = (patch: TaskPatch): (keyof TaskPatch)[] =>
  // Object.keys loses the type of the keys.
  Object.keys(patch) as (keyof TaskPatch)[]

export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/**
 * What to do with a change whose task has another version now. A change of other fields is no conflict: it is sent again for the new
 * version.
 */
export function afterMismatch(write: Write, theirs: Task): 'done' | 'again' | 'conflict' {
  const { base, patch, kind } = write
  if (kind === 'delete' || base === null) return 'conflict'
  const fields = fieldsOf(patch)
  if (fields.every((field) => isSame(theirs[field], patch[field]))) return 'done'
  return fields.every((field) => isSame(theirs[field], base[field]) || isSame(theirs[field], patch[field]))
    ? 'again'
    : 'conflict'
}

/** What the service has answered to a write. */
export interface Done {
  readonly write: Write
  /** As the write has left it; null after a deletion or an undo. */
  readonly task: Task | null
  /** The change in the history; null if the write changed nothing. */
  readonly changeId: string | null
}

/**
 * What becomes of a write when one was executed. Later writes of the same task were made on what that one produced, so they expect
 * the new version.
 *
 * @returns undefined if it is the executed one, or has nothing to undo
 */
export function afterDone(write: Write, { write: done, task, changeId }: Done): Write | undefined {
  if (write.key === done.key) return undefined
  if (write.of === done.key) return changeId === null ? undefined : undoOf(write, changeId)
  const isNext = task !== null && write.id === done.id && write.base?.version === (done.base?.version ?? 1)
  return isNext && write.base !== null ? { ...write, base: { ...write.base, version: task.version } } : write
}

const undoOf = ({ of: _of, ...undo }: Write, changeId: string): Write => ({ ...undo, id: changeId })

/** The keys of the writes that were undone before they were sent, or after they were refused: they will not be sent. */
export function undoneWrites(writes: readonly Write[]): ReadonlySet<string> {
  const untried = new Set(
    writes.filter(({ isTried, trouble }) => isTried !== true || trouble !== undefined).map(({ key }) => key),
  )
  return new Set(writes.flatMap(({ of = '' }) => (untried.has(of) ? [of] : [])))
}

/** A creation or change of a task that the service has refused, and that can be corrected. */
export const refusedOf = (writes: readonly Write[], id: string): Write | undefined =>
  writes.find((each) => each.id === id && isCorrectable(each))

const isCorrectable = ({ kind, trouble }: Write): boolean =>
  (kind === 'create' || kind === 'change') && trouble?.kind === 'refused' && trouble.isGone !== true

/** A refused write with what the user has corrected. It was not executed, and is sent as another request. */
export function corrected(write: Write, patch: TaskPatch, attempt: string): Write {
  const { trouble: _trouble, isTried: _isTried, ...rest } = write
  const title = write.kind === 'create' ? (patch.title ?? write.title) : write.title
  return { ...rest, title, patch: { ...write.patch, ...patch }, attempt }
}

/** What a row says of its writes: that they wait to be sent, or that one of them needs a decision. */
export type Mark = 'waiting' | 'undecided'

export function marksOf(writes: readonly Write[]): ReadonlyMap<string, Mark> {
  const marks = new Map<string, Mark>()
  for (const { kind, id, trouble } of writes) {
    if (kind === 'undo') continue
    if (trouble !== undefined) marks.set(id, 'undecided')
    else if (!marks.has(id)) marks.set(id, 'waiting')
  }
  return marks
}

const EMPTY = { status: 'TODO', priority: 'MEDIUM', description: null, dueDate: null, tags: [] } as const

/** The list as it will be when all writes are executed. What can be corrected is in every view. */
export function withWrites(tasks: readonly Task[], writes: readonly Write[], view: View, now: string): readonly Task[] {
  if (writes.length === 0) return tasks
  const undone = undoneWrites(writes)
  const list = new Map(tasks.map((task) => [task.id, task]))
  const added: Task[] = []
  const correctable = new Set<string>()
  for (const write of writes) {
    const { key, kind, id, patch, title, base } = write
    if (undone.has(key)) continue
    if (isCorrectable(write)) correctable.add(id)
    const known = list.get(id) ?? added.find((task) => task.id === id)
    if (kind === 'create' && known === undefined) {
      const times = { createdAt: now, updatedAt: now, completedAt: null }
      added.unshift({ ...EMPTY, ...patch, title: patch.title ?? title, id, ...times, version: 1 })
    } else if (known !== undefined && kind === 'delete') {
      list.delete(id)
      added.splice(0, Infinity, ...added.filter((task) => task.id !== id))
    } else if (known !== undefined) {
      const changed = { ...known, ...patch }
      if (list.has(id)) list.set(id, changed)
      else added.splice(added.indexOf(known), 1, changed)
    } else if (isCorrectable(write) && base !== null) {
      added.unshift({ ...base, ...patch })
    }
  }
  const changed = new Set(writes.map(({ id }) => id))
  return [...added, ...list.values()].filter(
    (task) => !changed.has(task.id) || correctable.has(task.id) || matches(view, task),
  )
}
