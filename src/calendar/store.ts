import { LIST_IS_NEW, LIST_STATE, listTag, type ListCondition, type ListState } from '../db/list-tag.ts'
import type { Step, SystemSql, UserSql } from '../db/sql.ts'
import { reading } from '../db/step.ts'
import { USER_ZONE } from '../db/user-zone.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import { theOnly } from '../lib/the-only.ts'
import type { Task } from '../tasks/schema.ts'
import { TASK_JSON } from '../tasks/store.ts'

/** Open tasks that are due at an instant or never; as many are due on days. Those that are due first. */
export const OPEN_TASKS_MAX = 1000
/** The tasks that were completed last, within this time. */
export const COMPLETED_TASKS_MAX = 500
export const COMPLETED_DAYS_MAX = 30

const PUT: Statement = {
  name: 'calendar.put',
  text: `insert into calendar_feeds (hash) values ($1)
         on conflict (user_id) do update set hash = excluded.hash, created_at = now()
         returning todo_instant_json(created_at)::json as "createdAt"`,
}
const REMOVE: Statement = {
  name: 'calendar.remove',
  text: 'delete from calendar_feeds where user_id = $user returning user_id',
}
const USER: Statement = { name: 'calendar.user', text: 'select public.todo_calendar_user($1) as id' }

const IS_READ = `${LIST_IS_NEW} and (select is_alive from feed)`
const OPEN = `from tasks where user_id = $user and completed_at is null and ${IS_READ}`

/** Of the feed with one of the hashes $3, and what was completed since $4. The feed and its tasks are read in one snapshot. */
const READ: Statement = {
  name: 'calendar.read',
  text: `with feed as materialized (
           select exists (select from calendar_feeds where user_id = $user and hash = any ($3::text[])) as is_alive,
             ${USER_ZONE} as zone
         ), ${listTag('$1', '$2', `concat_ws(' ', (select zone from feed), $4::text)`)}
         select ${LIST_STATE}, (select is_alive from feed) as "isAlive", (select zone from feed) as zone,
           (select concat('[', string_agg(json, ','), ']') from (
             (select ${TASK_JSON} as json ${OPEN} and due_day is null order by due_date, id limit ${OPEN_TASKS_MAX})
             union all
             (select ${TASK_JSON} ${OPEN} and due_day is not null order by due_day, id limit ${OPEN_TASKS_MAX})
             union all
             (select ${TASK_JSON} from tasks where user_id = $user and completed_at is not null and ${IS_READ}
                and updated_at >= $4::text::timestamptz order by updated_at desc, id desc limit ${COMPLETED_TASKS_MAX})
           ) all_of_them) as tasks`,
}

/** Makes the address with this hash, in place of the previous one. @returns when */
export async function put(sql: UserSql, hash: string): Promise<{ readonly createdAt: string }> {
  return theOnly(await sql.row<{ createdAt: string }>(PUT, [hash]))
}

/** @throws Problem not_found (404) */
export async function remove(sql: UserSql): Promise<void> {
  if ((await sql.row(REMOVE)) === undefined) throw new Problem('not_found', 'Your calendar has no address')
}

/** @param hashes what the table may hold for an address @returns null if there is none */
export async function userOf(sql: SystemSql, hashes: readonly string[]): Promise<string | null> {
  return theOnly(await sql.row<{ id: string | null }>(USER, [hashes])).id
}

export interface Feed extends ListState {
  /** Whether the address still exists. Without it nothing was read. */
  readonly isAlive: boolean
  /** Of the user. */
  readonly zone: string
  readonly tasks: readonly Task[]
}

interface Row extends Omit<Feed, 'tasks'> {
  readonly tasks: string
}

/** @param since the earliest completion that is shown, as an instant of the wire */
export const read = (hashes: readonly string[], since: string, { request, known }: ListCondition): Step<Feed> =>
  reading(READ, [request, known, hashes, since], (row: Row | undefined) => {
    const { tasks, ...feed } = theOnly(row)
    // The JSON of tasks, as PostgreSQL writes it.
    return { ...feed, tasks: JSON.parse(tasks) as Task[] }
  })
