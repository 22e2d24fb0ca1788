import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, before, beforeEach, suite, test } from 'node:test'
import { openTestDatabase } from '../../test/databases.ts'
import { until } from '../../test/faults/measures.ts'
import { watchStatements } from '../../test/plans.ts'
import { openWorld, SERVICE_TOKEN, type Answer, type User, type World } from '../../test/world.ts'
import { newPersonalToken } from '../http/personal-token.ts'
import { hashSessionToken } from '../http/credential.ts'

const TOKENS = '/api/tokens'
const DAY_MS = 86_400_000

type Json = Answer['json']

let world: World
let ada: User

before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = await world.signUp('Ada')
})

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask(method, path, { token: ada.token, body, headers })
const make = async (fields: object = {}): Promise<Json> => {
  const { status, json, text } = await ask('POST', TOKENS, { name: 'Report', ...fields })
  assert.equal(status, 201, text)
  return json
}
const use = (token: string, method = 'GET', path = '/api/tasks', body?: unknown): Promise<Answer> =>
  world.ask(method, path, { token, body })
const refuses = (answer: Answer, status: number, code: string): void =>
  assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text)

suite('POST /api/tokens', () => {
  test('creates a token for reading that lasts 90 days, and shows it this once', async () => {
    const answer = await ask('POST', TOKENS, { name: '  Morning report ' })
    const { token, ...shown } = answer.json
    assert.equal(answer.status, 201)
    assert.match(token, /^todo_pat_[0-9A-Za-z]{36}$/)
    const { id, createdAt, expiresAt, ...rest } = shown
    assert.deepEqual(rest, {
      name: 'Morning report',
      scopes: ['tasks:read'],
      prefix: token.slice(0, 13),
      lastUsedAt: null,
    })
    assert.ok(Math.abs(Date.parse(expiresAt) - Date.parse(createdAt) - 90 * DAY_MS) <= 1)
    assert.equal(answer.headers.get('location'), `${TOKENS}/${id}`)
    assert.equal(answer.headers.get('cache-control'), 'private, no-store')
    assert.deepEqual((await ask('GET', `${TOKENS}/${id.toUpperCase()}`)).json, shown)
    assert.deepEqual((await ask('GET', TOKENS)).json, [shown])
    assert.equal((await use(token)).status, 200)
  })

  test('takes scopes, and an expiry as an instant or in days', async () => {
    const at = new Date(Date.now() + 3 * DAY_MS).toISOString()
    const { scopes, expiresAt } = await make({ scopes: ['keys:manage', 'tasks:write'], expiresAt: at })
    assert.deepEqual([scopes, Date.parse(expiresAt)], [['keys:manage', 'tasks:write'], Date.parse(at)])
    const longest = await make({ expiresInDays: 366 })
    assert.ok(Math.abs(Date.parse(longest.expiresAt) - Date.now() - 366 * DAY_MS) < 60_000)
  })

  test('refuses what is not valid, naming the field, and creates nothing', async () => {
    const instant = (ms: number): string => new Date(Date.now() + ms).toISOString()
    for (const [body, pointer] of [
      [{ name: 'Re\u202etroper' }, '/name'],
      [{ name: 'Report\u200b' }, '/name'],
      [{ name: 'Report\n[x] Delete' }, '/name'],
      [{ name: 'Re\u2028port' }, '/name'],
      [{ name: 'Report\u0085x' }, '/name'],
      [{}, '/name'],
      [{ name: ' ' }, '/name'],
      [{ name: '\u200b' }, '/name'],
      [{ name: 'x'.repeat(101) }, '/name'],
      [{ name: 7 }, '/name'],
      [{ name: 'x', scopes: [] }, '/scopes'],
      [{ name: 'x', scopes: ['tasks:read', 'tasks:read'] }, '/scopes'],
      [{ name: 'x', scopes: ['tasks:delete'] }, '/scopes/0'],
      [{ name: 'x', scopes: 'tasks:read' }, '/scopes'],
      [{ name: 'x', scopes: null }, '/scopes'],
      [{ name: 'x', expiresInDays: 0 }, '/expiresInDays'],
      [{ name: 'x', expiresInDays: 367 }, '/expiresInDays'],
      [{ name: 'x', expiresInDays: 1.5 }, '/expiresInDays'],
      [{ name: 'x', expiresInDays: '30' }, '/expiresInDays'],
      [{ name: 'x', expiresAt: 'tomorrow' }, '/expiresAt'],
      [{ name: 'x', expiresAt: instant(-1000) }, '/expiresAt'],
      [{ name: 'x', expiresAt: instant(367 * DAY_MS) }, '/expiresAt'],
      [{ name: 'x', expiresAt: instant(DAY_MS), expiresInDays: 1 }, '/expiresAt'],
      [{ name: 'x', token: newPersonalToken() }, '/token'],
    ] as const) {
      const answer = await ask('POST', TOKENS, body)
      refuses(answer, 422, 'invalid_input')
      assert.equal(answer.json.errors[0].pointer, pointer, JSON.stringify(body))
    }
    refuses(await world.ask('POST', TOKENS, { token: ada.token, raw: '{' }), 400, 'invalid_json')
    refuses(await ask('POST', TOKENS, { name: 'x'.repeat(1_100_000) }), 413, 'body_too_large')
    assert.deepEqual((await ask('GET', TOKENS)).json, [])
  })

  test('stores neither the token nor a part of it that is secret, also not under an Idempotency-Key', async () => {
    const key = { 'idempotency-key': randomUUID() }
    const first = await ask('POST', TOKENS, { name: 'Report' }, key)
    const { token, ...shown } = first.json
    const rows = await world.sql(
      `select to_jsonb(t)::text as row from personal_tokens t where user_id = $1
       union all select to_jsonb(k)::text from idempotency_keys k where user_id = $1`,
      [ada.id],
    )
    assert.equal(rows.length, 2)
    for (const { row } of rows) assert.ok(!row.includes(token.slice(13, 30)) && !row.includes(token.slice(-20)), row)
    const again = await ask('POST', TOKENS, { name: 'Report' }, key)
    assert.deepEqual([again.status, again.json], [201, { ...shown, token: null }])
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    assert.equal(again.headers.get('location'), first.headers.get('location'))
    assert.equal((await ask('GET', TOKENS)).json.length, 1)
  })

  test('as a dry run shows no token, because none was created', async () => {
    const { status, json } = await ask('POST', `${TOKENS}?dryRun=true`, { name: 'Report' })
    assert.deepEqual([status, json.token], [201, null])
    assert.deepEqual((await ask('GET', TOKENS)).json, [])
  })

  const fill = (count: number, expiresIn: string): Promise<unknown> =>
    world.sql(
      `insert into personal_tokens (user_id, id, name, prefix, hash, scopes, expires_at)
       select $1, gen_random_uuid(), 'old', 'todo_pat_0000', encode(sha256(convert_to($1 || n || $3::text, 'UTF8')), 'hex'),
         '{tasks:read}', now() + $3::interval from generate_series(1, $2::int) n`,
      [ada.id, count, expiresIn],
    )

  test('makes at most 50 tokens for a user, also with many requests at once', async () => {
    await fill(48, '1 hour')
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('POST', TOKENS, { name: 'x' })))
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
    assert.deepEqual(statuses, [201, 201, ...Array.from({ length: 8 }, () => 409)])
    for (const answer of answers) if (answer.status === 409) refuses(answer, 409, 'token_limit_reached')
    const [newest, ...others] = (await ask('GET', TOKENS)).json
    assert.equal(others.length, 49)
    assert.equal((await ask('DELETE', `${TOKENS}/${newest.id}`)).status, 204)
    await make()
    ada = await world.signUp('Ben')
    await make()
  })

  test('makes room by removing the tokens that expired first', async () => {
    await fill(2, '-2 hours')
    await fill(3, '-1 hour')
    await fill(45, '1 hour')
    await make()
    const left = await world.sql(
      `select count(*) filter (where expires_at < now() - interval '90 minutes')::int as oldest, count(*)::int as all
       from personal_tokens where user_id = $1`,
      [ada.id],
    )
    assert.deepEqual(left, [{ oldest: 1, all: 50 }])
  })
})

