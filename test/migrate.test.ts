import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { ClientBase } from 'pg'
import type { Config } from '../src/config.ts'
import { withMigrations } from '../src/db/database.ts'
import { readMigrations } from '../src/db/migration-files.ts'
import { begin, migrate } from '../src/migrate.ts'
import { configOf, openTestDatabase } from './databases.ts'
import { openWorld } from './world.ts'

const ALL = readMigrations().map(({ version, name }) => `${String(version).padStart(4, '0')}_${name}`)

/** Runs the command and gives what it printed, but for how long each migration took, and its exit status. */
async function run(config: Config, ...words: readonly string[]): Promise<{ lines: string[]; status: unknown }> {
  const printed: string[] = []
  const before = process.exitCode
  process.exitCode = 0
  try {
    await migrate(
      words,
      () => config,
      (lines) => printed.push(...lines),
    )
    return { lines: printed.map((line) => line.replace(/ {2}in \d+ ms$/, '')), status: process.exitCode }
  } finally {
    process.exitCode = before
  }
}

const asOwner = <T>(config: Config, work: (client: ClientBase) => Promise<T>): Promise<T> =>
  withMigrations(config, work)

/** As better-auth made them before it knew of time zones, with a column of the other server's own. */
const OTHER_AUTH_SERVER = `
  create table users (id text primary key, email text, plan text default 'free');
  create table user_sessions (id text primary key, token text unique, "userId" text references users (id), "expiresAt" timestamp not null);
  insert into users (id, email) values ('u1', 'ada@example.com');
  insert into user_sessions values ('s1', 'abcdefghijklmnop', 'u1', now() at time zone 'UTC' + interval '1 hour')`

