import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { after, before, beforeEach, suite, test } from 'node:test'
import { DatabaseError } from 'pg'
import { needsServer } from '../../test/databases.ts'
import { openWorld, untilServed, type Answer, type User, type World } from '../../test/world.ts'
import { openScopes } from '../db/scopes.ts'
import type { Statement } from '../db/wire/statement.ts'
import { runJobs } from '../jobs.ts'
import { servicePrincipal } from '../principal.ts'
import { trashJobs } from './jobs.ts'
import { TRASH_DAYS } from './schema.ts'

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
const trash = async (): Promise<string[]> => (await ask('GET', '/trash')).json.map(({ id }: Json) => id)
const refuses = (answer: Answer, status: number, code: string): void =>
  assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text)

const query = (text: string, values: readonly unknown[] = []): Promise<Json[]> =>
  world.asOwner(async (client) => (await client.query(text, [...values])).rows)
/** The entries of a task, or of all of the user's. */
const logOf = (id: string | null = null): Promise<Json[]> =>
  query(
    `select seq::int, op, version, actor_kind as actor, operation, before, after, in_trash as "inTrash" from changes
     where user_id = $1 and ($2::uuid is null or entity_id = $2) order by changes.seq`,
    [ada.id, id],
  )
const hasContent = ({ before, after, inTrash }: Json): boolean => before !== null || after !== null || inTrash
const brief = (log: Json[]): unknown => log.map(({ seq, op, version }) => [seq, op, version])

/** Runs background work until no job of the user is left. */
async function workOff(): Promise<void> {
  // A machine that stops for seconds lets an attempt fail, and the next ones come after up to 5, 10, 20 and 40 s.
  const giveUpAt = performance.now() + 120_000
  await using _runner = await runJobs(world.deps)
  while ((await query('select from jobs where for_user = $1', [ada.id])).length > 0) {
    assert.ok(performance.now() < giveUpAt, 'jobs are left')
    await delay(20)
  }
}

