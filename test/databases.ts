import { createHash, randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, renameSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type ClientBase } from 'pg'
import type { Config } from '../src/config/config.ts'
import { parseConfig } from '../src/configuration.ts'
import { OWN_AUTH_TABLES } from '../src/db/schema/auth-tables.ts'
import { clientDefaults } from '../src/db/wire/connection.ts'
import { openDatabase, type Database, type DatabaseLog } from '../src/db/database.ts'
import { openEmbedded } from '../src/db/embedded/embedded.ts'
import { readMigrations } from '../src/db/schema/migration-files.ts'
import { migrateUp, type MigrateOptions } from '../src/db/schema/migrator.ts'
import { Secret } from '../src/lib/secret.ts'
import { sessionPrincipal, type Principal } from '../src/principal.ts'
import { openOwner, type Owner } from './owner.ts'

/** A database for one test: without users, and migrated unless the options say otherwise. */
export interface TestDatabase extends AsyncDisposable {
  /** The variables for the service. */
  readonly env: Readonly<Record<string, string>>
}

/** The URL of a server on which the tests create and drop databases, if there is one. */
export const SERVER_URL = process.env['TEST_DATABASE_URL']

/** The reason to skip tests that need a server, for node:test's `skip`. */
export const needsServer = SERVER_URL === undefined ? 'needs a PostgreSQL server: set TEST_DATABASE_URL' : false

const VARIABLES = {
  ...OWN_AUTH_TABLES,
  app_role: 'todo_app',
  system_role: 'todo_app_system',
  serving_login: 'postgres',
}

/** Identifies the migrations of a template, so that a new migration creates a new template. */
const TEMPLATE = `todo_test_${createHash('sha256').update(JSON.stringify(readMigrations())).digest('hex').slice(0, 16)}`

/** @param embedded creates an embedded database even if there is a server */
export function openTestDatabase({
  migrated = true,
  embedded = false,
}: { migrated?: boolean; embedded?: boolean } = {}): Promise<TestDatabase> {
  return SERVER_URL === undefined || embedded ? embeddedDatabase(migrated) : serverDatabase(SERVER_URL, migrated)
}

/** A user with a session. */
export interface TestUser {
  readonly id: string
  /** The value in user_sessions. */
  readonly tokenKey: string
  readonly principal: Principal
}

/** The database as the service opens it, without the layers above. */
export interface ServedDatabase extends AsyncDisposable {
  readonly db: Database
  readonly env: Readonly<Record<string, string>>
  addUser(id?: string): Promise<TestUser>
  /** SQL as the owner: to prepare and to inspect, never for the operation under test. */
  readonly asOwner: Owner['asOwner']
}

export async function openServedDatabase(env: Readonly<Record<string, string>> = {}): Promise<ServedDatabase> {
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await openTestDatabase())
  const all = { ...database.env, ...env }
  const db = opened.use(await openDatabase(configOf(all), SILENT, { migrate: false }))
  const { asOwner } = opened.use(openOwner(db))
  const closing = opened.move()
  return {
    db,
    env: all,
    asOwner,
    addUser: (id) => asOwner((client) => addUser(client, id)),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** @param client a connection of the owner or of the system role */
export async function addUser(
  client: Pick<ClientBase, 'query'>,
  id = randomBytes(8).toString('hex'),
): Promise<TestUser> {
  const tokenKey = randomBytes(32).toString('hex')
  await client.query(
    `insert into users (id, name, email, "emailVerified") values ($1, 'Ada', $1 || '@example.com', true)`,
    [id],
  )
  await client.query(
    `insert into user_sessions (id, "userId", token, "expiresAt", "updatedAt") values ($1, $2, $1, now() + '1 hour', now())`,
    [tokenKey, id],
  )
  return { id, tokenKey, principal: sessionPrincipal([tokenKey]) }
}

export const SILENT: DatabaseLog = { info: () => undefined, warn: () => undefined }

/** The configuration of a development process with these variables. */
export function configOf(env: Readonly<Record<string, string>>): Config {
  const secret = (): Secret => new Secret(randomBytes(32).toString('base64url'))
  return parseConfig(env, () => ({
    SESSION_HASH_SECRET: secret(),
    SERVICE_AUTH_TOKEN: secret(),
    BETTER_AUTH_SECRET: secret(),
    ENCRYPTION_KEY: new Secret(`${randomBytes(32).toString('base64url')}=`),
  }))
}

/** A data directory copied from a template that is created once for all test files, because creating one takes seconds. */
async function embeddedDatabase(migrated: boolean): Promise<TestDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'todo-test-'))
  cpSync(await embeddedTemplate(migrated), join(dataDir, 'postgres'), { recursive: true })
  return {
    env: { DATA_DIR: dataDir },
    [Symbol.asyncDispose]: async () => rmSync(dataDir, { recursive: true, force: true }),
  }
}

