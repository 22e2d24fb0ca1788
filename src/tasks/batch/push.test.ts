import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import * as fc from 'fast-check'
import { openWorld, type Answer, type User, type World } from '../../../test/world.ts'

const TASKS = '/api/tasks'
const BATCH = `${TASKS}/batch`

let world: World
let ada: User

before(async () => {
  world = await openWorld()
  ada = await world.signUp('Ada')
})
after(() => world[Symbol.asyncDispose]())

type Json = Answer['json']

const ask = (method: string, path: string, body?: unknown, { token } = ada): Promise<Answer> =>
  world.ask(method, path, { token, body })
const batch = (operations: readonly object[], rest: object = {}): Promise<Answer> =>
  ask('POST', BATCH, { ...rest, operations })
const newTask = async (fields: object = {}): Promise<Json> => (await ask('POST', TASKS, { title: 'x', ...fields })).json
const read = async (id: string): Promise<Json> => (await ask('GET', `${TASKS}/${id}`)).json
const cursorNow = async (): Promise<string> =>
  (await ask('GET', `${TASKS}?limit=1`)).headers.get('x-sync-cursor') ?? assert.fail('no cursor')
const seqOf = (cursor: string): number => Number(cursor.split('.', 1)[0])

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.json.code], [status, code], answer.text)
}

suite('put in a batch', () => {
  test('creates the task with this id, and replaces all of its content', async () => {
    const id = randomUUID()
    const full = {
      title: 'a',
      description: 'b',
      priority: 'HIGH',
      status: 'COMPLETED',
      tags: ['c'],
      dueDate: '2030-01-01T00:00:00Z',
    }
    const created = (await batch([{ op: 'put', id: id.toUpperCase(), task: full }])).json.results[0]
    assert.deepEqual([created.status, created.task.id, created.task.version], [201, id, 1])
    const replaced = (await batch([{ op: 'put', id, task: { title: 'z' } }])).json.results[0]
    const { title, description, priority, status, tags, dueDate, completedAt, version, createdAt } = replaced.task
    assert.deepEqual(
      [replaced.status, title, description, priority, status, tags, dueDate, completedAt, version, createdAt],
      [200, 'z', null, 'MEDIUM', 'TODO', [], null, null, 2, created.task.createdAt],
    )
    assert.deepEqual(await read(id), replaced.task)
  })

  test('with the content that the task has changes nothing, so that it can be repeated', async () => {
    const id = randomUUID()
    const operation = { op: 'put', id, task: { title: 'same', tags: ['a'] } }
    const [first, second] = [(await batch([operation])).json, (await batch([operation])).json]
    assert.deepEqual([second.results[0].status, second.results[0].task], [200, first.results[0].task])
    assert.equal(second.cursor, first.cursor)
  })

  test('sees the operations before it, and is seen by those after it', async () => {
    const id = randomUUID()
    const { json } = await batch([
      { op: 'put', id, task: { title: 'one' } },
      { op: 'put', id, task: { title: 'two' } },
      { op: 'update', id, ifVersion: 2, patch: { title: 'three' } },
      { op: 'delete', id },
      { op: 'put', id, task: { title: 'four' } },
      { op: 'create', task: { id, title: 'four' } },
    ])
    assert.deepEqual(
      json.results.map((each: Json) => [each.status, each.task?.title]),
      [
        [201, 'one'],
        [200, 'two'],
        [200, 'three'],
        [204, undefined],
        [201, 'four'],
        [200, 'four'],
      ],
    )
  })

  test('with ifVersion replaces only that version, and creates nothing', async () => {
    const task = await newTask()
    const gone = randomUUID()
    const { json } = await batch(
      [
        { op: 'put', id: task.id, ifVersion: 2, task: { title: 'late' } },
        { op: 'put', id: gone, ifVersion: 1, task: { title: 'gone' } },
        { op: 'put', id: task.id, ifVersion: 1, task: { title: 'in time' } },
      ],
      { atomic: false },
    )
    assert.deepEqual(
      json.results.map((each: Json) => each.status),
      [412, 404, 200],
    )
    assert.equal((await ask('GET', `${TASKS}/${gone}`)).status, 404)
  })

  test("creates a task of the user's own under an id of another user's task", async () => {
    const ben = await world.signUp('Ben')
    const his = (await ask('POST', TASKS, { title: 'his' }, ben)).json
    assert.equal((await batch([{ op: 'put', id: his.id, task: { title: 'mine' } }])).json.results[0].status, 201)
    assert.deepEqual((await ask('GET', `${TASKS}/${his.id}`, undefined, ben)).json, his)
  })

  test('of the same new ids by many clients at once creates each once, and fails for none', async () => {
    const ids = Array.from({ length: 5 }, () => randomUUID())
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        batch((n % 2 === 0 ? ids : ids.toReversed()).map((id) => ({ op: 'put', id, task: { title: `by ${n}` } }))),
      ),
    )
    const statuses = answers.flatMap(({ json }) => json.results.map((each: Json) => each.status))
    assert.deepEqual(
      [statuses.filter((status) => status === 201).length, statuses.filter((status) => status === 200).length],
      [5, 25],
    )
    for (const id of ids) assert.equal((await read(id)).version, 6)
  })

  const id = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'
  for (const [what, operation, pointer] of [
    ['no id', { op: 'put', task: { title: 'x' } }, '/operations/0/id'],
    ['an invalid id', { op: 'put', id: 'x', task: { title: 'x' } }, '/operations/0/id'],
    ['no task', { op: 'put', id }, '/operations/0/task'],
    ['no title', { op: 'put', id, task: { tags: [] } }, '/operations/0/task/title'],
    ['a title of null', { op: 'put', id, task: { title: null } }, '/operations/0/task/title'],
    ['an id in the task', { op: 'put', id, task: { id, title: 'x' } }, '/operations/0/task/id'],
    ['a read-only member', { op: 'put', id, task: { title: 'x', userId: 'ben' } }, '/operations/0/task/userId'],
    ['a version in the task', { op: 'put', id, task: { title: 'x', version: 1 } }, '/operations/0/task/version'],
    ['a patch', { op: 'put', id, patch: { title: 'x' } }, '/operations/0/patch'],
    ['an ifVersion of 0', { op: 'put', id, ifVersion: 0, task: { title: 'x' } }, '/operations/0/ifVersion'],
  ] as const) {
    test(`with ${what} is 422 and names the field`, async () => {
      const answer = await batch([operation])
      assertRefused(answer, 422, 'invalid_input')
      const pointers = answer.json.errors.map((error: Json) => error.pointer)
      assert.ok(pointers.includes(pointer), `${pointer} is not among ${pointers.join(' ')}`)
    })
  }
})

