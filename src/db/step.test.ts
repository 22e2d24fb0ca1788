import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { PoolClient } from 'pg'
import {
  needsServer,
  openServedDatabase,
  withClient,
  type ServedDatabase,
  type TestUser,
} from '../../test/databases.ts'
import { Problem } from '../errors.ts'
import { servicePrincipal, sessionPrincipal } from '../principal.ts'
import { openScopes, type Scopes } from './scopes.ts'
import { reading, withProof, writing } from './step.ts'
import type { Step } from './sql.ts'

const UNKNOWN = sessionPrincipal(['0'.repeat(64)])

const titles = (): Step<readonly string[]> =>
  reading(
    { name: 'test.titles', text: `select coalesce(array_agg(title order by title), '{}') as titles from tasks` },
    [],
    (row?: { titles: string[] }) => row?.titles ?? [],
  )

const INSERT = {
  name: 'test.insert',
  text: `insert into tasks (id, title) select gen_random_uuid(), $1::text
         where current_setting('app.user_id') <> '' and $1::text <> 'never' returning title`,
}
const insert = (title: string, fallback = (): Promise<string> => assert.fail('it was settled')): Step<string> =>
  writing(INSERT, [title], ({ title }: { title: string }) => title, fallback)

const problem =
  (code: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Problem, String(error))
    assert.equal(error.code, code)
    return true
  }

let served: ServedDatabase
let ada: TestUser

before(async () => {
  served = await openServedDatabase({ DATABASE_POOL_SIZE: '2', DATABASE_POOL_OVERFLOW: '0' })
  ada = await served.addUser()
})
after(() => served[Symbol.asyncDispose]())

const stored = (): Promise<unknown[]> =>
  served.asOwner(async (client) => {
    const { rows } = await client.query<{ title: string }>('select title from tasks order by title')
    return rows.map(({ title }) => title)
  })

/** The second one is as behind a pooler, where connections have no settings of ours: it also sends begin and commit. */
const kinds: Readonly<Record<string, () => Scopes>> = {
  'on a connection of its own': () => served.db,
  'on a connection that is shared': () => openScopes(served.db.pool, served.db.roles),
}

for (const [where, scopes] of Object.entries(kinds)) {
  describe(`a step ${where}`, () => {
    test('reads and inserts only rows of its user, with a session and with a service', async () => {
      const [ben, eve] = [await served.addUser(), await served.addUser()]
      const service = servicePrincipal('agent', ben.id)
      assert.equal(await scopes().asUser(ben.principal, insert('by session')), 'by session')
      assert.equal(await scopes().asUser(service, insert('by service')), 'by service')
      assert.equal(await scopes().asUser(eve.principal, insert("eve's")), "eve's")
      assert.deepEqual(await scopes().asUser(ben.principal, titles()), ['by service', 'by session'])
      assert.deepEqual(await scopes().asUser(service, titles()), ['by service', 'by session'])
      assert.deepEqual(await scopes().asUser(eve.principal, titles()), ["eve's"])
    })

    test('with an unknown principal is refused, and neither reads nor inserts rows', async () => {
      const before = await stored()
      await assert.rejects(scopes().asUser(UNKNOWN, titles()), problem('unauthenticated'))
      await assert.rejects(scopes().asUser(UNKNOWN, insert('refused')), problem('unauthenticated'))
      const stranger = servicePrincipal('agent', 'stranger')
      await assert.rejects(scopes().asUser(stranger, titles()), problem('not_found'))
      await assert.rejects(scopes().asUser(stranger, insert('refused')), problem('not_found'))
      assert.deepEqual(await stored(), before)
    })

    test('is refused after its session has ended, even if its statement is prepared on the connection', async () => {
      const ben = await served.addUser()
      for (let times = 0; times < 8; times++) await scopes().asUser(ben.principal, titles())
      await served.asOwner((client) => client.query('delete from user_sessions where "userId" = $1', [ben.id]))
      await assert.rejects(scopes().asUser(ben.principal, titles()), problem('unauthenticated'))
    })

    test('without a result row continues with its fallback in a transaction, or maps the absence', async () => {
      const none = reading({ name: 'test.none', text: 'select id from tasks where false' }, [], (row) => row ?? 'none')
      assert.equal(await scopes().asUser(ada.principal, none), 'none')
      const fallback = async (): Promise<string> => 'fallback'
      assert.equal(await scopes().asUser(ada.principal, insert('never', fallback)), 'fallback')
    })

    test('that fails leaves neither rows nor a user on the connection', async () => {
      await assert.rejects(scopes().asUser(ada.principal, insert('x'.repeat(201))), /too long/)
      assert.ok(!(await stored()).includes('x'.repeat(201)))
      const unscoped = async (client: PoolClient): Promise<unknown> =>
        (await client.query(`select nullif(current_setting('app.user_id', true), '') as "user"`)).rows[0]
      const client = await served.db.pool.connect()
      try {
        assert.deepEqual(await unscoped(client), { user: null })
      } finally {
        client.release()
      }
    })
  })
}

