import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { ClientBase } from 'pg'
import { configOf, openTestDatabase, SILENT, type TestDatabase } from '../../../test/databases.ts'
import type { Config } from '../../config/config.ts'
import { StartError } from '../../errors.ts'
import { migrate } from '../../migrate.ts'
import { openDatabase, withMigrations } from '../database.ts'
import { label, type Migration } from './migration-files.ts'
import { migrateDown, migrateUp, migrationState } from './migrator.ts'

/** The files of the earlier numbering, 0001 to 0014. */
const EARLIER: readonly Migration[] = (
  JSON.parse(
    gunzipSync(readFileSync(new URL('../../../test/fixtures/earlier-migrations.json.gz', import.meta.url))).toString(),
    // The file has these members.
  ) as Pick<Migration, 'version' | 'name' | 'up' | 'down'>[]
).map((each) => ({ ...each, mode: 'expand', checksum: createHash('sha256').update(each.up).digest('hex') }))

const TASK = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'
const WAY_OVER =
  /^this database has the migrations 0001 to 0014 of an earlier version, which have been folded into fewer: .* npm run migrate -- renumber/

async function run(config: Config, ...words: readonly string[]): Promise<string[]> {
  const printed: string[] = []
  await migrate(
    words,
    () => config,
    (lines) => printed.push(...lines),
  )
  return printed
}

const saying =
  (pattern: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StartError, String(error))
    assert.match(error.message, pattern)
    return true
  }

/** A database of the previous version, with a user who has a task. */
async function openEarlier(steps = EARLIER.length): Promise<TestDatabase & { readonly config: Config }> {
  const database = await openTestDatabase({ migrated: false })
  const config = configOf(database.env)
  await withMigrations(config, async (client, variables, secondConnection) => {
    await migrateUp(client, variables, { migrations: EARLIER.slice(0, steps), ...secondConnection })
    await client.query(
      `insert into users (id, name, email, "emailVerified") values ('ada', 'Ada', 'a@x.example', true)`,
    )
    await asAda(client, `insert into tasks (id, title, tags) values ($1, 'Łódź', '{home}')`, [TASK])
  })
  return { env: database.env, config, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
}

async function asAda(client: ClientBase, text: string, values: readonly unknown[] = []): Promise<unknown[]> {
  await client.query(`begin; set local role todo_app; set local app.user_id = 'ada'`)
  try {
    return (await client.query(text, [...values])).rows
  } finally {
    await client.query('commit')
  }
}

suite('a database of the earlier numbering', () => {
  let earlier: Awaited<ReturnType<typeof openEarlier>>
  before(async () => {
    earlier = await openEarlier()
  })
  after(() => earlier[Symbol.asyncDispose]())

  test('is refused by every command in one sentence that names the conversion, and is not changed', async () => {
    const { config } = earlier
    const labels = await withMigrations(config, async (client, variables, secondConnection) => {
      for (const work of [
        () => migrateUp(client, variables, secondConnection),
        () => migrateDown(client, variables, secondConnection),
        () => migrationState(client),
      ]) {
        await assert.rejects(work, saying(WAY_OVER))
      }
      const { rows } = await client.query<Migration>('select version, name from schema_migrations order by version')
      return rows.map(label)
    })
    assert.deepEqual(labels, EARLIER.map(label))
    for (const doesMigrate of [true, false]) {
      await assert.rejects(openDatabase(config, SILENT, { migrate: doesMigrate }), saying(WAY_OVER))
    }
    for (const words of [['up'], ['down'], ['init'], ['status'], ['check']])
      await assert.rejects(run(config, ...words), saying(WAY_OVER), words.join(' '))
  })

  test('is converted by migrate renumber, which rewrites no table and creates the current schema', async () => {
    const { config } = earlier
    const look = () =>
      withMigrations(config, async (client) => {
        const { rows } = await client.query<{ file: number; task: object }>(
          `select pg_relation_filenode('tasks') as file, (select to_jsonb(t) from tasks t) as task`,
        )
        return rows[0]
      })
    const before = await look()
    const recorded = await run(config, 'renumber')
    assert.deepEqual([recorded[0], recorded.length], ['recorded  0001_roles', 7])
    assert.deepEqual(await look(), { ...before, task: { ...before?.task, json_format: 1 } })
    await run(config, 'up')
    assert.deepEqual(await run(config, 'check'), ['the database is what the code expects'])
    assert.deepEqual(await run(config, 'renumber'), ['this database has the numbering of today already'])
  })

  test('can be served afterwards, and updates the JSON and the words of a changed task', async () => {
    await using db = await openDatabase(earlier.config, SILENT, { migrate: false })
    await db.ping()
    const client = await db.pool.connect()
    try {
      const [task] = await asAda(
        client,
        `update tasks set title = 'Kraków' where id = $1 returning json::json->>'title' as title, search_words as words`,
        [TASK],
      )
      assert.deepEqual(task, { title: 'Kraków', words: ' krakow \n home \n  ' })
    } finally {
      client.release(true)
    }
  })
})

test('a database with only some of the earlier migrations is refused with the version that has the others', async () => {
  await using earlier = await openEarlier(9)
  const { config } = earlier
  const message =
    /^this database has 9 migrations of an earlier version that had 14 .*: run migrate up with that version/
  await assert.rejects(run(config, 'renumber'), saying(message))
  await assert.rejects(run(config, 'up'), saying(message))
  // The first versions did not record the mode.
  await withMigrations(config, (client) => client.query('alter table schema_migrations drop column mode'))
  await assert.rejects(run(config, 'status'), saying(message))
})

test('a database that was never migrated has nothing to renumber', async () => {
  await using database = await openTestDatabase({ migrated: false })
  assert.deepEqual(await run(configOf(database.env), 'renumber'), ['this database has the numbering of today already'])
})
