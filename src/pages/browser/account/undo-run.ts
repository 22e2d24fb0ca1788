import type { Actor } from '../../views/history-text.ts'
import type { Left, Outcome } from '../../views/undo-texts.ts'
import { call, newId, refusalOf, type Answer } from '../api.ts'

/** Takes back what one actor did in a time, by requests of at most the limit of one undo. */

/** Whose changes, and since when. */
export interface Wanted {
  readonly actor: Actor
  readonly since: string
}

/** What can be said before anything is undone. */
export type Plan =
  | ({ readonly kind: 'exact' } & Outcome)
  /** There is more than one undo takes. */
  | { readonly kind: 'large'; readonly changes: number }

/** Why it could not go on. */
export class Refused extends Error {}

/** Called while it waits for the rate limit, with the seconds. */
type OnWait = (seconds: number) => void

const UNDO = '/api/history/undo'
/** A thousand changes take some seconds on a busy server. */
const UNDO_TIMEOUT_MS = 60_000
const PAGE_ENTRIES = 100
const WAITS_MAX = 20

/** @throws Refused */
export async function planUndo(wanted: Wanted, onWait: OnWait): Promise<Plan> {
  const answer = await undoOf(wanted, { since: wanted.since, until: undefined }, '?dryRun=true', onWait)
  const outcome = outcomeOf(answer)
  if (outcome !== undefined) return { kind: 'exact', ...outcome }
  if (sinceToBeginWith(answer) === undefined) throw new Refused(refusalOf(answer).detail)
  return { kind: 'large', changes: await countChanges(wanted, onWait) }
}

export interface Watching {
  /** Called after each request, with the result so far. */
  onProgress(this: void, outcome: Outcome): void
  readonly onWait: OnWait
  /** Asked before each request. */
  isStopped(this: void): boolean
}

/**
 * Undoes the newest changes first, and then those before them.
 *
 * @throws Refused; what was undone until then stays undone, and another run continues with the rest
 */
export async function runUndo(wanted: Wanted, { onProgress, onWait, isStopped }: Watching): Promise<Outcome> {
  let so: Outcome = { tasks: 0, left: [] }
  let since = wanted.since
  let until: string | undefined
  while (!isStopped()) {
    const answer = await undoOf(wanted, { since, until }, '', onWait)
    const outcome = outcomeOf(answer)
    if (outcome === undefined) {
      const later = sinceToBeginWith(answer)
      if (later === undefined || Date.parse(later) <= Date.parse(since)) throw new Refused(refusalOf(answer).detail)
      since = later
      continue
    }
    so = { tasks: so.tasks + outcome.tasks, left: eachOnce([...so.left, ...outcome.left]) }
    onProgress(so)
    if (since === wanted.since) break
    until = since
    since = wanted.since
  }
  return so
}

const undoOf = (
  { actor }: Wanted,
  { since, until }: { readonly since: string; readonly until: string | undefined },
  query: string,
  onWait: OnWait,
): Promise<Answer> => {
  const body = { actor, since, ...(until !== undefined && { until }), skipConflicts: true }
  // The same key for each attempt, so that it is executed once.
  const headers = { 'idempotency-key': newId() }
  return patiently(
    () => call('POST', UNDO + query, { body, headers, signal: AbortSignal.timeout(UNDO_TIMEOUT_MS) }),
    onWait,
  )
}

/** @returns undefined for a refusal that says nothing about conflicts */
function outcomeOf({ status, json }: Answer): Outcome | undefined {
  if (status === 204) return { tasks: 0, left: [] }
  // The route answers with these members.
  const answer = json as {
    readonly changes?: readonly { readonly id: string }[]
    readonly skipped?: readonly Left[]
    readonly conflicts?: readonly Left[]
    readonly code?: string
  }
  const { changes = [], skipped = [], conflicts = [], code } = answer
  // A task that is restored and then changed has two changes.
  if (status === 200) return { tasks: new Set(changes.map(({ id }) => id)).size, left: skipped }
  return status === 409 && code === 'undo_conflict' ? { tasks: 0, left: eachOnce(conflicts) } : undefined
}

const eachOnce = (left: readonly Left[]): readonly Left[] => [...new Map(left.map((each) => [each.id, each])).values()]

/** The time that a refusal of too many changes names. */
function sinceToBeginWith({ status, json }: Answer): string | undefined {
  const { since }: { readonly since?: unknown } = Object(json)
  return status === 422 && typeof since === 'string' ? since : undefined
}

/** Counts the changes in the history, because a dry run has the same limit as an undo. @throws Refused */
async function countChanges({ actor, since }: Wanted, onWait: OnWait): Promise<number> {
  const filter = { actor: actor.name === null ? (actor.kind ?? '') : `${actor.kind}:${actor.name}`, since }
  let count = 0
  let cursor: string | null = ''
  while (cursor !== null) {
    const more: Readonly<Record<string, string>> = cursor === '' ? {} : { cursor }
    const query = new URLSearchParams({ ...filter, limit: String(PAGE_ENTRIES), ...more }).toString()
    const answer = await patiently(() => call('GET', `/api/history?${query}`), onWait)
    if (!answer.ok) throw new Refused(refusalOf(answer).detail)
    // The route answers with entries.
    const entries = answer.json as readonly { readonly undoneBy: string | null; readonly changeCount: number }[]
    for (const { undoneBy, changeCount } of entries) if (undoneBy === null) count += changeCount
    cursor = answer.headers.get('x-next-cursor')
  }
  return count
}

/** Repeats a request that the service asks to repeat later. */
async function patiently(ask: () => Promise<Answer>, onWait: OnWait): Promise<Answer> {
  for (let waits = 0; ; waits++) {
    const answer = await ask()
    const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN)
    const isToBeRepeated = answer.status === 429 || answer.status === 503
    if (!isToBeRepeated || !Number.isFinite(seconds) || waits === WAITS_MAX) return answer
    onWait(seconds)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  }
}
