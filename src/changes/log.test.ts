import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { DatabaseError, type ClientBase } from 'pg'
import { needsServer } from '../../test/databases.ts'
import { servicePrincipal } from '../principal.ts'
import { CONTENT } from '../tasks/fields.ts'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'

const SERVICE_TOKEN = 'log-test-service-token-0123456789abcdef'

let world: World
let ada: User

before(async () => {
  world = await openWorld({
    env: { RATE_LIMIT_READ: '1000000', RATE_LIMIT_WRITE: '1000000', SERVICE_AUTH_TOKEN: SERVICE_TOKEN },
  })
})
after(() => world[Symbol.asyncDispose]())

type Json = Answer['json']

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask(method, `/api/tasks${path}`, { token: ada.token, body, headers })
const newTask = async (fields: object = {}): Promise<Json> => (await ask('POST', '', { title: 'x', ...fields })).json

interface Entry {
  readonly seq: number
  readonly change_id: string
  readonly op: string
  readonly entity_id: string
  readonly version: number
  readonly actor_kind: string | null
  readonly actor_name: string | null
  readonly request_id: string | null
  readonly operation: string | null
  readonly before: Json
  readonly after: Json
  readonly first_seq: number
  readonly in_trash: boolean
}

const logOf = ({ id }: User): Promise<Entry[]> =>
  world.asOwner(
    async (client) =>
      (
        await client.query<Entry>(
          'select *, seq::int, first_seq::int from changes where user_id = $1 order by changes.seq',
          [id],
        )
      ).rows,
  )

