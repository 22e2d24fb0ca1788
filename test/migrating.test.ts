import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { VARIABLES } from '../src/configuration.ts'
import { openFernet } from '../src/lib/fernet.ts'
import { Secret } from '../src/lib/secret.ts'
import { SERVER_URL, serverVersion, urlOf, withClient } from './databases.ts'
import { openWorld, SERVICE_TOKEN } from './world.ts'

/** docs/migrating-from-python.md: its table is complete, and its commands convert a database of the old schema and back. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGE = readFileSync(join(ROOT, 'docs/migrating-from-python.md'), 'utf8')

suite('the guide for migrating from the Python service', () => {
  const rows = new Map(
    [...PAGE.matchAll(/^\| `([A-Z_]+)` \| (\w+) \| (.*?) ?\|$/gm)].map(([, name = '', kind = '', advice = '']) => [
      name,
      { kind, advice },
    ]),
  )

  test('lists only existing variables, including all renamed ones', () => {
    assert.deepEqual(
      [...rows.keys()].filter((name) => !Object.hasOwn(VARIABLES, name)),
      [],
    )
    for (const [name, { otherNames = [] }] of Object.entries(VARIABLES)) {
      // The variables of OpenTelemetry have two names.
      if (name.startsWith('OTEL_')) continue
      const { kind, advice = '' } = rows.get(name) ?? {}
      assert.equal(kind === 'renamed', otherNames.length > 0, name)
      for (const each of otherNames) assert.ok(advice.includes(`\`${each}\``), `${each} of ${name}`)
    }
  })

  test('uses only the known kinds, and lists a new variable only with advice', () => {
    for (const [name, { kind, advice }] of rows) {
      assert.match(kind, /^(same|more|renamed|new)$/, name)
      assert.ok(kind !== 'new' || advice !== '', name)
    }
  })
})

const TOOLS = ['sh', 'npm', 'psql', 'pg_dump']
const missing = [
  ...(SERVER_URL === undefined ? ['a PostgreSQL server in TEST_DATABASE_URL'] : []),
  ...TOOLS.filter((tool) => spawnSync(tool, ['--version']).error !== undefined),
  ...(await newerDump()),
]

/** pg_dump refuses a server that is newer than itself. @returns the required version, if this one is too old */
async function newerDump(): Promise<string[]> {
  const [, version] = / (\d+)/.exec(spawnSync('pg_dump', ['--version'], { encoding: 'utf8' }).stdout ?? '') ?? []
  if (SERVER_URL === undefined || version === undefined) return []
  const needed = await serverVersion()
  return Number(version) < needed ? [`pg_dump ${needed} for this server; the one in PATH is ${version}`] : []
}

/** The tables as SQLAlchemy creates them: enums by their names, a nullable array, no version, some times without a zone. */
const OLD_SHAPE = `
  create table users (id text primary key, name text not null, email text not null unique);
  create table user_sessions (id text primary key, "userId" text not null references users (id), token text not null unique,
    "expiresAt" timestamp not null);
  create type task_status as enum ('TODO', 'IN_PROGRESS', 'COMPLETED');
  create type taskpriority as enum ('LOW', 'MEDIUM', 'HIGH', 'URGENT');
  create table tasks (id uuid primary key, user_id text not null references users (id), title varchar(200) not null,
    description text, status task_status not null, priority taskpriority not null, due_date timestamptz, tags varchar[],
    created_at timestamp not null, updated_at timestamp not null);
  create table user_api_keys (id serial primary key, user_id text not null references users (id), provider varchar not null,
    encrypted_key text not null, validation_status varchar, last_validated_at timestamptz,
    created_at timestamptz not null, updated_at timestamptz not null);
  create table alembic_version (version_num varchar(32) primary key);
  insert into users values ('ada', 'Ada', 'ada@example.com'), ('bob', 'Bob', 'bob@example.com');
  insert into tasks values
    ('0191a000-0000-4000-8000-000000000001', 'ada', ' Buy milk ', null, 'TODO', 'HIGH', '2025-12-27T17:00:00Z',
      '{home,errands,home}', '2025-12-01 09:00:00', '2025-12-01 09:00:00'),
    ('0191a000-0000-4000-8000-000000000002', 'ada', 'Pay the rent', 'by transfer', 'COMPLETED', 'MEDIUM', null,
      null, '2025-12-02 09:00:00', '2025-12-03 10:30:00.25'),
    ('0191a000-0000-4000-8000-000000000003', 'bob', 'Write to Ada', null, 'IN_PROGRESS', 'LOW', null,
      '{}', '2025-12-04 09:00:00', '2025-12-04 09:00:00');`