suite('the migration command', () => {
  test('init brings an empty database up to date, and says so when it already is', async () => {
    await using database = await openTestDatabase({ migrated: false })
    const config = configOf(database.env)
    assert.deepEqual((await run(config, 'status')).lines, [
      'applied  nothing',
      ...ALL.map((each) => `pending  ${each}`),
    ])
    const whenDone: string[] = []
    await migrate(
      ['up', '1'],
      () => config,
      ([line = '', ...more]) => whenDone.push(line, ...more),
    )
    assert.match(whenDone.join(), new RegExp(`^applied  ${ALL[0]}  in \\d+ ms$`))
    assert.deepEqual((await run(config, 'down')).lines, [`taken back  ${ALL[0]}`])
    assert.deepEqual(
      (await run(config, 'init')).lines,
      ALL.map((each) => `applied  ${each}`),
    )
    assert.match((await run(config, 'init')).lines.join(), /has \d+ migrations already/)
    const history = (await run(config, 'history')).lines
    assert.equal(history.length, ALL.length)
    for (const [index, line] of history.entries())
      assert.match(line, new RegExp(`^\\d{4}-\\d\\d-\\d\\d .*  ${ALL[index]}$`))
  })

  test('init beside another auth server leaves its tables and rows alone, and its sessions open the tasks', async () => {
    await using database = await openTestDatabase({ migrated: false })
    const config = configOf(database.env)
    await asOwner(config, (client) => client.query(OTHER_AUTH_SERVER))
    const shape = (): Promise<unknown> =>
      asOwner(config, async (client) => {
        const { rows } = await client.query(
          `select c.relname, c.relrowsecurity, c.relacl::text, a.attname, format_type(a.atttypid, a.atttypmod), (select count(*)::int from users) n
           from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
           where c.relname in ('users', 'user_sessions') order by 1, a.attnum`,
        )
        return rows
      })
    const before = await shape()
    assert.match((await run(config, 'init')).lines[0] ?? '', /another auth server/)
    assert.deepEqual(await shape(), before)
    assert.deepEqual(await run(config, 'check'), { lines: ['the database is what the code expects'], status: 0 })
    {
      await using world = await openWorld({ env: { ...database.env, AUTH_MODE: 'external' } })
      const created = await world.ask('POST', '/api/tasks', { token: 'abcdefghijklmnop', body: { title: 'moved in' } })
      assert.deepEqual([created.status, created.json.userId], [201, 'u1'])
    }
    await assert.rejects(openWorld({ env: { ...database.env } }), {
      name: 'StartError',
      message: /kept by another auth server: set AUTH_MODE=external/,
    })
    assert.deepEqual(
      (await run(config, 'down', String(ALL.length))).lines,
      ALL.toReversed().map((each) => `taken back  ${each}`),
    )
    assert.deepEqual(await shape(), before)
  })

  test('init refuses tables of another auth server that lack what the session check reads, and applies nothing', async () => {
    await using database = await openTestDatabase({ migrated: false })
    const config = configOf(database.env)
    await asOwner(config, (client) =>
      client.query('create table users (id text primary key); create table user_sessions (token text)'),
    )
    await assert.rejects(run(config, 'init'), {
      name: 'StartError',
      message: /lack user_sessions\.userId, user_sessions\.expiresAt: nothing was applied/,
    })
    assert.deepEqual((await run(config, 'status')).lines[0], 'applied  nothing')
  })

  test('check says nothing of a database as the code expects it, and names all that differs otherwise', async () => {
    await using database = await openTestDatabase()
    const config = configOf(database.env)
    await asOwner(config, (client) => client.query('create table somebody_elses (id int)'))
    assert.deepEqual(await run(config, 'check'), { lines: ['the database is what the code expects'], status: 0 })
    await asOwner(config, (client) =>
      client.query(`
        alter table tasks add surplus int;
        alter table tasks alter priority set default 'LOW';
        alter table tasks no force row level security;
        drop index tasks_by_status;
        drop policy tasks_of_the_user on tasks;
        grant truncate on tasks to todo_app;
        alter function todo_known_user(text) security invoker`),
    )
    const { lines, status } = await run(config, 'check')
    assert.equal(status, 1)
    const named = lines
      .filter((line) => !line.startsWith(' '))
      .map((line) => line.replace(/ +/, ' '))
      .sort()
    assert.deepEqual(named, [
      'different column tasks.priority',
      'different function todo_known_user(user_id text)',
      'different grant on tasks to todo_app',
      'different table tasks',
      'missing index tasks.tasks_by_status',
      'missing policy tasks.tasks_of_the_user',
      'unexpected column tasks.surplus',
    ])
  })

  test('reset takes everything back and applies it again, only when told so, and never in production', async () => {
    await using database = await openTestDatabase()
    const config = configOf(database.env)
    await assert.rejects(run(config, 'reset'), { name: 'StartError', message: /nothing was reset/ })
    await assert.rejects(run({ ...config, environment: 'production' }, 'reset', '--yes'), {
      name: 'StartError',
      message: /not possible in production/,
    })
    assert.equal((await run(config, 'status')).lines.filter((line) => line.startsWith('applied')).length, ALL.length)
    const { lines } = await run(config, 'reset', '--yes')
    assert.deepEqual(lines, [
      ...ALL.toReversed().map((each) => `taken back  ${each}`),
      ...ALL.map((each) => `applied  ${each}`),
    ])
  })

  test('new begins the next pair, and refuses a name that is none', () => {
    const directory = mkdtempSync(join(tmpdir(), 'todo-migrations-'))
    try {
      cpSync(new URL('../migrations/', import.meta.url), directory, { recursive: true })
      const url = pathToFileURL(`${directory}/`)
      begin('add_projects', url)
      assert.deepEqual(
        readMigrations(url).map(({ name }) => name),
        [...readMigrations().map(({ name }) => name), 'add_projects'],
      )
      for (const wrong of [undefined, '', 'Add', 'add-projects', '../x', '1st']) {
        assert.throws(() => begin(wrong, url), { name: 'StartError' })
      }
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('words it does not know are refused before the database is touched', async () => {
    const untouched = (): Config => assert.fail('the configuration was read')
    for (const words of [
      ['frobnicate'],
      ['up', 'x'],
      ['up', '0'],
      ['down', '-1'],
      ['up', '1', '2'],
      ['status', '1'],
      ['toString'],
    ]) {
      await assert.rejects(migrate(words, untouched), { name: 'StartError' }, words.join(' '))
    }
  })
})
