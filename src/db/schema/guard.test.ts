import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import type { Client, ClientBase } from 'pg'
import {
  configOf,
  needsServer,
  openServedDatabase,
  openTestDatabase,
  SERVER_URL,
  SILENT,
  urlOf,
  withClient,
  type ServedDatabase,
} from '../../../test/databases.ts'
import { StartError } from '../../errors.ts'
import { openDatabase } from '../database.ts'
import { refuseUnsafeDatabase } from './guard.ts'

let served: ServedDatabase
before(async () => void (served = await openServedDatabase()))
after(() => served[Symbol.asyncDispose]())

const startError =
  (pattern: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StartError, String(error))
    assert.match(error.message, pattern)
    return true
  }

/** The guard's verdict on the database after `change`, which is then rolled back. */
const verdict = (change: string, role = served.db.roles.serving): Promise<void> =>
  served.asOwner(async (client: ClientBase) => {
    await client.query('begin')
    try {
      await client.query(change)
      await client.query(`set local role ${role}`)
      await refuseUnsafeDatabase(client, 'todo_app_system')
    } finally {
      await client.query('rollback')
    }
  })

describe('the process refuses to serve', () => {
  const role = 'todo_app'
  const owner = 'todo_guard_owner'
  const owned = `create role ${owner}; alter table tasks owner to ${owner};`

  for (const [why, change, message] of [
    ['a role that is a superuser', `alter role ${role} superuser`, /role todo_app is a superuser; set DATABASE_ROLE/],
    [
      'a role with BYPASSRLS',
      `alter role ${role} bypassrls`,
      /todo_app has BYPASSRLS; run: alter role todo_app nobypassrls/,
    ],
    [
      'a role that owns a table',
      `alter table tasks owner to ${role}`,
      /todo_app is, or is a member of, todo_app, which owns/,
    ],
    ['a member of the owner', `${owned} grant ${owner} to ${role}`, /member of, todo_guard_owner, which owns tables/],
    [
      'a member of the owner that has to say SET ROLE',
      `${owned} alter role ${role} noinherit; grant ${owner} to ${role}`,
      /member of, todo_guard_owner, which owns tables/,
    ],
    [
      'a member of a member of the owner',
      `${owned} create role todo_guard_between; grant ${owner} to todo_guard_between; grant todo_guard_between to ${role}`,
      /member of, todo_guard_owner/,
    ],
    [
      'a member of a role with BYPASSRLS',
      `create role ${owner} bypassrls; grant ${owner} to ${role}`,
      /member of, todo_guard_owner, which owns tables here or bypasses policies/,
    ],
    [
      'a role that has the rights of the system role',
      `grant ${role}_system to ${role}`,
      /todo_app has the privileges of todo_app_system; run: revoke todo_app_system from todo_app/,
    ],
    ['tasks without row-level security', 'alter table tasks disable row level security', /not forced on tasks/],
    ['tasks that do not force it', 'alter table tasks no force row level security', /not forced on tasks/],
    [
      'tasks without policy and row-level security',
      'drop policy tasks_of_the_user on tasks; alter table tasks disable row level security',
      /not forced on tasks/,
    ],
    ['users without row-level security', 'alter table users disable row level security', /not forced on users/],
    [
      'another table with a user_id that the role may read',
      `create table notes (user_id text); grant select (user_id) on notes to ${role}`,
      /not forced on notes/,
    ],
    [
      'a schema of a newer version that takes something away',
      `insert into schema_migrations (version, name, mode, checksum)
       values (9998, 'adds', 'expand', 'x'), (9999, 'takes_away', 'contract', 'x')`,
      /has migration 9999_takes_away, which removes what this version needs: run a newer version/,
    ],
    [
      'a schema with a migration pending',
      'delete from schema_migrations where version = 2',
      /lacks migration 0002_users\. Run: npm run migrate -- up/,
    ],
    [
      'a migration that was edited',
      `update schema_migrations set checksum = 'x' where version = 1`,
      /migration 0001_roles was changed after it was applied/,
    ],
    ['a database that was never migrated', 'drop table schema_migrations', /lacks migration 0001_roles, 0002_users/],
    [
      'a database that was migrated for another role',
      `revoke select on schema_migrations from ${role}`,
      /may not read schema_migrations: the database was migrated for another DATABASE_ROLE/,
    ],
    [
      'a schema public that no role may use, before the first migration',
      `drop table schema_migrations; revoke all on schema public from public, ${role}`,
      /lacks migration 0001_roles/,
    ],
  ] as const) {
    test(`${why}, and says so`, async () => {
      await assert.rejects(verdict(change), startError(message))
    })
  }

  test('and accepts the database after the migrations', async () => {
    await verdict('select 1')
  })

  for (const [what, change] of [
    [
      'tables of another auth server without row-level security',
      `create table sessions ("userId" text); grant select on sessions to public`,
    ],
    ['tables with a user_id that the role may not read', 'create table audit (user_id text)'],
    ['membership in an unrelated role', `create role ${owner}; grant ${owner} to ${role}`],
    [
      'membership in the system role without inheritance',
      `do $$ begin
         if current_setting('server_version_num')::int >= 160000 then execute 'grant ${role}_system to ${role} with inherit false';
         else alter role ${role} noinherit; grant ${role}_system to ${role}; end if;
       end $$`,
    ],
  ] as const) {
    test(`and serves in spite of ${what}`, () => verdict(change))
  }
})