suite('the results of a batch', () => {
  test('that are 409 or 412 have the task as it is', async () => {
    const task = await newTask()
    const { json } = await batch(
      [
        { op: 'create', task: { id: task.id, title: 'other' } },
        { op: 'update', id: task.id, ifVersion: 7, patch: { title: 'late' } },
        { op: 'delete', id: task.id, ifVersion: 7 },
        { op: 'complete', id: task.id },
        { op: 'complete', id: task.id, ifVersion: 1 },
      ],
      { atomic: false },
    )
    assert.deepEqual(
      json.results.map((each: Json) => [each.status, each.task?.version, each.problem?.code]),
      [
        [409, 1, 'conflict'],
        [412, 1, 'precondition_failed'],
        [412, 1, 'precondition_failed'],
        [200, 2, undefined],
        [412, 2, 'precondition_failed'],
      ],
    )
    assert.deepEqual(json.results[0].task, task)
    assert.deepEqual(json.results[4].task, await read(task.id))
  })

  test('that are 404 say whether the task was deleted, by this batch too, and nothing of tasks of others', async () => {
    const ben = await world.signUp('Ben')
    const his = (await ask('POST', TASKS, { title: 'his' }, ben)).json
    await ask('DELETE', `${TASKS}/${his.id}`, undefined, ben)
    const [before, now, never] = [await newTask(), await newTask(), randomUUID()]
    await ask('DELETE', `${TASKS}/${before.id}`)
    const { json } = await batch(
      [
        { op: 'update', id: before.id, patch: { title: 'x' } },
        { op: 'delete', id: before.id },
        { op: 'put', id: before.id, ifVersion: 1, task: { title: 'x' } },
        { op: 'delete', id: now.id },
        { op: 'complete', id: now.id },
        { op: 'complete', id: never },
        { op: 'complete', id: his.id },
        { op: 'create', task: { id: never, title: 'x' } },
        { op: 'delete', id: never },
      ],
      { atomic: false },
    )
    assert.deepEqual(
      json.results.map((each: Json) => [each.status, each.deleted]),
      [
        [404, true],
        [404, true],
        [404, true],
        [204, undefined],
        [404, true],
        [404, undefined],
        [404, undefined],
        [201, undefined],
        [204, undefined],
      ],
    )
  })

  test('come with the cursor of X-Sync-Cursor, from which what follows is read', async () => {
    const answer = await batch([{ op: 'create', task: { title: 'x' } }])
    assert.equal(answer.json.cursor, answer.headers.get('x-sync-cursor'))
    const { id } = await newTask()
    const { json } = await ask('GET', `/api/changes?cursor=${answer.json.cursor}`)
    assert.deepEqual(
      json.map((change: Json) => change.id),
      [id],
    )
  })
})

