import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { suite, test } from 'node:test'
import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg'
import { openTestDatabase, SERVER_URL, urlOf, withClient, type TestDatabase } from './databases.ts'
import { FEATURE_CASES } from './feature-cases.ts'
import { explain, watchStatements, type Expected, type Sent } from './plans.ts'
import { openWorld, type User, type World } from './world.ts'

/**
 * The indexes and their columns that each operation reads, in the plans of PostgreSQL for the actual statements of the service under the
 * serving role. `npm run bench -- growth` measures times; these plans are the reason why they do not grow.
 *
 * The planner must choose the same index in any order of their creation, because a restore and a reindex change that order.
 */
const NEWEST = 'tasks_by_created (user_id)'
const ONE = 'tasks_pkey (user_id, id)'
/** One entry of each, for the tag of the list. */
const LATEST_OVERDUE = ['tasks_open_by_due_instant (user_id, due_date)', 'tasks_open_by_due_day (user_id, due_day)']
/** A page by due date merges the first tasks of each kind. */
const BY_DUE = [
  'tasks_by_due_instant (user_id, due_date)',
  'tasks_by_due_day (user_id)',
  'tasks_by_due_instant (user_id, due_date)',
]
/** Where the log ends, and the id of the head of the cursor. */
const LOG_STATE = ['changes_pkey (user_id)', 'changes_pkey (user_id, seq)']

const page = (query: string, ...reads: readonly string[]): Expected => ({
  ask: ['GET', `/api/tasks?limit=20${query}`],
  reads,
})

