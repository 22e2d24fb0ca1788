import { erasing, LOCK_LOG, newestEntryOf, newestPosition, positionNow } from '../db/change-log.ts'
import type { Step, UserSql } from '../db/sql.ts'
import { reading, shortReading } from '../db/step.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import type { Logged } from '../http/logged.ts'
import { theOnly } from '../lib/the-only.ts'
import type { Task } from '../tasks/schema.ts'
import { DEFAULT_CONTENT, eraseAll, recreating, withAllMembers, type Positioned } from '../tasks/store.ts'
import { TRASH_DAYS, type Trashed } from './schema.ts'

/** A condition on an entry of the change log: it is of something that can be restored. */
const IN_TRASH = `in_trash and at > now() - interval '${TRASH_DAYS} days'`

/** A FROM item: `id`, and `task` with what was deleted, of those of the tasks $1 that are in the trash. */
const AMONG_GIVEN = `(
    select given.id, entry.before as task from unnest($1::uuid[]) as given (id) cross join lateral (
      ${newestEntryOf('given.id', 'before, in_trash, at')}
    ) as entry where ${IN_TRASH})`

/** The trigger of the change log continues the versions of the tasks and takes them out of the trash. */
const RESTORE: Statement = { name: 'trash.restore', text: recreating(AMONG_GIVEN, '$2') }
const AMONG: Statement = { name: 'trash.among', text: `select id from ${AMONG_GIVEN} as trashed` }

export interface Restored {
  /** The tasks as they are now, in no particular order. */
  readonly tasks: readonly Positioned[]
  /** Those of the ids that were not in the trash: tasks that exist, that were deleted for good, or that never existed. */
  readonly notInTrash: readonly string[]
}

/**
 * Restores tasks from the trash: with the same id, content, createdAt and completedAt, and the next version.
 *
 * @param ids distinct and in lower case
 */
export async function restoreAll(sql: UserSql, ids: readonly string[]): Promise<Restored> {
  if (ids.length === 0) return { tasks: [], notInTrash: [] }
  // Before the entries are read, so that no other transaction restores the tasks or deletes them for good in between.
  await sql.rows(LOCK_LOG, [sql.userId])
  const tasks = await sql.rows<Positioned>(RESTORE, [ids, JSON.stringify(DEFAULT_CONTENT)])
  const restored = new Set(tasks.map(({ id }) => id))
  return { tasks, notInTrash: ids.filter((id) => !restored.has(id)) }
}

/** Restored tasks, and the position in the change log after their restore, or if nothing was restored, as it was read. */
export type LoggedRestored = Restored & Logged

/** The same, for an answer. */
export async function restoreMany(sql: UserSql, ids: readonly string[]): Promise<LoggedRestored> {
  const restored = await restoreAll(sql, ids)
  const position = newestPosition(restored.tasks.map((task) => task.position)) ?? (await positionNow(sql))
  return { ...restored, userId: sql.userId, position }
}

/** @throws Problem not_found (404) */
export async function restore(sql: UserSql, id: string): Promise<Positioned> {
  const [task] = (await restoreAll(sql, [id])).tasks
  return found(task)
}

/** Those of the tasks that are in the trash. @param ids in lower case */
export async function trashedAmong(sql: UserSql, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  return new Set((await sql.rows<{ id: string }>(AMONG, [ids])).map(({ id }) => id))
}

/** An item of the trash as JSON. */
const ITEM = `json_build_object('seq', seq::text, 'id', entity_id, 'type', type, 'deletedAt', todo_instant_json(at)::json,
    'expiresAt', todo_instant_json(at + interval '${TRASH_DAYS} days')::json,
    'deletedBy', case when actor_kind is not null then json_build_object('kind', actor_kind, 'name', actor_name) end,
    'data', before)`

// One item more than the page takes shows whether there is a next page.
const PAGE: Statement = {
  name: 'trash.page',
  text: `select coalesce(json_agg(item order by seq desc), '[]') as items from (
           select seq, ${ITEM} as item from changes
           where user_id = $user and ${IN_TRASH} and ($2::bigint is null or seq < $2) order by seq desc limit $1::int + 1
         ) page`,
}
const FIND: Statement = {
  name: 'trash.find',
  text: `select ${ITEM} as item from (${newestEntryOf('$1', '*')}) entry where ${IN_TRASH}`,
}

