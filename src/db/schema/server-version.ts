import type { ClientBase } from 'pg'
import { StartError } from '../../errors.ts'

/** The oldest major version of PostgreSQL that the tests run on. */
export const SERVER_VERSION_MIN = 15

/** @throws StartError if the server is older than that */
export async function refuseOldServer(client: Pick<ClientBase, 'query'>): Promise<void> {
  const { rows } = await client.query<{ major: number; version: string }>(
    `select current_setting('server_version_num')::int / 10000 as major, current_setting('server_version') as version`,
  )
  const { major = 0, version = 'unknown' } = rows[0] ?? {}
  if (major >= SERVER_VERSION_MIN) return
  throw new StartError(
    `the database is PostgreSQL ${version}, and this service needs ${SERVER_VERSION_MIN} or newer: upgrade the server. Nothing was changed`,
  )
}
