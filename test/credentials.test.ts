import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { openWorld, SERVICE_TOKEN, type Answer, type World } from './world.ts'

/**
 * One table of cases for every way of storing sessions. The tests insert the sessions themselves, as any auth server would, so that
 * they test only this service's check.
 */
interface Mode {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly stored: 'hashed' | 'plain'
  /** Whether a token that is stored in the other form must be refused. */
  readonly refusesOtherStorage: boolean
}

const SIGNING_SECRET = randomBytes(32).toString('base64url')
const HASH_SECRET = randomBytes(32).toString('base64url')
const shared = { BETTER_AUTH_SECRET: SIGNING_SECRET, SESSION_HASH_SECRET: HASH_SECRET }
const external = { ...shared, AUTH_MODE: 'external' }

const MODES: readonly Mode[] = [
  { name: 'embedded', env: shared, stored: 'hashed', refusesOtherStorage: true },
  { name: 'external, auto, hashed', env: external, stored: 'hashed', refusesOtherStorage: false },
  {
    name: 'external, auto, plain',
    env: external,
    stored: 'plain',
    refusesOtherStorage: false,
  },
  {
    name: 'external, SESSION_TOKEN_STORAGE=hashed',
    env: { ...external, SESSION_TOKEN_STORAGE: 'hashed' },
    stored: 'hashed',
    refusesOtherStorage: true,
  },
  {
    name: 'external, SESSION_TOKEN_STORAGE=plain',
    env: { ...external, SESSION_TOKEN_STORAGE: 'plain' },
    stored: 'plain',
    refusesOtherStorage: true,
  },
]

/** The possible types of "expiresAt", with the SQL for an instant. */
const COLUMN_TYPES = {
  timestamptz: `now() + $3::interval`,
  timestamp: `(now() + $3::interval) at time zone 'UTC'`,
} as const

const hashOf = (raw: string): string => createHmac('sha256', HASH_SECRET).update(raw).digest('hex')
const signed = (raw: string, secret = SIGNING_SECRET): string =>
  `${raw}.${createHmac('sha256', secret).update(raw).digest('base64')}`
const newToken = (): string => randomBytes(24).toString('base64url')

for (const mode of MODES) {
  suite(`credentials, ${mode.name}`, () => {
    let world: World
    before(async () => {
      world = await openWorld({ env: mode.env })
    })
    after(() => world[Symbol.asyncDispose]())
    for (const [type, expiry] of Object.entries(COLUMN_TYPES)) {
      suite(`"expiresAt" ${type}`, () => cases(mode, () => world, type, expiry))
    }
  })
}

