import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DatabaseError, type ClientBase } from 'pg'
import type { Sql } from '../src/db/sql.ts'
import type { Statement } from '../src/db/wire/statement.ts'
import { Problem } from '../src/errors.ts'
import { servicePrincipal, sessionPrincipal, type Principal } from '../src/principal.ts'
import { needsServer, openServedDatabase, withClient, type ServedDatabase, type TestUser } from './databases.ts'

// One database with one connection for all tests, so that anything a scope leaves on it would affect the next one.
let served: ServedDatabase
let ada: TestUser
let ben: TestUser

before(async () => {
  served = await openServedDatabase({ DATABASE_POOL_SIZE: '1', DATABASE_POOL_OVERFLOW: '0' })
  ada = await served.addUser()
  ben = await served.addUser()
  for (const user of [ada, ben]) {
    for (const title of ['one', 'two']) {
      await as(user, `insert into tasks (id, title) values (gen_random_uuid(), '${title} of ${user.id}')`)
    }
  }
})
after(() => served[Symbol.asyncDispose]())

/** Not prepared, because each statement is executed once. */
const unnamed = (text: string): Statement => ({ name: '', text })

const as = (user: { principal: Principal }, text: string, values: readonly unknown[] = []) =>
  served.db.asUser(user.principal, (sql) => sql.rows<Record<string, unknown>>(unnamed(text), values))

