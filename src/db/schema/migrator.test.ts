import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Client, type ClientConfig } from 'pg'
import { needsServer, openTestDatabase, SERVER_URL, withClient } from '../../../test/databases.ts'
import { StartError } from '../../errors.ts'
import { clientDefaults } from '../wire/connection.ts'
import { OWN_AUTH_TABLES } from './auth-tables.ts'
import { openEmbedded } from '../embedded/embedded.ts'
import { readMigrations, type Migration, type MigrationVariables } from './migration-files.ts'
import { migrateDown, migrateUp, migrationState, type MigrateOptions } from './migrator.ts'

// Roles belong to the whole cluster. These tests have their own, so that dropping them does not affect others.
const ROLE = `todo_migrator_${randomBytes(4).toString('hex')}`
const LOGIN = SERVER_URL === undefined ? 'postgres' : new URL(SERVER_URL).username
const VARIABLES: MigrationVariables = {
  ...OWN_AUTH_TABLES,
  app_role: ROLE,
  system_role: `${ROLE}_system`,
  serving_login: LOGIN,
}
const ALL = { steps: Infinity }

const opened = new AsyncDisposableStack()
/** A further connection, only on a server: the embedded database has one session. */
let connect: () => Promise<Client>
let owner: Client

before(async () => {
  const server = SERVER_URL
  if (server !== undefined) {
    opened.defer(() => withClient(server, dropRoles))
  }
  // Creating an embedded cluster takes seconds; reverting the migrations of a copied one is faster.
  const database = opened.use(await openTestDatabase({ migrated: SERVER_URL === undefined }))
  let config: ClientConfig = { connectionString: database.env['DATABASE_URL'] }
  if (SERVER_URL === undefined) {
    const embedded = opened.use(await openEmbedded(join(String(database.env['DATA_DIR']), 'postgres')))
    config = { ...clientDefaults, pipeline: false, user: 'postgres', stream: () => embedded.stream() }
  }
  connect = async () => {
    const client = new Client(config)
    await client.connect()
    return client
  }
  owner = await connect()
  opened.defer(() => owner.end())
  if (SERVER_URL === undefined) {
    const roles = { app_role: 'todo_app', system_role: 'todo_app_system' }
    await migrateDown(owner, { ...VARIABLES, ...roles }, { ...ALL, onSecondConnection })
  }
})
after(() => opened.disposeAsync())

const dropRoles = async (client: Client): Promise<void> =>
  void (await client.query(`drop role if exists ${ROLE}, ${ROLE}_system`))

/** Two sessions on a server, as the command has them; the embedded database has one. */
const onSecondConnection: MigrateOptions['onSecondConnection'] = needsServer
  ? undefined
  : async (work) => {
      const second = await connect()
      try {
        return await work(second)
      } finally {
        await second.end()
      }
    }
const up = (client = owner, options = {}) => migrateUp(client, VARIABLES, { onSecondConnection, ...options })
const down = (client = owner, options: object = ALL) =>
  migrateDown(client, VARIABLES, { onSecondConnection, ...options })
const names = (migrations: readonly { readonly name: string }[]): string[] => migrations.map((each) => each.name)
const NAMES = names(readMigrations())

