import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { createAuthClient } from 'better-auth/client'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import { greeting } from '../server.ts'

/** Of every user here. */
const PASSWORD = 'correct horse battery'
const ALLOWED = 'http://localhost:3000'

let world: World
let serial = 0
const newEmail = (): string => `ada${++serial}@example.com`

before(async () => {
  world = await openWorld({ env: { CORS_ORIGINS: ALLOWED } })
})
after(() => world[Symbol.asyncDispose]())

const post = (path: string, body?: unknown, token?: string, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask('POST', `/api/auth/${path}`, { body, token, headers })
const get = (path: string, token?: string): Promise<Answer> => world.ask('GET', `/api/auth/${path}`, { token })
const listTasks = async (token: string): Promise<number> => (await world.ask('GET', '/api/tasks', { token })).status

const signUp = (): Promise<User> => world.signUp()

suite('sessions over HTTP', () => {
  test('signing up also signs in: the token is valid for tasks, and the answer must not be cached', async () => {
    const email = newEmail()
    const { status, json, headers } = await post('sign-up/email', { name: 'Ada', email, password: PASSWORD })
    assert.equal(status, 200)
    assert.deepEqual([json.user.email, json.user.name], [email, 'Ada'])
    assert.equal(headers.get('cache-control'), 'private, no-store')
    assert.ok(headers.get('set-auth-token')?.startsWith(`${json.token}.`))
    assert.equal(await listTasks(json.token), 200)
    assert.equal(await listTasks(headers.get('set-auth-token') ?? ''), 200)
  })

  test('a token is refused from the next request on after sign-out, revocation, a new password and deletion', async () => {
    const ended: readonly [how: string, body: (token: string) => unknown][] = [
      ['sign-out', () => undefined],
      ['sign-out', () => ({})],
      ['revoke-session', (token) => ({ token })],
      ['revoke-sessions', () => ({})],
      [
        'change-password',
        () => ({ currentPassword: PASSWORD, newPassword: 'another horse', revokeOtherSessions: true }),
      ],
      ['delete-user', () => ({ password: PASSWORD })],
    ]
    for (const [how, body] of ended) {
      const { token } = await signUp()
      assert.equal(await listTasks(token), 200)
      assert.equal((await post(how, body(token), token)).status, 200, how)
      assert.equal(await listTasks(token), 401, how)
      assert.equal((await get('get-session', token)).json, null, how)
    }
  })

  test('other sessions are listed without their tokens, and can be revoked by their handles', async () => {
    const { email, token } = await signUp()
    const other = (await post('sign-in/email', { email, password: PASSWORD })).json.token
    const sessions = (await get('list-sessions', token)).json as { token: string }[]
    const handle = sessions.map((session) => session.token).find((each) => each !== token) ?? ''
    assert.equal(sessions.length, 2)
    assert.notEqual(handle, other)
    assert.equal(await listTasks(handle), 401)
    assert.equal((await post('revoke-session', { token: handle }, token)).status, 200)
    assert.equal(await listTasks(other), 401)
    assert.equal(await listTasks(token), 200)
  })

  test('revoking the others keeps this one', async () => {
    const { email, token } = await signUp()
    const other = (await post('sign-in/email', { email, password: PASSWORD })).json.token
    assert.equal((await post('revoke-other-sessions', {}, token)).status, 200)
    assert.deepEqual([await listTasks(token), await listTasks(other)], [200, 401])
  })

  test('deleting a user requires the password, and deletes every task and session too', async () => {
    const { token, id } = await signUp()
    await world.ask('POST', '/api/tasks', { token, body: { title: 'x' } })
    const refused = await post('delete-user', { password: 'wrong horse' }, token)
    assert.deepEqual([refused.status, refused.json.code], [422, 'INVALID_PASSWORD'])
    assert.deepEqual(
      refused.json.errors.map((error: { pointer: string }) => error.pointer),
      ['/password'],
    )
    assert.equal((await post('delete-user', { password: PASSWORD }, token)).status, 200)
    const left = await world.asOwner(async (client) => {
      const { rows } = await client.query(
        `select (select count(*)::int from users where id = $1) + (select count(*)::int from user_sessions where "userId" = $1)
              + (select count(*)::int from user_accounts where "userId" = $1) + (select count(*)::int from tasks where user_id = $1) as n`,
        [id],
      )
      return rows
    })
    assert.deepEqual(left, [{ n: 0 }])
  })

  test('HEAD of a GET route answers without a body', async () => {
    const { token } = await signUp()
    const head = await world.ask('HEAD', '/api/auth/get-session', { token })
    assert.deepEqual([head.status, head.text], [200, ''])
  })

  test('the table never contains a token', async () => {
    const { token } = await signUp()
    const { rows } = await world.asOwner((client) => client.query<{ token: string }>('select token from user_sessions'))
    assert.ok(rows.every((row) => /^[0-9a-f]{64}$/.test(row.token)))
    assert.ok(!rows.some((row) => row.token === token))
  })
})

suite('a refusal of the auth routes', () => {
  function assertProblem(answer: Answer, status: number, code: string): void {
    assert.equal(answer.status, status, answer.text)
    assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8')
    assert.deepEqual(Object.keys(answer.json).slice(0, 7), [
      'type',
      'title',
      'status',
      'detail',
      'instance',
      'code',
      'requestId',
    ])
    assert.equal(answer.json.code, code)
    assert.equal(answer.json.type, `/problems/${code}`)
    assert.equal(typeof answer.json.detail, 'string')
  }

  test('keeps better-auth’s code and message, as a problem', async () => {
    const { email } = await signUp()
    const wrong = await post('sign-in/email', { email, password: 'wrong horse' })
    assertProblem(wrong, 401, 'INVALID_EMAIL_OR_PASSWORD')
    assert.equal(wrong.json.message, wrong.json.detail)
    assertProblem(
      await post('sign-in/email', { email: newEmail(), password: PASSWORD }),
      401,
      'INVALID_EMAIL_OR_PASSWORD',
    )
    assertProblem(
      await post('sign-up/email', { name: 'Ada', email, password: PASSWORD }),
      422,
      'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL',
    )
    for (const [method, path] of [
      ['GET', 'list-sessions'],
      ['POST', 'revoke-sessions'],
      ['POST', 'revoke-other-sessions'],
    ] as const) {
      const answer = await world.ask(method, `/api/auth/${path}`)
      assert.equal(answer.status, 401)
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
    }
  })

  const invalid: readonly [path: string, body: unknown, pointer: string][] = [
    ['sign-up/email', { email: 'a@b.co', password: PASSWORD }, '/name'],
    ['sign-up/email', { name: 'Ada', password: PASSWORD }, '/email'],
    ['sign-up/email', { name: 'Ada', email: 'a@b.co' }, '/password'],
    ['sign-up/email', { name: 'Ada', email: 'nonsense', password: PASSWORD }, '/email'],
    ['sign-up/email', { name: 'Ada', email: 'a@b.co', password: 'short' }, '/password'],
    ['sign-up/email', { name: 'Ada', email: 'a@b.co', password: 'x'.repeat(129) }, '/password'],
    ['sign-up/email', { name: 'A\0', email: 'a@b.co', password: PASSWORD }, '/name'],
    ['sign-up/email', { name: 'Ada', email: 'a\0@b.co', password: PASSWORD }, '/email'],
    ['sign-up/email', { name: 1, email: 'a@b.co', password: PASSWORD }, '/name'],
    ['sign-up/email', { name: ' \t', email: 'a@b.co', password: PASSWORD }, '/name'],
    ['sign-up/email', { name: 'Ada', email: 'a@b.co', password: PASSWORD, image: 'javascript:alert(1)' }, '/image'],
    ['sign-up/email', { name: 'Ada', email: 'a@b.co', password: PASSWORD, role: 'admin' }, '/role'],
    ['sign-up/email', { name: 'Ada', email: 'a@b.co', password: PASSWORD, emailVerified: true }, '/emailVerified'],
    ['sign-in/email', { email: ['a@b.co'], password: PASSWORD }, '/email'],
    ['sign-in/email', { email: 'a@b.co', password: { $ne: '' } }, '/password'],
    ['revoke-session', {}, '/token'],
    ['update-user', { name: 5 }, '/name'],
    ['update-user', { name: null }, '/name'],
    ['update-user', { email: 'x@y.co' }, '/email'],
    ['change-password', { newPassword: 'long enough' }, '/currentPassword'],
    ['delete-user', {}, '/password'],
    ['sign-out', { all: true }, '/all'],
  ]
  test('for an invalid value is 422, names the field, and creates no user', async () => {
    const { token } = await signUp()
    const users = (): Promise<unknown> =>
      world.asOwner(async (client) => (await client.query('select count(*) from users')).rows)
    const before = await users()
    for (const [path, body, pointer] of invalid) {
      const answer = await post(
        path,
        body,
        path.startsWith('sign-up') || path.startsWith('sign-in') ? undefined : token,
      )
      assertProblem(answer, 422, 'invalid_input')
      assert.deepEqual(
        answer.json.errors.map((error: { pointer: string }) => error.pointer),
        [pointer],
        JSON.stringify(body),
      )
    }
    assert.deepEqual(await users(), before)
  })

  test('of a password counts code points: any 8 to 128 of them can sign up and in', async () => {
    for (const password of ['😀'.repeat(8), '😀'.repeat(70), '😀'.repeat(128)]) {
      const email = newEmail()
      assert.equal((await post('sign-up/email', { name: 'Ada', email, password })).status, 200)
      const { status, json } = await post('sign-in/email', { email, password })
      assert.equal(status, 200)
      const newPassword = `${'🐎'.repeat(127)}!`
      const changed = await post('change-password', { currentPassword: password, newPassword }, json.token)
      assert.equal(changed.status, 200)
      assert.equal((await post('sign-in/email', { email, password: newPassword })).status, 200)
    }
    for (const password of ['😀'.repeat(7), '😀'.repeat(129)]) {
      const answer = await post('sign-up/email', { name: 'Ada', email: newEmail(), password })
      assertProblem(answer, 422, 'invalid_input')
      assert.equal(answer.json.errors[0].pointer, '/password')
    }
  })

  test('12 sign-ups at once all succeed', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => post('sign-up/email', { name: 'Ada', email: newEmail(), password: PASSWORD })),
    )
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  })

  test('for a name without visible characters is 422, at sign-up and later', async () => {
    const { token } = await signUp()
    for (const name of ['\u200b', ' \u3164 ', '\u2800']) {
      for (const answer of [
        await post('sign-up/email', { name, email: newEmail(), password: PASSWORD }),
        await post('update-user', { name }, token),
      ]) {
        assertProblem(answer, 422, 'invalid_input')
        assert.equal(answer.json.errors[0].detail, 'name must have a visible character')
      }
    }
  })

  test('by better-auth itself is 422 too if it is about a field, and names it', async () => {
    const { email, token } = await signUp()
    const cases = [
      [
        await post('sign-up/email', { name: 'Ada', email, password: PASSWORD }),
        'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL',
        '/email',
      ],
      [
        await post('change-password', { currentPassword: 'wrong horse', newPassword: 'another horse' }, token),
        'INVALID_PASSWORD',
        '/currentPassword',
      ],
    ] as const
    for (const [answer, code, pointer] of cases) {
      assertProblem(answer, 422, code)
      assert.deepEqual(
        answer.json.errors.map((error: { pointer: string }) => error.pointer),
        [pointer],
      )
    }
  })

  test('for an unknown query parameter is 422 and creates no user; for two kinds of credentials at once it is 400', async () => {
    const email = newEmail()
    assertProblem(await post('sign-up/email?x=1', { name: 'Ada', email, password: PASSWORD }), 422, 'invalid_input')
    assert.equal((await post('sign-in/email', { email, password: PASSWORD })).status, 401)
    const { token } = await signUp()
    const both = await world.ask('GET', '/api/auth/get-session', { token, headers: { 'x-service-auth': 'x' } })
    assertProblem(both, 400, 'contradictory_credentials')
  })

  test('for better-auth’s other routes is 404', async () => {
    for (const path of [
      'ok',
      'error',
      'verify-password',
      'set-password',
      'reset-password/token',
      'sign-in/social',
      'token',
      'reference',
    ]) {
      assert.equal((await get(path)).status, 404, path)
      assert.equal((await post(path, {})).status, 404, path)
    }
  })

  test('for a form body is 415, for a wrong method 405', async () => {
    const form = await world.ask('POST', '/api/auth/sign-in/email', {
      raw: 'email=a%40b.co&password=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    assertProblem(form, 415, 'unsupported_media_type')
    const wrong = await get('sign-in/email')
    assertProblem(wrong, 405, 'method_not_allowed')
    assert.equal(wrong.headers.get('allow'), 'POST')
  })

  test('for a page of another origin does not depend on a cookie; a page of an allowed origin is accepted with credentials', async () => {
    const { email } = await signUp()
    const signIn = (headers: Record<string, string>): Promise<Answer> =>
      post('sign-in/email', { email, password: PASSWORD }, undefined, headers)
    const cookie = (await signIn({ origin: ALLOWED })).headers.getSetCookie()[0]?.split(';')[0] ?? ''
    assert.match(cookie, /session_token=/)
    for (const origin of ['https://evil.example', 'null', `${ALLOWED}.evil.example`, 'http://localhost:3001']) {
      const refused = await post('sign-out', {}, undefined, { origin, cookie })
      assert.equal(refused.status, 403, origin)
      assert.equal(refused.headers.get('access-control-allow-origin'), null)
    }
    const session = await world.ask('GET', '/api/auth/get-session', { headers: { origin: ALLOWED, cookie } })
    assert.equal(session.json.user.email, email)
    assert.equal(session.headers.get('access-control-allow-origin'), ALLOWED)
    assert.equal(session.headers.get('access-control-allow-credentials'), 'true')
    assert.equal((await world.ask('GET', '/api/tasks', { headers: { origin: ALLOWED, cookie } })).status, 401)
    assert.equal((await post('sign-out', {}, undefined, { origin: ALLOWED, cookie })).status, 200)
  })
})

