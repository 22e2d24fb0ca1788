import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { needsServer } from '../../../test/databases.ts'
import { atOnce, openWorld, type Answer, type User, type World } from '../../../test/world.ts'
import { until } from '../../../test/faults/measures.ts'
import { LOCK_LOG } from '../../db/change-log.ts'
import { openScopes } from '../../db/scopes.ts'
import { servicePrincipal } from '../../principal.ts'
import { RELATIVE } from '../../http/links.ts'
import { runBatch } from './batch.ts'

const TASKS = '/api/tasks'
const BATCH = `${TASKS}/batch`
const BULK_DELETE = `${TASKS}/bulk-delete`

let world: World
let ada: User
let ben: User

before(async () => {
  world = await openWorld({ env: { RATE_LIMIT_READ: '1000000', RATE_LIMIT_WRITE: '1000000' } })
  ada = await world.signUp('Ada')
  ben = await world.signUp('Ben')
})
after(() => world[Symbol.asyncDispose]())

type Json = Answer['json']

const ask = (method: string, path: string, body?: unknown, { token } = ada): Promise<Answer> =>
  world.ask(method, path, { token, body })
const batch = (operations: readonly object[], rest: object = {}): Promise<Answer> =>
  ask('POST', BATCH, { ...rest, operations })
const newTask = async (fields: object = {}): Promise<Json> => (await ask('POST', TASKS, { title: 'x', ...fields })).json
const read = async (id: string): Promise<Json> => (await ask('GET', `${TASKS}/${id}`)).json
const tasksOf = (user: User): Promise<Json[]> =>
  world.asOwner(
    async (client) =>
      (await client.query('select to_jsonb(t) as task from tasks t where user_id = $1 order by id', [user.id])).rows,
  )

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8')
  assert.deepEqual([answer.status, answer.json.code], [status, code], answer.text)
}

/** Nothing of it may have happened. */
async function assertUnchanged(work: () => Promise<unknown>): Promise<void> {
  const before = await tasksOf(ada)
  await work()
  assert.deepEqual(await tasksOf(ada), before)
}

