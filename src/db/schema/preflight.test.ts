import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import type { ClientBase } from 'pg'
import {
  configOf,
  needsServer,
  openTestDatabase,
  SERVER_URL,
  SILENT,
  urlOf,
  withClient,
} from '../../../test/databases.ts'
import type { Config } from '../../config/config.ts'
import { openDatabase, withMigrations } from '../database.ts'
import { migrateUp } from './migrator.ts'

const up = (config: Config): Promise<unknown> => withMigrations(config, migrateUp)

/** The schemas and relations of the database without those of PostgreSQL itself. */
const contentOf = (config: Config): Promise<unknown> =>
  withMigrations(config, async (client: ClientBase) => {
    const { rows } = await client.query(
      `select n.nspname, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where n.nspname !~ '^(pg_|information_schema)' order by 1, 2`,
    )
    return rows
  })

async function assertRefused(config: Config, message: RegExp): Promise<void> {
  const before = await contentOf(config)
  await assert.rejects(up(config), { name: 'StartError', message })
  assert.deepEqual(await contentOf(config), before)
}

/** The parameter `options` of a URL, which sets variables of the session. */
const withOptions = (config: Config, env: Readonly<Record<string, string>>, options: string): Config => {
  const url = new URL(env['DATABASE_URL'] ?? '')
  url.search = `options=${encodeURIComponent(options)}`
  return configOf({ ...env, DATA_DIR: config.dataDir, DATABASE_URL: url.href })
}

suite('migrations refuse before they change anything', () => {
  test('tables of the Python service, and point to the guide', async () => {
    await using database = await openTestDatabase({ migrated: false })
    const config = configOf(database.env)
    await withMigrations(config, (client) =>
      client.query(`
        create type task_priority as enum ('Low', 'Medium', 'High', 'Urgent');
        create table tasks (id serial primary key, user_id varchar not null, title varchar not null, priority task_priority);
        create table user_api_keys (id serial primary key)`),
    )
    await assertRefused(
      config,
      /^cannot migrate: the schema public already has task_priority, tasks, user_api_keys, not made by this service\. Nothing was applied\. .*docs\/migrating-from-python\.md/,
    )
    await withMigrations(config, (client) =>
      client.query(`
        create schema before; alter table tasks set schema before; alter table user_api_keys set schema before;
        alter type task_priority set schema before`),
    )
    await up(config)
  })

  test('a foreign table that a later migration would create, but not their own tables', async () => {
    await using database = await openTestDatabase({ migrated: false })
    const config = configOf(database.env)
    await withMigrations(config, (client, variables, options) => migrateUp(client, variables, { steps: 4, ...options }))
    await withMigrations(config, (client) => client.query('create table idempotency_keys (id int)'))
    await assertRefused(config, /already has idempotency_keys, not made by this service/)
    await withMigrations(config, (client) => client.query('drop table idempotency_keys'))
    await up(config)
    await up(config)
  })

  suite('on a server', { skip: needsServer }, () => {
    test('another encoding than UTF8', async () => {
      const name = `todo_latin1_${randomBytes(4).toString('hex')}`
      await withClient(String(SERVER_URL), (admin) =>
        admin.query(`create database ${name} encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0`),
      )
      try {
        await assertRefused(
          configOf({ DATABASE_URL: urlOf(String(SERVER_URL), name) }),
          /^cannot migrate: the database has encoding LATIN1, and tasks need UTF8\. Nothing was applied; .* encoding 'UTF8'/,
        )
      } finally {
        await withClient(String(SERVER_URL), (admin) => admin.query(`drop database ${name} with (force)`))
      }
    })

    test('transactions that are read-only by default', async () => {
      await using database = await openTestDatabase({ migrated: false })
      await assertRefused(
        withOptions(configOf(database.env), database.env, '-cdefault_transaction_read_only=on'),
        /^cannot migrate: transactions are read-only because default_transaction_read_only is on .* set default_transaction_read_only = off$/,
      )
    })

    for (const [what, path, isRefused] of [
      ['a search path to another schema', 'todo', true],
      ['a search path to other schemas', '"my schema","$user",extensions', true],
      ['no search path with public in it', '"$user",Public,extensions', false],
      ['no search path without any schema', '', false],
      ['no search path to the catalogue alone', 'pg_catalog', false],
    ] as const) {
      test(what, async () => {
        await using database = await openTestDatabase({ migrated: false })
        const config = configOf(database.env)
        const other = withOptions(config, database.env, `-csearch_path=${path.replaceAll(' ', '\\ ')}`)
        if (isRefused) {
          await assertRefused(other, /^the search path of login \w+ is .*, without public, .* Remove search_path/)
          await up(config)
          await assert.rejects(openDatabase(other, SILENT, { migrate: false }), /the search path of login/)
        } else {
          await up(other)
          await using db = await openDatabase(other, SILENT, { migrate: false })
          await db.ping()
        }
      })
    }
  })
})
