import type { ClientBase } from 'pg'
import { OWN_AUTH_TABLE_NAMES } from './auth-tables.ts'
import type { MigrationVariables } from './migration-files.ts'
import { BEGIN } from '../wire/settings.ts'

/** The objects of the service's schema in a database: name → definition. */
export type Catalogue = ReadonlyMap<string, string>

export interface Difference {
  readonly what: 'missing' | 'unexpected' | 'different'
  readonly name: string
  readonly expected?: string | undefined
  readonly found?: string | undefined
}

/**
 * Each row is one object of schema public: its table (null if it has none), its name, its definition. All supported versions of
 * PostgreSQL give the same rows for the same schema: no object ids, and the owner as <owner>.
 */
const CATALOGUE = `
with tables as (
  select c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relacl, pg_get_userbyid(c.relowner) as owner
  from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
),
role_name(oid, name) as (
  select r.oid, r.rolname::text from pg_roles r union all select 0, 'public'
)
select relname as "table", 'table ' || relname as name,
  'row security ' || case when relforcerowsecurity then 'forced' when relrowsecurity then 'on' else 'off' end as definition
from tables
union all
select t.relname, 'column ' || t.relname || '.' || a.attname,
  format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
    || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
union all
select t.relname, 'constraint ' || t.relname || '.' || c.conname, pg_get_constraintdef(c.oid)
from tables t join pg_constraint c on c.conrelid = t.oid where c.contype in ('p', 'u', 'f', 'c', 'x')
union all
select t.relname, 'index ' || t.relname || '.' || i.relname, pg_get_indexdef(i.oid)
from tables t join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
union all
select t.relname, 'trigger ' || t.relname || '.' || g.tgname, pg_get_triggerdef(g.oid) || case g.tgenabled when 'O' then '' else ' disabled' end
from tables t join pg_trigger g on g.tgrelid = t.oid where not g.tgisinternal
union all
select t.relname, 'policy ' || t.relname || '.' || p.polname,
  concat_ws(' ', case when p.polpermissive then 'permissive' else 'restrictive' end, 'for', p.polcmd, 'to',
    (select string_agg(case when n.name = t.owner then '<owner>' else n.name end, ', ' order by n.name collate "C")
     from role_name n where n.oid = any (p.polroles)),
    'using', pg_get_expr(p.polqual, p.polrelid), 'with check', pg_get_expr(p.polwithcheck, p.polrelid))
from tables t join pg_policy p on p.polrelid = t.oid
union all
select t.relname, 'grant on ' || t.relname || ' to ' || n.name, string_agg(g.privilege_type, ', ' order by g.privilege_type)
from tables t, aclexplode(t.relacl) g join role_name n on n.oid = g.grantee where n.name = any ($1)
group by t.relname, n.name
union all
select t.relname, 'grant on ' || t.relname || '.' || a.attname || ' to ' || n.name,
  string_agg(g.privilege_type, ', ' order by g.privilege_type)
from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped, aclexplode(a.attacl) g
join role_name n on n.oid = g.grantee where n.name = any ($1)
group by t.relname, a.attname, n.name
union all
select null, 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
  concat_ws(' ', case when p.prosecdef then 'security definer' end, p.provolatile, p.proparallel,
    array_to_string(p.proconfig, ' '), 'for', (select string_agg(n.name, ', ' order by n.name collate "C")
      from aclexplode(p.proacl) g join role_name n on n.oid = g.grantee where n.name = any ($1)), p.prosrc)
from pg_proc p where p.pronamespace = 'public'::regnamespace
union all
select null, 'type ' || t.typname, (select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)
from pg_type t where t.typnamespace = 'public'::regnamespace and t.typtype = 'e'`

interface Row {
  readonly table: string | null
  readonly name: string
  readonly definition: string
}

/**
 * @param variables name the roles whose privileges are compared, and with `auth_mode` external the tables that are omitted because
 *   another auth server owns them
 */
export async function readCatalogue(client: ClientBase, variables: MigrationVariables): Promise<Catalogue> {
  const { app_role: appRole, system_role: systemRole, auth_mode: authMode } = variables
  // PostgreSQL omits the schema of names that are on the search path.
  await client.query(`${BEGIN}; set local search_path = public, pg_temp`)
  const { rows } = await client.query<Row>(CATALOGUE, [[appRole, systemRole, 'public']])
  await client.query('commit')
  const others = new Set(
    authMode === 'external' ? [...OWN_AUTH_TABLE_NAMES, variables.users_table, variables.sessions_table] : [],
  )
  const kept = rows.filter((row) => row.table === null || !others.has(row.table))
  return new Map(kept.map((row) => [row.name, row.definition]))
}

/**
 * The differences. Objects of other programs in the same database are not reported, unless they belong to one of our tables.
 */
export function compareCatalogues(expected: Catalogue, found: Catalogue): readonly Difference[] {
  const differences: Difference[] = []
  for (const [name, definition] of expected) {
    const other = found.get(name)
    if (other === undefined) differences.push({ what: 'missing', name, expected: definition })
    else if (other !== definition) differences.push({ what: 'different', name, expected: definition, found: other })
  }
  const ours = new Set([...expected.keys()].map(tableOf))
  for (const [name, definition] of found) {
    if (!expected.has(name) && ours.has(tableOf(name)))
      differences.push({ what: 'unexpected', name, found: definition })
  }
  return differences
}

/** The table of an object according to its name, or else that name. */
function tableOf(name: string): string {
  const [, table] = /^(?:table|column|constraint|index|trigger|policy|grant on) ([^. ]+)/.exec(name) ?? []
  return table ?? name
}
