import type { ClientBase } from 'pg'
import type { Config } from '../../config/config.ts'
import { StartError } from '../../errors.ts'
import type { TableName } from '../../lib/table-name.ts'
import type { MigrationVariables } from './migration-files.ts'
import { BEGIN } from '../wire/settings.ts'

/**
 * The tables and columns of users and sessions, as variables of the migrations. With `auth_mode` `embedded` the migrations create
 * these tables.
 */
export type AuthVariables = Pick<
  MigrationVariables,
  | 'auth_mode'
  | 'users_schema'
  | 'users_table'
  | 'sessions_schema'
  | 'sessions_table'
  | 'session_user_column'
  | 'session_expiry_column'
>

/** The tables that the migrations create with AUTH_MODE=embedded. */
export const OWN_AUTH_TABLES: AuthVariables = {
  auth_mode: 'embedded',
  users_schema: 'public',
  users_table: 'users',
  sessions_schema: 'public',
  sessions_table: 'user_sessions',
  session_user_column: 'userId',
  session_expiry_column: 'expiresAt',
}

export const OWN_AUTH_TABLE_NAMES = ['users', 'user_sessions', 'user_accounts', 'user_verifications'] as const

/** better-auth's default names come second: the Python service, which this one replaces, renames the tables. */
const USERS_NAMES = ['users', 'user']
const SESSIONS_NAMES = ['user_sessions', 'session']

const TEXT_TYPES = ['text', 'character varying']
const TIME_TYPES = ['timestamp without time zone', 'timestamp with time zone']

interface Column {
  /** Possible names, in order of preference. */
  readonly names: readonly string[]
  readonly types: readonly string[]
}

interface Wanted {
  /** The subject of a message: "users" or "sessions". */
  readonly what: string
  readonly variable: 'AUTH_USERS_TABLE' | 'AUTH_SESSIONS_TABLE'
  readonly named: TableName | undefined
  readonly names: readonly string[]
  readonly columns: readonly Column[]
}

/** A table with the columns that were found in it, in the order of `Wanted.columns`. */
interface Found {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
}

/**
 * The variables with the auth server's tables, as configured or found by their usual names on the login's search path.
 *
 * @param client the connection of the migrations, outside a transaction
 * @throws StartError with the tables that were looked for and what is missing. Nothing was changed.
 */
export async function withAuthTables(
  client: ClientBase,
  variables: MigrationVariables,
  auth: Config['auth'],
): Promise<MigrationVariables> {
  const users = await usersOfTasks(client)
  if (auth.mode === 'embedded') {
    if (users === undefined) await refuseTablesInTheWay(client)
    else if (users.schema !== 'public' || users.name !== OWN_AUTH_TABLES.users_table) throw otherUsers(users)
    return variables
  }
  const found = await findAuthTables(client, auth)
  if (users !== undefined && users.oid !== found.users.oid) throw otherUsers(users)
  const [userColumn = '', expiryColumn = ''] = found.sessions.columns.slice(1)
  return {
    ...variables,
    auth_mode: 'external',
    users_schema: found.users.schema,
    users_table: found.users.name,
    sessions_schema: found.sessions.schema,
    sessions_table: found.sessions.name,
    session_user_column: userColumn,
    session_expiry_column: expiryColumn,
  }
}

/**
 * The users table that the foreign keys of a migrated database refer to; undefined before the migrations. Not looked up from
 * `tasks`, which before the migrations may be a table of the Python service.
 */
async function usersOfTasks(client: ClientBase): Promise<Omit<Found, 'columns'> | undefined> {
  const { rows } = await client.query<Omit<Found, 'columns'>>(
    `select c.oid::text, n.nspname as schema, c.relname as name
     from pg_constraint f join pg_class c on c.oid = f.confrelid join pg_namespace n on n.oid = c.relnamespace
     where f.contype = 'f' and f.conrelid = to_regclass('public.idempotency_keys')`,
  )
  return rows[0]
}

