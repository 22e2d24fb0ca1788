import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openWorld, SERVICE_TOKEN, type Answer, type Asking, type User, type World } from '../../test/world.ts'
import { WEBHOOKS_MAX } from './schema.ts'

const WEBHOOKS = '/api/webhooks'
const BODY = { url: 'https://example.com/hook', events: ['task.created'] }

let world: World
before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

/** The requests of a new user. */
async function newUser() {
  const user = await world.signUp()
  const ask = (method: string, path: string, body?: unknown, asking: Asking = {}): Promise<Answer> =>
    world.ask(method, path, { token: user.token, ...(body !== undefined && { body }), ...asking })
  return { user, ask }
}

type Client = Awaited<ReturnType<typeof newUser>>['ask']

const problem = ({ status, json }: Answer): unknown[] => [status, json?.code, json?.errors?.[0]?.pointer]

const rows = (user: User) =>
  world.asOwner(async (client) => (await client.query('select * from webhooks where user_id = $1', [user.id])).rows)

suite('a webhook', () => {
  test('is created, read, listed, changed and deleted; its secret is in the first answer only', async () => {
    const { ask, user } = await newUser()
    const created = await ask('POST', WEBHOOKS, { ...BODY, description: ' The dashboard ' })
    assert.equal(created.status, 201, created.text)
    const { secret, ...webhook } = created.json
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.deepEqual(
      { ...webhook, id: '', createdAt: '', updatedAt: '' },
      {
        id: '',
        url: BODY.url,
        events: BODY.events,
        description: 'The dashboard',
        active: true,
        disabledReason: null,
        disabledAt: null,
        previousSecretUntil: null,
        version: 1,
        createdAt: '',
        updatedAt: '',
      },
    )
    const path = `${WEBHOOKS}/${webhook.id}`
    assert.deepEqual([created.headers.get('location'), created.headers.get('etag')], [path, '"1"'])
    const read = await ask('GET', path)
    assert.deepEqual([read.status, read.json, read.headers.get('etag')], [200, webhook, '"1"'])
    assert.equal((await ask('GET', path, undefined, { headers: { 'if-none-match': '"1"' } })).status, 304)
    assert.deepEqual((await ask('GET', WEBHOOKS)).json, [webhook])

    const changed = await ask('PATCH', path, {
      events: ['task.deleted', 'task.created'],
      description: null,
      active: false,
    })
    assert.deepEqual(
      [changed.status, changed.json.version, changed.json.active, changed.json.description, changed.json.events],
      [200, 2, false, null, ['task.deleted', 'task.created']],
    )
    assert.equal((await ask('PATCH', path, { active: false })).json.version, 2, 'a patch that changes nothing')
    const history = await ask('GET', '/api/history')
    const stored = JSON.stringify(await rows(user))
    for (const text of [read.text, changed.text, history.text, stored, world.logged.join('\n')]) {
      assert.ok(!text.includes(secret.slice(6)), 'the secret is shown again')
    }

    assert.equal((await ask('DELETE', path)).status, 204)
    assert.deepEqual(problem(await ask('GET', path)), [404, 'not_found', undefined])
    assert.deepEqual(problem(await ask('DELETE', path)), [404, 'not_found', undefined])
  })

  test('is changed, deleted and gets another secret only in the version that If-Match names', async () => {
    const { ask } = await newUser()
    const { json } = await ask('POST', WEBHOOKS, BODY)
    const path = `${WEBHOOKS}/${json.id}`
    const stale = { headers: { 'if-match': '"7"' } }
    for (const [method, target, body] of [
      ['PATCH', path, { active: false }],
      ['POST', `${path}/secret`, undefined],
      ['DELETE', path, undefined],
    ] as const) {
      const answer = await ask(method, target, body, stale)
      assert.deepEqual(problem(answer), [412, 'precondition_failed', undefined])
      assert.equal(answer.json.detail, 'The webhook is at version 1, which is not the one you named')
    }
    assert.equal((await ask('PATCH', path, { active: false }, { headers: { 'if-match': 'W/"1"' } })).json.version, 2)
    assert.equal((await ask('POST', `${path}/secret`, undefined, { headers: { 'if-match': '"2"' } })).json.version, 3)
  })

  test('with an Idempotency-Key is created once, and its secret is not repeated', async () => {
    const { ask } = await newUser()
    const once = { headers: { 'idempotency-key': 'k' } }
    const [first, second] = [await ask('POST', WEBHOOKS, BODY, once), await ask('POST', WEBHOOKS, BODY, once)]
    assert.deepEqual([first.json.id, second.json.secret], [second.json.id, null])
    assert.equal((await ask('GET', WEBHOOKS)).json.length, 1)
  })

  test('in a dry run is not created, and the secret is not shown', async () => {
    const { ask, user } = await newUser()
    const { status, json } = await ask('POST', `${WEBHOOKS}?dryRun=true`, BODY)
    assert.deepEqual([status, json.secret], [201, null])
    assert.deepEqual(await rows(user), [])
  })

  test(`is refused where there are ${WEBHOOKS_MAX}, also when they are created at the same time`, async () => {
    const { ask } = await newUser()
    const answers = await Promise.all(Array.from({ length: WEBHOOKS_MAX + 4 }, () => ask('POST', WEBHOOKS, BODY)))
    const refused = answers.filter(({ status }) => status !== 201)
    assert.deepEqual(
      refused.map(problem),
      Array.from({ length: 4 }, () => [409, 'webhook_limit_reached', undefined]),
    )
    assert.equal((await ask('GET', WEBHOOKS)).json.length, WEBHOOKS_MAX)
  })
})

