import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'

const TASKS = '/api/tasks'
const DAY = '2026-12-24'
const INSTANT = '2026-12-24T17:00:00Z'

type Json = Answer['json']

let world: World
let ada: User

before(async () => {
  world = await openWorld()
  ada = await world.signUp('Ada')
})
after(() => world[Symbol.asyncDispose]())

const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
  const answer = await world.ask(method, path, { token: ada.token, body })
  assert.ok(answer.status < 300, answer.text)
  return answer
}
const newTask = async (fields: object): Promise<Json> => (await ask('POST', TASKS, { title: 'x', ...fields })).json
const patch = (id: string, body: object): Promise<Answer> => ask('PATCH', `${TASKS}/${id}`, body)
const dueOf = async (id: string): Promise<string | null> => (await ask('GET', `${TASKS}/${id}`)).json.dueDate
const owned = async (text: string, values: readonly unknown[]): Promise<readonly Json[]> =>
  world.asOwner(async (client) => (await client.query(text, [...values])).rows)

suite('a task that is due on a day', () => {
  test('has that day in every answer, as it was sent', async () => {
    const task = await newTask({ dueDate: DAY })
    assert.equal(task.dueDate, DAY)
    assert.equal(await dueOf(task.id), DAY)
    const { json: list } = await ask('GET', TASKS)
    assert.equal(list.find(({ id }: Json) => id === task.id).dueDate, DAY)
    const { json: changes } = await ask('GET', '/api/changes')
    assert.equal(changes.find(({ id }: Json) => id === task.id).data.dueDate, DAY)
  })

  test('can be due at an instant, on another day and never, by patches', async () => {
    const { id } = await newTask({ dueDate: DAY })
    // The last is the instant that the day has in the column of instants.
    for (const dueDate of [INSTANT, '2026-12-25', null, DAY, '2026-12-24T23:59:59.999Z', DAY]) {
      assert.equal((await patch(id, { dueDate })).json.dueDate, dueDate)
      assert.equal(await dueOf(id), dueDate)
    }
  })

  test('keeps its version when the same day is set again, and its day when something else changes', async () => {
    const { id } = await newTask({ dueDate: DAY })
    assert.equal((await patch(id, { dueDate: DAY })).json.version, 1)
    const renamed = (await patch(id, { title: 'y' })).json
    assert.deepEqual([renamed.version, renamed.dueDate], [2, DAY])
    const completed = (await ask('PATCH', `${TASKS}/${id}/complete`)).json
    assert.deepEqual([completed.status, completed.dueDate], ['COMPLETED', DAY])
  })

  test('is the same task when its creation is repeated, and another one with an instant of the day', async () => {
    const { id } = await newTask({ dueDate: DAY })
    const again = (dueDate: string): Promise<Answer> =>
      world.ask('POST', TASKS, { token: ada.token, body: { id, title: 'x', dueDate } })
    assert.equal((await again(DAY)).status, 200)
    assert.equal((await again('2026-12-24T23:59:59.999Z')).status, 409)
  })

  test('exists at both ends of the years', async () => {
    for (const dueDate of ['1900-01-01', '9999-12-31', '2024-02-29']) {
      const { id } = await newTask({ dueDate })
      assert.equal(await dueOf(id), dueDate)
    }
  })

  test('can be created, put and changed in a batch', async () => {
    const { id } = await newTask({ dueDate: INSTANT })
    const operations = [
      { op: 'create', task: { title: 'a', dueDate: DAY } },
      { op: 'update', id, patch: { dueDate: '2026-12-25' } },
      { op: 'put', id, task: { title: 'b', dueDate: '2026-12-26' } },
    ]
    const { json } = await ask('POST', `${TASKS}/batch`, { operations })
    assert.deepEqual(
      json.results.map(({ task }: Json) => task.dueDate),
      [DAY, '2026-12-25', '2026-12-26'],
    )
  })

  test('has its days in the history, and an undo sets them back', async () => {
    const { id } = await newTask({ dueDate: DAY })
    const changed = await patch(id, { dueDate: INSTANT })
    const changeId = changed.headers.get('x-change-id')
    const [entry] = (await ask('GET', `${TASKS}/${id}/history`)).json
    assert.deepEqual([entry.changes[0].before, entry.changes[0].after], [{ dueDate: DAY }, { dueDate: INSTANT }])
    await ask('POST', `/api/history/${changeId}/undo`)
    assert.equal(await dueOf(id), DAY)
  })

  test('has its day after it was restored from the trash', async () => {
    const { id } = await newTask({ dueDate: DAY, timezone: 'Asia/Tokyo' })
    await ask('DELETE', `${TASKS}/${id}`)
    const restored = (await ask('POST', `/api/trash/${id}/restore`)).json
    assert.deepEqual([restored.dueDate, restored.timezone], [DAY, 'Asia/Tokyo'])
  })

  test('is due at the instant that a process of a version without days sets, or never', async () => {
    for (const [dueDate, shown] of [
      [INSTANT, INSTANT],
      [null, null],
    ]) {
      const { id } = await newTask({ dueDate: DAY })
      await owned('update tasks set due_date = $2 where id = $1', [id, dueDate])
      assert.equal(await dueOf(id), shown)
    }
    const { id } = await newTask({ dueDate: DAY })
    await owned(`update tasks set title = 'y' where id = $1`, [id])
    assert.equal(await dueOf(id), DAY)
  })
})

suite('the time zone of a task', () => {
  test('is null by default, can be set, changed and cleared, and has the case of the IANA database', async () => {
    const task = await newTask({})
    assert.equal(task.timezone, null)
    assert.equal((await patch(task.id, { timezone: 'america/new_york' })).json.timezone, 'America/New_York')
    const again = (await patch(task.id, { timezone: 'AMERICA/NEW_YORK' })).json
    assert.deepEqual([again.timezone, again.version], ['America/New_York', 2])
    assert.equal((await patch(task.id, { timezone: null })).json.timezone, null)
    assert.equal((await newTask({ timezone: 'Europe/Kiev' })).timezone, 'Europe/Kiev')
  })
})
