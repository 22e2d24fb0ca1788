import assert from 'node:assert/strict'
import { randomUUID, scryptSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { getMigrations } from 'better-auth/db/migration'
import { Kysely } from 'kysely'
import { Pool } from 'pg'
import { openAuthDatabase, type AuthDatabase } from '../../test/auth-database.ts'
import { systemDialect } from '../db/system-dialect.ts'
import { Problem } from '../errors.ts'
import { createAuth, type Auth } from './better-auth.ts'
import { CLIENT_ADDRESS_HEADER } from './client-address.ts'
import { MAX_SESSIONS_PER_USER, type AuthOptions } from './options.ts'

import { boundedHashing, type PasswordHashing } from './hashing.ts'

const HOST = 'http://127.0.0.1:3999'
const PASSWORD = 'password123'

let database: AuthDatabase
let pool: Pool
let auth: Auth

before(async () => {
  database = await openAuthDatabase()
  pool = database.pool(1)
  auth = open()
})
after(() => database[Symbol.asyncDispose]())

const open = (options: Partial<AuthOptions> = {}): Auth =>
  createAuth({
    pool,
    systemRole: database.systemRole,
    secret: 'better-auth-secret-Zx81kQ9v7Lw2TnB5rY',
    sessionHashSecret: 'session-hash-secret-0123456789abcdef',
    baseUrl: HOST,
    trustedOrigins: ['http://localhost:3000'],
    ...options,
  })

/** The members of answers that these tests use; each test knows which ones its answer has. */
interface Body {
  readonly token: string
  readonly code: string
  readonly user: { readonly id: string; readonly email: string }
  readonly session: { readonly ipAddress: string }
}

async function call(
  path: string,
  { body, headers = {}, via = auth }: { body?: object; headers?: Record<string, string>; via?: Auth } = {},
) {
  const sent = new Headers(headers)
  if (body !== undefined) sent.set('content-type', 'application/json')
  const init: RequestInit = { method: body === undefined ? 'GET' : 'POST', headers: sent }
  if (body !== undefined) init.body = JSON.stringify(body)
  const response = await via.handle(new Request(`${HOST}/api/auth${path}`, init))
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body }
}

const newUser = () => ({ email: `${randomUUID()}@example.com`, password: PASSWORD, name: 'A' })
async function signUp() {
  const user = newUser()
  const { body } = await call('/sign-up/email', { body: user })
  return {
    email: user.email,
    userId: body.user.id,
    token: body.token,
    headers: { authorization: `Bearer ${body.token}` },
  }
}
async function count(table: string, userId: string, column = '"userId"'): Promise<number> {
  const [row] = await database.asOwner<{ n: number }>(`select count(*)::int as n from ${table} where ${column} = $1`, [
    userId,
  ])
  return row?.n ?? 0
}

test('the tables have the columns that better-auth requires', async () => {
  const db = new Kysely<unknown>({ dialect: systemDialect({ pool, role: database.systemRole }) })
  const plan = await getMigrations({
    user: { modelName: 'users' },
    session: { modelName: 'user_sessions' },
    account: { modelName: 'user_accounts' },
    verification: { modelName: 'user_verifications' },
    database: { db, type: 'postgres' },
  })
  assert.deepEqual([plan.toBeCreated, plan.toBeAdded, plan.toBeAddedIndexes, plan.schemaProblems], [[], [], [], []])
})

test('five users at once sign up, sign in, change their password and delete their account on a pool of one connection', async () => {
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const { email, userId, headers } = await signUp()
      assert.equal((await call('/sign-in/email', { body: { email, password: PASSWORD } })).status, 200)
      const change = { currentPassword: PASSWORD, newPassword: 'password456', revokeOtherSessions: true }
      const changed = await call('/change-password', { headers, body: change })
      const renewed = { authorization: `Bearer ${changed.body.token}` }
      assert.equal((await call('/list-sessions', { headers: renewed })).status, 200)
      assert.equal((await call('/delete-user', { headers: renewed, body: { password: 'password456' } })).status, 200)
      assert.equal(await count('users', userId, 'id'), 0)
    }),
  )
})

