import { execFileSync } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Person } from './rows.ts'
import { withClient } from './servers.ts'

export const SECRETS = {
  SESSION_HASH_SECRET: randomBytes(32).toString('base64url'),
  SERVICE_AUTH_TOKEN: randomBytes(32).toString('base64url'),
  ENCRYPTION_KEY: `${randomBytes(32).toString('base64url')}=`,
  BETTER_AUTH_SECRET: randomBytes(32).toString('base64url'),
  METRICS_TOKEN: randomBytes(32).toString('base64url'),
}

const CLI = fileURLToPath(new URL('../bin/todo-backend.mjs', import.meta.url))

/** A number of users with a number of tasks each. */
export interface Population {
  readonly users: number
  readonly tasksEach: number
}

/** The template database, of which each variant gets a copy. */
export interface Template extends AsyncDisposable {
  /** The users of each population, in order, at most {@link SAMPLE_MAX}. */
  readonly people: readonly (readonly Person[])[]
  /** Creates a copy with a unique name. */
  clone(): Promise<Copy>
}

export interface Copy extends AsyncDisposable {
  readonly url: string
}

/** Maximum users per population for whom the load generator sends requests. */
const SAMPLE_MAX = 1_000

/** Tokens have 32 characters, like those of better-auth. */
const tokenOf = (user: number): string => `bench${user}`.padEnd(32, 'x')
const userId = (user: number): string => `bench-user-${user}`.padEnd(32, 'x')

/**
 * Creates the schema with the service's own migrations, and inserts rows with SQL. All tasks differ, a third of them has each status,
 * and the tasks of a user were created minutes apart.
 */
export async function openTemplate(serverUrl: string, populations: readonly Population[]): Promise<Template> {
  const name = `todo_bench_${randomBytes(6).toString('hex')}`
  await using opened = new AsyncDisposableStack()
  await withClient(serverUrl, (client) => client.query(`create database ${name}`))
  opened.defer(() => drop(serverUrl, name))
  const url = urlOf(serverUrl, name)
  execFileSync('node', [CLI, 'migrate', 'up'], {
    cwd: '/',
    stdio: 'pipe',
    env: { PATH: process.env['PATH'], ENVIRONMENT: 'production', DATABASE_URL: url, LOG_LEVEL: 'warn', ...SECRETS },
  })
  const people = await fill(url, populations)
  let copies = 0
  const closing = opened.move()
  return {
    people,
    clone: async () => {
      const copy = `${name}_${++copies}`
      await withClient(serverUrl, (client) => client.query(`create database ${copy} template ${name}`))
      return { url: urlOf(serverUrl, copy), [Symbol.asyncDispose]: () => drop(serverUrl, copy) }
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

const drop = async (serverUrl: string, name: string): Promise<void> => {
  await withClient(serverUrl, (client) => client.query(`drop database if exists ${name} with (force)`))
}

function urlOf(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}

function fill(url: string, populations: readonly Population[]): Promise<readonly (readonly Person[])[]> {
  return withClient(url, async (client) => {
    const people: (readonly Person[])[] = []
    let first = 1
    for (const { users, tasksEach } of populations) {
      const numbers = Array.from({ length: users }, (_, at) => first + at)
      first += users
      const ids = numbers.map(userId)
      const hashes = numbers.map((user) =>
        createHmac('sha256', SECRETS.SESSION_HASH_SECRET).update(tokenOf(user)).digest('hex'),
      )
      await client.query(
        `insert into users (id, name, email, "emailVerified") select id, id, id || '@example.com', true from unnest($1::text[]) id`,
        [ids],
      )
      await client.query(
        `insert into user_sessions (id, "expiresAt", token, "updatedAt", "userId")
         select 'session-' || id, now() + interval '30 days', token, now(), id from unnest($1::text[], $2::text[]) s(id, token)`,
        [ids, hashes],
      )
      await client.query(FILL_TASKS, [ids, tasksEach])
      people.push(await sample(client, numbers))
    }
    await client.query('vacuum (analyze)')
    await client.query('checkpoint')
    return people
  })
}

/** Ids have version 7: the time of creation in milliseconds, then random bits. Rows are inserted in the order of time. */
const FILL_TASKS = `
  insert into tasks (id, user_id, title, description, status, priority, due_date, tags, created_at, updated_at, completed_at)
  select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
         user_id, 'Task ' || n || ' of the benchmark', case when n % 2 = 0 then 'What there is to do, in ' || n || ' words or so' end,
         status, (enum_range(null::task_priority))[1 + n % 4], case when n % 3 = 0 then at + interval '7 days' end,
         case n % 3 when 0 then '{}' when 1 then array['home'] else array['home', 'errands'] end, at, at,
         case when status = 'COMPLETED' then at end
  from (select user_id, n, md5(user_id || ' ' || n) as hash, (enum_range(null::task_status))[1 + n % 3] as status,
               now() - n * interval '10 minutes' - place * interval '1 millisecond' as at
        from unnest($1::text[]) with ordinality u(user_id, place), generate_series(1, $2::int) n) all_of_them
  order by at`

async function sample(
  client: { query(text: string, values: unknown[]): Promise<{ rows: { user_id: string; ids: string[] }[] }> },
  numbers: readonly number[],
): Promise<readonly Person[]> {
  const step = Math.ceil(numbers.length / SAMPLE_MAX)
  const chosen = numbers.filter((_, at) => at % step === 0)
  const { rows } = await client.query(
    'select user_id, array_agg(id::text) as ids from tasks where user_id = any($1) group by user_id',
    [chosen.map(userId)],
  )
  const idsOf = new Map(rows.map((row) => [row.user_id, row.ids]))
  return chosen.map((user) => ({ token: tokenOf(user), ids: idsOf.get(userId(user)) ?? [] }))
}