/** As SQL gives it: `data` has the members that a task had when it was deleted. */
type Item = Omit<Trashed, 'data'> & { readonly seq: string; readonly data: Partial<Task> }

export interface TrashPage {
  readonly items: readonly Trashed[]
  /** Where the next page begins; undefined on the last one. */
  readonly next: readonly string[] | undefined
  readonly userId: string
}

/** What was deleted last comes first. @param after where the previous page ended */
export const page = (limit: number, after: readonly string[] | undefined): Step<TrashPage> => {
  const read = limit <= SHORT_PAGE ? shortReading<TrashPage> : reading<TrashPage>
  return read(PAGE, [limit, after?.[0] ?? null], (row, userId) => {
    // The column of the statement.
    const { items } = theOnly(row) as { readonly items: readonly Item[] }
    const shown = items.slice(0, limit)
    const last = items.length > limit ? shown.at(-1) : undefined
    return { items: shown.map(trashed), next: last && [last.seq], userId }
  })
}

/** A page of so many items is read on a connection that is shared with other short statements. */
const SHORT_PAGE = 50

/** @throws Problem not_found (404) */
export const find = (id: string): Step<Trashed> =>
  // The column of the statement.
  shortReading(FIND, [id], (row) => trashed(found(row as { readonly item: Item } | undefined).item))

/** The schema of the answer leaves out `seq`, and members of the task that this version does not know. */
const trashed = (item: Item): Trashed => ({ ...item, data: withAllMembers(item.data) })

/** Deletes a task in the trash for good. @throws Problem not_found (404) */
export async function erase(sql: UserSql, id: string): Promise<void> {
  found((await eraseAll(sql, [id])) > 0 ? id : undefined)
}

/** $1 is the last seq to be deleted; null for all. $2 is how many. */
const ERASE_OLDEST: Statement = {
  name: 'trash.erase_oldest',
  // The type is compared outside, because with it the planner may prefer the index of all entries of a type. For a limit that it does not
  // know it expects a tenth of the rows, and so reads them in the order of the index, however many they are.
  text: `select ${erasing(
    `'task'`,
    `array(select entity_id from (
       select type, entity_id from changes
       where user_id = $user and in_trash and ($1::bigint is null or seq <= $1) order by seq limit (select $2::int)
     ) oldest where type = 'task')`,
  )} as erased`,
}
const NEWEST: Statement = {
  name: 'trash.newest',
  text: `select seq::text as newest from changes where user_id = $user and in_trash order by seq desc limit 1`,
}

/** Deletes the oldest items for good, at most `limit`. @param upTo the last seq to be deleted @returns how many */
export async function eraseOldest(sql: UserSql, limit: number, upTo?: string): Promise<number> {
  const { erased } = theOnly(await sql.row<{ erased: number }>(ERASE_OLDEST, [upTo ?? null, limit]))
  return erased
}

/** The seq of the newest item in the trash; undefined if it is empty. */
export const newestSeq = async (sql: UserSql): Promise<string | undefined> =>
  (await sql.row<{ newest: string }>(NEWEST))?.newest

const ERASE_HISTORY: Statement = {
  name: 'trash.erase_history',
  text: `select public.todo_erase_history($1, $2, $3::bigint, $4::bigint)::text as next`,
}

/** What is left of the history of something that was deleted for good. */
export interface LongHistory {
  readonly type: string
  readonly id: string
  /** Of its deletion. */
  readonly deletedSeq: string
  /** The next entry to be erased. Older ones follow. */
  readonly nextSeq: string
}

/** Erases the next entries. @returns the seq of the next one; null if none is left */
export async function eraseHistory(
  sql: UserSql,
  { type, id, deletedSeq, nextSeq }: LongHistory,
): Promise<string | null> {
  return theOnly(await sql.row<{ next: string | null }>(ERASE_HISTORY, [type, id, deletedSeq, nextSeq])).next
}

function found<Found>(item: Found | undefined): Found {
  if (item === undefined) throw new Problem('not_found', 'There is nothing with this id in your trash')
  return item
}
