import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { kyselyAdapter } from '@better-auth/kysely-adapter'
import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { admin, bearer } from 'better-auth/plugins'
import { Kysely } from 'kysely'
import type { Pool } from 'pg'
import { openAuthDatabase, type AuthDatabase } from '../../test/auth-database.ts'
import { systemDialect } from '../db/system-dialect.ts'
import { hashSessionToken } from '../http/credential.ts'
import { withHashedSessions, withinRequest } from './hashed-sessions.ts'

const HASH_SECRET = 'session-hash-secret-0123456789abcdef'
const SIGNING_SECRET = 'better-auth-secret-Zx81kQ9v7Lw2TnB5rY'
const ORIGIN = 'http://127.0.0.1:3999'
const PASSWORD = 'password123'

let database: AuthDatabase
let pool: Pool

before(async () => {
  database = await openAuthDatabase()
  pool = database.pool(1)
  // The columns of the admin plugin, which these tests use to read and revoke other users' sessions.
  await database.asOwner(
    `alter table users add role text, add banned boolean, add "banReason" text, add "banExpires" timestamptz`,
  )
  await database.asOwner('alter table user_sessions add "impersonatedBy" text')
})
after(() => database[Symbol.asyncDispose]())

const hash = (token: string) => hashSessionToken(token, HASH_SECRET)
const signed = (value: string) => `${value}.${createHmac('sha256', SIGNING_SECRET).update(value).digest('base64')}`
const sessionCookie = (value: string) => `better-auth.session_token=${encodeURIComponent(signed(value))}`

function openAuth({ session, ...extra }: Partial<BetterAuthOptions> = {}) {
  const db = new Kysely<unknown>({ dialect: systemDialect({ pool, role: database.systemRole }) })
  return betterAuth({
    secret: SIGNING_SECRET,
    baseURL: ORIGIN,
    database: withHashedSessions(kyselyAdapter(db, { type: 'postgres', transaction: true }), HASH_SECRET),
    user: { modelName: 'users' },
    session: { modelName: 'user_sessions', ...session },
    account: { modelName: 'user_accounts' },
    verification: { modelName: 'user_verifications' },
    emailAndPassword: { enabled: true },
    plugins: [bearer(), admin()],
    logger: { disabled: true },
    ...extra,
  })
}

interface Session {
  readonly token: string
  readonly expiresAt: string
}

/** The members of answers that these tests use; each test knows which ones its answer has. */
interface Body {
  readonly token: string
  readonly user: { readonly id: string; readonly email: string; readonly name: string }
  readonly session: Session
  readonly sessions: readonly Session[]
}

interface Credential {
  readonly bearer?: string
  readonly cookie?: string
}

async function call(path: string, { bearer, cookie }: Credential = {}, body?: object, auth = openAuth()) {
  const headers = new Headers({ origin: ORIGIN })
  if (bearer !== undefined) headers.set('authorization', `Bearer ${bearer}`)
  if (cookie !== undefined) headers.set('cookie', cookie)
  if (body !== undefined) headers.set('content-type', 'application/json')
  const init = { method: body === undefined ? 'GET' : 'POST', headers, body: body && JSON.stringify(body) }
  const response = await withinRequest(() =>
    auth.handler(new Request(`${ORIGIN}/api/auth${path}`, init as RequestInit)),
  )
  // /get-session answers null without a session.
  const answer = (await response.json()) as Body | null
  return { status: response.status, headers: response.headers, answer, body: answer as Body }
}

async function signUp() {
  const email = `${randomUUID()}@example.com`
  const { status, body, headers } = await call('/sign-up/email', {}, { email, password: PASSWORD, name: 'A' })
  assert.equal(status, 200)
  return {
    email,
    userId: body.user.id,
    token: body.token,
    sent: headers.get('set-auth-token') ?? '',
  }
}
const signIn = async (email: string): Promise<string> =>
  (await call('/sign-in/email', {}, { email, password: PASSWORD })).body.token
const whoIs = async (credential: Credential): Promise<string | undefined> =>
  (await call('/get-session', credential)).answer?.user.email
