import { randomUUID } from 'node:crypto'
import type { SystemSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import { isLowerCaseUuid } from '../lib/uuid.ts'
import type { Client } from './authorization.ts'
import type { ClientMetadata } from './client-metadata.ts'

/** Registered apps that no user has connected yet. They are deleted after a day. */
const UNCONNECTED_MAX = 10_000

const FIND: Statement = {
  name: 'oauth.find_client',
  text: `select id, name, redirect_uris as "redirectUris", may_refresh as "mayRefresh" from oauth_clients where id = $1`,
}
const REGISTER: Statement = {
  name: 'oauth.register',
  text: `insert into oauth_clients (id, name, redirect_uris, may_refresh)
         select $1, $2, $3, $4
         where (select count(*) from (
           select from oauth_clients where connected_at is null limit $5) unconnected) < $5
         returning id, extract(epoch from created_at)::bigint::text as "issuedAt"`,
}

/** @returns undefined for an id that no app has */
export async function findClient(sql: SystemSql, id: string): Promise<Client | undefined> {
  if (!isLowerCaseUuid(id)) return undefined
  return await sql.row<Client & object>(FIND, [id])
}

/** @returns undefined where too many apps wait to be connected */
export async function registerClient(
  sql: SystemSql,
  { name, redirectUris, mayRefresh }: ClientMetadata,
): Promise<{ readonly id: string; readonly issuedAt: number } | undefined> {
  const values = [randomUUID(), name, redirectUris, mayRefresh, UNCONNECTED_MAX]
  const row = await sql.row<{ id: string; issuedAt: string }>(REGISTER, values)
  return row && { id: row.id, issuedAt: Number(row.issuedAt) }
}
