import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { Client, Pool } from 'pg'
import {
  addUser,
  configOf,
  needsServer,
  openTestDatabase,
  secondConnectionTo,
  SERVER_URL,
  serverVersion,
  SILENT,
  urlOf,
  withClient,
  type TestUser,
} from '../../../test/databases.ts'
import { StartError } from '../../errors.ts'
import { clientDefaults, enterServingRole } from '../wire/connection.ts'
import { openDatabase, type Database } from '../database.ts'
import { OWN_AUTH_TABLES } from './auth-tables.ts'
import { openEmbedded, type EmbeddedDatabase } from '../embedded/embedded.ts'
import { refuseUnsafeDatabase } from './guard.ts'
import type { MigrationVariables } from './migration-files.ts'
import { migrateDown, migrateUp } from './migrator.ts'
import { openScopes } from '../scopes.ts'
import type { SystemSql } from '../sql.ts'
import type { Statement } from '../wire/statement.ts'
import { servicePrincipal, sessionPrincipal } from '../../principal.ts'

/*
 * The kinds of logins that operators have. With each of them the service must work, and row-level security must apply to the serving
 * role. PostgreSQL 16 changed the meaning of CREATEROLE, and the server of the tests may be older; so the cases are repeated on the
 * embedded PostgreSQL 18, with logins that are no superuser.
 */

type Served = Pick<Database, 'asUser' | 'asSystem' | 'pool' | 'roles'>

const unnamed = (text: string): Statement => ({ name: '', text })

/** Asserts that the system role creates and deletes users, and that row-level security restricts the serving role to its user. */
async function works({ asUser, asSystem, pool, roles }: Served): Promise<void> {
  const add = (sql: SystemSql): Promise<TestUser> =>
    // The members of a connection that are used.
    addUser({ query: (text: string, values?: unknown[]) => sql.rows(unnamed(text), values) } as unknown as Client)
  const [ada, ben] = [await asSystem('test', add), await asSystem('test', add)]
  const title = (user: TestUser) => asUser(user.principal, (sql) => sql.rows(unnamed('select user_id from tasks')))
  for (const user of [ada, ben]) {
    await asUser(user.principal, (sql) =>
      sql.rows(unnamed(`insert into tasks (id, title) values (gen_random_uuid(), 'x')`)),
    )
  }
  assert.deepEqual(await title(ada), [{ user_id: ada.id }])
  await asUser(ada.principal, (sql) => sql.rows(unnamed('delete from tasks')))
  assert.deepEqual(await title(ada), [])
  assert.deepEqual(await title(ben), [{ user_id: ben.id }])
  const agent = servicePrincipal('agent', ben.id)
  assert.equal(await asUser(agent, async (sql) => sql.userId), ben.id)

  for (const text of ['select from users', 'select from user_sessions', 'delete from users']) {
    await assert.rejects(
      asUser(ada.principal, (sql) => sql.rows(unnamed(text))),
      { code: '42501' },
      text,
    )
  }
  await assert.rejects(
    asSystem('test', (sql) => sql.rows(unnamed('select from tasks'))),
    { code: '42501' },
  )
  const { rows } = await pool.query(
    `select current_user as role, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb as mighty,
       (select count(*) from tasks) as tasks, row_security_active('tasks') as bound
     from pg_roles where rolname = current_user`,
  )
  assert.deepEqual(rows, [{ role: roles.serving, mighty: false, tasks: 0, bound: true }])

  await asSystem('test', (sql) => sql.rows(unnamed('delete from users where id = $1'), [ben.id]))
  await assert.rejects(title(ben), { code: 'unauthenticated' })
}