const stored = (userId: string) =>
  database.asOwner<{ token: string; expiresAt: Date }>(
    'select token, "expiresAt" from user_sessions where "userId" = $1',
    [userId],
  )

test('signing up sends the token and stores only its HMAC', async () => {
  const { userId, token, sent } = await signUp()
  assert.match(token, /^[A-Za-z0-9]{32}$/)
  assert.equal(sent, signed(token))
  const rows = await stored(userId)
  assert.deepEqual(
    rows.map((row) => row.token),
    [createHmac('sha256', HASH_SECRET).update(token).digest('hex')],
  )
})

test('the token is accepted raw, signed, percent-encoded and as a cookie, and answers contain it unchanged', async () => {
  const { email, token } = await signUp()
  const ways = [
    { bearer: token },
    { bearer: signed(token) },
    { bearer: encodeURIComponent(signed(token)) },
    { cookie: sessionCookie(token) },
  ]
  for (const credential of ways) {
    const { body } = await call('/get-session', credential)
    assert.deepEqual([body.user.email, body.session.token], [email, token])
  }
})

test('a stored hash and a handle are no credentials, even if they are signed', async () => {
  const { token } = await signUp()
  const handle = `h.${hash(token)}`
  const bearers = [hash(token), signed(hash(token)), handle, `${handle}.x`, signed(handle)]
  for (const bearer of bearers) assert.equal(await whoIs({ bearer }), undefined)
  for (const value of [hash(token), handle]) assert.equal(await whoIs({ cookie: sessionCookie(value) }), undefined)
})

test('a handle in a signed cookie can neither revoke nor sign out', async () => {
  const { email, token } = await signUp()
  const handle = `h.${hash(token)}`
  const forged = { cookie: sessionCookie(handle) }
  assert.equal((await call('/revoke-session', forged, { token: handle })).status, 401)
  assert.equal((await call('/revoke-sessions', forged, {})).status, 401)
  await call('/sign-out', forged, {})
  assert.equal(await whoIs({ bearer: token }), email)
})

test('a wrong password starts no session', async () => {
  const { email, userId } = await signUp()
  assert.equal((await call('/sign-in/email', {}, { email, password: 'nope12345' })).status, 401)
  assert.equal((await stored(userId)).length, 1)
})

test('the list names the current session by its token and the others by handles, and either revokes', async () => {
  const { email, userId, token } = await signUp()
  const [second, third] = [await signIn(email), await signIn(email)]
  const { body } = await call('/list-sessions', { bearer: token })
  const listed = (body as unknown as Session[]).map((session) => session.token).sort()
  assert.deepEqual(listed, [token, `h.${hash(second)}`, `h.${hash(third)}`].sort())

  assert.deepEqual((await call('/revoke-session', { bearer: token }, { token: `h.${hash(second)}` })).body, {
    status: true,
  })
  assert.equal(await whoIs({ bearer: second }), undefined)
  assert.equal(await whoIs({ bearer: third }), email)
  assert.deepEqual((await call('/revoke-session', { bearer: token }, { token: third })).body, { status: true })
  assert.deepEqual(
    (await stored(userId)).map((row) => row.token),
    [hash(token)],
  )
})

test("a user cannot revoke another user's session, by handle or by token", async () => {
  const [mine, theirs] = [await signUp(), await signUp()]
  for (const token of [`h.${hash(theirs.token)}`, theirs.token, hash(theirs.token)]) {
    await call('/revoke-session', { bearer: mine.token }, { token })
  }
  assert.equal(await whoIs({ bearer: theirs.token }), theirs.email)
})

test('revoking the other sessions keeps the current one', async () => {
  const { email, token } = await signUp()
  const other = await signIn(email)
  assert.deepEqual((await call('/revoke-other-sessions', { bearer: token }, {})).body, { status: true })
  assert.equal(await whoIs({ bearer: other }), undefined)
  assert.equal(await whoIs({ bearer: token }), email)
})

