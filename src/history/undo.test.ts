import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { openWorld, SERVICE_TOKEN, type Answer, type User, type World } from '../../test/world.ts'
import { UNDONE_MAX } from './schema.ts'
import { UNDO_SCANNED_MAX } from './undo.ts'

const HISTORY = '/api/history'
const TASKS = '/api/tasks'
/** Before everything in these tests. */
const LONG_AGO = '2020-01-01T00:00:00Z'

let world: World
let ada: User

before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

type Json = Answer['json']

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask(method, path, { token: ada.token, body, headers })
const asService = (method: string, path: string, body?: unknown): Promise<Answer> =>
  world.ask(method, path, { body, headers: { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id } })

/** Executes a write. @returns its X-Change-Id */
async function done(asked: Promise<Answer>): Promise<string> {
  const answer = await asked
  assert.ok(answer.status < 300, answer.text)
  return answer.headers.get('x-change-id') ?? assert.fail('no X-Change-Id')
}
const patch = (id: string, fields: object): Promise<string> => done(ask('PATCH', `${TASKS}/${id}`, fields))
const newTask = async (fields: object = {}): Promise<Json> => (await ask('POST', TASKS, { title: 'x', ...fields })).json
const taskOf = async (id: string): Promise<Json> => (await ask('GET', `${TASKS}/${id}`)).json

const undo = (id: string, query = ''): Promise<Answer> => ask('POST', `${HISTORY}/${id}/undo${query}`)
const undoTime = (body: object, query = ''): Promise<Answer> => ask('POST', `${HISTORY}/undo${query}`, body)
async function undone(asked: Promise<Answer>): Promise<Json> {
  const answer = await asked
  assert.equal(answer.status, 200, answer.text)
  assert.equal(answer.headers.get('x-change-id'), answer.json.id)
  assert.deepEqual((await ask('GET', `${HISTORY}/${answer.json.id}`)).json, answer.json)
  return answer.json
}
/** @returns the answer, of which all but `skipped` is the entry */
async function undoneOfTime(body: object): Promise<Json> {
  const answer = await undoTime(body)
  assert.equal(answer.status, 200, answer.text)
  const { skipped: _skipped, ...entry } = answer.json
  assert.deepEqual(await entryOf(answer.json.id), entry)
  return answer.json
}
const entryOf = async (id: string): Promise<Json> => (await ask('GET', `${HISTORY}/${id}`)).json

/** All tasks without what every change increments. */
async function contents(): Promise<Map<string, Json>> {
  const tasks: Json[] = (await ask('GET', TASKS)).json
  return new Map(
    tasks
      .map(({ version: _version, updatedAt: _updatedAt, ...task }: Json) => [task.id, task] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** Everything that the database has of the user. */
const everything = (): Promise<unknown> =>
  world.asOwner(async (client) =>
    Promise.all(
      ['tasks', 'changes', 'undos', 'idempotency_keys'].map(
        async (table) =>
          (await client.query(`select to_jsonb(t) as row from ${table} t where user_id = $1 order by 1`, [ada.id]))
            .rows,
      ),
    ),
  )

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.json.code], [status, code], answer.text)
}

/** Asserts a conflict of one field, and that nothing was changed. */
async function assertConflict(
  asked: () => Promise<Answer>,
  id: string,
  field: string | null,
  by: string,
): Promise<void> {
  const before = await everything()
  const answer = await asked()
  assertRefused(answer, 409, 'undo_conflict')
  const { type, id: of, field: named, change } = answer.json.conflicts[0]
  const { at, actor, operation } = await entryOf(by)
  assert.deepEqual([type, of, named, change], ['task', id, field, { id: by, at, actor, operation }])
  assert.ok(answer.json.detail.includes(id) && answer.json.detail.includes(by))
  assert.deepEqual(await everything(), before)
}

