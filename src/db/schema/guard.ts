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
 * Our tables are those with a policy, and those with a `user_id` on which the serving role has any privilege; tables of another
 * auth server are not checked. `becomes`: roles that own our tables or bypass policies and of which the role is a member, also if it
 * takes a SET ROLE. `inherits`: roles with policies of their own whose privileges the role has without SET ROLE.
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

/** Privileges on our tables that policies do not restrict, and the dangerous memberships of the system role. */
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
 * Refuses to serve a database that does not isolate users: one of the two roles could bypass the policies, a table does not force
 * row-level security, or the schema does not fit this code.
 *
 * @param client a connection with the serving role
 * @param systemRole the role for work outside a user's scope
 * @throws StartError with the reason and the command to run
 */
export async function refuseUnsafeDatabase(client: ClientBase, systemRole: string): Promise<void> {
  await refuseOldServer(client)
  await refuseOtherSchema(client)
  await refuseUnboundRoles(client, systemRole)
}

/** Checks roles and policies, independent of the version of the schema. */
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
    wrong(`role ${role} is, or is a member of, ${becomes}, which owns tables here or bypasses policies`)
  }
  if (inherits !== null) {
    wrong(
      `role ${role} has the privileges of ${inherits}; run: revoke ${inherits} from ${role} (or, if it has to log in as ${role}: alter role ${role} noinherit, from PostgreSQL 16 on: grant ${inherits} to ${role} with inherit false)`,
    )
  }
  if (unforced !== null) wrong(`row-level security is not forced on ${unforced}`)
  const beyond = await client.query<{ unbound: string | null; systemBecomes: string | null }>(BEYOND_POLICIES, [
    systemRole,
  ])
  const { unbound = null, systemBecomes = null } = beyond.rows[0] ?? {}
  if (unbound !== null) wrong(`role ${role} has privileges that policies do not restrict: ${unbound}; revoke them`)
  if (systemBecomes !== null) {
    wrong(`role ${systemRole} is, or is a member of, ${systemBecomes}, which owns tables here or bypasses policies`)
  }
  if (encoding !== 'UTF8') {
    throw new StartError(`the database has encoding ${encoding}; create it with encoding UTF8`)
  }
}

async function refuseOtherSchema(client: ClientBase): Promise<void> {
  const { pending, incompatible, edited } = await readableState(client)
  if (incompatible.length > 0) {
    throw new StartError(
      `the database has migration ${incompatible.map(label).join(', ')}, which removes what this version needs: run a newer version`,
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
      'the serving role may not read schema_migrations: the database was migrated for another DATABASE_ROLE, or all migrations were reverted. Set DATABASE_ROLE to the role it was migrated for, or run: npm run migrate -- up',
      { cause: error },
    )
  }
}
