import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { until } from '../../test/faults/measures.ts'
import { atOnce, openWorld, type Answer, type User, type World } from '../../test/world.ts'
import { LOCK_LOG } from '../db/change-log.ts'

const WEEKLY = { rule: 'FREQ=WEEKLY;BYDAY=MO,WE', basis: 'DUE' }
// A Monday.
const DUE = '2027-01-04T08:00:00Z'

let world: World
let ada: User

before(async () => {
  world = await openWorld({ env: { RATE_LIMIT_READ: '100000', RATE_LIMIT_WRITE: '100000' } })
  ada = await world.signUp('Ada')
})
after(() => world[Symbol.asyncDispose]())

type Json = Answer['json']

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask(method, path, { token: ada.token, body, headers })

async function create(body: object = {}): Promise<Json> {
  const task = { title: 'Water the plants', dueDate: DUE, recurrence: WEEKLY, ...body }
  const { status, json } = await ask('POST', '/api/tasks', task)
  assert.equal(status, 201, JSON.stringify(json))
  return json
}
const complete = (id: string, headers?: Record<string, string>): Promise<Answer> =>
  ask('PATCH', `/api/tasks/${id}/complete`, { completed: true }, headers)
const skip = (id: string, headers?: Record<string, string>): Promise<Answer> =>
  ask('POST', `/api/tasks/${id}/skip`, undefined, headers)

const series = ({ status, dueDate, completions, occurrence, version }: Json) => ({
  status,
  dueDate,
  completions,
  number: occurrence?.number,
  version,
})

