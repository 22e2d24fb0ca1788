import type { UserSql } from '../../db/sql.ts'
import type { Statement } from '../../db/wire/statement.ts'
import { reading, shortReading } from '../../db/step.ts'
import type { Step } from '../../db/sql.ts'
import { formatInstant } from '../../lib/instant.ts'
import { dueBounds, type Query } from './query.ts'
import { pageStatement } from './query-sql.ts'
import { PRIORITIES, STATUSES } from '../fields.ts'
import type { TagCount, TaskStats } from '../schema.ts'

/** Where a page ended: the instants that bound `due` in its listing, then the sort keys of its last task. */
export type Position = readonly string[]

export interface Page {
  /** A JSON array of whole tasks, or of their selected members. */
  readonly tasks: string
  /** Null if it was not requested and would need a count. */
  readonly total: number | null
  /** Where the next page begins; undefined on the last one. */
  readonly next: Position | undefined
  readonly userId: string
  /** Of the log, in the snapshot of the page. */
  readonly position: string
}

interface PageRow extends Pick<Page, 'tasks' | 'total' | 'position'> {
  /** The sort keys of the last task; an empty due date means null. */
  readonly next: readonly (string | null)[] | null
}

/** A page with a prepared statement and at most this many tasks is a short read. */
const SHORT_PAGE = 100

/**
 * `after` is where the previous page ended; `nowMs` is the current time of a listing that begins. A page that may have many bytes
 * gets a connection of its own: on a shared one the results of other requests would be queued behind it.
 */
export function page(query: Query, after: Position | undefined, nowMs: number, isLarge = false): Step<Page> {
  const fresh = dueBounds(query, nowMs)
  const due = after?.slice(0, fresh.length) ?? fresh
  const { statement, values } = pageStatement(query, due, after?.slice(fresh.length))
  const isShort = statement.name !== '' && query.limit <= SHORT_PAGE && !isLarge
  return (isShort ? shortReading : reading)(statement, values, (row: PageRow | undefined, userId: string) => {
    const { tasks, total, position, next } = theOnly(row)
    return {
      tasks,
      total,
      next: next === null ? undefined : [...due, ...next.map((key) => key ?? '')],
      userId,
      position,
    }
  })
}

const TAGS: Statement = {
  name: 'tasks.tags',
  text: `select name, count(*) as count from tasks, unnest(tags) as name where user_id = $user group by name
         having $2::bigint is null or count(*) < $2 or (count(*) = $2 and name collate "C" > $3)
         order by count desc, name collate "C" limit $1`,
}
const COUNT_TAGS: Statement = {
  name: 'tasks.count_tags',
  text: `select count(distinct name) as total from tasks, unnest(tags) as name where user_id = $user`,
}

export interface TagPage {
  readonly tags: TagCount[]
  /** Undefined if it was not requested and would need a count. */
  readonly total: number | undefined
  /** Where the next page begins: count and name of its last tag. Undefined on the last page. */
  readonly next: Position | undefined
}

/** The most used tags first. `after` is where the previous page ended. */
export async function tags(
  sql: UserSql,
  { limit, count }: { readonly limit: number; readonly count: boolean },
  after: Position | undefined,
): Promise<TagPage> {
  const [rows, counted] = await Promise.all([
    // One row more than the limit shows whether there is a next page.
    sql.rows<TagCount>(TAGS, [limit + 1, ...(after ?? [null, null])]),
    count ? sql.row<{ total: number }>(COUNT_TAGS) : undefined,
  ])
  const tags = rows.slice(0, limit)
  const last = rows.length > limit ? tags.at(-1) : undefined
  const known = after === undefined && last === undefined ? tags.length : undefined
  return { tags, total: counted?.total ?? known, next: last && [String(last.count), last.name] }
}

const each = (column: string, values: readonly string[]): string =>
  `json_build_object(${values.map((value) => `'${value}', coalesce(sum(tasks) filter (where ${column} = '${value}'), 0)`).join(', ')})`

// Both parts are index-only scans for pages that are marked all-visible by vacuum.
const STATS: Statement = {
  name: 'tasks.stats',
  text: `select coalesce(sum(tasks), 0)::bigint as total, ${each('status', STATUSES)} as "byStatus",
           ${each('priority', PRIORITIES)} as "byPriority",
           (select count(*) from tasks where user_id = $user and due_date < $1::timestamptz and completed_at is null) as overdue
         from (select status, priority, count(*) as tasks from tasks where user_id = $user group by status, priority) as counted`,
}

/** `nowMs` decides which tasks are overdue; the list uses the same clock. */
export const stats = (nowMs: number): Step<TaskStats> => reading(STATS, [formatInstant(nowMs)], theOnly<TaskStats>)

function theOnly<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error('an aggregate without a row')
  return row
}
