import { purge, PURGED_ROWS } from '../db/purge.ts'
import type { Scopes } from '../db/scopes.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { JobKind } from '../jobs/kind.ts'

const DAY_MS = 24 * 60 * 60_000

/** How old they are stands in the policy: the system role sees no others. The condition lets an index find them. */
const PURGE: Statement = {
  name: 'history.purge_undos',
  text: `with old as (
           select user_id, undo_id, undone_id from undos where made_at < now() - interval '90 days'
           order by made_at limit ${PURGED_ROWS}
         ), purged as (
           delete from undos using old
           where undos.user_id = old.user_id and undos.undo_id = old.undo_id and undos.undone_id = old.undone_id
           returning 1
         )
         select count(*) as rows from purged`,
}

/** Deletes what is known of undos that are older than the change log. */
export const purgeOfUndos = (db: Pick<Scopes, 'asSystem'>): JobKind => ({
  name: 'purge-undos',
  everyMs: DAY_MS,
  run: async ({ signal }) => {
    await purge(db, 'purge old undos', PURGE, signal)
  },
})
