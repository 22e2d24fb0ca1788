import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import { createClient, isProblem, type Client, type ClientOptions, type Task } from '../index.ts'
import { newId } from './id.ts'
import { mergeFields, openOutbox, type Conflict, type Outbox, type OutboxOptions, type OutboxState } from './index.ts'

let world: World

before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

const clientOf = ({ token }: User, fetch?: ClientOptions['fetch']): Client =>
  createClient({ baseUrl: world.url, auth: { token }, retry: { attempts: 1 }, ...(fetch && { fetch }) })
const ask = (user: User, method: string, path: string, body?: unknown): Promise<Answer> =>
  world.ask(method, path, { token: user.token, body })

/** A device whose copy is read when the test says so, and whose outbox survives in `state`. */
class Device {
  readonly user: User
  readonly copy = new Map<string, Task>()
  readonly conflicts: Conflict[] = []
  state: OutboxState | undefined
  #seen: (() => void)[] = []

  constructor(user: User) {
    this.user = user
  }

  open(options: Partial<OutboxOptions> = {}): Promise<Outbox> {
    return openOutbox({
      api: clientOf(this.user),
      read: (id) => this.copy.get(id),
      follower: { seen: () => new Promise((resolve) => this.#seen.push(resolve)) },
      resolve: (conflict) => {
        this.conflicts.push(conflict)
        return mergeFields(conflict)
      },
      storage: {
        read: () => this.state,
        // As a store does that keeps text.
        write: (state) => void (this.state = JSON.parse(JSON.stringify(state)) as OutboxState),
      },
      ...options,
    })
  }

  /** Catches up, as a follower would. */
  async pull(): Promise<void> {
    this.copy.clear()
    for (const task of (await ask(this.user, 'GET', '/api/tasks')).json) this.copy.set(task.id, task)
    for (const resolve of this.#seen.splice(0)) resolve()
    await Promise.resolve()
  }
}

async function deviceWith(title: string): Promise<{ device: Device; id: string }> {
  const device = new Device(await world.signUp())
  const { json } = await ask(device.user, 'POST', '/api/tasks', { title })
  await device.pull()
  return { device, id: json.id }
}

const tasksOf = async ({ user }: Device): Promise<Task[]> => (await ask(user, 'GET', '/api/tasks')).json
const titlesOf = (outbox: Outbox, { copy }: Device): unknown[] =>
  [...outbox.overlay(copy.values()).values()].map(({ title, description }) => [title, description ?? null])

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

suite('an outbox', () => {
  test('shows edits before they are sent, sends all of them as one batch, and shows them until the copy has them', async () => {
    const { device, id } = await deviceWith('a')
    let writes = 0
    const api = clientOf(device.user, (url, init) => (writes++, fetch(url, init)))
    const outbox = await device.open({ api })
    const made = await outbox.create({ title: 'new' })
    await outbox.update(made, { description: 'd' })
    await outbox.update(id, { title: 'b' })
    await outbox.update(id, { description: 'e' })
    const gone = await outbox.create({ title: 'gone' })
    await outbox.delete(gone)
    const shown = [
      ['b', 'e'],
      ['new', 'd'],
    ]
    assert.deepEqual([titlesOf(outbox, device), outbox.size, writes], [shown, 2, 0])
    await outbox.flush()
    assert.deepEqual([titlesOf(outbox, device), outbox.size, writes], [shown, 0, 1])
    await device.pull()
    assert.deepEqual(titlesOf(outbox, device).toSorted(byText), shown)
    const tasks = await tasksOf(device)
    assert.deepEqual(tasks.map(({ title, version }) => [title, version]).toSorted(byText), [
      ['b', 2],
      ['new', 1],
    ])
  })

  test('edits again what the copy does not have yet, without a conflict with itself', async () => {
    const { device, id } = await deviceWith('a')
    const outbox = await device.open()
    for (const title of ['b', 'c']) {
      await outbox.update(id, { title })
      await outbox.flush()
    }
    await outbox.delete(id)
    await outbox.flush()
    assert.deepEqual([titlesOf(outbox, device), await tasksOf(device), device.conflicts], [[], [], []])
    await assert.rejects(outbox.update(id, { title: 'd' }), /no such task/)
    await assert.rejects(outbox.delete(id), /no such task/)
  })

  test('bases an edit that is made while an earlier one is sent on the answer to that', async () => {
    const { device, id } = await deviceWith('a')
    const sending = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    const api = clientOf(device.user, async (url, init) => {
      sending.resolve()
      await answered.promise
      return fetch(url, init)
    })
    const outbox = await device.open({ api })
    await outbox.update(id, { title: 'b' })
    const flushed = outbox.flush()
    await sending.promise
    await outbox.update(id, { title: 'c' })
    assert.deepEqual(titlesOf(outbox, device), [['c', null]])
    answered.resolve()
    await flushed
    const [task] = await tasksOf(device)
    assert.deepEqual([task?.title, task?.version, outbox.size, device.conflicts], ['c', 3, 0, []])
  })

  test('does each edit once when the answer is lost and the program starts again', async () => {
    const { device, id } = await deviceWith('a')
    const losing = clientOf(device.user, async (url, init) => {
      await (await fetch(url, init)).text()
      throw new TypeError('fetch failed')
    })
    const before = await device.open({ api: losing })
    await before.update(id, { title: 'b' })
    await before.create({ title: 'new' })
    await assert.rejects(before.flush(), TypeError)
    assert.equal(before.size, 2)
    const outbox = await device.open()
    await outbox.update(id, { title: 'c' })
    await outbox.flush()
    const tasks = await tasksOf(device)
    assert.deepEqual(tasks.map(({ title, version }) => [title, version]).toSorted(byText), [
      ['c', 3],
      ['new', 1],
    ])
    assert.deepEqual(device.conflicts, [])
  })

  test('merges fields when the task has changed meanwhile, after it has shown the conflict', async () => {
    const { device, id } = await deviceWith('a')
    const outbox = await device.open()
    await outbox.update(id, { title: 'mine' })
    await ask(device.user, 'PATCH', `/api/tasks/${id}`, { title: 'theirs', description: 'theirs' })
    await outbox.flush()
    const [task] = await tasksOf(device)
    assert.deepEqual([task?.title, task?.description], ['mine', 'theirs'])
    const [conflict] = device.conflicts
    assert.deepEqual(
      [conflict?.code, conflict?.current?.title, conflict?.edit.kind],
      ['precondition_failed', 'theirs', 'update'],
    )
  })

  test('applies what `resolve` gives: theirs, or a patch', async () => {
    const { device, id } = await deviceWith('a')
    for (const [resolution, title] of [
      ['theirs', 'theirs'],
      [{ title: 'both' }, 'both'],
    ] as const) {
      const outbox = await device.open({ resolve: () => resolution })
      await device.pull()
      await outbox.update(id, { title: 'mine' })
      await ask(device.user, 'PATCH', `/api/tasks/${id}`, { title: 'theirs', priority: 'HIGH' })
      await ask(device.user, 'PATCH', `/api/tasks/${id}`, { priority: 'LOW' })
      await outbox.flush()
      assert.equal((await tasksOf(device))[0]?.title, title)
      assert.equal(outbox.size, 0)
    }
  })

  test('keeps a task that others have changed, and drops edits of one that others have deleted', async () => {
    const { device, id } = await deviceWith('a')
    const outbox = await device.open()
    await outbox.delete(id)
    await ask(device.user, 'PATCH', `/api/tasks/${id}`, { title: 'changed' })
    await outbox.flush()
    await device.pull()
    assert.deepEqual(titlesOf(outbox, device), [['changed', null]])
    await outbox.update(id, { title: 'mine' })
    await ask(device.user, 'DELETE', `/api/tasks/${id}`)
    await outbox.flush()
    await device.pull()
    assert.deepEqual([titlesOf(outbox, device), outbox.size], [[], 0])
    assert.deepEqual(
      device.conflicts.map(({ code, current }) => [code, current?.title]),
      [
        ['precondition_failed', 'changed'],
        ['not_found', undefined],
      ],
    )
  })

  test('counts as done what others have done too: a deletion, or the same change', async () => {
    const { device, id } = await deviceWith('a')
    const outbox = await device.open()
    await outbox.update(id, { title: 'b', tags: null })
    await ask(device.user, 'PATCH', `/api/tasks/${id}`, { title: 'b' })
    await outbox.flush()
    await outbox.delete(id)
    await ask(device.user, 'DELETE', `/api/tasks/${id}`)
    await outbox.flush()
    assert.deepEqual([outbox.size, device.conflicts], [0, []])
  })

  test('shows an edit that the service never accepts, and sends the others', async () => {
    const { device, id } = await deviceWith('a')
    const outbox = await device.open()
    await outbox.create({ title: 'first' })
    await outbox.update(id, { title: 'x'.repeat(1000) })
    await outbox.create({ title: 'last' })
    await outbox.flush()
    assert.deepEqual((await tasksOf(device)).map(({ title }) => title).toSorted(), ['a', 'first', 'last'])
    assert.deepEqual(
      device.conflicts.map(({ edit, code }) => [edit.id, code]),
      [[id, 'invalid_input']],
    )
  })

  test('keeps its edits when the service refuses the caller, and sends more than one batch', async () => {
    const { device } = await deviceWith('a')
    const refused = await device.open({ api: createClient({ baseUrl: world.url, auth: { token: 'x'.repeat(32) } }) })
    for (let n = 0; n < 101; n++) await refused.create({ title: `new ${n}` })
    await assert.rejects(refused.flush(), (error) => isProblem(error, 'unauthenticated'))
    const outbox = await device.open()
    assert.equal(outbox.size, 101)
    await Promise.all([outbox.flush(), outbox.flush()])
    assert.equal((await tasksOf(device)).length, 102)
  })

  test('sends no more at a time than the service takes in a request', async () => {
    const { device } = await deviceWith('a')
    const bytes: number[] = []
    const api = clientOf(device.user, (url, init) => {
      if (init.body instanceof ArrayBuffer) bytes.push(init.body.byteLength)
      return fetch(url, init)
    })
    const outbox = await device.open({ api })
    for (let n = 0; n < 60; n++) await outbox.create({ title: `new ${n}`, description: '€'.repeat(10_000) })
    await outbox.flush()
    assert.equal((await tasksOf(device)).length, 61)
    assert.ok(bytes.length === 3 && Math.max(...bytes) < 2 ** 20, String(bytes))
  })

  test('reports that its storage fails', async () => {
    const { device } = await deviceWith('a')
    const error = new Error('the disk is full')
    const outbox = await device.open({ storage: { read: () => undefined, write: () => Promise.reject(error) } })
    await assert.rejects(outbox.create({ title: 'x' }), error)
  })
})

test('new ids are UUIDs of version 7, in the order of their time', () => {
  const ids = [0, 1, Date.now(), Date.now() + 1].map((ms) => newId(ms))
  for (const id of ids) assert.match(id, /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  assert.deepEqual(ids.toSorted(), ids)
})