suite('what is deleted for good', () => {
  const WAYS: Readonly<Record<string, (id: string) => Promise<Answer>>> = {
    'from the trash': async (id) => {
      await ask('DELETE', `/tasks/${id}`)
      return await ask('DELETE', `/trash/${id.toUpperCase()}`)
    },
    'with the whole trash': async (id) => {
      await ask('DELETE', `/tasks/${id}`)
      return await ask('DELETE', '/trash')
    },
    'with permanent=true': (id) => ask('DELETE', `/tasks/${id}?permanent=true`),
    'with permanent=true and a key': (id) =>
      ask('DELETE', `/tasks/${id}?permanent=true`, undefined, { 'idempotency-key': randomUUID() }),
    'with a bulk deletion': (id) => ask('POST', '/tasks/bulk-delete', { ids: [id, randomUUID()], permanent: true }),
    'with a batch': (id) => ask('POST', '/tasks/batch', { operations: [{ op: 'delete', id, permanent: true }] }),
  }
  for (const [how, erase] of Object.entries(WAYS)) {
    test(`${how} leaves neither trash nor content, and the log says that it existed`, async () => {
      const other = await newTrashed({ title: 'other' })
      await ask('POST', `/trash/${other.id}/restore`)
      const { id } = await newTask({ title: 'canary-7 title', tags: ['canary-7 tag'] })
      await ask('PATCH', `/tasks/${id}`, { description: 'canary-7 text' })
      await ask('PATCH', `/tasks/${id}`, { description: null })
      const others = await logOf(other.id)
      const { status, text } = await erase(id)
      assert.ok(status < 300, text)
      assert.deepEqual(await trash(), [])
      refuses(await ask('GET', `/trash/${id}`), 404, 'not_found')
      refuses(await ask('POST', `/trash/${id}/restore`), 404, 'not_found')
      refuses(await ask('GET', `/tasks/${id}`), 404, 'not_found')
      const log = await logOf(id)
      assert.deepEqual(brief(log), [
        [4, 'create', 1],
        [5, 'update', 2],
        [6, 'update', 3],
        [7, 'delete', 3],
      ])
      assert.deepEqual(log.filter(hasContent), [])
      assert.deepEqual(new Set(log.map(({ actor }) => actor)), new Set(['session']))
      const [{ everything }] = await query('select string_agg(c::text, $1) as everything from changes c', [' '])
      assert.ok(!everything.includes('canary-7'))
      assert.deepEqual(await logOf(other.id), others, 'another task is not touched')
      // Its id can be used again, and versions go on.
      assert.equal((await ask('POST', '/tasks', { id, title: 'again' })).json.version, 4)
      refuses(await ask('DELETE', `/trash/${id}`), 404, 'not_found')
      await ask('DELETE', `/tasks/${id}`)
      assert.deepEqual(await trash(), [id])
    })
  }

  test('with permanent=true has to be there, at its version', async () => {
    const { id } = await newTask()
    const erase = (version: string): Promise<Answer> =>
      ask('DELETE', `/tasks/${id}?permanent=true`, undefined, { 'if-match': `"${version}"` })
    refuses(await erase('2'), 412, 'precondition_failed')
    assert.equal((await ask('GET', `/tasks/${id}`)).status, 200)
    assert.equal((await erase('1')).status, 204)
    refuses(await erase('1'), 404, 'not_found')
    const trashed = await newTrashed()
    refuses(await ask('DELETE', `/tasks/${trashed.id}?permanent=true`), 404, 'not_found')
    assert.deepEqual(await trash(), [trashed.id])
  })

  test('has a strict parameter, and permanent=false means the trash', async () => {
    const { id } = await newTask()
    for (const value of ['1', 'yes', 'TRUE', '']) {
      refuses(await ask('DELETE', `/tasks/${id}?permanent=${value}`), 422, 'invalid_input')
    }
    refuses(await ask('POST', '/tasks/bulk-delete', { ids: [id], permanent: 'true' }), 422, 'invalid_input')
    refuses(
      await ask('POST', '/tasks/batch', { operations: [{ op: 'delete', id, permanent: null }] }),
      422,
      'invalid_input',
    )
    const [second, third] = [await newTask(), await newTask()]
    await ask('DELETE', `/tasks/${id}?permanent=false`)
    await ask('POST', '/tasks/bulk-delete', { ids: [second.id], permanent: false })
    await ask('POST', '/tasks/batch', { operations: [{ op: 'delete', id: third.id, permanent: false }] })
    assert.deepEqual(await trash(), [third.id, second.id, id])
  })

  test('in a batch is only what says so, and what the batch then creates again with the same id has its content', async () => {
    const [kept, gone] = [await newTask(), await newTask()]
    const { status, json } = await ask('POST', '/tasks/batch', {
      operations: [
        { op: 'delete', id: kept.id },
        { op: 'delete', id: gone.id, permanent: true },
        { op: 'put', id: gone.id, task: { title: 'again' } },
      ],
    })
    assert.deepEqual([status, json.results.map((result: Json) => result.status)], [200, [204, 204, 201]])
    assert.deepEqual(await trash(), [kept.id])
    assert.deepEqual((await logOf(gone.id)).map(hasContent), [false, false, true])
  })

  test('twice at once is deleted once', async () => {
    const { id } = await newTrashed()
    const answers = await Promise.all([ask('DELETE', `/trash/${id}`), ask('DELETE', `/trash/${id}`)])
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [204, 404],
    )
  })

  test('with a history longer than a transaction erases is out of the trash at once, and a job erases the rest', async () => {
    const { id } = await newTrashed()
    const updates = 25_000
    await query(`update changes set seq = seq + $2, first_seq = first_seq + $2 where user_id = $1 and op = 'delete'`, [
      ada.id,
      updates,
    ])
    await query(
      `insert into changes (user_id, seq, change_id, first_seq, at, type, entity_id, op, version, before, after)
       select $1, n + 1, gen_random_uuid(), n + 1, now(), 'task', $2, 'update', 1, '{"title": "x"}', '{"title": "y"}'
       from generate_series(1, $3::int) n`,
      [ada.id, id, updates],
    )
    assert.equal((await ask('DELETE', `/trash/${id}`)).status, 204)
    assert.deepEqual(await trash(), [])
    const rest = (await logOf(id)).filter(hasContent)
    assert.deepEqual([rest.length, rest.at(-1).seq, rest.at(-1).op], [15_002, 15_002, 'update'])
    // The id is used again before the job runs: its new life is not touched.
    await ask('POST', '/tasks', { id, title: 'again' })
    await workOff()
    assert.deepEqual(
      (await logOf(id)).filter(hasContent).map(({ seq, op }) => [seq, op]),
      [[25_003, 'create']],
    )
  })
})

