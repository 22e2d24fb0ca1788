import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { ClientBase } from 'pg'
import type { Config } from '../src/config/config.ts'
import { withMigrations } from '../src/db/database.ts'
import { readMigrations } from '../src/db/schema/migration-files.ts'
import { migrate } from '../src/migrate.ts'
import { configOf, needsServer, openTestDatabase, SERVER_URL, urlOf, withClient } from './databases.ts'
import { openWorld } from './world.ts'

/** AUTH_MODE=external on the tables of real auth servers, whose schemas external-auth/generate.ts creates. */

const SCHEMAS = new URL('external-auth/schemas/', import.meta.url)
const schemaOf = (file: string): string => readFileSync(new URL(file, SCHEMAS), 'utf8')

/** The tables of the Python service's auth server as `prisma db push` creates them: other names, no time zone, plain tokens. */
const PRISMA = `
  create table "user" (id text not null, email text not null, name text, "emailVerified" boolean not null, image text,
    "createdAt" timestamp(3) not null, "updatedAt" timestamp(3) not null, constraint user_pkey primary key (id));
  create table user_sessions (id text not null, "expiresAt" timestamp(3) not null, "ipAddress" text, "userAgent" text,
    "userId" text not null, token text not null, "createdAt" timestamp(3) not null, "updatedAt" timestamp(3) not null,
    constraint user_sessions_pkey primary key (id));
  create table account (id text not null, "userId" text not null, password text, constraint account_pkey primary key (id));
  create table verifications (id text not null, constraint verifications_pkey primary key (id));
  create unique index user_email_key on "user" (email);
  create unique index user_sessions_token_key on user_sessions (token);
  alter table user_sessions add constraint "user_sessions_userId_fkey" foreign key ("userId") references "user" (id)
    on delete cascade on update cascade;`

interface Case {
  readonly schema: string
  readonly users: string
  readonly sessions: string
  readonly env: Readonly<Record<string, string>>
}

const OTHER_NAMES = { AUTH_USERS_TABLE: 'members', AUTH_SESSIONS_TABLE: 'public.logins' }

function caseOf(file: string): Case {
  const schema = schemaOf(file)
  if (file.endsWith('-renamed.sql')) return { schema, users: 'users', sessions: 'user_sessions', env: {} }
  if (file.endsWith('-other-names.sql')) return { schema, users: 'members', sessions: 'logins', env: OTHER_NAMES }
  return { schema, users: 'user', sessions: 'session', env: {} }
}

const CASES = new Map<string, Case>([
  ...readdirSync(SCHEMAS).map((file) => [file.replace('.sql', ''), caseOf(file)] as const),
  ['Prisma, as the Python service has it', { schema: PRISMA, users: 'user', sessions: 'user_sessions', env: {} }],
])

/** Each of these tests opens a database several times, which takes seconds with the embedded one. */
const ON_EMBEDDED = new Set(['better-auth-1.4.6-snake-case', 'better-auth-1.7.25-default'])

const EXTERNAL = { AUTH_MODE: 'external' }
const HASH_SECRET = randomBytes(32).toString('base64url')
const ALL = readMigrations().map(({ version, name }) => `${String(version).padStart(4, '0')}_${name}`)

async function run(config: Config, ...words: readonly string[]): Promise<string> {
  const lines: string[] = []
  const before = process.exitCode
  process.exitCode = 0
  await migrate(
    words,
    () => config,
    (more) => lines.push(...more),
  )
  assert.equal(process.exitCode, 0, lines.join('\n'))
  process.exitCode = before
  return lines.join('\n').replaceAll(/ {2}in \d+ ms$/gm, '')
}

const asOwner = <T>(config: Config, work: (client: ClientBase) => Promise<T>): Promise<T> =>
  withMigrations(config, work)

/** The properties of the auth server's tables that a migration could change. */
async function stateOf(config: Config, tables: readonly string[]): Promise<unknown> {
  return asOwner(config, async (client) => {
    const { rows } = await client.query(
      `select c.relname, c.relrowsecurity, c.relacl::text, array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || a.attnotnull order by a.attnum),
         (select count(*)::int from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal),
         (select count(*)::int from pg_policy p where p.polrelid = c.oid)
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
       where c.relname = any ($1) and c.relkind = 'r' group by c.oid order by c.oid`,
      [tables],
    )
    return rows
  })
}