suite('the routes of personal tokens', () => {
  const requests = (id: string) =>
    [
      ['POST', TOKENS, { name: 'x' }],
      ['GET', TOKENS, undefined],
      ['GET', `${TOKENS}/${id}`, undefined],
      ['DELETE', `${TOKENS}/${id}`, undefined],
    ] as const

  test('are for sessions alone: without a credential 401, with a service or a token 403', async () => {
    const { id, token } = await make({ scopes: ['tasks:read', 'tasks:write', 'keys:manage', 'account:read'] })
    const service = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id }
    for (const [method, path, body] of requests(id)) {
      refuses(await world.ask(method, path, { body }), 401, 'unauthenticated')
      refuses(await world.ask(method, path, { body, headers: service }), 403, 'forbidden')
      refuses(await use(token, method, path, body), 403, 'forbidden')
      refuses(await use(newPersonalToken(), method, path, body), 401, 'unauthenticated')
    }
    assert.equal((await ask('GET', TOKENS)).json.length, 1)
    assert.equal((await use(token)).status, 200)
  })

  test("do not find another user's token, and refuse an id that is no UUID", async () => {
    const { id, token } = await make()
    ada = await world.signUp('Ben')
    for (const method of ['GET', 'DELETE']) {
      refuses(await ask(method, `${TOKENS}/${id}`), 404, 'not_found')
      refuses(await ask(method, `${TOKENS}/${randomUUID()}`), 404, 'not_found')
      refuses(await ask(method, `${TOKENS}/x`), 422, 'invalid_input')
    }
    assert.deepEqual((await ask('GET', TOKENS)).json, [])
    assert.equal((await use(token)).status, 200)
  })

  test('revoke a token once, however many requests do so', async () => {
    const { id, token } = await make()
    const answers = await Promise.all([1, 2, 3].map(() => ask('DELETE', `${TOKENS}/${id}`)))
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [204, 404, 404],
    )
    refuses(await use(token), 401, 'unauthenticated')
  })
})

