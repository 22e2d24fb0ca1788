import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, suite, test } from 'node:test'
import { openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import { Problem } from '../errors.ts'
import { jobPrincipal, servicePrincipal, sessionPrincipal, type Principal } from '../principal.ts'
import { openScopes, type Scopes, type UserWork } from './scopes.ts'
import { reading, writing } from './step.ts'
import type { UserSql } from './sql.ts'

let served: ServedDatabase
let ada: TestUser
let ben: TestUser
let job: Job

interface Job {
  readonly id: string
  readonly lease: string
}

before(async () => {
  served = await openServedDatabase({ DATABASE_POOL_SIZE: '4', DATABASE_POOL_OVERFLOW: '0' })
  ada = await served.addUser()
  ben = await served.addUser()
  job = await addJob(ada)
})
after(() => served[Symbol.asyncDispose]())

/** A job that is running. */
async function addJob(user: TestUser, leftS = 60): Promise<Job> {
  return await served.asOwner(async (client) => {
    await client.query('set role todo_app_system')
    await client.query('insert into jobs (name, for_user, key) values ($1, $2, $3)', ['mine', user.id, randomUUID()])
    const { rows } = await client.query<Job>(
      `update jobs set lease = gen_random_uuid(), run_at = now() + $1 * interval '1 second' where lease is null returning id, lease`,
      [leftS],
    )
    return rows[0] ?? assert.fail('no job was added')
  })
}

const idOf = reading(
  { name: 'test.whose', text: `select current_setting('app.user_id') as "userId"` },
  [],
  (row, userId) => [row, userId],
)
const insert = writing(
  {
    name: 'test.insert_one',
    text: `insert into tasks (id, title) select gen_random_uuid(), 'new' where current_setting('app.user_id') <> '' returning user_id as "userId"`,
  },
  [],
  (row) => row,
  () => assert.fail('it was not settled'),
)
const inTransaction = (sql: UserSql): Promise<string> => Promise.resolve(sql.userId)

const code =
  (expected: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Problem, String(error))
    assert.equal(error.code, expected)
    return true
  }

const tasksOf = (user: TestUser): Promise<number> =>
  served.asOwner(async (client) => {
    const { rows } = await client.query<{ n: number }>('select count(*)::int as n from tasks where user_id = $1', [
      user.id,
    ])
    return rows[0]?.n ?? NaN
  })

const connections: Readonly<Record<string, () => Scopes>> = {
  'the serving role': () => served.db,
  'a pooler': () => openScopes(served.db.pool, served.db.roles),
}
const principals: Readonly<Record<Principal['kind'], () => Principal>> = {
  session: () => ada.principal,
  service: () => servicePrincipal('agent', ada.id),
  job: () => jobPrincipal('mine', job.id, job.lease),
}

for (const [where, scopes] of Object.entries(connections)) {
  describe(`on connections of ${where}`, () => {
    for (const [kind, principal] of Object.entries(principals)) {
      test(`a ${kind} enters the scope of its user, with a step and with a transaction`, async () => {
        assert.deepEqual(await scopes().asUser(principal(), idOf), [{ userId: ada.id }, ada.id])
        assert.deepEqual(await scopes().asUser(principal(), insert), { userId: ada.id })
        assert.equal(await scopes().asUser(principal(), inTransaction), ada.id)
      })
    }
  })
}

