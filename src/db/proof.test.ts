import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, before, describe, suite, test } from 'node:test'
import { openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import { Problem } from '../errors.ts'
import {
  appPrincipal,
  jobPrincipal,
  servicePrincipal,
  sessionPrincipal,
  tokenPrincipal,
  type Principal,
  type Scope,
} from '../principal.ts'
import { openScopes, type Scopes, type UserWork } from './scopes.ts'
import { reading, writing } from './step.ts'
import type { UserSql } from './sql.ts'

let served: ServedDatabase
let ada: TestUser
let ben: TestUser
let job: Job
/** The hash of a personal token of ada, which may only write. */
let token: string
/** The hash of an access token that ada gave to an app, which may only write. */
let accessToken: string

interface Job {
  readonly id: string
  readonly lease: string
}

before(async () => {
  served = await openServedDatabase({ DATABASE_POOL_SIZE: '4', DATABASE_POOL_OVERFLOW: '0' })
  ada = await served.addUser()
  ben = await served.addUser()
  job = await addJob(ada)
  token = await addToken(ada, ['tasks:write'])
  accessToken = await addAccess(ada, ['tasks:write'])
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

/** @returns its hash */
async function addToken(user: TestUser, scopes: readonly Scope[], leftS = 60): Promise<string> {
  const hash = randomBytes(32).toString('hex')
  await served.asOwner((client) =>
    client.query(
      `insert into personal_tokens (user_id, id, name, prefix, hash, scopes, expires_at)
       values ($1, gen_random_uuid(), 'Report', 'todo_pat_0000', $2, $3, now() + $4 * interval '1 second')`,
      [user.id, hash, scopes, leftS],
    ),
  )
  return hash
}

/** @returns the hash of a token of a connected app */
async function addAccess(user: TestUser, scopes: readonly Scope[], leftS = 60, kind = 'access'): Promise<string> {
  const hash = randomBytes(32).toString('hex')
  await served.asOwner((client) =>
    client.query(
      `with given as (
         insert into oauth_grants (user_id, id, client_id, client_name, redirect_uri, scopes, may_refresh, code_hash,
           code_challenge, code_expires_at, code_used_at, expires_at)
         values ($1, gen_random_uuid(), 'x', 'Helper', 'https://app.example.com/', $3, false, $2, $6, now(), now(), now() + interval '1 day')
         returning user_id, id)
       insert into oauth_tokens (user_id, grant_id, hash, kind, scopes, expires_at)
       select user_id, id, $2, $5, $3, now() + $4 * interval '1 second' from given`,
      [user.id, hash, scopes, leftS, kind, 'A'.repeat(43)],
    ),
  )
  return hash
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
  token: () => tokenPrincipal([token]),
  app: () => appPrincipal([accessToken]),
  service: () => servicePrincipal('agent', ada.id),
  job: () => jobPrincipal('mine', job.id, job.lease),
}

for (const [where, scopes] of Object.entries(connections)) {
  describe(`on connections of ${where}`, () => {
    for (const [kind, principal] of Object.entries(principals)) {
      test(`a ${kind} enters the scope of its user, with a step and with a transaction`, async () => {
        const options = { needs: 'tasks:write' } as const
        assert.deepEqual(await scopes().asUser(principal(), idOf, options), [{ userId: ada.id }, ada.id])
        assert.deepEqual(await scopes().asUser(principal(), insert, options), { userId: ada.id })
        assert.equal(await scopes().asUser(principal(), inTransaction, options), ada.id)
      })
    }
  })
}

suite('a proof that proves no user', () => {
  const wrong: Readonly<Record<string, [principal: () => Principal, code: string]>> = {
    'an unknown session': [() => sessionPrincipal(['0'.repeat(64)]), 'unauthenticated'],
    'a session without keys': [() => sessionPrincipal([]), 'unauthenticated'],
    "a user's id as the key of a session": [() => sessionPrincipal([ada.id]), 'unauthenticated'],
    'an unknown personal token': [() => tokenPrincipal(['0'.repeat(64)]), 'unauthenticated'],
    'a personal token without hashes': [() => tokenPrincipal([]), 'unauthenticated'],
    'the key of a session as a personal token': [() => tokenPrincipal([ada.tokenKey]), 'unauthenticated'],
    'a personal token as the key of a session': [() => sessionPrincipal([token]), 'unauthenticated'],
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
           todo_prove('token', null, 'any') as token, todo_prove('token', array[null], 'any') as nothing,
           todo_prove('job', null, null) as job, todo_prove('job', array[null, null], null) as nulls`,
        [ada.tokenKey],
      )
      return Object.values(rows[0] ?? {})
    })
    assert.deepEqual(
      answers,
      Array.from({ length: 8 }, () => null),
    )
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
        code('needs' in options ? 'insufficient_scope' : 'forbidden'),
      )
    }
    assert.deepEqual(statements, [])
  })

  test('are not required for sessions, services and jobs', async () => {
    for (const [kind, principal] of Object.entries(principals)) {
      if (kind === 'token' || kind === 'app') continue
      assert.equal(await served.db.asUser(principal(), inTransaction, write), ada.id)
      assert.equal(await served.db.asUser(principal(), inTransaction), ada.id)
    }
  })

  test('of a connected app are checked in the statement of the proof, and only an access token that has not expired proves it', async () => {
    const reader = appPrincipal([await addAccess(ada, ['tasks:read'])])
    assert.deepEqual(await served.db.asUser(reader, idOf, read), [{ userId: ada.id }, ada.id])
    for (const [principal, options, expected] of [
      [reader, write, 'insufficient_scope'],
      [reader, {}, 'forbidden'],
      [appPrincipal([await addAccess(ada, ['tasks:read'], -1)]), read, 'unauthenticated'],
      [appPrincipal([await addAccess(ada, ['tasks:read'], 60, 'refresh')]), read, 'unauthenticated'],
      [appPrincipal([token]), write, 'unauthenticated'],
      [tokenPrincipal([accessToken]), write, 'unauthenticated'],
      [sessionPrincipal([accessToken]), write, 'unauthenticated'],
    ] satisfies [Principal, UserWork, string][]) {
      await assert.rejects(served.db.asUser(principal, insert, options), code(expected))
      await assert.rejects(
        served.db.asUser(principal, () => assert.fail('it ran'), options),
        code(expected),
      )
    }
  })

  test('of a personal token are checked in the statement of the proof, and by default against the origin', async () => {
    const reader = tokenPrincipal([await addToken(ada, ['keys:manage', 'tasks:read'])])
    const before = await tasksOf(ada)
    assert.deepEqual(await served.db.asUser(reader, idOf, read), [{ userId: ada.id }, ada.id])
    assert.equal(await served.db.asUser(reader, inTransaction, read), ada.id)
    assert.equal(await served.db.asUser(reader, inTransaction, { needs: 'any' }), ada.id)
    const origin = { requestId: 'x', operation: 'x' }
    assert.equal(
      await served.db.asUser({ ...reader, origin: { ...origin, needs: 'tasks:read' } }, inTransaction),
      ada.id,
    )
    for (const [principal, options, expected] of [
      [reader, write, 'insufficient_scope'],
      [reader, {}, 'forbidden'],
      [{ ...reader, origin: { ...origin, needs: 'tasks:write' } }, {}, 'insufficient_scope'],
      [{ ...reader, origin }, {}, 'forbidden'],
    ] satisfies [Principal, UserWork, string][]) {
      await assert.rejects(served.db.asUser(principal, insert, options), code(expected))
      await assert.rejects(
        served.db.asUser(principal, () => assert.fail('it ran'), options),
        code(expected),
      )
    }
    assert.equal(await tasksOf(ada), before)
  })

  test('of a personal token that has expired, or that has been revoked, prove no user', async () => {
    const expired = await addToken(ada, ['tasks:read'], 0)
    const revoked = await addToken(ada, ['tasks:read'])
    await served.asOwner((client) => client.query('delete from personal_tokens where hash = $1', [revoked]))
    for (const hash of [expired, revoked]) {
      for (const options of [read, write, { needs: 'any' }, {}] satisfies UserWork[]) {
        await assert.rejects(served.db.asUser(tokenPrincipal([hash]), idOf, options), code('unauthenticated'))
      }
    }
  })

  test('of a personal token that was stored under an earlier key of the HMAC count too', async () => {
    const earlier = tokenPrincipal(['0'.repeat(64), token])
    assert.equal(await served.db.asUser(earlier, inTransaction, write), ada.id)
    await assert.rejects(served.db.asUser(earlier, inTransaction, read), code('insufficient_scope'))
  })
})