suite('a personal token', () => {
  test('does what its scopes allow as its user, and 403 names the scope that is missing', async () => {
    const reader = await make({ scopes: ['tasks:read'] })
    const writer = await make({ scopes: ['tasks:write'], name: 'Agent 7' })
    const created = await use(writer.token, 'POST', '/api/tasks', { title: 'by the agent' })
    assert.deepEqual([created.status, created.json.userId], [201, ada.id])
    assert.equal((await use(reader.token)).json.length, 1)
    const path = `/api/tasks/${created.json.id}`
    const patched = await use(writer.token, 'PATCH', path, { title: 'changed' })
    assert.deepEqual([patched.status, patched.json.title], [200, 'changed'])
    for (const answer of [
      await use(reader.token, 'PATCH', path, { title: 'x' }),
      await use(reader.token, 'PATCH', path, { title: 7 }),
      await use(reader.token, 'PATCH', '/api/tasks/x', { title: 'x' }),
    ]) {
      refuses(answer, 403, 'insufficient_scope')
      assert.deepEqual(answer.json.required, ['tasks:write'])
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer error="insufficient_scope", scope="tasks:write"')
    }
    refuses(await use(writer.token, 'GET', path), 403, 'insufficient_scope')
    assert.equal((await ask('GET', path)).json.version, 2)
  })

  test('is named by the history and the trash, in all that it changes and also after it was revoked', async () => {
    const { id, token } = await make({ scopes: ['tasks:write'], name: 'Agent 7' })
    const operations = ['a', 'b'].map((title) => ({ op: 'create', task: { title } }))
    const { json } = await use(token, 'POST', '/api/tasks/batch', { operations })
    await use(token, 'DELETE', `/api/tasks/${json.results[0].task.id}`)
    await ask('POST', '/api/tasks', { title: 'by the user' })
    await ask('DELETE', `${TOKENS}/${id}`)
    const rows = await world.sql(
      'select actor_kind as kind, actor_name as name from changes where user_id = $1 order by seq',
      [ada.id],
    )
    const agent = { kind: 'token', name: 'Agent 7' }
    assert.deepEqual(rows, [agent, agent, agent, { kind: 'session', name: null }])
    assert.deepEqual((await ask('GET', '/api/trash')).json[0].deletedBy, agent)
  })

  test('is 401 once it is revoked, has expired by the clock of the database, or its user was deleted', async () => {
    for (const end of [
      'delete from personal_tokens where user_id = $1',
      'update personal_tokens set expires_at = now() where user_id = $1',
      'delete from users where id = $1',
    ]) {
      ada = await world.signUp()
      const { token } = await make({ scopes: ['tasks:read', 'tasks:write'] })
      assert.equal((await use(token, 'POST', '/api/tasks', { title: 'x' })).status, 201)
      await world.sql(end, [ada.id])
      for (const answer of [await use(token), await use(token, 'POST', '/api/tasks', { title: 7 })]) {
        refuses(answer, 401, 'unauthenticated')
        assert.match(answer.json.detail, /personal token is unknown, expired or revoked/)
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
      }
    }
  })

  test('with a typo is 401 without a query, and so is one in the header of services', async () => {
    const { token } = await make()
    const take = watchStatements(world.deps.db.pool)
    take()
    for (const typo of [`${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`, token.slice(0, -1), `${token}x`]) {
      const answer = await use(typo)
      refuses(answer, 401, 'unauthenticated')
      assert.match(answer.json.detail, /mistyped or cut off/)
    }
    const headers = { 'x-service-auth': token, 'x-user-id': ada.id }
    refuses(await world.ask('GET', '/api/tasks', { headers }), 401, 'unauthenticated')
    assert.deepEqual(take(), [])
  })

  test('is refused by the auth server, which would not know it', async () => {
    const { token } = await make({ scopes: ['tasks:read', 'account:read'] })
    for (const [method, path] of [
      ['GET', 'get-session'],
      ['POST', 'sign-out'],
      ['POST', 'delete-user'],
    ] as const) {
      const body = method === 'POST' ? { password: ada.password } : undefined
      refuses(await use(token, method, `/api/auth/${path}`, body), 403, 'forbidden')
    }
    assert.equal((await use(token)).status, 200)
  })

  test('shows the hour of its last use, which its requests do not wait for', async () => {
    const { id, token } = await make()
    const lastUsedAt = async (): Promise<string | null> => (await ask('GET', `${TOKENS}/${id}`)).json.lastUsedAt
    const unused = await make()
    const before = Math.floor(Date.now() / 3_600_000)
    refuses(await use(token, 'POST', '/api/tasks', { title: 'x' }), 403, 'insufficient_scope')
    await until('its use is noted', async () => (await lastUsedAt()) !== null)
    const hour = Date.parse(String(await lastUsedAt())) / 3_600_000
    assert.ok(Number.isInteger(hour) && hour >= before && hour <= before + 1)
    assert.equal((await ask('GET', `${TOKENS}/${unused.id}`)).json.lastUsedAt, null)
  })

  test('counts for the rate limit of its user', async () => {
    await using limited = await openWorld({ env: { RATE_LIMIT_READ: '3' } })
    const user = await limited.signUp()
    const { json } = await limited.ask('POST', TOKENS, { token: user.token, body: { name: 'x' } })
    const statuses: number[] = []
    for (const token of [user.token, json.token, user.token, json.token, user.token]) {
      statuses.push((await limited.ask('GET', '/api/tasks', { token })).status)
    }
    assert.deepEqual(statuses, [200, 200, 200, 429, 429])
  })
})