/** Runs the commands that the refusals name for an administrator, until no refusal is left. */
async function followingHints(
  migrate: () => Promise<unknown>,
  admin: (text: string) => Promise<unknown>,
): Promise<string[]> {
  const followed: string[] = []
  for (;;) {
    const error: unknown = await migrate().then(
      () => undefined,
      (error: unknown) => error,
    )
    if (error === undefined) return followed
    if (!(error instanceof StartError)) throw error
    const [, hint] = /0001_roles\.up\.sql .* Have an administrator run: (.*;)$/.exec(error.message) ?? []
    assert.ok(hint !== undefined && !followed.includes(hint), error.message)
    followed.push(hint)
    await admin(hint)
  }
}

describe('on a server the login may be', { skip: needsServer }, () => {
  const PREFIX = `todo_roles_${randomBytes(4).toString('hex')}`
  const databases: string[] = []
  const roles: string[] = []
  // Each test has its own; all are dropped together at the end, because each drop of a database waits for a checkpoint.
  let role: string, owner: string, web: string, group: string
  beforeEach(() => {
    const own = (name: string): string => `${PREFIX}_${roles.length}_${name}`
    ;[role, owner, web, group] = [own('role'), own('owner'), own('web'), own('group')]
    roles.push(role, `${role}_system`, owner, web, group)
  })
  after(async () => {
    await Promise.all(databases.map((name) => admin(`drop database ${name} with (force)`)))
    await admin(`drop role if exists ${roles.join(', ')}`)
  })
  const admin = (text: string, database = 'postgres'): Promise<unknown> =>
    withClient(urlOf(String(SERVER_URL), database), (client) => client.query(text))
  const urlFor = (login: string, database: string): string => {
    const url = new URL(urlOf(String(SERVER_URL), database))
    url.username = login
    return url.href
  }
  const createDatabase = async (owner?: string): Promise<string> => {
    const name = `${PREFIX}_database_${databases.length}`
    databases.push(name)
    await admin(`create database ${name}${owner === undefined ? '' : ` owner ${owner}`}`)
    return name
  }
  const open = (env: Readonly<Record<string, string>>, migrate = true): Promise<Database> =>
    openDatabase(configOf({ DATA_DIR: '/nonexistent', DATABASE_ROLE: role, ...env }), SILENT, { migrate })
  const serves = async (env: Readonly<Record<string, string>>): Promise<void> => {
    await using db = await open(env)
    await works(db)
  }

  test('a superuser', async () => {
    await serves({ DATABASE_URL: urlOf(String(SERVER_URL), await createDatabase()) })
  })

  test('an ordinary owner with CREATEROLE', async () => {
    await admin(`create role ${owner} login createrole`)
    await serves({ DATABASE_URL: urlFor(owner, await createDatabase(owner)) })
  })

  test('an owner without CREATEROLE, after an administrator ran the commands of the refusals', async () => {
    await admin(`create role ${owner} login`)
    const env = { DATABASE_URL: urlFor(owner, await createDatabase(owner)) }
    const followed = await followingHints(async () => (await open(env))[Symbol.asyncDispose](), admin)
    assert.deepEqual(followed, [
      `create role ${role} nologin; grant ${role} to ${owner};`,
      `create role ${role}_system nologin; grant ${role}_system to ${owner};`,
    ])
    await serves(env)
  })

  test('an owner as on Neon: CREATEROLE and BYPASSRLS by a group with all the rights that are no superuser', async () => {
    await admin(
      `create role ${group} createdb createrole bypassrls; grant pg_read_all_data, pg_write_all_data to ${group}`,
    )
    await admin(`create role ${owner} login createdb createrole bypassrls; grant ${group} to ${owner}`)
    const name = await createDatabase(owner)
    await admin(`alter default privileges for role ${owner} grant all on tables to ${group} with grant option`, name)
    await serves({ DATABASE_URL: urlFor(owner, name) })
  })

  test('a login that owns nothing, while the owner migrates', async () => {
    await admin(`create role ${owner} login createrole; create role ${web} login`)
    const name = await createDatabase(owner)
    await serves({ DATABASE_URL: urlFor(web, name), MIGRATION_DATABASE_URL: urlFor(owner, name) })
  })

  test('a login that owns nothing and inherits nothing, with and without a pooler', async () => {
    await admin(`create role ${owner} login createrole; create role ${web} login noinherit`)
    const name = await createDatabase(owner)
    const env = { DATABASE_URL: urlFor(web, name), MIGRATION_DATABASE_URL: urlFor(owner, name) }
    await serves(env)
    await using db = await open({ ...env, DATABASE_POOLER: 'transaction' })
    const unknown = sessionPrincipal(['x'])
    await assert.rejects(
      db.asUser(unknown, () => assert.fail('it ran')),
      { code: 'unauthenticated' },
    )
  })

  test('the serving role itself, while the owner migrates: it can then become the system role, but not the owner', async () => {
    await admin(`create role ${owner} login createrole; create role ${role} login`)
    const name = await createDatabase(owner)
    const env = { DATABASE_URL: urlFor(role, name), MIGRATION_DATABASE_URL: urlFor(owner, name) }
    const followed = await followingHints(async () => (await open(env))[Symbol.asyncDispose](), admin)
    // From PostgreSQL 16 on CREATEROLE gives no right over a role that an administrator made.
    assert.deepEqual(followed, (await serverVersion()) < 16 ? [] : [`grant ${role} to ${owner};`])
    await using db = await open(env)
    await works(db)
    await assert.rejects(db.pool.query(`set role ${owner}`), { code: '42501' })
    await db.pool.query('reset role')
    await assert.rejects(db.pool.query('select from users'), { code: '42501' })
    await assert.rejects(db.pool.query('alter table tasks disable row level security'), { code: '42501' })
  })

  test('the same for two databases, which share the roles: reverting one does not affect the other', async () => {
    const [one, two] = [await createDatabase(), await createDatabase()]
    await serves({ DATABASE_URL: urlOf(String(SERVER_URL), one) })
    await serves({ DATABASE_URL: urlOf(String(SERVER_URL), two) })
    const variables = { ...OWN_AUTH_TABLES, app_role: role, system_role: `${role}_system`, serving_login: 'postgres' }
    const down = (name: string) =>
      withClient(urlOf(String(SERVER_URL), name), (client) =>
        migrateDown(client, variables, { steps: Infinity, ...secondConnectionTo(urlOf(String(SERVER_URL), name)) }),
      )
    await down(one)
    await serves({ DATABASE_URL: urlOf(String(SERVER_URL), two) })
    await down(two)
    const left = await withClient(urlOf(String(SERVER_URL), two), (client) =>
      client.query('select from pg_roles where rolname like $1', [`${role}%`]),
    )
    assert.equal(left.rowCount, 0, 'the last one takes the roles along')
  })

  test('the same for databases that are migrated at the same instant, though the roles are the same', async () => {
    await admin(`create role ${owner} login createrole`)
    const names = []
    for (let each = 0; each < 3; each += 1) names.push(await createDatabase(owner))
    const opened = await Promise.all(names.map((name) => open({ DATABASE_URL: urlFor(owner, name) })))
    for (const db of opened) {
      await db.ping()
      await db[Symbol.asyncDispose]()
    }
  })
})