suite('a large trash', () => {
  const fill = (items: number): Promise<unknown> =>
    query(
      `insert into tasks (id, user_id, title) select gen_random_uuid(), $1, 'Trashed ' || n from generate_series(1, $2::int) n`,
      [ada.id, items],
    ).then(() => query('delete from tasks where user_id = $1', [ada.id]))

  test('of at most 1000 items is emptied by the request', async () => {
    await fill(1000)
    assert.equal((await ask('DELETE', '/trash')).status, 204)
    assert.deepEqual((await logOf()).filter(hasContent), [])
    assert.deepEqual(await query('select from jobs where for_user = $1', [ada.id]), [])
    assert.equal((await ask('DELETE', '/trash')).status, 204, 'an empty one too')
  })

  test('of more is emptied in the background, without what is deleted later', async () => {
    // Their seqs have four and five digits.
    await fill(5100)
    const { status, text, headers } = await untilServed(() => ask('DELETE', '/trash'))
    assert.deepEqual([status, text, headers.get('content-type')], [202, '', null], 'the document says: without a body')
    assert.equal((await logOf()).filter(({ inTrash }) => inTrash).length, 4100)
    const later = await newTrashed({ title: 'later' })
    await workOff()
    assert.deepEqual(await trash(), [later.id])
    assert.deepEqual((await logOf()).filter(hasContent), await logOf(later.id))
  })

  test('can be deleted with its user', async () => {
    await fill(1100)
    assert.equal((await untilServed(() => ask('DELETE', '/trash'))).status, 202)
    await world.deps.db.asSystem('test', (sql) =>
      sql.rows({ name: '', text: 'delete from users where id = $1' }, [ada.id]),
    )
    assert.deepEqual(await logOf(), [])
    assert.deepEqual(await query('select from jobs where for_user = $1', [ada.id]), [])
  })
})

suite('after 30 days', () => {
  const age = (id: string, days: number): Promise<unknown> =>
    query(`update changes set at = at - $2 * interval '1 day' where entity_id = $1`, [id, days])
  const expire = async (db = world.deps.db): Promise<void> => {
    const kind = trashJobs(db).find(({ name }) => name === 'expire-trash')
    const { signal } = new AbortController()
    await kind?.run({ id: randomUUID(), reference: {}, attempts: 1, signal, stopping: signal, principal: undefined })
  }

  test('the content of what is in the trash is deleted for good, of all users', async () => {
    const users: User[] = []
    const expired: string[] = []
    const young: string[] = []
    for (let n = 0; n < 3; n++) {
      users.push((ada = await world.signUp('Ada')))
      const [old, older, recent, restored] = [
        await newTrashed(),
        await newTrashed(),
        await newTrashed(),
        await newTrashed(),
      ]
      await ask('POST', `/trash/${restored.id}/restore`)
      await age(older.id, 40)
      await age(old.id, 30.01)
      await age(restored.id, 40)
      await age(recent.id, 29.99)
      expired.push(old.id, older.id)
      young.push(recent.id, restored.id)
    }
    await expire()
    for (ada of users) {
      const contents = new Map<string, boolean>()
      for (const id of [...expired, ...young]) contents.set(id, (await logOf(id)).some(hasContent))
      assert.ok(expired.every((id) => contents.get(id) === false))
      assert.equal(young.filter((id) => contents.get(id) === true).length, 2)
    }
  })

  test('a batch of items after the other is deleted', async () => {
    await query(
      `insert into tasks (id, user_id, title) select gen_random_uuid(), $1, 'x' from generate_series(1, 2100)`,
      [ada.id],
    )
    await query('delete from tasks where user_id = $1', [ada.id])
    await query(`update changes set at = at - interval '31 days' where user_id = $1`, [ada.id])
    await expire()
    assert.deepEqual((await logOf()).filter(hasContent), [])
  })

  test('has more time for a transaction than a request', { skip: needsServer }, async () => {
    const old = await newTrashed()
    await age(old.id, 31)
    const { pool, roles } = world.deps.db
    const hurried = openScopes(pool, roles, { timeBudget: () => ({ leftMs: 300, acquireMs: 300 }) })
    const lock = (call: string): string => `select ${call}(hashtextextended('${ada.id}', 8))`
    await world.asOwner(async (client) => {
      await client.query(lock('pg_advisory_lock'))
      const expiring = expire({ ...world.deps.db, ...hurried })
      await delay(600)
      await client.query(lock('pg_advisory_unlock'))
      await expiring
    })
    assert.deepEqual((await logOf(old.id)).filter(hasContent), [])
  })

  test('is written once in the code and once in the migration, with the same number', () => {
    const migration = readFileSync(new URL('../../migrations/0010_trash.up.sql', import.meta.url), 'utf8')
    const days = [...migration.matchAll(/interval '(\d+) days'/g)].map(([, number]) => Number(number))
    assert.deepEqual(days, [TRASH_DAYS])
  })
})