test('tokens survive a new encryption key while the old one is listed, and are then stored under the new one', async () => {
  await using database = await openTestDatabase()
  const [first, second] = [1, 2].map(() => `${randomBytes(32).toString('base64url')}=`)
  const secrets = { SESSION_HASH_SECRET: randomBytes(32).toString('base64url') }
  const opened = (keys: string): Promise<World> =>
    openWorld({ env: { ...database.env, ...secrets, ENCRYPTION_KEY: keys } })
  let user: User
  let used: string
  let unused: string
  {
    await using old = await opened(String(first))
    user = await old.signUp()
    const created = async (): Promise<string> =>
      (await old.ask('POST', TOKENS, { token: user.token, body: { name: 'x' } })).json.token
    ;[used, unused] = [await created(), await created()]
  }
  {
    await using both = await opened(`${second},${first}`)
    assert.equal((await both.ask('GET', '/api/tasks', { token: used })).status, 200)
    // Its uses are written when it closes, at the latest.
  }
  await using later = await opened(String(second))
  assert.equal((await later.ask('GET', '/api/tasks', { token: used })).status, 200)
  assert.equal((await later.ask('GET', '/api/tasks', { token: unused })).status, 401)
})

for (const storage of ['auto', 'plain']) {
  test(`tokens work with another auth server, SESSION_TOKEN_STORAGE=${storage}`, async () => {
    const secret = randomBytes(32).toString('base64url')
    await using other = await openWorld({
      env: {
        AUTH_MODE: 'external',
        SESSION_TOKEN_STORAGE: storage,
        ...(storage === 'auto' && { SESSION_HASH_SECRET: secret }),
      },
    })
    const session = randomBytes(24).toString('base64url')
    await other.asOwner(async (client) => {
      await client.query(
        `insert into users (id, name, email, "emailVerified") values ('u', 'U', 'u@example.com', true)`,
      )
      await client.query(
        `insert into user_sessions (id, token, "userId", "expiresAt", "updatedAt")
         values ('s', $1, 'u', now() + interval '1 hour', now())`,
        [storage === 'plain' ? session : hashSessionToken(session, secret)],
      )
    })
    const made = await other.ask('POST', TOKENS, { token: session, body: { name: 'x', scopes: ['tasks:write'] } })
    assert.equal(made.status, 201, made.text)
    const { token } = made.json
    assert.equal((await other.ask('POST', '/api/tasks', { token, body: { title: 'x' } })).status, 201)
    refuses(await other.ask('GET', '/api/tasks', { token }), 403, 'insufficient_scope')
    await other.asOwner((client) => client.query(`delete from users where id = 'u'`))
    refuses(await other.ask('POST', '/api/tasks', { token, body: { title: 'x' } }), 401, 'unauthenticated')
  })
}