/** A description of everything that a migration can create: the objects in public, and the roles. */
async function dump(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>({
    text: `
      with relations as (select c.* from pg_class c where c.relnamespace = 'public'::regnamespace),
      acls (what, acl) as (
        select 'schema public', nspacl from pg_namespace where nspname = 'public'
        union all select 'relation ' || relname, relacl from relations
        union all select 'column ' || r.relname || '.' || attname, attacl from pg_attribute a join relations r on r.oid = attrelid and not attisdropped
        union all select 'function ' || p.oid::regprocedure, proacl from pg_proc p where pronamespace = 'public'::regnamespace
        union all select 'type ' || typname, typacl from pg_type where typnamespace = 'public'::regnamespace
        union all select 'defaults', defaclacl from pg_default_acl
      )
      select concat_ws(' ', 'relation', relname, relkind, pg_get_userbyid(relowner), relrowsecurity, relforcerowsecurity, reloptions) as line
        from relations
      union all select concat_ws(' ', 'column', r.relname, attnum, attname, format_type(atttypid, atttypmod), attnotnull,
          attidentity, attgenerated, pg_get_expr(adbin, adrelid))
        from pg_attribute a join relations r on r.oid = attrelid left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attnum > 0 and not attisdropped and r.relkind <> 'i'
      union all select concat_ws(' ', 'constraint', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
        from pg_constraint where connamespace = 'public'::regnamespace
      union all select concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid) from pg_index join relations r on r.oid = indexrelid
      union all select concat_ws(' ', 'policy', p.polrelid::regclass, polname, polcmd, polpermissive,
          array(select pg_get_userbyid(role) from unnest(polroles) role order by 1),
          pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
        from pg_policy p
      union all select concat_ws(' ', 'function', pg_get_functiondef(oid), pg_get_userbyid(proowner))
        from pg_proc where pronamespace = 'public'::regnamespace
      union all select concat_ws(' ', 'type', typname, typtype, array(select enumlabel from pg_enum e where enumtypid = t.oid order by enumsortorder))
        from pg_type t where typnamespace = 'public'::regnamespace
      union all select concat_ws(' ', 'trigger', tgrelid::regclass, tgname) from pg_trigger where not tgisinternal
      union all select concat_ws(' ', 'grant on', what, grantee::regrole, privilege_type, is_grantable) from acls, aclexplode(acl)
      union all select concat_ws(' ', 'role', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls)
        from pg_roles where rolname like $1 || '%'
      union all select concat_ws(' ', 'member', member::regrole, 'of', roleid::regrole)
        from pg_auth_members where roleid::regrole::text like $1 || '%'
      union all select concat_ws(' ', 'applied', version, name, checksum) from schema_migrations
      order by 1`,
    values: [ROLE],
  })
  return rows.map((row) => row.line)
}

describe('up and down', () => {
  beforeEach(() => down())

  test('up applies every migration in order, once; the second time none is pending', async () => {
    assert.deepEqual(names(await up()), NAMES)
    assert.deepEqual(names(await up()), [])
    const state = await migrationState(owner)
    assert.deepEqual([names(state.applied), state.pending, state.unknown, state.edited], [NAMES, [], [], []])
  })

  test('up, down and up again result in the same catalogue, and down leaves no objects', async () => {
    const empty = await dump(owner)
    assert.deepEqual(
      empty.filter((line) => !line.includes('schema_migrations') && !line.startsWith('grant on schema public')),
      [],
    )
    await up()
    const full = await dump(owner)
    assert.ok(full.length > 100)
    assert.deepEqual(names(await down()), NAMES.toReversed())
    assert.deepEqual(await dump(owner), empty)
    await up()
    assert.deepEqual(await dump(owner), full)
  })

  test('each migration can be reverted and repeated by itself', async () => {
    const dumps = [await dump(owner)]
    for (const name of NAMES) {
      assert.deepEqual(names(await up(owner, { steps: 1 })), [name])
      dumps.push(await dump(owner))
    }
    for (const name of NAMES.toReversed()) {
      assert.deepEqual(await dump(owner), dumps.pop())
      assert.deepEqual(names(await down(owner, {})), [name])
    }
    assert.deepEqual(await dump(owner), dumps.pop())
  })

  test('down reverts the given number of migrations, newest first, and no more than there are', async () => {
    await up()
    assert.deepEqual(names(await down(owner, { steps: 2 })), NAMES.slice(-2).toReversed())
    assert.deepEqual(names((await migrationState(owner)).pending), NAMES.slice(-2))
    assert.deepEqual(names(await down(owner, { steps: 100 })), NAMES.slice(0, -2).toReversed())
    assert.deepEqual(await down(), [])
  })

  test('in a database without migrations all are pending, and the check changes nothing', async () => {
    await owner.query('drop table schema_migrations')
    const { applied, pending } = await migrationState(owner)
    assert.deepEqual([applied, names(pending)], [[], NAMES])
    assert.equal((await owner.query(`select to_regclass('schema_migrations') as table`)).rows[0].table, null)
  })

  test('a role that is used as a login is not dropped', async () => {
    await owner.query(`create role ${ROLE} login`)
    await up()
    await down()
    const roles = await owner.query('select rolname from pg_roles where rolname like $1', [`${ROLE}%`])
    assert.deepEqual(roles.rows, [{ rolname: ROLE }])
    await owner.query(`drop role ${ROLE}`)
  })

  test('a role or search path that is set on the connection has no effect', async () => {
    await up()
    const full = await dump(owner)
    await down()
    await owner.query(
      `create role ${ROLE}_other; create schema elsewhere; set role ${ROLE}_other; set search_path = elsewhere`,
    )
    try {
      await up()
    } finally {
      await owner.query(`reset role; reset search_path; drop role ${ROLE}_other; drop schema elsewhere`)
    }
    assert.deepEqual(await dump(owner), full)
  })
})

