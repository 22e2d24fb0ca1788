import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { ClientBase } from 'pg'
import { openFernet } from '../src/lib/fernet.ts'
import { Secret } from '../src/lib/secret.ts'
import { migrate } from '../src/migrate.ts'
import { convertTask, newIdOf } from '../src/tasks/python-import.ts'
import { configOf, needsServer, openTestDatabase, withClient, type TestDatabase } from './databases.ts'
import { openWorld } from './world.ts'

/** The tables of the published Python service as SQLAlchemy creates them, in a separate schema. */
const PUBLISHED = `
  create schema before;
  set search_path = before;
  create type prioritylevel as enum ('Low', 'Medium', 'High', 'Urgent');
  create table tasks (id serial primary key, user_id varchar(255) not null, title varchar(200) not null, description text,
    completed boolean not null, priority prioritylevel not null, due_date timestamptz, reminder_sent boolean not null default false,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now());
  create table user_api_keys (id serial primary key, user_id varchar(255) not null, encrypted_key varchar(500) not null,
    provider varchar(50) not null default 'gemini', validation_status varchar(50), last_validated_at timestamptz,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
    constraint uq_user_provider_key unique (user_id, provider));
  create table notifications (id serial primary key, task_id integer references tasks (id) on delete cascade);
  set search_path = public;`

const ENCRYPTION_KEY = `${randomBytes(32).toString('base64url')}=`
const sealed = openFernet([new Secret(ENCRYPTION_KEY)]).encrypt(Buffer.from('AIza-as-python-sealed-it'))

