import { randomUUIDv7 } from 'node:crypto'
import type { Step, UserSql } from '../db/sql.ts'
import { shortReading } from '../db/step.ts'
import { lockOf } from '../db/user-lock.ts'
import type { Statement } from '../db/wire/statement.ts'
import { Problem } from '../errors.ts'
import { theOnly } from '../lib/the-only.ts'
import type { Authorization } from './authorization.ts'
import { OAUTH_PROBLEMS } from './problems.ts'
import { destinationOf } from './redirects.ts'
import { GRANTS_MAX, GRANTS_OF_CLIENT_MAX, type ConnectedApp } from './schema.ts'

/** What a user has allowed: the part that requests of the user read and write. */

export const CODE_SECONDS = 120
export const GRANT_DAYS = 366

// A grant without a token that is alive has ended: its app cannot come back by itself. The key gives the order without a sort, so that the
// plan is always the same.
const LIST: Statement = {
  name: 'apps.list',
  text: `select coalesce(json_agg(connection), '[]') as connections from (
           select json_build_object(
             'clientId', g.client_id,
             'name', g.client_name,
             'redirectUri', g.redirect_uri,
             'scopes', g.scopes,
             'connectedAt', todo_instant_json(g.created_at)::json,
             'lastUsedAt', todo_instant_json(used.last_at)::json,
             'expiresAt', todo_instant_json(used.until)::json) as connection
           from oauth_grants g
           cross join lateral (
             select max(t.created_at) as last_at, max(t.expires_at) as until from oauth_tokens t
             where user_id = $user and t.grant_id = g.id) used
           where user_id = $user and used.until > now()
           order by g.id desc) newest_first`,
}
const END: Statement = {
  name: 'apps.end',
  text: 'delete from oauth_grants where user_id = $user and client_id = $1 returning id',
}
const LOCK = lockOf('apps')
const REMOVE_ENDED: Statement = {
  name: 'apps.remove_ended',
  text: `delete from oauth_grants g where user_id = $user and (
           case when g.code_used_at is null then g.code_expires_at <= now()
           else not exists (
             select from oauth_tokens t where user_id = $user and t.grant_id = g.id and t.expires_at > now()) end
           or g.client_id = $1 and g.id in (
             select o.id from oauth_grants o where user_id = $user and o.client_id = $1 order by o.id desc offset $2))
         returning id`,
}
const CONNECT: Statement = {
  name: 'apps.connect',
  text: `insert into oauth_grants (id, client_id, client_name, redirect_uri, scopes, may_refresh, code_hash, code_challenge, code_expires_at, expires_at)
         select $1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => ${CODE_SECONDS}), now() + interval '${GRANT_DAYS * 24} hours'
         where (select count(*) from oauth_grants where user_id = $user) < $9
         returning id`,
}

/** A grant that has not ended. */
interface Connection extends Omit<ConnectedApp, 'destination' | 'connections'> {
  readonly redirectUri: string
}

/** Only that there is such a user. */
export const who: Step<string> = shortReading({ name: 'apps.who', text: 'select' }, [], (_row, userId) => userId)

/** The connected apps of the user, the last used first. */
export const list: Step<ConnectedApp[]> = shortReading(LIST, [], (row) => {
  // The column of the statement.
  const { connections } = theOnly(row) as { readonly connections: readonly Connection[] }
  const apps = new Map<string, ConnectedApp>()
  for (const { redirectUri, ...connection } of connections) {
    const one = { ...connection, destination: destinationOf(redirectUri), connections: 1 }
    const app = apps.get(one.clientId)
    apps.set(one.clientId, app === undefined ? one : withOlder(app, one))
  }
  return [...apps.values()].toSorted((one, other) => compare(other.lastUsedAt, one.lastUsedAt))
})

/** One entry for two connections of an app. It has the name and the destination that the user saw last. */
const withOlder = (app: ConnectedApp, older: ConnectedApp): ConnectedApp => ({
  ...app,
  scopes: [...new Set([...app.scopes, ...older.scopes])],
  connections: app.connections + older.connections,
  connectedAt: theFirst(app.connectedAt, older.connectedAt),
  lastUsedAt: theLast(app.lastUsedAt, older.lastUsedAt),
  expiresAt: theLast(app.expiresAt, older.expiresAt),
})

/** Instants as the database writes them, whose fractions differ in length, so that the texts themselves cannot be compared. */
const compare = (one: string, other: string): number => Date.parse(one) - Date.parse(other)
const theFirst = (one: string, other: string): string => (compare(one, other) <= 0 ? one : other)
const theLast = (one: string, other: string): string => (compare(one, other) >= 0 ? one : other)

/** Ends all connections of an app; their tokens go with them. @throws Problem not_found (404) */
export async function disconnect(sql: UserSql, clientId: string): Promise<void> {
  const ended = await sql.rows(END, [clientId])
  if (ended.length === 0) throw new Problem('not_found', 'App not found, or you have not connected it')
}

/**
 * Keeps the consent of the user, with the hash of the code that the app gets.
 *
 * @throws Problem app_limit_reached (409)
 */
export async function connect(
  sql: UserSql,
  { client, redirectUri, scopes, mayRefresh, codeChallenge }: Authorization,
  codeHash: string,
): Promise<object> {
  // Two consents at once would each find room for one. The later statements have snapshots from after the lock was taken.
  const [, , created] = await Promise.all([
    sql.row(LOCK, [sql.userId]),
    sql.rows(REMOVE_ENDED, [client.id, GRANTS_OF_CLIENT_MAX - 1]),
    sql.row(CONNECT, [
      randomUUIDv7(),
      client.id,
      client.name,
      redirectUri,
      scopes,
      mayRefresh,
      codeHash,
      codeChallenge,
      GRANTS_MAX,
    ]),
  ])
  if (created === undefined) {
    throw new Problem(OAUTH_PROBLEMS.app_limit_reached, OAUTH_PROBLEMS.app_limit_reached.detail ?? '')
  }
  return {}
}