test('the proof is executed before the statement that it is for', async () => {
  const { text } = withProof(titles())
  const plan = await served.asOwner(async (client) => {
    await client.query(`prepare proven as ${text}`)
    await client.query('set plan_cache_mode = force_generic_plan')
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `explain (format json) execute proven('session', '{"x"}', null)`,
    )
    return rows[0]?.['QUERY PLAN'][0].Plan
  })
  // A nested loop reads a row of its outer side before it executes the inner one.
  const [outer] = plan?.Plans?.filter((node) => node['Parent Relationship'] === 'Outer') ?? []
  assert.deepEqual([plan?.['Node Type'], plan?.['Join Type'], outer?.['CTE Name']], ['Nested Loop', 'Left', 'scope'])
})

interface Node {
  readonly 'Node Type': string
  readonly 'Join Type'?: string
  readonly 'Parent Relationship'?: string
  readonly 'CTE Name'?: string
  readonly Plans?: readonly Node[]
}

describe('a connection that is lost', { skip: needsServer }, () => {
  const killAll = (): Promise<unknown> =>
    withClient(String(served.env['DATABASE_URL']), (client) =>
      client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      ),
    )
  const sleeping = (text: string): { name: string; text: string } => ({ name: '', text })

  test('during a step that reads is replaced, and the step is retried', async () => {
    const slow = reading(
      sleeping(`select 1 as done from (select pg_sleep(case when $1 then 0.3 else 0 end)) s`),
      [true],
      (row?: { done: number }) => row?.done ?? 0,
    )
    await served.db.asUser(ada.principal, titles())
    const reads = served.db.asUser(ada.principal, slow)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await killAll()
    assert.equal(await reads, 1)
  })

  test('during a step that writes makes its outcome unknown', async () => {
    const slow = writing(
      sleeping(
        `insert into tasks (id, title) select gen_random_uuid(), $1 from (select pg_sleep(0.3)) s returning title`,
      ),
      ['slow'],
      ({ title }: { title: string }) => title,
      () => assert.fail('it was not settled'),
    )
    const writes = assert.rejects(served.db.asUser(ada.principal, slow), problem('outcome_unknown'))
    await new Promise((resolve) => setTimeout(resolve, 100))
    await killAll()
    await writes
  })
})

test('the proof of a session reads a few rows, with any number of users', async () => {
  const read = await served.asOwner(async (client) => {
    await client.query('begin')
    await client.query(`insert into users (id, name, email, "emailVerified")
      select 'many ' || n, n, n || '@many.example', true from generate_series(1, 3000) n`)
    await client.query(`insert into user_sessions (id, "userId", token, "expiresAt", "updatedAt")
      select id, id, md5(id), now() + interval '1 hour', now() from users where id like 'many %'`)
    await client.query('analyze users, user_sessions')
    const count = async (): Promise<number> => {
      const { rows } = await client.query<{ rows: number }>(
        `select sum(seq_tup_read + idx_tup_fetch)::int as rows from pg_stat_xact_user_tables where relname in ('users', 'user_sessions')`,
      )
      return rows[0]?.rows ?? Number.NaN
    }
    const before = await count()
    // More often than PostgreSQL uses custom plans before it considers a generic one.
    for (let times = 0; times < 10; times++) {
      const { rows } = await client.query(`select todo_prove('session', array[md5('many 7')], null) as id`)
      assert.deepEqual(rows, [{ id: 'many 7' }])
    }
    const after = await count()
    await client.query('rollback')
    return after - before
  })
  // Each execution reads a session and a user; planning reads a few more rows.
  assert.ok(read < 100, `${read} rows`)
})
