import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { openWorld, SERVICE_TOKEN, type Answer, type User, type World } from '../../test/world.ts'

const ME = '/api/me'

let world: World
let ada: User

before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = await world.signUp('Ada')
})

const ask = (method: string, body?: unknown, headers: Record<string, string> = {}, query = ''): Promise<Answer> =>
  world.ask(method, ME + query, { token: ada.token, body, headers })
const patch = (body: unknown, headers?: Record<string, string>, query?: string): Promise<Answer> =>
  ask('PATCH', body, headers, query)
const refuses = (answer: Answer, status: number, code: string): void =>
  assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text)
const asService = (user: User) => ({ 'x-service-auth': SERVICE_TOKEN, 'x-user-id': user.id })

suite('GET /api/me', () => {
  test('tells a user who has set nothing who they are, with the defaults', async () => {
    const { status, json, headers } = await ask('GET')
    const { createdAt, ...rest } = json
    assert.equal(status, 200)
    assert.deepEqual(rest, {
      id: ada.id,
      name: 'Ada',
      email: ada.email,
      emailVerified: false,
      timezone: 'UTC',
      emailReminders: false,
    })
    assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/)
    assert.equal(headers.get('cache-control'), 'private, no-cache')
  })

  test('is 304 with the ETag of the last answer, until something changes', async () => {
    const etag = (await ask('GET')).headers.get('etag') ?? ''
    assert.equal((await ask('GET', undefined, { 'if-none-match': etag })).status, 304)
    assert.equal((await ask('GET', undefined, { 'if-none-match': `W/${etag}` })).status, 304)
    const changed = await patch({ timezone: 'Asia/Tokyo' })
    const now = await ask('GET', undefined, { 'if-none-match': etag })
    assert.equal(now.status, 200)
    assert.equal(now.headers.get('etag'), changed.headers.get('etag'))
  })

  test('reads with a personal token of the scope account:read, and as a service', async () => {
    const make = async (scope: string): Promise<string> => {
      const body = { name: 'x', scopes: [scope] }
      return (await world.ask('POST', '/api/tokens', { token: ada.token, body })).json.token
    }
    const reading = await world.ask('GET', ME, { token: await make('account:read') })
    assert.deepEqual([reading.status, reading.json.email], [200, ada.email])
    const other = await world.ask('GET', ME, { token: await make('tasks:read') })
    refuses(other, 403, 'insufficient_scope')
    assert.deepEqual(other.json.required, ['account:read'])
    assert.equal((await world.ask('GET', ME, { headers: asService(ada) })).json.id, ada.id)
  })

  test('is 401 without a credential', async () => {
    refuses(await world.ask('GET', ME), 401, 'unauthenticated')
    refuses(await world.ask('PATCH', ME, { body: { name: 'x' } }), 401, 'unauthenticated')
  })
})