suite('a recurring task', () => {
  test('has its rule as it was sent, in upper case, and DUE as the basis if none was sent', async () => {
    const task = await create({ recurrence: { rule: 'freq=weekly;BYDAY=MO,WE' } })
    assert.deepEqual(task.recurrence, { rule: 'FREQ=WEEKLY;BYDAY=MO,WE', basis: 'DUE' })
    assert.deepEqual(task.occurrence, { number: 1, at: '2027-01-04T08:00:00' })
    assert.deepEqual([task.completions, task.lastCompletedAt], [0, null])
    const { json: plain } = await ask('POST', '/api/tasks', { title: 'x', dueDate: DUE })
    assert.deepEqual([plain.recurrence, plain.occurrence, plain.completions], [null, null, 0])
  })

  test('moves on when it is completed, and stays TODO', async () => {
    const { id } = await create({ status: 'IN_PROGRESS' })
    const from = Date.now()
    const { status, json, headers } = await complete(id)
    assert.equal(status, 200)
    assert.deepEqual(series(json), {
      status: 'TODO',
      dueDate: '2027-01-06T08:00:00Z',
      completions: 1,
      number: 2,
      version: 2,
    })
    assert.ok(Math.abs(Date.parse(json.lastCompletedAt) - from) < 60_000)
    assert.equal(json.completedAt, null)
    assert.equal(headers.get('etag'), '"2"')
    assert.equal((await complete(id)).json.dueDate, '2027-01-11T08:00:00Z')
  })

  for (const [how, act] of Object.entries({
    'a toggle': (id: string) => ask('PATCH', `/api/tasks/${id}/complete`),
    'a patch of its status': (id: string) => ask('PATCH', `/api/tasks/${id}`, { status: 'COMPLETED' }),
    'a batch': async (id: string) => {
      const answer = await ask('POST', '/api/tasks/batch', { operations: [{ op: 'complete', id, completed: true }] })
      return { ...answer, json: answer.json.results[0].task }
    },
    'a replacement of all its content in a batch': async (id: string) => {
      const task = { title: 'Water the plants', dueDate: DUE, recurrence: WEEKLY, status: 'COMPLETED' }
      const answer = await ask('POST', '/api/tasks/batch', { operations: [{ op: 'put', id, task }] })
      return { ...answer, json: answer.json.results[0].task }
    },
  })) {
    test(`moves on with ${how}`, async () => {
      const { json } = await act((await create()).id)
      assert.deepEqual(series(json), {
        status: 'TODO',
        dueDate: '2027-01-06T08:00:00Z',
        completions: 1,
        number: 2,
        version: 2,
      })
    })
  }

  test('moves on from the due date that a patch sets together with its completion', async () => {
    const { id } = await create()
    const { json } = await ask('PATCH', `/api/tasks/${id}`, {
      status: 'COMPLETED',
      dueDate: '2027-01-07T09:00:00Z',
      title: 'y',
    })
    assert.deepEqual([json.title, json.dueDate, json.completions], ['y', '2027-01-11T09:00:00Z', 1])
  })

  test('moves on twice if one batch completes it twice', async () => {
    const { id } = await create()
    const operation = { op: 'complete', id, completed: true }
    const { json } = await ask('POST', '/api/tasks/batch', { operations: [operation, operation] })
    assert.deepEqual(series(json.results[1].task), {
      status: 'TODO',
      dueDate: '2027-01-11T08:00:00Z',
      completions: 2,
      number: 3,
      version: 3,
    })
  })

  test('is completed when no date is left, and has been completed as often as COUNT says', async () => {
    const { id } = await create({ recurrence: { rule: 'FREQ=DAILY;COUNT=3', basis: 'DUE' } })
    await complete(id)
    await complete(id)
    const { json } = await complete(id)
    assert.deepEqual(series(json), {
      status: 'COMPLETED',
      dueDate: '2027-01-06T08:00:00Z',
      completions: 3,
      number: 3,
      version: 4,
    })
    assert.ok(json.completedAt)
    assert.equal(series((await complete(id)).json).version, 4, 'completing it again changes nothing')
    const { json: open } = await ask('PATCH', `/api/tasks/${id}/complete`, { completed: false })
    assert.deepEqual([open.status, open.completedAt], ['TODO', null])
  })

  test('keeps the time on the clock of its own zone, else of that of its user', async () => {
    const inZone = await create({
      dueDate: '2027-03-22T08:00:00Z',
      timezone: 'Europe/Berlin',
      recurrence: { rule: 'FREQ=WEEKLY' },
    })
    assert.equal((await complete(inZone.id)).json.dueDate, '2027-03-29T07:00:00Z')
    await ask('PATCH', '/api/me', { timezone: 'America/New_York' })
    const ofUser = await create({ dueDate: '2027-03-10T12:00:00Z', recurrence: { rule: 'FREQ=WEEKLY' } })
    assert.equal((await complete(ofUser.id)).json.dueDate, '2027-03-17T11:00:00Z')
    await ask('PATCH', '/api/me', { timezone: 'UTC' })
  })

  test('can be due on days', async () => {
    const { id, occurrence } = await create({ dueDate: '2027-01-31', recurrence: { rule: 'FREQ=MONTHLY' } })
    assert.deepEqual(occurrence, { number: 1, at: '2027-01-31' })
    assert.equal((await complete(id)).json.dueDate, '2027-03-31')
  })

  test('with the basis COMPLETION moves on from today', async () => {
    const { id } = await create({
      dueDate: '2020-01-01',
      recurrence: { rule: 'FREQ=DAILY;INTERVAL=3', basis: 'COMPLETION' },
    })
    const { dueDate, lastCompletedAt } = (await complete(id)).json
    const expected = Temporal.PlainDate.from(lastCompletedAt.slice(0, 10)).add({ days: 3 })
    assert.equal(dueDate, expected.toString())
  })

  test('keeps its rule when its due date changes: a month with 31 days follows a date that was moved to the 28th', async () => {
    const { id } = await create({ dueDate: '2027-01-31T08:00:00Z', recurrence: { rule: 'FREQ=MONTHLY', basis: 'DUE' } })
    const { json: moved } = await ask('PATCH', `/api/tasks/${id}`, { dueDate: '2027-02-28T08:00:00Z' })
    assert.deepEqual(moved.recurrence, { rule: 'FREQ=MONTHLY', basis: 'DUE' })
    assert.deepEqual(moved.occurrence, { number: 1, at: '2027-01-31T08:00:00' })
    assert.equal((await complete(id)).json.dueDate, '2027-03-31T08:00:00Z')
  })

  test('begins again with a new rule, and does not when the same rule is sent', async () => {
    const { id } = await create()
    await complete(id)
    const { json: same } = await ask('PATCH', `/api/tasks/${id}`, {
      recurrence: { rule: 'FREQ=WEEKLY;BYDAY=MO,WE' },
      title: 'z',
    })
    assert.deepEqual([same.occurrence.number, same.version], [2, 3])
    const { json: other } = await ask('PATCH', `/api/tasks/${id}`, { recurrence: { rule: 'FREQ=DAILY' } })
    assert.deepEqual(other.occurrence, { number: 1, at: '2027-01-06T08:00:00' })
    const { json: none } = await ask('PATCH', `/api/tasks/${id}`, { recurrence: null })
    assert.deepEqual([none.recurrence, none.occurrence, none.completions], [null, null, 1])
    assert.equal((await complete(id)).json.status, 'COMPLETED')
  })
})

