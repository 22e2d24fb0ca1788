import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { atOnce, openWorld, type Answer, type User, type World } from '../../test/world.ts'

const TASKS = '/api/tasks'

let world: World
let ada: User

before(async () => {
  world = await openWorld({ env: { RATE_LIMIT_READ: '1000000', RATE_LIMIT_WRITE: '1000000' } })
  ada = await world.signUp()
})
after(() => world[Symbol.asyncDispose]())

const ask = (method: string, path: string, body?: unknown, token = ada.token): Promise<Answer> =>
  world.ask(method, path, { token, body })

const refusesAsConflict = (answer: Answer): void => {
  assert.deepEqual([answer.status, answer.json.code], [409, 'conflict'], answer.text)
  assert.equal(answer.json.detail, 'You have a task with this id and other content')
}

suite('an id of the client’s choice', () => {
  for (const [what, id] of [
    ['version 4', randomUUID()],
    ['version 7', '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'],
    ['version 1', 'c232ab00-9414-11ec-b3c8-9f6bdeced846'],
    ['no version at all', '00000000-0000-0000-0000-000000000000'],
    ['all ones', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  ] as const) {
    test(`may be a UUID of ${what}, and becomes the id of the task`, async () => {
      const { status, json, headers } = await ask('POST', TASKS, { id, title: 'chosen' })
      assert.deepEqual([status, json.id, json.version, headers.get('location')], [201, id, 1, `${TASKS}/${id}`])
      assert.deepEqual((await ask('GET', `${TASKS}/${id}`)).json, json)
    })
  }

  test('is answered in lower case, and is the same in upper case', async () => {
    const id = randomUUID()
    const first = await ask('POST', TASKS, { id: id.toUpperCase(), title: 'x' })
    assert.deepEqual([first.status, first.json.id], [201, id])
    assert.equal((await ask('POST', TASKS, { id, title: 'x' })).status, 200)
  })

  test('with equivalent content again is 200 with the existing task', async () => {
    const id = randomUUID()
    const content = { title: 'x', description: null, dueDate: '2025-12-27T17:00:00.1239Z', tags: ['b', 'a'] }
    const first = await ask('POST', TASKS, { id, ...content })
    for (const same of [
      { id, ...content },
      { id, ...content, status: 'TODO', priority: 'MEDIUM', title: ' x\n' },
      { id, title: 'x', tags: [' b', 'a'], dueDate: '2025-12-27T18:00:00.123+01:00' },
    ]) {
      const again = await ask('POST', TASKS, same)
      assert.deepEqual([again.status, again.text], [200, first.text])
      for (const name of ['etag', 'location']) assert.equal(again.headers.get(name), first.headers.get(name))
      assert.equal(again.headers.get('idempotency-replayed'), null)
    }
  })

  test('with any other content is 409 and changes nothing', async () => {
    const id = randomUUID()
    const { json } = await ask('POST', TASKS, { id, title: 'x', tags: ['a', 'b'] })
    for (const other of [
      { title: 'y', tags: ['a', 'b'] },
      { title: 'x' },
      { title: 'x', tags: ['b', 'a'] },
      { title: 'x', tags: ['a', 'b'], description: '' },
      { title: 'x', tags: ['a', 'b'], status: 'COMPLETED' },
      { title: 'x', tags: ['a', 'b'], priority: 'LOW' },
      { title: 'x', tags: ['a', 'b'], dueDate: '2025-12-27T17:00:00Z' },
    ]) {
      refusesAsConflict(await ask('POST', TASKS, { id, ...other }))
    }
    assert.deepEqual((await ask('GET', `${TASKS}/${id}`)).json, json)
  })

  test('is compared with the current task: 409 after a change, 200 after it was changed back, 201 after its deletion', async () => {
    const id = randomUUID()
    const create = () => ask('POST', TASKS, { id, title: 'x' })
    await create()
    await ask('PATCH', `${TASKS}/${id}`, { title: 'y' })
    refusesAsConflict(await create())
    await ask('PATCH', `${TASKS}/${id}`, { title: 'x' })
    const back = await create()
    assert.deepEqual([back.status, back.headers.get('etag')], [200, '"3"'])
    await ask('DELETE', `${TASKS}/${id}`)
    const recreated = await create()
    assert.deepEqual([recreated.status, recreated.headers.get('etag')], [201, '"4"'])
  })

  test('that another user’s task has does not conflict: each user gets a task of their own', async () => {
    const ben = await world.signUp('Ben')
    const id = randomUUID()
    const mine = await ask('POST', TASKS, { id, title: 'mine' })
    const his = await ask('POST', TASKS, { id, title: 'his' }, ben.token)
    assert.deepEqual([mine.status, his.status], [201, 201])
    await ask('PATCH', `${TASKS}/${id}`, { title: 'his, changed' }, ben.token)
    assert.deepEqual((await ask('GET', `${TASKS}/${id}`)).json, mine.json)
    assert.equal((await ask('DELETE', `${TASKS}/${id}`)).status, 204)
    assert.equal((await ask('GET', `${TASKS}/${id}`, undefined, ben.token)).json.title, 'his, changed')
  })

  test('sent 30 times at once is one 201 and 29 times 200, and one task', async () => {
    const id = randomUUID()
    const answers = await atOnce(30, () => ask('POST', TASKS, { id, title: 'x' }))
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b)
    assert.deepEqual(statuses, [...Array.from({ length: 29 }, () => 200), 201])
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1)
  })

  test('while the task is created and deleted concurrently is always 200 or 201', async () => {
    const id = randomUUID()
    const answers = await atOnce(60, (n) =>
      n % 2 === 0 ? ask('POST', TASKS, { id, title: 'x' }) : ask('DELETE', `${TASKS}/${id}`),
    )
    for (const [n, { status, text }] of answers.entries()) {
      assert.ok((n % 2 === 0 ? [200, 201] : [204, 404]).includes(status), text)
    }
  })
})