describe('at the same time', { skip: needsServer }, () => {
  test('five processes that migrate at once apply each migration once, and all succeed', async () => {
    await down()
    await owner.query('drop table schema_migrations')
    const clients = await Promise.all(Array.from({ length: 5 }, connect))
    const applied = await Promise.all(clients.map((client) => up(client)))
    assert.deepEqual(names(applied.flat()).sort(), NAMES.toSorted())
    for (const client of clients) {
      assert.deepEqual((await migrationState(client)).pending, [])
      await client.end()
    }
  })

  test('as many processes as there are migrations, each reverting one, revert a different one each', async () => {
    await up()
    const clients = await Promise.all(NAMES.map(connect))
    const taken = await Promise.all(clients.map((client) => down(client, {})))
    assert.deepEqual(names(taken.flat()).sort(), NAMES.toSorted())
    await Promise.all(clients.map((client) => client.end()))
  })
})

const migration = (version: number, name: string, up: string, down = 'select 1'): Migration => ({
  version,
  name,
  mode: up.startsWith('-- contract') ? 'contract' : 'expand',
  up,
  down,
  checksum: createHash('sha256').update(up).digest('hex'),
})

describe('a migration that fails', () => {
  beforeEach(async () => {
    await down()
    await owner.query('truncate schema_migrations')
  })
  const first = migration(1, 'first', 'create table kept (id int)', 'drop table kept')
  const tables = async (): Promise<unknown> =>
    (
      await owner.query(
        `select array_agg(relname::text order by 1) as names from pg_class where relname in ('kept', 'half')`,
      )
    ).rows[0].names

  test('on the way up is rolled back, names its file and the reason, and those before it stay', async () => {
    const second = migration(2, 'second', 'create table half (id int); insert into half values (1); select 1 / 0', '')
    await assert.rejects(up(owner, { migrations: [first, second] }), (error) => {
      assert.ok(error instanceof StartError)
      assert.match(error.message, /^migration 0002_second\.up\.sql failed .*was rolled back: division by zero$/)
      return true
    })
    assert.deepEqual(await tables(), ['kept'])
    assert.deepEqual(names((await migrationState(owner, [first, second])).applied), ['first'])

    const corrected = migration(2, 'second', 'create table half (id int)', 'drop table half')
    assert.deepEqual(names(await up(owner, { migrations: [first, corrected] })), ['second'])
    await down(owner, { migrations: [first, corrected], ...ALL })
  })

  test('on the way down stays applied and whole', async () => {
    const stuck = migration(1, 'stuck', 'create table kept (id int)', 'drop table kept; select 1 / 0')
    await up(owner, { migrations: [stuck] })
    await assert.rejects(
      down(owner, { migrations: [stuck] }),
      /0001_stuck\.down\.sql failed .*was rolled back: division/,
    )
    assert.deepEqual(await tables(), ['kept'])
    assert.deepEqual(names((await migrationState(owner, [stuck])).applied), ['stuck'])
    await down(owner, { migrations: [{ ...stuck, down: 'drop table kept' }] })
  })

  test('includes the hint of the database in its error', async () => {
    const hinting = migration(1, 'hinting', `do $$ begin raise exception 'no' using hint = 'Do this.'; end $$`)
    await assert.rejects(up(owner, { migrations: [hinting] }), /0001_hinting\.up\.sql .*: no\. Do this\./)
  })

  test('differs from the error of a variable that does not exist', async () => {
    await assert.rejects(
      up(owner, { migrations: [migration(1, 'odd', `select :'odd'`)] }),
      /unknown migration variable odd/,
    )
  })
})