suite('a batch', () => {
  test('executes each operation in order and answers with the task after it', async () => {
    const [a, b, c] = [await newTask(), await newTask(), await newTask()]
    const { status, json } = await batch([
      { op: 'create', task: { title: 'new', tags: ['a', 'Ü"{,}'], dueDate: '2025-12-27T17:00:00.1239+01:00' } },
      { op: 'update', id: a.id, ifVersion: 1, patch: { title: 'changed', dueDate: '2025-12-27T17:00:00+01:00' } },
      { op: 'complete', id: b.id, completed: true },
      { op: 'delete', id: c.id, ifVersion: 1 },
      { op: 'complete', id: b.id.toUpperCase() },
      { op: 'update', id: a.id, ifVersion: 2, patch: {} },
    ])
    assert.equal(status, 200)
    const { results } = json
    assert.deepEqual(
      results.map((each: Json) => each.status),
      [201, 200, 200, 204, 200, 200],
    )
    const [created, changed, completed, deleted, reopened, same] = results.map((each: Json) => each.task)
    const { dueDate, ...rest } = created
    assert.deepEqual([rest.title, rest.tags, rest.version], ['new', ['a', 'Ü"{,}'], 1])
    assert.equal(dueDate, '2025-12-27T16:00:00.123Z')
    assert.deepEqual(await read(created.id), created)
    assert.deepEqual([changed.title, changed.dueDate, changed.version], ['changed', '2025-12-27T16:00:00Z', 2])
    assert.deepEqual([completed.status, completed.version], ['COMPLETED', 2])
    assert.deepEqual(completed.completedAt, completed.updatedAt)
    assert.equal(deleted, undefined)
    assert.deepEqual([reopened.status, reopened.completedAt, reopened.version], ['TODO', null, 3])
    assert.deepEqual(same, changed)
    assert.deepEqual(await read(a.id), changed)
    assert.deepEqual(await read(b.id), reopened)
    assert.equal((await ask('GET', `${TASKS}/${c.id}`)).status, 404)
  })

  test('of 100 creations gives all tasks one createdAt, and lists them in reverse order', async () => {
    const { json } = await batch(Array.from({ length: 100 }, (_, n) => ({ op: 'create', task: { title: `n${n}` } })))
    const ids = json.results.map((each: Json) => each.task.id)
    assert.equal(new Set(json.results.map((each: Json) => each.task.createdAt)).size, 1)
    assert.deepEqual(
      json.results.map((each: Json) => each.task.title),
      ids.map((_: string, n: number) => `n${n}`),
    )
    const listed = (await ask('GET', `${TASKS}?limit=100`)).json.map((task: Json) => task.id)
    assert.deepEqual(listed, ids.toReversed())
  })

  test('of 100 creations, or deletions, takes two statements at most', async () => {
    const statements: string[] = []
    const { db } = world.deps
    const scopes = openScopes(db.pool, db.roles, { onStatement: ({ name }) => statements.push(name) })
    const principal = servicePrincipal('test', ada.id)
    const results = await scopes.asUser(principal, (sql) =>
      runBatch(
        sql,
        {
          operations: Array.from({ length: 100 }, (_, n) => ({ op: 'create', task: { title: `n${n}` } })),
        },
        { links: RELATIVE },
      ),
    )
    assert.deepEqual([results.length, statements], [100, ['tasks.create_all']])
    statements.length = 0
    await scopes.asUser(principal, (sql) =>
      runBatch(
        sql,
        { operations: results.map(({ task }) => ({ op: 'delete', id: task?.id ?? '' })) },
        { links: RELATIVE },
      ),
    )
    assert.deepEqual(statements, ['tasks.lock_all', 'tasks.remove_all'])
  })

  test('lets each operation see the creations, changes and deletions of those before it', async () => {
    const id = randomUUID()
    const { json } = await batch(
      [
        { op: 'update', id, patch: { title: 'too early' } },
        { op: 'create', task: { id: id.toUpperCase(), title: 'one' } },
        { op: 'create', task: { id, title: 'one' } },
        { op: 'create', task: { id, title: 'two' } },
        { op: 'update', id, ifVersion: 1, patch: { title: 'two' } },
        { op: 'create', task: { id, title: 'two' } },
        { op: 'delete', id, ifVersion: 1 },
        { op: 'delete', id },
        { op: 'delete', id },
        { op: 'complete', id },
        { op: 'create', task: { id, title: 'three' } },
      ],
      { atomic: false },
    )
    assert.deepEqual(
      json.results.map((each: Json) => [each.status, each.problem?.code ?? each.task?.title]),
      [
        [404, 'not_found'],
        [201, 'one'],
        [200, 'one'],
        [409, 'conflict'],
        [200, 'two'],
        [200, 'two'],
        [412, 'precondition_failed'],
        [204, undefined],
        [404, 'not_found'],
        [404, 'not_found'],
        [201, 'three'],
      ],
    )
    assert.deepEqual([(await read(id)).title, (await read(id)).version], ['three', 3])
  })

  test('that is not atomic keeps the operations that succeed and returns a problem for each other one', async () => {
    const [mine, his] = [await newTask(), (await ask('POST', TASKS, { title: 'his' }, ben)).json]
    const { status, json } = await batch(
      [
        { op: 'update', id: his.id, patch: { title: 'stolen' } },
        { op: 'update', id: mine.id, ifVersion: 7, patch: { title: 'late' } },
        { op: 'update', id: mine.id, patch: { title: 'changed' } },
        { op: 'delete', id: his.id },
      ],
      { atomic: false },
    )
    const notFound = {
      type: '/problems/not_found',
      title: 'Not found',
      status: 404,
      detail: "Task not found or you don't have permission to access it",
      code: 'not_found',
    }
    assert.equal(status, 200)
    assert.deepEqual(json.results[0], { status: 404, problem: notFound })
    assert.deepEqual([json.results[1].status, json.results[1].problem.currentVersion], [412, 1])
    assert.deepEqual([json.results[2].status, json.results[2].task.title], [200, 'changed'])
    assert.deepEqual(json.results[3], { status: 404, problem: notFound })
    assert.equal((await read(mine.id)).title, 'changed')
    assert.deepEqual((await ask('GET', `${TASKS}/${his.id}`, undefined, ben)).json, his)
  })

  for (const rest of [{}, { atomic: true }]) {
    test(`with ${JSON.stringify(rest)} changes nothing when one operation is refused, and returns its index`, async () => {
      const task = await newTask()
      const good = [
        { op: 'create', task: { title: 'new' } },
        { op: 'update', id: task.id, patch: { title: 'changed' } },
      ]
      const his = (await ask('POST', TASKS, { title: 'his' }, ben)).json
      for (const [bad, status, code] of [
        [{ op: 'delete', id: his.id }, 404, 'not_found'],
        [{ op: 'complete', id: randomUUID() }, 404, 'not_found'],
        [{ op: 'delete', id: task.id, ifVersion: 1 }, 412, 'precondition_failed'],
        [{ op: 'create', task: { id: task.id, title: 'other' } }, 409, 'conflict'],
      ] as const) {
        await assertUnchanged(async () => {
          const answer = await batch([...good, bad, { op: 'delete', id: task.id }], rest)
          assertRefused(answer, status, code)
          assert.equal(answer.json.failedOperation, 2)
          assert.match(answer.json.detail, /^Nothing was changed, because of operations\.2: /)
          if (status === 412) assert.equal(answer.json.currentVersion, 2)
        })
      }
    })
  }

  test('names the first of several refused operations', async () => {
    const answer = await batch([
      { op: 'create', task: { title: 'x' } },
      { op: 'delete', id: randomUUID() },
      { op: 'delete', id: randomUUID() },
    ])
    assert.equal(answer.json.failedOperation, 1)
  })

  const id = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'
  const create = { op: 'create', task: { title: 'x' } }
  const malformed: readonly [what: string, body: unknown, pointer: string][] = [
    ['no operations', {}, '/operations'],
    ['an empty list', { operations: [] }, '/operations'],
    ['101 operations', { operations: Array.from({ length: 101 }, () => create) }, '/operations'],
    ['an unknown field', { operations: [create], atomc: true }, '/atomc'],
    ['atomic as a string', { operations: [create], atomic: 'false' }, '/atomic'],
    ['an operation that is a string', { operations: ['create'] }, '/operations/0'],
    ['an operation of null', { operations: [null] }, '/operations/0'],
    ['an operation without op', { operations: [create, { id }] }, '/operations/1/op'],
    ['an unknown op', { operations: [{ op: 'archive', id }] }, '/operations/0/op'],
    ['an op of null', { operations: [{ op: null, id }] }, '/operations/0/op'],
    ['a create without a task', { operations: [{ op: 'create' }] }, '/operations/0/task'],
    ['a create with an id outside of its task', { operations: [{ ...create, id }] }, '/operations/0/id'],
    ['a bad title', { operations: [create, { op: 'create', task: { title: ' ' } }] }, '/operations/1/task/title'],
    ['an update without a patch', { operations: [{ op: 'update', id }] }, '/operations/0/patch'],
    ['a bad patch', { operations: [{ op: 'update', id, patch: { title: 1 } }] }, '/operations/0/patch/title'],
    ['an unknown field in it', { operations: [{ op: 'update', id, patch: { v: 1 } }] }, '/operations/0/patch/v'],
    ['an invalid id', { operations: [{ op: 'delete', id: '1' }] }, '/operations/0/id'],
    ['a version as a string', { operations: [{ op: 'delete', id, ifVersion: '1' }] }, '/operations/0/ifVersion'],
    ['a version of 0', { operations: [{ op: 'delete', id, ifVersion: 0 }] }, '/operations/0/ifVersion'],
    ['a completed of null', { operations: [{ op: 'complete', id, completed: null }] }, '/operations/0/completed'],
    ['a body that is an array', [create], ''],
  ]
  for (const [what, body, pointer] of malformed) {
    for (const atomic of [undefined, false]) {
      test(`with ${what} is 422 and names the field, ${atomic === false ? 'not ' : ''}atomic, and changes nothing`, () =>
        assertUnchanged(async () => {
          const sent = Array.isArray(body) || atomic === undefined ? body : { atomic, ...(body as object) }
          const answer = await ask('POST', BATCH, sent)
          assertRefused(answer, 422, 'invalid_input')
          const pointers = answer.json.errors.map((error: { pointer: string }) => error.pointer)
          assert.ok(pointers.includes(pointer), `${pointer} is not among ${pointers.join(' ')}`)
        }))
    }
  }

  test('with one invalid value among more than a thousand is 422 and names the field', () =>
    assertUnchanged(async () => {
      const tags = Array.from({ length: 20 }, (_, n) => `t${n}`)
      const operations: object[] = Array.from({ length: 99 }, () => ({ op: 'create', task: { title: 'x', tags } }))
      for (const [fault, pointer] of [
        [{ op: 'update', id, patch: { titel: 'x' } }, '/operations/99/patch/titel'],
        [{ op: 'archive', id }, '/operations/99/op'],
      ] as const) {
        const answer = await batch([...operations, fault])
        assertRefused(answer, 422, 'invalid_input')
        assert.equal(answer.json.errors[0].pointer, pointer)
      }
    }))

  test('with an unknown op is refused with the list of known ones', async () => {
    const { json } = await batch([{ op: 'archive', id }])
    assert.equal(json.detail, 'operations.0.op must be one of create, put, update, complete, delete')
  })

  test('trims titles and tags in the same way as a single creation', async () => {
    const { json } = await batch([{ op: 'create', task: { title: ' a ', tags: [' b '] } }])
    assert.deepEqual([json.results[0].task.title, json.results[0].task.tags], ['a', ['b']])
  })

  test('without a credential is 401, and over 1 MiB 413', async () => {
    assertRefused(await world.ask('POST', BATCH, { body: { operations: [create] } }), 401, 'unauthenticated')
    const description = 'é'.repeat(10_000)
    const operations = Array.from({ length: 100 }, () => ({ op: 'create', task: { title: 'x', description } }))
    assertRefused(await batch(operations), 413, 'body_too_large')
  })

  test('with an Idempotency-Key is executed once, and its problems are replayed too', async () => {
    const body = { atomic: false, operations: [create, { op: 'delete', id: randomUUID() }] }
    const post = () => world.ask('POST', BATCH, { token: ada.token, body, headers: { 'idempotency-key': 'batch' } })
    const [first, again] = [await post(), await post()]
    assert.equal(again.text, first.text)
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
  })
})

