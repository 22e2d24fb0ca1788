import {
  LIST_IS_NEW,
  LIST_STATE,
  listState,
  listTag,
  type ListCondition,
  type ListState,
  type Untagged,
} from '../../db/list-tag.ts'
import type { Statement } from '../../db/wire/statement.ts'
import { reading, shortReading } from '../../db/step.ts'
import type { Step } from '../../db/sql.ts'
import { Problem } from '../../errors.ts'
import { formatInstant } from '../../lib/instant.ts'
import { theOnly } from '../../lib/the-only.ts'
import { countOverdue, latestOverdue, zoneOf } from './due-sql.ts'
import { isOfZone, type Query } from './query.ts'
import { pageStatement, type Moment } from './query-sql.ts'
import { DETAILS } from '../../problems.ts'
import { PRIORITIES, STATUSES } from '../fields.ts'
import type { TagCount, TaskStats } from '../schema.ts'

/** Where a page ended: the time zone and the instant of its listing if it depends on them, then the sort keys of its last task. */
export type Position = readonly string[]

/** What each list of a user says about its state. */
export interface Listed extends ListState {
  readonly userId: string
}

export interface Page extends Listed {
  /** A JSON array of whole tasks, or of their selected members. */
  readonly tasks: string
  /** Null if it was not requested and would need a count. */
  readonly total: number | null
  /** Where the next page begins; undefined on the last one. */
  readonly next: Position | undefined
}

interface PageRow extends Pick<Page, 'tasks' | 'total'> {
  /** The sort keys of the last task; an empty due date means null. */
  readonly next: readonly (string | null)[] | null
  readonly zone?: string
}

/** A page with a prepared statement and at most this many tasks is a short read. */
const SHORT_PAGE = 100

/** What a listing depends on in addition to the query. */
export interface Asked {
  /** The current time of a listing that begins. */
  readonly nowMs: number
  readonly condition: ListCondition
  /** Whether the page may have many bytes. It then gets a connection of its own, so that other results are not queued behind it. */
  readonly isLarge?: boolean
}

/**
 * @param after where the previous page ended
 * @throws Problem invalid_cursor (400) where the query names another time zone than the first page had; invalid_input (422) for a time
 *   zone that the database does not know
 */
export function page(
  query: Query,
  after: Position | undefined,
  { nowMs, condition, isLarge = false }: Asked,
): Step<Page> {
  const moment = momentOf(query, after, nowMs)
  const keys = isOfZone(query) ? after?.slice(2) : after
  const { statement, values } = pageStatement(query, moment, keys, condition)
  const isShort = statement.name !== '' && query.limit <= SHORT_PAGE && !isLarge
  return (isShort ? shortReading : reading)(
    statement,
    values,
    (row: (PageRow & (ListState | Untagged)) | undefined, userId: string) => {
      const { tasks, total, next, zone, ...list } = theOnly(row)
      const place = zone === undefined ? [] : [zone, moment.now]
      return {
        tasks,
        total,
        next: next === null ? undefined : [...place, ...next.map((key) => key ?? '')],
        userId,
        ...('etag' in list ? list : listState(list, condition, userId)),
      }
    },
  )
}

/** Those of the first page, so that a change of day or of the user's time zone between two pages neither hides nor repeats a task. */
function momentOf(query: Query, after: Position | undefined, nowMs: number): Moment {
  if (after === undefined || !isOfZone(query)) return { zone: query.zone ?? null, now: formatInstant(nowMs) }
  const [zone = '', now = ''] = after
  if (query.zone !== undefined && query.zone !== zone) throw new Problem('invalid_cursor', DETAILS.invalid_cursor)
  return { zone, now }
}

const TAGS: Statement = {
  name: 'tasks.tags',
  text: `with ${listTag('$5', '$6')} select ${LIST_STATE}, coalesce(json_agg(
           json_build_object('name', name, 'count', count) order by count desc, name collate "C"), '[]') as tags,
           case when $4 and ${LIST_IS_NEW} then
             (select count(distinct name) from tasks, unnest(tags) as name where user_id = $user) end as total
         from (
           select name, count(*) as count from tasks, unnest(tags) as name where user_id = $user and ${LIST_IS_NEW} group by name
           having $2::bigint is null or count(*) < $2 or (count(*) = $2 and name collate "C" > $3)
           order by count desc, name collate "C" limit $1
         ) page`,
}

export interface TagPage extends Listed {
  readonly tags: TagCount[]
  /** Undefined if it was not requested and would need a count. */
  readonly total: number | undefined
  /** Where the next page begins: count and name of its last tag. Undefined on the last page. */
  readonly next: Position | undefined
}

interface TagRow extends ListState, Pick<TagPage, 'tags'> {
  readonly total: number | null
}

/** The most used tags first. `after` is where the previous page ended. */
export function tags(
  { limit, count }: { readonly limit: number; readonly count: boolean },
  after: Position | undefined,
  { request, known }: ListCondition,
): Step<TagPage> {
  const [uses = null, name = null] = after ?? []
  // One row more than the limit shows whether there is a next page.
  const values = [limit + 1, uses, name, count, request, known]
  return reading(TAGS, values, (row: TagRow | undefined, userId: string) => {
    const { tags: rows, total, ...list } = theOnly(row)
    const tags = rows.slice(0, limit)
    const last = rows.length > limit ? tags.at(-1) : undefined
    const free = after === undefined && last === undefined ? tags.length : undefined
    return { ...list, userId, tags, total: total ?? free, next: last && [String(last.count), last.name] }
  })
}

const each = (column: string, values: readonly string[]): string =>
  `json_build_object(${values.map((value) => `'${value}', coalesce(sum(tasks) filter (where ${column} = '${value}'), 0)`).join(', ')})`

// Both parts are index-only scans for pages that are marked all-visible by vacuum.
const STATS: Statement = {
  name: 'tasks.stats',
  text: `with ${zoneOf('$4::text', '$1::timestamptz')},
         ${listTag('$2', '$3', latestOverdue('$1::timestamptz'))} select ${LIST_STATE}, case when ${LIST_IS_NEW} then (
           select json_build_object('total', coalesce(sum(tasks), 0), 'byStatus', ${each('status', STATUSES)},
             'byPriority', ${each('priority', PRIORITIES)}, 'overdue', ${countOverdue('$1::timestamptz')})
           from (select status, priority, count(*) as tasks from tasks where user_id = $user group by status, priority) as counted
         ) end as stats`,
}

export interface Stats extends Listed {
  /** Null if the client has them. */
  readonly stats: TaskStats | null
}

/**
 * `nowMs` decides which tasks are overdue; the list uses the same clock.
 *
 * @param zone that of the user if undefined
 */
export const stats = (nowMs: number, zone: string | undefined, { request, known }: ListCondition): Step<Stats> =>
  reading(
    STATS,
    [formatInstant(nowMs), request, known, zone ?? null],
    (row: Omit<Stats, 'userId'> | undefined, userId: string) => ({
      ...theOnly(row),
      userId,
    }),
  )