function cases(mode: Mode, running: () => World, type: string, expiry: string): void {
  let world: World
  let raw: string
  let userId: string

  /** Puts a user with a session into the tables. The interval is added to the database's clock, in UTC. */
  async function givenSession(
    token: string,
    expiresIn = '1 hour',
    storage: Mode['stored'] = mode.stored,
  ): Promise<string> {
    const id = newToken()
    await world.asOwner(async (client) => {
      await client.query(
        `insert into users (id, name, email, "emailVerified") values ($1, 'Ada', $1 || '@example.com', false)`,
        [id],
      )
      await client.query(
        `insert into user_sessions (id, token, "userId", "expiresAt", "updatedAt")
           values ($1, $2, $1, ${expiry}, now())`,
        [id, storage === 'hashed' ? hashOf(token) : token, expiresIn],
      )
    })
    return id
  }
  const list = (authorization: string, headers: Record<string, string> = {}): Promise<Answer> =>
    world.ask('GET', '/api/tasks', { headers: { authorization, ...headers } })

  before(async () => {
    world = running()
    await world.asOwner(async (client) => {
      await client.query('delete from users')
      await client.query(
        `alter table user_sessions alter "expiresAt" type ${type} using "expiresAt" at time zone 'UTC'`,
      )
    })
    raw = newToken()
    userId = await givenSession(raw)
  })

  test('a session token is accepted raw, signed and percent-encoded, and with a scheme in any case', async () => {
    const forms = [
      `Bearer ${raw}`,
      `Bearer ${signed(raw)}`,
      `Bearer ${encodeURIComponent(signed(raw))}`,
      `bearer ${raw}`,
      `BEARER  ${raw}`,
    ]
    for (const form of forms) assert.equal((await list(form)).status, 200, form)
    const created = await world.ask('POST', '/api/tasks', { token: signed(raw), body: { title: 'mine' } })
    assert.deepEqual([created.status, created.json.userId], [201, userId])
  })

  test('a stored value is no credential, in any form', async () => {
    const { rows } = await world.asOwner((client) => client.query<{ token: string }>('select token from user_sessions'))
    const stored = rows.map((row) => row.token).filter((token) => token !== raw)
    const dressed = [...stored, hashOf(raw)].flatMap((value) => [
      value,
      `h.${value}`,
      signed(value),
      encodeURIComponent(signed(value)),
      signed(`h.${value}`),
    ])
    for (const value of dressed) assert.equal((await list(`Bearer ${value}`)).status, 401, value)
  })

  test('any other credential is 401, and the answer names the accepted forms', async () => {
    const wrong = [
      '',
      'Bearer',
      'Bearer ',
      `Basic ${raw}`,
      raw,
      `Bearer ${newToken()}`,
      `Bearer ${raw}x`,
      `Bearer ${raw.slice(0, -1)}`,
      `Bearer ${raw} ${raw}`,
      `Bearer ${signed(raw, 'another secret')}`,
      `Bearer ${signed(raw)}x`,
      `Bearer ${signed(raw)}.x`,
      `Bearer ${raw}.`,
      `Bearer ${encodeURIComponent(encodeURIComponent(signed(raw)))}`,
      `Bearer %`,
      `Bearer ${'a'.repeat(4000)}`,
    ]
    for (const authorization of wrong) {
      const answer = await list(authorization)
      assert.equal(answer.status, 401, authorization)
      assert.equal(answer.json.code, 'unauthenticated')
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
    }
    for (const headers of [
      { cookie: `better-auth.session_token=${encodeURIComponent(signed(raw))}` },
      { 'x-user-id': userId },
    ]) {
      assert.equal((await world.ask('GET', '/api/tasks', { headers })).status, 401)
    }
  })

  test('an expired session is 401, to the second, by the clock of the database', async () => {
    for (const [expiresIn, status] of [
      ['-1 second', 401],
      ['-1 hour', 401],
      ['-13 hours', 401],
      ['20 seconds', 200],
      ['13 hours', 200],
    ] as const) {
      const token = newToken()
      await givenSession(token, expiresIn)
      assert.equal((await list(`Bearer ${token}`)).status, status, expiresIn)
    }
  })

  test('a revoked session, or one of a deleted user, is 401 from the next request on', async () => {
    for (const statement of [
      'delete from user_sessions where "userId" = $1',
      `update user_sessions set "expiresAt" = "expiresAt" - interval '2 hours' where "userId" = $1`,
      'delete from users where id = $1',
    ]) {
      const token = newToken()
      const id = await givenSession(token)
      const created = await world.ask('POST', '/api/tasks', { token, body: { title: 'x' } })
      assert.equal(created.status, 201)
      await world.asOwner((client) => client.query(statement, [id]))
      for (const [method, path, body] of [
        ['GET', '/api/tasks'],
        ['GET', `/api/tasks/${created.json.id}`],
        ['POST', '/api/tasks', { title: 'late' }],
        ['DELETE', `/api/tasks/${created.json.id}`],
      ] as const) {
        assert.equal((await world.ask(method, path, { token, body })).status, 401, `${method} after ${statement}`)
      }
    }
  })

  test(`a token that is stored in the other form is ${mode.refusesOtherStorage ? 'no session' : 'a session too'}`, async () => {
    const token = newToken()
    await givenSession(token, '1 hour', mode.stored === 'hashed' ? 'plain' : 'hashed')
    assert.equal((await list(`Bearer ${token}`)).status, mode.refusesOtherStorage ? 401 : 200)
  })

  test('X-User-ID together with a session is ignored', async () => {
    const other = await givenSession(newToken())
    const created = await world.ask('POST', '/api/tasks', {
      token: raw,
      body: { title: 'x' },
      headers: { 'x-user-id': other },
    })
    assert.deepEqual([created.status, created.json.userId], [201, userId])
  })

  test('both credentials at once are 400, valid or not', async () => {
    for (const authorization of [`Bearer ${raw}`, 'Bearer nonsense']) {
      for (const token of [SERVICE_TOKEN, 'nonsense']) {
        const answer = await list(authorization, { 'x-service-auth': token, 'x-user-id': userId })
        assert.deepEqual([answer.status, answer.json.code], [400, 'contradictory_credentials'])
      }
    }
  })
}

