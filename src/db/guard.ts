import type { ClientBase } from 'pg'
import { StartError } from '../errors.ts'
import { label, migrationState } from './migrator.ts'

interface Posture {
  readonly role: string
  readonly superuser: boolean
  readonly bypassesPolicies: boolean
  readonly owned: string | null
  readonly unforced: string | null
  readonly encoding: string
}

/**
 * `pg_has_role(…, 'USAGE')` also counts what a role inherits: a member of the owner is as good as the owner. Only tables
 * with a policy of ours are looked at, so that the tables of another auth server stay its own affair.
 */
const POSTURE = `
  select current_user as role, r.rolsuper as superuser, r.rolbypassrls as "bypassesPolicies",
    (select string_agg(c.relname, ', ') from pg_class c
      where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
        and c.oid in (select polrelid from pg_policy) and pg_has_role(current_user, c.relowner, 'USAGE')) as owned,
    (select string_agg(c.relname, ', ') from pg_class c
      where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
        and c.oid in (select polrelid from pg_policy) and not (c.relrowsecurity and c.relforcerowsecurity)) as unforced,
    pg_encoding_to_char((select encoding from pg_database where datname = current_database())) as encoding
  from pg_roles r where r.rolname = current_user`

/**
 * Refuses to serve where isolation would only be a promise: when the serving role could bypass the policies, when a table
 * does not force them, or when the schema is not the one this code was written for.
 *
 * @param client a connection under the serving role, or before it could be entered
 * @throws StartError saying what is wrong and what to run
 */
export async function refuseUnsafeDatabase(client: ClientBase): Promise<void> {
  await refuseOtherSchema(client)
  const { rows } = await client.query<Posture>(POSTURE)
  const [posture] = rows
  if (posture === undefined) throw new StartError('the serving role is not in pg_roles')
  const wrong = (why: string): never => {
    throw new StartError(`refusing to serve: ${why}. Row-level security would not hold (docs/adr/0003-roles.md)`)
  }
  if (posture.superuser) wrong(`role ${posture.role} is a superuser; set DATABASE_ROLE to an ordinary role`)
  if (posture.bypassesPolicies) wrong(`role ${posture.role} has BYPASSRLS; run: alter role ${posture.role} nobypassrls`)
  if (posture.owned !== null) wrong(`role ${posture.role} owns ${posture.owned}, or is a member of the role that does`)
  if (posture.unforced !== null) wrong(`row-level security is not forced on ${posture.unforced}`)
  if (posture.encoding !== 'UTF8') {
    throw new StartError(`the database has encoding ${posture.encoding}; create it with encoding UTF8`)
  }
}

async function refuseOtherSchema(client: ClientBase): Promise<void> {
  const { pending, unknown, edited } = await migrationState(client)
  if (unknown.length > 0) {
    throw new StartError(
      `the database has migration ${unknown.map(label).join(', ')}, which this version does not know: it is newer. Run a newer version`,
    )
  }
  if (pending.length > 0) {
    throw new StartError(`the database lacks migration ${pending.map(label).join(', ')}. Run: npm run migrate -- up`)
  }
  if (edited.length > 0) {
    throw new StartError(`migration ${edited.map(label).join(', ')} was changed after it was applied to this database`)
  }
}