suite('batches at the same time', () => {
  test('on the same tasks in opposite orders all succeed, one after another', { skip: needsServer }, async () => {
    const tasks = await Promise.all(Array.from({ length: 20 }, () => newTask()))
    const operations = tasks.map(({ id }) => ({ op: 'complete', id }))
    const answers = await atOnce(20, (n) => batch(n % 2 === 0 ? operations : operations.toReversed()))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    for (const { id } of tasks) assert.deepEqual([(await read(id)).version, (await read(id)).status], [21, 'TODO'])
  })

  // A different operation in between makes each creation a separate statement.
  test(
    'that create the same ids in opposite orders with separate statements all succeed',
    { skip: needsServer },
    async () => {
      const ids = Array.from({ length: 40 }, () => randomUUID())
      const operations = ids.flatMap((id) => [
        { op: 'create', task: { id, title: 'x' } },
        { op: 'delete', id: randomUUID() },
      ])
      const creations = (all: readonly object[]): Promise<Answer> => batch(all, { atomic: false })
      for (let round = 0; round < 4; round += 1) {
        const some = operations.slice(round * 20, round * 20 + 20)
        const answers = await atOnce(4, (n) => creations(n % 2 === 0 ? some : some.toReversed()))
        assert.deepEqual(
          answers.map(({ status }) => status),
          [200, 200, 200, 200],
        )
      }
    },
  )

  test(
    'wait for the writes of their user in one queue, so that one waits no longer than the writes before it take',
    { skip: needsServer },
    async () => {
      const locksWaitedFor = await world.asOwner(async (client) => {
        await client.query('begin')
        await client.query(LOCK_LOG.text, [ada.id])
        const creation = (): object => ({ op: 'create', task: { id: randomUUID(), title: 'x' } })
        const waiting = Array.from({ length: 3 }, () => batch([creation(), creation()]))
        const locks = `select objid from pg_locks join pg_database on pg_database.oid = database
          where datname = current_database() and locktype = 'advisory' and not granted`
        let rows: Json[] = []
        await until('all wait', async () => (rows = (await client.query(locks)).rows).length === waiting.length)
        await client.query('commit')
        await Promise.all(waiting)
        return new Set(rows.map(({ objid }) => objid)).size
      })
      assert.equal(locksWaitedFor, 1)
    },
  )

  test('that create the same ids in opposite orders all succeed: one creates the tasks, the others find them', async () => {
    const ids = Array.from({ length: 20 }, () => randomUUID())
    const operations = ids.map((id) => ({ op: 'create', task: { id, title: 'x' } }))
    const answers = await atOnce(10, (n) => batch(n % 2 === 0 ? operations : operations.toReversed()))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    const statuses = answers.map(({ json }) => new Set<number>(json.results.map((each: Json) => each.status)))
    assert.equal(statuses.filter((each) => each.has(201)).length, 1)
    assert.equal(statuses.filter((each) => each.has(200)).length, 9)
  })
})

