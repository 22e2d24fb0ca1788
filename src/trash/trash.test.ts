import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, suite, test } from 'node:test'
import { openEvents } from '../../test/event-stream.ts'
import { openWorld, SERVICE_TOKEN, type Answer, type User, type World } from '../../test/world.ts'

type Json = Answer['json']

let world: World
let ada: User

before(async () => {
  world = await openWorld({ env: { RATE_LIMIT_READ: '1000000', RATE_LIMIT_WRITE: '1000000' } })
})
after(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = await world.signUp('Ada')
})

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask(method, `/api${path}`, { token: ada.token, body, headers })
const newTask = async (fields: object = {}): Promise<Json> =>
  (await ask('POST', '/tasks', { title: 'Milk', ...fields })).json
const newTrashed = async (fields: object = {}): Promise<Json> => {
  const task = await newTask(fields)
  await ask('DELETE', `/tasks/${task.id}`)
  return task
}
const trash = async (query = ''): Promise<Json> => (await ask('GET', `/trash${query}`)).json
const ids = (items: Json): string[] => items.map(({ id }: Json) => id)
/** Moves what has happened to a task into the past. */
const age = (id: string, days: number): Promise<unknown> =>
  world.asOwner((client) =>
    client.query(`update changes set at = at - $2 * interval '1 day' where entity_id = $1`, [id, days]),
  )

const refuses = (answer: Answer, status: number, code: string): void =>
  assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text)

