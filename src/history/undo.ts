import { LOCK_LOG, logPositionOf, newestPosition, positionNow } from '../db/change-log.ts'
import type { UserSql } from '../db/sql.ts'
import { Problem } from '../errors.ts'
import type { Logged } from '../http/logged.ts'
import { formatInstant } from '../lib/instant.ts'
import { theOnly } from '../lib/the-only.ts'
import * as tasks from '../tasks/store.ts'
import type { Task } from '../tasks/schema.ts'
import { restoreAll, trashedAmong } from '../trash/store.ts'
import { HISTORY_PROBLEMS } from './problems.ts'
import { UNDONE_MAX, type LaterChange } from './schema.ts'
import { entry, type HistoryFilter } from './store.ts'
import { entriesOf, laterChanges, recordUndo, requestOf, requestsOf, type LoggedRequest } from './undo-store.ts'
import { isSame, replaceable, unwind, unwindPossible, type Conflict, type Unwound } from './unwind.ts'

/** The result of an undo. */
export interface Undone extends Logged {
  /** The JSON of its own entry; null if there was nothing to change. */
  readonly entry: string | null
}

/** Most requests of any actor in the time of an undo. */
export const UNDO_SCANNED_MAX = 10_000

/** Of the conflicts that an answer names. */
const CONFLICTS_MAX = 20

/**
 * Takes back what one request changed.
 *
 * @throws Problem not_found (404), undo_conflict (409), cannot_be_undone (409)
 */
export async function undoOne(sql: UserSql, id: string): Promise<Undone> {
  // One round trip. The snapshot of the second statement is taken after the lock is.
  const [, request] = await Promise.all([sql.rows(LOCK_LOG, [sql.userId]), requestOf(sql, id)])
  if (request === undefined) throw noEntry()
  if (changesOf([request]) > UNDONE_MAX) throw impossible(`the change has more than ${UNDONE_MAX} parts`)
  return undo(sql, [request])
}

export const noEntry = (): Problem =>
  new Problem('not_found', 'No change of yours has this id, or it was made more than 90 days ago')

/**
 * Takes back all that was changed in a time, or all that one actor did in it; what is already undone is left out.
 *
 * @param skipConflicts takes back what can be taken back, instead of refusing all of it
 * @throws Problem invalid_input (422) if that is too much; undo_conflict (409), cannot_be_undone (409)
 */
export async function undoAll(sql: UserSql, filter: HistoryFilter, skipConflicts: boolean): Promise<Undone> {
  const [, { scanned, oldestAt, requests }] = await Promise.all([
    sql.rows(LOCK_LOG, [sql.userId]),
    requestsOf(sql, filter, UNDO_SCANNED_MAX + 1),
  ])
  const chosen = inEffect(requests)
  if (changesOf(chosen) > UNDONE_MAX) throw tooMany(`these are more than ${UNDONE_MAX} changes`, newestThatFit(chosen))
  if (scanned > UNDO_SCANNED_MAX) {
    // The oldest of them may have been made in the same millisecond as requests that were not looked at.
    const since = afterMillisecond(oldestAt)
    throw tooMany(`more than ${UNDO_SCANNED_MAX} requests changed something in this time`, since)
  }
  return skipConflicts ? undoPossible(sql, chosen) : undo(sql, chosen)
}

const changesOf = (requests: readonly LoggedRequest[]): number =>
  requests.reduce((total, { first, last }) => total + last - first + 1, 0)

/**
 * The requests that are not undone. They are taken back in this order, so an undo among them has no effect any more on those after it.
 *
 * @param requests newest first
 */
function inEffect(requests: readonly LoggedRequest[]): readonly LoggedRequest[] {
  const takenBack = new Set<string>()
  return requests.filter(({ id, chain }) => {
    // Of the chain, the last undo is in effect, unless it is taken back here.
    const isUndone = chain.reduceRight((isLaterInEffect, undoId) => !takenBack.has(undoId) && !isLaterInEffect, false)
    if (!isUndone) takenBack.add(id)
    return !isUndone
  })
}

/** The time since which the newest requests are few enough; undefined if even those of one millisecond are too many. */
function newestThatFit(requests: readonly LoggedRequest[]): string | undefined {
  let total = 0
  const first = requests.find((request) => (total += changesOf([request])) > UNDONE_MAX)
  return requests.findLast(({ at }) => first !== undefined && Date.parse(at) > Date.parse(first.at))?.at
}

/** Times are exchanged in milliseconds, and the log is more precise. */
const afterMillisecond = (at: string): string => formatInstant(Date.parse(at) + 1)

function tooMany(why: string, since?: string): Problem {
  const how =
    since === undefined
      ? 'choose a shorter time'
      : `undo the newest first, with "since": "${since}", and then the rest with "until": "${since}"`
  const detail = `since is too early: ${why}; ${how}`
  return Problem.invalid([{ in: 'body', pointer: '/since', detail }], since === undefined ? {} : { since })
}

const impossible = (why: string): Problem =>
  new Problem(HISTORY_PROBLEMS.cannot_be_undone, `Nothing was undone: ${why}`)

