import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { ClientBase } from 'pg'
import type { Config } from '../src/config/config.ts'
import { withMigrations } from '../src/db/database.ts'
import { readMigrations } from '../src/db/schema/migration-files.ts'
import { begin, migrate } from '../src/migrate.ts'
import { configOf, openTestDatabase } from './databases.ts'

const ALL = readMigrations().map(({ version, name }) => `${String(version).padStart(4, '0')}_${name}`)

/** Runs the command; returns its output without the durations of migrations, and its exit status. */
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

suite('the migration command', () => {
  test('init migrates an empty database, and reports when all migrations are applied already', async () => {
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
    assert.deepEqual((await run(config, 'down')).lines, [`reverted  ${ALL[0]}`])
    assert.deepEqual(
      (await run(config, 'init')).lines,
      ALL.map((each) => `applied  ${each}`),
    )
    assert.match((await run(config, 'init')).lines.join(), /all \d+ migrations are applied already/)
    const history = (await run(config, 'history')).lines
    assert.equal(history.length, ALL.length)
    for (const [index, line] of history.entries())
      assert.match(line, new RegExp(`^\\d{4}-\\d\\d-\\d\\d .*  ${ALL[index]}$`))
  })

  test('check accepts a database that is as the code expects, and otherwise names all differences', async () => {
    await using database = await openTestDatabase()
    const config = configOf(database.env)
    await asOwner(config, (client) => client.query('create table unrelated (id int)'))
    assert.deepEqual(await run(config, 'check'), { lines: ['the database is what the code expects'], status: 0 })
    await asOwner(config, (client) =>
      client.query(`
        alter table tasks add surplus int;
        alter table tasks alter priority set default 'LOW';
        alter table tasks no force row level security;
        drop index tasks_by_priority;
        drop policy tasks_of_the_user on tasks;
        grant truncate on tasks to todo_app;
        alter function todo_prove(text, text[], text) security invoker`),
    )
    const { lines, status } = await run(config, 'check')
    assert.equal(status, 1)
    const named = lines
      .filter((line) => !line.startsWith(' '))
      .map((line) => line.replace(/ +/, ' '))
      .sort()
    assert.deepEqual(named, [
      'different column tasks.priority',
      'different function todo_prove(kind text, proof text[], needs text)',
      'different grant on tasks to todo_app',
      'different table tasks',
      'missing index tasks.tasks_by_priority',
      'missing policy tasks.tasks_of_the_user',
      'unexpected column tasks.surplus',
    ])
  })

  test('reset reverts all migrations and applies them again, only with confirmation, and never in production', async () => {
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
      ...ALL.toReversed().map((each) => `reverted  ${each}`),
      ...ALL.map((each) => `applied  ${each}`),
    ])
  })

  test('new creates the next pair of files, and refuses an invalid name', () => {
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

  test('unknown subcommands are refused before the database is opened', async () => {
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