describe('variables', () => {
  test("have psql's syntax, as identifier and as literal; casts and other colons do not change", async () => {
    await down()
    const odd = { ...VARIABLES, app_role: `a"b'c:'system_role'` }
    const probing = migration(
      1,
      'probing',
      `create table probe as select :'app_role'::text as literal, 'a:b' as colon, 'r'::"char" as cast, 1 as :"app_role"`,
      'drop table probe',
    )
    await migrateUp(owner, odd, { migrations: [probing], onSecondConnection })
    const { rows } = await owner.query('select * from probe')
    assert.deepEqual(rows, [{ literal: odd.app_role, colon: 'a:b', cast: 'r', [odd.app_role]: 1 }])
    await migrateDown(owner, odd, { migrations: [probing], onSecondConnection })
  })
})

describe('a migration that runs outside a transaction', () => {
  beforeEach(async () => {
    await down()
    await owner.query('truncate schema_migrations; create table built (id int); insert into built values (1), (1)')
  })
  afterEach(() => owner.query('drop table built; truncate schema_migrations'))

  const building = (unique: string): Migration =>
    migration(
      1,
      'building',
      `-- expand, without a transaction
       drop index concurrently if exists built_by_id;
       create ${unique} index concurrently built_by_id on built (id)`,
      '-- without a transaction\ndrop index concurrently built_by_id',
    )
  const index = async (): Promise<unknown> =>
    (await owner.query(`select indisvalid as valid from pg_index where indexrelid = to_regclass('public.built_by_id')`))
      .rows

  test('builds an index concurrently, is recorded, and can be reverted', async () => {
    const migrations = [building('')]
    assert.deepEqual(names(await up(owner, { migrations })), ['building'])
    assert.deepEqual(await index(), [{ valid: true }])
    assert.deepEqual(names((await migrationState(owner, migrations)).applied), ['building'])
    await down(owner, { migrations })
    assert.deepEqual(await index(), [])
    assert.deepEqual(names((await migrationState(owner, migrations)).pending), ['building'])
  })

  test('that fails half-way stays pending, says so, and succeeds when it is run again', async () => {
    const migrations = [building('unique')]
    await assert.rejects(
      up(owner, { migrations }),
      /0001_building\.up\.sql failed at line 3 .*can be run again: the statements before this line took effect: could not create unique index/,
    )
    assert.deepEqual(names((await migrationState(owner, migrations)).pending), ['building'])
    await owner.query('delete from built')
    assert.deepEqual(names(await up(owner, { migrations })), ['building'])
    assert.deepEqual(await index(), [{ valid: true }])
  })

  test('is run by one of many processes that start together', { skip: needsServer }, async () => {
    const clients = await Promise.all([1, 2, 3, 4].map(connect))
    const migrations = [
      migration(1, 'counting', '-- expand, without a transaction\ninsert into built values (2)'),
      migration(2, 'next', 'select 1'),
    ]
    await Promise.all(clients.map((client) => up(client, { migrations })))
    assert.equal((await owner.query('select from built where id = 2')).rowCount, 1)
    assert.deepEqual(names((await migrationState(owner, migrations)).applied), ['counting', 'next'])
    await Promise.all(clients.map((client) => client.end()))
  })
})