test('a password is stored as its scrypt of 32 MB, with a salt of its own', async () => {
  const users = [await signUp(), await signUp()]
  const hashes = await Promise.all(
    users.map(async ({ userId }) => {
      const rows = await database.asOwner<{ password: string }>(
        'select password from user_accounts where "userId" = $1',
        [userId],
      )
      return rows[0]?.password ?? ''
    }),
  )
  assert.equal(new Set(hashes).size, 2)
  for (const hash of hashes) {
    const [salt = '', key] = hash.split(':')
    const expected = scryptSync(PASSWORD, salt, 64, { N: 2 ** 14, r: 16, p: 1, maxmem: 2 ** 26 })
    assert.equal(key, expected.toString('hex'))
  }
})

test('of two sign-ups with one address at the same time one succeeds', async () => {
  const user = newUser()
  const racing = database.onServer ? open({ pool: database.pool(2) }) : auth
  const answers = await Promise.all(['a', 'b'].map(() => call('/sign-up/email', { body: user, via: racing })))
  assert.deepEqual(
    answers.map(({ status }) => status).sort((a, b) => a - b),
    [200, 422],
  )
  assert.equal(await count('users', user.email, 'email'), 1)
})

test('a sign-up that fails half-way leaves no rows', async () => {
  await database.asOwner('alter table user_accounts add constraint refused check (false) not valid')
  const user = newUser()
  await assert.rejects(call('/sign-up/email', { body: user }), /refused/)
  await database.asOwner('alter table user_accounts drop constraint refused')
  assert.equal(await count('users', user.email, 'email'), 0)
  assert.equal((await call('/sign-up/email', { body: user })).status, 200)
})

test('no connection is held while a password is hashed', async () => {
  let acquired = 0
  let heldMs = 0
  const onAcquire = () => (acquired = performance.now())
  const onRelease = () => (heldMs += performance.now() - acquired)
  pool.on('acquire', onAcquire).on('release', onRelease)
  const started = performance.now()
  await signUp()
  const elapsedMs = performance.now() - started
  pool.off('acquire', onAcquire).off('release', onRelease)
  assert.ok(heldMs < elapsedMs / 2, `a connection was held for ${heldMs} of ${elapsedMs} ms`)
})

test('deleting a user requires the password and deletes sessions and accounts too', async () => {
  const { userId, headers } = await signUp()
  for (const [body, code] of [
    [{}, 'PASSWORD_REQUIRED'],
    [{ password: '' }, 'PASSWORD_REQUIRED'],
    [{ token: 'x' }, 'PASSWORD_REQUIRED'],
    [{ password: 'wrong' }, 'INVALID_PASSWORD'],
  ] as const) {
    const refused = await call('/delete-user', { headers, body })
    assert.deepEqual([refused.status, refused.body.code], [400, code])
  }
  assert.equal((await call('/delete-user', { headers, body: { password: PASSWORD } })).status, 200)
  assert.deepEqual(
    await Promise.all([count('users', userId, 'id'), count('user_sessions', userId), count('user_accounts', userId)]),
    [0, 0, 0],
  )
  assert.equal((await call('/get-session', { headers })).body, null)
})

test('a session of any age may list its sessions', async () => {
  const { userId, headers } = await signUp()
  await database.asOwner(`update user_sessions set "createdAt" = now() - interval '6 days' where "userId" = $1`, [
    userId,
  ])
  assert.equal((await call('/list-sessions', { headers })).status, 200)
})

test('signing in deletes expired and surplus sessions, so that revoking all others includes every session', async () => {
  const { email, userId } = await signUp()
  await database.asOwner(
    `insert into user_sessions (id, token, "userId", "expiresAt", "createdAt", "updatedAt")
     select $1 || n, $1 || n, $1, now() + case when n % 2 = 0 then interval '1 day' else interval '-1 s' end, now() - interval '1 h', now()
     from generate_series(1, $2::int) n`,
    [userId, 3 * MAX_SESSIONS_PER_USER],
  )
  const { body } = await call('/sign-in/email', { body: { email, password: PASSWORD } })
  assert.equal(await count('user_sessions', userId), MAX_SESSIONS_PER_USER)
  const headers = { authorization: `Bearer ${body.token}` }
  assert.equal((await call('/revoke-other-sessions', { headers, body: {} })).status, 200)
  assert.equal(await count('user_sessions', userId), 1)
  assert.equal((await call('/get-session', { headers })).body.user.email, email)
})