suite('skipping a date', () => {
  test('moves on without completing', async () => {
    const { id } = await create({ status: 'IN_PROGRESS' })
    const { status, json } = await skip(id)
    assert.equal(status, 200)
    assert.deepEqual(series(json), {
      status: 'TODO',
      dueDate: '2027-01-06T08:00:00Z',
      completions: 0,
      number: 2,
      version: 2,
    })
    assert.equal(json.lastCompletedAt, null)
  })

  test('counts for COUNT, and is refused for the last date', async () => {
    const { id } = await create({ recurrence: { rule: 'FREQ=DAILY;COUNT=2', basis: 'DUE' } })
    assert.equal((await skip(id)).json.dueDate, '2027-01-05T08:00:00Z')
    const last = await skip(id)
    assert.deepEqual([last.status, last.json.code], [409, 'conflict'])
    assert.equal((await complete(id)).json.status, 'COMPLETED')
    assert.equal((await skip(id)).status, 409)
  })

  test('is refused for a task without a recurrence, one that does not exist, and one of another user', async () => {
    const { json: plain } = await ask('POST', '/api/tasks', { title: 'x', dueDate: DUE })
    assert.equal((await skip(plain.id)).status, 409)
    assert.equal((await skip('019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11')).status, 404)
    const { id } = await create()
    const eve = await world.signUp('Eve')
    assert.equal((await world.ask('POST', `/api/tasks/${id}/skip`, { token: eve.token })).status, 404)
    assert.equal((await world.ask('POST', `/api/tasks/${id}/skip`)).status, 401)
    assert.equal((await ask('POST', `/api/tasks/${id}/skip`, { times: 2 })).status, 422)
    assert.equal((await skip('x')).status, 422)
    assert.equal((await ask('GET', `/api/tasks/${id}`)).json.version, 1)
  })
})

