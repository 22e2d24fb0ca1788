import { purge, PURGED_ROWS } from '../db/purge.ts'
import type { Scopes } from '../db/scopes.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { JobKind } from '../jobs/kind.ts'

const DAY_MS = 24 * 60 * 60_000

// The retention period is in the migration: the policy shows the system role only rows older than that.
const PURGE: Statement = {
  name: 'vault.purge_reads',
  text: `with old as (
           select user_id, id from user_api_key_reads where read_at < now() - interval '1 year'
           order by read_at limit ${PURGED_ROWS} for update skip locked
         ), purged as (
           delete from user_api_key_reads r using old o where r.user_id = o.user_id and r.id = o.id returning 1
         )
         select count(*) as rows from purged`,
}

/** Deletes records of reads of provider keys that are older than a year. */
export const purgeOfKeyReads = (db: Pick<Scopes, 'asSystem'>): JobKind => ({
  name: 'purge-key-reads',
  everyMs: DAY_MS,
  run: async ({ signal }) => void (await purge(db, 'purge old reads of keys', PURGE, signal)),
})