suite('POST /api/history/{id}/undo', () => {
  test('sets back just the fields that the change set, and later changes of other fields stay', async () => {
    ada = await world.signUp('Ada')
    const due = '2026-12-24T18:00:00.5Z'
    const task = await newTask({ title: 'Milk', description: 'Oat', tags: ['home'], dueDate: due, priority: 'LOW' })
    const change = await patch(task.id, { title: 'Bread', description: null, tags: [], dueDate: null })
    await patch(task.id, { priority: 'HIGH' })
    const entry = await undone(undo(change))
    const now = await taskOf(task.id)
    assert.deepEqual({ ...task, priority: 'HIGH', version: 4, updatedAt: now.updatedAt }, now)
    assert.ok(now.updatedAt >= task.updatedAt)
    assert.deepEqual([entry.operation, entry.undoes, entry.undoneBy], ['undoChange', [change], null])
    assert.deepEqual(entry.changes[0].after, {
      title: 'Milk',
      description: 'Oat',
      tags: ['home'],
      dueDate: task.dueDate,
    })
    assert.equal((await entryOf(change)).undoneBy, entry.id)
  })

  test('can be undone, and done and undone again, as often as wanted', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask({ title: 'a' })
    const change = await patch(id, { title: 'b' })
    let last = change
    const undos: string[] = []
    for (let time = 1; time <= 5; time++) {
      last = (await undone(undo(last))).id
      undos.push(last)
      assert.equal((await taskOf(id)).title, time % 2 === 1 ? 'a' : 'b')
      assert.equal((await entryOf(change)).undoneBy, time % 2 === 1 ? undos[0] : null)
    }
    // The change is undone, by the first undo, which is in effect again.
    assert.equal((await entryOf(undos[0] ?? '')).undoneBy, null)
    await undone(undo(last))
    const again = await undone(undo(change))
    assert.deepEqual([again.undoes, (await taskOf(id)).title], [[change], 'a'])
    assert.equal((await entryOf(change)).undoneBy, again.id)
  })

  test('of a creation puts the task into the trash, and of that restores it', async () => {
    ada = await world.signUp('Ada')
    const created = await ask('POST', TASKS, { title: 'x', description: 'y', status: 'COMPLETED' })
    const { id } = created.json
    const start = await contents()
    const entry = await undone(undo(await done(Promise.resolve(created))))
    assert.deepEqual(
      entry.changes.map(({ op }: Json) => op),
      ['delete'],
    )
    assert.deepEqual((await contents()).size, 0)
    assert.equal((await ask('GET', `/api/trash/${id}`)).status, 200)
    await undone(undo(entry.id))
    assert.deepEqual(await contents(), start)
    assert.equal((await taskOf(id)).version, 2)
  })

  test('of a deletion restores the task, also one that was completed, with its times', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask({ tags: ['a'] })
    await done(ask('PATCH', `${TASKS}/${id}/complete`))
    const start = await contents()
    const change = await done(ask('DELETE', `${TASKS}/${id}`))
    await undone(undo(change))
    assert.deepEqual(await contents(), start)
    assertRefused(await ask('GET', `/api/trash/${id}`), 404, 'not_found')
  })

  test('of a completion clears completedAt, and of a reopening gives the earlier one back', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    const completion = await done(ask('PATCH', `${TASKS}/${id}/complete`))
    const { completedAt } = await taskOf(id)
    const reopening = await done(ask('PATCH', `${TASKS}/${id}/complete`))
    await undone(undo(reopening))
    assert.equal((await taskOf(id)).completedAt, completedAt)
    await undone(undo(completion))
    const { status, completedAt: none } = await taskOf(id)
    assert.deepEqual([status, none], ['TODO', null])
  })

  test('of a batch takes back all of it in reverse order, of one task several times too', async () => {
    ada = await world.signUp('Ada')
    const [a, b] = [await newTask({ title: 'a' }), await newTask({ title: 'b' })]
    const start = await contents()
    const fresh = randomUUID()
    const operations = [
      { op: 'update', id: a.id, patch: { title: 'a2' } },
      { op: 'update', id: a.id, patch: { title: 'a3', priority: 'LOW' } },
      { op: 'create', task: { id: fresh, title: 'c' } },
      { op: 'update', id: fresh, patch: { title: 'c2' } },
      { op: 'delete', id: b.id },
      { op: 'create', task: { id: b.id, title: 'another b' } },
      { op: 'delete', id: a.id },
    ]
    const change = await done(ask('POST', `${TASKS}/batch`, { operations }))
    const end = await contents()
    const entry = await undone(undo(change))
    assert.deepEqual(await contents(), start)
    await undone(undo(entry.id))
    assert.deepEqual(await contents(), end)
  })

  test('of a bulk deletion restores all of the tasks, in few statements', async () => {
    ada = await world.signUp('Ada')
    await world.asOwner((client) =>
      client.query(
        `insert into tasks (id, user_id, title) select gen_random_uuid(), $1, n from generate_series(1, 1000) n`,
        [ada.id],
      ),
    )
    const start = await contents()
    const change = await done(ask('POST', `${TASKS}/bulk-delete`, { ids: [...start.keys()] }))
    const entry = await undone(undo(change))
    assert.deepEqual([entry.changeCount, entry.changes.length], [1000, 1000])
    assert.deepEqual(await contents(), start)
  })

  test('is 409 undo_conflict if a later change set the field, and names the task, the field and that change', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask({ title: 'a' })
    const change = await patch(id, { title: 'b', priority: 'HIGH' })
    const later = await done(asService('PATCH', `${TASKS}/${id}`, { title: 'c' }))
    await patch(id, { priority: 'HIGH', description: 'not in the way' })
    await assertConflict(() => undo(change), id, 'title', later)
    // Of a batch, one field of one task is enough.
    const other = await newTask()
    const operations = [
      { op: 'update', id: other.id, patch: { title: 'y' } },
      { op: 'update', id, patch: { title: 'd' } },
    ]
    const batch = await done(ask('POST', `${TASKS}/batch`, { operations }))
    const latest = await patch(id, { title: 'e' })
    await assertConflict(() => undo(batch), id, 'title', latest)
  })

  test('is possible if the field was changed and changed back, because nothing is lost', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask({ title: 'a' })
    const change = await patch(id, { title: 'b' })
    await patch(id, { title: 'c' })
    await patch(id, { title: 'b' })
    await undone(undo(change))
    assert.equal((await taskOf(id)).title, 'a')
  })

  test('of a creation is a conflict if any field was changed, or the task was deleted', async () => {
    ada = await world.signUp('Ada')
    const created = await ask('POST', TASKS, { title: 'x' })
    const [creation, { id }] = [await done(Promise.resolve(created)), created.json]
    const later = await patch(id, { description: 'y' })
    await assertConflict(() => undo(creation), id, 'description', later)
    const deletion = await done(ask('DELETE', `${TASKS}/${id}`))
    await assertConflict(() => undo(creation), id, null, deletion)
    await assertConflict(() => undo(later), id, null, deletion)
  })

  test('of a deletion is a conflict if the task exists again', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    const deletion = await done(ask('DELETE', `${TASKS}/${id}`))
    const again = await done(ask('POST', TASKS, { id, title: 'y' }))
    await assertConflict(() => undo(deletion), id, null, again)
    const undoOfAgain = await undone(undo(again))
    const { createdAt } = undoOfAgain.changes[0].before
    await undone(undo(deletion))
    assert.equal((await taskOf(id)).title, 'x')
    assert.ok((await taskOf(id)).createdAt <= createdAt)
  })

  test('of something that is undone already is a conflict that names the undo', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask({ title: 'a' })
    const change = await patch(id, { title: 'b' })
    const { id: by } = await undone(undo(change))
    await assertConflict(() => undo(change), id, 'title', by)
  })

  test('twice at once is done once: one is 200, and the other 409', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask({ title: 'a' })
    const change = await patch(id, { title: 'b' })
    const answers = await Promise.all([undo(change), undo(change), undo(change)])
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((x, y) => x - y),
      [200, 409, 409],
    )
    assert.equal((await taskOf(id)).title, 'a')
  })

  test('of a change that had no effect in the end is 204, and makes no entry', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    const operations = [
      { op: 'complete', id },
      { op: 'complete', id },
    ]
    const change = await done(ask('POST', `${TASKS}/batch`, { operations }))
    const before = await everything()
    const answer = await undo(change)
    assert.deepEqual([answer.status, answer.text, answer.headers.get('x-change-id')], [204, '', null])
    assert.ok(answer.headers.has('x-sync-cursor'))
    assert.deepEqual(await everything(), before)
  })

  test('of what was deleted for good is 409 cannot_be_undone, and of its creation too', async () => {
    ada = await world.signUp('Ada')
    const created = await ask('POST', TASKS, { title: 'x' })
    const { id } = created.json
    const deletion = await done(ask('DELETE', `${TASKS}/${id}`))
    assert.equal((await ask('DELETE', `/api/trash/${id}`)).status, 204)
    for (const change of [deletion, await done(Promise.resolve(created))]) {
      const before = await everything()
      const answer = await undo(change)
      assertRefused(answer, 409, 'cannot_be_undone')
      assert.match(answer.json.detail, new RegExp(`^Nothing was undone: task ${id} was deleted for good`))
      assert.deepEqual(await everything(), before)
    }
  })

  test('of what left the trash after 30 days is 409 cannot_be_undone', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    const deletion = await done(ask('DELETE', `${TASKS}/${id}`))
    await world.asOwner((client) =>
      client.query(`update changes set at = at - interval '31 days' where user_id = $1`, [ada.id]),
    )
    const answer = await undo(deletion)
    assertRefused(answer, 409, 'cannot_be_undone')
    assert.match(answer.json.detail, /not in the trash any more/)
  })

  test('of an entry that another version or program wrote is 409 cannot_be_undone where it is not understood, or too large', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    const insert = async (seq: number, type: string, op: string, values: string, entries = 1): Promise<string> => {
      const change = randomUUID()
      await world.asOwner(async (client) => {
        await client.query('set session_replication_role = replica')
        await client.query(
          `insert into changes (user_id, seq, change_id, first_seq, at, type, entity_id, op, version, before, after)
           select $1, $2 + n, $3, $2, now(), $4, $5, $6, 2, $7, $7 from generate_series(0, $8 - 1) n`,
          [ada.id, seq, change, type, id, op, values, entries],
        )
      })
      return change
    }
    const known = '{"title": "x"}'
    for (const change of [
      await insert(2, 'project', 'update', known),
      await insert(3, 'task', 'archive', known),
      await insert(4, 'task', 'update', '{"title": "x", "colour": null}'),
      await insert(5, 'task', 'update', known, UNDONE_MAX + 1),
    ]) {
      const before = await everything()
      assertRefused(await undo(change), 409, 'cannot_be_undone')
      assert.deepEqual(await everything(), before)
    }
  })

  test('with an Idempotency-Key is executed once, and as a dry run shows its answer and changes nothing', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask({ title: 'a' })
    const change = await patch(id, { title: 'b' })
    const before = await everything()
    const dry = await undo(change, '?dryRun=true')
    assert.deepEqual(await everything(), before)
    const key = { 'idempotency-key': randomUUID() }
    const real = await ask('POST', `${HISTORY}/${change}/undo`, undefined, key)
    const again = await ask('POST', `${HISTORY}/${change}/undo`, undefined, key)
    assert.deepEqual([dry.status, real.status, again.text], [200, 200, real.text])
    assert.equal(again.headers.get('x-change-id'), real.json.id)
    const { changes, undoes, operation } = real.json
    assert.deepEqual([dry.json.changes, dry.json.undoes, dry.json.operation], [changes, undoes, operation])
    assertRefused(await undo(change, '?dryRun=true'), 409, 'undo_conflict')
  })

  test('of an unknown id, of another user’s and without a credential is refused, and a body too', async () => {
    ada = await world.signUp('Ada')
    const change = await done(ask('POST', TASKS, { title: 'x' }))
    assertRefused(await undo(randomUUID()), 404, 'not_found')
    assertRefused(await undo('x'), 422, 'invalid_input')
    assertRefused(await undo(change, '?x=1'), 422, 'invalid_input')
    assertRefused(await world.ask('POST', `${HISTORY}/${change}/undo`), 401, 'unauthenticated')
    assert.ok((await ask('POST', `${HISTORY}/${change}/undo`, { force: true })).status >= 400)
    ada = await world.signUp('Ben')
    assertRefused(await undo(change), 404, 'not_found')
  })

  test('is followed by clients like any other change', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask({ title: 'a' })
    const change = await patch(id, { title: 'b' })
    const cursor = (await ask('GET', TASKS)).headers.get('x-sync-cursor')
    const answer = await undo(change)
    const { json } = await ask('GET', `/api/changes?cursor=${cursor}`)
    assert.deepEqual([json.length, json[0].data], [1, await taskOf(id)])
    assert.equal(answer.headers.get('x-sync-cursor')?.split('.')[0], String(json[0].seq))
  })
})

