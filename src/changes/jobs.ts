import { PURGED_ROWS } from '../db/purge.ts'
import type { Scopes } from '../db/scopes.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { JobKind } from '../jobs/kind.ts'

const DAY_MS = 24 * 60 * 60_000
/** Maximum number of logs that one transaction looks at. */
const LOGS = 50
/** Maximum number of entries that it deletes of each of them. */
const ENTRIES = PURGED_ROWS / LOGS

/**
 * Deletes the oldest entries of the logs of the users after $1, in the order of their ids. How old they are stands in the policy: the
 * system role sees no others. Of a log whose first entry is not old only that entry is looked up.
 */
const PURGE: Statement = {
  name: 'changes.purge',
  text: `with logs as materialized (
           select user_id, purged_seq from change_logs where user_id > $1 order by user_id limit ${LOGS}
         ), due as materialized (
           select user_id, purged_seq from logs
           where (select true from changes where changes.user_id = logs.user_id and seq = logs.purged_seq + 1)
         ), old as materialized (
           select due.user_id, oldest.seq, oldest.change_id from due cross join lateral (
             select seq, change_id from changes
             where changes.user_id = due.user_id and seq > due.purged_seq and seq <= due.purged_seq + ${ENTRIES}
           ) oldest
         ), deleted as (
           delete from changes using old where changes.user_id = old.user_id and changes.seq = old.seq
         ), newest as (
           select distinct on (user_id) user_id, seq, change_id from old order by user_id, seq desc
         ), moved as (
           update change_logs set purged_seq = newest.seq, purged_change_id = newest.change_id
           from newest where change_logs.user_id = newest.user_id
         )
         select max(user_id) as last,
           (select min(user_id) from old group by user_id having count(*) = ${ENTRIES} order by 1 limit 1) as unfinished
         from logs`,
}

interface Purged {
  /** The last user whose log was looked at; null when there is none. */
  readonly last: string | null
  /** A user whose log may have more old entries; null for none. */
  readonly unfinished: string | null
}

/** Deletes entries of the change log that are older than 90 days. A client with an older cursor loads everything again. */
export const purgeOfChanges = (db: Pick<Scopes, 'asSystem'>): JobKind => ({
  name: 'purge-changes',
  everyMs: DAY_MS,
  run: async ({ signal }) => {
    let after: string | null = ''
    while (after !== null && !signal.aborted) {
      const from: string = after
      const purged = await db.asSystem('purge old changes', (sql) => sql.row<Purged>(PURGE, [from]))
      // The same logs again, until none of them has more.
      if ((purged?.unfinished ?? null) === null) after = purged?.last ?? null
    }
  },
})
