import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, suite, test } from 'node:test'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'

type Json = Answer['json']

let world: World
let ada: User

before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = await world.signUp()
})

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask(method, `/api${path}`, { token: ada.token, body, headers })
const restore = (ids: unknown, query = '', headers: Record<string, string> = {}): Promise<Answer> =>
  ask('POST', `/trash/restore${query}`, { ids }, headers)
const idsOf = (items: Json): string[] => items.map(({ id }: Json) => id)
const listed = async (path: string): Promise<string[]> => idsOf((await ask('GET', path)).json).toSorted()
const history = async (): Promise<Json> => (await ask('GET', '/history')).json

/** @returns the tasks as they were before they were deleted by one request */
async function newTrashed(count: number): Promise<Json> {
  const operations = Array.from({ length: count }, (_, n) => ({
    op: 'create',
    task: { title: `task ${n}`, tags: ['a'] },
  }))
  const { results } = (await ask('POST', '/tasks/batch', { operations })).json
  const tasks = results.map(({ task }: Json) => task)
  await ask('POST', '/tasks/bulk-delete', { ids: idsOf(tasks) })
  return tasks
}

suite('a restore of several tasks', () => {
  test('brings them back in the order of the request, and names ids that are not in the trash', async () => {
    const [first, second, third] = await newTrashed(3)
    const { id: present } = (await ask('POST', '/tasks', { title: 'here' })).json
    const unknown = randomUUID()
    const { status, json, headers } = await restore([third.id.toUpperCase(), unknown, first.id, present])
    assert.equal(status, 200)
    assert.deepEqual(
      json.tasks.map((task: Json) => ({ ...task, updatedAt: '' })),
      [third, first].map((task) => ({ ...task, updatedAt: '', version: 2 })),
    )
    assert.deepEqual(json.notFound, [unknown, present])
    assert.match(headers.get('content-type') ?? '', /^application\/json/)
    assert.deepEqual(
      await listed('/tasks'),
      [present, first.id, third.id].toSorted((a, b) => (a < b ? -1 : 1)),
    )
    assert.deepEqual(await listed('/trash'), [second.id])
  })

  test('is one entry of the history, which one undo takes back', async () => {
    const ids = idsOf(await newTrashed(100))
    const restored = await restore(ids)
    const changeId = restored.headers.get('x-change-id')
    const [newest, before] = await history()
    assert.equal(newest.id, changeId)
    assert.equal(newest.operation, 'restoreManyTrashed')
    assert.equal(before.operation, 'deleteTasks')
    assert.equal((await ask('POST', `/history/${changeId}/undo`)).status, 200)
    assert.deepEqual(await listed('/tasks'), [])
    assert.deepEqual(await listed('/trash?limit=200'), ids.toSorted())
  })

  test('that finds none changes nothing, and its answer still has the position in the change log', async () => {
    const [earlier] = await history()
    const unknown = randomUUID()
    const { status, json, headers } = await restore([unknown])
    assert.deepEqual([status, json], [200, { tasks: [], notFound: [unknown] }])
    assert.equal(headers.get('x-change-id'), null)
    assert.notEqual(headers.get('x-sync-cursor'), null)
    assert.deepEqual((await history())[0], earlier)
  })

  test('with an Idempotency-Key is executed once, and as a dry run not at all', async () => {
    const ids = idsOf(await newTrashed(2))
    const dry = await restore(ids, '?dryRun=true')
    assert.deepEqual([dry.headers.get('dry-run'), idsOf(dry.json.tasks)], ['true', ids])
    assert.deepEqual(await listed('/tasks'), [])
    const key = { 'idempotency-key': randomUUID() }
    const first = await restore(ids, '', key)
    const again = await restore(ids, '', key)
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    assert.equal(again.text, first.text)
    assert.equal(again.headers.get('x-change-id'), first.headers.get('x-change-id'))
    assert.deepEqual((await restore(ids)).json.notFound, ids)
  })

  test('of the same tasks by several requests at once restores each once', async () => {
    const ids = idsOf(await newTrashed(20))
    const answers = await Promise.all([restore(ids), restore(ids.toReversed()), restore(ids.slice(5))])
    assert.deepEqual(answers.flatMap(({ json }) => idsOf(json.tasks)).toSorted(), ids.toSorted())
  })

  const id = randomUUID()
  const many = Array.from({ length: 101 }, () => randomUUID())
  for (const [what, ids, pointer, detail] of [
    ['no ids', [], '/ids', /^ids must have at least 1 item/],
    ['101 ids', many, '/ids', /^ids must have at most 100 items/],
    ['an id twice', [id, id.toUpperCase()], '/ids', /^ids must not have the same item twice/],
    ['what is no id', [id, 'x'], '/ids/1', /^ids\.1 must be a UUID/],
    ['a single id', id, '/ids', /^ids must be an array/],
    ['null', null, '/ids', /^ids must be an array/],
  ] as const) {
    test(`with ${what} is refused`, async () => {
      const { status, json } = await restore(ids)
      assert.deepEqual([status, json.code, json.errors?.[0]?.pointer], [422, 'invalid_input', pointer])
      assert.match(json.detail, detail)
    })
  }

  test('without ids, or with an unknown member, is refused', async () => {
    for (const [body, detail] of [
      [{}, /^ids is required/],
      [{ ids: [id], all: true }, /^all is not/],
    ] as const) {
      const { status, json } = await ask('POST', '/trash/restore', body)
      assert.equal(status, 422)
      assert.match(json.detail, detail)
    }
  })

  test('with a token that only reads is 403, and without a credential 401', async () => {
    const body = { name: 'reader', scopes: ['tasks:read'] }
    const { token } = (await ask('POST', '/tokens', body)).json
    const refused = await world.ask('POST', '/api/trash/restore', { token, body: { ids: [id] } })
    assert.deepEqual([refused.status, refused.json.required], [403, ['tasks:write']])
    assert.equal((await world.ask('POST', '/api/trash/restore', { body: { ids: [id] } })).status, 401)
  })
})
