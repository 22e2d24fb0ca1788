import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, suite, test } from 'node:test'
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
    assert.deepEqual(
      items.map(({ id }: Json) => id),
      [milk.id, rye.id, bread.id],
    )
    const [{ deletedAt, expiresAt, ...first }, second] = items
    assert.equal(first.deletedBy.kind, 'service')
    assert.deepEqual(second.deletedBy, { kind: 'session', name: null })
    assert.deepEqual({ ...first, deletedBy: null }, { id: milk.id, type: 'task', deletedBy: null, data: milk })
    assert.ok(Math.abs(Date.now() - Date.parse(deletedAt)) < 60_000)
    assert.equal(Date.parse(expiresAt) - Date.parse(deletedAt), 30 * 86_400_000)
    assert.deepEqual((await ask('GET', `/trash/${milk.id.toUpperCase()}`)).json, items[0])
  })

  test('has pages, which stay correct while it changes', async () => {
    const tasks: Json[] = []
    for (let n = 0; n < 5; n++) tasks.push(await newTrashed({ title: `Task ${n}` }))
    const [first, ...rest] = tasks.toReversed().map(({ id }) => id)
    const page = await ask('GET', '/trash?limit=2')
    assert.deepEqual(
      page.json.map(({ id }: Json) => id),
      [first, rest[0]],
    )
    await ask('POST', `/trash/${rest[0]}/restore`)
    await newTrashed({ title: 'later' })
    const cursor = page.headers.get('x-next-cursor') ?? ''
    assert.equal(page.headers.get('link'), `</api/trash?limit=2&cursor=${cursor}>; rel="next"`)
    const next = await ask('GET', `/trash?limit=3&cursor=${cursor}`)
    assert.deepEqual(
      next.json.map(({ id }: Json) => id),
      rest.slice(1),
    )
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
})