suite('importing from the published Python service', { skip: needsServer }, () => {
  let database: TestDatabase
  let url: string
  let directory: string
  let map: string
  const env = (): Record<string, string> => ({ ...database.env, AUTH_MODE: 'external', ENCRYPTION_KEY })
  const sql = <Row>(text: string, values: unknown[] = []): Promise<Row[]> =>
    withClient(url, async (client: ClientBase) => (await client.query(text, values)).rows as Row[])

  async function run(...words: string[]): Promise<{ lines: string[]; status: unknown }> {
    const lines: string[] = []
    const status = process.exitCode
    process.exitCode = 0
    try {
      await migrate(
        ['import-python', '--from', url, '--map', map, ...words],
        () => configOf(env()),
        (more) => lines.push(...more),
      )
      return { lines, status: process.exitCode }
    } finally {
      process.exitCode = status
    }
  }
  /** The contents of the old tables. */
  const old = (): Promise<unknown> =>
    sql(
      `select (select jsonb_agg(t order by id) from before.tasks t) as tasks, (select jsonb_agg(k order by id) from before.user_api_keys k) as keys`,
    )

  before(async () => {
    database = await openTestDatabase()
    url = String(database.env['DATABASE_URL'])
    directory = mkdtempSync(join(tmpdir(), 'todo-import-'))
    map = join(directory, 'ids.csv')
    await sql(PUBLISHED)
    await sql(
      `insert into users (id, name, email, "emailVerified") values ('ada', 'Ada', 'a@b.co', true), ('ben', 'Ben', 'b@b.co', true)`,
    )
    await sql(`insert into before.tasks (user_id, title, description, completed, priority, due_date, created_at, updated_at) values
      ('ada', ' Buy milk ', null, false, 'High', '2025-12-27T18:00:00+01:00', '2025-12-01T09:00:00Z', '2025-12-01T09:00:00Z'),
      ('ada', 'Pay the rent', 'by transfer', true, 'Urgent', null, '2025-12-02T09:00:00Z', '2025-12-03T10:30:00.25Z'),
      ('ben', 'Write', null, false, 'Low', null, '2025-12-04T09:00:00Z', '2025-12-04T09:00:00Z'),
      ('gone', 'Of a user who was deleted', null, false, 'Medium', null, now(), now()),
      ('ben', E'\\u200b', null, false, 'Medium', 'infinity', now(), now())`)
    await sql(
      `insert into before.user_api_keys (user_id, provider, encrypted_key, validation_status, last_validated_at) values
         ('ada', 'gemini', $1, 'success', '2025-12-05T08:00:00Z'), ('ben', 'gemini', $1, null, null), ('ada', 'openai', 'gAAAA-of-another-key', 'failure', null),
         ('ada', 'cohere', $1, 'success', null)`,
      [sealed],
    )
  })
  after(async () => {
    await database[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  })

  const REPORT = [
    'tasks  5 rows in before.tasks',
    '  not read  column reminder_sent',
    '  not taken  task 5: its title shows nothing; its due date is not an instant between the years 1900 and 9999',
    '  not taken  task 4: there is no user gone',
  ]
  const KEY_REPORT = [
    'keys  4 rows in before.user_api_keys',
    '  not taken  key 4: its provider is none of gemini, openai, anthropic',
  ]

  test('a dry run reports which rows would be taken, which not and why, and changes nothing', async () => {
    const before = await old()
    const { lines, status } = await run('--dry-run')
    assert.equal(status, 1)
    assert.deepEqual(lines, [
      ...REPORT,
      'tasks  3 would be taken, 0 there already, 2 not taken',
      ...KEY_REPORT,
      '  taken, but  key 3: no ENCRYPTION_KEY opens it: give the one of the Python service',
      'keys  3 would be taken, 0 there already, 1 not taken',
      'dry run: nothing was changed',
    ])
    assert.deepEqual(await old(), before)
    assert.deepEqual(await sql('select from tasks union all select from user_api_keys'), [])
    assert.throws(() => readFileSync(map), { code: 'ENOENT' })
    const [forced] = await sql<{ forced: boolean }>(
      `select relforcerowsecurity as forced from pg_class where oid = 'public.tasks'::regclass`,
    )
    assert.equal(forced?.forced, true)
  })

  test('the import takes every valid task, completed ones as completed, and does not change the old tables', async () => {
    const before = await old()
    const { lines, status } = await run()
    assert.equal(status, 1)
    assert.ok(lines.includes('tasks  3 taken, 0 there already, 2 not taken'), lines.join('\n'))
    assert.deepEqual(await old(), before)
    const tasks = await sql<{ id: string; user_id: string; created_at: Date }>(
      'select * from tasks order by created_at',
    )
    assert.deepEqual(
      tasks
        .map((task) => JSON.parse(JSON.stringify(task)))
        .map(
          ({
            title,
            description,
            status: state,
            priority,
            due_date: due,
            completed_at: completed,
            created_at: created,
            updated_at: updated,
            user_id: user,
            version,
          }) => [user, title, description, state, priority, due, created, updated, completed, version],
        ),
      [
        [
          'ada',
          'Buy milk',
          null,
          'TODO',
          'HIGH',
          '2025-12-27T17:00:00.000Z',
          '2025-12-01T09:00:00.000Z',
          '2025-12-01T09:00:00.000Z',
          null,
          1,
        ],
        [
          'ada',
          'Pay the rent',
          'by transfer',
          'COMPLETED',
          'URGENT',
          null,
          '2025-12-02T09:00:00.000Z',
          '2025-12-03T10:30:00.250Z',
          '2025-12-03T10:30:00.250Z',
          1,
        ],
        ['ben', 'Write', null, 'TODO', 'LOW', null, '2025-12-04T09:00:00.000Z', '2025-12-04T09:00:00.000Z', null, 1],
      ],
    )
    const [first, second, third] = tasks.map(({ id }) => id)
    assert.equal(readFileSync(map, 'utf8'), `user_id,old_id,new_id\nada,1,${first}\nada,2,${second}\nben,3,${third}\n`)
    assert.equal(first, newIdOf('ada', '1', '2025-12-01T09:00:00.000Z'))
  })

  test('keys are imported with their ciphertext, masked form and validation status', async () => {
    const keys = await sql(
      `select user_id, provider, masked_key, validation_status, last_validated_at::text, encrypted_key = $1 as same from user_api_keys order by 1, 2`,
      [sealed],
    )
    const known = { provider: 'gemini', masked_key: 'AIza...-it', same: true }
    assert.deepEqual(keys, [
      {
        ...known,
        user_id: 'ada',
        masked_key: 'AIza...-it',
        validation_status: 'success',
        last_validated_at: '2025-12-05 08:00:00+00',
      },
      {
        user_id: 'ada',
        provider: 'openai',
        masked_key: '....',
        validation_status: 'failure',
        last_validated_at: null,
        same: false,
      },
      { ...known, user_id: 'ben', validation_status: 'unreachable', last_validated_at: null },
    ])
    await using world = await openWorld({ env: env(), migrated: false })
    const headers = { 'x-service-auth': world.config.auth.services[0]?.token.reveal() ?? '', 'x-user-id': 'ben' }
    const shown = await world.ask('GET', '/api/user-api-keys/gemini', { headers })
    assert.deepEqual([shown.json.validationStatus, shown.json.lastValidatedAt], ['unreachable', null])
    assert.deepEqual(
      (await world.ask('GET', '/api/tasks', { headers })).json.map((task: { title: string }) => task.title),
      ['Write'],
    )
  })

  test('an interrupted run continues where it ended, also without its file, and does not restore deleted tasks', async () => {
    const whole = readFileSync(map, 'utf8')
    const [, second = '', third = ''] = whole.trim().split('\n').slice(1)
    // As if killed between the commit of a batch and its lines, and within a line.
    writeFileSync(map, whole.slice(0, whole.indexOf(second) + 9))
    assert.ok((await run()).lines.includes('tasks  0 taken, 3 there already, 2 not taken'))
    assert.equal(readFileSync(map, 'utf8'), whole)
    // As if killed before the commit.
    await sql('alter table tasks no force row level security')
    await sql(`delete from tasks where title = 'Write'`)
    writeFileSync(map, whole.replace(`${third}\n`, ''))
    assert.ok((await run()).lines.includes('tasks  1 taken, 2 there already, 2 not taken'))
    assert.equal(readFileSync(map, 'utf8'), whole)
    rmSync(map)
    assert.ok((await run()).lines.includes('tasks  0 taken, 3 there already, 2 not taken'))
    await sql(`delete from tasks where title = 'Write'`)
    assert.ok((await run()).lines.includes('tasks  0 taken, 3 there already, 2 not taken'))
    assert.deepEqual(await sql(`select from tasks where title = 'Write'`), [])
  })

  test('many rows are imported in batches, and a row that the database refuses does not stop the others', async () => {
    await sql(`insert into before.tasks (user_id, title, completed, priority, created_at, updated_at)
      select 'ben', 'Task ' || n, n % 3 = 0, 'Medium', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z' from generate_series(1, 1201) n`)
    await sql(`alter table tasks add constraint odd check (title <> 'Task 700')`)
    const { lines } = await run()
    await sql('alter table tasks drop constraint odd')
    assert.ok(lines.includes('tasks  1200 taken, 3 there already, 3 not taken'), lines.slice(-12).join('\n'))
    assert.equal(lines.filter((line) => /not taken.*the database refuses it: .*"odd"/.test(line)).length, 1)
    assert.ok((await run()).lines.includes('tasks  1 taken, 1203 there already, 2 not taken'))
  })

  test('invalid options are refused with a message that contains no password', async () => {
    const refused = (words: string[], message: RegExp): Promise<void> =>
      assert.rejects(
        migrate(
          ['import-python', ...words],
          () => configOf(env()),
          () => undefined,
        ),
        (error: Error) =>
          error.name === 'StartError' && message.test(error.message) && !error.message.includes('hunter2'),
        words.join(' '),
      )
    await refused([], /--from, the URL of the old database, is missing/)
    await refused(['--from'], /unknown or incomplete option/)
    await refused(['--from', url, 'more'], /unknown or incomplete option/)
    await refused(['--from', 'mysql://u:hunter2@h/d'], /--from: /)
    await refused(
      ['--from', 'postgres://u:hunter2@127.0.0.1:1/d', '--map', map],
      /cannot connect to the database of --from/,
    )
    await refused(
      ['--from', url, '--map', map, '--schema', 'nowhere'],
      /no table tasks of the Python service in schema nowhere/,
    )
    await refused(['--from', url, '--map', directory], /cannot use .* for the map of ids/)
    const other = join(directory, 'other.csv')
    writeFileSync(other, 'name,address\n')
    await refused(['--from', url, '--map', other], /is not a map of ids/)
    await sql('create schema another; create table another.tasks (id int, user_id text, title text, status text)')
    await refused(
      ['--from', url, '--map', map],
      /more than one table of old tasks \(another\.tasks, before\.tasks\): choose one with --schema/,
    )
    assert.ok((await run('--schema', 'before')).lines.some((line) => /1204 there already/.test(line)))
  })
})

suite('a task of the Python service', () => {
  const NOW = '2026-01-01T00:00:00.000Z'
  const given = {
    user_id: 'ada',
    title: 'x',
    created_at: '2025-12-01T09:00:00',
    updated_at: '2025-12-02T09:00:00+02:00',
  }

  test('keeps a UUID, and gets one of version 7 for a number: the same in each run, and another for another user', () => {
    const uuid = '0191A000-0000-4000-8000-000000000001'
    const converted = convertTask(
      { id: uuid, columns: { ...given, status: 'completed', tags: [' a ', 'a'] } },
      { now: NOW },
    )
    assert.ok('row' in converted)
    assert.deepEqual(
      [
        converted.row.id,
        converted.row.status,
        converted.row.completed_at,
        converted.row.tags,
        converted.row.created_at,
      ],
      [uuid.toLowerCase(), 'COMPLETED', '2025-12-02T07:00:00.000Z', ['a'], '2025-12-01T09:00:00.000Z'],
    )
    const ids = ['ada', 'ada', 'ben'].map((user) => newIdOf(user, '1', '2025-12-01T09:00:00.000Z'))
    assert.equal(ids[0], ids[1])
    assert.notEqual(ids[0], ids[2])
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(
      Number.parseInt((ids[0] ?? '').replaceAll('-', '').slice(0, 12), 16),
      Date.parse('2025-12-01T09:00:00Z'),
    )
  })

  test('that is invalid has every reason in its message', () => {
    const bad = {
      ...given,
      title: 'x'.repeat(201),
      status: 'WAITING',
      priority: 'Someday',
      tags: ['', 'y'.repeat(51)],
      due_date: '0044-03-15T00:00:00 BC',
    }
    const converted = convertTask({ id: '1', columns: bad }, { now: NOW })
    assert.ok('faults' in converted)
    assert.equal(converted.faults.length, 6)
    const many = convertTask(
      { id: '1', columns: { ...given, tags: Array.from({ length: 51 }, (_, n) => `t${n}`) } },
      { now: NOW },
    )
    assert.deepEqual(many, { faults: ['it has more than 50 tags'] })
    // Characters are counted, not UTF-16 units.
    assert.ok('row' in convertTask({ id: '1', columns: { ...given, title: '🙂'.repeat(200) } }, { now: NOW }))
  })
})