/** Objects that a failed `init` must not leave. */
const leftBehind = (config: Config): Promise<readonly unknown[]> =>
  asOwner(config, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select relname as name from pg_class where relname = 'schema_migrations'
       union all select proname from pg_proc where proname like 'todo\\_%'`,
    )
    return rows
  })

/** Adds a user with sessions to tables of any of the schemas, with columns from the catalogue. */
async function addSession(
  client: ClientBase,
  { users, sessions }: Pick<Case, 'users' | 'sessions'>,
  userId: string,
  token: string,
  expiresIn: string,
): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string; type: string }>(
    `select table_name as "table", column_name as "column", data_type as type from information_schema.columns
     where table_name = any ($1) and is_nullable = 'NO'`,
    [[users, sessions]],
  )
  const given: Readonly<Record<string, string>> = { token, userId, user_id: userId, email: `${userId}@example.com` }
  for (const table of [users, sessions]) {
    const columns = rows.filter((row) => row.table === table)
    const values = columns.map(({ column, type }) => {
      if (type.startsWith('timestamp')) {
        const instant = `now() + interval '${column.startsWith('expires') ? expiresIn : '0'}'`
        return type.endsWith('without time zone') ? `(${instant}) at time zone 'UTC'` : instant
      }
      if (type === 'boolean') return 'true'
      const value = column === 'id' && table === sessions ? token : (given[column] ?? userId)
      return client.escapeLiteral(value)
    })
    await client.query(
      `insert into "${table}" (${columns.map(({ column }) => `"${column}"`).join(', ')}) values (${values.join(', ')}) on conflict do nothing`,
    )
  }
}

suite('external mode', () => {
  for (const [name, { schema, users, sessions, env }] of CASES) {
    const skip =
      SERVER_URL === undefined &&
      !ON_EMBEDDED.has(name) &&
      'on the embedded database only two of the schemas are tested'
    test(
      `${name}: its sessions, plain and hashed, authenticate its users, and its tables are not changed`,
      { skip },
      async () => {
        await using database = await openTestDatabase({ migrated: false })
        const all = { ...database.env, ...EXTERNAL, ...env, SESSION_HASH_SECRET: HASH_SECRET }
        const config = configOf(all)
        const tokens = ['plain', 'hashed', 'expired'].map(() => randomBytes(24).toString('base64url'))
        const [plain = '', hashed = '', expired = ''] = tokens
        await asOwner(config, async (client) => {
          await client.query(schema)
          const hash = createHmac('sha256', HASH_SECRET).update(hashed).digest('hex')
          await addSession(client, { users, sessions }, 'ada', plain, '1 hour')
          await addSession(client, { users, sessions }, 'ben', hash, '1 hour')
          await addSession(client, { users, sessions }, 'ada', expired, '-1 second')
        })
        const tables = [
          users,
          sessions,
          'account',
          'verification',
          'verifications',
          'user_accounts',
          'user_verifications',
        ]
        const before = await stateOf(config, tables)
        assert.match(
          await run(config, 'init'),
          new RegExp(`in public.${users} and public.${sessions}: these tables are not changed`),
        )
        assert.match(await run(config, 'init'), /all \d+ migrations are applied already/)
        assert.deepEqual(await stateOf(config, tables), before)
        {
          await using world = await openWorld({ env: all })
          for (const [token, userId] of [
            [plain, 'ada'],
            [hashed, 'ben'],
          ] as const) {
            // A dry run first: only one task of each user may be left below.
            for (const query of ['?dryRun=true', '']) {
              const created = await world.ask('POST', `/api/tasks${query}`, { token, body: { title: 'mine' } })
              assert.deepEqual([created.status, created.json.userId], [201, userId])
            }
          }
          assert.equal((await world.ask('GET', '/api/tasks', { token: expired })).status, 401)
          const patched = await world.ask('PATCH', '/api/me', { token: plain, body: { timezone: 'Asia/Tokyo' } })
          const { id, email, emailVerified, timezone, createdAt } = patched.json
          assert.deepEqual([id, email, emailVerified, timezone], ['ada', 'ada@example.com', true, 'Asia/Tokyo'])
          assert.ok(Math.abs(Date.parse(createdAt) - Date.now()) < 600_000, createdAt)
          const renamed = await world.ask('PATCH', '/api/me', { token: plain, body: { name: 'Eve' } })
          assert.deepEqual([renamed.status, renamed.json.errors[0].pointer], [422, '/name'])
          assert.deepEqual((await world.ask('GET', '/api/me', { token: plain })).json, patched.json)
          // Deleting the user deletes the tasks too.
          await world.asOwner((client) => client.query(`delete from "${users}" where id = 'ada'`))
          assert.equal((await world.ask('GET', '/api/tasks', { token: plain })).status, 401)
          const left = await world.asOwner((client) => client.query('select user_id from tasks'))
          assert.deepEqual(left.rows, [{ user_id: 'ben' }])
        }
        assert.deepEqual(
          (await run(config, 'down', '99')).split('\n'),
          ALL.toReversed().map((each) => `reverted  ${each}`),
        )
        assert.deepEqual(await stateOf(config, tables), before)
      },
    )
  }

  test(
    'finds the tables in any schema of the search path, also if the configuration does not name it',
    { skip: needsServer },
    async () => {
      await using database = await openTestDatabase({ migrated: false })
      const url = String(database.env['DATABASE_URL'])
      const name = new URL(url).pathname.slice(1)
      const token = randomBytes(24).toString('base64url')
      const shape = { users: 'user', sessions: 'session' }
      await withClient(url, async (client) => {
        await client.query(
          `create schema "Auth"; set search_path = "Auth"; ${schemaOf('better-auth-1.7.25-default.sql')}`,
        )
        await addSession(client, shape, 'ada', token, '1 hour')
      })
      const unfound = configOf({ ...database.env, ...EXTERNAL })
      await assert.rejects(run(unfound, 'init'), {
        name: 'StartError',
        message: /no table of users was found; looked for users or user in schema public \(set AUTH_USERS_TABLE/,
      })
      assert.deepEqual(await leftBehind(unfound), [])
      const named = configOf({
        ...database.env,
        ...EXTERNAL,
        AUTH_USERS_TABLE: 'Auth.user',
        AUTH_SESSIONS_TABLE: 'Auth.session',
      })
      await run(named, 'init')
      assert.equal(await run(named, 'check'), 'the database is what the code expects')
      await run(named, 'down', '99')

      await withClient(urlOf(String(SERVER_URL), name), (client) =>
        client.query(`alter database ${name} set search_path = public, "Auth"`),
      )
      assert.match(await run(unfound, 'init'), /in Auth\.user and Auth\.session/)
      await using world = await openWorld({ env: { ...database.env, ...EXTERNAL } })
      assert.equal((await world.ask('POST', '/api/tasks', { token, body: { title: 'mine' } })).status, 201)
    },
  )

  test('is refused with a message, the same one twice, and leaves nothing, if tables or columns do not fit', async () => {
    await using database = await openTestDatabase({ migrated: false })
    const sessions = `create table user_sessions (token text, "userId" text, "expiresAt" timestamptz)`
    const users = 'create table users (id text primary key)'
    const cases: readonly (readonly [sql: string, message: RegExp, env?: Record<string, string>])[] = [
      [
        '',
        /no table of users was found; looked for users or user in .*; no table of sessions was found; looked for user_sessions or session/,
      ],
      [users, /no table of sessions was found.*set AUTH_SESSIONS_TABLE/],
      [
        'create table "user" (id text primary key); create table session (token text)',
        /public\.session lacks a column userId or user_id and lacks a column expiresAt or expires_at/,
      ],
      [
        `create table users (id uuid primary key); ${sessions}`,
        /public\.users has the column id of type uuid, which should be text or character varying/,
      ],
      [`create table users (id text); ${sessions}`, /public\.users\.id is not unique/],
      [`${users}; create table session (token text, user_id text, expires_at date)`, /expires_at of type date/],
      [
        `${users}; ${sessions}`,
        /no table of users was found; looked for members in/,
        { AUTH_USERS_TABLE: 'members', AUTH_SESSIONS_TABLE: 'user_sessions' },
      ],
    ]
    for (const [sql, message, env = {}] of cases) {
      const config = configOf({ ...database.env, ...EXTERNAL, ...env })
      await asOwner(config, (client) => client.query(sql))
      for (const _ of ['the first time', 'the second time']) {
        await assert.rejects(run(config, 'init'), { name: 'StartError', message }, sql)
        assert.deepEqual(await leftBehind(config), [])
      }
      await assert.rejects(openWorld({ env: { ...database.env, ...EXTERNAL, ...env } }), {
        name: 'StartError',
        message,
      })
      assert.deepEqual(await leftBehind(config), [])
      await asOwner(config, (client) => client.query('drop table if exists users, "user", user_sessions, session'))
    }
  })

  test('names the rights that the login of the migrations lacks', { skip: needsServer }, async () => {
    await using database = await openTestDatabase({ migrated: false })
    const url = new URL(String(database.env['DATABASE_URL']))
    const login = `todo_login_${randomBytes(4).toString('hex')}`
    const password = randomBytes(12).toString('hex')
    await withClient(url.href, (client) =>
      client.query(
        `create role ${login} login createrole password '${password}'; ${schemaOf('better-auth-1.4.6-default.sql')}
         grant create on schema public to ${login}`,
      ),
    )
    const owned = new URL(url)
    owned.username = login
    owned.password = password
    const config = configOf({ ...database.env, ...EXTERNAL, MIGRATION_DATABASE_URL: owned.href })
    try {
      await assert.rejects(run(config, 'init'), {
        message: new RegExp(
          `run as the owner of public."user": grant select, references on public."user" to ${login}; run as the owner of public.session: grant select on public.session to ${login}`,
        ),
      })
    } finally {
      await withClient(url.href, (client) => client.query(`drop owned by ${login}; drop role ${login}`))
    }
  })

  test('and embedded mode each refuse a database of the other', async () => {
    await using database = await openTestDatabase({ migrated: false })
    const embedded = configOf(database.env)
    await asOwner(embedded, (client) => client.query(PRISMA))
    for (const words of [['init'], ['up'], ['init']]) {
      await assert.rejects(run(embedded, ...words), {
        name: 'StartError',
        message: /set AUTH_MODE=external.*Nothing was applied/,
      })
    }
    await assert.rejects(openWorld({ env: database.env }), { name: 'StartError', message: /set AUTH_MODE=external/ })
    assert.deepEqual(await leftBehind(embedded), [])

    const external = configOf({ ...database.env, ...EXTERNAL })
    await run(external, 'init')
    assert.equal(await run(external, 'check'), 'the database is what the code expects')
    const message = /was migrated for the users in public\.user: set AUTH_MODE=external/
    await assert.rejects(run(embedded, 'down'), { name: 'StartError', message })
    await assert.rejects(openWorld({ env: database.env }), { name: 'StartError', message })
    await asOwner(embedded, (client) => client.query('create table members (id text primary key)'))
    const elsewhere = { ...database.env, ...EXTERNAL, AUTH_USERS_TABLE: 'members' }
    await assert.rejects(openWorld({ env: elsewhere }), { name: 'StartError', message })
    await assert.rejects(openWorld({ env: elsewhere, migrated: false }), { name: 'StartError', message })
    await assert.rejects(openWorld({ env: database.env, migrated: false }), {
      name: 'StartError',
      message: /set AUTH_MODE=external/,
    })
  })
})

test('a failed init reverts the migrations that it applied, also the second time', async () => {
  await using database = await openTestDatabase({ migrated: false })
  const config = configOf(database.env)
  // An example of an object that conflicts with a migration in a database that is not empty.
  await asOwner(config, (client) => client.query('create sequence user_api_key_reads_by_time'))
  for (const _ of ['the first time', 'the second time']) {
    await assert.rejects(run(config, 'init'), { name: 'StartError', message: /0007_user_api_keys\.up\.sql failed/ })
    assert.deepEqual(await leftBehind(config), [])
  }
  await asOwner(config, (client) => client.query('drop sequence user_api_key_reads_by_time'))
  await run(config, 'up', '2')
  await assert.rejects(run(config, 'init'), {
    name: 'StartError',
    message: /2 of the \d+ migrations are applied already.*migrate up/,
  })
})