describe('a migration', () => {
  beforeEach(async () => {
    await down()
    await owner.query('truncate schema_migrations')
  })
  afterEach(() => owner.query('drop table seen; truncate schema_migrations'))

  test('runs with its own settings rather than those of the login, in a transaction and outside of one', async () => {
    const client = SERVER_URL === undefined ? owner : await connect()
    await client.query(
      `set statement_timeout = '7s'; set idle_in_transaction_session_timeout = '7s'; set lock_timeout = '7s';
       set search_path = ''; set standard_conforming_strings = off; set datestyle = 'German, DMY'`,
    )
    const settings = `concat_ws(' ', current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'),
      current_setting('lock_timeout'), current_setting('search_path'), current_setting('standard_conforming_strings'),
      current_setting('datestyle'))`
    const migrations = [
      migration(1, 'inside', `create table seen as select ${settings} as settings`),
      migration(2, 'outside', `-- expand, without a transaction\ninsert into seen select ${settings}`),
    ]
    await up(client, { migrations })
    const { rows } = await owner.query<{ settings: string }>('select settings from public.seen')
    const needed = '0 0 1min public, pg_temp on ISO, YMD'
    assert.deepEqual(
      rows.map((row) => row.settings),
      [needed, needed],
    )
    if (client !== owner) await client.end()
  })
})

describe('a backfill in batches', () => {
  beforeEach(async () => {
    await down()
    await owner.query(
      'truncate schema_migrations; create table filled (id int primary key, twice int); insert into filled select generate_series(1, 25)',
    )
  })
  afterEach(() => owner.query('drop table filled; truncate schema_migrations'))

  const filling = (twice: string): Migration =>
    migration(
      1,
      'filling',
      `-- expand, in batches
       update filled set twice = ${twice} where id in (select id from filled where twice is null order by id limit 10)`,
    )
  const filled = async (): Promise<number> =>
    (await owner.query('select from filled where twice = id * 2')).rowCount ?? 0

  test('repeats its statement, each time in a transaction of its own, until it affects no row', async () => {
    const batches: number[] = []
    const options = { migrations: [filling('id * 2')], onBatch: (_: Migration, rows: number) => batches.push(rows) }
    assert.deepEqual(names(await up(owner, options)), ['filling'])
    assert.deepEqual([batches, await filled()], [[10, 20, 25], 25])
  })

  test('that fails keeps the batches before it, stays pending, and continues behind them', async () => {
    const failing = filling('id * 2 + 0 * (1 / (15 - id))')
    await assert.rejects(
      up(owner, { migrations: [failing] }),
      /0001_filling\.up\.sql failed .*continues after the last complete batch: division by zero/,
    )
    assert.deepEqual([await filled(), names((await migrationState(owner, [failing])).pending)], [10, ['filling']])
    await up(owner, { migrations: [filling('id * 2')] })
    assert.equal(await filled(), 25)
  })

  test('is shared by processes that start together, and recorded once', { skip: needsServer }, async () => {
    const clients = await Promise.all([1, 2, 3].map(connect))
    const done = await Promise.all(clients.map((client) => up(client, { migrations: [filling('id * 2')] })))
    assert.deepEqual([names(done.flat()), await filled()], [['filling'], 25])
    await Promise.all(clients.map((client) => client.end()))
  })
})

describe('a database with another history', () => {
  const [one, two] = [migration(1, 'one', 'select 1'), migration(2, 'two', 'select 2')]
  before(() => down())
  beforeEach(() => up(owner, { migrations: [one, two] }))
  afterEach(() => owner.query('truncate schema_migrations'))
  const edited = migration(1, 'one', 'select 1 -- edited')
  const renamed = { ...one, name: 'uno' }

  test('an applied migration that was edited since is reported, and no further one is applied', async () => {
    const migrations = [edited, two, migration(3, 'three', 'create table never ()')]
    assert.deepEqual(names((await migrationState(owner, migrations)).edited), ['one'])
    await assert.rejects(
      up(owner, { migrations }),
      (error) => error instanceof StartError && /0001_one was changed after/.test(error.message),
    )
    assert.deepEqual(names((await migrationState(owner, migrations)).pending), ['three'])
  })

  test('a renamed migration counts as unchanged', async () => {
    assert.deepEqual((await migrationState(owner, [renamed, two])).edited, [])
  })

  test('a migration with the number of an applied one and other content does not revert it', async () => {
    await assert.rejects(
      down(owner, { migrations: [one, { ...two, name: 'deux' }] }),
      /0002_two is not in this version/,
    )
  })

  test('an applied migration without a file is reported, and not reverted', async () => {
    const { unknown, incompatible } = await migrationState(owner, [one])
    assert.deepEqual([names(unknown), incompatible], [['two'], []])
    await assert.rejects(
      down(owner, { migrations: [one] }),
      (error) => error instanceof StartError && /0002_two is not in this version/.test(error.message),
    )
    assert.deepEqual(names((await migrationState(owner, [one, two])).applied), ['one', 'two'])
  })
})

