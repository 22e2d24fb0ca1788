import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import { after, before, beforeEach, suite, test } from 'node:test'
import { pino } from 'pino'
import { answering, hanging, type Asked, type FakeServer } from '../../test/fake-server.ts'
import { accepting, openFakeProvider, REFUSING } from './fake-provider.testing.ts'
import { adds } from '../../test/metric-values.ts'
import { assertProblem } from '../../test/wire.ts'
import { openWorld, type Answer, type Asking, type User, type World } from '../../test/world.ts'
import { openFernet } from '../lib/fernet.ts'
import { Secret } from '../lib/secret.ts'
import { servicePrincipal } from '../principal.ts'

const KEYS = '/api/user-api-keys'
const GEMINI = `${KEYS}/gemini`
const AGENT = randomBytes(32).toString('base64url')

const newKey = (): string => `AIza${randomBytes(24).toString('base64url')}`
const maskOf = (key: string): string => `${key.slice(0, 4)}...${key.slice(-3)}`
const keyIn = ({ headers }: Asked): string => String(headers['x-goog-api-key'])

suite('provider keys', () => {
  let provider: FakeServer
  let world: World
  const lines: string[] = []
  before(async () => {
    provider = await openFakeProvider()
    const url = provider.url
    const log = pino(
      { level: 'trace' },
      new Writable({
        write: (chunk, _, done) => {
          lines.push(String(chunk))
          done()
        },
      }),
    )
    world = await openWorld({
      env: {
        SERVICE_AUTH_TOKEN: `agent=${AGENT}`,
        GEMINI_BASE_URL: url,
        OPENAI_BASE_URL: url,
        ANTHROPIC_BASE_URL: url,
      },
      replace: () => ({ log }),
    })
  })
  after(async () => {
    await world[Symbol.asyncDispose]()
    await provider[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    provider.answer = accepting
  })

  const put = (user: User, apiKey: unknown = newKey(), path = GEMINI): Promise<Answer> =>
    world.ask('PUT', path, { token: user.token, body: { apiKey } })
  const check = (user: User): Promise<Answer> => world.ask('POST', `${GEMINI}/test`, { token: user.token })
  const get = async (user: User, path = GEMINI): Promise<Answer['json']> =>
    (await world.ask('GET', path, { token: user.token })).json
  const asAgent = (user: Pick<User, 'id'>, more: Readonly<Record<string, string>> = {}): Asking => ({
    headers: { 'x-service-auth': AGENT, 'x-user-id': user.id, ...more },
  })
  const plaintext = (user: Pick<User, 'id'>, path = GEMINI): Promise<Answer> =>
    world.ask('GET', `${path}/plaintext`, asAgent(user))
  const audit = (user: User, query = ''): Promise<Answer> =>
    world.ask('GET', `${GEMINI}/audit${query}`, { token: user.token })
  /** The stored row. */
  const stored = (user: User): Promise<unknown> =>
    world.asOwner(async (client) => {
      const { rows } = await client.query('select * from user_api_keys where user_id = $1 order by provider', [user.id])
      return rows
    })
  /** Asserts that `act` does not change the row. */
  const expectNoChange = async <T>(user: User, act: () => Promise<T>): Promise<T> => {
    const before = await stored(user)
    const result = await act()
    assert.deepEqual(await stored(user), before)
    return result
  }
  /** Simulates a lost encryption key: the stored key is encrypted under one that is not configured. */
  const loseEncryptionKey = (user: User): Promise<unknown> => {
    const lost = openFernet([new Secret(`${randomBytes(32).toString('base64url')}=`)])
    return world.asOwner((client) =>
      client.query(`update user_api_keys set encrypted_key = $2 where user_id = $1 and provider = 'gemini'`, [
        user.id,
        lost.encrypt(Buffer.from(newKey())),
      ]),
    )
  }

  suite('PUT', () => {
    test('is counted by the result of the check', async () => {
      const ada = await world.signUp()
      const checks = (outcome: string): string =>
        `vault_key_check_duration_seconds_count{provider="gemini",outcome="${outcome}"}`
      await adds(world, { [checks('success')]: 1, [checks('failure')]: 1 }, async () => {
        await put(ada)
        provider.answer = REFUSING.gemini
        await put(ada)
      })
    })

    test('stores a key that the provider accepts: 201 the first time, 200 when it replaces one', async () => {
      const ada = await world.signUp()
      const [one, two] = [newKey(), newKey()]
      const first = await put(ada, one)
      assert.equal(first.status, 201)
      const { createdAt } = first.json
      assert.deepEqual(first.json, {
        provider: 'gemini',
        maskedKey: maskOf(one),
        validationStatus: 'success',
        lastValidatedAt: createdAt,
        createdAt,
        updatedAt: createdAt,
      })
      assert.equal((await plaintext(ada)).json.apiKey, one)
      const second = await put(ada, two)
      assert.equal(second.status, 200)
      assert.deepEqual([second.json.maskedKey, second.json.createdAt], [maskOf(two), createdAt])
      assert.ok(second.json.updatedAt > createdAt)
      assert.deepEqual(await get(ada), second.json)
      assert.deepEqual((await plaintext(ada)).json, { provider: 'gemini', apiKey: two })
    })

    test('trims white space around a pasted key', async () => {
      const ada = await world.signUp()
      const key = newKey()
      assert.equal((await put(ada, `  ${key}\n`)).status, 201)
      assert.equal((await plaintext(ada)).json.apiKey, key)
    })

    test('stores one key per provider, and lists them by its name', async () => {
      const ada = await world.signUp()
      assert.deepEqual(await get(ada, KEYS), [])
      const keys = { openai: `sk-${randomUUID()}`, gemini: newKey(), anthropic: `sk-ant-${randomUUID()}` }
      for (const [name, key] of Object.entries(keys)) {
        assert.equal((await put(ada, key, `${KEYS}/${name}`)).status, 201)
      }
      const list = await get(ada, KEYS)
      assert.deepEqual(
        list.map((each: Answer['json']) => [each.provider, each.maskedKey]),
        (['anthropic', 'gemini', 'openai'] as const).map((name) => [name, maskOf(keys[name])]),
      )
      assert.equal((await plaintext(ada, `${KEYS}/openai`)).json.apiKey, keys.openai)
    })

    test('of a key that the provider does not know is 422 with a reason of our own, and the old key stays', async () => {
      const ada = await world.signUp()
      await put(ada)
      provider.answer = REFUSING.gemini
      const answer = await expectNoChange(ada, () => put(ada))
      assertProblem(answer, { status: 422, code: 'key_refused', path: GEMINI })
      const detail = 'Gemini does not know this key: copy it again from there, or make a new one'
      assert.equal(answer.json.detail, detail)
      assert.deepEqual(answer.json.errors, [{ in: 'body', pointer: '/apiKey', detail }])
    })

    for (const [what, answer] of Object.entries<FakeServer['answer']>({
      'answers 500': answering(500, { error: { message: 'oops' } }),
      'redirects elsewhere': answering(302, '', { location: 'http://127.0.0.1:1/v1/models' }),
      'talks nonsense': answering(200, '<h1>Welcome'),
      'answers two megabytes': answering(200, { models: ['x'.repeat(2_000_000)] }),
      'hangs up': (response) => response.destroy(),
    })) {
      test(`while the provider ${what} is 503, and the old key stays`, async () => {
        const ada = await world.signUp()
        await put(ada)
        provider.answer = answer
        const refused = await expectNoChange(ada, () => put(ada))
        assertProblem(refused, { status: 503, code: 'provider_unavailable', path: GEMINI, more: ['retryAfter'] })
        assert.deepEqual([refused.headers.get('retry-after'), refused.json.retryAfter], ['30', 30])
      })
    }

    test('while a quota is used up is 503 with the Retry-After of the provider, and the old key stays', async () => {
      const ada = await world.signUp()
      await put(ada)
      provider.answer = answering(429, { error: {} }, { 'retry-after': '77' })
      const refused = await expectNoChange(ada, () => put(ada))
      assertProblem(refused, { status: 503, code: 'provider_unavailable', path: GEMINI, more: ['retryAfter'] })
      assert.equal(refused.headers.get('retry-after'), '77')
      assert.match(refused.json.detail, /quota/)
    })

    test('of a provider that hangs is 503 after ten seconds, during which other requests are answered', async () => {
      const [ada, ben] = [await world.signUp('Ada'), await world.signUp('Ben')]
      await Promise.all([put(ada), put(ben)])
      provider.answer = hanging
      const before = await stored(ada)
      const startedMs = performance.now()
      const [putting, testing] = [put(ada), check(ben)]
      // The embedded database has a single connection: a request that held it would delay these.
      for (const user of [ada, ben]) assert.equal((await get(user)).validationStatus, 'success')
      const goneOnMs = performance.now() - startedMs
      assertProblem(await putting, { status: 503, code: 'provider_unavailable', more: ['retryAfter'] })
      const tookMs = performance.now() - startedMs
      assert.ok(goneOnMs < 8_000 && tookMs > 9_500 && tookMs < 20_000, `${goneOnMs} ms and ${tookMs} ms`)
      assert.equal((await testing).json.validationStatus, 'unreachable')
      assert.deepEqual(await stored(ada), before)
    })

    test('of text without the format of the provider’s keys is 422 and calls no provider', async () => {
      const ada = await world.signUp()
      const before = provider.asked.length
      for (const [apiKey, detail] of [
        ['', 'apiKey must not be empty'],
        [' \n', 'apiKey must not be empty'],
        ['short', /^apiKey must be a Gemini key/],
        [`sk-${randomUUID()}`, /^apiKey must be a Gemini key/],
        [`${newKey()}\r\nX-Evil: 1`, /^apiKey must be a Gemini key/],
        [`${newKey()}\u0000`, /^apiKey must be a Gemini key/],
        ['x'.repeat(513), 'apiKey must have at most 512 characters'],
        [null, 'apiKey must be a string'],
        [1, 'apiKey must be a string'],
        [[newKey()], 'apiKey must be a string'],
      ] as const) {
        const answer = await put(ada, apiKey)
        assertProblem(answer, { status: 422, code: 'invalid_input', path: GEMINI })
        if (typeof detail === 'string') assert.equal(answer.json.detail, detail)
        else assert.match(answer.json.detail, detail)
        assert.equal(answer.json.errors[0].pointer, '/apiKey')
      }
      for (const body of [{}, { apiKey: newKey(), label: 'x' }, { key: newKey() }, []]) {
        assert.equal((await world.ask('PUT', GEMINI, { token: ada.token, body })).status, 422)
      }
      assert.equal((await world.ask('PUT', GEMINI, { token: ada.token })).status, 422)
      const huge = { token: ada.token, body: { apiKey: 'x'.repeat(1024 * 1024) } }
      assert.equal((await world.ask('PUT', GEMINI, huge)).status, 413)
      const form = {
        token: ada.token,
        raw: 'apiKey=x',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }
      assert.equal((await world.ask('PUT', GEMINI, form)).status, 415)
      assert.equal(provider.asked.length, before)
      assert.deepEqual(await get(ada, KEYS), [])
      // None of these counted as a check.
      for (let round = 0; round < 5; round++) assert.ok((await put(ada)).status < 300)
    })

    test('is 401 and stores nothing if the session ends during the check', async () => {
      const ada = await world.signUp()
      const arrived = Promise.withResolvers<() => void>()
      provider.answer = (response, asked) => arrived.resolve(() => accepting(response, asked))
      const putting = put(ada)
      const release = await arrived.promise
      await world.ask('POST', '/api/auth/sign-out', { token: ada.token })
      release()
      assertProblem(await putting, { status: 401, code: 'unauthenticated', path: GEMINI })
      assert.deepEqual(await stored(ada), [])
    })

    test('of five keys at once stores one of them whole: one 201, four 200', async () => {
      const ada = await world.signUp()
      const keys = Array.from({ length: 5 }, newKey)
      const answers = await Promise.all(keys.map((key) => put(ada, key)))
      assert.deepEqual(answers.map(({ status }) => String(status)).sort(), ['200', '200', '200', '200', '201'])
      const { apiKey } = (await plaintext(ada)).json
      assert.ok(keys.includes(apiKey))
      const shown = await get(ada)
      assert.equal(shown.maskedKey, maskOf(apiKey))
      const last = answers.find(({ json }) => json.maskedKey === maskOf(apiKey))
      assert.deepEqual(last?.json, shown)
      assert.ok(answers.every(({ json }) => json.updatedAt <= shown.updatedAt))
    })
  })

  suite('POST …/test', () => {
    test('records the result of the check; only a decision of the provider changes lastValidatedAt', async () => {
      const ada = await world.signUp()
      const { json: first } = await put(ada)
      const found: [string, boolean][] = []
      let last = first
      for (const answer of [REFUSING.gemini, answering(429), answering(500), accepting]) {
        provider.answer = answer
        const { status, json } = await check(ada)
        assert.equal(status, 200)
        assert.deepEqual(await get(ada), json)
        const { validationStatus, lastValidatedAt, ...rest } = json
        const { validationStatus: _, lastValidatedAt: before, ...same } = last
        assert.deepEqual(rest, same)
        found.push([validationStatus, lastValidatedAt > before])
        last = json
      }
      assert.deepEqual(found, [
        ['failure', true],
        ['quota_exceeded', false],
        ['unreachable', false],
        ['success', true],
      ])
    })

    test('sends the stored key to the provider', async () => {
      const ada = await world.signUp()
      const key = newKey()
      await put(ada, key)
      await check(ada)
      const asked = provider.asked.slice(-2)
      assert.deepEqual(asked.map(keyIn), [key, key])
    })

    test('does not change a key that was stored meanwhile, and is 404 if the key was deleted meanwhile', async () => {
      const ada = await world.signUp()
      const [old, fresh] = [newKey(), newKey()]
      await put(ada, old)
      for (const meanwhile of ['put', 'delete'] as const) {
        const arrived = Promise.withResolvers<() => void>()
        const questioned = meanwhile === 'put' ? old : fresh
        provider.answer = (response, asked) => {
          if (keyIn(asked) === questioned) arrived.resolve(() => REFUSING.gemini(response, asked))
          else accepting(response, asked)
        }
        const testing = check(ada)
        const release = await arrived.promise
        if (meanwhile === 'put') await put(ada, fresh)
        else await world.ask('DELETE', GEMINI, { token: ada.token })
        release()
        const { status, json } = await testing
        if (meanwhile === 'delete') assert.equal(status, 404)
        else assert.deepEqual([status, json.maskedKey, json.validationStatus], [200, maskOf(fresh), 'success'])
      }
    })

    test('without a key is 404, with a body 422, and neither calls a provider', async () => {
      const ada = await world.signUp()
      const before = provider.asked.length
      assertProblem(await check(ada), { status: 404, code: 'not_found', path: `${GEMINI}/test` })
      const body = { apiKey: newKey() }
      assert.equal((await world.ask('POST', `${GEMINI}/test`, { token: ada.token, body })).status, 422)
      assert.equal(provider.asked.length, before)
    })
  })

  suite('the limit of live checks', () => {
    test('is five an hour for each user, for PUT and test together; the sixth is 429 and calls no provider', async () => {
      const [ada, ben] = [await world.signUp('Ada'), await world.signUp('Ben')]
      await put(ada)
      provider.answer = REFUSING.gemini
      for (let round = 0; round < 2; round++) {
        await put(ada)
        await check(ada)
      }
      provider.answer = accepting
      const before = provider.asked.length
      await expectNoChange(ada, async () => {
        for (const act of [put, check]) {
          const refused = await act(ada)
          assertProblem(refused, { status: 429, code: 'too_many_requests' })
          const seconds = Number(refused.headers.get('retry-after'))
          assert.ok(seconds > 3_500 && seconds <= 3_600 && refused.json.retryAfter === seconds, `${seconds} s`)
        }
      })
      assert.equal(provider.asked.length, before)
      // Services that act for the user share the limit of the user.
      const { headers } = asAgent(ada)
      assert.equal((await world.ask('POST', `${GEMINI}/test`, { headers: headers ?? {} })).status, 429)
      assert.equal((await put(ben)).status, 201)
      assert.equal((await plaintext(ada)).status, 200)
      assert.equal((await world.ask('DELETE', GEMINI, { token: ada.token })).status, 204)
    })

    test('allows exactly five of twenty checks at once', async () => {
      const ada = await world.signUp()
      const answers = await Promise.all(Array.from({ length: 20 }, () => put(ada)))
      assert.deepEqual(
        Map.groupBy(answers, ({ status }) => (status < 300 ? 'stored' : status)).get('stored')?.length,
        5,
      )
      assert.equal(answers.filter(({ status }) => status === 429).length, 15)
    })
  })

  suite('DELETE', () => {
    test('is not undone by a PUT whose check was in progress', async () => {
      const ada = await world.signUp()
      provider.answer = accepting
      await put(ada)
      const arrived = Promise.withResolvers<() => void>()
      provider.answer = (response, asked) => arrived.resolve(() => accepting(response, asked))
      const putting = put(ada)
      const release = await arrived.promise
      assert.equal((await world.ask('DELETE', GEMINI, { token: ada.token })).status, 204)
      release()
      assertProblem(await putting, { status: 409, code: 'conflict' })
      assert.deepEqual(await get(ada, KEYS), [])
      provider.answer = accepting
    })

    test('is 204, and 404 when there is nothing left; the other keys stay', async () => {
      const ada = await world.signUp()
      await put(ada)
      await put(ada, `sk-${randomUUID()}`, `${KEYS}/openai`)
      const statuses = []
      for (let round = 0; round < 2; round++)
        statuses.push((await world.ask('DELETE', GEMINI, { token: ada.token })).status)
      assert.deepEqual(statuses, [204, 404])
      assert.deepEqual(
        (await get(ada, KEYS)).map((each: Answer['json']) => each.provider),
        ['openai'],
      )
      assert.equal((await put(ada)).status, 201)
    })
  })

  suite('authorization', () => {
    const ROUTES = [
      ['GET', KEYS],
      ['GET', GEMINI],
      ['PUT', GEMINI],
      ['POST', `${GEMINI}/test`],
      ['DELETE', GEMINI],
      ['GET', `${GEMINI}/plaintext`],
      ['GET', `${GEMINI}/audit`],
    ] as const
    const bodyOf = (method: string): Asking => (method === 'PUT' ? { body: { apiKey: newKey() } } : {})

    let ada: User
    let ben: User
    let gone: User
    const key = newKey()
    before(async () => {
      ;[ada, ben, gone] = [await world.signUp('Ada'), await world.signUp('Ben'), await world.signUp('Gone')]
      await world.ask('POST', '/api/auth/sign-out', { token: gone.token })
      provider.answer = accepting
      await put(ada, key)
      await plaintext(ada)
    })

    for (const [method, path] of ROUTES) {
      test(`${method} ${path} is 401 without a valid session, and calls no provider`, async () => {
        const before = provider.asked.length
        for (const asking of [
          {},
          { token: randomBytes(24).toString('base64url') },
          { token: gone.token },
          { headers: { 'x-user-id': gone.id } },
          { headers: { 'x-service-auth': randomBytes(32).toString('base64url'), 'x-user-id': gone.id } },
        ]) {
          const answer = await world.ask(method, path, { ...bodyOf(method), ...asking })
          assertProblem(answer, { status: 401, code: 'unauthenticated' })
        }
        const unknown = await world.ask(method, path, { ...bodyOf(method), ...asAgent({ id: 'unknown' }) })
        assertProblem(unknown, { status: 404, code: 'not_found' })
        assert.equal(provider.asked.length, before)
      })

      test(`${method} ${path} neither returns nor changes anything of another user`, async () => {
        await expectNoChange(ada, async () => {
          for (const asking of [{ token: ben.token }, asAgent(ben)]) {
            const { text } = await world.ask(method, path, { ...bodyOf(method), ...asking })
            for (const secret of [key, maskOf(key), ada.id]) assert.ok(!text.includes(secret))
          }
        })
        assert.equal((await audit(ada)).json.length, 1)
      })
    }

    test('a user who requests a key in plain text, even their own, gets 403, and the audit has no entry', async () => {
      const before = (await audit(ada)).json
      for (const method of ['GET', 'HEAD']) {
        const answer = await world.ask(method, `${GEMINI}/plaintext`, { token: ada.token })
        assert.equal(answer.status, 403)
        if (method === 'GET') assertProblem(answer, { status: 403, code: 'forbidden', path: `${GEMINI}/plaintext` })
      }
      assert.deepEqual((await audit(ada)).json, before)
    })

    test('a service may do everything for its user that the user may do', async () => {
      const ada = await world.signUp()
      const as = asAgent(ada)
      const body = { apiKey: newKey() }
      const statuses = []
      for (const [method, path] of [ROUTES[2], ROUTES[0], ROUTES[1], ROUTES[3], ROUTES[5], ROUTES[6], ROUTES[4]]) {
        statuses.push((await world.ask(method, path, { ...as, ...(method === 'PUT' && { body }) })).status)
      }
      assert.deepEqual(statuses, [201, 200, 200, 200, 200, 200, 204])
    })

    test('an unknown provider or parameter is 422, a wrong method 405', async () => {
      const { token } = await world.signUp()
      for (const name of ['mistral', 'Gemini', 'gemini%20', '__proto__', 'constructor', 'x'.repeat(300)]) {
        for (const [method, end] of [
          ['GET', ''],
          ['DELETE', ''],
          ['POST', '/test'],
          ['GET', '/plaintext'],
          ['GET', '/audit'],
        ] as const) {
          const answer = await world.ask(method, `${KEYS}/${name}${end}`, { token })
          assertProblem(answer, { status: 422, code: 'invalid_input' })
          assert.deepEqual(answer.json.errors, [
            { in: 'path', pointer: '/provider', detail: 'provider must be one of gemini, openai, anthropic' },
          ])
        }
      }
      assert.equal((await world.ask('GET', `${KEYS}?limit=1`, { token })).status, 422)
      assert.equal((await world.ask('GET', `${GEMINI}/plaintext?raw=1`, { token })).status, 422)
      assert.equal((await world.ask('PATCH', GEMINI, { token })).status, 405)
    })
  })

  suite('a key in plain text', () => {
    test('is recorded on each read with service, user, provider, time and request; newest first', async () => {
      const ada = await world.signUp()
      const key = newKey()
      await put(ada, key)
      for (const id of ['first-read', 'second-read']) {
        const { status, json, headers } = await world.ask(
          'GET',
          `${GEMINI}/plaintext`,
          asAgent(ada, { 'x-request-id': id }),
        )
        assert.deepEqual([status, json.apiKey, headers.get('cache-control')], [200, key, 'private, no-store'])
      }
      const { json, text, headers } = await audit(ada)
      assert.deepEqual(
        json.map(({ service, userId, provider, requestId }: Answer['json']) => ({
          service,
          userId,
          provider,
          requestId,
        })),
        ['second-read', 'first-read'].map((requestId) => ({
          service: 'agent',
          userId: ada.id,
          provider: 'gemini',
          requestId,
        })),
      )
      assert.ok(json[0].readAt >= json[1].readAt)
      assert.ok(!text.includes(key) && !text.includes(maskOf(key)))
      assert.deepEqual([headers.get('x-total-count'), headers.get('link')], ['2', null])
    })

    test('is 404 without a key, and the audit has no entry', async () => {
      const ada = await world.signUp()
      assertProblem(await plaintext(ada), { status: 404, code: 'not_found' })
      assert.deepEqual((await audit(ada)).json, [])
    })

    test('has an audit that is kept when the key is deleted, and deleted with the user', async () => {
      const ada = await world.signUp()
      await put(ada)
      await plaintext(ada)
      await world.ask('DELETE', GEMINI, { token: ada.token })
      assert.equal((await audit(ada)).json.length, 1)
      await world.asOwner((client) => client.query('delete from users where id = $1', [ada.id]))
      const { rows } = await world.asOwner((client) =>
        client.query('select from user_api_key_reads where user_id = $1', [ada.id]),
      )
      assert.deepEqual(rows, [])
    })

    test('has an audit whose pages contain each entry once, and which refuses cursors of other users', async () => {
      const [ada, ben] = [await world.signUp('Ada'), await world.signUp('Ben')]
      await put(ada)
      for (let round = 0; round < 5; round++) await plaintext(ada)
      const { json: all } = await audit(ada)
      const seen = []
      for (let query = '?count=true&limit=2'; ;) {
        const { json, headers } = await audit(ada, query)
        assert.equal(headers.get('x-total-count'), '5')
        seen.push(...json)
        const cursor = headers.get('x-next-cursor')
        if (cursor === null) break
        query = `?count=true&limit=2&cursor=${cursor}`
        assert.equal(headers.get('link'), `<${GEMINI}/audit${query}>; rel="next"`)
      }
      assert.deepEqual(seen, all)
      const { headers } = await audit(ada, '?limit=2')
      assert.deepEqual(
        [headers.get('x-total-count'), headers.get('link')?.includes('rel="next"')],
        [null, true],
        'counted on request only',
      )
      const cursor = headers.get('x-next-cursor')
      for (const [path, token] of [
        [`${GEMINI}/audit`, ben.token],
        [`${KEYS}/openai/audit`, ada.token],
        ['/api/tasks', ada.token],
      ] as const) {
        const answer = await world.ask('GET', `${path}?cursor=${cursor}`, { token })
        assertProblem(answer, { status: 400, code: 'invalid_cursor' })
      }
      for (const bad of ['limit=0', 'limit=1001', 'limit=x', 'cursor=', 'page=2']) {
        assert.ok([400, 422].includes((await audit(ada, `?${bad}`)).status), bad)
      }
    })

    test('has an audit that the serving role can neither change nor delete, nor write for another user', async () => {
      const [ada, ben] = [await world.signUp('Ada'), await world.signUp('Ben')]
      await put(ada)
      await plaintext(ada)
      const principal = servicePrincipal('agent', ada.id)
      for (const text of [
        `update user_api_key_reads set service = 'other'`,
        'delete from user_api_key_reads',
        'truncate user_api_key_reads',
        `insert into user_api_key_reads (id, provider, service, request_id, user_id) values (gen_random_uuid(), 'x', 'x', 'x', '${ben.id}')`,
        `insert into user_api_key_reads (id, provider, service, request_id, read_at) values (gen_random_uuid(), 'x', 'x', 'x', '1999-01-01')`,
      ]) {
        await assert.rejects(
          world.deps.db.asUser(principal, (sql) => sql.rows({ name: '', text })),
          { code: '42501' },
          text,
        )
      }
      assert.equal((await audit(ada)).json.length, 1)
      assert.equal((await audit(ben)).json.length, 0)
    })
  })

  suite('a key whose encryption key is lost', () => {
    test('is listed; to read or to test it is 503, calls no provider and does not change it', async () => {
      const ada = await world.signUp()
      await put(ada)
      const shown = await get(ada)
      await loseEncryptionKey(ada)
      const before = provider.asked.length
      await expectNoChange(ada, async () => {
        assert.deepEqual(await get(ada), shown)
        assert.deepEqual(await get(ada, KEYS), [shown])
        for (const answer of [await plaintext(ada), await check(ada)]) {
          assertProblem(answer, { status: 503, code: 'key_unreadable', more: ['retryAfter'] })
          assert.match(answer.json.detail, /cannot be decrypted/)
        }
      })
      assert.equal(provider.asked.length, before)
      assert.deepEqual((await audit(ada)).json, [])
    })

    test('does not affect other requests, and can be replaced and deleted', async () => {
      const ada = await world.signUp()
      await put(ada)
      const other = `sk-${randomUUID()}`
      await put(ada, other, `${KEYS}/openai`)
      await loseEncryptionKey(ada)
      assert.equal((await plaintext(ada, `${KEYS}/openai`)).json.apiKey, other)
      provider.answer = REFUSING.gemini
      assert.equal((await expectNoChange(ada, () => put(ada))).status, 422)
      provider.answer = accepting
      const key = newKey()
      assert.equal((await put(ada, key)).status, 200)
      assert.equal((await plaintext(ada)).json.apiKey, key)
      await loseEncryptionKey(ada)
      assert.equal((await world.ask('DELETE', GEMINI, { token: ada.token })).status, 204)
    })
  })

  suite('the system role', () => {
    test('may change ciphertexts and purge old reads, and can read nothing else of a key', async () => {
      const ada = await world.signUp()
      await put(ada)
      await plaintext(ada)
      const asSystem = (text: string): Promise<readonly unknown[]> =>
        world.deps.db.asSystem('test', (sql) => sql.rows({ name: '', text }))
      await asSystem('select user_id, provider, encrypted_key from user_api_keys for update')
      await asSystem('update user_api_keys set encrypted_key = encrypted_key')
      for (const text of [
        'select masked_key from user_api_keys',
        'select * from user_api_keys',
        `update user_api_keys set masked_key = 'x'`,
        `update user_api_keys set user_id = 'x'`,
        `insert into user_api_keys (user_id, provider, encrypted_key) values ('x', 'x', 'x')`,
        'delete from user_api_keys',
        'truncate user_api_keys',
        'select provider from user_api_key_reads',
        'select service from user_api_key_reads',
        'select request_id from user_api_key_reads',
        'select * from user_api_key_reads',
        'update user_api_key_reads set user_id = user_id',
        'truncate user_api_key_reads',
      ]) {
        await assert.rejects(asSystem(text), { code: '42501' }, text)
      }
    })

    test('has these privileges on the tables of keys, and no others', async () => {
      const privileges = await world.deps.db.asSystem('test', (sql) =>
        sql.rows<{ privilege: string; columns: string }>({
          name: '',
          text: `select p.privilege || ' ' || a.attrelid::regclass as privilege,
                        string_agg(a.attname, ', ' order by a.attname) as columns
                 from pg_attribute a, unnest(array['select', 'insert', 'update', 'references']) p (privilege)
                 where a.attrelid in ('user_api_keys'::regclass, 'user_api_key_reads'::regclass)
                   and a.attnum > 0 and not a.attisdropped and has_column_privilege(a.attrelid, a.attnum, p.privilege)
                 group by p.privilege, a.attrelid
                 union all
                 select p.privilege || ' ' || t.name, 'rows'
                 from unnest(array['delete', 'truncate', 'trigger']) p (privilege),
                      unnest(array['user_api_keys', 'user_api_key_reads']) t (name)
                 where has_table_privilege(t.name, p.privilege)`,
        }),
      )
      assert.deepEqual(Object.fromEntries(privileges.map(({ privilege, columns }) => [privilege, columns])), {
        'select user_api_keys': 'encrypted_key, provider, user_id',
        'update user_api_keys': 'encrypted_key',
        // The purge locks (`for update` needs a column that may be updated) and deletes rows older than a year. The policy
        // shows it no other rows, and refuses every row that it would write.
        'select user_api_key_reads': 'id, read_at, user_id',
        'update user_api_key_reads': 'read_at',
        'delete user_api_key_reads': 'rows',
      })
    })

    test('neither sees nor deletes reads of a key that are younger than a year', async () => {
      const ada = await world.signUp()
      await put(ada)
      await plaintext(ada)
      const asSystem = (text: string): Promise<readonly unknown[]> =>
        world.deps.db.asSystem('test', (sql) => sql.rows({ name: '', text }))
      assert.deepEqual(await asSystem(`select id from user_api_key_reads where user_id = '${ada.id}'`), [])
      await asSystem(`delete from user_api_key_reads where user_id = '${ada.id}'`)
      assert.equal((await audit(ada)).json.length, 1)
    })
  })

  // The last test, because it searches everything that the others have written.
  test('no key that was sent is in the log, in any answer except the plaintext, or in any row of any table', async () => {
    const ada = await world.signUp()
    const [key, other] = [newKey(), newKey()]
    const answers: Answer[] = [await put(ada, key), await check(ada), await audit(ada)]
    const quoting: FakeServer['answer'] = (response, asked) =>
      answering(
        500,
        { error: { message: `no: ${keyIn(asked)}`, code: keyIn(asked) } },
        { 'x-key': keyIn(asked) },
      )(response, asked)
    for (const answer of [quoting, REFUSING.gemini, hangingUp]) {
      provider.answer = answer
      answers.push(await put(ada, other))
    }
    const asked = { token: ada.token }
    answers.push(
      await put(ada, `${other} and more`),
      await world.ask('PUT', GEMINI, { ...asked, body: { [other]: other } }),
      await world.ask('PUT', GEMINI, { ...asked, raw: `{"apiKey": "${other}"` }),
      await world.ask('PUT', `${KEYS}/mistral`, { ...asked, body: { apiKey: other } }),
      await world.ask('POST', '/api/tasks', { ...asked, body: { title: 'x', apiKey: other } }),
    )
    assert.equal((await plaintext(ada)).json.apiKey, key)

    const said = answers.map(({ text, headers }) => text + JSON.stringify([...headers])).join('\n')
    // The answer names the unknown field to the client that sent it, three times.
    assert.equal(said.split(other).length - 1, 3)
    const everyRow = await world.asOwner(async (client) => {
      const { rows: tables } = await client.query<{ name: string }>(
        `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
      )
      const texts: string[] = []
      for (const { name } of tables) {
        const { rows } = await client.query<{ row: string }>(`select t::text as row from "${name}" t`)
        texts.push(...rows.map(({ row }) => row))
      }
      return texts.join('\n')
    })
    assert.ok(everyRow.includes(ada.id) && lines.length > 50, 'nothing was recorded')
    const sent = new Set([key, other, ...provider.asked.map(keyIn).filter((each) => each.startsWith('AIza'))])
    assert.ok(sent.size > 20)
    const log = lines.join('')
    for (const each of sent) {
      // Neither whole nor in part.
      const part = each.slice(8, 20)
      assert.ok(!log.includes(part), 'a key is in the log')
      assert.ok(!everyRow.includes(part), 'a key is in the database')
    }
    assert.ok(!said.includes(key.slice(8, 20)))
  })
})

const hangingUp: FakeServer['answer'] = (response) => response.destroy()