test('the use of a session prolongs it under the same token', async () => {
  const { userId, token } = await signUp()
  const inSixDays = Date.now() + 6 * 24 * 60 * 60 * 1000
  await database.asOwner(`update user_sessions set "expiresAt" = now() + interval '1 day' where "userId" = $1`, [
    userId,
  ])
  const { body, headers } = await call('/get-session', { bearer: token })
  assert.equal(body.session.token, token)
  assert.ok(new Date(body.session.expiresAt).getTime() > inSixDays)
  assert.equal(headers.get('set-auth-token'), signed(token))
  const [row] = await stored(userId)
  assert.ok(row !== undefined && row.token === hash(token) && row.expiresAt.getTime() > inSixDays)
})

test('an expired session is refused and removed', async () => {
  const { userId, token } = await signUp()
  await database.asOwner(`update user_sessions set "expiresAt" = now() - interval '1 minute' where "userId" = $1`, [
    userId,
  ])
  assert.equal(await whoIs({ bearer: token }), undefined)
  assert.deepEqual(await stored(userId), [])
})

test('changing the password and revoking the others gives a new token and ends the old one', async () => {
  const { email, token, userId } = await signUp()
  const change = { currentPassword: PASSWORD, newPassword: 'password456', revokeOtherSessions: true }
  const { status, body } = await call('/change-password', { bearer: token }, change)
  assert.equal(status, 200)
  assert.match(body.token, /^[A-Za-z0-9]{32}$/)
  assert.notEqual(body.token, token)
  assert.equal(await whoIs({ bearer: token }), undefined)
  assert.equal(await whoIs({ bearer: body.token }), email)
  assert.deepEqual(
    (await stored(userId)).map((row) => row.token),
    [hash(body.token)],
  )
})

test('updating the user keeps session and token', async () => {
  const { token } = await signUp()
  assert.deepEqual((await call('/update-user', { bearer: token }, { name: 'AA' })).body, { status: true })
  const { body } = await call('/get-session', { bearer: token })
  assert.deepEqual([body.user.name, body.session.token], ['AA', token])
})

test('an administrator sees handles, revokes sessions by them, and impersonates with a separate token', async () => {
  const [boss, user] = [await signUp(), await signUp()]
  await database.asOwner(`update users set role = 'admin' where id = $1`, [boss.userId])
  const as = { bearer: boss.token }
  const list = await call('/admin/list-user-sessions', as, { userId: user.userId })
  assert.deepEqual(
    list.body.sessions.map((session) => session.token),
    [`h.${hash(user.token)}`],
  )
  const revoke = await call('/admin/revoke-user-session', as, { sessionToken: `h.${hash(user.token)}` })
  assert.deepEqual(revoke.body, { success: true })
  assert.equal(await whoIs({ bearer: user.token }), undefined)
  const impersonation = await call('/admin/impersonate-user', as, { userId: user.userId })
  assert.match(impersonation.body.session.token, /^[A-Za-z0-9]{32}$/)
  assert.equal(await whoIs({ bearer: impersonation.body.session.token }), user.email)
})

test("better-auth's cookie cache, native joins and own server calls get the token, not the hash", async () => {
  const { token } = await signUp()
  const caching = openAuth({ session: { cookieCache: { enabled: true, maxAge: 60 } } })
  assert.equal((await call('/get-session', { bearer: token }, undefined, caching)).body.session.token, token)
  const joining = openAuth({ advanced: { database: { joins: true } } })
  assert.equal((await call('/get-session', { bearer: token }, undefined, joining)).body.session.token, token)
  const direct = await joining.api.getSession({ headers: new Headers({ authorization: `Bearer ${token}` }) })
  assert.equal(direct?.session.token, token)
})

test('a token is refused after sign-out', async () => {
  const { userId, token } = await signUp()
  assert.deepEqual((await call('/sign-out', { bearer: token }, {})).body, { success: true })
  assert.equal(await whoIs({ bearer: token }), undefined)
  assert.deepEqual(await stored(userId), [])
})

test('after all these tests the table contains only hashes', async () => {
  const rows = await database.asOwner<{ token: string }>('select token from user_sessions')
  assert.ok(rows.length > 5)
  for (const { token } of rows) assert.match(token, /^[0-9a-f]{64}$/)
})
