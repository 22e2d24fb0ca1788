import { purge, purgeOf } from '../db/purge.ts'
import type { Scopes } from '../db/scopes.ts'
import type { JobKind } from '../jobs/kind.ts'

const DAY_MS = 24 * 60 * 60_000

// The retention period is in the migration: the policy shows the system role only rows older than that.
const PURGE = purgeOf({
  name: 'vault.purge_reads',
  table: 'user_api_key_reads',
  key: ['id'],
  by: 'read_at',
  before: `now() - interval '1 year'`,
  lock: 'for update skip locked',
})

/** Deletes records of reads of provider keys that are older than a year. */
export const purgeOfKeyReads = (db: Pick<Scopes, 'asSystem'>): JobKind => ({
  name: 'purge-key-reads',
  everyMs: DAY_MS,
  run: async ({ signal }) => void (await purge(db, 'purge old reads of keys', PURGE, signal)),
})
