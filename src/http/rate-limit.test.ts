import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { databaseUnavailable } from '../db/wire/failures.ts'
import { assertProblem } from '../../test/wire.ts'
import { openWorld, SERVICE_TOKEN, type Answer, type World } from '../../test/world.ts'
import { addressOf } from './admission.ts'
import { hashSessionToken } from './credential.ts'

/** A prefix of its own, so that other tests on the same Redis do not count. */
const address = (): string => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`
const from = (ip: string): Record<string, string> => ({ 'x-forwarded-for': ip })
/** Each request gets an address of its own, unless the test names one. */
async function open(read: number, write: number, env: Record<string, string> = {}): Promise<World> {
  const world = await openWorld({
    env: { RATE_LIMIT_READ: String(read), RATE_LIMIT_WRITE: String(write), TRUST_PROXY: '127.0.0.1', ...env },
  })
  const ask: World['ask'] = (method, path, asking) =>
    world.ask(method, path, { ...asking, headers: { ...from(address()), ...asking?.headers } })
  return { ...world, ask }
}
// Each test has its own users and addresses.
let wide: World
let narrow: World
before(async () => {
  wide = await open(100, 30)
  narrow = await open(4, 4)
})
after(async () => {
  await wide[Symbol.asyncDispose]()
  await narrow[Symbol.asyncDispose]()
})
/** Inserts users without requests so far, each with a session. @returns their tokens */
async function addUsers(world: World, count: number): Promise<string[]> {
  const { sessionHashSecret } = world.config.auth
  assert.ok(sessionHashSecret)
  const tokens = Array.from({ length: count }, guess)
  const hashes = tokens.map((token) => hashSessionToken(token, sessionHashSecret.reveal()))
  await world.asOwner(async (client) => {
    await client.query(
      `insert into users (id, name, email, "emailVerified") select id, 'Ada', id || '@example.com', true
       from unnest($1::text[]) id`,
      [hashes],
    )
    await client.query(
      `insert into user_sessions (id, token, "userId", "expiresAt", "updatedAt")
       select id, id, id, now() + '1 hour', now() from unnest($1::text[]) id`,
      [hashes],
    )
  })
  return tokens
}
const guess = (): string => randomBytes(24).toString('base64url')
const tally = (answers: readonly Answer[]): Record<number, number> => {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
const times = <T>(count: number, ask: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => ask(index)))

function assertTooMany(answer: Answer, limit: number, kind: 'read' | 'write'): void {
  assertProblem(answer, { status: 429, code: 'too_many_requests' })
  const wait = Number(answer.headers.get('retry-after'))
  assert.ok(Number.isInteger(wait) && wait >= 1 && wait <= 60, `Retry-After: ${wait}`)
  assert.equal(answer.json.retryAfter, wait)
  assert.equal(answer.headers.get('x-ratelimit-limit'), String(limit))
  assert.equal(answer.headers.get('x-ratelimit-remaining'), '0')
  assert.equal(answer.headers.get('x-ratelimit-reset'), String(wait))
  assert.equal(answer.headers.get('ratelimit-policy'), `"${kind}";q=${limit};w=60`)
  assert.equal(answer.headers.get('ratelimit'), `"${kind}";r=0;t=${wait}`)
}

suite('rate limits of a user', () => {
  test('allow exactly 100 of 160 parallel reads, and each answer has the remaining number', async () => {
    const world = wide
    const { token } = await world.signUp('Ada')
    const answers = await times(160, () => world.ask('GET', '/api/tasks', { token }))
    assert.deepEqual(tally(answers), { 200: 100, 429: 60 })
    const left = answers.filter(({ status }) => status === 200).map(({ headers }) => headers.get('ratelimit'))
    assert.equal(new Set(left).size, 100)
    for (const answer of answers.filter(({ status }) => status === 429)) assertTooMany(answer, 100, 'read')
  })

  test('allow exactly 30 of 50 parallel writes', async () => {
    const world = wide
    const { token } = await world.signUp('Ada')
    const answers = await times(50, () => world.ask('POST', '/api/tasks', { token, body: { title: 'Once' } }))
    assert.deepEqual(tally(answers), { 201: 30, 429: 20 })
    for (const answer of answers.filter(({ status }) => status === 429)) assertTooMany(answer, 30, 'write')
    const list = await world.ask('GET', '/api/tasks', { token })
    assert.equal(list.headers.get('x-total-count'), '30')
    assert.equal(list.headers.get('x-ratelimit-remaining'), '99')
  })

  test('count all sessions and services of a user together, and each user separately', async () => {
    const world = narrow
    const user = await world.signUp('Ada')
    const { json } = await world.ask('POST', '/api/auth/sign-in/email', {
      body: { email: user.email, password: user.password },
      headers: from(address()),
    })
    const service = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': user.id }
    await world.ask('GET', '/api/tasks', { token: user.token })
    await world.ask('HEAD', '/api/tasks', { token: json.token })
    await world.ask('GET', '/api/tasks', { headers: service })
    const session = await world.ask('GET', '/api/auth/list-sessions', { token: user.token })
    assert.equal(session.status, 200)
    assert.equal(session.headers.get('x-ratelimit-remaining'), '0')
    for (const asking of [{ token: user.token }, { token: json.token }, { headers: service }]) {
      assertTooMany(await world.ask('GET', '/api/tasks', asking), 4, 'read')
    }
    const other = await world.signUp('Bob')
    assert.equal((await world.ask('GET', '/api/tasks', { token: other.token })).status, 200)
  })

  test('count refused requests too, and beyond the limit 429 precedes any other refusal', async () => {
    const world = narrow
    const { token } = await world.signUp('Ada')
    assertProblem(await world.ask('POST', '/api/tasks', { token, body: { title: '' } }), {
      status: 422,
      code: 'invalid_input',
    })
    assertProblem(await world.ask('POST', '/api/tasks', { token, raw: '{' }), { status: 400, code: 'invalid_json' })
    assertProblem(await world.ask('POST', '/api/nothing', { token }), { status: 404, code: 'not_found' })
    const last = await world.ask('PUT', '/api/tasks', { token })
    assertProblem(last, { status: 405, code: 'method_not_allowed' })
    assert.equal(last.headers.get('x-ratelimit-remaining'), '0')
    for (const asking of [{ body: { title: '' } }, { raw: '{' }, { raw: 'x'.repeat(1024 * 1024 + 1) }]) {
      assertTooMany(await world.ask('POST', '/api/tasks', { token, ...asking }), 4, 'write')
    }
    assertTooMany(await world.ask('POST', '/api/nothing', { token }), 4, 'write')
  })

  test('do not count requests with a signed-out session', async () => {
    const world = wide
    const user = await world.signUp('Ada')
    const { json } = await world.ask('POST', '/api/auth/sign-in/email', {
      body: { email: user.email, password: user.password },
      headers: from(address()),
    })
    await world.ask('GET', '/api/tasks', { token: user.token })
    await world.ask('GET', '/api/tasks', { token: json.token })
    await world.ask('POST', '/api/auth/sign-out', { token: json.token })
    const dead = { token: json.token, headers: from(address()) }
    // Two requests that the process still counts, because the session is in its cache; the second one finds that it has ended.
    assert.equal((await world.ask('GET', '/api/nothing', dead)).status, 404)
    assert.equal((await world.ask('GET', '/api/tasks?limit=0', dead)).status, 401)
    for (let round = 0; round < 10; round++) {
      assertProblem(await world.ask('GET', '/api/tasks', dead), { status: 401, code: 'unauthenticated' })
    }
    const { headers } = await world.ask('GET', '/api/tasks', { token: user.token })
    assert.ok(Number(headers.get('x-ratelimit-remaining')) >= 94, `${headers.get('x-ratelimit-remaining')} left`)
  })
})

suite('rate limits of an address', () => {
  test('bound guessing: of 130 parallel tokens exactly 100 are checked, and the others get 429', async () => {
    const world = wide
    const headers = from(address())
    const answers = await times(130, () => world.ask('GET', '/api/tasks', { token: guess(), headers }))
    assert.deepEqual(tally(answers), { 401: 100, 429: 30 })
    assert.equal((await world.ask('GET', '/api/tasks', { token: guess(), headers: from(address()) })).status, 401)
  })

  test('do not affect users who are new to the process, even if their address has used its limit for guesses', async () => {
    const world = wide
    const headers = from(address())
    const users = await addUsers(world, 20)
    const guesses = await times(120, () => world.ask('GET', '/api/tasks', { token: guess(), headers }))
    assert.deepEqual(tally(guesses), { 401: 100, 429: 20 })
    const reads = await Promise.all(users.map((token) => world.ask('GET', '/api/tasks', { token, headers })))
    assert.deepEqual(tally(reads), { 200: 20 })
    for (const answer of reads) assert.equal(answer.headers.get('x-ratelimit-remaining'), '99')
    assertTooMany(await world.ask('GET', '/api/tasks', { token: guess(), headers }), 100, 'read')
  })

  test('do not affect the first writes of 45 users behind one address', async () => {
    const world = wide
    const headers = from(address())
    const users = await addUsers(world, 45)
    const writes = await Promise.all(
      users.map((token) => world.ask('POST', '/api/tasks', { token, headers, body: { title: 'First' } })),
    )
    assert.deepEqual(tally(writes), { 201: 45 })
    // Nothing was counted for their address.
    const next = await world.ask('POST', '/api/tasks', { headers, body: { title: 'First' } })
    assert.equal(next.status, 401)
    assert.equal(next.headers.get('x-ratelimit-remaining'), '29')
  })

  test('do not count a request whose credential cannot be checked because the database is not available', async () => {
    const user = await narrow.signUp('Ada')
    const headers = from(address())
    let isAway = true
    await using flaky = await openWorld({
      env: { RATE_LIMIT_READ: '4', TRUST_PROXY: '127.0.0.1' },
      replace: ({ db }) => ({
        db: {
          ...db,
          asUser: (...asked) => (isAway ? Promise.reject(databaseUnavailable(new Error('away'))) : db.asUser(...asked)),
        },
      }),
    })
    const { token } = user
    for (let round = 0; round < 6; round++) {
      assert.equal((await flaky.ask('GET', '/api/tasks', { token, headers })).status, 503)
    }
    isAway = false
    // In another database the session is unknown, so the answer is 401, within the limit.
    assert.equal((await flaky.ask('GET', '/api/tasks', { token, headers })).status, 401)
  })

  test('count a service that names an unknown user, whose id is not in the log', async () => {
    const headers = { ...from(address()), 'x-service-auth': SERVICE_TOKEN }
    const ask = (): Promise<Answer> =>
      narrow.ask('GET', '/api/tasks', { headers: { ...headers, 'x-user-id': `${guess()}@example.com` } })
    for (let round = 0; round < 4; round++) assertProblem(await ask(), { status: 404, code: 'not_found' })
    assertTooMany(await ask(), 4, 'read')
  })

  test('count every request without a valid credential: with none, a malformed one or a wrong service token', async () => {
    const world = narrow
    const ip = from(address())
    const post = (headers: Record<string, string>): Promise<Answer> =>
      world.ask('POST', '/api/tasks', { body: { title: 'x' }, headers: { ...ip, ...headers } })
    assert.equal((await post({})).status, 401)
    assert.equal((await post({ authorization: 'Basic YTpi' })).status, 401)
    assert.equal((await post({ authorization: 'Bearer short' })).status, 401)
    assert.equal((await post({ 'x-service-auth': guess(), 'x-user-id': 'ada' })).status, 401)
    assertTooMany(await post({}), 4, 'write')
    assertTooMany(await world.ask('POST', '/api/auth/sign-in/email', { raw: '{}', headers: ip }), 4, 'write')
  })

  test('do not affect a known user at an address that has used its limit', async () => {
    const world = narrow
    const { token } = await world.signUp('Ada')
    assert.equal((await world.ask('GET', '/api/tasks', { token })).status, 200)
    const headers = from(address())
    await times(4, () => world.ask('GET', '/api/tasks', { token: guess(), headers }))
    assert.equal((await world.ask('GET', '/api/tasks', { token, headers })).status, 200)
    assertTooMany(await world.ask('GET', '/openapi.json', { headers }), 4, 'read')
  })

  test('count failed sign-ins, and not successful ones', async () => {
    const world = narrow
    const headers = from(address())
    const sign = (path: string, body: object): Promise<Answer> =>
      world.ask('POST', `/api/auth/sign-${path}/email`, { body, headers })
    const password = 'correct horse battery'
    for (let round = 0; round < 5; round++) {
      const { status, json } = await sign('up', { name: 'Ada', email: `${guess()}@example.com`, password })
      assert.equal(status, 200)
      assert.equal((await world.ask('GET', '/api/tasks', { token: json.token, headers })).status, 200)
    }
    const wrong = { email: `${guess()}@example.com`, password: 'wrong horse battery' }
    for (let round = 0; round < 4; round++) assert.equal((await sign('in', wrong)).status, 401)
    assertTooMany(await sign('in', wrong), 4, 'write')
  })

  test('bound guesses with get-session like all others', async () => {
    const world = narrow
    const headers = from(address())
    const cookie = (): string => `better-auth.session_token=${guess()}`
    for (const credential of [
      { authorization: `Bearer ${guess()}` },
      ...Array.from({ length: 3 }, () => ({ cookie: cookie() })),
    ]) {
      const { status, text } = await world.ask('GET', '/api/auth/get-session', {
        headers: { ...headers, ...credential },
      })
      assert.deepEqual({ status, text }, { status: 200, text: 'null' })
    }
    const next = await world.ask('GET', '/api/auth/get-session', { headers: { ...headers, cookie: cookie() } })
    assertTooMany(next, 4, 'read')
  })

  test('do not count a browser with a session cookie, which counts for its user', async () => {
    const world = narrow
    const email = `${guess().toLowerCase()}@example.com`
    const signUp = await world.ask('POST', '/api/auth/sign-up/email', {
      body: { name: 'Ada', email, password: 'correct horse battery' },
      headers: from(address()),
    })
    const [cookie = ''] = (signUp.headers.getSetCookie()[0] ?? '').split(';')
    for (let round = 0; round < 4; round++) {
      const { status, json } = await world.ask('GET', '/api/auth/get-session', { headers: { cookie } })
      assert.equal(status, 200)
      assert.equal(json.user.email, email)
    }
    assertTooMany(await world.ask('GET', '/api/tasks', { token: signUp.json.token }), 4, 'read')
  })

  test('count an IPv6 address with its /64, and an IPv4 address by itself', () => {
    const same = ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:0DB8:0001:0002::']
    assert.deepEqual([...new Set(same.map(addressOf))], ['2001:db8:1:2::/64'])
    assert.equal(addressOf('2001:db8:1:3::1'), '2001:db8:1:3::/64')
    assert.equal(addressOf('::1'), '::/64')
    assert.equal(addressOf('fe80::1%eth0'), 'fe80::/64')
    assert.equal(addressOf('::ffff:192.0.2.7'), '192.0.2.7')
    assert.equal(addressOf('192.0.2.7'), '192.0.2.7')
    assert.equal(addressOf('192.0.2.7:5555'), '192.0.2.7')
    assert.equal(addressOf('[2001:db8:1:2::1]:443'), '2001:db8:1:2::/64')
    assert.equal(addressOf('nonsense'), 'unknown')
  })

  test('use X-Forwarded-For only from a trusted proxy, and only its last untrusted hop', async () => {
    const ip = address()
    for (const forged of [address(), address(), address(), address()]) {
      assert.equal((await narrow.ask('GET', '/api/tasks', { headers: from(`${forged}, ${ip}`) })).status, 401)
    }
    assertTooMany(await narrow.ask('GET', '/api/tasks', { headers: from(`${address()}, ${ip}`) }), 4, 'read')

    await using alone = await open(1_000_000, 30, { TRUST_PROXY: '' })
    const first = await alone.ask('GET', '/api/tasks', { headers: from(address()) })
    const second = await alone.ask('GET', '/api/tasks', { headers: from(address()) })
    const left = (answer: Answer): number => Number(answer.headers.get('x-ratelimit-remaining'))
    assert.ok(left(second) < left(first), 'both counted for the same address')
  })
})

suite('sign-in attempts outside development', () => {
  test('are limited to three in ten seconds per address, with any forged header, and the refusal has Retry-After', async () => {
    await using world = await open(100, 100, { ENVIRONMENT: 'staging' })
    const body = { email: `${guess().toLowerCase()}@example.com`, password: 'wrong horse battery' }
    const headers = from(address())
    const signIn = (): Promise<Answer> =>
      world.ask('POST', '/api/auth/sign-in/email', { body, headers: { ...headers, 'x-internal-client-ip': address() } })
    const answers = await times(8, signIn)
    assert.deepEqual(tally(answers), { 401: 3, 429: 5 })
    for (const answer of answers.filter(({ status }) => status === 429)) {
      assertProblem(answer, { status: 429, code: 'too_many_requests' })
      assert.equal(answer.headers.get('ratelimit-policy'), '"auth";q=3;w=10')
      assert.ok(Number(answer.headers.get('retry-after')) <= 10)
    }
    const elsewhere = await world.ask('POST', '/api/auth/sign-in/email', { body, headers: from(address()) })
    assert.equal(elsewhere.status, 401)
  })
})

suite('exempt from rate limits', () => {
  test('are health and metrics, whose answers have no rate limit headers', async () => {
    const world = narrow
    for (const path of ['/health', '/health/ready', '/metrics']) {
      const answers = await times(5, () => world.ask('GET', path))
      assert.deepEqual(tally(answers), { 200: 5 }, path)
      assert.ok(answers.every(({ headers }) => !headers.has('ratelimit') && !headers.has('x-ratelimit-limit')))
    }
  })

  test('is a preflight', async () => {
    const world = narrow
    const headers = { ...from(address()), origin: 'http://localhost:3000', 'access-control-request-method': 'PATCH' }
    const answers = await times(5, () => world.ask('OPTIONS', '/api/tasks', { headers }))
    assert.deepEqual(tally(answers), { 204: 5 })
  })
})