suite('the change log', () => {
  test('has an entry for a creation, a change, a toggle and a deletion, with what was there before and after', async () => {
    ada = await world.signUp('Ada')
    const due = '2026-12-24T18:00:00.500Z'
    const recurrence = { rule: 'FREQ=DAILY', basis: 'DUE' }
    const reminders = [{ minutesBefore: 10 }]
    const { id } = await newTask({ title: 'Milk', dueDate: due, tags: ['home'], recurrence, reminders })
    const cleared = { dueDate: null, recurrence: null, reminders: [] }
    const patched = { title: 'Bread', priority: 'HIGH', description: 'Rye', timezone: 'Europe/Berlin', ...cleared }
    await ask('PATCH', `/${id}`, { ...patched, tags: null })
    await ask('PATCH', `/${id}/complete`)
    const { json: task } = await ask('GET', `/${id}`)
    await ask('PATCH', `/${id}`, { description: null })
    await ask('DELETE', `/${id}`)
    const log = await logOf(ada)
    assert.deepEqual(
      log.map(({ seq, op, entity_id, version }) => [seq, op, entity_id, version]),
      [
        [1, 'create', id, 1],
        [2, 'update', id, 2],
        [3, 'update', id, 3],
        [4, 'update', id, 4],
        [5, 'delete', id, 4],
      ],
    )
    const [created, changed, completed, emptied, deleted] = log.map(({ before }) => before)
    assert.equal(created, null)
    const former = { title: 'Milk', dueDate: due, priority: 'MEDIUM', description: null, timezone: null, recurrence }
    const occurrence = { at: '2026-12-24T18:00:00.500', number: 1 }
    assert.deepEqual(changed, { ...former, tags: ['home'], occurrence, reminders })
    assert.deepEqual(completed, { status: 'TODO', completedAt: null })
    assert.deepEqual(emptied, { description: 'Rye' })
    const [whole, patch, completion, , nothing] = log.map(({ after }) => after)
    assert.deepEqual([whole['title'], whole['dueDate'], whole['version']], ['Milk', due, 1])
    assert.deepEqual(patch, { ...patched, tags: [], occurrence: null })
    assert.deepEqual(completion, { status: 'COMPLETED', completedAt: task.completedAt })
    assert.equal(nothing, null)
    assert.deepEqual(
      log.map(({ in_trash }) => in_trash),
      [false, false, false, false, true],
    )
    // Every field that can change has changed.
    const fields = new Set(log.filter(({ op }) => op === 'update').flatMap(({ before }) => Object.keys(before)))
    assert.deepEqual(fields, new Set([...CONTENT, 'completedAt', 'occurrence']))
    assert.deepEqual({ ...deleted, updatedAt: task.updatedAt }, { ...task, description: null, version: 4 })
  })

  test('says who made a change, in which request and by which operation, and never a token', async () => {
    ada = await world.signUp('Ada')
    const requestId = randomUUID()
    const { headers, json } = await ask('POST', '', { title: 'x' }, { 'x-request-id': requestId })
    assert.equal(headers.get('x-request-id'), requestId)
    const service = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id }
    await world.ask('PATCH', `/api/tasks/${json.id}/complete`, { headers: service })
    const [byAda, byService] = await logOf(ada)
    assert.deepEqual(
      [byAda?.actor_kind, byAda?.actor_name, byAda?.request_id, byAda?.operation],
      ['session', null, requestId, 'createTask'],
    )
    assert.deepEqual([byService?.actor_kind, byService?.operation], ['service', 'completeTask'])
    assert.ok((byService?.actor_name ?? '').length > 0)
    const all = JSON.stringify(await logOf(ada))
    assert.ok(!all.includes(ada.token) && !all.includes(SERVICE_TOKEN))
  })

  test('continues the versions of a deleted task if its id is created again, which takes it out of the trash', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask({ title: 'Milk' })
    await ask('PATCH', `/${id}`, { title: 'Bread' })
    await ask('DELETE', `/${id}`)
    const again = await ask('POST', '', { id, title: 'Rye' })
    assert.deepEqual([again.status, again.json.version, again.headers.get('etag')], [201, 3, '"3"'])
    assert.equal((await ask('GET', `/${id}`)).json.version, 3)
    await ask('DELETE', `/${id}`)
    const operations = [{ op: 'put', id, task: { title: 'Oats' } }]
    const { json } = await ask('POST', '/batch', { operations })
    assert.equal((json as unknown as { results: { task: { version: number } }[] }).results[0]?.task.version, 4)
    assert.deepEqual(
      (await logOf(ada)).map(({ op, version, in_trash }) => [op, version, in_trash]),
      [
        ['create', 1, false],
        ['update', 2, false],
        ['delete', 2, false],
        ['create', 3, false],
        ['delete', 3, false],
        ['create', 4, false],
      ],
    )
  })

  test('has the entries of a batch one after another, under one change id', async () => {
    ada = await world.signUp('Ada')
    const kept = await newTask()
    const operations = [
      { op: 'create', task: { title: 'a' } },
      { op: 'create', task: { title: 'b' } },
      { op: 'update', id: kept.id, patch: { title: 'c' } },
      { op: 'delete', id: kept.id },
    ]
    assert.equal((await ask('POST', '/batch', { operations })).status, 200)
    const [first, ...batch] = await logOf(ada)
    assert.deepEqual(
      batch.map(({ seq, op }) => [seq, op]),
      [
        [2, 'create'],
        [3, 'create'],
        [4, 'update'],
        [5, 'delete'],
      ],
    )
    assert.equal(new Set(batch.map(({ change_id }) => change_id)).size, 1)
    assert.deepEqual([first?.first_seq, ...batch.map(({ first_seq }) => first_seq)], [1, 2, 2, 2, 2])
    assert.notEqual(batch[0]?.change_id, first?.change_id)
    assert.ok(batch.every(({ operation }) => operation === 'batchTasks'))
  })

  test('has no entry, and no gap, for what changes nothing', async () => {
    ada = await world.signUp('Ada')
    const task = { id: randomUUID(), title: 'same' }
    await newTask(task)
    assert.equal((await ask('POST', '', task)).status, 200)
    assert.equal((await ask('POST', '', { ...task, title: 'other' })).status, 409)
    assert.equal((await ask('PATCH', `/${task.id}`, { title: 'same' })).status, 200)
    assert.equal((await ask('PATCH', `/${task.id}`, { title: 'late' }, { 'if-match': '"7"' })).status, 412)
    assert.equal((await ask('DELETE', `/${randomUUID()}`)).status, 404)
    const operations = [
      { op: 'create', task: { title: 'taken back' } },
      { op: 'delete', id: randomUUID() },
    ]
    assert.equal((await ask('POST', '/batch', { operations })).status, 404)
    assert.equal((await ask('POST', '/batch', { operations: [{ op: 'create', task }] })).status, 200)
    await newTask()
    assert.deepEqual(
      (await logOf(ada)).map(({ seq, op }) => [seq, op]),
      [
        [1, 'create'],
        [2, 'create'],
      ],
    )
  })

  test('is not written by a backfill, which only derives columns again', async () => {
    ada = await world.signUp('Ada')
    await newTask()
    await world.asOwner((client) =>
      client.query('update tasks set json_format = json_format, search_words = search_words'),
    )
    assert.equal((await logOf(ada)).length, 1)
  })

  test('is written for SQL that says nothing of who it is, such as that of a process before the log', async () => {
    ada = await world.signUp('Ada')
    await world.asOwner(async (client) => {
      await client.query('begin')
      await client.query(
        'insert into tasks (id, user_id, title) select gen_random_uuid(), $1, n from generate_series(1, 3) n',
        [ada.id],
      )
      await client.query(`update tasks set title = 'x', version = version + 1 where user_id = $1 and title = '1'`, [
        ada.id,
      ])
      await client.query('commit')
      await client.query('delete from tasks where user_id = $1', [ada.id])
    })
    const log = await logOf(ada)
    assert.deepEqual(
      log.map(({ seq, op, actor_kind, request_id }) => [seq, op, actor_kind, request_id]),
      ['create', 'create', 'create', 'update', 'delete', 'delete', 'delete'].map((op, at) => [at + 1, op, null, null]),
    )
    assert.equal(new Set(log.slice(0, 4).map(({ change_id }) => change_id)).size, 1)
    assert.equal(new Set(log.map(({ change_id }) => change_id)).size, 2)
  })

  test('costs a creation the same however many tasks its user has, also while the tables have no statistics', async () => {
    ada = await world.signUp('Ada')
    const insert = `insert into tasks (id, user_id, title) select gen_random_uuid(), '${ada.id}', 'x' from generate_series(1, $1)`
    const pagesOf = async (client: ClientBase): Promise<number> => {
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
        `explain (analyze, buffers, format json) ${insert.replace('$1', '20')}`,
      )
      return rows[0]?.['QUERY PLAN'][0].Plan['Shared Hit Blocks'] ?? NaN
    }
    const [few, many] = await world.asOwner(async (client): Promise<[number, number]> => {
      for (const table of ['tasks', 'changes'])
        await client.query(`alter table ${table} set (autovacuum_enabled = off)`)
      await client.query(insert, [20])
      const first = await pagesOf(client)
      await client.query(insert, [4000])
      return [first, await pagesOf(client)]
    })
    assert.ok(many < 2 * few, `${few} and ${many} pages`)
  })

  test('is erased with its user, by anyone who may delete users', async () => {
    ada = await world.signUp('Ada')
    await newTask()
    await newTask()
    await world.deps.db.asSystem('test', (sql) =>
      sql.rows({ name: '', text: 'delete from users where id = $1' }, [ada.id]),
    )
    const left = await world.asOwner((client) =>
      client.query(
        `select (select count(*) from changes where user_id = $1) + (select count(*) from change_logs where user_id = $1)
           + (select count(*) from tasks where user_id = $1) as rows`,
        [ada.id],
      ),
    )
    assert.equal(Number(left.rows[0]['rows']), 0)
  })

  for (const text of [
    `insert into changes (user_id, seq, change_id, at, type, entity_id, op, version)
     values (current_setting('app.user_id'), 9, gen_random_uuid(), now(), 'task', gen_random_uuid(), 'create', 1)`,
    `update changes set actor_name = 'another'`,
    'delete from changes',
    'truncate changes',
    `insert into change_logs (user_id) values ('x')`,
    'update change_logs set purged_seq = 9',
    'delete from change_logs',
    `select todo_log(current_setting('app.user_id'), 'task', gen_random_uuid(), 'create', 1, null, null, false)`,
    `select todo_begin_log('x')`,
    'alter table tasks disable trigger tasks_logged',
  ]) {
    test(`cannot be written by the serving role: ${text.replaceAll(/\s+/g, ' ').slice(0, 60)}`, async () => {
      ada = await world.signUp('Ada')
      const isDenied = (error: unknown): boolean => error instanceof DatabaseError && error.code === '42501'
      await assert.rejects(
        world.deps.db.asUser(servicePrincipal('test', ada.id), (sql) => sql.rows({ name: '', text })),
        isDenied,
      )
    })
  }
})

