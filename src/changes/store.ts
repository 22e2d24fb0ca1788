import { isContinuedBy, LOG_POSITION, logPositionOf, logState, type LogState } from '../db/change-log.ts'
import type { Step } from '../db/sql.ts'
import { reading, shortReading } from '../db/step.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import type { SyncPosition } from '../http/sync-cursor.ts'
import { theOnly } from '../lib/the-only.ts'
import { TASK_JSON } from '../tasks/store.ts'
import { CHANGE_PROBLEMS, CURSOR_EXPIRED } from './problems.ts'

export interface ChangePage {
  /** A JSON array of changes. */
  readonly changes: string
  /** Where the next page begins. */
  readonly next: SyncPosition
  /** Whether there is more to read now. */
  readonly hasMore: boolean
}

/** Select items that say where the log is, and whether a position is one of it; $1 is the seq of the head of the position. */
const STATE = `(select head from log) as head, ${logState('$1::bigint')}`

const LOG = `log as materialized (select ${LOG_POSITION} as head)`

const upsert = (seq: string, id: string, json: string): string =>
  `concat('{"seq":', ${seq}, ',"type":"task","id":"', ${id}, '","op":"upsert","data":', ${json}, '}')`

/**
 * A page of tasks by id; $2 is its size, $3 the seq from which the client will follow. One task more than the page takes shows
 * whether there is a next page.
 */
const load = (name: string, seq: string, condition: string): Statement => ({
  name,
  text: `with ${LOG} select ${STATE}, page.* from (
      select concat('[', string_agg(json, ',') filter (where place <= $2), ']') as changes,
        case when count(*) > $2 then max(id::text) filter (where place = $2) end as last
      from (
        select id, row_number() over () as place, ${upsert(seq, 'id', 'json')} as json
        from (
          select id, ${TASK_JSON} as json from tasks where user_id = $user${condition} order by id limit $2::int + 1
        ) task
      ) task
    ) page`,
})

const LOAD_FIRST = load(
  'changes.load_first',
  `coalesce($3::bigint, (select split_part(head, ' ', 1)::bigint from log))`,
  '',
)
const LOAD = load('changes.load', '$3::bigint', ' and id > $4::uuid')

/**
 * The entries after the seq $3, as many as the page takes. One whose entity has a later entry is left out, because the entity comes with
 * that one. Everything is looked up entry by entry, so that a page costs what it reads, however long the log is. `offset 0` keeps
 * the planner from doing a look-up once for each use of its result.
 *
 * @param others an SQL expression on an entry that is no change: its JSON, or null where it is left out
 */
const following = (name: string, others: string): Statement => ({
  name,
  text: `with ${LOG} select ${STATE}, page.* from (
      select max(seq) as last, concat('[', string_agg(
          case when not is_newest then other
          when task is null then concat('{"seq":', seq, ',"type":"task","id":"', entity_id, '","op":"delete","data":null}')
          else ${upsert('seq', 'entity_id', 'task')} end, ',') filter (where is_newest or other is not null), ']') as changes
      from (
        select seq, entity_id, is_newest, case when is_newest and op <> 'delete' then
            (select ${TASK_JSON} from tasks where user_id = $user and id = entity_id) end as task,
          case when type <> 'task' then ${others} end as other
        from (
          select seq, entity_id, op, type, after, type = 'task' and seq = (
              select later.seq from changes later
              where user_id = $user and later.type = entry.type and later.entity_id = entry.entity_id
              order by later.seq desc limit 1) as is_newest
          from (
            select seq, type, entity_id, op, after from changes where user_id = $user and seq > $3::bigint order by seq limit $2::int
          ) entry offset 0
        ) entry offset 0
      ) entry
    ) page`,
})

const FOLLOW = following('changes.follow', 'null::text')

/** With the notifications in between: `{seq, type, id, data}`, where the type is their kind. */
const FOLLOW_ALL = following(
  'changes.follow_all',
  `(select concat('{"seq":', entry.seq, ',"type":', to_json(entry.type), ',"id":"', id, '","data":',
      todo_notification_json(notifications), '}')
    from notifications where user_id = $user and id = (entry.after ->> 'notification')::uuid)`,
)

interface PageRow extends LogState {
  readonly head: string
  readonly changes: string
  /** The id of the last task of a page of an initial load, or the seq of the last entry; null where there is none. */
  readonly last: string | number | null
}

/** @throws Problem cursor_expired (410) when the position is older than the log, ahead of it, or of a log that a backup has replaced */
function refuseExpired(position: SyncPosition, state: LogState): void {
  if (!isContinuedBy(state, position)) throw new Problem(CHANGE_PROBLEMS.cursor_expired, CURSOR_EXPIRED)
}

/**
 * A page of changes, of one snapshot.
 *
 * @param from where the page before ended; undefined for the first page of an initial load
 * @throws Problem cursor_expired (410)
 */
export const changesAfter = (from: SyncPosition | undefined, limit: number): Step<ChangePage> =>
  from !== undefined && from.loadedTo === undefined ? followed(FOLLOW, from, limit) : loaded(from, limit)

/** The same with notifications among the changes, for events. */
export const eventsAfter = (from: SyncPosition | undefined, limit: number): Step<ChangePage> =>
  from !== undefined && from.loadedTo === undefined ? followed(FOLLOW_ALL, from, limit) : loaded(from, limit)

/** A page of so many changes is read on a connection that is shared with other short statements. */
const SHORT_PAGE = 50

function loaded(from: SyncPosition | undefined, limit: number): Step<ChangePage> {
  const [statement, values] =
    from === undefined ? [LOAD_FIRST, [0, limit, null]] : [LOAD, [from.head.seq, limit, from.seq, from.loadedTo]]
  return pageReading(statement, values, limit, (page) => {
    if (from !== undefined) refuseExpired(from, page)
    const head = logPositionOf(page.head)
    const seq = from?.seq ?? head.seq
    if (page.last !== null) {
      return { changes: page.changes, next: { seq, head, loadedTo: String(page.last) }, hasMore: true }
    }
    return { changes: page.changes, next: { seq, head }, hasMore: head.seq > seq }
  })
}

const followed = (statement: Statement, from: SyncPosition, limit: number): Step<ChangePage> =>
  pageReading(statement, [from.head.seq, limit, from.seq], limit, (page) => {
    refuseExpired(from, page)
    const head = logPositionOf(page.head)
    const seq = page.last === null ? from.seq : Number(page.last)
    return { changes: page.changes, next: { seq, head }, hasMore: head.seq > seq }
  })

function pageReading(
  statement: Statement,
  values: readonly unknown[],
  limit: number,
  pageOf: (row: PageRow) => ChangePage,
): Step<ChangePage> {
  const read = limit <= SHORT_PAGE ? shortReading<ChangePage> : reading<ChangePage>
  // Each of the statements gives these columns.
  return read(statement, values, (row) => pageOf(theOnly(row) as PageRow))
}