suite('a bulk deletion', () => {
  test('deletes the tasks of the caller and lists the other ids, both in the order of the request', async () => {
    const [a, b, c] = [await newTask(), await newTask(), await newTask()]
    const his = (await ask('POST', TASKS, { title: 'his' }, ben)).json
    const unknown = randomUUID()
    const { status, json } = await ask('POST', BULK_DELETE, { ids: [c.id, unknown, a.id.toUpperCase(), his.id] })
    assert.equal(status, 200)
    assert.deepEqual(json, { deleted: [c.id, a.id], notFound: [unknown, his.id] })
    assert.deepEqual(await read(b.id), b)
    assert.deepEqual((await ask('GET', `${TASKS}/${his.id}`, undefined, ben)).json, his)
    const again = await ask('POST', BULK_DELETE, { ids: [c.id, a.id] })
    assert.deepEqual(again.json, { deleted: [], notFound: [c.id, a.id] })
  })

  test('accepts 1000 ids', async () => {
    const made = await atOnce(10, () =>
      batch(Array.from({ length: 100 }, () => ({ op: 'create', task: { title: 'x' } }))),
    )
    const ids = made.flatMap(({ json }) => json.results.map((each: Json) => each.task.id))
    assert.deepEqual((await ask('POST', BULK_DELETE, { ids })).json, { deleted: ids, notFound: [] })
  })

  test('deletes each task once when several deletions of the same tasks run at once', async () => {
    const tasks = await Promise.all(Array.from({ length: 20 }, () => newTask()))
    const ids: string[] = tasks.map(({ id }) => id)
    const answers = await atOnce(10, (n) => ask('POST', BULK_DELETE, { ids: n % 2 === 0 ? ids : ids.toReversed() }))
    const deleted: string[] = answers.flatMap(({ json }) => json.deleted)
    assert.deepEqual(deleted.toSorted(), ids.toSorted())
  })

  const id = randomUUID()
  for (const [what, body, pointer] of [
    ['no ids', {}, '/ids'],
    ['an empty list', { ids: [] }, '/ids'],
    ['1001 ids', { ids: Array.from({ length: 1001 }, () => randomUUID()) }, '/ids'],
    ['an id twice', { ids: [id, id] }, '/ids'],
    ['an id twice, in two cases', { ids: [id, id.toUpperCase()] }, '/ids'],
    ['an invalid id', { ids: [id, 'x'] }, '/ids/1'],
    ['an unknown field', { ids: [id], all: true }, '/all'],
    ['ids that are one id', { ids: id }, '/ids'],
  ] as const) {
    test(`with ${what} is 422, names the field and deletes nothing`, () =>
      assertUnchanged(async () => {
        const answer = await ask('POST', BULK_DELETE, body)
        assertRefused(answer, 422, 'invalid_input')
        const pointers = answer.json.errors.map((error: { pointer: string }) => error.pointer)
        assert.ok(pointers.includes(pointer), `${pointer} is not among ${pointers.join(' ')}`)
      }))
  }

  test('without a credential is 401 and deletes nothing', async () => {
    const task = await newTask()
    assertRefused(await world.ask('POST', BULK_DELETE, { body: { ids: [task.id] } }), 401, 'unauthenticated')
    assert.deepEqual(await read(task.id), task)
  })
})
