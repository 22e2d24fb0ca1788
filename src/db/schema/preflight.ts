import type { ClientBase } from 'pg'
import { StartError } from '../../errors.ts'
import type { Migration } from './migration-files.ts'

type Queries = Pick<ClientBase, 'query'>

/**
 * Refuses a database on which the pending migrations would fail halfway, or succeed with a different meaning. Reads only.
 *
 * @param client in a transaction of the login that migrates
 * @throws StartError with the reason and what to do
 */
export async function refuseUnfitDatabase(client: Queries, pending: readonly Migration[]): Promise<void> {
  await refuseOtherEncoding(client)
  await refuseReadOnly(client)
  await refuseOtherSearchPath(client)
  await refuseTablesInTheWay(client, pending)
}

async function refuseOtherEncoding(client: Queries): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>(`select current_setting('server_encoding') as encoding`)
  const encoding = rows[0]?.encoding ?? 'unknown'
  if (encoding === 'UTF8') return
  throw new StartError(
    `cannot migrate: the database has encoding ${encoding}, and tasks need UTF8. Nothing was applied; use a database created with: create database … encoding 'UTF8' template template0`,
  )
}

async function refuseReadOnly(client: Queries): Promise<void> {
  const { rows } = await client.query<{ readOnly: boolean; standby: boolean }>(
    `select current_setting('transaction_read_only')::boolean as "readOnly", pg_is_in_recovery() as standby`,
  )
  const { readOnly = false, standby = false } = rows[0] ?? {}
  if (!readOnly) return
  throw new StartError(
    standby
      ? 'cannot migrate: the database is a standby, which is read-only. Set DATABASE_URL and MIGRATION_DATABASE_URL to the primary'
      : 'cannot migrate: transactions are read-only because default_transaction_read_only is on for the server, the database or this login. Turn it off for the login that migrates: alter role … set default_transaction_read_only = off',
  )
}

/**
 * A search path that names other schemas but not `public` means that the operator wants the tables there, and the service would not
 * put them there. An empty one, as on hardened servers, is accepted.
 */
export async function refuseOtherSearchPath(client: Queries): Promise<void> {
  // The login's own setting (from URL, role, database or server), not what this transaction has set.
  const { rows } = await client.query<{ path: string; login: string }>(
    `select reset_val as path, session_user as login from pg_settings where name = 'search_path'`,
  )
  const { path = '', login = '' } = rows[0] ?? {}
  const schemas = path
    .split(',')
    .map((each) => each.trim().replace(/^"(.*)"$/, '$1'))
    .filter((each) => !['', 'pg_catalog', 'pg_temp'].includes(each))
  if (schemas.length === 0 || schemas.some((each) => each.toLowerCase() === 'public')) return
  throw new StartError(
    `the search path of login ${login} is ${path}, without public, which is the schema of this service. Remove search_path from the options of the URL, or run: alter role ${login} set search_path = public`,
  )
}

/** Tables and types created by statements without `if not exists`. */
const CREATES = /^create (?:table|type) (?!if )(\w+)/gm

async function refuseTablesInTheWay(client: Queries, pending: readonly Migration[]): Promise<void> {
  const names = pending.flatMap(({ up }) => [...up.matchAll(CREATES)].map(([, name = '']) => name))
  const { rows } = await client.query<{ name: string }>(
    `select typname as name from pg_type
     where typnamespace = 'public'::regnamespace and typname::text = any ($1::text[]) and typtype in ('c', 'd', 'e', 'r')
     order by array_position($1::text[], typname::text)`,
    [names],
  )
  if (rows.length === 0) return
  throw new StartError(
    `cannot migrate: the schema public already has ${rows.map(({ name }) => name).join(', ')}, not made by this service. Nothing was applied. To move tables of the Python service, see docs/migrating-from-python.md; if they belong to another program, use a separate database`,
  )
}