suite('a request about webhooks is refused', () => {
  const refusals: readonly (readonly [name: string, body: unknown, pointer: string])[] = [
    ...['\u202e', '\u2066', '\u200b', '\u0085', '\u2028', '\u001b'].flatMap((character) => {
      const shown = JSON.stringify(character)
      const [url, events] = ['https://example.com/', ['task.created']]
      return [
        [`the character ${shown} in its note`, { url, events, description: `a${character}b` }, '/description'],
        [`the character ${shown} in its URL`, { url: `${url}${character}b`, events }, '/url'],
      ] as const
    }),
    ['without a URL', { events: ['task.created'] }, '/url'],
    ['without events', { url: BODY.url }, '/events'],
    ['with an empty list of events', { ...BODY, events: [] }, '/events'],
    ['with an event twice', { ...BODY, events: ['task.created', 'task.created'] }, '/events'],
    ['with an unknown event', { ...BODY, events: ['task.exploded'] }, '/events/0'],
    ['with the event of tests', { ...BODY, events: ['webhook.test'] }, '/events/0'],
    ['with a URL that is a number', { ...BODY, url: 1 }, '/url'],
    ['with a URL of null', { ...BODY, url: null }, '/url'],
    ['with a URL that is too long', { ...BODY, url: `https://example.com/${'a'.repeat(2048)}` }, '/url'],
    ['with a URL with NUL', { ...BODY, url: 'https://example.com/\0' }, '/url'],
    ['with a relative URL', { ...BODY, url: '/hook' }, '/url'],
    ['with a user in the URL', { ...BODY, url: 'https://a:b@example.com/' }, '/url'],
    ['with a reserved address', { ...BODY, url: 'https://169.254.169.254/' }, '/url'],
    ['with a description that is too long', { ...BODY, description: 'a'.repeat(501) }, '/description'],
    ['with active as text', { ...BODY, active: 'yes' }, '/active'],
    ['with an unknown member', { ...BODY, secret: 'whsec_x' }, '/secret'],
  ]
  for (const [name, body, pointer] of refusals) {
    test(name, async () => {
      const { ask, user } = await newUser()
      assert.deepEqual(problem(await ask('POST', WEBHOOKS, body)), [422, 'invalid_input', pointer])
      assert.deepEqual(await rows(user), [])
    })
  }

  test('as a patch with the same faults', async () => {
    const { ask } = await newUser()
    const { json } = await ask('POST', WEBHOOKS, BODY)
    const path = `${WEBHOOKS}/${json.id}`
    assert.deepEqual(problem(await ask('PATCH', path, { url: 'http://0.0.0.0/' })), [422, 'invalid_input', '/url'])
    assert.deepEqual(problem(await ask('PATCH', path, { description: 'a\u202eb' })), [
      422,
      'invalid_input',
      '/description',
    ])
    assert.deepEqual(problem(await ask('PATCH', path, { url: null })), [422, 'invalid_input', '/url'])
    assert.deepEqual(problem(await ask('PATCH', path, { version: 3 })), [422, 'invalid_input', '/version'])
    assert.equal((await ask('GET', path)).json.version, 1)
  })

  test('without a credential, without the scope, and for ids that are invalid or of another user', async () => {
    const [ada, ben] = [await newUser(), await newUser()]
    const { json } = await ada.ask('POST', WEBHOOKS, BODY)
    const { json: delivery } = await ada.ask('POST', `${WEBHOOKS}/${json.id}/test`)
    const routes: readonly (readonly [method: string, path: string, body?: object])[] = [
      ['GET', `${WEBHOOKS}/ID`],
      ['PATCH', `${WEBHOOKS}/ID`, { active: false }],
      ['DELETE', `${WEBHOOKS}/ID`],
      ['POST', `${WEBHOOKS}/ID/secret`],
      ['POST', `${WEBHOOKS}/ID/test`],
      ['GET', `${WEBHOOKS}/ID/deliveries`],
      ['GET', `${WEBHOOKS}/ID/deliveries/${delivery.id}`],
      ['POST', `${WEBHOOKS}/ID/deliveries/${delivery.id}/redeliver`],
    ]
    const token = (await ada.ask('POST', '/api/tokens', { name: 'x', scopes: ['tasks:read', 'tasks:write'] })).json
      .token
    for (const [method, path, body] of routes) {
      const own = path.replace('ID', json.id)
      assert.equal((await world.ask(method, own, { body })).status, 401, own)
      const scoped = await world.ask(method, own, { body, token })
      assert.deepEqual([scoped.status, scoped.json.required], [403, ['webhooks:manage']], own)
      assert.deepEqual(problem(await ben.ask(method, own, body)), [404, 'not_found', undefined], own)
      assert.deepEqual(
        problem(await ada.ask(method, path.replace('ID', 'x'), body)),
        [422, 'invalid_input', '/id'],
        own,
      )
    }
    assert.equal((await ada.ask('GET', `${WEBHOOKS}/${json.id}`)).json.version, 1)
  })

  test('is possible for a token with the scope, and for a service', async () => {
    const { ask, user } = await newUser()
    const { token } = (await ask('POST', '/api/tokens', { name: 'x', scopes: ['webhooks:manage'] })).json
    assert.equal((await world.ask('POST', WEBHOOKS, { token, body: BODY })).status, 201)
    assert.equal((await world.ask('GET', '/api/tasks', { token })).status, 403)
    const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': user.id }
    assert.equal((await world.ask('POST', WEBHOOKS, { headers, body: BODY })).status, 201)
  })
})

