import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { assertProblem } from '../../test/wire.ts'
import { openWorld, SERVICE_TOKEN, type Answer, type Asking, type World } from '../../test/world.ts'

const TASKS = '/api/tasks'
const ID = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'

/** Invalid requests, with their status when the credential is valid. */
const WRONG: readonly [what: string, method: string, path: string, asking: Asking, status: number][] = [
  ['an invalid body', 'POST', TASKS, { body: { title: '' } }, 422],
  ['a body that is no JSON', 'POST', TASKS, { raw: '{' }, 400],
  ['a body that is too large', 'POST', TASKS, { raw: `"${'x'.repeat(1_100_000)}"` }, 413],
  ['a body of another type', 'POST', TASKS, { raw: 'x', headers: { 'content-type': 'text/plain' } }, 415],
  ['a body where none is taken', 'DELETE', `${TASKS}/${ID}`, { body: { a: 1 } }, 422],
  ['an invalid id', 'GET', `${TASKS}/x`, {}, 422],
  ['an invalid id', 'PATCH', `${TASKS}/x/complete`, {}, 422],
  ['an unknown parameter', 'GET', `${TASKS}?x=1`, {}, 422],
  ['a parameter that only the handler can judge', 'GET', `${TASKS}?timezone=Nowhere`, {}, 422],
  ['a malformed cursor', 'GET', `${TASKS}?cursor=x`, {}, 400],
  ['a malformed If-Match', 'DELETE', `${TASKS}/${ID}`, { headers: { 'if-match': '1' } }, 400],
  ['a malformed Idempotency-Key', 'POST', TASKS, { body: { title: 'a' }, headers: { 'idempotency-key': '' } }, 400],
  ['a URL that is too long', 'GET', `${TASKS}?q=${'x'.repeat(9000)}`, {}, 414],
  ['an invalid batch', 'POST', `${TASKS}/batch`, { body: { operations: [] } }, 422],
  ['an invalid change of the password', 'POST', '/api/auth/change-password', { body: {} }, 422],
  ['an unknown parameter of the auth server', 'GET', '/api/auth/list-sessions?x=1', {}, 422],
]

suite('an invalid credential is reported before an invalid request', () => {
  let world: World
  let live: string
  let ended: string
  before(async () => {
    world = await openWorld()
    live = (await world.signUp()).token
    ended = (await world.signUp()).token
    // The process has just accepted this session, so it is in its cache.
    assert.equal((await world.ask('GET', TASKS, { token: ended })).status, 200)
    assert.equal((await world.ask('POST', '/api/auth/sign-out', { token: ended })).status, 200)
  })
  after(() => world[Symbol.asyncDispose]())

  for (const [what, method, path, asking, status] of WRONG) {
    test(`${method} ${path.slice(0, 40)} with ${what} is 401 with a dead bearer, and ${status} with a live one`, async () => {
      const ask = (token: string): Promise<Answer> => world.ask(method, path, { ...asking, token })
      for (const token of [ended, 'A'.repeat(32)]) {
        const answer = await ask(token)
        assertProblem(answer, { status: 401, code: 'unauthenticated' })
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
      }
      assert.equal((await ask(live)).status, status)
    })
  }

  test('a service that names an unknown user gets 404 before its body is validated', async () => {
    const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': 'unknown' }
    const answer = await world.ask('POST', TASKS, { headers, body: { title: '' } })
    assertProblem(answer, { status: 404, code: 'not_found' })
    assert.equal(answer.json.detail, 'X-User-ID names no user')
  })

  test('a cookie of an ended session is 401 on the routes of the auth server', async () => {
    const user = await world.signUp()
    const signedIn = await world.ask('POST', '/api/auth/sign-in/email', {
      body: { email: user.email, password: user.password },
    })
    const [cookie = ''] = signedIn.headers.getSetCookie().map((each) => each.split(';')[0] ?? '')
    const change = (): Promise<Answer> =>
      world.ask('POST', '/api/auth/change-password', { body: {}, headers: { cookie } })
    assert.equal((await change()).status, 422)
    await world.ask('POST', '/api/auth/sign-out', { token: signedIn.json.token })
    assertProblem(await change(), { status: 401, code: 'unauthenticated' })
  })

  test('a route without authentication ignores an invalid credential', async () => {
    for (const path of ['/health?x=1', '/problems/not_found?x=1', '/api/auth/get-session?x=1']) {
      assert.equal((await world.ask('GET', path, { token: ended })).status, 422, path)
    }
    const signUp = await world.ask('POST', '/api/auth/sign-up/email', { token: ended, body: {} })
    assert.equal(signUp.status, 422)
  })

  test('beyond the rate limit no credential is looked up: guesses with invalid bodies are 429', async () => {
    await using limited = await openWorld({
      env: { RATE_LIMIT_WRITE: '3', RATE_LIMIT_KEY_PREFIX: `${randomUUID()}:` },
    })
    const statuses: number[] = []
    for (let n = 0; n < 5; n++) {
      const token = String(n).repeat(32)
      statuses.push((await limited.ask('POST', TASKS, { token, body: { title: '' } })).status)
    }
    assert.deepEqual(statuses, [401, 401, 401, 429, 429])
  })
})
