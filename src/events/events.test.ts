import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { until } from '../../test/faults/measures.ts'
import { openEvents, type EventClient, type StreamedEvent } from '../../test/event-stream.ts'
import { openWorld, SERVICE_TOKEN, type Answer, type User, type World } from '../../test/world.ts'
import { drain } from '../http/drain.ts'

const EVENTS = '/api/events'

let world: World

before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

type Json = Answer['json']

const listen = (user: User, query = '', headers: Record<string, string> = {}): Promise<EventClient> =>
  openEvents(`${world.url}${EVENTS}${query}`, { token: user.token, headers })
const ask = (user: User, method: string, path: string, body?: unknown): Promise<Answer> =>
  world.ask(method, path, { token: user.token, body })
const newTask = async (user: User, title = 'x'): Promise<Json> =>
  (await ask(user, 'POST', '/api/tasks', { title })).json
const isChange = ({ event }: StreamedEvent): boolean => event === 'change'
const ofSeq = (seq: number) => (each: StreamedEvent) => isChange(each) && each.data.seq === seq
const nowCursor = async (user: User): Promise<string> =>
  (await ask(user, 'GET', '/api/tasks')).headers.get('x-sync-cursor') ?? ''
const changesOf = ({ events }: EventClient) =>
  events.filter(isChange).map(({ data }) => [data.seq, data.op, data.id] as const)

suite('GET /api/events', () => {
  test('begins with ready and its cursor, then gives each change with the cursor after it and the task as GET gives it', async () => {
    const ada = await world.signUp('Ada')
    const cursor = await nowCursor(ada)
    await using client = await listen(ada)
    assert.equal(client.response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
    assert.equal(client.response.headers.get('x-accel-buffering'), 'no')
    const ready = await client.named('ready')
    assert.deepEqual([ready.id, ready.data], [cursor, { cursor }])
    const task = await newTask(ada)
    const created = await client.next(ofSeq(1))
    assert.deepEqual(created.data, { seq: 1, type: 'task', id: task.id, op: 'upsert', data: task })
    const { headers } = await ask(ada, 'DELETE', `/api/tasks/${task.id}`)
    const deleted = await client.next(ofSeq(2))
    assert.deepEqual(deleted.data, { seq: 2, type: 'task', id: task.id, op: 'delete', data: null })
    assert.equal(deleted.id, headers.get('x-sync-cursor'))
  })

  test('gives the changes of batches, and of requests with an Idempotency-Key once', async () => {
    const ada = await world.signUp('Ada')
    await using client = await listen(ada)
    await client.named('ready')
    const operations = [1, 2, 3].map((n) => ({ op: 'create', task: { title: `t${n}` } }))
    assert.equal((await ask(ada, 'POST', '/api/tasks/batch', { operations })).status, 200)
    await client.next(ofSeq(3))
    const once = { token: ada.token, body: { title: 'once' }, headers: { 'idempotency-key': randomUUID() } }
    for (const status of [201, 201]) assert.equal((await world.ask('POST', '/api/tasks', once)).status, status)
    await client.next(ofSeq(4))
    await newTask(ada)
    await client.next(ofSeq(5))
    assert.deepEqual(
      changesOf(client).map(([seq]) => seq),
      [1, 2, 3, 4, 5],
    )
  })

  test('continues after Last-Event-ID, which takes precedence over the cursor of the URL', async () => {
    const ada = await world.signUp('Ada')
    const start = await nowCursor(ada)
    await newTask(ada, 'a')
    const middle = await nowCursor(ada)
    const b = await newTask(ada, 'b')
    for (const [query, headers] of [
      [`?cursor=${middle}`, {}],
      ['', { 'last-event-id': middle }],
      [`?cursor=${start}`, { 'last-event-id': middle }],
      [`?cursor=${middle}`, { 'last-event-id': '' }],
    ] as const) {
      await using client = await listen(ada, query, headers)
      assert.deepEqual((await client.named('ready')).data, { cursor: middle })
      await client.next(ofSeq(2))
      assert.deepEqual(changesOf(client), [[2, 'upsert', b.id]])
    }
  })

  test('catches up page by page with more changes than a page has, and each once', async () => {
    const ada = await world.signUp('Ada')
    const start = await nowCursor(ada)
    for (let round = 0; round < 3; round++) {
      const operations = Array.from({ length: 60 }, (_, n) => ({ op: 'create', task: { title: `${round} ${n}` } }))
      await ask(ada, 'POST', '/api/tasks/batch', { operations })
    }
    await using client = await listen(ada, `?cursor=${start}`)
    await client.next(ofSeq(180))
    assert.deepEqual(
      changesOf(client).map(([seq]) => seq),
      Array.from({ length: 180 }, (_, at) => at + 1),
    )
  })

  test('continues with the rest of an initial load, then with what has changed since', async () => {
    const ada = await world.signUp('Ada')
    const tasks = [await newTask(ada, 'a'), await newTask(ada, 'b'), await newTask(ada, 'c')]
    const [first, ...rest] = tasks.map(({ id }): string => id).sort()
    const page = await ask(ada, 'GET', '/api/changes?limit=1')
    assert.equal(page.json[0].id, first)
    await using client = await listen(ada, `?cursor=${page.headers.get('x-next-cursor')}`)
    const loaded = await client.next(({ data }) => data.id === rest[0])
    await client.next(({ data }) => data.id === rest[1])
    const { id } = await newTask(ada, 'd')
    assert.equal((await client.next(({ data }) => data.id === id)).data.seq, 4)
    await using again = await listen(ada, '', { 'last-event-id': loaded.id ?? '' })
    await again.next(({ data }) => data.id === id)
    assert.deepEqual(
      changesOf(again).map(([, , each]) => each),
      [rest[1], id],
    )
  })

  test("never shows another user's changes", async () => {
    const [ada, ben] = [await world.signUp('Ada'), await world.signUp('Ben')]
    await using client = await listen(ada)
    await client.named('ready')
    const mine = new Set<string>()
    for (let n = 0; n < 10; n++) {
      await newTask(ben)
      mine.add((await newTask(ada)).id)
    }
    await client.next(ofSeq(10))
    assert.deepEqual(new Set(changesOf(client).map(([, , id]) => id)), mine)
  })

  test('is open to a service that acts for a user', async () => {
    const ada = await world.signUp('Ada')
    const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id }
    await using client = await openEvents(`${world.url}${EVENTS}`, { headers })
    await client.named('ready')
    const { id } = await newTask(ada)
    assert.equal((await client.next(isChange)).data.id, id)
  })

  test('takes no turn and no connection while it is open: 5 streams of a user leave all others', async () => {
    const ada = await world.signUp('Ada')
    await using open = new AsyncDisposableStack()
    for (let n = 0; n < 5; n++) await open.use(await listen(ada)).named('ready')
    const { pool } = world.deps.db
    await until('all connections are idle', () => pool.idleCount === pool.totalCount)
    const lists = await Promise.all(Array.from({ length: 20 }, () => ask(ada, 'GET', '/api/tasks')))
    assert.deepEqual(new Set(lists.map(({ status }) => status)), new Set([200]))
  })
})