suite('a recurrence is refused', () => {
  const refusals: Readonly<Record<string, readonly [recurrence: unknown, pointer: string, detail: RegExp]>> = {
    'of another type': ['FREQ=DAILY', '/recurrence', /must be an object or null/],
    'without a rule': [{ basis: 'DUE' }, '/recurrence/rule', /required|missing/],
    'with a rule of another type': [{ rule: 5 }, '/recurrence/rule', /must be a string/],
    'with an empty rule': [{ rule: '' }, '/recurrence/rule', /must not be empty/],
    'with another basis': [{ rule: 'FREQ=DAILY', basis: 'due' }, '/recurrence/basis', /must be one of DUE, COMPLETION/],
    'with unknown members': [{ rule: 'FREQ=DAILY', count: 2 }, '/recurrence/count', /not a known field/],
    'with a frequency below a day': [
      { rule: 'FREQ=HOURLY' },
      '/recurrence/rule',
      /must have a FREQ of DAILY, WEEKLY, MONTHLY, YEARLY/,
    ],
    'with a part that is not known': [{ rule: 'FREQ=DAILY;BYHOUR=3' }, '/recurrence/rule', /must have the parts FREQ/],
    'that is longer than any rule': [
      { rule: `FREQ=DAILY;BYMONTHDAY=${'1,'.repeat(300)}1` },
      '/recurrence/rule',
      /at most 500/,
    ],
    'without a next date': [
      { rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' },
      '/recurrence/rule',
      /has no date after dueDate/,
    ],
    'with an end before the next date': [
      { rule: 'FREQ=DAILY;UNTIL=20270104' },
      '/recurrence/rule',
      /has no date after dueDate/,
    ],
    'with NUL': [{ rule: 'FREQ=DAILY\0' }, '/recurrence/rule', /NUL/],
  }
  for (const [what, [recurrence, pointer, detail]] of Object.entries(refusals)) {
    test(`${what}: in a creation, a patch and a batch, and nothing changes`, async () => {
      const created = await ask('POST', '/api/tasks', { title: 'x', dueDate: DUE, recurrence })
      const { id } = await create()
      const patched = await ask('PATCH', `/api/tasks/${id}`, { recurrence })
      for (const { status, json } of [created, patched]) {
        assert.deepEqual([status, json.errors?.[0]?.pointer], [422, pointer], JSON.stringify(json))
        assert.match(json.errors[0].detail, detail)
      }
      for (const operation of [
        { op: 'create', task: { title: 'x', dueDate: DUE, recurrence } },
        { op: 'put', id, task: { title: 'x', dueDate: DUE, recurrence } },
      ]) {
        const operations = [{ op: 'create', task: { title: 'must not exist' } }, operation]
        const { status, json } = await ask('POST', '/api/tasks/batch', { atomic: false, operations })
        assert.deepEqual(
          [status, json.errors?.[0]?.pointer],
          [422, `/operations/1/task${pointer}`],
          JSON.stringify(json),
        )
      }
      assert.equal((await ask('GET', `/api/tasks/${id}`)).json.version, 1)
      assert.deepEqual((await ask('GET', '/api/tasks?q=must%20not%20exist')).json, [])
    })
  }

  test('without a due date, and so is clearing the due date of a recurring task', async () => {
    const { status, json } = await ask('POST', '/api/tasks', { title: 'x', recurrence: WEEKLY })
    assert.deepEqual([status, json.errors[0].pointer], [422, '/recurrence'])
    const { json: plain } = await ask('POST', '/api/tasks', { title: 'x' })
    const patched = await ask('PATCH', `/api/tasks/${plain.id}`, { recurrence: WEEKLY })
    assert.deepEqual([patched.status, patched.json.errors[0].pointer], [422, '/recurrence'])
    const { id } = await create()
    const cleared = await ask('PATCH', `/api/tasks/${id}`, { dueDate: null })
    assert.deepEqual([cleared.status, cleared.json.errors[0].pointer], [422, '/dueDate'])
    assert.equal((await ask('PATCH', `/api/tasks/${id}`, { dueDate: null, recurrence: null })).status, 200)
  })

  test('in an operation of a batch that depends on the task, as the result of that operation', async () => {
    const { id } = await create()
    const operations = [
      { op: 'update', id, patch: { dueDate: null } },
      { op: 'create', task: { title: 'other' } },
    ]
    const { status, json } = await ask('POST', '/api/tasks/batch', { atomic: false, operations })
    assert.deepEqual([status, json.results.map((result: Json) => result.status)], [200, [422, 201]])
    assert.equal((await ask('POST', '/api/tasks/batch', { operations })).status, 422)
  })

  test('for completions, occurrence and lastCompletedAt, which the service alone sets', async () => {
    const { id } = await create()
    for (const body of [{ completions: 3 }, { occurrence: null }, { lastCompletedAt: DUE }]) {
      const { status } = await ask('PATCH', `/api/tasks/${id}`, body)
      assert.equal(status, 422)
    }
  })
})

suite('a completion is counted once', () => {
  /** The answers to so many requests, of which none is served before all have arrived. A busy machine refuses some with 503. */
  async function arrivingTogether(count: number, act: (n: number) => Promise<Answer>): Promise<readonly Answer[]> {
    let arrived = 0
    const arrives = (): void => void arrived++
    world.app.server.on('request', arrives)
    const { asked } = await world.asOwner(async (client) => {
      await client.query('begin')
      await client.query(LOCK_LOG.text, [ada.id])
      const asked = Promise.all(Array.from({ length: count }, (_, n) => act(n)))
      await until('all have arrived', () => arrived >= count)
      await client.query('commit')
      return { asked }
    })
    world.app.server.off('request', arrives)
    const served = (await asked).filter(({ status }) => status !== 503)
    assert.deepEqual(new Set(served.map(({ status }) => status)), new Set([200]))
    return served
  }

  test('by 50 at the same time: one moves the task on, the others see it', async () => {
    const { id } = await create()
    const answers = await arrivingTogether(50, () => complete(id))
    for (const { json } of answers) {
      assert.deepEqual(series(json), {
        status: 'TODO',
        dueDate: '2027-01-06T08:00:00Z',
        completions: 1,
        number: 2,
        version: 2,
      })
    }
    const changes = answers.filter(({ headers }) => headers.get('x-change-id') !== null)
    assert.equal(changes.length, 1)
    assert.equal((await complete(id)).json.completions, 2, 'one after them moves it on')
  })

  test('by 50 of different kinds at the same time', async () => {
    const { id } = await create()
    const acts: ((id: string) => Promise<Answer>)[] = [
      complete,
      () => ask('PATCH', `/api/tasks/${id}`, { status: 'COMPLETED' }),
      skip,
      () => ask('POST', '/api/tasks/batch', { operations: [{ op: 'complete', id, completed: true }] }),
      () => ask('PATCH', `/api/tasks/${id}/complete`),
    ]
    await arrivingTogether(50, (n) => (acts[n % acts.length] ?? skip)(id))
    assert.equal((await ask('GET', `/api/tasks/${id}`)).json.occurrence.number, 2)
  })

  test('by 50 with If-Match at the same time: the others get 412', async () => {
    const { id } = await create()
    const answers = await atOnce(50, () => complete(id, { 'if-match': '"1"' }))
    const refused = answers.filter(({ status }) => status === 412)
    assert.deepEqual([refused.length, answers.filter(({ status }) => status === 200).length], [49, 1])
    assert.equal((await ask('GET', `/api/tasks/${id}`)).json.completions, 1)
  })

  test('if it is repeated with the same Idempotency-Key, and gets the same answer', async () => {
    const { id } = await create()
    const first = await complete(id, { 'idempotency-key': 'k1' })
    const second = await complete(id, { 'idempotency-key': 'k1' })
    assert.deepEqual([second.json, second.headers.get('idempotency-replayed')], [first.json, 'true'])
    const skipped = await skip(id, { 'idempotency-key': 'k2' })
    assert.deepEqual((await skip(id, { 'idempotency-key': 'k2' })).json, skipped.json)
    assert.equal(skipped.json.occurrence.number, 3)
  })

  test('not at all by a dry run, which shows the next date', async () => {
    const { id } = await create()
    const { json, headers } = await ask('PATCH', `/api/tasks/${id}/complete?dryRun=true`, { completed: true })
    assert.deepEqual([json.dueDate, headers.get('dry-run')], ['2027-01-06T08:00:00Z', 'true'])
    const { json: skipped } = await ask('POST', `/api/tasks/${id}/skip?dryRun=true`)
    assert.equal(skipped.dueDate, '2027-01-06T08:00:00Z')
    assert.equal((await ask('GET', `/api/tasks/${id}`)).json.version, 1)
  })
})

suite('the history of a recurring task', () => {
  test('has what a completion changed, and an undo sets it back', async () => {
    const task = await create()
    const { headers } = await complete(task.id)
    const changeId = headers.get('x-change-id')
    const { json: history } = await ask('GET', `/api/tasks/${task.id}/history`)
    assert.deepEqual(Object.keys(history[0].changes[0].after).toSorted(), [
      'completions',
      'dueDate',
      'lastCompletedAt',
      'occurrence',
    ])
    assert.deepEqual(history[0].changes[0].before, {
      completions: 0,
      dueDate: DUE,
      lastCompletedAt: null,
      occurrence: task.occurrence,
    })
    assert.equal((await ask('POST', `/api/history/${changeId}/undo`)).status, 200)
    const { json } = await ask('GET', `/api/tasks/${task.id}`)
    assert.deepEqual({ ...json, updatedAt: '', version: 0 }, { ...task, updatedAt: '', version: 0 })
    assert.equal((await complete(task.id)).json.dueDate, '2027-01-06T08:00:00Z', 'it can be completed again')
  })

  test('refuses to undo a completion after a later one', async () => {
    const { id } = await create()
    const { headers } = await complete(id)
    await complete(id)
    assert.equal((await ask('POST', `/api/history/${headers.get('x-change-id')}/undo`)).status, 409)
  })

  test('has the skipped date, which an undo brings back', async () => {
    const { id } = await create()
    const { headers } = await skip(id)
    assert.equal((await ask('POST', `/api/history/${headers.get('x-change-id')}/undo`)).status, 200)
    assert.equal((await ask('GET', `/api/tasks/${id}`)).json.dueDate, DUE)
  })

  test('continues after the task was restored from the trash', async () => {
    const { id } = await create({ recurrence: { rule: 'FREQ=DAILY;COUNT=3', basis: 'DUE' } })
    const { json: before } = await complete(id)
    await ask('DELETE', `/api/tasks/${id}`)
    const { json: restored } = await ask('POST', `/api/trash/${id}/restore`)
    assert.deepEqual({ ...restored, updatedAt: '', version: 0 }, { ...before, updatedAt: '', version: 0 })
    await complete(id)
    assert.equal((await complete(id)).json.status, 'COMPLETED')
  })
})