describe('a start is refused in one sentence', () => {
  const start = async (env: Readonly<Record<string, string>>, migrate = false): Promise<void> => {
    await using _ = await openDatabase(configOf(env), SILENT, { migrate })
  }
  const elsewhere = (change: (url: URL) => void): Record<string, string> => {
    const url = new URL(String(served.env['DATABASE_URL']))
    change(url)
    return { ...served.env, DATABASE_URL: url.href }
  }

  test('when DATABASE_ROLE names no role', async () => {
    await using database = await openTestDatabase()
    await assert.rejects(
      start({ ...database.env, DATABASE_ROLE: 'todo_nobody' }),
      startError(/login postgres cannot act as role todo_nobody\. Run: npm run migrate -- up/),
    )
  })

  test('when nothing listens at the address', { skip: needsServer }, async () => {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const unreachable = elsewhere((url) => (url.host = `127.0.0.1:${port}`))
    const message = new RegExp(
      `^cannot connect to the database of DATABASE_URL: connect ECONNREFUSED 127.0.0.1:${port}. Start PostgreSQL there, or correct host and port$`,
    )
    await assert.rejects(start(unreachable), startError(message))
    await assert.rejects(start(unreachable, true), startError(message))
    // Both addresses of the name.
    await assert.rejects(
      start(elsewhere((url) => (url.host = `localhost:${port}`))),
      startError(/^cannot connect to the database of DATABASE_URL: .*connect ECONNREFUSED 127.0.0.1/),
    )
  })

  test(
    'when nothing listens at the address of the migrations, and only if there is something to migrate',
    { skip: needsServer },
    async () => {
      const env = { ...served.env, MIGRATION_DATABASE_URL: 'postgres://owner@127.0.0.1:1/d' }
      await assert.rejects(
        start(env, true),
        startError(/^cannot connect to the database of MIGRATION_DATABASE_URL: connect ECONNREFUSED/),
      )
      await start(env)
    },
  )

  test('when the host name cannot be resolved', { skip: needsServer }, async () => {
    await assert.rejects(
      start(elsewhere((url) => (url.hostname = 'nowhere.invalid'))),
      startError(/DATABASE_URL: getaddrinfo .*nowhere\.invalid/),
    )
  })

  test('when there is no such database or login, and the message has no password', { skip: needsServer }, async () => {
    await assert.rejects(
      start(elsewhere((url) => Object.assign(url, { pathname: '/todo_no_such', password: 'hush' }))),
      startError(
        /^cannot connect to the database of DATABASE_URL: database "todo_no_such" does not exist. Create it: create database /,
      ),
    )
    await assert.rejects(
      start(elsewhere((url) => Object.assign(url, { username: 'todo_no_such', password: 'hush' }))),
      startError(
        /^cannot connect to the database of DATABASE_URL: role "todo_no_such" does not exist. Create that login, or correct the user$/,
      ),
    )
  })
})

describe('on a server', { skip: needsServer }, () => {
  const PREFIX = `todo_guard_${randomBytes(4).toString('hex')}`
  const admin = (text: string, database = 'postgres'): Promise<unknown> =>
    withClient(urlOf(String(SERVER_URL), database), (client: Client) => client.query(text))
  const urlFor = (login: string, database: string): string => {
    const url = new URL(urlOf(String(SERVER_URL), database))
    url.username = login
    return url.href
  }
  const start = async (env: Readonly<Record<string, string>>, migrate: boolean): Promise<void> => {
    await using _ = await openDatabase(configOf({ ...served.env, DATABASE_ROLE: PREFIX, ...env }), SILENT, { migrate })
  }

  after(async () => {
    await admin(`drop database if exists ${PREFIX} with (force)`)
    await admin(`drop role if exists ${PREFIX}, ${PREFIX}_system, ${PREFIX}_login`)
  })

  test('a database in another encoding than UTF8 is refused', async () => {
    await admin(`create database ${PREFIX} template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'`)
    await assert.rejects(
      start({ DATABASE_URL: urlOf(String(SERVER_URL), PREFIX) }, true),
      startError(
        /the database has encoding SQL_ASCII.* created with: create database … encoding 'UTF8' template template0$/,
      ),
    )
    await admin(`drop database ${PREFIX}`)
    // The roles, which belong to the whole cluster, were not created either.
    await assert.rejects(admin(`drop role ${PREFIX}`), { code: '42704' })
  })

  test('a login that may not create tables gets the command that allows it, and may start if nothing is pending', async () => {
    await admin(`create database ${PREFIX}`)
    await admin(`create role ${PREFIX}_login login`)
    const env = { DATABASE_URL: urlFor(`${PREFIX}_login`, PREFIX) }
    await assert.rejects(
      start(env, true),
      startError(/^cannot migrate: permission denied for schema public\. .*grant create on schema public/),
    )
    await start({ DATABASE_URL: urlOf(String(SERVER_URL), PREFIX) }, true)

    await assert.rejects(
      start(env, false),
      startError(
        new RegExp(`login ${PREFIX}_login cannot act as role ${PREFIX}\\..* grant ${PREFIX} to ${PREFIX}_login`),
      ),
    )
    await admin(`grant ${PREFIX} to ${PREFIX}_login`)
    await assert.rejects(start(env, false), startError(new RegExp(`cannot act as role ${PREFIX}_system\\.`)))
    await admin(`grant ${PREFIX}_system to ${PREFIX}_login`)
    await start(env, false)
    await start(env, true)
  })
})