suite('a proof that proves no user', () => {
  const wrong: Readonly<Record<string, [principal: () => Principal, code: string]>> = {
    'an unknown session': [() => sessionPrincipal(['0'.repeat(64)]), 'unauthenticated'],
    'a session without keys': [() => sessionPrincipal([]), 'unauthenticated'],
    "a user's id as the key of a session": [() => sessionPrincipal([ada.id]), 'unauthenticated'],
    'a service that names an unknown user': [() => servicePrincipal('agent', 'unknown'), 'not_found'],
    'a service that names the key of a session': [() => servicePrincipal('agent', ada.tokenKey), 'not_found'],
    'a job with a lease that was not given': [() => jobPrincipal('mine', job.id, randomUUID()), 'not_found'],
    'a job with an id that does not exist': [() => jobPrincipal('mine', randomUUID(), job.lease), 'not_found'],
    'a job with id and lease exchanged': [() => jobPrincipal('mine', job.lease, job.id), 'not_found'],
    'a job with an id that is no UUID': [() => jobPrincipal('mine', 'x', job.lease), 'not_found'],
    'a job with id and lease in one text': [
      () => jobPrincipal('mine', `${job.id} ${job.lease}`, job.lease),
      'not_found',
    ],
    'a job with an empty lease': [() => jobPrincipal('mine', job.id, ''), 'not_found'],
    'a job with a lease in braces': [() => jobPrincipal('mine', job.id, `{${job.lease}}`), 'not_found'],
    'a job without a lease': [() => ({ ...jobPrincipal('mine', '', ''), proof: [job.id] }), 'not_found'],
    "a job with a user's id": [() => jobPrincipal('mine', ada.id, ada.id), 'not_found'],
  }
  for (const [what, [principal, expected]] of Object.entries(wrong)) {
    test(`${what} is refused, and no work is done`, async () => {
      const before = await tasksOf(ada)
      await assert.rejects(served.db.asUser(principal(), idOf), code(expected))
      await assert.rejects(served.db.asUser(principal(), insert), code(expected))
      await assert.rejects(
        served.db.asUser(principal(), () => assert.fail('it ran')),
        code(expected),
      )
      assert.equal(await tasksOf(ada), before)
    })
  }

  test('a job after its lease is refused, and so is one that is dead', async () => {
    const late = await addJob(ada, -1)
    const dead = await addJob(ada)
    await served.asOwner(async (client) => {
      await client.query('set role todo_app_system')
      await client.query('update jobs set dead_at = now() where lease = $1', [dead.lease])
    })
    for (const { id, lease } of [late, dead]) {
      await assert.rejects(served.db.asUser(jobPrincipal('mine', id, lease), idOf), code('not_found'))
    }
  })

  test('a job enters the scope of no other user with its lease', async () => {
    const theirs = await addJob(ben)
    await assert.rejects(served.db.asUser(jobPrincipal('mine', job.id, theirs.lease), idOf), code('not_found'))
    assert.deepEqual(await served.db.asUser(jobPrincipal('mine', theirs.id, theirs.lease), idOf), [
      { userId: ben.id },
      ben.id,
    ])
  })

  test('an unknown kind and an absent proof return no user and no error', async () => {
    const answers = await served.asOwner(async (client) => {
      const { rows } = await client.query<Record<string, unknown>>(
        `select todo_prove('unknown', array[$1], null) as unknown, todo_prove(null, array[$1], null) as none,
           todo_prove('session', null, null) as session, todo_prove('service', null, null) as service,
           todo_prove('job', null, null) as job, todo_prove('job', array[null, null], null) as nulls`,
        [ada.tokenKey],
      )
      return Object.values(rows[0] ?? {})
    })
    assert.deepEqual(answers, [null, null, null, null, null, null])
  })
})

suite('scopes', () => {
  const read = { needs: 'tasks:read' } as const
  const write = { needs: 'tasks:write' } as const

  test('limit a principal: other work is refused before any query', async () => {
    const limited: Principal = { ...servicePrincipal('agent', ada.id), grants: ['tasks:read'] }
    assert.equal(await served.db.asUser(limited, inTransaction, read), ada.id)
    const statements: unknown[] = []
    const watched = openScopes(served.db.pool, served.db.roles, { onStatement: (each) => statements.push(each) })
    for (const options of [write, {}] satisfies UserWork[]) {
      await assert.rejects(
        watched.asUser(limited, () => assert.fail('it ran'), options),
        code('forbidden'),
      )
      await assert.rejects(watched.asUser(limited, insert, options), code('forbidden'))
    }
    assert.deepEqual(statements, [])
  })

  test('are not required for sessions, services and jobs', async () => {
    for (const principal of Object.values(principals)) {
      assert.equal(await served.db.asUser(principal(), inTransaction, write), ada.id)
      assert.equal(await served.db.asUser(principal(), inTransaction), ada.id)
    }
  })

  // A future kind with scopes: its branch returns '' for a proven user without the required scope.
  test('that are stored with a credential are checked in the statement of the proof', async () => {
    await using other = await openServedDatabase()
    const user = await other.addUser()
    await other.asOwner((client) =>
      client.query(`create or replace function todo_prove(kind text, proof text[], needs text) returns text
        language sql stable security definer parallel safe set search_path = public, pg_temp
        as $$ select case when needs = 'tasks:read' then u.id else '' end from users u where u.id = proof[1] $$`),
    )
    const token = servicePrincipal('token', user.id)
    assert.deepEqual(await other.db.asUser(token, idOf, read), [{ userId: user.id }, user.id])
    assert.equal(await other.db.asUser(token, inTransaction, read), user.id)
    for (const options of [write, {}] satisfies UserWork[]) {
      await assert.rejects(other.db.asUser(token, insert, options), code('forbidden'))
      await assert.rejects(
        other.db.asUser(token, () => assert.fail('it ran'), options),
        code('forbidden'),
      )
    }
    await assert.rejects(other.db.asUser(servicePrincipal('token', 'unknown'), idOf, read), code('not_found'))
    assert.deepEqual(await other.asOwner(async (client) => (await client.query('select id from tasks')).rows), [])
  })
})
