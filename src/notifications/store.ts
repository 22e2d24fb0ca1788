import type { Step, UserSql } from '../db/sql.ts'
import { reading, shortReading } from '../db/step.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import { theOnly } from '../lib/the-only.ts'
import type { Notification } from './schema.ts'

const NOTIFICATION = 'todo_notification_json(notifications)::json'

/** $2 is whether they are read, null for all; the page is after the notification of the time $3 and the id $4. */
const page = (name: string, condition: string): Statement => ({
  name,
  text: `select coalesce(json_agg(json_build_object('notification', notification, 'place', json_build_array(created_at::text, id))
      order by created_at desc, id desc), '[]') as items
    from (
      select id, created_at, ${NOTIFICATION} as notification from notifications
      where user_id = $user and ${condition}
        and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
      order by created_at desc, id desc limit $1::int + 1
    ) page`,
})

const PAGES = {
  all: page('notifications.page', 'true'),
  unread: page('notifications.unread', 'read_at is null'),
  read: page('notifications.read', 'read_at is not null'),
}

interface Item {
  readonly notification: Notification
  /** Where a page ends after it. */
  readonly place: readonly [createdAt: string, id: string]
}

export interface NotificationPage {
  readonly notifications: readonly Notification[]
  /** Where the next page begins; undefined on the last one. */
  readonly next: readonly string[] | undefined
  readonly userId: string
}

/** A page of so many notifications is read on a connection that is shared with other short statements. */
const SHORT_PAGE = 50

/** The newest come first. @param after where the previous page ended */
export function list(
  unread: boolean | undefined,
  limit: number,
  after: readonly string[] | undefined,
): Step<NotificationPage> {
  const statement = unread === undefined ? PAGES.all : unread ? PAGES.unread : PAGES.read
  const read = limit <= SHORT_PAGE ? shortReading<NotificationPage> : reading<NotificationPage>
  return read(statement, [limit, after?.[0] ?? null, after?.[1] ?? null], (row, userId) => {
    // The column of the statement.
    const { items } = theOnly(row) as { readonly items: readonly Item[] }
    const shown = items.slice(0, limit)
    const last = items.length > limit ? shown.at(-1) : undefined
    return { notifications: shown.map(({ notification }) => notification), next: last?.place, userId }
  })
}

const MARK: Statement = {
  name: 'notifications.mark',
  text: `update notifications set read_at = case when $2::boolean then coalesce(read_at, now()) when $2 is null then read_at end
    where user_id = $user and id = $1 returning ${NOTIFICATION} as notification`,
}

/** @param isRead undefined: it stays as it is @throws Problem not_found (404) */
export async function mark(sql: UserSql, id: string, isRead: boolean | undefined): Promise<Notification> {
  const marked = await sql.row<{ notification: Notification }>(MARK, [id, isRead ?? null])
  if (marked === undefined) {
    throw new Problem('not_found', "Notification not found or you don't have permission to access it")
  }
  return marked.notification
}

/** At most this many are marked by one statement. */
const MARKED_AT_ONCE = 1000

const MARK_ALL: Statement = {
  name: 'notifications.mark_all',
  text: `with unread as (
      select id from notifications where user_id = $user and read_at is null
      order by created_at desc, id desc limit ${MARKED_AT_ONCE} for update
    ), marked as (
      update notifications set read_at = now() where user_id = $user and id in (select id from unread) returning id
    )
    select count(*)::int as marked from marked`,
}

/** @returns how many were unread */
export async function markAll(sql: UserSql): Promise<number> {
  let all = 0
  for (;;) {
    const { marked } = theOnly(await sql.row<{ marked: number }>(MARK_ALL))
    all += marked
    if (marked < MARKED_AT_ONCE) return all
  }
}
