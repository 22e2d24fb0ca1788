import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { createClient, isProblem, ProblemError, type Client } from './index.ts'
import { openFlakyProxy } from '../test/flaky-proxy.ts'
import { openWorld, SERVICE_TOKEN, type World } from '../test/world.ts'

/** The problem with which the call was refused. */
async function refusal(call: Promise<unknown>): Promise<ProblemError> {
  const error = await call.then(
    () => assert.fail('it was not refused'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof ProblemError, String(error))
  return error
}

suite('the client', () => {
  let world: World
  before(async () => {
    world = await openWorld()
  })
  after(() => world[Symbol.asyncDispose]())

  const newClient = async (baseUrl = world.url): Promise<Client> => {
    const { token } = await world.signUp()
    return createClient({ baseUrl, auth: { token } })
  }

  test('creates, reads, changes, completes and deletes a task', async () => {
    const api = await newClient()
    const { data: task, response } = await api.POST('/api/tasks', { body: { title: 'Buy milk', tags: ['home'] } })
    assert.deepEqual([response.status, task.title, task.version], [201, 'Buy milk', 1])
    const params = { path: { id: task.id } }
    assert.deepEqual((await api.GET('/api/tasks/{id}', { params })).data, task)
    const changed = await api.PATCH('/api/tasks/{id}', { params, body: { title: 'Buy oat milk' } })
    assert.equal(changed.data.title, 'Buy oat milk')
    const completed = await api.PATCH('/api/tasks/{id}/complete', { params })
    assert.equal(completed.data.status, 'COMPLETED')
    const { data, response: gone } = await api.DELETE('/api/tasks/{id}', { params })
    assert.deepEqual([data, gone.status], [undefined, 204])
  })

  test('signs up and in without a credential, and acts as that user with the returned token', async () => {
    const anonymous = createClient({ baseUrl: `${world.url}/` })
    const body = { email: `ada-${crypto.randomUUID()}@example.com`, password: 'correct horse' }
    const { data: signedUp } = await anonymous.POST('/api/auth/sign-up/email', { body: { ...body, name: 'Ada' } })
    const { data: signedIn } = await anonymous.POST('/api/auth/sign-in/email', { body })
    for (const { token } of [signedUp, signedIn]) {
      const api = createClient({ baseUrl: world.url, auth: async () => ({ token }) })
      const { data: session } = await api.GET('/api/auth/get-session')
      assert.equal(session?.user.id, signedUp.user.id)
    }
  })

  test('acts for a user as a service', async () => {
    const { id } = await world.signUp()
    const api = createClient({ baseUrl: world.url, auth: { service: SERVICE_TOKEN, userId: id } })
    const { data } = await api.POST('/api/tasks', { body: { title: 'x' } })
    assert.equal(data.userId, id)
  })

  test('returns undefined and 304 for the version that the caller has', async () => {
    const api = await newClient()
    const { data: task, response } = await api.POST('/api/tasks', { body: { title: 'x' } })
    const header = { 'if-none-match': response.headers.get('etag') ?? '' }
    const again = await api.GET('/api/tasks/{id}', { params: { path: { id: task.id }, header } })
    assert.deepEqual([again.data, again.response.status], [undefined, 304])
  })

  test('iterates over every task once while others are created', async () => {
    const api = await newClient()
    const titles = Array.from({ length: 25 }, (_, at) => `task ${at}`)
    for (const title of titles) await api.POST('/api/tasks', { body: { title } })
    const found: string[] = []
    for await (const task of api.items('/api/tasks', { params: { query: { limit: 4, q: 'task' } } })) {
      if (found.length % 3 === 0) await api.POST('/api/tasks', { body: { title: 'created meanwhile' } })
      found.push(task.title)
    }
    assert.deepEqual(found, titles.toReversed())
  })

  test('returns pages with their total, continues from a cursor, and requests each page only when it is used', async () => {
    const api = await newClient()
    for (const title of ['a', 'b', 'c', 'd', 'e']) await api.POST('/api/tasks', { body: { title } })
    const query = { limit: 2, sort: ['title' as const], fields: ['title' as const], count: true }
    const pages = await Array.fromAsync(api.pages('/api/tasks', { params: { query } }))
    assert.deepEqual(
      pages.map(({ items, total }) => [items.map((task) => task.title).join(''), total]),
      [
        ['ab', 5],
        ['cd', 5],
        ['e', 5],
      ],
    )
    assert.equal(pages.at(-1)?.nextCursor, undefined)
    const cursor = pages[0]?.nextCursor ?? ''
    const rest = await Array.fromAsync(
      api.pages('/api/tasks', { params: { query: { ...query, cursor, count: false } } }),
    )
    assert.deepEqual(
      rest.flatMap(({ items, total }) => items.map(({ title }) => [title, total])),
      [
        ['c', undefined],
        ['d', undefined],
        ['e', undefined],
      ],
    )

    await using proxy = await openFlakyProxy(world.url, [])
    for await (const _ of (await newClient(proxy.url)).pages('/api/tasks')) break
    assert.equal(proxy.asked.length, 1)
  })

  test('ends the pages of changes where there are no more, with the cursor for later ones', async () => {
    const api = await newClient()
    for (const title of ['a', 'b', 'c']) await api.POST('/api/tasks', { body: { title } })
    const pages = await Array.fromAsync(api.pages('/api/changes', { params: { query: { limit: 2 } } }))
    assert.deepEqual(
      pages.map(({ items }) => items.length),
      [2, 1],
    )
    await api.POST('/api/tasks', { body: { title: 'd' } })
    const query = { cursor: pages.at(-1)?.nextCursor ?? '' }
    const later = await Array.fromAsync(api.items('/api/changes', { params: { query } }))
    assert.deepEqual(
      later.map(({ data }) => data?.title),
      ['d'],
    )
  })

  test('encodes lists in queries so that commas and backslashes within a value are preserved', async () => {
    const api = await newClient()
    const tags = ['a,b', 'c\\', 'd\\,e', 'plus+and space', 'ü&=']
    for (const tag of tags) await api.POST('/api/tasks', { body: { title: 'x', tags: [tag] } })
    for (const tag of tags) {
      const { data } = await api.GET('/api/tasks', { params: { query: { tag: [tag] } } })
      assert.deepEqual(
        data.map((task) => task.tags),
        [[tag]],
      )
    }
    const { data: all } = await api.GET('/api/tasks', {
      params: { query: { tag: tags, dueBefore: undefined as never } },
    })
    assert.equal(all.length, tags.length)
  })

  test('throws each refusal as a typed problem', async () => {
    const api = await newClient()
    const { data: task } = await api.POST('/api/tasks', { body: { title: 'x' } })
    const invalid = await refusal(api.POST('/api/tasks', { body: { title: '', priority: 'high' as 'HIGH' } }))
    assert.deepEqual([invalid.status, invalid.code, invalid.title], [422, 'invalid_input', 'Invalid input'])
    assert.deepEqual(
      invalid.errors.map((each) => each.pointer),
      ['/title', '/priority'],
    )
    assert.equal(invalid.message, invalid.errors.map((each) => each.detail).join('; '))
    assert.match(invalid.requestId ?? '', /^[\w-]{36}$/)

    const params = { path: { id: task.id }, header: { 'if-match': '"7"' } }
    const stale = await refusal(api.DELETE('/api/tasks/{id}', { params }))
    assert.ok(isProblem(stale, 'conflict', 'precondition_failed'))
    assert.ok(!isProblem(stale, 'conflict'))
    assert.equal(stale.currentVersion, 1)

    const path = { id: crypto.randomUUID() }
    assert.ok(isProblem(await refusal(api.GET('/api/tasks/{id}', { params: { path } })), 'not_found'))
    const operations = [{ op: 'create', task: { title: 'x' } } as const, { op: 'delete', ...path } as const]
    assert.equal((await refusal(api.POST('/api/tasks/batch', { body: { operations } }))).failedOperation, 1)
    assert.ok(!isProblem(new Error('x')) && isProblem(stale))
  })

  test("throws better-auth's own codes as typed problems too", async () => {
    const anonymous = createClient({ baseUrl: world.url })
    const body = { email: 'unknown@example.com', password: 'correct horse' }
    const refused = await refusal(anonymous.POST('/api/auth/sign-in/email', { body }))
    assert.deepEqual([refused.status, refused.code], [401, 'INVALID_EMAIL_OR_PASSWORD'])
  })

  test('executes a write once when its answers are lost or interrupted', async () => {
    await using proxy = await openFlakyProxy(world.url, ['lose', 'break'])
    const api = await newClient(proxy.url)
    const { data: task, response } = await api.POST('/api/tasks', { body: { title: 'once' } })
    assert.equal(response.headers.get('idempotency-replayed'), 'true')
    assert.equal(proxy.asked.length, 3)
    assert.equal(new Set(proxy.asked.map(({ headers }) => headers['idempotency-key'])).size, 1)
    assert.deepEqual((await api.GET('/api/tasks')).data, [task])
  })

  test('never retries a write under /api/auth, because the service could execute it twice', async () => {
    await using proxy = await openFlakyProxy(world.url, ['lose'])
    const api = await newClient(proxy.url)
    await assert.rejects(api.POST('/api/auth/update-user', { body: { name: 'Ada Lovelace' } }), TypeError)
    assert.equal(proxy.asked.length, 1)
  })

  test('follows no redirect, so that its credentials reach no other host', async () => {
    await using elsewhere = await openFlakyProxy(world.url, [])
    await using proxy = await openFlakyProxy(world.url, [
      { status: 307, headers: { location: `${elsewhere.url}/api/tasks` } },
    ])
    const api = await newClient(proxy.url)
    await assert.rejects(api.GET('/api/tasks'), /redirect, which is not followed/)
    assert.deepEqual([proxy.asked.length, elsewhere.asked.length], [1, 0])
  })

  test('throws too_many_requests with the seconds to wait if they exceed the deadline', async () => {
    await using limited = await openWorld({ env: { RATE_LIMIT_READ: '1' } })
    const { token } = await limited.signUp()
    const api = createClient({ baseUrl: limited.url, auth: { token }, retry: { deadlineMs: 500 } })
    await api.GET('/api/tasks')
    const refused = await refusal(api.GET('/api/tasks').then(() => api.GET('/api/tasks')))
    assert.deepEqual([refused.status, refused.code], [429, 'too_many_requests'])
    assert.ok((refused.retryAfter ?? 0) >= 1)
  })
})