suite('a service', () => {
  let world: World
  let userId: string
  const tokens = { agent: newToken() + newToken(), mcpOld: newToken() + newToken(), mcpNew: newToken() + newToken() }
  const ask = (headers: Record<string, string>): Promise<Answer> => world.ask('GET', '/api/tasks', { headers })

  before(async () => {
    world = await openWorld({
      env: { SERVICE_AUTH_TOKEN: `agent=${tokens.agent},mcp=${tokens.mcpOld},mcp=${tokens.mcpNew}` },
    })
    userId = (await world.signUp()).id
  })
  after(() => world[Symbol.asyncDispose]())

  test('acts for the user that it names, with any of its tokens', async () => {
    for (const token of Object.values(tokens)) {
      assert.equal((await ask({ 'x-service-auth': token, 'x-user-id': userId })).status, 200)
    }
  })

  test('with an unknown, shortened, prefixed or empty token is 401', async () => {
    for (const token of ['nonsense', tokens.agent.slice(1), `agent=${tokens.agent}`, `${tokens.agent}x`, '', userId]) {
      const answer = await ask({ 'x-service-auth': token, 'x-user-id': userId })
      assert.deepEqual([answer.status, answer.json.code], [401, 'unauthenticated'], token)
    }
  })

  test('that sends its token as a bearer is 401, and the detail names the header it belongs in', async () => {
    for (const token of Object.values(tokens)) {
      for (const scheme of ['Bearer', 'bearer ']) {
        const answer = await ask({ authorization: `${scheme} ${token}`, 'x-user-id': userId })
        assert.deepEqual([answer.status, answer.json.code], [401, 'unauthenticated'])
        assert.match(answer.json.detail, /send it as X-Service-Auth, with X-User-ID/)
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
      }
    }
    const unknown = await ask({ authorization: `Bearer ${newToken()}`, 'x-user-id': userId })
    assert.doesNotMatch(unknown.json.detail, /X-Service-Auth/)
  })

  test('without X-User-ID, or with an empty one, is 400', async () => {
    for (const headers of [{}, { 'x-user-id': '' }, { 'x-user-id': '  ' }]) {
      const answer = await ask({ 'x-service-auth': tokens.agent, ...headers })
      assert.deepEqual([answer.status, answer.json.code], [400, 'missing_user_id'])
    }
  })

  test('naming a user that does not exist is 404 and creates nothing', async () => {
    for (const unknown of [
      'unknown',
      'x'.repeat(255),
      'x'.repeat(3000),
      "' or true --",
      '%00',
      '*',
      userId.toLowerCase(),
      `${userId},${userId}`,
    ]) {
      for (const method of ['GET', 'POST']) {
        const answer = await world.ask(method, '/api/tasks', {
          headers: { 'x-service-auth': tokens.agent, 'x-user-id': unknown },
          ...(method === 'POST' ? { body: { title: 'x' } } : {}),
        })
        assert.deepEqual([answer.status, answer.json.code], [404, 'not_found'], unknown)
      }
    }
    const { rows } = await world.asOwner((client) =>
      client.query<{ users: number; tasks: number }>(
        'select (select count(*)::int from users) as users, (select count(*)::int from tasks) as tasks',
      ),
    )
    assert.deepEqual(rows, [{ users: 1, tasks: 0 }])
  })
})
