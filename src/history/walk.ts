import { IS_CHANGE } from '../db/change-log.ts'

/** Parts of statements that go through the change log by key. */

/** The entries of the log that belong to a list, by conditions that use one index, whatever the planner expects of the other. */
export interface Source {
  readonly below: (seq: string) => string
  readonly between: (first: string, last: string) => string
  readonly newestFirst: string
  /** How many entries of its request the list shows, for an `entry` of the log. */
  readonly count: string
}

export const ALL: Source = {
  below: (seq) => `seq < ${seq} and ${IS_CHANGE}`,
  between: (first, last) => `seq between ${first} and ${last}`,
  newestFirst: 'seq desc',
  count: 'seq - first_seq + 1',
}

/** Of one request, found by its numbers: `is true` keeps the planner from looking for the task, which may have many more entries. */
const inTask = (first: string, last: string): string =>
  `(type = 'task' and entity_id = $7::uuid) is true and seq between ${first} and ${last}`

/**
 * The newest entry of a task is found in the order of `changes_by_entity`, which no other index has: for an equal id, the planner may
 * read the log backwards from its end. The scan begins at the pair and ends with the entries of the task.
 */
export const OF_TASK: Source = {
  below: (seq) => `type = 'task' and entity_id >= $7::uuid and (entity_id, seq) < ($7::uuid, ${seq})`,
  between: inTask,
  newestFirst: 'entity_id desc, seq desc',
  count: `(select count(*) from changes where user_id = $user and ${inTask('entry.first_seq', 'entry.seq')})`,
}

export const COLUMNS = 'seq, first_seq, change_id, at, actor_kind, actor_name, request_id, operation'

/** The newest entry below a seq, with what the list shows of its request. */
export function newestBelow({ below, newestFirst, count }: Source, seq: string): string {
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
export function bisect(name: string, low: string, high: string, isBefore: string): string {
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
export const END = `coalesce((select seq from changes where user_id = $user order by seq desc limit 1), 0) + 1`
export const foundBy = (name: string): string => `(select low from ${name} where low = high)`

/**
 * CTEs: `search` and `start`, whose `below` is the seq below which a walk begins: $2, or the first seq of the request at the time $4, or
 * after all. Times grow with seq.
 */
export const WALK_START = `${bisect('search', FIRST, END, 'at < $4::timestamptz')},
  start as materialized (
    select coalesce($2::bigint, case when $4 is not null then
      (select first_seq from changes where user_id = $user and seq = ${foundBy('search')}) end, ${Number.MAX_SAFE_INTEGER}) as below
  )`

/** CTEs: `first` and `search`. A request $1 by its first entry, and by binary search its last one, whose seq is {@link LAST_SEQ}. */
export const ONE_REQUEST = `first as materialized (
    select seq from changes where user_id = $user and change_id = $1::uuid and seq = first_seq and ${IS_CHANGE}
  ), ${bisect('search', '(select seq from first)', END, 'first_seq <= (select seq from first)')}`
export const LAST_SEQ = `${foundBy('search')} - 1`

/** Most undos of undos that are followed. */
const CHAIN_MAX = 1000

/**
 * An expression over a request: its newest undo, the newest undo of that one, and so on; uuid[]. The last one is in effect, the one before
 * it therefore not, and so on. So the request is undone if their number is odd.
 */
export const CHAIN = `(
    with recursive chain (id, length) as (
      (select undo_id, 1 from undos where user_id = $user and undone_id = change_id order by seq desc limit 1)
      union all
      select later.undo_id, length + 1 from chain cross join lateral (
        select undo_id from undos where user_id = $user and undone_id = chain.id order by seq desc limit 1
      ) later where length < ${CHAIN_MAX}
    )
    select coalesce(array_agg(id order by length), '{}') from chain)`