/** The log must be locked: what is read here then stays as it is. */
async function undo(sql: UserSql, requests: readonly LoggedRequest[]): Promise<Undone> {
  const ids = requests.map(({ id }) => id)
  const { entries, current } = await lockedEntries(sql, requests)
  const unwound = unwind(entries, current)
  if (unwound.impossible !== undefined) throw impossible(unwound.impossible)
  if (unwound.conflicts.length > 0) throw await conflict(sql, unwound.conflicts, ids)
  return finish(sql, unwound.states, current, ids)
}

/**
 * Takes back what can be taken back, and names the tasks of which something stays. A request of which something stays is not recorded as
 * undone, so the rest of it can be undone later.
 *
 * @throws Problem undo_conflict (409) if everything stays
 */
async function undoPossible(sql: UserSql, requests: readonly LoggedRequest[]): Promise<Undone> {
  const { entries, current } = await lockedEntries(sql, requests)
  const deleted = [...new Set(entries.map(({ id }) => id))].filter((id) => !current.has(id))
  const { states, left } = unwindPossible(entries, current, await trashedAmong(sql, deleted))
  const whole = requests.filter(({ first, last }) => !left.some(({ entry: { seq } }) => seq >= first && seq <= last))
  const undone = await finish(
    sql,
    states,
    current,
    whole.map(({ id }) => id),
  )
  const ids = requests.map(({ id }) => id)
  // The newest of each task.
  const named = [...Map.groupBy(left, ({ entry: { id } }) => id).values()].flatMap(([first]) => first ?? [])
  if (undone.entry === null) {
    if (named.length > 0) throw conflictOf(await described(sql, named, ids), named.length)
    return undone
  }
  const skipped = await described(sql, named, ids)
  return { ...undone, entry: `${undone.entry.slice(0, -1)},"skipped":${JSON.stringify(skipped)}}` }
}

async function lockedEntries(sql: UserSql, requests: readonly LoggedRequest[]) {
  const entries = await entriesOf(sql, requests)
  const stored = await tasks.lockAll(sql, [...new Set(entries.map(({ id }) => id))])
  return { entries, current: new Map([...stored].map(([id, task]) => [id, tasks.taskOf(task)])) }
}

/** @param ids of the requests that are undone by this */
async function finish(
  sql: UserSql,
  states: Unwound['states'],
  current: ReadonlyMap<string, Task>,
  ids: readonly string[],
): Promise<Undone> {
  const existing = new Map([...current].map(([id, task]) => [id, replaceable(task)]))
  const position = newestPosition(await establish(sql, states, existing))
  if (position === undefined) return { userId: sql.userId, position: await positionNow(sql), entry: null }
  const { seq, changeId } = logPositionOf(position)
  await recordUndo(sql, ids, seq)
  return { userId: sql.userId, position, entry: theOnly(await sql.run(entry(changeId))) }
}

/** Restores, changes and deletes tasks, so that they have these states. @returns the position of each change */
async function establish(
  sql: UserSql,
  states: Unwound['states'],
  existing: Map<string, Readonly<Record<string, unknown>>>,
): Promise<readonly string[]> {
  const wanted = [...states]
  const missing = wanted.filter(([id, state]) => state !== undefined && !existing.has(id)).map(([id]) => id)
  const restored = await restoreAll(sql, missing)
  const [gone] = restored.notInTrash
  if (gone !== undefined) throw impossible(`task ${gone} is not in the trash any more`)
  for (const task of restored.tasks) existing.set(task.id, replaceable(tasks.taskOf(task)))
  const changed = wanted.flatMap(([id, state]) =>
    state === undefined || isSame(state, existing.get(id)) ? [] : [{ ...state, id }],
  )
  const replaced = changed.length > 0 ? await tasks.replaceAll(sql, changed) : []
  const removed = wanted.filter(([id, state]) => state === undefined && existing.has(id)).map(([id]) => id)
  const deleted = removed.length > 0 ? await tasks.removeAll(sql, removed) : []
  return [...restored.tasks, ...replaced, ...deleted].map(({ position }) => position)
}

async function conflict(sql: UserSql, all: readonly Conflict[], undone: readonly string[]): Promise<Problem> {
  return conflictOf(await described(sql, all.slice(0, CONFLICTS_MAX), undone), all.length)
}

/** A conflict as answers have it. */
interface Described {
  readonly type: string
  readonly id: string
  readonly field: string | null
  readonly change: LaterChange | null
}

async function described(
  sql: UserSql,
  conflicts: readonly Conflict[],
  undone: readonly string[],
): Promise<readonly Described[]> {
  const changes = await laterChanges(sql, conflicts, undone)
  return conflicts.map(({ entry: { type, id }, field }, at) => ({ type, id, field, change: changes[at] ?? null }))
}

/** @param count of all conflicts, of which not all may be named */
function conflictOf(conflicts: readonly Described[], count: number): Problem {
  const [first] = conflicts
  const what = first?.field === null ? 'task' : `${first?.field} of task`
  const more = count > 1 ? `, and ${count - 1} more` : ''
  return new Problem(
    HISTORY_PROBLEMS.undo_conflict,
    `Nothing was undone: ${what} ${first?.id} was changed later${first?.change ? ` by the change ${first.change.id}` : ''}${more}`,
    { body: { conflicts } },
  )
}