test('a failed clean-up of sessions is logged, and the sign-up or sign-in succeeds', async () => {
  const failures: unknown[] = []
  const via = open({ onCleanUpFailed: (error) => failures.push(error) })
  const user = newUser()
  await database.asOwner(`revoke delete on user_sessions from ${database.systemRole}`)
  try {
    const signedUp = await call('/sign-up/email', { via, body: user })
    assert.equal(signedUp.status, 200)
    assert.deepEqual(failures, [])
    const signedIn = await call('/sign-in/email', { via, body: user })
    assert.equal(signedIn.status, 200)
    assert.equal(await count('user_sessions', signedIn.body.user.id), 2)
    assert.match(String(failures), /permission denied/)
    assert.equal(failures.length, 1)
  } finally {
    await database.asOwner(`grant delete on user_sessions to ${database.systemRole}`)
  }
})

test('the deletion of a user succeeds even if the clean-up of its sessions fails', async () => {
  const { headers, userId } = await signUp()
  await database.asOwner(`revoke delete on user_sessions from ${database.systemRole}`)
  try {
    const { status, body } = await call('/delete-user', { headers, body: { password: PASSWORD } })
    assert.deepEqual({ status, body }, { status: 200, body: { success: true, message: 'User deleted' } })
  } finally {
    await database.asOwner(`grant delete on user_sessions to ${database.systemRole}`)
  }
  assert.equal(await count('users', userId, 'id'), 0)
})