suite('an event stream gives resync', () => {
  test('where the log no longer has what follows the cursor, and continues from now', async () => {
    const ada = await world.signUp('Ada')
    const start = await nowCursor(ada)
    await newTask(ada)
    await newTask(ada)
    await world.asOwner(async (owner) => {
      await owner.query('set session_replication_role = replica')
      await owner.query(
        `update change_logs set purged_seq = 1, purged_change_id = (select change_id from changes where user_id = $1 and seq = 1) where user_id = $1`,
        [ada.id],
      )
    })
    await using client = await listen(ada, '', { 'last-event-id': start })
    assert.deepEqual((await client.named('resync')).data, { reason: 'cursor_expired' })
    assert.deepEqual(
      client.events.map(({ event }) => event),
      ['ready', 'resync'],
    )
    assert.equal(client.events[0]?.id, await nowCursor(ada))
    const { id } = await newTask(ada)
    assert.equal((await client.next(isChange)).data.id, id)
  })

  test('again while it is open, when the database was replaced by a backup, and continues from there', async () => {
    const ada = await world.signUp('Ada')
    await using client = await listen(ada)
    await client.named('ready')
    await newTask(ada)
    await client.next(ofSeq(1))
    await world.asOwner((owner) => owner.query('delete from changes where user_id = $1', [ada.id]))
    await newTask(ada)
    assert.deepEqual((await client.named('resync')).data, { reason: 'cursor_expired' })
    await newTask(ada)
    await client.next(ofSeq(2))
    assert.deepEqual(
      client.events.map(({ event, data }) => data.seq ?? event),
      ['ready', 1, 'resync', 2],
    )
  })
})

