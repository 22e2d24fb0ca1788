import type { UserSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { LaterChange } from './schema.ts'
import type { HistoryFilter } from './store.ts'
import type { Conflict, LogEntry } from './unwind.ts'
import { ALL, CHAIN, LAST_SEQ, newestBelow, ONE_REQUEST, WALK_START } from './walk.ts'

/** A request, by its entries in the log. */
export interface LoggedRequest {
  readonly id: string
  readonly first: number
  readonly last: number
  /** When it had made its changes. */
  readonly at: string
  /** Its newest undo, the newest undo of that one, and so on. */
  readonly chain: readonly string[]
}

const REQUEST: Statement = {
  name: 'history.request',
  text: `with recursive ${ONE_REQUEST}
    select change_id as id, first_seq as first, seq as last, at, ${CHAIN} as chain
    from changes where user_id = $user and seq = ${LAST_SEQ}`,
}

/** $1 is the maximum number of requests to look at; the other parameters are those of a page of the history. */
const REQUESTS: Statement = {
  name: 'history.requests',
  text: `with recursive ${WALK_START}, walk as (
      select 1 as scanned, entry.* from start cross join lateral ${newestBelow(ALL, 'start.below')}
      union all
      select scanned + 1, entry.* from walk cross join lateral ${newestBelow(ALL, 'walk.first_seq')}
      where scanned < $1::int
    )
    select count(*)::int as scanned, todo_instant_json(min(at))::json as "oldestAt", (
        select coalesce(json_agg(json_build_object('id', change_id, 'first', first_seq, 'last', seq,
          'at', todo_instant_json(at)::json, 'chain', ${CHAIN}) order by seq desc), '[]')
        from walk where is_match
      ) as requests
    from walk`,
}

export const requestOf = (sql: UserSql, id: string): Promise<LoggedRequest | undefined> =>
  sql.row<LoggedRequest>(REQUEST, [id])

/** The requests of a time, newest first, how many were looked at, and when the oldest of these had made its changes ('' if none). */
export async function requestsOf(
  sql: UserSql,
  { since, until, actorKind, actorName }: HistoryFilter,
  scannedMax: number,
): Promise<{ readonly scanned: number; readonly oldestAt: string; readonly requests: readonly LoggedRequest[] }> {
  const values = [scannedMax, null, since ?? null, until ?? null, actorKind ?? null, actorName ?? null]
  const found = await sql.row<{ scanned: number; oldestAt: string | null; requests: LoggedRequest[] }>(REQUESTS, values)
  return { scanned: 0, requests: [], ...found, oldestAt: found?.oldestAt ?? '' }
}

const ENTRIES: Statement = {
  name: 'history.entries',
  text: `select entry.* from unnest($1::bigint[], $2::bigint[]) as request (first, last) cross join lateral (
      select seq, type, entity_id as id, op, before, after from changes
      where user_id = $user and seq between request.first and request.last
    ) entry order by seq desc`,
}

/** All entries of the requests, newest first. */
export const entriesOf = (sql: UserSql, requests: readonly LoggedRequest[]): Promise<readonly LogEntry[]> =>
  sql.rows<LogEntry>(ENTRIES, [requests.map(({ first }) => first), requests.map(({ last }) => last)])

/** Most later entries of one entity that are looked at to find the one to name. */
const LATER_MAX = 10_000

/** The latest entry that changed the field of each of $1 after its seq, if the requests $2 are left out. */
const LATER: Statement = {
  name: 'history.later',
  text: `select (
      select json_build_object('id', change_id, 'at', todo_instant_json(at)::json,
        'actor', json_build_object('kind', actor_kind, 'name', actor_name), 'operation', operation)
      from (
        select * from changes
        where user_id = $user and type = 'task' and entity_id >= given.id
          and (entity_id, seq) <= (given.id, ${Number.MAX_SAFE_INTEGER}) and seq > given.seq
        order by entity_id desc, seq desc limit ${LATER_MAX}
      ) entry
      where change_id <> all ($2::uuid[]) and (op <> 'update' or after ? given.field)
      order by seq desc limit 1
    ) as change
    from rows from (json_to_recordset($1::json) as (id uuid, seq bigint, field text))
      with ordinality as given (id, seq, field, place)
    order by place`,
}

/** The change that is in the way of each conflict; null if it was not found. */
export async function laterChanges(
  sql: UserSql,
  conflicts: readonly Conflict[],
  undone: readonly string[],
): Promise<readonly (LaterChange | null)[]> {
  const given = conflicts.map(({ entry: { id, seq }, field }) => ({ id, seq, field }))
  const rows = await sql.rows<{ change: LaterChange | null }>(LATER, [JSON.stringify(given), undone])
  return rows.map(({ change }) => change)
}

const RECORD: Statement = {
  name: 'history.record_undo',
  text: `insert into undos (undo_id, undone_id, seq)
    select own.change_id, undone.id, own.first_seq
    from (select change_id, first_seq from changes where user_id = $user and seq = $2::bigint) own
    cross join unnest($1::uuid[]) as undone (id)
    returning true as recorded`,
}

/** @param seq of an entry of the undo */
export const recordUndo = (sql: UserSql, undone: readonly string[], seq: number): Promise<readonly object[]> =>
  sql.rows(RECORD, [undone, seq])