suite('the trash', () => {
  test('lists deleted tasks, the latest deletion first, with what they were, when, by whom, and until when', async () => {
    const [milk, bread, rye] = [await newTask(), await newTask({ title: 'Bread' }), await newTask({ title: 'Rye' })]
    await ask('DELETE', `/tasks/${bread.id}`)
    await ask('POST', '/tasks/bulk-delete', { ids: [rye.id] })
    await world.ask('DELETE', `/api/tasks/${milk.id}`, {
      headers: { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id },
    })
    const items = await trash()
    assert.deepEqual(ids(items), [milk.id, rye.id, bread.id])
    const [{ deletedAt, expiresAt, ...first }, second] = items
    assert.equal(first.deletedBy.kind, 'service')
    assert.deepEqual(second.deletedBy, { kind: 'session', name: null })
    assert.deepEqual({ ...first, deletedBy: null }, { id: milk.id, type: 'task', deletedBy: null, data: milk })
    assert.ok(Math.abs(Date.now() - Date.parse(deletedAt)) < 60_000)
    assert.equal(Date.parse(expiresAt) - Date.parse(deletedAt), 30 * 86_400_000)
    assert.deepEqual((await ask('GET', `/trash/${milk.id.toUpperCase()}`)).json, items[0])
  })

  test('takes an id in any case, and refuses what is no id, no such item, and unknown parameters', async () => {
    const { id } = await newTrashed()
    const other = await newTask()
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/restore'],
      ['DELETE', ''],
    ] as const) {
      refuses(await ask(method, `/trash/x${path}`), 422, 'invalid_input')
      refuses(await ask(method, `/trash/${randomUUID()}${path}`), 404, 'not_found')
      refuses(await ask(method, `/trash/${other.id}${path}`), 404, 'not_found')
      refuses(await ask(method, `/trash/${id}${path}?x=1`), 422, 'invalid_input')
      refuses(await world.ask(method, `/api/trash/${id}${path}`), 401, 'unauthenticated')
    }
    for (const limit of ['0', '201', '1.5', 'x'])
      refuses(await ask('GET', `/trash?limit=${limit}`), 422, 'invalid_input')
    refuses(await ask('POST', `/trash/${id}/restore`, { x: 1 }), 422, 'invalid_input')
    assert.deepEqual(ids(await trash()), [id])
  })

  test('is read at the cost of a read, and changed at the cost of a write', async () => {
    const { id } = await newTrashed()
    const left = async (method: string, path: string): Promise<string[]> => {
      const { headers } = await ask(method, path)
      return [headers.get('x-ratelimit-limit') ?? '', headers.get('x-ratelimit-remaining') ?? '']
    }
    const kinds = await Promise.all([left('GET', '/trash'), left('GET', `/trash/${id}`)])
    assert.deepEqual(new Set(kinds.map(([limit]) => limit)), new Set(['1000000']))
    const [, first] = await left('POST', `/trash/${id}/restore`)
    const [, second] = await left('DELETE', `/trash/${id}`)
    const [, third] = await left('DELETE', '/trash')
    assert.deepEqual([Number(first) - Number(second), Number(second) - Number(third)], [1, 1])
  })

  test('has pages, which stay correct while it changes', async () => {
    const tasks: Json[] = []
    for (let n = 0; n < 5; n++) tasks.push(await newTrashed({ title: `Task ${n}` }))
    const [first, ...rest] = tasks.toReversed().map(({ id }) => id)
    const page = await ask('GET', '/trash?limit=2')
    assert.deepEqual(ids(page.json), [first, rest[0]])
    await ask('POST', `/trash/${rest[0]}/restore`)
    await newTrashed({ title: 'later' })
    const cursor = page.headers.get('x-next-cursor') ?? ''
    assert.equal(page.headers.get('link'), `</api/trash?limit=2&cursor=${cursor}>; rel="next"`)
    const next = await ask('GET', `/trash?limit=3&cursor=${cursor}`)
    assert.deepEqual(ids(next.json), rest.slice(1))
    assert.deepEqual([next.headers.get('x-next-cursor'), next.headers.get('link')], [null, null])
    refuses(await ask('GET', `/trash?cursor=${cursor}x`), 400, 'invalid_cursor')
    refuses(await ask('GET', `/trash?cursor=`), 400, 'invalid_cursor')
    ada = await world.signUp('Ben')
    refuses(await ask('GET', `/trash?cursor=${cursor}`), 400, 'invalid_cursor')
  })

  test('restores a task with its id, content and times, at the next version', async () => {
    const id = randomUUID()
    const content = {
      description: 'Rye\n"\\',
      dueDate: '2026-12-24T18:00:00.500Z',
      tags: ['a', 'b,"}'],
      priority: 'LOW',
    }
    await newTask({ id, ...content, status: 'COMPLETED' })
    const before = (await ask('PATCH', `/tasks/${id}`, { title: 'Bread' })).json
    await ask('DELETE', `/tasks/${id}`)
    const restored = await ask('POST', `/trash/${id.toUpperCase()}/restore`)
    const { updatedAt, ...rest } = restored.json
    assert.deepEqual({ ...rest, updatedAt: before.updatedAt }, { ...before, version: 3 })
    assert.ok(updatedAt > before.updatedAt)
    assert.deepEqual([restored.status, restored.headers.get('etag')], [200, '"3"'])
    assert.equal(restored.headers.get('location'), `/api/tasks/${id}`)
    assert.match(restored.headers.get('x-sync-cursor') ?? '', /^4\./)
    assert.deepEqual((await ask('GET', `/tasks/${id}`)).json, restored.json)
    assert.deepEqual(await trash(), [])
    refuses(await ask('POST', `/trash/${id}/restore`), 404, 'not_found')
    assert.equal((await ask('PATCH', `/tasks/${id}`, { title: 'x' }, { 'if-match': '"3"' })).status, 200)
  })

  test('restores a task of which an older or a newer version of the service has logged other members', async () => {
    const [older, newer] = [await newTrashed({ priority: 'HIGH', tags: ['a'] }), await newTrashed({ description: 'x' })]
    await world.asOwner(async (client) => {
      const change = (value: string): string => `update changes set before = ${value} where entity_id = $1 and in_trash`
      await client.query(change(`before - '{description,status,priority,tags,completedAt}'::text[]`), [older.id])
      await client.query(change(`before || '{"projectId": "x", "assignees": [{"id": 1}]}'`), [newer.id])
    })
    const rest = { updatedAt: '', version: 2 }
    const changed = { ...older, priority: 'MEDIUM', tags: [] }
    assert.deepEqual((await ask('GET', `/trash/${newer.id}`)).json.data, newer)
    assert.deepEqual((await ask('GET', `/trash/${older.id}`)).json.data, { ...changed, completedAt: null })
    for (const expected of [changed, newer]) {
      const { status, json } = await ask('POST', `/trash/${expected.id}/restore`)
      assert.deepEqual([status, { ...json, ...rest }], [200, { ...expected, ...rest }])
    }
  })

  for (const [how, again] of [
    ['a creation', (id: string) => ask('POST', '/tasks', { id, title: 'Bread' })],
    [
      'a put of a batch',
      (id: string) => ask('POST', '/tasks/batch', { operations: [{ op: 'put', id, task: { title: 'Bread' } }] }),
    ],
  ] as const) {
    test(`is left by a task whose id is used again by ${how}`, async () => {
      const { id } = await newTrashed()
      assert.ok((await again(id)).status < 300)
      assert.deepEqual(await trash(), [])
      refuses(await ask('POST', `/trash/${id}/restore`), 404, 'not_found')
      refuses(await ask('DELETE', `/trash/${id}`), 404, 'not_found')
      assert.deepEqual(
        [(await ask('GET', `/tasks/${id}`)).json.title, (await ask('GET', `/tasks/${id}`)).json.version],
        ['Bread', 2],
      )
      await ask('DELETE', `/tasks/${id}`)
      assert.deepEqual(
        (await trash()).map(({ data }: Json) => data.title),
        ['Bread'],
      )
    })
  }

  test('lets one of several restores of a task at once succeed, and of a restore and a deletion for good just one', async () => {
    const { id } = await newTrashed()
    const restores = await Promise.all(Array.from({ length: 4 }, () => ask('POST', `/trash/${id}/restore`)))
    assert.deepEqual(
      restores.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 404, 404, 404],
    )
    for (let time = 0; time < 5; time++) {
      const other = await newTrashed()
      const [restored, erased] = await Promise.all([
        ask('POST', `/trash/${other.id}/restore`),
        ask('DELETE', `/trash/${other.id}`),
      ])
      const isRestored = restored.status === 200
      assert.deepEqual([restored.status, erased.status], isRestored ? [200, 404] : [404, 204])
      assert.equal((await ask('GET', `/tasks/${other.id}`)).status, isRestored ? 200 : 404)
    }
  })

  test('does not show what was deleted more than 30 days ago, nor restores it', async () => {
    const [old, young] = [await newTrashed(), await newTrashed()]
    await age(old.id, 30.01)
    await age(young.id, 29.99)
    assert.deepEqual(ids(await trash()), [young.id])
    refuses(await ask('GET', `/trash/${old.id}`), 404, 'not_found')
    refuses(await ask('POST', `/trash/${old.id}/restore`), 404, 'not_found')
    assert.equal((await ask('POST', `/trash/${young.id}/restore`)).status, 200)
  })

  test('is of each user alone', async () => {
    const { id } = await newTrashed()
    ada = await world.signUp('Ben')
    assert.deepEqual(await trash(), [])
    refuses(await ask('GET', `/trash/${id}`), 404, 'not_found')
    refuses(await ask('POST', `/trash/${id}/restore`), 404, 'not_found')
    refuses(await ask('DELETE', `/trash/${id}`), 404, 'not_found')
  })
})

