import type { Statement, UserSql } from '../db/sql.ts'
import { formatInstant } from '../lib/instant.ts'
import { dueBounds, type Query } from './query.ts'
import { countStatement, keyColumn, pageStatement } from './query-sql.ts'
import { PRIORITIES, STATUSES, type TagCount, type Task, type TaskStats } from './schema.ts'

/** Where a page ended: the instants that its listing means by `due`, and then the keys of its last task. */
export type Position = readonly string[]

export interface Page {
  /** Whole tasks, or the members that were asked for. */
  readonly tasks: Task[]
  /** Undefined where it was not asked for. */
  readonly total: number | undefined
  /** Where the next page begins; undefined on the last one. */
  readonly next: Position | undefined
}

type Row = Task & Readonly<Record<`key.${string}`, unknown>>

/** `after` is where the page before ended, `nowMs` what a listing that begins means by now. */
export async function page(sql: UserSql, query: Query, after: Position | undefined, nowMs: number): Promise<Page> {
  const fresh = dueBounds(query, nowMs)
  const due = after?.slice(0, fresh.length) ?? fresh
  const paged = pageStatement(query, due, after?.slice(fresh.length))
  const counted = query.count ? countStatement(query, due) : undefined
  const [rows, count] = await Promise.all([
    sql.rows<Row>(paged.statement, paged.values),
    counted && sql.row<{ total: number }>(counted.statement, counted.values),
  ])
  const last = rows.length > query.limit ? rows[query.limit - 1] : undefined
  return {
    tasks: rows.slice(0, query.limit).map((row) => shown(row, query)),
    total: query.count ? (count?.total ?? 0) : undefined,
    next: last && [...due, ...keysOf(last, query)],
  }
}

function shown(row: Row, { fields }: Query): Task {
  if (fields === undefined) return row
  // Part of a task; the route serialises it by what it has.
  return Object.fromEntries(fields.map((field) => [field, row[field]])) as Task
}

/** Sort keys are text, or whole numbers. */
const keysOf = (row: object, { sort, fields }: Query): string[] =>
  [...sort.map(({ name }) => name), 'id' as const].map((name) =>
    String((row as Record<string, string | number | null>)[keyColumn(name, fields)] ?? ''),
  )

const TAGS: Statement = {
  name: 'tasks.tags',
  text: `select name, count(*) as count, count(*) over () as total from tasks, unnest(tags) as name
         group by name order by count desc, name collate "C" limit $1`,
}

/** The most used first; `total` is how many there are in all. */
export async function tags(sql: UserSql, limit: number): Promise<{ tags: TagCount[]; total: number }> {
  const rows = await sql.rows<TagCount & { total: number }>(TAGS, [limit])
  return { tags: [...rows], total: rows[0]?.total ?? 0 }
}

const each = (column: string, values: readonly string[]): string =>
  `json_build_object(${values.map((value) => `'${value}', count(*) filter (where ${column} = '${value}')`).join(', ')})`

const STATS: Statement = {
  name: 'tasks.stats',
  text: `select count(*) as total, ${each('status', STATUSES)} as "byStatus", ${each('priority', PRIORITIES)} as "byPriority",
           count(*) filter (where due_date < $1::timestamptz and status <> 'COMPLETED') as overdue
         from tasks`,
}

/** `nowMs` is what is overdue by now, by the clock that the list goes by. */
export async function stats(sql: UserSql, nowMs: number): Promise<TaskStats> {
  const row = await sql.row<TaskStats>(STATS, [formatInstant(nowMs)])
  if (row === undefined) throw new Error('an aggregate without a row')
  return row
}