suite('PATCH /api/me', () => {
  test('changes only what it names, and the name is that of the auth server', async () => {
    const { status, json } = await patch({ name: '  Ada Lovelace ', timezone: 'europe/berlin' })
    assert.equal(status, 200)
    assert.deepEqual([json.name, json.timezone, json.emailReminders], ['Ada Lovelace', 'Europe/Berlin', false])
    const reminded = (await patch({ emailReminders: true })).json
    assert.deepEqual(
      [reminded.name, reminded.timezone, reminded.emailReminders],
      ['Ada Lovelace', 'Europe/Berlin', true],
    )
    assert.deepEqual((await ask('GET')).json, reminded)
    assert.deepEqual((await patch({})).json, reminded)
    const session = await world.ask('GET', '/api/auth/get-session', { token: ada.token })
    assert.equal(session.json.user.name, 'Ada Lovelace')
  })

  test("changes nothing of another user's", async () => {
    const ben = await world.signUp('Ben')
    await patch({ name: 'Mallory', timezone: 'Asia/Tokyo', emailReminders: true })
    const { json } = await world.ask('GET', ME, { token: ben.token })
    assert.deepEqual([json.name, json.timezone, json.emailReminders], ['Ben', 'UTC', false])
  })

  test('keeps a link of the IANA database under its name', async () => {
    for (const zone of ['Europe/Kiev', 'Europe/Kyiv', 'Asia/Calcutta', 'UTC']) {
      assert.equal((await patch({ timezone: zone })).json.timezone, zone)
    }
  })

  test('refuses what is no IANA time zone, other types and unknown fields, by name, and changes nothing', async () => {
    const before = (await ask('GET')).json
    const cases: readonly (readonly [body: object, pointer: string])[] = [
      ...[
        'Mars/Olympus',
        '+02:00',
        'UTC+1',
        '',
        ' ',
        'x'.repeat(65),
        "UTC'; drop table tasks; --",
        'Europe/Berlin\0',
      ].map((timezone) => [{ timezone }, '/timezone'] as const),
      [{ timezone: null }, '/timezone'],
      [{ timezone: 1 }, '/timezone'],
      [{ name: '' }, '/name'],
      [{ name: '\u200b' }, '/name'],
      [{ name: 'x'.repeat(201) }, '/name'],
      [{ name: null }, '/name'],
      [{ emailReminders: 'true' }, '/emailReminders'],
      [{ emailReminders: null }, '/emailReminders'],
      [{ email: 'eve@example.com' }, '/email'],
      [{ emailVerified: true }, '/emailVerified'],
      [{ id: 'x' }, '/id'],
      [{ timezone: 'Asia/Tokyo', name: '' }, '/name'],
    ]
    for (const [body, pointer] of cases) {
      const answer = await patch(body)
      refuses(answer, 422, 'invalid_input')
      assert.equal(answer.json.errors[0].pointer, pointer, answer.text)
    }
    assert.deepEqual((await ask('GET')).json, before)
  })

  test('refuses a body that is no object, too large, or of another type', async () => {
    for (const body of [null, [], 'x', 1]) refuses(await patch(body), 422, 'invalid_input')
    const raw = (text: string, type = 'application/json'): Promise<Answer> =>
      world.ask('PATCH', ME, { token: ada.token, raw: text, headers: { 'content-type': type } })
    refuses(await raw('{'), 400, 'invalid_json')
    refuses(await raw(`{"name":"${'x'.repeat(1_100_000)}"}`), 413, 'body_too_large')
    refuses(await raw('x', 'text/plain'), 415, 'unsupported_media_type')
  })

  test('is refused to personal tokens of every scope, and takes services', async () => {
    const scopes = ['tasks:read', 'tasks:write', 'account:read', 'keys:manage']
    const body = { name: 'x', scopes }
    const { token } = (await world.ask('POST', '/api/tokens', { token: ada.token, body })).json
    refuses(await world.ask('PATCH', ME, { token, body: { timezone: 'Asia/Tokyo' } }), 403, 'forbidden')
    const served = await world.ask('PATCH', ME, { headers: asService(ada), body: { timezone: 'Asia/Tokyo' } })
    assert.deepEqual([served.status, served.json.timezone], [200, 'Asia/Tokyo'])
  })

  test('honours If-Match, with the current ETag in the refusal', async () => {
    const etag = (await ask('GET')).headers.get('etag') ?? ''
    const first = await patch({ timezone: 'Asia/Tokyo' }, { 'if-match': etag })
    assert.equal(first.status, 200)
    const late = await patch({ timezone: 'Asia/Seoul' }, { 'if-match': etag })
    refuses(late, 412, 'precondition_failed')
    assert.equal(late.headers.get('etag'), first.headers.get('etag'))
    refuses(await patch({ timezone: 'Asia/Seoul' }, { 'if-match': 'x' }), 400, 'invalid_header')
    assert.equal((await patch({}, { 'if-match': '*' })).status, 200)
    assert.equal((await ask('GET')).json.timezone, 'Asia/Tokyo')
  })

  test('of many clients at once that hold the same ETag, one succeeds', async () => {
    const etag = (await ask('GET')).headers.get('etag') ?? ''
    const zones = ['Asia/Tokyo', 'Asia/Seoul', 'Europe/Berlin', 'Europe/Paris', 'Africa/Cairo']
    const answers = await Promise.all(zones.map((timezone) => patch({ timezone }, { 'if-match': etag })))
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 412, 412, 412, 412],
    )
  })

  test('as a dry run answers the same and changes nothing', async () => {
    const before = (await ask('GET')).json
    const { status, json, headers } = await patch({ name: 'New', timezone: 'Asia/Tokyo' }, {}, '?dryRun=true')
    assert.deepEqual([status, json.name, json.timezone, headers.get('dry-run')], [200, 'New', 'Asia/Tokyo', 'true'])
    assert.deepEqual((await ask('GET')).json, before)
  })

  test('is executed once under an Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'k' }
    const first = await patch({ timezone: 'Asia/Tokyo' }, key)
    await patch({ timezone: 'Asia/Seoul' })
    const again = await patch({ timezone: 'Asia/Tokyo' }, key)
    assert.deepEqual([again.json, again.headers.get('idempotency-replayed')], [first.json, 'true'])
    assert.equal((await ask('GET')).json.timezone, 'Asia/Seoul')
    refuses(await patch({ timezone: 'Asia/Seoul' }, key), 422, 'idempotency_key_reused')
  })
})

suite('the time zone of a new user', () => {
  let serial = 0
  const signUp = async (headers: Record<string, string>): Promise<Answer['json']> => {
    const body = { name: 'Eve', email: `eve${++serial}@example.com`, password: 'correct horse battery' }
    const { status, json, text } = await world.ask('POST', '/api/auth/sign-up/email', { body, headers })
    assert.equal(status, 200, text)
    return (await world.ask('GET', ME, { token: json.token })).json
  }

  test('is that of X-Timezone at sign-up', async () => {
    assert.equal((await signUp({ 'x-timezone': 'pacific/auckland' })).timezone, 'Pacific/Auckland')
  })

  test('is UTC without the header, or with a name that is no time zone', async () => {
    assert.equal((await signUp({})).timezone, 'UTC')
    assert.equal((await signUp({ 'x-timezone': 'Mars/Olympus' })).timezone, 'UTC')
  })
})