suite('the deliveries of a webhook', () => {
  const add = (client: Client, id: string) => client('POST', `${WEBHOOKS}/${id}/test`)

  test('are listed by page, newest first, and by status', async () => {
    const { ask } = await newUser()
    const { id } = (await ask('POST', WEBHOOKS, BODY)).json
    const added: string[] = []
    for (let n = 0; n < 5; n++) added.unshift((await add(ask, id)).json.id)
    const seen: string[] = []
    let path = `${WEBHOOKS}/${id}/deliveries?limit=2&status=pending`
    for (;;) {
      const { json, headers } = await ask('GET', path)
      seen.push(...json.map((delivery: { id: string }) => delivery.id))
      const [, next] = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '') ?? []
      if (next === undefined) break
      path = next
    }
    assert.deepEqual(seen, added)
    assert.deepEqual((await ask('GET', `${WEBHOOKS}/${id}/deliveries?status=failed`)).json, [])
    assert.deepEqual(problem(await ask('GET', `${WEBHOOKS}/${id}/deliveries?status=late`)).slice(0, 2), [
      422,
      'invalid_input',
    ])
  })

  test('refuse a cursor of another webhook, of another filter and of another user', async () => {
    const [ada, ben] = [await newUser(), await newUser()]
    const { id } = (await ada.ask('POST', WEBHOOKS, BODY)).json
    const { id: other } = (await ada.ask('POST', WEBHOOKS, BODY)).json
    const { id: bens } = (await ben.ask('POST', WEBHOOKS, BODY)).json
    await add(ada.ask, id)
    await add(ada.ask, id)
    const cursor = (await ada.ask('GET', `${WEBHOOKS}/${id}/deliveries?limit=1`)).headers.get('x-next-cursor')
    for (const [ask, path] of [
      [ada.ask, `${WEBHOOKS}/${other}/deliveries?cursor=${cursor}`],
      [ada.ask, `${WEBHOOKS}/${id}/deliveries?status=failed&cursor=${cursor}`],
      [ben.ask, `${WEBHOOKS}/${bens}/deliveries?cursor=${cursor}`],
    ] as const) {
      assert.deepEqual(problem(await ask('GET', path)), [400, 'invalid_cursor', undefined])
    }
  })

  test('are not found by the id of another webhook, and a wrong id is no UUID', async () => {
    const { ask } = await newUser()
    const { id } = (await ask('POST', WEBHOOKS, BODY)).json
    const { id: other } = (await ask('POST', WEBHOOKS, BODY)).json
    const { id: delivery } = (await add(ask, id)).json
    for (const [method, path] of [
      ['GET', `${WEBHOOKS}/${other}/deliveries/${delivery}`],
      ['POST', `${WEBHOOKS}/${other}/deliveries/${delivery}/redeliver`],
    ] as const) {
      assert.deepEqual(problem(await ask(method, path)), [404, 'not_found', undefined])
    }
    assert.deepEqual(problem(await ask('GET', `${WEBHOOKS}/${id}/deliveries/x`)), [422, 'invalid_input', '/deliveryId'])
  })
})

suite('outside of development', () => {
  test('only https and public hosts are accepted, and those that the operator allows', async () => {
    await using staging = await openWorld({
      env: {
        ENVIRONMENT: 'staging',
        METRICS_TOKEN: 'metrics-of-this-test',
        WEBHOOK_ALLOWED_HOSTS: 'hooks.internal,10.0.0.5:9000',
      },
    })
    const { token } = await staging.signUp()
    const create = (url: string) => staging.ask('POST', WEBHOOKS, { token, body: { ...BODY, url } })
    for (const url of [
      'http://example.com/',
      'https://127.0.0.1/',
      'https://localhost/',
      'https://10.0.0.5/',
      'https://example.com:22/',
    ]) {
      assert.deepEqual(problem(await create(url)), [422, 'invalid_input', '/url'], url)
    }
    assert.equal((await create('https://127.1/')).json.detail, 'url must not be a private or reserved address')
    for (const url of ['https://example.com/', 'http://hooks.internal/', 'http://10.0.0.5:9000/x']) {
      assert.equal((await create(url)).status, 201, url)
    }
  })
})
