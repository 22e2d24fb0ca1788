import { DatabaseError, type ClientBase } from 'pg'
import { StartError } from '../../errors.ts'
import { label } from './migration-files.ts'
import { migrationState, type MigrationState } from './migrator.ts'
import { refuseOldServer } from './server-version.ts'

interface Posture {
  readonly role: string
  readonly superuser: boolean
  readonly bypassesPolicies: boolean
  readonly becomes: string | null
  readonly inherits: string | null
  readonly unforced: string | null
  readonly encoding: string
}

/**
 * Our tables are those with a policy, and those with a user's rows that the serving role has any right on; the tables of
 * another auth server stay its own affair. Any membership counts that would let the role become their owner or one that no
 * policy binds, even one that takes a SET ROLE; of a role that other policies are meant for, one that takes none.
 */
const POSTURE = `
  with ours as (
    select c.oid, c.relname, c.relowner, c.relrowsecurity and c.relforcerowsecurity as forced
    from pg_class c
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
      and (c.oid in (select polrelid from pg_policy)
        or has_any_column_privilege(c.oid, 'select, insert, update') and exists (
          select from pg_attribute a where a.attrelid = c.oid and a.attname = 'user_id' and not a.attisdropped))
  )
  select r.rolname as role, r.rolsuper as superuser, r.rolbypassrls as "bypassesPolicies",
    (select string_agg(o.rolname, ', ') from pg_roles o
      where (o.rolsuper or o.rolbypassrls or o.oid in (select relowner from ours)) and pg_has_role(r.oid, o.oid, 'MEMBER')
    ) as becomes,
    (select string_agg(distinct o.rolname, ', ') from pg_policy p join pg_roles o on o.oid = any (p.polroles)
      where o.oid <> r.oid and pg_has_role(r.oid, o.oid, 'USAGE')) as inherits,
    (select string_agg(relname, ', ') from ours where not forced) as unforced,
    pg_encoding_to_char((select encoding from pg_database where datname = current_database())) as encoding
  from pg_roles r where r.rolname = current_user`

/** The rights on our tables that no policy binds, and the standing of the role that crosses users. */
const BEYOND_POLICIES = `
  select
    (select string_agg(c.relname || ' (' || privilege || ')', ', ')
      from pg_class c, unnest(array['truncate', 'references', 'trigger']) privilege
      where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
        and c.oid in (select polrelid from pg_policy) and has_table_privilege(c.oid, privilege)) as "unbound",
    (select string_agg(o.rolname, ', ')
      from pg_roles r, pg_roles o
      where r.rolname = $1 and pg_has_role(r.oid, o.oid, 'MEMBER') and (o.rolsuper or o.rolbypassrls
        or o.oid in (select relowner from pg_class where oid in (select polrelid from pg_policy)))) as "systemBecomes"`

/**
 * Refuses to serve where isolation would only be a promise: when one of the two roles could bypass the policies, when a
 * table does not force them, or when the schema is not the one this code was written for.
 *
 * @param client a connection under the serving role
 * @param systemRole the role that crosses users
 * @throws StartError saying what is wrong and what to run
 */
export async function refuseUnsafeDatabase(client: ClientBase, systemRole: string): Promise<void> {
  await refuseOldServer(client)
  await refuseOtherSchema(client)
  await refuseUnboundRoles(client, systemRole)
}

/** The part of it that is about roles and policies, whatever the schema. */
export async function refuseUnboundRoles(client: ClientBase, systemRole: string): Promise<void> {
  const { rows } = await client.query<Posture>(POSTURE)
  const [posture] = rows
  if (posture === undefined) throw new StartError('the serving role is not in pg_roles')
  const { role, becomes, inherits, unforced, encoding } = posture
  const wrong = (why: string): never => {
    throw new StartError(`refusing to serve: ${why}. Row-level security would not hold (docs/adr/0003-roles.md)`)
  }
  if (posture.superuser) wrong(`role ${role} is a superuser; set DATABASE_ROLE to an ordinary role`)
  if (posture.bypassesPolicies) wrong(`role ${role} has BYPASSRLS; run: alter role ${role} nobypassrls`)
  if (becomes !== null) {
    wrong(`role ${role} is, or is a member of, ${becomes}, which owns tables here or passes policies by`)
  }
  if (inherits !== null) {
    wrong(
      `role ${role} has the rights of ${inherits}; run: revoke ${inherits} from ${role} (or, where it has to log in: alter role ${role} noinherit, from PostgreSQL 16 on: grant ${inherits} to ${role} with inherit false)`,
    )
  }
  if (unforced !== null) wrong(`row-level security is not forced on ${unforced}`)
  const beyond = await client.query<{ unbound: string | null; systemBecomes: string | null }>(BEYOND_POLICIES, [
    systemRole,
  ])
  const { unbound = null, systemBecomes = null } = beyond.rows[0] ?? {}
  if (unbound !== null) wrong(`role ${role} has a right that no policy binds: ${unbound}; revoke it`)
  if (systemBecomes !== null) {
    wrong(`role ${systemRole} is, or is a member of, ${systemBecomes}, which owns tables here or passes policies by`)
  }
  if (encoding !== 'UTF8') {
    throw new StartError(`the database has encoding ${encoding}; create it with encoding UTF8`)
  }
}

async function refuseOtherSchema(client: ClientBase): Promise<void> {
  const { pending, incompatible, edited } = await readableState(client)
  if (incompatible.length > 0) {
    throw new StartError(
      `the database has migration ${incompatible.map(label).join(', ')}, which takes away what this version needs: run a newer version`,
    )
  }
  if (pending.length > 0) {
    throw new StartError(`the database lacks migration ${pending.map(label).join(', ')}. Run: npm run migrate -- up`)
  }
  if (edited.length > 0) {
    throw new StartError(`migration ${edited.map(label).join(', ')} was changed after it was applied to this database`)
  }
}

async function readableState(client: ClientBase): Promise<MigrationState> {
  try {
    return await migrationState(client)
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== '42501') throw error
    throw new StartError(
      'the serving role may not read schema_migrations: the database was migrated for another DATABASE_ROLE, or every migration was taken back. Set DATABASE_ROLE to the one it was migrated for, or run: npm run migrate -- up',
      { cause: error },
    )
  }
}