suite('the functions that erase', () => {
  const unnamed = (text: string): Statement => ({ name: '', text })
  const as = (user: User, text: string, values: readonly unknown[] = []): Promise<readonly Json[]> =>
    world.deps.db.asUser(servicePrincipal('test', user.id), (sql) => sql.rows<Json>(unnamed(text), values))
  const isDenied = (error: unknown): boolean => error instanceof DatabaseError && error.code === '42501'

  test('do nothing with another user, with a task that exists, or outside of a scope', async () => {
    const [trashed, task] = [await newTrashed(), await newTask()]
    const before = await logOf()
    const ben = await world.signUp('Ben')
    const erased = `select todo_erase('task', $1::uuid[]) as erased`
    assert.deepEqual(await as(ben, erased, [[trashed.id, task.id]]), [{ erased: 0 }])
    assert.deepEqual(await as(ada, erased, [[task.id, null]]), [{ erased: 0 }])
    assert.deepEqual(await as(ada, `select todo_erase('task', null) as erased`), [{ erased: 0 }])
    assert.deepEqual(await as(ada, `select todo_erase('project', $1::uuid[]) as erased`, [[trashed.id]]), [
      { erased: 0 },
    ])
    const outside = await world.deps.db.pool.query(erased, [[trashed.id]])
    assert.deepEqual(outside.rows, [{ erased: 0 }])
    const history = `select todo_erase_history('task', $1, $2, $3) as next`
    // The deletion was not one for good; a creation is none.
    for (const [deletedSeq, fromSeq] of [
      [2, 1],
      [1, 0],
      [3, 2],
      [2, 2],
    ]) {
      assert.deepEqual(await as(ada, history, [trashed.id, deletedSeq, fromSeq]), [{ next: null }])
    }
    assert.deepEqual(await logOf(), before)
  })

  test('are for the role that needs them, and give it no other way to the log', async () => {
    const { id } = await newTrashed()
    const before = await logOf()
    for (const text of [
      `select todo_expire_trash('')`,
      `select todo_erase_entity('${ada.id}', 'task', '${id}', 2, 10)`,
      `select todo_erase_entries('${ada.id}', 'task', '${id}', 2, 10)`,
      `update changes set before = null, after = null, in_trash = false`,
    ]) {
      // The setting of these functions does not help a role for which there is no policy.
      const work = world.deps.db.asUser(servicePrincipal('test', ada.id), async (sql) => {
        await sql.rows(unnamed(`select set_config('app.erasing', 'on', true)`))
        await sql.rows(unnamed(text))
      })
      await assert.rejects(work, isDenied, text)
    }
    const asSystem = [
      `select todo_erase('task', '{${id}}')`,
      'select before from changes',
      'update changes set before = null',
    ]
    for (const text of asSystem) {
      await assert.rejects(
        world.deps.db.asSystem('test', (sql) => sql.rows(unnamed(text))),
        isDenied,
        text,
      )
    }
    assert.deepEqual(await logOf(), before)
    assert.deepEqual(await trash(), [id])
  })
})