describe('on PostgreSQL 18 the login may be', () => {
  const ROLE = 'todo_eighteen'
  const VARIABLES: MigrationVariables = {
    ...OWN_AUTH_TABLES,
    app_role: ROLE,
    system_role: `${ROLE}_system`,
    serving_login: 'owner',
  }
  const opened = new AsyncDisposableStack()
  let embedded: EmbeddedDatabase

  before(async () => {
    const database = opened.use(await openTestDatabase({ embedded: true }))
    embedded = opened.use(await openEmbedded(join(String(database.env['DATA_DIR']), 'postgres')))
    await connected('postgres', async (client) => {
      const made = {
        ...OWN_AUTH_TABLES,
        app_role: 'todo_app',
        system_role: 'todo_app_system',
        serving_login: 'postgres',
      }
      await migrateDown(client, made, { steps: Infinity, onSecondConnection: undefined })
      await client.query('drop table schema_migrations')
      const { rows } = await client.query(`select current_setting('server_version_num')::int >= 160000 as is16`)
      assert.deepEqual(rows, [{ is16: true }])
    })
  })
  after(() => opened.disposeAsync())
  afterEach(() =>
    connected('postgres', async (client) => {
      await migrateDown(client, VARIABLES, { steps: Infinity, onSecondConnection: undefined })
      await client.query(`drop owned by owner; alter database postgres owner to postgres`)
      await client.query(`drop role if exists owner, web, ${ROLE}, ${ROLE}_system`)
    }),
  )

  const config = () => ({
    ...clientDefaults,
    user: 'postgres',
    database: 'postgres',
    ssl: false,
    stream: () => embedded.stream(),
  })

  /** As a login that is not the superuser who opened the session: nothing of its rights is left. */
  async function connected<T>(login: string, work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ ...config(), pipeline: false })
    await client.connect()
    await client.query(`set session authorization ${login}`)
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }
  const admin = (text: string) => connected('postgres', (client) => client.query(text))
  const createOwner = (attributes: string) =>
    admin(`create role owner login ${attributes}; alter database postgres owner to owner`)
  const migrate = (variables = VARIABLES) =>
    connected('owner', (client) => migrateUp(client, variables, { onSecondConnection: undefined }))

  async function serves(login: string): Promise<void> {
    const roles = { serving: ROLE, system: `${ROLE}_system` }
    const pool = new Pool({
      ...config(),
      max: 1,
      // oxlint-disable-next-line typescript/no-misused-promises -- declared as void, but the pool waits for it
      onConnect: async (client) => {
        await client.query(`set session authorization ${login}`)
        await enterServingRole(client, roles.serving, 1_600)
      },
    })
    try {
      const client = await pool.connect()
      await refuseUnsafeDatabase(client, 'todo_app_system')
      client.release()
      await works({ ...openScopes(pool, roles), pool, roles })
    } finally {
      await pool.end()
    }
  }

  test('an ordinary owner with CREATEROLE, who creates roles it cannot act as by itself, and can revert everything', async () => {
    await createOwner('createrole')
    await migrate()
    await serves('owner')
    await connected('owner', (client) =>
      migrateDown(client, VARIABLES, { steps: Infinity, onSecondConnection: undefined }),
    )
    const { rows } = await admin(`select rolname from pg_roles where rolname like '${ROLE}%'`)
    assert.deepEqual(rows, [])
  })

  test('an owner without CREATEROLE, after an administrator ran the commands of the refusals', async () => {
    await createOwner('')
    const followed = await followingHints(migrate, admin)
    assert.deepEqual(followed, [
      `create role ${ROLE} nologin; grant ${ROLE} to owner;`,
      `create role ${ROLE}_system nologin; grant ${ROLE}_system to owner;`,
    ])
    await serves('owner')
  })

  test('an owner with CREATEROLE who did not make the roles, when an administrator grants them', async () => {
    await createOwner('createrole')
    await admin(`create role ${ROLE} nologin; create role ${ROLE}_system nologin`)
    assert.deepEqual(await followingHints(migrate, admin), [
      `grant ${ROLE} to owner;`,
      `grant ${ROLE}_system to owner;`,
    ])
    await serves('owner')
  })

  test('an owner as on Neon, with CREATEROLE and BYPASSRLS', async () => {
    await createOwner('createrole createdb bypassrls; grant pg_read_all_data, pg_write_all_data to owner')
    await migrate()
    await serves('owner')
  })

  test('a login that owns nothing and inherits nothing', async () => {
    await createOwner('createrole; create role web login noinherit')
    await migrate({ ...VARIABLES, serving_login: 'web' })
    await serves('web')
  })

  test('the serving role itself, which can then become the system role without having its rights', async () => {
    await createOwner(`createrole; create role ${ROLE} login; grant ${ROLE} to owner with admin option`)
    await migrate({ ...VARIABLES, serving_login: ROLE })
    await serves(ROLE)
  })
})