suite('a client that follows the changes', () => {
  test('sees a deletion, and after a restore the task again', async () => {
    const { id } = await newTask()
    const cursor = (await ask('GET', '/tasks')).headers.get('x-sync-cursor') ?? ''
    const brief = (changes: Json): unknown => changes.map(({ seq, op, data }: Json) => [seq, op, data?.version])
    await ask('DELETE', `/tasks/${id}`)
    const deleted = await ask('GET', `/changes?cursor=${cursor}`)
    assert.deepEqual(brief(deleted.json), [[2, 'delete', undefined]])
    const restored = await ask('POST', `/trash/${id}/restore`)
    const next = await ask('GET', `/changes?cursor=${deleted.headers.get('x-next-cursor')}`)
    assert.deepEqual(brief(next.json), [[3, 'upsert', 2]])
    assert.equal(next.headers.get('x-next-cursor'), restored.headers.get('x-sync-cursor'))
    assert.deepEqual(brief((await ask('GET', `/changes?cursor=${cursor}`)).json), [[3, 'upsert', 2]])
  })

  test('gets an event for each of them', async () => {
    await using events = await openEvents(`${world.url}/api/events`, { token: ada.token })
    await events.named('ready')
    const { id } = await newTask()
    await ask('DELETE', `/tasks/${id}`)
    await events.next(({ data }) => data.id === id && data.op === 'delete')
    await ask('POST', `/trash/${id}/restore`)
    const { data } = await events.next(
      (event) => event.data.id === id && event.data.op === 'upsert' && event.data.seq > 2,
    )
    assert.deepEqual([data.seq, data.data.title, data.data.version], [3, 'Milk', 2])
  })

  test('sees nothing new when something is deleted for good', async () => {
    const { id } = await newTrashed()
    const cursor = (await ask('GET', '/tasks')).headers.get('x-sync-cursor') ?? ''
    await ask('DELETE', `/trash/${id}`)
    assert.deepEqual((await ask('GET', `/changes?cursor=${cursor}`)).json, [])
  })
})