describe('the first line of a file', () => {
  const readWith = (up: string): Migration => {
    const directory = mkdtempSync(join(tmpdir(), 'todo-migrations-'))
    try {
      writeFileSync(join(directory, '0001_one.up.sql'), up)
      writeFileSync(join(directory, '0001_one.down.sql'), 'select 1')
      return readMigrations(pathToFileURL(`${directory}/`))[0] ?? assert.fail()
    } finally {
      rmSync(directory, { recursive: true })
    }
  }

  for (const [line, mode] of [
    ['-- expand', 'expand'],
    ['-- expand, without a transaction', 'expand'],
    ['-- contract', 'contract'],
    ['-- contract, in batches', 'contract'],
    ['-- Adds a table', 'expand'],
  ] as const) {
    test(`"${line}" means ${mode}`, () => {
      assert.equal(readWith(`${line}\nselect 1`).mode, mode)
    })
  }

  test('is recorded with the migration, so that code without that migration knows whether it can serve', async () => {
    await down()
    const migrations = [migration(1, 'one', '-- expand\nselect 1'), migration(2, 'two', '-- contract\nselect 1')]
    await up(owner, { migrations })
    assert.deepEqual(names((await migrationState(owner, [])).incompatible), ['two'])
    await owner.query('truncate schema_migrations')
  })

  test('in batches is refused for more than one statement', async () => {
    await assert.rejects(
      up(owner, { migrations: [readWith('-- expand, in batches\nselect 1; select 2')] }),
      /0001_one\.up\.sql runs in batches and must be one statement; it has 2/,
    )
  })

  test('create index concurrently if not exists is refused, since it accepts an invalid index', async () => {
    const text = '-- expand, without a transaction\ncreate index concurrently if not exists i on t (c)'
    await assert.rejects(up(owner, { migrations: [readWith(text)] }), /drop index concurrently if exists/)
  })

  test('that does not fit its statements stops all migrations, those before it too', async () => {
    await down()
    const faulty = migration(2, 'two', '-- expand, in batches\nselect 1; select 2')
    await assert.rejects(up(owner, { migrations: [migration(1, 'one', 'select 1'), faulty] }), /0002_two/)
    assert.deepEqual((await migrationState(owner, [])).applied, [])
  })
})

describe('the directory', () => {
  const read = (...files: string[]): readonly Migration[] => {
    const directory = mkdtempSync(join(tmpdir(), 'todo-migrations-'))
    try {
      for (const file of files) writeFileSync(join(directory, file), `-- ${file}`)
      return readMigrations(pathToFileURL(`${directory}/`))
    } finally {
      rmSync(directory, { recursive: true })
    }
  }
  const pair = (stem: string): string[] => [`${stem}.up.sql`, `${stem}.down.sql`]

  test('is read in order, pair by pair; other files are ignored', () => {
    const [first, second] = read(...pair('0002_two'), ...pair('0001_one'), 'README.md')
    assert.deepEqual(
      [first?.version, first?.name, first?.up, first?.down],
      [1, 'one', '-- 0001_one.up.sql', '-- 0001_one.down.sql'],
    )
    assert.deepEqual([second?.version, second?.name], [2, 'two'])
    assert.equal(first?.checksum, createHash('sha256').update('-- 0001_one.up.sql').digest('hex'))
  })

  for (const [what, files, message] of [
    ['a gap', [...pair('0001_one'), ...pair('0003_three')], /0003_three\.up\.sql should have number 2/],
    ['a number taken twice', [...pair('0001_one'), ...pair('0001_two')], /0001_two\.up\.sql should have number 2/],
    ['a first number that is not 1', pair('0000_zero'), /0000_zero\.up\.sql should have number 1/],
    ['a short number', pair('1_one'), /1_one\.up\.sql is not named NNNN_name/],
    ['a name of other letters', pair('0001_One-two'), /0001_One-two\.up\.sql is not named NNNN_name/],
    ['a missing down', ['0001_one.up.sql'], /0001_one\.down\.sql is missing/],
    ['a missing up', [...pair('0001_one'), '0002_two.down.sql'], /belongs to no pair/],
    ['a file that is neither', [...pair('0001_one'), '0002_two.sql'], /belongs to no pair/],
  ] as const) {
    test(`with ${what} is refused, and the message names the file`, () => {
      assert.throws(() => read(...files), message)
    })
  }
})