suite('GET /api/events refuses', () => {
  const refusal = async (path: string, asking: Parameters<World['ask']>[2] = {}): Promise<unknown[]> => {
    const { status, json } = await world.ask('GET', path, asking)
    return [status, json.code]
  }

  test('a request without a credential, or with one that has ended: 401', async () => {
    assert.deepEqual(await refusal(EVENTS), [401, 'unauthenticated'])
    const ada = await world.signUp('Ada')
    await ask(ada, 'POST', '/api/auth/sign-out', {})
    assert.deepEqual(await refusal(EVENTS, { token: ada.token }), [401, 'unauthenticated'])
  })

  test('a service that names an unknown user: 404', async () => {
    const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': 'unknown' }
    assert.deepEqual(await refusal(EVENTS, { headers }), [404, 'not_found'])
  })

  test("a cursor that is malformed, altered or another user's, wherever it stands: 400", async () => {
    const [ada, ben] = [await world.signUp('Ada'), await world.signUp('Ben')]
    const own = await nowCursor(ada)
    for (const cursor of ['x', `${own}x`, own.replace(/^0/, '1'), await nowCursor(ben)]) {
      const { token } = ada
      assert.deepEqual(await refusal(`${EVENTS}?cursor=${cursor}`, { token }), [400, 'invalid_cursor'], cursor)
      const headers = { 'last-event-id': cursor }
      assert.deepEqual(await refusal(EVENTS, { token, headers }), [400, 'invalid_cursor'], cursor)
    }
  })

  test('an unknown parameter: 422, and other methods, HEAD among them: 405', async () => {
    const ada = await world.signUp('Ada')
    assert.deepEqual(await refusal(`${EVENTS}?limit=1`, { token: ada.token }), [422, 'invalid_input'])
    for (const method of ['POST', 'HEAD', 'DELETE']) {
      const { status, headers } = await ask(ada, method, EVENTS)
      assert.deepEqual([method, status, headers.get('allow')], [method, 405, 'GET'])
    }
  })

  test('the sixth stream of a user: 429; one that was closed makes room', async () => {
    const ada = await world.signUp('Ada')
    await using open = new AsyncDisposableStack()
    const clients: EventClient[] = []
    for (let n = 0; n < 5; n++) clients.push(open.use(await listen(ada)))
    assert.deepEqual(await refusal(EVENTS, { token: ada.token }), [429, 'too_many_requests'])
    await clients[0]?.[Symbol.asyncDispose]()
    await using again = await listen(ada)
    await again.named('ready')
  })
})

suite('an event stream ends', () => {
  /** Runs `work` with intervals that pass when the test says so. */
  const withIntervals = async (
    t: { readonly mock: typeof test.mock },
    work: (pass: (ms: number) => void) => Promise<void>,
  ): Promise<void> => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    try {
      await work((ms) => t.mock.timers.tick(ms))
    } finally {
      t.mock.timers.reset()
    }
  }

  const endings: Record<string, (user: User) => Promise<unknown>> = {
    'was signed out': (user) => ask(user, 'POST', '/api/auth/sign-out', {}),
    'has expired': ({ id }) =>
      world.asOwner((owner) => owner.query(`update user_sessions set "expiresAt" = now() where "userId" = $1`, [id])),
    'belongs to a user who was deleted': ({ id }) =>
      world.asOwner(async (owner) => {
        await owner.query(`set role ${world.deps.db.roles.system}`)
        await owner.query('delete from users where id = $1', [id])
      }),
  }
  for (const [what, end] of Object.entries(endings)) {
    test(`within 30 s after its session ${what}, and those of other sessions continue`, async (t) => {
      const [ada, ben] = [await world.signUp('Ada'), await world.signUp('Ben')]
      await withIntervals(t, async (pass) => {
        await using client = await listen(ada)
        await using other = await listen(ben)
        await Promise.all([client.named('ready'), other.named('ready')])
        await end(ada)
        pass(30_000)
        assert.deepEqual((await client.named('end')).data, { reason: 'credential' })
        await client.ended
        await newTask(ben)
        await other.next(ofSeq(1))
      })
    })
  }

  for (const [what, statement] of [
    ['was revoked', 'delete from personal_tokens where user_id = $1'],
    ['has expired', 'update personal_tokens set expires_at = now() where user_id = $1'],
  ] as const) {
    test(`within 30 s after its personal token ${what}, and those of sessions continue`, async (t) => {
      const ada = await world.signUp('Ada')
      const { json } = await ask(ada, 'POST', '/api/tokens', { name: 'listener' })
      await withIntervals(t, async (pass) => {
        await using client = await listen({ ...ada, token: json.token })
        await using other = await listen(ada)
        await Promise.all([client.named('ready'), other.named('ready')])
        await newTask(ada)
        await Promise.all([client.next(ofSeq(1)), other.next(ofSeq(1))])
        await world.asOwner(async (owner) => {
          await owner.query(statement, [ada.id])
        })
        pass(30_000)
        assert.deepEqual((await client.named('end')).data, { reason: 'credential' })
        await newTask(ada)
        await other.next(ofSeq(2))
      })
    })
  }

  test('within 30 s after the user of a service was deleted', async (t) => {
    const ada = await world.signUp('Ada')
    await withIntervals(t, async (pass) => {
      const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id }
      await using client = await openEvents(`${world.url}${EVENTS}`, { headers })
      await client.named('ready')
      await endings['belongs to a user who was deleted']?.(ada)
      pass(30_000)
      assert.deepEqual((await client.named('end')).data, { reason: 'credential' })
    })
  })

  test('when the process drains, before everything else', async () => {
    await using other = await openWorld()
    const ada = await other.signUp('Ada')
    await using client = await openEvents(`${other.url}${EVENTS}`, { token: ada.token })
    await client.named('ready')
    await drain(other.app, 5_000)
    assert.deepEqual((await client.named('end')).data, { reason: 'shutdown' })
    await client.ended
  })
})