suite('moving from the Python service', { skip: missing.length > 0 && `needs ${missing.join(' and ')}` }, () => {
  const name = `todo_move_${randomBytes(6).toString('hex')}`
  const server = SERVER_URL ?? ''
  const url = SERVER_URL === undefined ? '' : urlOf(SERVER_URL, name)
  const directory = mkdtempSync(join(tmpdir(), 'todo-move-'))
  const encryptionKey = `${randomBytes(32).toString('base64url')}=`
  const sessionHashSecret = randomBytes(32).toString('base64url')
  const [plain, hashed] = [randomBytes(16).toString('hex'), randomBytes(24).toString('base64url')]
  // Neither is a superuser, so forced policies apply to them.
  const password = randomBytes(16).toString('hex')
  const ownerUrl = as(`${name}_owner`)
  const env = {
    DATABASE_URL: as(`${name}_login`),
    // Roles belong to the whole cluster, and the way back drops them.
    DATABASE_ROLE: name,
    DATA_DIR: directory,
    AUTH_MODE: 'external',
    ENCRYPTION_KEY: encryptionKey,
    SESSION_HASH_SECRET: sessionHashSecret,
  }
  function as(login: string): string {
    if (url === '') return ''
    const changed = new URL(url)
    changed.username = login
    changed.password = password
    return changed.href
  }

  const blocks = [...PAGE.matchAll(/^```sh\n([^]*?)^```(?:\n\n```text\n([^]*?)^```)?/gm)].map(
    ([, script = '', shown]) => ({ script, shown }),
  )
  const [dump, aside, init, trial, importing, verify, check, back, ...more] = blocks

  function run(block: { readonly script: string } | undefined): { status: number | null; said: string } {
    assert.ok(block, 'the page has no such block')
    // Without npm, which would change to the project's directory: the map of ids is written to the working directory.
    const script = block.script.replaceAll(
      /npm (?:run (\w+)|start)(?: --)?/g,
      (_, command = '') => `'${process.execPath}' '${join(ROOT, 'bin/todo-backend.mjs')}' ${command}`,
    )
    const { status, stdout, stderr } = spawnSync('sh', ['-e'], {
      cwd: directory,
      input: script,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: directory, MIGRATION_DATABASE_URL: ownerUrl, ...env },
    })
    return { status, said: stdout + stderr }
  }
  const done = (block: { readonly script: string } | undefined): string => {
    const { status, said } = run(block)
    assert.equal(status, 0, said)
    return said
  }
  /** As a superuser, to whom no policy applies. */
  const asAdmin = <Row>(text: string, values: unknown[] = []): Promise<Row[]> =>
    withClient(url, async (client) => (await client.query(text, values)).rows as Row[])

  before(async () => {
    await withClient(server, async (admin) => {
      await admin.query(`create role ${name}_owner login createrole password '${password}'`)
      await admin.query(`create role ${name}_login login noinherit password '${password}'`)
      await admin.query(`create database ${name} owner ${name}_owner`)
    })
    await withClient(ownerUrl, (client) => client.query(OLD_SHAPE))
    await asAdmin(
      `insert into user_sessions values ('1', 'ada', $1, now() at time zone 'UTC' + interval '1 day'), ('2', 'bob', $2, now() at time zone 'UTC' + interval '1 day')`,
      [plain, createHmac('sha256', sessionHashSecret).update(hashed).digest('hex')],
    )
    const sealed = openFernet([new Secret(encryptionKey)]).encrypt(Buffer.from('AIza-as-python-sealed-it'))
    await asAdmin(
      `insert into user_api_keys (user_id, provider, encrypted_key, validation_status, created_at, updated_at)
       values ('ada', 'gemini', $1, 'valid', now(), now())`,
      [sealed],
    )
  })
  after(async () => {
    await withClient(server, async (admin) => {
      await admin.query(`drop database if exists ${name} with (force)`)
      await admin.query(`drop role if exists ${name}, ${name}_system, ${name}_owner, ${name}_login`)
    })
    rmSync(directory, { recursive: true, force: true })
  })

  test('the copy is created, the old tables are moved to another schema, and the new ones are created', () => {
    assert.deepEqual(more, [], 'a block that no test runs')
    done(dump)
    assert.ok(statSync(join(directory, 'before-the-move.dump')).size > 0)
    assert.equal(done(aside), '')
    assert.match(
      done(init),
      /public\.users and public\.user_sessions: these tables are not changed\n(?:applied .*\n)+$/,
    )
  })

  test('a task that cannot be imported is named in the dry run, which changes nothing', async () => {
    const fault = '0191a000-0000-4000-8000-00000000000f'
    await asAdmin(
      `insert into before.tasks values ($1, 'ada', ' ', repeat('x', 10001), 'TODO', 'LOW', null,
         array['', repeat('y', 51)], now(), now())`,
      [fault],
    )
    const { status, said } = run(trial)
    assert.equal(status, 1)
    assert.match(
      said,
      new RegExp(`not taken  task ${fault}: its title shows nothing; its description has more than 10000 `),
    )
    assert.match(said, /tasks {2}3 would be taken, 0 there already, 1 not taken/)
    assert.deepEqual(await asAdmin('select from tasks'), [])
    await asAdmin('delete from before.tasks where id = $1', [fault])
    done(trial)
    assert.ok(!existsSync(join(directory, 'python-import.csv')))
  })

  test('tasks and keys are imported, and a second run imports nothing again', async () => {
    assert.match(
      done(importing),
      /tasks {2}3 taken, 0 there already, 0 not taken[^]*keys {2}1 taken, 0 there already, 0 not/,
    )
    assert.match(
      done(importing),
      /tasks {2}0 taken, 3 there already, 0 not taken[^]*keys {2}0 taken, 1 there already, 0 not/,
    )
    assert.match(done(verify), /opens 1 rows\nevery row can be read/)
    assert.equal(done(check).trim(), 'the database is what the code expects')
  })

  test('existing sessions stay valid, plain and hashed, and their users have their tasks and keys', async () => {
    await using world = await openWorld({ env, migrated: false })
    const { status, json } = await world.ask('GET', '/api/tasks', { token: plain })
    assert.equal(status, 200)
    assert.deepEqual(json, [
      {
        id: '0191a000-0000-4000-8000-000000000002',
        title: 'Pay the rent',
        description: 'by transfer',
        status: 'COMPLETED',
        priority: 'MEDIUM',
        dueDate: null,
        tags: [],
        userId: 'ada',
        createdAt: '2025-12-02T09:00:00Z',
        updatedAt: '2025-12-03T10:30:00.250Z',
        completedAt: '2025-12-03T10:30:00.250Z',
        version: 1,
        timezone: null,
        recurrence: null,
        occurrence: null,
        completions: 0,
        lastCompletedAt: null,
        reminders: [],
      },
      {
        id: '0191a000-0000-4000-8000-000000000001',
        title: 'Buy milk',
        description: null,
        status: 'TODO',
        priority: 'HIGH',
        dueDate: '2025-12-27T17:00:00Z',
        tags: ['home', 'errands'],
        userId: 'ada',
        createdAt: '2025-12-01T09:00:00Z',
        updatedAt: '2025-12-01T09:00:00Z',
        completedAt: null,
        version: 1,
        timezone: null,
        recurrence: null,
        occurrence: null,
        completions: 0,
        lastCompletedAt: null,
        reminders: [],
      },
    ])
    const bobs = await world.ask('GET', '/api/tasks', { token: hashed })
    assert.deepEqual([bobs.status, bobs.json.map((task: { title: string }) => task.title)], [200, ['Write to Ada']])
    const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': 'ada' }
    const key = await world.ask('GET', '/api/user-api-keys/gemini/plaintext', { headers })
    assert.deepEqual(key.json, { provider: 'gemini', apiKey: 'AIza-as-python-sealed-it' })
  })

  test('the way back restores the original database', async () => {
    done(back)
    const tables = await asAdmin<{ relname: string }>(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
    )
    assert.deepEqual(
      tables.map(({ relname }) => relname).filter((each) => each !== 'schema_migrations'),
      ['alembic_version', 'tasks', 'user_api_keys', 'user_sessions', 'users'],
    )
    const [counted] = await asAdmin<{ tasks: string; keys: string }>(
      'select (select count(*) from tasks) as tasks, (select count(*) from user_api_keys) as keys',
    )
    assert.deepEqual(counted, { tasks: '3', keys: '1' })
    await asAdmin(`insert into tasks (id, user_id, title, status, priority, created_at, updated_at)
      values (gen_random_uuid(), 'ada', 'As before', 'TODO', 'LOW', now(), now())`)
  })
})