const otherUsers = ({ schema, name }: Pick<Found, 'schema' | 'name'>): StartError => {
  const shown = `${schema}.${name}`
  return new StartError(
    `this database was migrated for the users in ${shown}: set AUTH_MODE=external and AUTH_USERS_TABLE=${shown}, or revert the migrations first`,
  )
}

async function refuseTablesInTheWay(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class c
     where relnamespace = 'public'::regnamespace and relname = any ($1)
       and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'auth_server')
     order by array_position($1, relname::text)`,
    [OWN_AUTH_TABLE_NAMES],
  )
  if (rows.length === 0) return
  throw new StartError(
    `the users in this database belong to another auth server (it has a table ${rows.map(({ name }) => name).join(' and ')}): set AUTH_MODE=external, or set DATABASE_URL to a database without them. Nothing was applied`,
  )
}

async function findAuthTables(
  client: ClientBase,
  { usersTable, sessionsTable }: Extract<Config['auth'], { mode: 'external' }>,
): Promise<{ readonly users: Found; readonly sessions: Found }> {
  const text = (...names: string[]): Column => ({ names, types: TEXT_TYPES })
  const wanted: readonly Wanted[] = [
    { what: 'users', variable: 'AUTH_USERS_TABLE', named: usersTable, names: USERS_NAMES, columns: [text('id')] },
    {
      what: 'sessions',
      variable: 'AUTH_SESSIONS_TABLE',
      named: sessionsTable,
      names: SESSIONS_NAMES,
      columns: [text('token'), text('userId', 'user_id'), { names: ['expiresAt', 'expires_at'], types: TIME_TYPES }],
    },
  ]
  const path = await searchPathOf(client)
  const outcomes = []
  for (const each of wanted) outcomes.push(await find(client, path, each))
  const [users, sessions] = outcomes
  const problems = outcomes.filter((each) => typeof each === 'string')
  if (typeof users === 'object' && typeof sessions === 'object') {
    problems.push(...(await missingRights(client, users, sessions)))
    if (problems.length === 0) return { users, sessions }
  }
  throw new StartError(
    `AUTH_MODE=external uses the tables of another auth server, and they cannot be used: ${problems.join('; ')}. Nothing was applied`,
  )
}

/** The existing schemas of the login's own search path, which this connection has overridden. */
async function searchPathOf(client: ClientBase): Promise<readonly string[]> {
  await client.query(BEGIN)
  try {
    await client.query(
      `select set_config('search_path', (select reset_val from pg_settings where name = 'search_path'), true)`,
    )
    const { rows } = await client.query<{ schema: string }>('select unnest(current_schemas(false)) as schema')
    return rows.map(({ schema }) => schema)
  } finally {
    await client.query('rollback')
  }
}

interface Candidate {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly columns: Readonly<Record<string, string>>
}

/** The first table with the wanted columns, or a message if there is none. */
async function find(client: ClientBase, path: readonly string[], wanted: Wanted): Promise<Found | string> {
  const names = wanted.named === undefined ? wanted.names : [wanted.named.name]
  const schemas = wanted.named?.schema === undefined ? path : [wanted.named.schema]
  const { rows: candidates } = await client.query<Candidate>(
    `select c.oid::text, n.nspname as schema, c.relname as name,
       jsonb_object_agg(a.attname, format_type(a.atttypid, null)) as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind in ('r', 'p') and n.nspname = any ($1) and c.relname = any ($2)
     group by c.oid, n.nspname, c.relname
     order by array_position($2, c.relname::text), array_position($1, n.nspname::text)`,
    [schemas, names],
  )
  const faults: string[] = []
  for (const { columns, ...table } of candidates) {
    const outcomes = wanted.columns.map((column) => fitting(column, columns))
    const wrong = outcomes.filter((each) => 'fault' in each).map(({ fault }) => fault)
    if (wrong.length === 0)
      return { ...table, columns: outcomes.flatMap((each) => ('name' in each ? [each.name] : [])) }
    faults.push(`${table.schema}.${table.name} ${wrong.join(' and ')}`)
  }
  const lookedFor = `${names.join(' or ')} in ${schemas.length === 1 ? 'schema' : 'the schemas'} ${schemas.join(', ')}`
  const advice = `set ${wanted.variable} to its name, such as ${schemas[0] ?? 'public'}.${names[0]}`
  return faults.length === 0
    ? `no table of ${wanted.what} was found; looked for ${lookedFor} (${advice})`
    : `no table of ${wanted.what} fits; looked for ${lookedFor}: ${faults.join(', ')} (if it is another table, ${advice})`
}

function fitting({ names, types }: Column, columns: Candidate['columns']): { name: string } | { fault: string } {
  const name = names.find((each) => Object.hasOwn(columns, each))
  if (name === undefined) return { fault: `lacks a column ${names.join(' or ')}` }
  const type = columns[name] ?? ''
  return types.includes(type)
    ? { name }
    : { fault: `has the column ${name} of type ${type}, which should be ${types.join(' or ')}` }
}

/**
 * The privileges that the login of the migrations lacks: the functions that look up sessions run with its privileges, and tasks
 * reference users.
 */
async function missingRights(client: ClientBase, users: Found, sessions: Found): Promise<string[]> {
  const { rows } = await client.query<Rights>(
    `select current_user as login, format('%I.%I', n.nspname, c.relname) as table, quote_ident(n.nspname) as schema,
       has_schema_privilege(n.oid, 'usage') as "mayUseSchema",
       (select string_agg(privilege, ', ')
        from unnest(case when c.oid = $1 then array['select', 'references'] else array['select'] end) privilege
        where not has_table_privilege(c.oid, privilege)) as lacks,
       row_security_active(c.oid) and not exists (
         select from pg_policy p where p.polrelid = c.oid and p.polname = 'credential_check') as "hidesRows"
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.oid in ($1, $2)
     order by c.oid <> $1`,
    [users.oid, sessions.oid],
  )
  const problems: string[] = []
  for (const { login, table, schema, mayUseSchema, lacks, hidesRows } of rows) {
    if (!mayUseSchema)
      problems.push(`run as the owner of schema ${schema}: grant usage on schema ${schema} to ${login}`)
    if (lacks !== null) problems.push(`run as the owner of ${table}: grant ${lacks} on ${table} to ${login}`)
    if (hidesRows) {
      problems.push(`row-level security hides the rows of ${table} from ${login}: give it a policy for select`)
    }
  }
  if (!(await isUnique(client, users.oid))) {
    problems.push(`${users.schema}.${users.name}.id is not unique: make it the primary key`)
  }
  return [...new Set(problems)]
}

interface Rights {
  readonly login: string
  readonly table: string
  readonly schema: string
  readonly mayUseSchema: boolean
  readonly lacks: string | null
  /** Our own tables have a policy for the owner, created by the migrations. */
  readonly hidesRows: boolean
}

async function isUnique(client: ClientBase, oid: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'id'
     where i.indrelid = $1 and i.indisunique and i.indpred is null and i.indnkeyatts = 1 and i.indkey[0] = a.attnum`,
    [oid],
  )
  return (rowCount ?? 0) > 0
}

/**
 * Refuses to serve if AUTH_USERS_TABLE names another table than the one that tasks reference.
 *
 * @param client a connection with the serving role
 */
export async function refuseOtherAuthTables(client: ClientBase, auth: Config['auth']): Promise<void> {
  if (auth.mode === 'embedded' || auth.usersTable === undefined) return
  const users = await usersOfTasks(client)
  const { schema = users?.schema, name } = auth.usersTable
  if (users !== undefined && (users.schema !== schema || users.name !== name)) throw otherUsers(users)
}