async function embeddedTemplate(migrated: boolean): Promise<string> {
  const template = join(tmpdir(), `${TEMPLATE}_${migrated ? 'migrated' : 'empty'}_${process.getuid?.() ?? 0}`)
  if (existsSync(template)) return template
  const draft = mkdtempSync(join(tmpdir(), 'todo-template-'))
  {
    await using embedded = await openEmbedded(join(draft, 'postgres'))
    const client = new Client({
      ...clientDefaults,
      pipeline: false,
      user: 'postgres',
      database: 'postgres',
      stream: () => embedded.stream(),
    })
    await client.connect()
    if (migrated) await migrateUp(client, VARIABLES, { onSecondConnection: undefined })
    await client.end()
  }
  try {
    renameSync(join(draft, 'postgres'), template)
  } catch (error) {
    // Another test file has created the template meanwhile.
    if (!existsSync(template)) throw error
  }
  rmSync(draft, { recursive: true, force: true })
  return template
}

/** A database on the server, cloned from a template that is migrated once for all test files. */
async function serverDatabase(url: string, migrated: boolean): Promise<TestDatabase> {
  const name = `todo_test_${randomBytes(8).toString('hex')}`
  await withClient(url, async (admin) => {
    if (!migrated) {
      await admin.query(`create database ${name}`)
      return
    }
    await admin.query('select pg_advisory_lock(7272026)')
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [TEMPLATE])
    if (rowCount === 0) await makeServerTemplate(url, admin)
    await admin.query(`create database ${name} template ${TEMPLATE} strategy ${await copyStrategy(admin)}`)
  })
  const dataDir = mkdtempSync(join(tmpdir(), 'todo-test-'))
  return {
    env: { DATABASE_URL: urlOf(url, name), DATA_DIR: dataDir },
    [Symbol.asyncDispose]: async () => {
      rmSync(dataDir, { recursive: true, force: true })
      await withClient(url, (admin) => admin.query(`drop database if exists ${name} with (force)`))
    },
  }
}

/**
 * Copying files needs a checkpoint, and takes a third of the CPU time of writing them to the log. On a server that syncs to disk the
 * checkpoint would be expensive.
 */
async function copyStrategy(admin: Client): Promise<'file_copy' | 'wal_log'> {
  const { rows } = await admin.query<{ readonly fsync: string }>('show fsync')
  return rows[0]?.fsync === 'off' ? 'file_copy' : 'wal_log'
}

async function makeServerTemplate(url: string, admin: Client): Promise<void> {
  const draft = `${TEMPLATE}_draft`
  await admin.query(`drop database if exists ${draft} with (force)`)
  await admin.query(`create database ${draft}`)
  await withClient(urlOf(url, draft), (client) =>
    migrateUp(
      client,
      { ...VARIABLES, serving_login: client.user ?? 'postgres' },
      secondConnectionTo(urlOf(url, draft)),
    ),
  )
  await admin.query(`alter database ${draft} rename to ${TEMPLATE}`)
}

/** For migrations on a server. */
export const secondConnectionTo = (url: string): Pick<MigrateOptions, 'onSecondConnection'> => ({
  onSecondConnection: (work) => withClient(url, work),
})

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The major version of the server in TEST_DATABASE_URL, such as 15. */
export const serverVersion = (): Promise<number> =>
  withClient(String(SERVER_URL), async (client) => {
    const { rows } = await client.query<{ major: number }>(
      `select current_setting('server_version_num')::int / 10000 as major`,
    )
    return rows[0]?.major ?? 0
  })

export function urlOf(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}