suite('the official client', () => {
  const clientOf = (headers: Record<string, string> = {}) =>
    createAuthClient({ baseURL: world.url, fetchOptions: { headers } })

  for (const [where, headers] of [
    ['Node', {}],
    ['a page of an allowed origin', { origin: ALLOWED, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }],
  ] as const) {
    test(`signs up, in and out from ${where}, and returns the error of a refusal`, async () => {
      const client = clientOf(headers)
      const email = newEmail()
      const signedUp = await client.signUp.email({ name: 'Ada', email, password: PASSWORD })
      assert.equal(signedUp.error, null)
      const signedIn = await client.signIn.email({ email, password: PASSWORD })
      const token = signedIn.data?.token ?? ''
      assert.equal(await listTasks(token), 200)

      const mine = clientOf({ ...headers, authorization: `Bearer ${token}` })
      assert.equal((await mine.getSession()).data?.user.email, email)
      assert.equal((await mine.listSessions()).data?.length, 2)
      assert.equal((await mine.updateUser({ name: 'Ada Lovelace' })).error, null)
      assert.equal((await mine.revokeOtherSessions()).error, null)
      assert.equal((await mine.changePassword({ currentPassword: PASSWORD, newPassword: 'another horse' })).error, null)
      assert.equal((await mine.signOut()).error, null)
      assert.equal(await listTasks(token), 401)

      const { error } = await client.signIn.email({ email, password: PASSWORD })
      assert.deepEqual([error?.status, error?.code], [401, 'INVALID_EMAIL_OR_PASSWORD'])
      assert.equal(error?.message, 'Invalid email or password')
    })
  }
})

test('with sessions of another server none of the auth routes exists', async () => {
  await using external = await openWorld({ env: { AUTH_MODE: 'external' } })
  assert.equal((await external.ask('POST', '/api/auth/sign-up/email', { body: {} })).status, 404)
  assert.equal((await external.ask('GET', '/health/ready')).status, 200)

  const documents = await Promise.all(['/openapi.json', '/llms.txt'].map((path) => external.ask('GET', path)))
  for (const text of [greeting(external.url, external.deps), ...documents.map((each) => each.text)]) {
    assert.doesNotMatch(text, /sign-up|Sign up at/)
    assert.match(text, /Authorization: Bearer/)
  }
})