const asOwner = async (text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> =>
  served.asOwner(async (client) => (await client.query<Record<string, unknown>>(text, [...values])).rows)

const tasksOf = (user: TestUser) =>
  asOwner('select to_jsonb(t) as task from tasks t where user_id = $1 order by id', [user.id])

const withCode =
  (...codes: string[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof DatabaseError, String(error))
    assert.ok(codes.includes(error.code ?? ''), `${error.code}: ${error.message}`)
    return true
  }
const permissionDenied = withCode('42501')

const problem =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Problem && error.code === code

/**
 * The faults of the tables with rows of users: those with a column user_id or "userId", those that refer to users, and users itself.
 * The owner is exempt: it runs the migrations, and FORCE applies the policies to it too.
 */
async function faults(client: Pick<ClientBase, 'query'>, servingRole: string): Promise<string[]> {
  const { rows } = await client.query<{ fault: string }>({
    text: `
      with of_users as (
        select c.oid, c.relname, c.relowner, c.relrowsecurity, c.relforcerowsecurity from pg_class c
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and (
          c.relname = 'users'
          or exists (select from pg_attribute a
            where a.attrelid = c.oid and a.attname in ('user_id', 'userId') and not a.attisdropped)
          or exists (select from pg_constraint f
            where f.conrelid = c.oid and f.contype = 'f' and f.confrelid = to_regclass('public.users')))
      ), granted as (
        select t.oid, t.relname, g.grantee, g.privilege_type as verb
        from of_users t, lateral (
          select grantee, privilege_type from aclexplode((select relacl from pg_class c where c.oid = t.oid))
          union
          select a.grantee, a.privilege_type from pg_attribute c, aclexplode(c.attacl) a where c.attrelid = t.oid
        ) g where g.grantee <> t.relowner
      ), covered as (
        select polrelid as oid, unnest(polroles) as grantee, v.verb,
          pg_get_expr(polqual, polrelid) as using_it, pg_get_expr(polwithcheck, polrelid) as checking_it
        from pg_policy join (values ('r', 'SELECT'), ('a', 'INSERT'), ('w', 'UPDATE'), ('d', 'DELETE')) v (cmd, verb)
          on polcmd::text in ('*', v.cmd)
      )
      select relname || ' does not enable row-level security' as fault from of_users where not relrowsecurity
      union all select relname || ' does not force row-level security' from of_users where not relforcerowsecurity
      union all select relname || ' grants ' || verb || ' to all roles' from granted where grantee = 0
      union all select relname || ' grants ' || verb || ' to ' || grantee::regrole || ', for which there is no policy'
      from granted where verb in ('SELECT', 'INSERT', 'UPDATE', 'DELETE') and not exists (
          select from covered c where c.oid = granted.oid and c.verb = granted.verb and c.grantee in (0, granted.grantee))
      union all select relname || ' grants ' || verb || ' to ' || grantee::regrole || ', to which policies do not apply'
        from granted where grantee <> 0 and verb not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
      union all select relname || ' lets ' || $1 || ' ' || verb || ' without checking the user of the scope'
        from covered join of_users using (oid) where grantee in (0, $1::regrole)
          and concat(using_it, checking_it) not like '%current_setting(''app.user_id''::text, true)%'
      union all select relname || ' asks ' || $1 || ' for the user of the scope outside of a subquery, which prevents index scans'
        from covered join of_users using (oid) where grantee in (0, $1::regrole)
          and replace(concat(using_it, checking_it),
            '( SELECT NULLIF(current_setting(''app.user_id''::text, true), ''''::text) AS "nullif")', '') like '%current_setting(%'
      union all select c.relname || ' is a view: it reads with the rights of its owner' from pg_class c
        where c.relkind in ('v', 'm') and c.relnamespace = 'public'::regnamespace
          and has_table_privilege($1, c.oid, 'select') and not 'security_invoker=true' = any (coalesce(c.reloptions, '{}'))
      order by 1`,
    values: [servingRole],
  })
  return rows.map((row) => row.fault)
}

describe('the catalogue', () => {
  const find = () => served.asOwner((client) => faults(client, served.db.roles.serving))

  test('every table with rows of users forces row-level security, with policies for every verb that is granted', async () => {
    assert.deepEqual(await find(), [])
  })

  test('each kind of fault of a new table is reported', async () => {
    const role = served.db.roles.serving
    const found = await served.asOwner(async (client) => {
      await client.query(`begin;
        create table bare (id int, user_id text);
        create table enabled_only (id int, "userId" text);
        alter table enabled_only enable row level security;
        grant select on enabled_only to ${role};
        create table wide (id int, u text references users);
        alter table wide enable row level security;
        alter table wide force row level security;
        create policy all_rows on wide for all to ${role} using (true);
        grant select (id), update, truncate on wide to ${role};
        create table half (id int, user_id text);
        alter table half enable row level security;
        alter table half force row level security;
        create policy readers on half for select to ${role} using (user_id = current_setting('app.user_id', true));
        grant select, insert on half to ${role};
        grant select on half to public;
        create view peephole as select * from tasks;
        grant select on peephole to ${role}`)
      try {
        return await faults(client, role)
      } finally {
        await client.query('rollback')
      }
    })
    assert.deepEqual(found, [
      'bare does not enable row-level security',
      'bare does not force row-level security',
      'enabled_only does not force row-level security',
      `enabled_only grants SELECT to ${role}, for which there is no policy`,
      `half asks ${role} for the user of the scope outside of a subquery, which prevents index scans`,
      `half grants INSERT to ${role}, for which there is no policy`,
      'half grants SELECT to -, for which there is no policy',
      'half grants SELECT to all roles',
      'peephole is a view: it reads with the rights of its owner',
      `wide grants TRUNCATE to ${role}, to which policies do not apply`,
      ...['DELETE', 'INSERT', 'SELECT', 'UPDATE'].map(
        (verb) => `wide lets ${role} ${verb} without checking the user of the scope`,
      ),
    ])
    assert.deepEqual(await find(), [])
  })

  test('every key and unique constraint of a table with rows of users begins with the user', async () => {
    const others = await asOwner(
      `select x.indexrelid::regclass::text as name from pg_index x
       join pg_attribute u on u.attrelid = x.indrelid and u.attname = 'user_id' and not u.attisdropped
       where x.indisunique and x.indkey[0] <> u.attnum and x.indrelid in (
         select oid from pg_class where relnamespace = 'public'::regnamespace)`,
    )
    assert.deepEqual(others, [])
  })

  test('functions may be called only by the role that needs them, and those with the rights of the owner have a fixed search path', async () => {
    const functions = await asOwner(
      `select p.oid::regprocedure::text as name, p.prosecdef as definer, array_to_string(p.proconfig, '; ') as config,
         has_function_privilege($1, p.oid, 'execute') as serving, has_function_privilege($2, p.oid, 'execute') as system
       from pg_proc p where p.pronamespace = 'public'::regnamespace order by 1`,
      [served.db.roles.serving, served.db.roles.system],
    )
    const ours = { definer: true, config: 'search_path=public, pg_temp', serving: true, system: false }
    // These functions run with the rights of their caller: what they read is decided by the policies. The trigger function needs no right
    // to execute.
    const textual = { definer: false, config: null, serving: true, system: false }
    // What writes the change log: the triggers run as the owner, and call the others.
    const logging = { definer: false, config: null, serving: false, system: false }
    assert.deepEqual(functions, [
      { name: 'todo_begin_log(text)', ...logging },
      { name: 'todo_calendar_user(text[])', ...ours, serving: false, system: true },
      { name: 'todo_day_end(date,text)', ...textual },
      { name: 'todo_day_start(date,text)', ...textual },
      { name: 'todo_derive_task()', ...textual, serving: false },
      { name: 'todo_due_date(text)', ...textual },
      { name: 'todo_due_day(text)', ...textual },
      { name: 'todo_due_json(timestamp with time zone,date)', ...textual },
      { name: 'todo_empty_log_position()', ...textual },
      { name: 'todo_end_programs(text)', ...ours, serving: false, system: true },
      { name: 'todo_erase(text,uuid[])', ...ours },
      { name: 'todo_erase_entity(text,text,uuid,bigint,integer)', ...logging },
      { name: 'todo_erase_entries(text,text,uuid,bigint,integer)', ...logging },
      { name: 'todo_erase_history(text,uuid,bigint,bigint)', ...ours },
      { name: 'todo_erase_log()', ...ours, serving: false },
      { name: 'todo_expire_trash(text)', ...ours, serving: false, system: true },
      { name: 'todo_fire_reminders(integer)', ...ours, serving: false, system: true },
      { name: 'todo_has_user(text)', ...logging },
      { name: 'todo_instant_json(timestamp with time zone)', ...textual },
      { name: 'todo_knows_zone(text)', ...textual, system: true },
      { name: 'todo_log(text,text,uuid,text,integer,jsonb,jsonb,boolean)', ...logging },
      { name: 'todo_log_notification()', ...ours, serving: false },
      { name: 'todo_log_task()', ...ours, serving: false },
      { name: 'todo_name_app()', ...logging },
      { name: 'todo_name_token()', ...logging },
      { name: 'todo_note_token_uses(text[],text[])', ...ours, serving: false, system: true },
      { name: 'todo_notification_json(notifications)', ...textual },
      { name: 'todo_plan_reminders(tasks)', ...logging },
      { name: 'todo_positions(jsonb)', ...textual },
      { name: 'todo_profile()', ...ours },
      { name: 'todo_prove(text,text[],text)', ...ours },
      { name: 'todo_remind_in_zone()', ...ours, serving: false },
      { name: 'todo_remind_of_task()', ...ours, serving: false },
      { name: 'todo_reminded_due(tasks)', ...logging },
      { name: 'todo_rename(text)', ...ours },
      { name: 'todo_search_words(text)', ...textual },
      { name: 'todo_task_format()', ...textual },
      { name: 'todo_task_json(tasks)', ...textual },
      { name: 'todo_webhooks_behind(text,uuid,integer)', ...ours, serving: false, system: true },
    ])
  })
})

test('a backup can be restored, because the derived columns of a task are computed without a search path', async () => {
  const rows = await asOwner(
    `with path as materialized (select set_config('search_path', '', true))
     insert into public.tasks (id, user_id, title, due_date) select gen_random_uuid(), $1, 'Restored', now() from path
     returning json::json->>'title' as title, split_part(search_words, E'\\n', 1) as words`,
    [ben.id],
  )
  assert.deepEqual(rows, [{ title: 'Restored', words: ' restored ' }])
  await asOwner(`delete from tasks where title = 'Restored'`)
})

describe('a statement without a condition on the user', () => {
  const untouched = async (
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Record<string, unknown>[]> => {
    const before = await tasksOf(ben)
    assert.equal(before.length, 2)
    try {
      return await as(ada, text, values)
    } finally {
      assert.deepEqual(await tasksOf(ben), before)
    }
  }
  const idOfBens = async (): Promise<unknown> =>
    (await asOwner('select id from tasks where user_id = $1', [ben.id]))[0]?.['id']

  for (const text of [
    'select user_id from tasks',
    'select user_id from tasks for update',
    'table tasks',
    `select user_id from tasks where true or user_id <> ''`,
    'select a.user_id from tasks a, tasks b',
    'update tasks set title = title returning user_id',
    `update tasks set title = title where user_id <> '' returning user_id`,
    'insert into tasks (id, title) select gen_random_uuid(), title from tasks returning user_id',
    'delete from tasks where id in (select id from tasks limit 1) returning user_id',
  ]) {
    test(`reaches the rows of its own user only: ${text}`, async () => {
      const rows = await untouched(text)
      assert.ok(rows.length > 0)
      assert.deepEqual(new Set(rows.map((row) => row['user_id'])), new Set([ada.id]))
    })
  }

  test('deletes only rows of its own user', async () => {
    await untouched('delete from tasks')
    assert.deepEqual(await tasksOf(ada), [])
    await as(ada, `insert into tasks (id, title) values (gen_random_uuid(), 'again')`)
  })

  test("that names another user's task reads, changes and deletes no row", async () => {
    const id = await idOfBens()
    for (const text of [
      'select * from tasks where id = $1',
      `update tasks set title = 'mine' where id = $1 returning *`,
      'delete from tasks where id = $1 returning *',
    ]) {
      assert.deepEqual(await untouched(text, [id]), [], text)
    }
  })

  test('that names another user as the owner, in an insert or an update, is denied', async () => {
    await assert.rejects(
      untouched(`insert into tasks (id, title, user_id) values (gen_random_uuid(), 'gift', $1)`, [ben.id]),
      permissionDenied,
    )
    await assert.rejects(untouched(`update tasks set user_id = $1`, [ben.id]), permissionDenied)
    await assert.rejects(untouched('truncate tasks'), permissionDenied)
  })

  test('that sets a derived column of a task is denied', async () => {
    for (const [column, value] of Object.entries({ json: `'{}'`, search_words: `'x'`, json_format: '1' })) {
      await assert.rejects(untouched(`update tasks set ${column} = ${value}`), permissionDenied, column)
      const insert = `insert into tasks (id, title, ${column}) values (gen_random_uuid(), 'x', ${value})`
      await assert.rejects(untouched(insert), permissionDenied, column)
    }
  })

  test("that inserts the id of another user's task neither changes nor returns that task, nor detects it", async () => {
    const id = await idOfBens()
    const insert = `insert into tasks (id, title) values ($1, 'mine')`
    const [mine] = await untouched(`${insert} returning user_id, title`, [id])
    assert.deepEqual(mine, { user_id: ada.id, title: 'mine' })
    await assert.rejects(untouched(insert, [id]), withCode('23505'))
    assert.deepEqual(await untouched(`${insert} on conflict do nothing returning *`, [id]), [])
    const over = `${insert} on conflict (user_id, id) do update set title = 'over' returning user_id, title`
    assert.deepEqual(await untouched(over, [id]), [{ user_id: ada.id, title: 'over' }])
    assert.equal((await untouched('delete from tasks where id = $1 returning user_id', [id])).length, 1)
  })

  test("that would fail on another user's row succeeds, because its conditions are evaluated only on permitted rows", async () => {
    const failing = `select id from tasks where 1 / (case when user_id = $1 then 0 else 1 end) = 1`
    assert.equal((await untouched(failing, [ben.id])).length, 1)
    await assert.rejects(untouched(failing, [ada.id]), withCode('22012'))
  })

  test('reads nothing from the statistics of the planner', async () => {
    await asOwner('analyze tasks')
    const query = `select attname from pg_stats where tablename = 'tasks' and schemaname = 'public'`
    assert.ok((await asOwner(query)).length > 0)
    assert.deepEqual(await as(ada, query), [])
  })
})

describe('outside a scope', () => {
  const tables = async (): Promise<string[]> =>
    (
      await asOwner(
        `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
           and relname <> 'schema_migrations'`,
      )
    ).map((row) => String(row['relname']))

  test('no row can be read or inserted on a connection that never had a user', async () => {
    for (const table of await tables()) {
      // The previous connection was that of the owner and is closed, so this one is new.
      await assertNothingThere(table)
    }
  })

  test('no row can be read or inserted on a connection that had a user before', async () => {
    for (const table of await tables()) {
      await as(ada, 'select 1')
      await assertNothingThere(table)
    }
  })

  async function assertNothingThere(table: string): Promise<void> {
    for (const text of [`select * from ${table}`, `delete from ${table} returning *`]) {
      const rows = await served.db.pool.query(text).then(
        (result) => result.rows,
        (error: unknown) => permissionDenied(error) && [],
      )
      assert.deepEqual(rows, [], text)
    }
    // Either the right is missing, or the row would have no owner.
    await assert.rejects(served.db.pool.query(`insert into ${table} default values`), withCode('42501', '23502'), table)
  }

  test('the system role can neither read nor change tasks', async () => {
    for (const text of [
      'select 1 from tasks',
      `insert into tasks (id, title) values (gen_random_uuid(), 'x')`,
      `update tasks set title = 'x'`,
      'delete from tasks',
      'truncate tasks',
    ]) {
      await assert.rejects(
        served.db.asSystem('test', (sql) => sql.rows(unnamed(text))),
        permissionDenied,
        text,
      )
    }
  })

  test('the system role reads and deletes expired idempotency keys, but can neither change them nor read their results', async () => {
    const user = await served.addUser()
    const ages = ['23 hours 59 minutes', '24 hours 1 minute']
    for (const age of ages) {
      await asOwner(
        `insert into idempotency_keys (user_id, key, fingerprint, result, created_at)
         values ($1, $2::text, sha256('x'), '"secret"', now() - $2::text::interval)`,
        [user.id, age],
      )
    }
    const asSystem = (text: string) =>
      served.db.asSystem('test', (sql) => sql.rows<Record<string, unknown>>(unnamed(text)))
    assert.deepEqual(await asSystem('select key from idempotency_keys'), [{ key: ages[1] }])
    for (const text of [
      'select result from idempotency_keys',
      'select fingerprint from idempotency_keys',
      'select * from idempotency_keys',
      'update idempotency_keys set created_at = now()',
      `update idempotency_keys set created_at = now() - interval '2 days'`,
      `update idempotency_keys set result = '1'`,
      `insert into idempotency_keys (key, fingerprint) values ('k', sha256('x'))`,
      'truncate idempotency_keys',
    ]) {
      await assert.rejects(asSystem(text), permissionDenied, text)
    }
    assert.deepEqual(await asSystem('delete from idempotency_keys returning key'), [{ key: ages[1] }])
    assert.deepEqual(await asOwner('select key from idempotency_keys where user_id = $1', [user.id]), [
      { key: ages[0] },
    ])
    assert.deepEqual(await as(ada, 'select * from idempotency_keys'), [])
    assert.deepEqual(await as(user, 'select key from idempotency_keys'), [{ key: ages[0] }])
  })

  test('the system role deletes a user together with the tasks that it cannot read', async () => {
    const user = await served.addUser()
    await as(user, `insert into tasks (id, title) values (gen_random_uuid(), 'x')`)
    await served.db.asSystem('test', (sql) => sql.rows(unnamed('delete from users where id = $1'), [user.id]))
    assert.deepEqual(await tasksOf(user), [])
  })
})

describe('a scope leaves neither user, role nor other settings on its connection', () => {
  const WHO = `select current_user as role, current_setting('app.user_id', true) as "user", pg_backend_pid() as pid`
  const fails = unnamed('select 1 / 0')
  const [one, two] = [unnamed('select 1'), unnamed('select 2')]
  const rejected = (promise: Promise<unknown>): Promise<void> => assert.rejects(promise)

  const endings: Record<string, (inside: (sql: Sql) => Promise<void>) => Promise<void>> = {
    'that finished': (inside) => served.db.asUser(ada.principal, inside),
    'whose work threw': (inside) =>
      rejected(
        served.db.asUser(ada.principal, async (sql) => {
          await inside(sql)
          throw new Error('no')
        }),
      ),
    'whose statement failed': (inside) =>
      rejected(
        served.db.asUser(ada.principal, async (sql) => {
          await inside(sql)
          await sql.rows(fails)
        }),
      ),
    'whose work threw while other statements, failing and succeeding ones, still ran': (inside) =>
      rejected(
        served.db.asUser(ada.principal, async (sql) => {
          await inside(sql)
          await Promise.all([sql.rows(fails), sql.rows(one), sql.rows(two), sql.rows(fails)])
        }),
      ),
    'that did not await its last statements': (inside) =>
      served.db.asUser(ada.principal, async (sql) => {
        await inside(sql)
        void sql.rows(one)
        void sql.rows(unnamed('select pg_sleep(0.05)'))
      }),
    'whose work ignored the error of a statement': (inside) =>
      rejected(
        served.db.asUser(ada.principal, async (sql) => {
          await inside(sql)
          await sql.rows(fails).catch(() => undefined)
        }),
      ),
    'of the system role': (inside) => served.db.asSystem('test', inside),
    'of the system role that failed': (inside) =>
      rejected(
        served.db.asSystem('test', async (sql) => {
          await inside(sql)
          await sql.rows(fails)
        }),
      ),
  }
  for (const [how, run] of Object.entries(endings)) {
    test(`one ${how}`, async () => {
      let within: Record<string, unknown> | undefined
      await run(async (sql) => {
        within = await sql.row<Record<string, unknown>>(unnamed(WHO))
      })
      const { rows } = await served.db.pool.query<Record<string, unknown>>(WHO)
      assert.deepEqual(rows, [{ role: served.db.roles.serving, user: '', pid: within?.['pid'] }])
      assert.deepEqual((await served.db.pool.query('select * from tasks')).rows, [])
    })
  }

  test('one that was refused as unauthenticated', async () => {
    const unknown = sessionPrincipal(['0'.repeat(64)])
    await assert.rejects(
      served.db.asUser(unknown, () => assert.fail('the work ran')),
      problem('unauthenticated'),
    )
    const { rows } = await served.db.pool.query(WHO)
    assert.deepEqual([rows[0].role, rows[0].user], [served.db.roles.serving, ''])
  })

  test('a temporary table of one user does not hide a table from the next', async () => {
    await as(ada, 'create temporary table tasks (like public.tasks)')
    await as(ben, `insert into tasks (id, title) values (gen_random_uuid(), 'into the real one')`)
    assert.equal((await tasksOf(ben)).length, 3)
  })
})

describe('the serving role', () => {
  for (const [table, column] of [
    ['users', 'id'],
    ['user_sessions', 'id'],
    ['user_accounts', 'id'],
    ['user_verifications', 'id'],
    ['mail_tokens', 'user_id'],
  ] as const) {
    test(`has no right on ${table}`, async () => {
      for (const text of [
        `select 1 from ${table}`,
        `select count(*) from ${table}`,
        `insert into ${table} (${column}) values ('x')`,
        `update ${table} set ${column} = ${column}`,
        `delete from ${table}`,
        `truncate ${table}`,
      ]) {
        await assert.rejects(as(ada, text), permissionDenied, text)
      }
    })
  }

  test('cannot change what restricts it', async () => {
    const { serving, system } = served.db.roles
    const catalogue = () =>
      asOwner(`select c.relname, c.relacl::text, c.relrowsecurity, c.relforcerowsecurity, c.relowner,
                 array(select row(p.*)::text from pg_policy p where p.polrelid = c.oid order by 1) as policies
               from pg_class c where c.relnamespace = 'public'::regnamespace order by 1`)
    const before = await catalogue()
    for (const text of [
      'alter table tasks disable row level security',
      'alter table tasks no force row level security',
      `alter table tasks owner to ${serving}`,
      'alter table tasks alter user_id drop default',
      'drop table tasks',
      'drop policy tasks_of_the_user on tasks',
      'alter policy tasks_of_the_user on tasks using (true)',
      `create policy mine on tasks to ${serving} using (true)`,
      'create index on tasks (title)',
      'create trigger t before insert on tasks for each row execute function suppress_redundant_updates_trigger()',
      'create rule r as on select to tasks do instead select 1',
      'create table public.mine (id int)',
      'create view public.mine as select 1',
      `create function public.mine() returns int language sql as 'select 1'`,
      `alter function todo_prove(text, text[], text) owner to ${serving}`,
      'drop function todo_prove(text, text[], text)',
      'drop schema public',
      `insert into schema_migrations (version, name, checksum) values (9999, 'x', 'x')`,
      'delete from schema_migrations',
      'create schema mine',
      'create role mine',
      `alter role ${serving} bypassrls`,
      `alter role ${serving} superuser`,
      `grant ${system} to ${serving}`,
      'set local session_replication_role = replica',
      `select pg_read_file('/etc/passwd')`,
      `select pg_ls_dir('.')`,
      `select lo_import('/etc/passwd')`,
      `copy tasks from program 'true'`,
      `copy tasks to '/tmp/todo-isolation-test'`,
    ]) {
      await assert.rejects(as(ada, text), permissionDenied, text)
    }
    // Granting a right without the grant option is a warning, not an error; it must have no effect.
    await as(ada, 'grant select on tasks to public').catch(permissionDenied)
    assert.deepEqual(await catalogue(), before)
  })

  test('reads no row by turning row-level security off for itself', async () => {
    await assert.rejects(
      served.db.asUser(ada.principal, async (sql) => {
        await sql.rows(unnamed('set local row_security = off'))
        return sql.rows(unnamed('select * from tasks'))
      }),
      permissionDenied,
    )
  })
})

describe('a user who is deleted while a scope of theirs is open', { skip: needsServer }, () => {
  const vanish = (id: string) =>
    withClient(String(served.env['DATABASE_URL']), (client) => client.query('delete from users where id = $1', [id]))

  const service = (id: string): Principal => servicePrincipal('agent', id)
  for (const [kind, principal, code] of [
    ['a session is refused as unknown', (user: TestUser) => user.principal, 'unauthenticated'],
    ['a service is refused with not_found', (user: TestUser) => service(user.id), 'not_found'],
  ] as const) {
    test(`leaves no task behind, and ${kind}`, async () => {
      const user = await served.addUser()
      await as(user, `insert into tasks (id, title) values (gen_random_uuid(), 'old')`)
      await assert.rejects(
        served.db.asUser(principal(user), async (sql) => {
          await vanish(user.id)
          assert.deepEqual(await sql.rows(unnamed('select * from tasks')), [])
          await sql.rows(unnamed(`insert into tasks (id, title) values (gen_random_uuid(), 'new')`))
        }),
        problem(code),
      )
      assert.deepEqual(await tasksOf(user), [])
    })
  }
})

// These change the tables, so they come last.
describe('a session', () => {
  const idOf = (user: { principal: Principal }) => served.db.asUser(user.principal, async (sql) => sql.userId)
  const session = (...tokenKeys: string[]): { principal: Principal } => ({ principal: sessionPrincipal(tokenKeys) })
  const unauthenticated = problem('unauthenticated')
  const expireIn = (user: TestUser, interval: string, utc = false) =>
    asOwner(
      `update user_sessions set "expiresAt" = ${utc ? `now() at time zone 'UTC'` : 'now()'} + $2::interval where "userId" = $1`,
      [user.id, interval],
    )

  test('opens only the scope of its own user', async () => {
    assert.equal(await idOf(ada), ada.id)
    assert.equal(await idOf(ben), ben.id)
    // Possible stored forms of a presented token, of which one exists.
    assert.equal(await idOf(session('unknown', ben.tokenKey)), ben.id)
  })

  test('is refused if it is unknown, empty or absent', async () => {
    for (const invalid of [session('unknown'), session(''), session(), session(`${ada.tokenKey} `), session(ada.id)]) {
      await assert.rejects(idOf(invalid), unauthenticated)
    }
  })

  test('is refused after it was revoked', async () => {
    const user = await served.addUser()
    await served.db.asSystem('test', (sql) =>
      sql.rows(unnamed('delete from user_sessions where "userId" = $1'), [user.id]),
    )
    await assert.rejects(idOf(user), unauthenticated)
  })

  test('is refused after its user was deleted, even if no foreign key deleted the session', async () => {
    await asOwner('alter table user_sessions drop constraint "user_sessions_userId_fkey"')
    const user = await served.addUser()
    await served.db.asSystem('test', (sql) => sql.rows(unnamed('delete from users where id = $1'), [user.id]))
    assert.equal((await asOwner('select 1 from user_sessions where "userId" = $1', [user.id])).length, 1)
    await assert.rejects(idOf(user), unauthenticated)
  })

  for (const type of ['timestamptz', 'timestamp', 'timestamptz(3)', 'timestamp(3)']) {
    for (const zone of ['UTC', 'Asia/Kolkata', 'America/Los_Angeles']) {
      test(`expires by the clock of the database, with expiresAt a ${type} and the server in ${zone}`, async () => {
        const utc = type.startsWith('timestamp') && !type.startsWith('timestamptz')
        const user = await served.addUser()
        await served.asOwner(async (client) => {
          await client.query(`set timezone = 'UTC'`)
          await client.query(`alter table user_sessions alter "expiresAt" type ${type}`)
          await client.query(
            `do $$ begin execute format('alter database %I set timezone = %L', current_database(), '${zone}'); end $$`,
          )
        })
        for (const [interval, isValid] of [
          ['1 minute', true],
          ['6 days', true],
          ['-1 second', false],
          ['-1 minute', false],
          ['-6 days', false],
        ] as const) {
          await expireIn(user, interval, utc)
          // The check of the service, and then the same check in a session with the time zone of the server.
          assert.equal(
            await idOf(user).catch((error: unknown) => unauthenticated(error) && 'refused'),
            isValid ? user.id : 'refused',
          )
          const [row] = await served.asOwner(async (client) => {
            await client.query(`set timezone = '${zone}'`)
            return (await client.query(`select todo_prove('session', array[$1], null) as id`, [user.tokenKey])).rows
          })
          assert.equal(row.id, isValid ? user.id : null)
        }
      })
    }
  }
})