suite('POST /api/history/undo', () => {
  const SERVICE = { kind: 'service' }

  test('takes back all that an actor did, and leaves what others did', async () => {
    ada = await world.signUp('Ada')
    const [a, b] = [await newTask({ title: 'a' }), await newTask({ title: 'b' })]
    await asService('PATCH', `${TASKS}/${a.id}`, { title: 'a2' })
    await asService('PATCH', `${TASKS}/${a.id}`, { title: 'a3' })
    await patch(a.id, { description: 'mine' })
    await asService('POST', TASKS, { title: 'spam' })
    await asService('DELETE', `${TASKS}/${b.id}`)
    const entries: Json[] = (await ask('GET', `${HISTORY}?actor=service`)).json
    const { name } = entries[0].actor
    const dry = await undoTime({ actor: { kind: 'service', name }, since: LONG_AGO }, '?dryRun=true')
    const entry = await undone(undoTime({ actor: { kind: 'service', name }, since: LONG_AGO }))
    assert.deepEqual(new Set(entry.undoes), new Set(entries.map(({ id }) => id)))
    assert.deepEqual(dry.json.changes.length, entry.changes.length)
    assert.equal(entry.operation, 'undoChanges')
    assert.deepEqual(
      new Map([...(await contents()).values()].map(({ title, description }) => [title, description])),
      new Map([
        ['a', 'mine'],
        ['b', null],
      ]),
    )
    // One change of each task, however many are taken back.
    assert.equal(entry.changeCount, 3)
    assert.equal((await undoTime({ actor: SERVICE, since: LONG_AGO })).status, 204)
    const back = await undone(undo(entry.id))
    assert.deepEqual(new Set([...(await contents()).values()].map(({ title }) => title)), new Set(['a3', 'spam']))
    assert.deepEqual(back.undoes, [entry.id])
    assert.equal((await entryOf(entries[0].id)).undoneBy, null)
  })

  test('conflicts with later changes of others alone, and then changes nothing', async () => {
    ada = await world.signUp('Ada')
    const [a, b] = [await newTask({ title: 'a' }), await newTask({ title: 'b' })]
    await asService('PATCH', `${TASKS}/${a.id}`, { title: 'a2' })
    await asService('PATCH', `${TASKS}/${b.id}`, { title: 'b2' })
    const mine = await patch(b.id, { title: 'b3' })
    await asService('PATCH', `${TASKS}/${a.id}`, { title: 'a3' })
    await assertConflict(() => undoTime({ actor: SERVICE, since: LONG_AGO }), b.id, 'title', mine)
    await undone(undoTime({ since: LONG_AGO }))
    assert.equal((await contents()).size, 0)
  })

  test('leaves out what is undone, and takes undos of the same actor back together with what they undid', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask({ title: 'a' })
    const first = await done(asService('PATCH', `${TASKS}/${id}`, { title: 'b' }))
    await undone(undo(first))
    assert.equal((await undoTime({ actor: SERVICE, since: LONG_AGO })).status, 204)
    const second = await done(asService('PATCH', `${TASKS}/${id}`, { priority: 'HIGH' }))
    await done(asService('POST', `${HISTORY}/${second}/undo`))
    const third = await done(asService('PATCH', `${TASKS}/${id}`, { description: 'c' }))
    const entry = await undone(undoTime({ actor: SERVICE, since: LONG_AGO }))
    assert.equal(entry.undoes.length, 3)
    assert.ok(entry.undoes.includes(third) && entry.undoes.includes(second) && !entry.undoes.includes(first))
    const { title, priority, description } = await taskOf(id)
    assert.deepEqual([title, priority, description], ['a', 'MEDIUM', null])
  })

  test('takes back what lies in the time, of which the beginning counts and the end does not', async () => {
    ada = await world.signUp('Ada')
    const tasks = [await newTask({ title: '1' }), await newTask({ title: '2' }), await newTask({ title: '3' })]
    await world.asOwner((client) =>
      client.query(
        `update changes set at = '2026-01-01T10:00:00Z'::timestamptz + seq * interval '1 hour' where user_id = $1`,
        [ada.id],
      ),
    )
    assert.equal((await undoTime({ since: '2026-01-01T14:00:00Z' })).status, 204)
    await undone(undoTime({ since: '2026-01-01T12:00:00Z', until: '2026-01-01T13:00:00Z' }))
    assert.deepEqual(new Set((await contents()).keys()), new Set([tasks[0].id, tasks[2].id]))
  })

  test('refuses more changes than one undo takes, and says with which time to begin', async () => {
    ada = await world.signUp('Ada')
    const create = (count: number): Promise<unknown> =>
      world.asOwner((client) =>
        client.query(
          `insert into tasks (id, user_id, title) select gen_random_uuid(), $1, 'x' from generate_series(1, $2::int)`,
          [ada.id, count],
        ),
      )
    await create(600)
    await create(600)
    const before = await everything()
    const answer = await undoTime({ since: LONG_AGO })
    assertRefused(answer, 422, 'invalid_input')
    assert.equal(answer.json.errors[0].pointer, '/since')
    assert.deepEqual(await everything(), before)
    const { since } = answer.json
    assert.ok(answer.json.detail.includes(`"since": "${since}"`))
    assert.equal((await undone(undoTime({ since }))).changeCount, 600)
    assert.equal((await undone(undoTime({ since: LONG_AGO, until: since }))).changeCount, 600)
    assert.equal((await contents()).size, 0)
  })

  test('with skipConflicts takes back what can be taken back, and names the rest with whose change is in the way', async () => {
    ada = await world.signUp('Ada')
    const [a, b] = [await newTask({ title: 'a' }), await newTask({ title: 'b' })]
    const both = { title: 'robot', priority: 'HIGH' }
    const batch = await asService('POST', `${TASKS}/batch`, {
      operations: [
        { op: 'update', id: a.id, patch: both },
        { op: 'update', id: b.id, patch: both },
        { op: 'create', task: { title: 'spam' } },
        { op: 'create', task: { title: 'useful' } },
      ],
    })
    assert.equal(batch.status, 200, batch.text)
    const useful = batch.json.results.at(-1).task.id
    const mine = await patch(b.id, { title: 'mine' })
    const also = await patch(useful, { tags: ['keep'] })
    const body = { actor: SERVICE, since: LONG_AGO, skipConflicts: true }
    const dry = await undoTime(body, '?dryRun=true')
    const { skipped, ...entry } = await undoneOfTime(body)
    assert.deepEqual(dry.json.skipped, skipped)
    assert.deepEqual(
      new Map(skipped.map(({ id, field, change }: Json) => [id, [field, change.id]])),
      new Map([
        [b.id, ['title', mine]],
        [useful, ['tags', also]],
      ]),
    )
    assert.deepEqual(
      new Set([...(await contents()).values()].map(({ title, priority, tags }) => `${title} ${priority} ${tags}`)),
      new Set(['a MEDIUM ', 'mine MEDIUM ', 'useful MEDIUM keep']),
    )
    assert.deepEqual(entry.undoes, [], 'a request of which something stays is not undone')

    const again = await undoTime(body)
    assertRefused(again, 409, 'undo_conflict')
    // What was set back is no conflict with its undo.
    assert.deepEqual(again.json.conflicts, skipped)
    await undone(undo(entry.id))
    assert.equal((await taskOf(a.id)).title, 'robot')
  })

  test('with skipConflicts leaves what cannot be restored, and a task that the user has deleted', async () => {
    ada = await world.signUp('Ada')
    const [kept, lost, dropped] = [await newTask(), await newTask(), await newTask()]
    await asService('DELETE', `${TASKS}/${kept.id}`)
    await asService('DELETE', `${TASKS}/${lost.id}`)
    await asService('PATCH', `${TASKS}/${dropped.id}`, { title: 'robot' })
    const created = await asService('POST', TASKS, { title: 'spam' })
    assert.equal((await ask('DELETE', `/api/trash/${lost.id}`)).status, 204)
    const mine = await done(ask('DELETE', `${TASKS}/${dropped.id}`))
    await done(ask('DELETE', `${TASKS}/${created.json.id}`))
    const body = { actor: SERVICE, since: LONG_AGO, skipConflicts: true }
    const { skipped, undoes } = await undoneOfTime(body)
    assert.deepEqual(
      new Map(skipped.map(({ id, field, change }: Json) => [id, [field, change?.id ?? null]])),
      new Map([
        [lost.id, [null, null]],
        [dropped.id, [null, mine]],
      ]),
    )
    assert.equal(undoes.length, 2, 'the task that the service created is not there, as before it')
    assert.deepEqual([...(await contents()).keys()], [kept.id])
    assert.equal((await undoTime({ actor: { kind: 'job' }, since: LONG_AGO, skipConflicts: true })).status, 204)
  })

  test('with skipConflicts and without conflicts is like one without it', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask({ title: 'a' })
    await asService('PATCH', `${TASKS}/${id}`, { title: 'b' })
    await asService('DELETE', `${TASKS}/${id}`)
    const { skipped, undoes } = await undoneOfTime({ actor: SERVICE, since: LONG_AGO, skipConflicts: true })
    assert.deepEqual([skipped, undoes.length], [[], 2])
    assert.equal((await taskOf(id)).title, 'a')
    assert.equal((await undoTime({ actor: SERVICE, since: LONG_AGO, skipConflicts: true })).status, 204)
  })

  test('looks at a bounded number of requests', async () => {
    ada = await world.signUp('Ada')
    await world.asOwner(async (client) => {
      await client.query('set session_replication_role = replica')
      await client.query(
        `insert into changes (user_id, seq, change_id, first_seq, at, type, entity_id, op, version, before, after)
         select $1, n, gen_random_uuid(), n, now() - interval '1 hour', 'task', gen_random_uuid(), 'update', 1, '{}', '{}'
         from generate_series(1, $2::int) n`,
        [ada.id, UNDO_SCANNED_MAX + 1],
      )
    })
    const answer = await undoTime({ actor: SERVICE, since: LONG_AGO })
    assertRefused(answer, 422, 'invalid_input')
    assert.match(answer.json.detail, /more than 10000 requests/)
    // All were made at once, so no later time has fewer of them, but none of these either.
    assert.equal((await undoTime({ actor: SERVICE, since: answer.json.since })).status, 204)
  })

  for (const [what, body, pointer] of [
    ['no time', {}, '/since'],
    ['a day for a time', { since: '2026-01-01' }, '/since'],
    ['an end before its beginning', { since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }, '/until'],
    ['an end that is its beginning', { since: LONG_AGO, until: LONG_AGO }, '/until'],
    ['null for the end', { since: LONG_AGO, until: null }, '/until'],
    ['an actor that is a text', { since: LONG_AGO, actor: 'service' }, '/actor'],
    ['an actor without a kind', { since: LONG_AGO, actor: { name: 'agent' } }, '/actor/kind'],
    ['an unknown kind of actor', { since: LONG_AGO, actor: { kind: 'robot' } }, '/actor/kind'],
    ['an empty name', { since: LONG_AGO, actor: { kind: 'service', name: '' } }, '/actor/name'],
    ['a text for a flag', { since: LONG_AGO, skipConflicts: 'true' }, '/skipConflicts'],
    ['an unknown field', { since: LONG_AGO, force: true }, '/force'],
  ] as const) {
    test(`with ${what} is 422`, async () => {
      ada = await world.signUp('Ada')
      const answer = await undoTime(body)
      assertRefused(answer, 422, 'invalid_input')
      assert.equal(answer.json.errors[0].pointer, pointer)
    })
  }

  test('without a credential is 401, and with a body that is no JSON 400', async () => {
    assertRefused(await world.ask('POST', `${HISTORY}/undo`, { body: { since: LONG_AGO } }), 401, 'unauthenticated')
    assertRefused(await world.ask('POST', `${HISTORY}/undo`, { token: ada.token, raw: '{' }), 400, 'invalid_json')
  })
})