const OPERATIONS: Readonly<Record<string, Expected>> = {
  'the newest': page('', NEWEST),
  'the newest, next page': page('&cursor=:next', 'tasks_by_created (user_id, created_at, id)'),
  'all by update': page('&sort=-updatedAt', 'tasks_by_updated (user_id)'),
  'all by due date': page('&sort=dueDate', ...BY_DUE),
  'all by due date, the last first': page('&sort=-dueDate', ...BY_DUE),
  'all by due date, next page': page(
    '&sort=dueDate&cursor=:due',
    'tasks_by_due_instant (user_id, due_date)',
    'tasks_by_due_day (user_id, due_day, id)',
    'tasks_by_due_instant (user_id, due_date)',
  ),
  'all by priority': page('&sort=-priority', 'tasks_by_priority (user_id)'),
  'the open newest': page('&completed=false', 'tasks_open_by_created (user_id)'),
  'the newest of two statuses': page('&status=TODO,IN_PROGRESS', 'tasks_open_by_created (user_id)'),
  'the newest of one status': page('&status=TODO', 'tasks_open_by_created (user_id)'),
  'the open by update': page('&completed=false&sort=-updatedAt', 'tasks_open_by_updated (user_id)'),
  'the open by due date': page(
    '&completed=false&sort=dueDate',
    'tasks_open_by_due_instant (user_id, due_date)',
    'tasks_open_by_due_day (user_id)',
    'tasks_open_by_due_instant (user_id, due_date)',
  ),
  'the open by priority': page('&completed=false&sort=-priority', 'tasks_open_by_priority (user_id)'),
  'the overdue by due date': page(
    '&due=overdue&sort=dueDate',
    ...LATEST_OVERDUE,
    'tasks_open_by_due_instant (user_id, due_date)',
    'tasks_open_by_due_day (user_id, due_day)',
  ),
  'what is due today': page(
    '&due=today&sort=dueDate',
    'tasks_by_due_instant (user_id, due_date)',
    'tasks_by_due_day (user_id, due_day)',
  ),
  'what is due before a day': page(
    '&dueBefore=2020-01-01&sort=dueDate',
    'tasks_by_due_instant (user_id, due_date)',
    'tasks_by_due_day (user_id, due_day)',
  ),
  'what changed since': page('&updatedSince=:yesterday&sort=updatedAt', 'tasks_by_updated (user_id, updated_at)'),
  'completed lately': page('&completed=true&sort=-updatedAt', 'tasks_by_updated (user_id)'),
  'the newest with a tag': page('&tag=home', NEWEST),
  'the open with a tag': page('&completed=false&tag=home', 'tasks_open_by_created (user_id)'),
  'one task': { ask: ['GET', '/api/tasks/:id'], reads: [ONE] },
  'a change': { ask: ['PATCH', '/api/tasks/:id', { title: 'another' }], reads: [ONE] },
  'a change of nothing': { ask: ['PATCH', '/api/tasks/:id', { title: 'another' }], reads: [ONE, ONE] },
  'a toggle': { ask: ['PATCH', '/api/tasks/:id/complete'], reads: [ONE] },
  'a batch': {
    ask: [
      'POST',
      '/api/tasks/batch',
      {
        operations: [
          { op: 'complete', id: ':id' },
          { op: 'delete', id: ':other' },
        ],
      },
    ],
    reads: [ONE, ONE, ONE, ONE],
  },
  'a batch that has seen the log, of a task that is not there': {
    ask: [
      'POST',
      '/api/tasks/batch',
      {
        atomic: false,
        ifCursor: ':sync',
        operations: [{ op: 'put', id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11', ifVersion: 1, task: { title: 'x' } }],
      },
    ],
    reads: [
      'changes_pkey (user_id)',
      ONE,
      'changes_pkey (user_id)',
      'changes_pkey (user_id, seq)',
      'changes_by_entity (user_id, type, entity_id)',
      'changes_by_entity (user_id, type, entity_id)',
      'changes_pkey (user_id)',
    ],
    isOfLog: true,
  },
  'a bulk deletion': { ask: ['POST', '/api/tasks/bulk-delete', { ids: [':third'] }], reads: [ONE, ONE] },
  'a deletion': { ask: ['DELETE', '/api/tasks/:id'], reads: [ONE] },
  'a creation with a key': {
    ask: ['POST', '/api/tasks', { title: 'x' }],
    headers: { 'idempotency-key': ':id' },
    reads: ['idempotency_keys_pkey (user_id, key)'],
  },
  'an initial load': {
    ask: ['GET', '/api/changes?limit=20'],
    reads: [...LOG_STATE, 'tasks_pkey (user_id)'],
    isOfLog: true,
  },
  'the next page of an initial load': {
    ask: ['GET', '/api/changes?limit=20&cursor=:load'],
    reads: [...LOG_STATE, ONE],
    isOfLog: true,
  },
  'the changes since': {
    ask: ['GET', '/api/changes?limit=20&cursor=:sync'],
    reads: [...LOG_STATE, 'changes_pkey (user_id, seq)', 'changes_by_entity (user_id, type, entity_id)', ONE],
    isOfLog: true,
  },
  ...Object.assign({}, ...FEATURE_CASES.map(({ plans }) => plans?.operations)),
}

/** Enough rows to distinguish a good plan from a bad one: a user with many tasks among users with some, and keys of many users. */
const FILL = `
  insert into users (id, name, email, "emailVerified") select 'other-' || n, 'x', n || '@others.example', true from generate_series(1, 100) n;
  insert into tasks (id, user_id, title, status, priority, due_date, due_day, tags, created_at, updated_at, completed_at)
  select gen_random_uuid(), user_id, 'Task ' || n, status, (enum_range(null::task_priority))[1 + n % 4],
    case when n % 3 > 0 then case when n % 5 > 1 then at + '7 days' else todo_due_date(to_char(at, 'YYYY-MM-DD')) end end,
    case when n % 3 > 0 and n % 5 <= 1 then at::date end, case n % 4 when 0 then '{home}' else '{}' end::text[], at, at,
    case when status = 'COMPLETED' then at end
  from (
    select user_id, n, now() - n * interval '1 hour' as at,
      (case when n % 20 > 0 then 'COMPLETED' when n % 3 > 0 then 'TODO' else 'IN_PROGRESS' end)::task_status as status
    from (select $1 as user_id, generate_series(1, 4000) as n union all
          select id, generate_series(1, 30) from users where id like 'other-%') each_of_them
  ) rows;
  insert into idempotency_keys (user_id, key, fingerprint)
  select user_id, 'key ' || id, sha256(id::text::bytea) from tasks;
  ${FEATURE_CASES.map(({ plans }) => plans?.fill ?? '').join(';')}`

/**
 * Drops all indexes of users' rows and creates them again in this order of their names. Foreign keys depend on the index of the key they
 * refer to: they are dropped before it, and made after it.
 */
async function makeIndexesAgain(client: ClientBase, descending: boolean): Promise<void> {
  const { rows } = await client.query<{ drop: string; make: string }>(
    `
    select coalesce('alter table ' || c.conrelid::regclass || ' drop constraint ' || quote_ident(c.conname),
        'drop index ' || indexrelid::regclass) as drop,
      coalesce('alter table ' || c.conrelid::regclass || ' add constraint ' || quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid),
        pg_get_indexdef(indexrelid)) as make
    from pg_index left join pg_constraint c on c.conindid = indexrelid and c.contype in ('p', 'u')
    where indrelid::regclass::text = any ($1) order by indexrelid::regclass::text`,
    [[...TABLES_AND_LOG]],
  )
  const { rows: references } = await client.query<{ drop: string; make: string }>(
    `
    select 'alter table ' || conrelid::regclass || ' drop constraint ' || quote_ident(conname) as drop,
      'alter table ' || conrelid::regclass || ' add constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid) as make
    from pg_constraint where contype = 'f' and confrelid::regclass::text = any ($1) order by conname`,
    [[...TABLES_AND_LOG]],
  )
  for (const { drop } of [...references, ...rows]) await client.query(drop)
  for (const { make } of [...(descending ? rows.toReversed() : rows), ...references]) await client.query(make)
}

const TABLES = new Set(['tasks', 'idempotency_keys', ...FEATURE_CASES.flatMap(({ plans }) => plans?.tables ?? [])])
const TABLES_AND_LOG = new Set([...TABLES, 'changes'])

async function arrange(world: World): Promise<User> {
  const ada = await world.signUp('Ada')
  await world.asOwner(async (client) => {
    for (const statement of FILL.split(';').filter((each) => each.trim() !== ''))
      await client.query(statement.replace('$1', escapeLiteral(ada.id)))
  })
  return ada
}

/** Values for the placeholders of operations: existing tasks, and the end of a page. */
async function namesFor(world: World, ada: User): Promise<Names> {
  const { json, headers } = await world.ask('GET', '/api/tasks?limit=20', { token: ada.token })
  const [id = '', other = '', third = ''] = json.map((task: { id: string }) => task.id)
  const yesterday = new Date(Date.now() - 86_400_000).toISOString()
  const next = headers.get('x-next-cursor') ?? ''
  const sync = headers.get('x-sync-cursor') ?? ''
  const byDue = await world.ask('GET', '/api/tasks?limit=20&sort=dueDate', { token: ada.token })
  const due = byDue.headers.get('x-next-cursor') ?? ''
  const loading = await world.ask('GET', '/api/changes?limit=20', { token: ada.token })
  const created = await world.ask('POST', '/api/tasks', { token: ada.token, body: { title: 'x' } })
  const patched = await world.ask('PATCH', `/api/tasks/${created.json.id}`, { token: ada.token, body: { title: 'y' } })
  const change = patched.headers.get('x-change-id') ?? ''
  return { id, other, third, next, due, sync, load: loading.headers.get('x-next-cursor') ?? '', yesterday, change }
}

type Names = Readonly<Record<string, string>>

const named = <Value>(value: Value, names: Names): Value =>
  // The value has the same shape as before; only texts were replaced.
  JSON.parse(JSON.stringify(value).replaceAll(/:([a-z]+)/g, (whole, name: string) => names[name] ?? whole)) as Value

/** Executes each operation, and explains the statements that it sent. */
async function look(world: World, ada: User): Promise<void> {
  const names = await namesFor(world, ada)
  const take = watchStatements(world.deps.db.pool)
  const asked: [what: string, expected: Expected, sent: readonly Sent[]][] = []
  for (const [what, expected] of Object.entries(OPERATIONS)) {
    const { ask, headers = {} } = expected
    const [[method, path, body], sentHeaders] = named([ask, headers] as const, names)
    take()
    const answer = await world.ask(method, path, { token: ada.token, body, headers: sentHeaders })
    assert.ok(answer.status < 300, `${what}: ${answer.text}`)
    asked.push([what, expected, take()])
  }
  const client = await world.deps.db.pool.connect()
  try {
    const planned: Record<string, readonly string[]> = {}
    const wanted: Record<string, readonly string[]> = {}
    for (const [what, { reads, isOfLog = false }, sent] of asked) {
      for (const kind of ['custom', 'generic'] as const) {
        const plans: string[] = []
        for (const statement of sent) {
          // A statement without a name is planned for its values.
          const its = statement.name === '' ? 'custom' : kind
          await client.query('begin')
          // A statement that contains its own proof is planned without a user in the scope.
          const isFused = statement.text.startsWith('with scope as')
          if (!isFused) await client.query(`select set_config('app.user_id', $1, true)`, [ada.id])
          plans.push(...(await explain(client, statement, its, isOfLog ? TABLES_AND_LOG : TABLES)))
          await client.query('rollback')
        }
        planned[`${what}, ${kind} plan`] = plans
        wanted[`${what}, ${kind} plan`] = reads
      }
    }
    assert.deepEqual(planned, wanted)
  } finally {
    client.release()
  }
}

/** A copy of the database by pg_dump and pg_restore. */
async function restored(database: TestDatabase, server: string): Promise<TestDatabase> {
  const name = `todo_test_${randomUUID().replaceAll('-', '')}`
  await withClient(server, (admin) => admin.query(`create database ${escapeIdentifier(name)}`))
  const url = urlOf(server, name)
  const dump = execFileSync('pg_dump', ['--format=custom', database.env['DATABASE_URL'] ?? ''], { maxBuffer: 2 ** 30 })
  execFileSync('pg_restore', ['--exit-on-error', `--dbname=${url}`], { input: dump })
  return {
    env: { ...database.env, DATABASE_URL: url },
    [Symbol.asyncDispose]: () =>
      withClient(server, (admin) => admin.query(`drop database ${escapeIdentifier(name)} with (force)`)).then(
        () => undefined,
      ),
  }
}

/** Whether pg_dump is installed and not older than the server, which it would refuse. */
async function whyNoDump(server: string): Promise<string | false> {
  try {
    const [, its = ''] = /(\d+)/.exec(execFileSync('pg_dump', ['--version'], { encoding: 'utf8' })) ?? []
    const { rows } = await withClient(server, (client) =>
      client.query<{ major: number }>(`select current_setting('server_version_num')::int / 10000 as major`),
    )
    return Number(its) >= (rows[0]?.major ?? 0) ? false : 'pg_dump is older than the server'
  } catch {
    return 'there is no pg_dump'
  }
}

const analyze = (world: World): Promise<unknown> => world.asOwner((client) => client.query('vacuum analyze'))

for (const embedded of SERVER_URL === undefined ? [true] : [false, true]) {
  suite(`the plans of the ${embedded ? 'embedded database' : 'server'}`, () => {
    test('use the index of each operation, with any order of creation', async () => {
      await using database = await openTestDatabase({ embedded })
      await using world = await openWorld({
        env: { ...database.env, DATABASE_POOL_SIZE: '1', DATABASE_POOL_OVERFLOW: '0' },
      })
      const ada = await arrange(world)
      await analyze(world)
      await look(world, ada)
      for (const descending of [false, true]) {
        await world.asOwner((client) => makeIndexesAgain(client, descending))
        await look(world, ada)
      }
    })
  })
}

const noDump =
  SERVER_URL === undefined ? 'needs a PostgreSQL server: set TEST_DATABASE_URL' : await whyNoDump(SERVER_URL)
test(
  'the plans of a database that was dumped and restored are the same, also before it was analyzed',
  { skip: noDump },
  async () => {
    const server = SERVER_URL ?? assert.fail()
    await using database = await openTestDatabase()
    await using stack = new AsyncDisposableStack()
    let ada: User
    {
      await using world = await openWorld({ env: database.env })
      ada = await arrange(world)
    }
    const copy = stack.use(await restored(database, server))
    await using world = await openWorld({ env: { ...copy.env, DATABASE_POOL_SIZE: '1', DATABASE_POOL_OVERFLOW: '0' } })
    await look(world, ada)
    await analyze(world)
    await look(world, ada)
  },
)
