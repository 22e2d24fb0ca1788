import type { Step } from '../db/sql.ts'
import { reading } from '../db/step.ts'
import type { Statement } from '../db/wire/statement.ts'
import { theOnly } from '../lib/the-only.ts'
import { found } from '../tasks/store.ts'
import { CHANGES_MAX } from './schema.ts'
import { ALL, CHAIN, COLUMNS, LAST_SEQ, newestBelow, OF_TASK, ONE_REQUEST, WALK_START, type Source } from './walk.ts'

/** Which entries a list has. */
export interface HistoryFilter {
  /** Made at this instant or later; RFC 3339. */
  readonly since: string | undefined
  /** Made before this instant. */
  readonly until: string | undefined
  readonly actorKind: string | undefined
  readonly actorName: string | undefined
}

export interface HistoryPage {
  /** A JSON array of history entries. */
  readonly entries: string
  /** The entries of the next page have a lower seq; null on the last page. */
  readonly next: number | null
  readonly userId: string
}

/** Most requests that a page looks at. With a filter that matches few of them, it has fewer entries than its limit. */
export const SCANNED_MAX = 1000

const json = (value: string): string => `coalesce(to_json(${value})::text, 'null')`

/** The ids that a change took back. */
const UNDOES = `coalesce((select json_agg(undone_id order by undone_id desc)::text from undos
    where user_id = $user and undo_id = change_id), '[]')`

/** The undo that is in effect: the newest one, if the chain that begins with it has an odd length. */
const UNDONE_BY = `(select case when cardinality(chain) % 2 = 1 then chain[1] end from (select ${CHAIN} as chain offset 0) undos_of_it)`

const CHANGE = `concat('{"type":', to_json(type), ',"id":"', entity_id, '","op":', to_json(op), ',"version":', version,
      ',"before":', coalesce(before::text, 'null'), ',"after":', coalesce(after::text, 'null'),
      ',"erased":', case when before is null and after is null then 'true' else 'false' end, '}')`

/** The JSON of a `request` with these columns, and `shown`. */
function entryOf({ between }: Source): string {
  return `concat('{"id":"', change_id, '","at":', todo_instant_json(at),
    ',"actor":{"kind":', ${json('actor_kind')}, ',"name":', ${json('actor_name')},
    '},"requestId":', ${json('request_id')}, ',"operation":', ${json('operation')},
    ',"undoes":', ${UNDOES}, ',"undoneBy":', ${json(UNDONE_BY)},
    ',"changeCount":', shown, ',"changes":[', (
      select string_agg(${CHANGE}, ',' order by seq) from (
        select seq, type, entity_id, op, version, before, after from changes
        where user_id = $user and ${between('request.first_seq', 'request.seq')}
        order by seq limit ${CHANGES_MAX}
      ) change
    ), ']}')`
}

/**
 * A page of requests, newest first; $1 is its size, $2 the seq below which it begins (null for the first page), $3 and $4 are the bounds of
 * time, $5 and $6 kind and name of the actor. It walks from request to request by key: the entry at a seq has the first seq of its
 * request, below which the next older one ends. Where it begins for an $4 is found by binary search, because times grow with seq. The
 * walk ends with the page, when the page has enough changes, and after SCANNED_MAX requests.
 */
const page = (name: string, source: Source, isKnown: string): Statement => ({
  name,
  text: `with recursive ${WALK_START}, walk as (
    select 1 as scanned, is_match::int as matched, case when is_match then shown else 0 end as total, entry.*
    from start cross join lateral ${newestBelow(source, 'start.below')}
    union all
    select scanned + 1, matched + entry.is_match::int, total + case when entry.is_match then entry.shown else 0 end, entry.*
    from walk cross join lateral ${newestBelow(source, 'walk.first_seq')}
    where scanned < ${SCANNED_MAX} and matched < $1::int and total <= ${CHANGES_MAX}
  ), request as materialized (
    select * from walk where total <= ${CHANGES_MAX} or matched = 1
  )
  select ${isKnown} as "isKnown",
    (select concat('[', string_agg(${entryOf(source)}, ',' order by seq desc), ']') from request where is_match) as entries,
    (select case when exists (
        select from (
          select at from changes where user_id = $user and ${source.below('reached.seq')} order by ${source.newestFirst} limit 1
        ) older
        where $3 is null or at >= $3
      ) then seq end from (select min(first_seq) as seq from request) reached) as next`,
})

const PAGE = page('history.page', ALL, 'true')
const TASK_PAGE = page(
  'history.page_of_task',
  OF_TASK,
  `(exists (select from tasks where user_id = $user and id = $7)
    or exists (select from changes where user_id = $user and ${OF_TASK.below(String(Number.MAX_SAFE_INTEGER))}))`,
)

const ENTRY: Statement = {
  name: 'history.entry',
  text: `with recursive ${ONE_REQUEST}, request as materialized (
    select ${COLUMNS}, ${ALL.count} as shown from changes where user_id = $user and seq = ${LAST_SEQ}
  )
  select ${entryOf(ALL)} as json from request`,
}

interface PageRow {
  readonly isKnown: boolean
  readonly entries: string
  readonly next: number | null
}

/**
 * A page of the history of the user, or of one task.
 *
 * @param below the `next` of the page before; undefined for the first page
 * @throws Problem not_found (404) for a task that the user does not have and never had
 */
export function pageOf(
  taskId: string | undefined,
  { since, until, actorKind, actorName }: HistoryFilter,
  { limit, below }: { readonly limit: number; readonly below: number | undefined },
): Step<HistoryPage> {
  const values = [limit, below ?? null, since ?? null, until ?? null, actorKind ?? null, actorName ?? null]
  const [statement, all] = taskId === undefined ? [PAGE, values] : [TASK_PAGE, [...values, taskId]]
  return reading(statement, all, (row: PageRow | undefined, userId) => {
    const { isKnown, entries, next } = theOnly(row)
    return { ...found(isKnown ? { entries, next } : undefined), userId }
  })
}

/** The JSON of an entry; undefined if the user's log has none of this id. */
export const entry = (id: string): Step<string | undefined> =>
  reading(ENTRY, [id], (row: { readonly json: string } | undefined) => row?.json)