test('of sign-ups with one address at once one succeeds, and the others are refused as already taken', async () => {
  const several = database.pool(6)
  const via = open({ pool: several })
  const body = newUser()
  const answers = await Promise.all(Array.from({ length: 6 }, () => call('/sign-up/email', { via, body })))
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  for (const { status, body } of answers.filter((each) => each.status !== 200)) {
    assert.deepEqual([status, body.code], [422, 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL'])
  }
})

test('requests with more passwords than can be hashed in time are refused at once, and change nothing', async () => {
  const hashing = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const slow: PasswordHashing = {
    hash: async () => {
      begun.resolve()
      await hashing.promise
      return 'salt:key'
    },
    verify: async () => true,
  }
  const via = open({ hashing: boundedHashing({ atOnce: 1, waitingMax: 1 }, slow) })
  const isOverloaded = (error: unknown): boolean => error instanceof Problem && error.code === 'overloaded'
  const { email } = await signUp()
  const accepted = [newUser(), newUser()].map((body) => call('/sign-up/email', { via, body }))
  await begun.promise
  const refused = newUser()
  await assert.rejects(call('/sign-up/email', { via, body: refused }), isOverloaded)
  await assert.rejects(call('/sign-in/email', { via, body: { email, password: PASSWORD } }), isOverloaded)
  hashing.resolve()
  assert.deepEqual(
    (await Promise.all(accepted)).map(({ status }) => status),
    [200, 200],
  )
  const [row] = await database.asOwner<{ n: number }>('select count(*)::int as n from users where email = $1', [
    refused.email,
  ])
  assert.equal(row?.n, 0)
})

test('an unavailable database is a 503, never "signed out"', async () => {
  const away = new Pool({ host: '127.0.0.1', port: 1, connectionTimeoutMillis: 1_000 })
  const via = open({ pool: away })
  const { headers } = await signUp()
  const isUnavailable = (error: unknown) => error instanceof Problem && error.code === 'unavailable'
  await assert.rejects(call('/get-session', { headers, via }), isUnavailable)
  await assert.rejects(call('/list-sessions', { headers, via }), isUnavailable)
  await assert.rejects(call('/sign-out', { headers, via, body: {} }), isUnavailable)
  await assert.rejects(call('/sign-up/email', { via, body: newUser() }), isUnavailable)
  await away.end()
})

test('a sign-out or revocation that could not delete the session fails', async () => {
  const { headers, token, email } = await signUp()
  await database.asOwner(`revoke delete on user_sessions from ${database.systemRole}`)
  await assert.rejects(call('/sign-out', { headers, body: {} }), /permission denied/)
  await assert.rejects(call('/revoke-session', { headers, body: { token } }), /permission denied/)
  await database.asOwner(`grant delete on user_sessions to ${database.systemRole}`)
  assert.equal((await call('/get-session', { headers })).body.user.email, email)
})

const origins: readonly (readonly [
  what: string,
  headers: Record<string, string>,
  baseUrl: string | undefined,
  status: number,
])[] = [
  ['of this service', { origin: HOST }, HOST, 200],
  ['that is trusted', { origin: 'http://localhost:3000' }, HOST, 200],
  ['that is not', { origin: 'http://evil.example' }, HOST, 403],
  ['that is null', { origin: 'null' }, HOST, 403],
  ['unnamed, with a cookie', { cookie: 'a=b' }, HOST, 403],
  ["unnamed, with Node's fetch headers", { 'sec-fetch-mode': 'cors' }, HOST, 403],
  ['unnamed, from no browser', {}, HOST, 200],
  ['of this service, whose address is not configured', { origin: HOST }, undefined, 200],
  ['that is not, the address being not configured', { origin: 'http://evil.example' }, undefined, 403],
]
for (const [what, headers, baseUrl, expected] of origins) {
  for (const testing of ['', '1']) {
    test(`an origin ${what} is answered ${expected}${testing && ', also where TEST=1 would turn the check off'}`, async (t) => {
      process.env['TEST'] = testing
      t.after(() => delete process.env['TEST'])
      const { status } = await call('/sign-up/email', { via: open({ baseUrl }), headers, body: newUser() })
      assert.equal(status, expected)
    })
  }
}

test('environment variables of better-auth change neither the secret nor the address', async (t) => {
  Object.assign(process.env, {
    BETTER_AUTH_SECRETS: '7:another-secret-another-secret-another',
    BETTER_AUTH_URL: 'https://evil.example',
  })
  t.after(() => (delete process.env['BETTER_AUTH_SECRETS'], delete process.env['BETTER_AUTH_URL']))
  const user = newUser()
  const signed = (await call('/sign-up/email', { body: user })).headers.get('set-auth-token')
  const headers = { authorization: `Bearer ${signed}` }
  for (const baseUrl of [HOST, undefined]) {
    const via = open({ baseUrl })
    assert.equal((await call('/get-session', { headers, via })).body.user.email, user.email)
    const refused = await call('/sign-up/email', { via, headers: { origin: 'https://evil.example' }, body: newUser() })
    assert.equal(refused.status, 403)
  }
})

test('cookies are SameSite and HttpOnly, and Secure if the service is reached by https', async () => {
  for (const [baseUrl, secure] of [
    [HOST, false],
    [undefined, false],
    ['https://todo.example', true],
  ] as const) {
    const { headers } = await call('/sign-up/email', { via: open({ baseUrl }), body: newUser() })
    const [cookie = ''] = headers.getSetCookie()
    assert.match(cookie, /; HttpOnly/)
    assert.match(cookie, /; SameSite=Lax/)
    assert.equal(/; Secure/.test(cookie), secure)
    assert.equal(cookie.startsWith('__Secure-better-auth.session_token='), secure)
  }
})

test("the client's address is that of the private header, not that of a header of the client", async () => {
  const claimed = { 'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9' }
  const sent = await call('/sign-up/email', {
    body: newUser(),
    headers: { ...claimed, [CLIENT_ADDRESS_HEADER]: '192.0.2.7' },
  })
  const { body } = await call('/get-session', { headers: { authorization: `Bearer ${sent.body.token}` } })
  assert.equal(body.session.ipAddress, '192.0.2.7')
})

test('better-auth never writes to the console, even after errors', async (t) => {
  const written = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
    t.mock.method(console, name, () => undefined),
  )
  const via = open({ secret: 'short', baseUrl: undefined })
  await call('/sign-up/email', { via, headers: { origin: 'http://evil.example' }, body: newUser() })
  await call('/sign-in/email', { via, body: newUser() })
  await call('/change-email', { via, body: { newEmail: 'a@example.com' } })
  const { token } = (await call('/sign-up/email', { via, body: newUser() })).body
  await assert.rejects(
    call('/update-user', { via, headers: { authorization: `Bearer ${token}` }, body: { name: null } }),
  )
  assert.deepEqual(
    written.map(({ mock }) => mock.callCount()),
    [0, 0, 0, 0, 0],
  )
})