suite('a batch with ifSeq', () => {
  before(async () => {
    ada = await world.signUp('Ada')
  })

  test('is executed if nothing that it names was changed since, whatever else was', async () => {
    const task = await newTask()
    const seen = await cursorNow()
    await newTask()
    for (const condition of [{ ifSeq: seqOf(seen) }, { ifCursor: seen }]) {
      const id = randomUUID()
      const answer = await batch(
        [
          { op: 'create', task: { title: 'x' } },
          { op: 'put', id, task: { title: 'y' } },
        ],
        condition,
      )
      assert.equal(answer.status, 200, answer.text)
    }
    assert.equal((await batch([{ op: 'complete', id: task.id }], { ifSeq: seqOf(seen) })).status, 200)
  })

  test('is 412 as a whole, and changes nothing, if a task that it names was changed, created or deleted since', async () => {
    const [changed, deleted, same] = [await newTask(), await newTask(), await newTask()]
    const seen = await cursorNow()
    const created = await newTask()
    await ask('PATCH', `${TASKS}/${changed.id}`, { title: 'by another' })
    await ask('DELETE', `${TASKS}/${deleted.id}`)
    for (const { id } of [changed, deleted, created]) {
      for (const condition of [{ ifSeq: seqOf(seen) }, { ifCursor: seen }]) {
        for (const atomic of [true, false]) {
          for (const operation of [
            { op: 'put', id, task: { title: 'overwritten' } },
            { op: 'update', id: id.toUpperCase(), patch: { title: 'overwritten' } },
            { op: 'delete', id },
            { op: 'create', task: { id, title: 'overwritten' } },
          ]) {
            const before = (await ask('GET', TASKS)).json
            const answer = await batch([{ op: 'complete', id: same.id }, operation], { atomic, ...condition })
            assertRefused(answer, 412, 'precondition_failed')
            assert.equal(answer.json.failedOperation, 1)
            assert.match(answer.json.detail, new RegExp(`^Nothing was changed: task ${id} was changed after seq`))
            assert.deepEqual((await ask('GET', TASKS)).json, before)
          }
        }
      }
    }
  })

  test('is 412 with a seq that the log does not have, or no longer', async () => {
    const { id } = await newTask()
    const now = seqOf(await cursorNow())
    assertRefused(await batch([{ op: 'complete', id }], { ifSeq: now + 1 }), 412, 'precondition_failed')
    await world.asOwner((client) =>
      client.query(
        `update change_logs set (purged_seq, purged_change_id) =
           (select seq, change_id from changes c where c.user_id = change_logs.user_id order by seq desc limit 1) where user_id = $1`,
        [ada.id],
      ),
    )
    await world.asOwner((client) => client.query('delete from changes where user_id = $1', [ada.id]))
    assertRefused(await batch([{ op: 'complete', id }], { ifSeq: now - 1 }), 412, 'precondition_failed')
    assert.equal((await batch([{ op: 'complete', id }], { ifSeq: now })).status, 200)
  })

  test('and a cursor is 412 after a restored backup, although the seq is in its log', async () => {
    const { id } = await newTask()
    const seen = await cursorNow()
    await world.asOwner((client) =>
      client.query('update changes set change_id = gen_random_uuid() where user_id = $1', [ada.id]),
    )
    assert.equal((await batch([{ op: 'complete', id }], { ifSeq: seqOf(seen) })).status, 200)
    assertRefused(await batch([{ op: 'delete', id }], { ifCursor: seen }), 412, 'precondition_failed')
  })

  test('and a cursor of an initial load has seen nothing yet', async () => {
    const { id } = await newTask()
    await newTask()
    const load = (await ask('GET', '/api/changes?limit=1')).headers.get('x-next-cursor')
    assertRefused(await batch([{ op: 'complete', id }], { ifCursor: load }), 412, 'precondition_failed')
  })

  for (const [what, condition, status, code] of [
    ['a negative seq', { ifSeq: -1 }, 422, 'invalid_input'],
    ['a seq as a string', { ifSeq: '1' }, 422, 'invalid_input'],
    ['a seq of null', { ifSeq: null }, 422, 'invalid_input'],
    ['a seq with a fraction', { ifSeq: 1.5 }, 422, 'invalid_input'],
    ['a seq that is no safe integer', { ifSeq: 2 ** 53 }, 422, 'invalid_input'],
    ['a cursor as a number', { ifCursor: 1 }, 422, 'invalid_input'],
    ['a cursor that is too long', { ifCursor: '1'.repeat(301) }, 422, 'invalid_input'],
    ['a seq for a cursor', { ifCursor: '1' }, 400, 'invalid_cursor'],
    ['a cursor that was made up', { ifCursor: '1.x.y' }, 400, 'invalid_cursor'],
  ] as const) {
    test(`with ${what} is ${status}`, async () => {
      const { id } = await newTask()
      assertRefused(await batch([{ op: 'delete', id }], condition), status, code)
      assert.equal((await ask('GET', `${TASKS}/${id}`)).status, 200)
    })
  }

  test("with another user's cursor is 400, with both conditions 422", async () => {
    const ben = await world.signUp('Ben')
    const { id } = await newTask()
    const seen = await cursorNow()
    const his = (await ask('GET', TASKS, undefined, ben)).headers.get('x-sync-cursor')
    assertRefused(await batch([{ op: 'delete', id }], { ifCursor: his }), 400, 'invalid_cursor')
    const both = await batch([{ op: 'delete', id }], { ifCursor: seen, ifSeq: 1 })
    assertRefused(both, 422, 'invalid_input')
    assert.equal(both.json.errors[0].pointer, '/ifCursor')
  })

  test('never overwrites a change that its client has not seen, whatever two clients push at the same time', async () => {
    const edit = fc.record({ client: fc.nat(1), key: fc.nat(3), op: fc.constantFrom('put', 'update', 'delete') })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(edit, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
        async (rounds) => {
          ada = await world.signUp('Ada')
          const ids = Array.from({ length: 4 }, () => randomUUID())
          const clients = await Promise.all([0, 1].map(async () => ({ cursor: await cursorNow() })))
          let number = 0
          for (const round of rounds) {
            const pushes = clients.flatMap((client, at) => {
              const operations = round.flatMap<{ op: string; id: string | undefined; task?: object; patch?: object }>(
                ({ client: by, key, op }) => {
                  const [id, title] = [ids[key], `${number++}`]
                  if (by !== at) return []
                  return op === 'put'
                    ? [{ op, id, task: { title } }]
                    : op === 'update'
                      ? [{ op, id, patch: { title } }]
                      : [{ op, id }]
                },
              )
              return operations.length === 0 ? [] : [{ client, operations, seen: client.cursor }]
            })
            const pushed = await Promise.all(
              pushes.map(async ({ client, operations, seen }) => ({
                client,
                operations,
                seen,
                answer: await batch(operations, { atomic: false, ifCursor: seen }),
              })),
            )
            for (const { operations, seen, answer } of pushed) {
              const named = new Set(operations.map(({ id }) => id))
              const later = await world.asOwner((client) =>
                client.query<{ entity_id: string; change_id: string; seq: number }>(
                  'select entity_id, change_id, seq from changes where user_id = $1 and seq > $2 order by seq',
                  [ada.id, seqOf(seen)],
                ),
              )
              const others = later.rows.filter(({ entity_id }) => named.has(entity_id))
              if (answer.status === 412) assert.ok(others.length > 0, answer.text)
              else {
                assert.equal(answer.status, 200, answer.text)
                // All changes of what it names since its client looked, up to its own last one, are its own.
                const end = seqOf(answer.json.cursor)
                const makers = new Set(others.filter(({ seq }) => seq <= end).map(({ change_id }) => change_id))
                assert.ok(makers.size <= 1, JSON.stringify(others))
              }
            }
            for (const { client, answer } of pushed) {
              if (answer.status !== 412) continue
              client.cursor =
                (await ask('GET', `/api/changes?cursor=${client.cursor}`)).headers.get('x-next-cursor') ?? ''
            }
          }
        },
      ),
      { numRuns: 15 },
    )
  })
})