suite('writers of one user at the same time', () => {
  test('get seqs without gaps, in the order of their commits', { skip: needsServer }, async () => {
    ada = await world.signUp('Ada')
    const tasks = await Promise.all(Array.from({ length: 10 }, () => newTask()))
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const id = tasks[n % tasks.length].id
        if (n % 4 === 0) return (await ask('PATCH', `/${id}/complete`)).status
        if (n % 4 === 1) return (await ask('POST', '', { title: `n${n}` })).status
        if (n % 4 === 2) return (await ask('PATCH', `/${id}`, { title: `n${n}` })).status
        const operations = [...tasks].reverse().map((task) => ({ op: 'complete', id: task.id }))
        return (await ask('POST', '/batch', { operations })).status
      }),
    )
    assert.deepEqual(new Set(statuses), new Set([200, 201]))
    const log = await logOf(ada)
    assert.deepEqual(
      log.map(({ seq }) => seq),
      log.map((_, at) => at + 1),
    )
    // The entries of a request are consecutive.
    const runs = log.filter(({ change_id }, at) => change_id !== log[at - 1]?.change_id)
    assert.equal(new Set(log.map(({ change_id }) => change_id)).size, runs.length)
    for (const { id } of tasks) {
      const versions = log.filter(({ entity_id }) => entity_id === id).map(({ version }) => version)
      assert.deepEqual(
        versions,
        versions.map((_, at) => at + 1),
      )
    }
  })
})
