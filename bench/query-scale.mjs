/**
 * How the list of tasks grows: the same pages of the same users in a small and in a large table.
 *
 *   node bench/query-scale.mjs postgres://postgres@127.0.0.1:5432/postgres [--explain]
 *
 * Takes a superuser's login on a server where databases may come and go. Makes two, of 10⁴ and of 10⁶ tasks, a hundred for
 * each user and besides one user with 10⁴ of them in the large, asks for each page as the serving role in the scope of its
 * user, and drops both. Prints milliseconds at the client, medians, of a page of 20 and of its total.
 */
import { Client } from 'pg'
import { clientDefaults } from '../src/db/connection.ts'
import { migrateUp } from '../src/db/migrator.ts'
import { queryOf } from '../src/db/sql.ts'
import { countStatement, pageStatement } from '../src/tasks/query-sql.ts'
import { dueBounds, readQuery } from '../src/tasks/query.ts'

const [, , url = 'postgres://postgres@127.0.0.1:5432/postgres', flag] = process.argv
const say = (text) => process.stdout.write(`${text}\n`)
const RUNS = 300
const USERS_ASKED = 50
const TASKS_OF_EACH = 100

const SHAPES = {
  'newest first': {},
  'status=TODO': { status: ['TODO'] },
  'status=TODO sort=-priority,dueDate': { status: ['TODO'], sort: ['-priority', 'dueDate'] },
  'status=TODO,IN_PROGRESS priority=HIGH sort=dueDate': {
    status: ['TODO', 'IN_PROGRESS'],
    priority: ['HIGH'],
    sort: ['dueDate'],
  },
  'completed=false sort=-updatedAt': { completed: false, sort: ['-updatedAt'] },
  'sort=-dueDate': { sort: ['-dueDate'] },
  'sort=title': { sort: ['title'] },
  'due=overdue sort=dueDate': { due: 'overdue', sort: ['dueDate'] },
  'due=week': { due: 'week' },
  'tag=home': { tag: ['home'] },
  'q=milk': { q: 'milk' },
  'q=groceris sort=relevance': { q: 'groceris', sort: ['relevance'] },
}

/** Rows of one user lie apart from one another, as they do where many users write at once. */
const SEED = `insert into tasks (id, user_id, title, description, status, priority, due_date, tags, created_at, updated_at, completed_at)
  select ('00000000-0000-7000-8000-' || lpad(to_hex($3::int + n), 12, '0'))::uuid, 'u' || $4::int + n % $2::int,
    (array['Buy milk', 'Buy groceries', 'Call the plumber', 'Write the report', 'Water the plants'])[1 + h % 5] || ' ' || n,
    case when h % 3 = 0 then 'Do it soon, and tell Ada about it when it is done' end,
    s::task_status, (array['LOW', 'MEDIUM', 'MEDIUM', 'HIGH', 'URGENT'])[1 + h / 7 % 5]::task_priority,
    case when h % 4 > 0 then now() + (h % 400 - 200) * interval '3 hours' end,
    (array['{}', '{home}', '{work}', '{home,errands}'])[1 + h / 11 % 4]::text[], t, t + h % 50 * interval '1 hour',
    case when s = 'COMPLETED' then t end
  from generate_series(0, $1::int - 1) n, lateral (select abs(hashint4(n / $2::int)) as h) r,
    lateral (select (array['TODO', 'COMPLETED', 'IN_PROGRESS', 'TODO', 'COMPLETED'])[1 + h / 5 % 5] as s,
      timestamptz '2026-01-01' + n * interval '10 seconds' as t) x`

async function withDatabase(name, work) {
  const admin = new Client({ connectionString: url })
  await admin.connect()
  await admin.query(`drop database if exists ${name} with (force)`)
  await admin.query(`create database ${name} encoding 'UTF8' template template0`)
  const address = new URL(url)
  address.pathname = `/${name}`
  const client = new Client({ ...clientDefaults, pipeline: false, connectionString: address.href })
  await client.connect()
  try {
    await migrateUp(client, { app_role: 'todo_app', system_role: 'todo_app_system', serving_login: client.user })
    return await work(client)
  } finally {
    await client.end()
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  }
}

async function seed(client, tasks) {
  const users = tasks / TASKS_OF_EACH
  await client.query(
    `insert into users (id, name, email, "emailVerified") select 'u' || n, 'u', n || '@example.com', true from generate_series(0, $1::int) n`,
    [users],
  )
  const began = performance.now()
  await client.query(SEED, [tasks, users, 0, 0])
  if (tasks > 10_000) await client.query(SEED, [10_000, 1, tasks, users])
  await client.query('vacuum analyze tasks')
  say(`seeded ${tasks} tasks in ${Math.round((performance.now() - began) / 1000)} s`)
  return users
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

async function measure(client, given, userOf) {
  const query = readQuery({ ...given, limit: 20 }, undefined)
  const due = dueBounds(query, Date.now())
  const times = { page: [], count: [] }
  for (let run = 0; run < RUNS; run++) {
    await client.query(`begin; set local role todo_app; set local app.user_id = '${userOf(run)}'`)
    for (const [what, { statement, values }] of [
      ['page', pageStatement(query, due, undefined)],
      ['count', countStatement(query, due)],
    ]) {
      const began = performance.now()
      await client.query(queryOf(statement, values, true))
      times[what].push(performance.now() - began)
    }
    await client.query('commit')
  }
  // The first runs fill the caches.
  return { page: median(times.page.slice(100)), count: median(times.count.slice(100)) }
}

async function explain(client, given, user) {
  const query = readQuery({ ...given, limit: 20 }, undefined)
  const { statement, values } = pageStatement(query, dueBounds(query, Date.now()), undefined)
  await client.query(`begin; set local role todo_app; set local app.user_id = '${user}'`)
  const { rows } = await client.query(`explain (analyze, buffers, costs off, summary off) ${statement.text}`, values)
  await client.query('commit')
  return rows.map((row) => `    ${row['QUERY PLAN']}`).join('\n')
}

const measured = {}
for (const tasks of [10_000, 1_000_000]) {
  await withDatabase(`todo_scale_${tasks}`, async (client) => {
    const users = await seed(client, tasks)
    for (const [name, given] of Object.entries(SHAPES)) {
      const asked = await measure(client, given, (run) => `u${run % USERS_ASKED}`)
      const big = tasks > 10_000 ? await measure(client, given, () => `u${users}`) : undefined
      measured[name] = { ...measured[name], [tasks]: asked, ...(big ? { big } : {}) }
      if (flag === '--explain') say(`${name}, ${tasks} tasks\n${await explain(client, given, 'u7')}\n`)
      if (flag === '--explain' && big) say(`${name}, 10⁴ of one user\n${await explain(client, given, `u${users}`)}\n`)
    }
  })
}

const ms = (number) => number.toFixed(2)
const ratio = (small, large) => (large / small).toFixed(2)
say(
  '| | page, 10⁴ | page, 10⁶ | ratio | total, 10⁴ | total, 10⁶ | ratio | page, user with 10⁴ | total |\n|---|---|---|---|---|---|---|---|---|',
)
for (const [name, { 10000: small, 1000000: large, big }] of Object.entries(measured)) {
  say(
    `| \`${name}\` | ${ms(small.page)} | ${ms(large.page)} | ${ratio(small.page, large.page)} | ${ms(small.count)} | ${ms(large.count)} | ${ratio(small.count, large.count)} | ${ms(big.page)} | ${ms(big.count)} |`,
  )
}