describe('with the tables of another auth server', () => {
  const THEIRS = `
    create table users (id text primary key, name text, email text, "emailVerified" boolean, role text default 'user', banned boolean);
    create table user_sessions (id text primary key, "expiresAt" timestamp(3) not null, token text not null, "userId" text not null, "impersonatedBy" text);
    create index theirs on user_sessions (token);
    insert into users (id, name) values ('u1', 'Ada');
    insert into user_sessions (id, "expiresAt", token, "userId") values
      ('s1', (now() at time zone 'UTC') + interval '1 hour', 'valid', 'u1'), ('s2', (now() at time zone 'UTC') - interval '1 second', 'expired', 'u1')`
  const EXTERNAL: MigrationVariables = { ...VARIABLES, auth_mode: 'external' }
  const theirs = async (): Promise<string[]> => [
    ...(await dump(owner)).filter(
      (line) =>
        /\b(users|user_sessions|theirs)\b/.test(line) &&
        !/^(applied|function|constraint (?!users |user_sessions )|trigger)/.test(line),
    ),
    ...(await owner.query('select t::text as row from users t union all select t::text from user_sessions t')).rows.map(
      (each) => String(each.row),
    ),
  ]

  before(async () => {
    await down()
    await owner.query(THEIRS)
  })
  after(() => owner.query('drop table if exists users, user_sessions, user_accounts, user_verifications'))

  test('up does not change them, creates no auth tables, and tasks refer to their users', async () => {
    const before = await theirs()
    assert.ok(before.length > 15)
    await migrateUp(owner, EXTERNAL, { onSecondConnection })
    assert.deepEqual(await theirs(), before)
    const { rows } = await owner.query(
      `select array(select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
               and relname in ('users', 'user_sessions', 'user_accounts', 'user_verifications') order by 1) as tables,
         (select confrelid::regclass::text from pg_constraint where conname = 'tasks_user_id_fkey') as target,
         todo_prove('session', array['valid'], null) as valid, todo_prove('session', array['expired'], null) as expired,
         todo_prove('service', array['u1'], null) as known, todo_prove('service', array['u2'], null) as unknown`,
    )
    assert.deepEqual(rows, [
      {
        tables: ['user_sessions', 'users'],
        target: 'users',
        valid: 'u1',
        expired: null,
        known: 'u1',
        unknown: null,
      },
    ])
  })

  test('down does not change them or their rows', async () => {
    const before = await theirs()
    await migrateDown(owner, EXTERNAL, { ...ALL, onSecondConnection })
    assert.deepEqual(await theirs(), before)
  })

  test('ids that are not text are refused with a message, and everything is rolled back', async () => {
    await owner.query(`drop table users, user_sessions;
      create table users (id uuid primary key);
      create table user_sessions (token text, "userId" uuid, "expiresAt" timestamptz)`)
    await assert.rejects(
      migrateUp(owner, EXTERNAL, { onSecondConnection }),
      /0002_users\.up\.sql failed .*was rolled back: .*(uuid|text)/,
    )
    assert.equal((await owner.query('select from users')).rowCount, 0)
  })
})
