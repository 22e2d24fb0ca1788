import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'

const TASKS = '/api/tasks'
/** A Thursday. */
const DAY = '2026-12-24'
/** A Thursday in UTC, and a Friday in Berlin. */
const NIGHT = '2026-12-24T23:30:00Z'

let world: World
let ada: User

before(async () => {
  world = await openWorld()
  ada = await world.signUp('Ada')
})
after(() => world[Symbol.asyncDispose]())

const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
  world.ask(method, path, { token: ada.token, body })
const create = (body: object): Promise<Answer> => ask('POST', TASKS, { title: 'x', ...body })
const count = async (): Promise<number> => (await ask('GET', TASKS)).json.length
const refuses = ({ status, json, text }: Answer, says: RegExp, pointer = '/expectedWeekday'): void => {
  assert.deepEqual([status, json.errors?.[0].pointer], [422, pointer], text)
  assert.match(json.detail, says)
}
const live = (timezone: string): Promise<Answer> => ask('PATCH', '/api/me', { timezone })

suite('expectedWeekday', () => {
  test('beside a day of that weekday creates the task, and is not part of it', async () => {
    const { status, json } = await create({ dueDate: DAY, expectedWeekday: 'THURSDAY' })
    assert.equal(status, 201)
    assert.equal('expectedWeekday' in json, false)
    const patched = await ask('PATCH', `${TASKS}/${json.id}`, { dueDate: '2026-12-26', expectedWeekday: 'SATURDAY' })
    assert.deepEqual([patched.status, patched.json.dueDate], [200, '2026-12-26'])
  })

  test('that is another one is refused with the real one, and nothing is stored', async () => {
    const { id } = (await create({ dueDate: DAY })).json
    const before = await count()
    refuses(await create({ dueDate: DAY, expectedWeekday: 'FRIDAY' }), /the dueDate is a THURSDAY\./)
    refuses(
      await ask('PATCH', `${TASKS}/${id}`, { title: 'y', dueDate: '2027-01-01', expectedWeekday: 'THURSDAY' }),
      /is a FRIDAY\./,
    )
    const { json } = await ask('GET', `${TASKS}/${id}`)
    assert.deepEqual([await count(), json.title, json.version], [before, 'x', 1])
  })

  test('of an instant is that in the zone of the request, else of the task, else of the user', async () => {
    await live('UTC')
    const task = (await create({ dueDate: NIGHT, expectedWeekday: 'THURSDAY' })).json
    assert.equal(task.dueDate, NIGHT)
    const inBerlin = { dueDate: NIGHT, timezone: 'Europe/Berlin' }
    const path = `${TASKS}/${(await create({ ...inBerlin, expectedWeekday: 'FRIDAY' })).json.id}`
    refuses(await create({ ...inBerlin, expectedWeekday: 'THURSDAY' }), /is a FRIDAY in Europe\/Berlin\./)
    const patch = (body: object): Promise<Answer> => ask('PATCH', path, { dueDate: NIGHT, ...body })
    refuses(await patch({ expectedWeekday: 'THURSDAY' }), /is a FRIDAY in Europe\/Berlin\./)
    assert.equal((await patch({ expectedWeekday: 'FRIDAY' })).status, 200)
    refuses(await patch({ expectedWeekday: 'FRIDAY', timezone: null }), /is a THURSDAY in UTC\./)
    await live('Asia/Tokyo')
    assert.equal((await patch({ expectedWeekday: 'FRIDAY', timezone: null })).status, 200)
    refuses(await create({ dueDate: NIGHT, expectedWeekday: 'THURSDAY' }), /is a FRIDAY in Asia\/Tokyo\./)
    // An offset in the request is part of the instant, and no zone.
    const written = { dueDate: '2026-12-24T18:30:00-0500', expectedWeekday: 'FRIDAY' }
    assert.equal((await create(written)).status, 201)
    await live('UTC')
  })

  test('needs a dueDate beside it, and is a weekday in English capitals', async () => {
    const { id } = (await create({ dueDate: DAY })).json
    for (const body of [{}, { dueDate: null }]) {
      refuses(await create({ ...body, expectedWeekday: 'THURSDAY' }), /needs a dueDate/)
      refuses(await ask('PATCH', `${TASKS}/${id}`, { ...body, expectedWeekday: 'THURSDAY' }), /needs a dueDate/)
    }
    for (const expectedWeekday of ['thursday', 'THU', '', 4, null]) {
      refuses(await create({ dueDate: DAY, expectedWeekday }), /must be|is not/)
    }
  })

  test('in a batch refuses the whole batch, atomic or not, and names the operation', async () => {
    const { id } = (await create({ dueDate: DAY, timezone: 'Europe/Berlin' })).json
    const before = await count()
    const batch = (atomic: boolean, operation: object): Promise<Answer> =>
      ask('POST', `${TASKS}/batch`, { atomic, operations: [{ op: 'create', task: { title: 'first' } }, operation] })
    for (const atomic of [true, false]) {
      const wrong = { dueDate: DAY, expectedWeekday: 'MONDAY' }
      const cases: readonly (readonly [operation: object, member: string])[] = [
        [{ op: 'create', task: { title: 'a', ...wrong } }, 'task'],
        [{ op: 'put', id, task: { title: 'a', ...wrong } }, 'task'],
        [{ op: 'update', id, patch: wrong }, 'patch'],
        [{ op: 'update', id, patch: { dueDate: NIGHT, expectedWeekday: 'THURSDAY' } }, 'patch'],
      ]
      for (const [operation, member] of cases) {
        refuses(await batch(atomic, operation), /is a (?:THURSDAY|FRIDAY)/, `/operations/1/${member}/expectedWeekday`)
      }
    }
    assert.equal(await count(), before)
    const right = await batch(true, { op: 'update', id, patch: { dueDate: NIGHT, expectedWeekday: 'FRIDAY' } })
    assert.equal(right.status, 200)
    assert.equal(right.json.results[1].task.dueDate, NIGHT)
  })

  test('is right for the first day, the last and a leap day', async () => {
    assert.equal((await create({ dueDate: '1900-01-01', expectedWeekday: 'MONDAY' })).status, 201)
    assert.equal((await create({ dueDate: '9999-12-31', expectedWeekday: 'FRIDAY' })).status, 201)
    assert.equal((await create({ dueDate: '2024-02-29', expectedWeekday: 'THURSDAY' })).status, 201)
  })
})
