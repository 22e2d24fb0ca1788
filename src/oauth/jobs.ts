import { purge, PURGED_ROWS, purgeOf } from '../db/purge.ts'
import type { Scopes } from '../db/scopes.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { JobKind } from '../jobs/kind.ts'

const HOUR_MS = 60 * 60_000

const GRANTS = purgeOf({
  name: 'oauth.purge_grants',
  table: 'oauth_grants',
  key: ['id'],
  by: 'case when code_used_at is null then code_expires_at else expires_at end',
  before: 'now()',
})
const TOKENS = purgeOf({
  name: 'oauth.purge_tokens',
  table: 'oauth_tokens',
  key: ['hash'],
  by: 'expires_at',
  before: 'now()',
})
/** Apps that were not connected within a day, and those whose last connection ended long ago. They belong to no user. */
const CLIENTS: Statement = {
  name: 'oauth.purge_clients',
  text: `with purged as (
           delete from oauth_clients where id in (
             select c.id from oauth_clients c
             where coalesce(c.connected_at, c.created_at) < now() - case when c.connected_at is null then interval '1 day' else interval '90 days' end
               and not exists (select from oauth_grants g where g.client_id = c.id::text)
             order by coalesce(c.connected_at, c.created_at) limit ${PURGED_ROWS})
           returning 1
         )
         select count(*) as rows from purged`,
}

/** Deletes what has expired: codes, tokens, grants, and apps that registered themselves and were not connected within a day. */
export const oauthJobs = (db: Pick<Scopes, 'asSystem'>): readonly JobKind[] => [
  {
    name: 'purge-apps',
    everyMs: HOUR_MS,
    run: async ({ signal }) => {
      for (const statement of [GRANTS, TOKENS, CLIENTS]) {
        // oxlint-disable-next-line no-await-in-loop -- an app is deleted after its grants
        await purge(db, 'delete expired access of apps', statement, signal)
      }
    },
  },
]
