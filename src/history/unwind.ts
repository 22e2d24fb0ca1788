import { REPLACEABLE, withAllMembers } from '../tasks/store.ts'
import type { Task } from '../tasks/schema.ts'
import type { HistoryValues } from './schema.ts'

/** An entry of the log that is to be undone. */
export interface LogEntry {
  readonly seq: number
  readonly type: string
  readonly id: string
  readonly op: string
  readonly before: HistoryValues | null
  readonly after: HistoryValues | null
}

/** What the undo of an entry would overwrite. */
export interface Conflict {
  readonly entry: LogEntry
  /** Null if the whole task was created or deleted. */
  readonly field: string | null
}

/** The state of a task: the values of its replaceable fields, or undefined where it does not exist. */
type State = HistoryValues | undefined

export interface Unwound {
  /** The state of each task before the entries. */
  readonly states: ReadonlyMap<string, State>
  readonly conflicts: readonly Conflict[]
  /** Why an entry cannot be undone, whatever happened later. */
  readonly impossible: string | undefined
}

const FIELDS: ReadonlySet<string> = new Set(REPLACEABLE)

/** The values of the fields of a task that undo sets back, in one order. */
export const replaceable = (task: Partial<Task>): HistoryValues => {
  const all = withAllMembers(task)
  return Object.fromEntries(REPLACEABLE.map((field) => [field, all[field]]))
}

export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/**
 * Takes entries back, the newest first, each field by itself: where a field is as the entry has made it, it gets the value of before; any
 * other value is a conflict. A value that was changed and changed back is none, because nothing would be lost.
 *
 * @param entries newest first
 * @param current the tasks of the entries that exist
 */
export function unwind(entries: readonly LogEntry[], current: ReadonlyMap<string, Task>): Unwound {
  const states = new Map<string, State>()
  const conflicts: Conflict[] = []
  for (const entry of entries) {
    const impossible = whyImpossible(entry)
    if (impossible !== undefined) return { states, conflicts, impossible }
    const task = current.get(entry.id)
    const state = states.has(entry.id) ? states.get(entry.id) : task && replaceable(task)
    const fields = conflictsOf(entry, state)
    conflicts.push(...fields.map((field) => ({ entry, field })))
    states.set(entry.id, stateBefore(entry, state))
  }
  return { states, conflicts, impossible: undefined }
}

/** What an undo leaves as it is, if it may. */
export interface Possible {
  readonly states: ReadonlyMap<string, State>
  readonly left: readonly Conflict[]
}

/**
 * Takes back what can be taken back: fields and tasks that are not as the entries made them stay as they are, and so does what cannot be
 * restored. A task that already is as it was before the entries is not `left`: another request has taken them back.
 *
 * @param entries newest first
 * @param current the tasks of the entries that exist
 * @param trashed ids of those that can be restored
 */
export function unwindPossible(
  entries: readonly LogEntry[],
  current: ReadonlyMap<string, Task>,
  trashed: ReadonlySet<string>,
): Possible {
  const states = new Map<string, State>()
  const left: Conflict[] = []
  for (const [id, ofTask] of Map.groupBy(entries, (each) => each.id)) {
    const task = current.get(id)
    const now = task && replaceable(task)
    if (isTakenBack(ofTask, now)) continue
    let state = now
    for (const entry of ofTask) {
      const isGone = entry.op === 'delete' && state === undefined && !trashed.has(id)
      const isImpossible = isGone || whyImpossible(entry) !== undefined
      const fields = isImpossible
        ? [null]
        : conflictsOf(entry, state).filter((field) => !isAsBefore(entry, state, field))
      left.push(...fields.map((field) => ({ entry, field })))
      if (entry.op === 'update' || fields.length === 0) state = stateBefore(entry, state, new Set(fields))
    }
    states.set(id, state)
  }
  return { states, left }
}

/** Whether a task is as it was before the entries. Of one that does not exist, only if they have created it. */
function isTakenBack(entries: readonly LogEntry[], now: State): boolean {
  if (entries.some((entry) => whyImpossible(entry) !== undefined)) return false
  if (now === undefined && entries.at(-1)?.op !== 'create') return false
  const before = entries.reduce((state, entry) => stateBefore(entry, state), now)
  return isSame(before, now)
}

const isAsBefore = ({ op, before }: LogEntry, state: State, field: string | null): boolean =>
  field !== null && op === 'update' && isSame(before?.[field], state?.[field])

function whyImpossible({ type, op, id, before, after }: LogEntry): string | undefined {
  if (type !== 'task' || !['create', 'update', 'delete'].includes(op)) {
    return `this version of the service does not know how to undo a part of this change`
  }
  if (before === null && after === null) return `task ${id} was deleted for good`
  if (op !== 'update') return undefined
  const unknown = Object.keys({ ...before, ...after }).find((field) => !FIELDS.has(field))
  return unknown === undefined ? undefined : `this version of the service does not know a field of task ${id}`
}

/** The fields that are not as the entry made them; null for the whole task. */
function conflictsOf({ op, after }: LogEntry, state: State): readonly (string | null)[] {
  const exists = state !== undefined
  if (exists !== (op !== 'delete')) return [null]
  if (!exists) return []
  const made = op === 'create' ? replaceable(after ?? {}) : (after ?? {})
  return Object.keys(made).filter((field) => !isSame(made[field], state[field]))
}

/** @param kept the fields that an update leaves as they are */
function stateBefore({ op, before }: LogEntry, state: State, kept: ReadonlySet<string | null> = new Set()): State {
  if (op === 'create') return undefined
  if (op === 'delete') return replaceable(before ?? {})
  const set = Object.entries(before ?? {}).filter(([field]) => !kept.has(field))
  return state && { ...state, ...Object.fromEntries(set) }
}
