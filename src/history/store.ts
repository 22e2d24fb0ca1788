import type { Step } from '../db/sql.ts'
import { reading } from '../db/step.ts'
import type { Statement } from '../db/wire/statement.ts'
import { theOnly } from '../lib/the-only.ts'
import { found } from '../tasks/store.ts'
import { CHANGES_MAX } from './schema.ts'

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

/** Most undos of undos that are followed to say whether a change is in effect. */
const CHAIN_MAX = 1000

const json = (value: string): string => `coalesce(to_json(${value})::text, 'null')`

/** The entries of the log that belong to a list, by conditions that use one index, whatever the planner expects of the other. */
interface Source {
  readonly below: (seq: string) => string
  readonly between: (first: string, last: string) => string
  readonly oldestFirst: string
  readonly newestFirst: string
  /** How many entries of its request the list shows, for an `entry` of the log. */
  readonly count: string
}

const ALL: Source = {
  below: (seq) => `seq < ${seq}`,
  between: (first, last) => `seq between ${first} and ${last}`,
  oldestFirst: 'seq',
  newestFirst: 'seq desc',
  count: 'seq - first_seq + 1',
}

const inTask = (first: string, last: string): string =>
  `(type, entity_id, seq) between ('task', $7::uuid, ${first}) and ('task', $7::uuid, ${last})`

const OF_TASK: Source = {
  below: (seq) => inTask('0', `${seq} - 1`),
  between: inTask,
  oldestFirst: 'type, entity_id, seq',
  newestFirst: 'type desc, entity_id desc, seq desc',
  count: `(select count(*) from changes where user_id = $user and ${inTask('entry.first_seq', 'entry.seq')})`,
}

const COLUMNS = 'seq, first_seq, change_id, at, actor_kind, actor_name, request_id, operation'

/** The newest entry below a seq, with what the list shows of its request. */
function newestBelow({ below, newestFirst, count }: Source, seq: string): string {
  return `(
      select ${COLUMNS}, ${count} as shown,
        ($5::text is null or actor_kind = $5) and ($6::text is null or actor_name = $6) as is_match
      from (
        select ${COLUMNS} from changes where user_id = $user and ${below(seq)} order by ${newestFirst} limit 1
      ) entry
      where $3::timestamptz is null or at >= $3
    ) entry`
}

/**
 * Finds the first seq of which something holds, by binary search: it holds of no seq before it and of all after it. The numbers of a log
 * have no gaps.
 *
 * @param high a seq of which it holds, or the one after the last
 * @param isBefore an expression over an entry of `changes`: whether it does not hold
 */
function bisect(name: string, low: string, high: string, isBefore: string): string {
  return `${name} (low, high) as (
    select ${low}, ${high}
    union all
    select case when is_before then middle + 1 else low end, case when is_before then high else middle end
    from (
      select low, high, (low + high) / 2 as middle,
        coalesce((select ${isBefore} from changes where user_id = $user and seq = (low + high) / 2), true) as is_before
      from ${name} where low < high offset 0
    ) step
  )`
}

const FIRST = `coalesce((select purged_seq from change_logs where user_id = $user), 0) + 1`
const END = `coalesce((select seq from changes where user_id = $user order by seq desc limit 1), 0) + 1`
const foundBy = (name: string): string => `(select low from ${name} where low = high)`

/** The ids that a change took back. */
const UNDOES = `coalesce((select json_agg(undone_id order by undone_id desc)::text from undos
    where user_id = $user and undo_id = change_id), '[]')`

/**
 * The undo that is in effect: the newest one, unless it was itself taken back by an undo that is in effect. Along the chain of undos,
 * each of the one before, that is so if the chain has an odd length.
 */
const UNDONE_BY = `(
    with recursive chain (id, length) as (
      (select undo_id, 1 from undos where user_id = $user and undone_id = change_id order by seq desc limit 1)
      union all
      select later.undo_id, length + 1 from chain cross join lateral (
        select undo_id from undos where user_id = $user and undone_id = chain.id order by seq desc limit 1
      ) later where length < ${CHAIN_MAX}
    )
    select case when count(*) % 2 = 1 then (array_agg(id order by length))[1] end from chain)`

const CHANGE = `concat('{"type":', to_json(type), ',"id":"', entity_id, '","op":', to_json(op), ',"version":', version,
      ',"before":', coalesce(before::text, 'null'), ',"after":', coalesce(after::text, 'null'),
      ',"erased":', case when before is null and after is null then 'true' else 'false' end, '}')`

/** The JSON of a `request` with these columns, and `shown`. */
function entryOf({ between, oldestFirst }: Source): string {
  return `concat('{"id":"', change_id, '","at":', todo_instant_json(at),
    ',"actor":{"kind":', ${json('actor_kind')}, ',"name":', ${json('actor_name')},
    '},"requestId":', ${json('request_id')}, ',"operation":', ${json('operation')},
    ',"undoes":', ${UNDOES}, ',"undoneBy":', ${json(UNDONE_BY)},
    ',"changeCount":', shown, ',"changes":[', (
      select string_agg(${CHANGE}, ',' order by ${oldestFirst}) from (
        select seq, type, entity_id, op, version, before, after from changes
        where user_id = $user and ${between('request.first_seq', 'request.seq')}
        order by ${oldestFirst} limit ${CHANGES_MAX}
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
  text: `with recursive ${bisect('search', FIRST, END, 'at < $4::timestamptz')},
  start as materialized (
    select coalesce($2::bigint, case when $4 is not null then
      (select first_seq from changes where user_id = $user and seq = ${foundBy('search')}) end, ${Number.MAX_SAFE_INTEGER}) as below
  ), walk as (
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

/** The first entry of a request, and by binary search its last one. */
const ENTRY: Statement = {
  name: 'history.entry',
  text: `with recursive first as materialized (
    select seq from changes where user_id = $user and change_id = $1::uuid and seq = first_seq
  ), ${bisect('search', '(select seq from first)', END, 'first_seq <= (select seq from first)')},
  request as materialized (
    select ${COLUMNS}, ${ALL.count} as shown from changes
    where user_id = $user and seq = ${foundBy('search')} - 1
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
