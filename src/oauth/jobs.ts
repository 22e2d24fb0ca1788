import type { Scopes } from '../db/scopes.ts'
import type { JobKind } from '../jobs/kind.ts'
import { purgeClients } from './client-store.ts'
import { purge } from './token-store.ts'

const HOUR_MS = 60 * 60_000
/** Rows of one short transaction. */
const AT_ONCE = 1_000

/** Deletes what has expired: codes, tokens, grants, and apps that registered themselves and were not connected within a day. */
export const oauthJobs = (db: Pick<Scopes, 'asSystem'>): readonly JobKind[] => [
  {
    name: 'purge-apps',
    everyMs: HOUR_MS,
    run: async ({ signal }) => {
      for (const step of [purge, purgeClients]) {
        let deleted: number
        do {
          deleted = await db.asSystem('delete expired access of apps', (sql) => step(sql, AT_ONCE))
        } while (deleted > 0 && !signal.aborted)
      }
    },
  },
]
