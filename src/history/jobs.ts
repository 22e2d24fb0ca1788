import { purge, purgeOf } from '../db/purge.ts'
import type { Scopes } from '../db/scopes.ts'
import type { JobKind } from '../jobs/kind.ts'

const DAY_MS = 24 * 60 * 60_000

/** How old they are stands in the policy: the system role sees no others. The condition lets an index find them. */
const PURGE = purgeOf({
  name: 'history.purge_undos',
  table: 'undos',
  key: ['undo_id', 'undone_id'],
  by: 'made_at',
  before: `now() - interval '90 days'`,
})

/** Deletes what is known of undos that are older than the change log. */
export const purgeOfUndos = (db: Pick<Scopes, 'asSystem'>): JobKind => ({
  name: 'purge-undos',
  everyMs: DAY_MS,
  run: async ({ signal }) => {
    await purge(db, 'purge old undos', PURGE, signal)
  },
})
