import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { needsServer } from '../../test/databases.ts'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import type { Scopes } from '../db/scopes.ts'
import { purgeOfChanges } from './jobs.ts'

const CHANGES = '/api/changes'

let world: World
let ada: User

before(async () => {
  world = await openWorld({ env: { RATE_LIMIT_READ: '1000000', RATE_LIMIT_WRITE: '1000000' } })
})
after(() => world[Symbol.asyncDispose]())

type Json = Answer['json']

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask(method, path, { token: ada.token, body, headers })
const newTask = async (title = 'x'): Promise<Json> => (await ask('POST', '/api/tasks', { title })).json
const read = (cursor?: string, limit?: number): Promise<Answer> => {
  const query = new URLSearchParams({ ...(cursor !== undefined && { cursor }), ...(limit && { limit: String(limit) }) })
  return ask('GET', `${CHANGES}?${query.toString()}`)
}
const nextOf = ({ headers }: Answer): string => headers.get('x-next-cursor') ?? ''
const seqOf = (cursor: string | null): number => Number(/^(\d+)\./.exec(cursor ?? '')?.[1])
const brief = ({ json }: Answer): unknown[] => json.map(({ seq, op, id }: Json) => [seq, op, id])

/** Follows from a cursor to the end. */
async function readAll(cursor?: string, limit?: number): Promise<{ changes: Json[]; cursor: string }> {
  const changes: Json[] = []
  for (let next = cursor; ;) {
    const page = await read(next, limit)
    assert.equal(page.status, 200, page.text)
    changes.push(...page.json)
    next = nextOf(page)
    if (page.headers.get('x-has-more') === 'false') return { changes, cursor: next }
  }
}

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.json.code], [status, code], answer.text)
}

suite('GET /api/changes', () => {
  test('without a cursor gives everything that exists, page by page, each task as GET gives it', async () => {
    ada = await world.signUp('Ada')
    const tasks = [await newTask('a'), await newTask('b'), await newTask('c')]
    const pages = [await read(undefined, 2)]
    assert.equal(pages[0]?.headers.get('x-has-more'), 'true')
    assert.equal(seqOf(nextOf(pages[0])), 0)
    pages.push(await read(nextOf(pages[0]), 2))
    assert.equal(pages[1]?.headers.get('x-has-more'), 'false')
    const all = pages.flatMap(({ json }) => json)
    assert.deepEqual(
      all,
      tasks
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .map((task) => ({ seq: 3, type: 'task', id: task.id, op: 'upsert', data: task })),
    )
    assert.equal(seqOf(nextOf(pages[1])), 3)
  })

  test('of a user without anything is empty, and can be followed', async () => {
    ada = await world.signUp('Ada')
    const empty = await read()
    assert.deepEqual([empty.json, empty.headers.get('x-has-more')], [[], 'false'])
    const task = await newTask()
    assert.deepEqual(brief(await read(nextOf(empty))), [[1, 'upsert', task.id]])
  })

  test('gives each entity once, by its newest change, as it is now', async () => {
    ada = await world.signUp('Ada')
    const start = nextOf(await read())
    const [a, b, c] = [await newTask('a'), await newTask('b'), await newTask('c')]
    await ask('PATCH', `/api/tasks/${a.id}`, { title: 'a2' })
    await ask('DELETE', `/api/tasks/${b.id}`)
    const page = await read(start)
    assert.deepEqual(brief(page), [
      [3, 'upsert', c.id],
      [4, 'upsert', a.id],
      [5, 'delete', b.id],
    ])
    assert.deepEqual(page.json[1].data, (await ask('GET', `/api/tasks/${a.id}`)).json)
    assert.equal(page.json[2].data, null)
    assert.deepEqual((await read(nextOf(page))).json, [])
  })

  test('gives a page that is not full where entries are superseded, and says that there is more', async () => {
    ada = await world.signUp('Ada')
    const start = nextOf(await read())
    const { id } = await newTask()
    for (let n = 0; n < 5; n++) await ask('PATCH', `/api/tasks/${id}/complete`)
    const first = await read(start, 4)
    assert.deepEqual([first.json, first.headers.get('x-has-more')], [[], 'true'])
    const { changes } = await readAll(nextOf(first), 4)
    assert.deepEqual(
      changes.map(({ seq, id: of, data }) => [seq, of, data.version]),
      [[6, id, 6]],
    )
  })

  test('continues after an initial load with what has changed during it', async () => {
    ada = await world.signUp('Ada')
    const tasks = [await newTask('a'), await newTask('b'), await newTask('c')].toSorted((x, y) =>
      x.id < y.id ? -1 : 1,
    )
    const first = await read(undefined, 1)
    assert.equal(first.json[0].id, tasks[0].id)
    await ask('PATCH', `/api/tasks/${tasks[0].id}`, { title: 'changed behind the load' })
    await ask('DELETE', `/api/tasks/${tasks[1].id}`)
    const late = { id: '00000000-0000-4000-8000-000000000001', title: 'created behind the load' }
    await ask('POST', '/api/tasks', late)
    const { changes } = await readAll(nextOf(first), 1)
    const copy = new Map(first.json.map((change: Json) => [change.id, change.data]))
    for (const { id, op, data } of changes) {
      if (op === 'delete') copy.delete(id)
      else copy.set(id, data)
    }
    const now: Json[] = (await ask('GET', '/api/tasks')).json
    assert.deepEqual(copy, new Map(now.map((task) => [task.id, task])))
    assert.equal(copy.size, 3)
  })

  test('needs no log: tasks of before it are loaded, and their changes follow', async () => {
    ada = await world.signUp('Ada')
    const old = await newTask('old')
    await world.asOwner(async (client) => {
      await client.query('delete from changes where user_id = $1', [ada.id])
      await client.query('delete from change_logs where user_id = $1', [ada.id])
    })
    const { changes, cursor } = await readAll()
    assert.deepEqual(
      changes.map(({ seq, id }) => [seq, id]),
      [[0, old.id]],
    )
    await ask('PATCH', `/api/tasks/${old.id}`, { title: 'new' })
    assert.deepEqual(brief(await read(cursor)), [[1, 'upsert', old.id]])
  })

  for (const [what, query, status, code] of [
    ['a limit of 0', 'limit=0', 422, 'invalid_input'],
    ['a limit of 1001', 'limit=1001', 422, 'invalid_input'],
    ['a limit that is no number', 'limit=x', 422, 'invalid_input'],
    ['an unknown parameter', 'since=1', 422, 'invalid_input'],
    ['an empty cursor', 'cursor=', 400, 'invalid_cursor'],
    ['a seq for a cursor', 'cursor=1', 400, 'invalid_cursor'],
    ['a cursor of no form', 'cursor=x.y.z', 400, 'invalid_cursor'],
    ['a very long cursor', `cursor=${'1'.repeat(2000)}`, 400, 'invalid_cursor'],
  ] as const) {
    test(`with ${what} is ${status}`, async () => {
      ada = await world.signUp('Ada')
      assertRefused(await ask('GET', `${CHANGES}?${query}`), status, code)
    })
  }

  test('without a credential is 401; a cursor that was altered, or is of another user, is 400', async () => {
    ada = await world.signUp('Ada')
    await newTask()
    const cursor = nextOf(await read())
    assertRefused(await world.ask('GET', `${CHANGES}?cursor=${cursor}`), 401, 'unauthenticated')
    assertRefused(await read(cursor.replace(/^1/, '0')), 400, 'invalid_cursor')
    ada = await world.signUp('Ben')
    await newTask()
    assertRefused(await read(cursor), 400, 'invalid_cursor')
  })
})

suite('a cursor has expired, which is 410,', () => {
  /** Puts the tasks and the log of a user back to how they were. */
  async function backup(): Promise<() => Promise<void>> {
    const tables = ['tasks', 'changes', 'change_logs']
    const rows = await world.asOwner((client) =>
      Promise.all(
        tables.map(async (table) => (await client.query(`select * from ${table} where user_id = $1`, [ada.id])).rows),
      ),
    )
    return () =>
      world.asOwner(async (client) => {
        await client.query(`set session_replication_role = replica`)
        for (const [at, table] of tables.entries()) {
          await client.query(`delete from ${table} where user_id = $1`, [ada.id])
          await client.query(`insert into ${table} select * from json_populate_recordset(null::${table}, $1)`, [
            JSON.stringify(rows[at]),
          ])
        }
      })
  }

  test('when it is ahead of the log, after a backup was restored', async () => {
    ada = await world.signUp('Ada')
    await newTask()
    const restore = await backup()
    await newTask()
    const cursor = nextOf(await read())
    await restore()
    const answer = await read(cursor)
    assertRefused(answer, 410, 'cursor_expired')
    assert.equal((await read()).json.length, 1)
  })

  test('when the log has that seq again, by another change than the client has seen', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    const restore = await backup()
    await newTask()
    const cursor = nextOf(await read())
    await restore()
    await ask('PATCH', `/api/tasks/${id}/complete`)
    await ask('PATCH', `/api/tasks/${id}/complete`)
    assertRefused(await read(cursor), 410, 'cursor_expired')
  })

  test('also when it was in the middle of an initial load, or of a page of changes', async () => {
    ada = await world.signUp('Ada')
    const start = nextOf(await read())
    await newTask()
    await newTask()
    const restore = await backup()
    await newTask()
    const cursors = [nextOf(await read(undefined, 1)), nextOf(await read(start, 1))]
    await restore()
    await newTask()
    for (const cursor of cursors) assertRefused(await read(cursor), 410, 'cursor_expired')
  })

  test('and not when the backup has all that its client has seen', async () => {
    ada = await world.signUp('Ada')
    await newTask()
    const cursor = nextOf(await read())
    const restore = await backup()
    await newTask()
    await restore()
    assert.deepEqual((await read(cursor)).json, [])
    const { id } = await newTask()
    assert.deepEqual(brief(await read(cursor)), [[2, 'upsert', id]])
  })

  const age = (seq: number): Promise<unknown> =>
    world.asOwner((client) =>
      client.query(`update changes set at = now() - interval '91 days' where user_id = $1 and seq <= $2`, [
        ada.id,
        seq,
      ]),
    )
  const purge = (db: Pick<Scopes, 'asSystem'> = world.deps.db) =>
    purgeOfChanges(db).run({
      id: randomUUID(),
      reference: {},
      attempts: 1,
      signal: new AbortController().signal,
      stopping: new AbortController().signal,
      principal: undefined,
    })

  test('when it is older than the log, of which the purge deletes what is older than 90 days', async () => {
    ada = await world.signUp('Ada')
    const start = nextOf(await read())
    const [a, b] = [await newTask('a'), await newTask('b')]
    const cursor = nextOf(await read())
    await ask('PATCH', `/api/tasks/${a.id}`, { title: 'a2' })
    await age(2)
    await purge()
    assertRefused(await read(start), 410, 'cursor_expired')
    assert.deepEqual(brief(await read(cursor)), [[3, 'upsert', a.id]])
    const { changes } = await readAll()
    assert.deepEqual(new Set(changes.map(({ id }) => id)), new Set([a.id, b.id]))
  })

  test('and not when all of the log is purged and it was at its end', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    const cursor = nextOf(await read())
    await age(1)
    await purge()
    assert.deepEqual((await read(cursor)).json, [])
    await ask('DELETE', `/api/tasks/${id}`)
    assert.deepEqual(brief(await read(cursor)), [[2, 'delete', id]])
    await purge()
    assert.deepEqual(brief(await read(cursor)), [[2, 'delete', id]])
  })

  test('and a purge of more entries than one transaction deletes ends, and each transaction is short', async () => {
    const users = [await world.signUp('Ada'), await world.signUp('Ben'), await world.signUp('Cem')]
    const ids = users.map(({ id }) => id)
    const rowsOf = async (text: string): Promise<Answer['json'][]> =>
      world.asOwner(async (client) => (await client.query(text, [ids])).rows)
    await rowsOf(`insert into tasks (id, user_id, title)
      select gen_random_uuid(), owner, n from unnest($1::text[]) owner, generate_series(1, 800) n`)
    await rowsOf(`update changes set at = now() - interval '91 days' where user_id = any($1) and seq < 800`)
    const db = world.deps.db
    const left: number[] = [2400]
    await purge({
      asSystem: async (...scope) => {
        const result = await db.asSystem(...scope)
        left.push((await rowsOf('select count(*)::int as left from changes where user_id = any($1)'))[0].left)
        return result
      },
    })
    assert.deepEqual(
      await rowsOf(`select user_id as id, seq::int from changes where user_id = any($1) order by user_id`),
      ids.toSorted().map((id) => ({ id, seq: 800 })),
    )
    const deleted = left.slice(1).map((count, at) => Number(left[at]) - count)
    assert.ok(Math.max(...deleted) <= 1000, `deleted at once: ${deleted.join(', ')}`)
  })
})

suite('X-Sync-Cursor', () => {
  const cursorOf = ({ headers }: Answer): string => {
    const cursor = headers.get('x-sync-cursor')
    assert.ok(cursor !== null, 'no X-Sync-Cursor')
    return cursor
  }

  test('of a list is where to go on from, in the same snapshot', async () => {
    ada = await world.signUp('Ada')
    await newTask()
    const cursor = cursorOf(await ask('GET', '/api/tasks?limit=1'))
    assert.deepEqual((await read(cursor)).json, [])
    const { id } = await newTask()
    assert.deepEqual(brief(await read(cursor)), [[2, 'upsert', id]])
    assert.equal(seqOf(cursorOf(await ask('GET', '/api/tasks?status=TODO&count=true'))), 2)
  })

  test('of each write is at its own change, or if it changed nothing, at the end of the log', async () => {
    ada = await world.signUp('Ada')
    const created = await ask('POST', '/api/tasks', { title: 'x' })
    const { id } = created.json
    const path = `/api/tasks/${id}`
    const operations = [
      { op: 'create', task: { title: 'a' } },
      { op: 'complete', id },
    ]
    const writes: [Answer, number][] = [
      [created, 1],
      [await ask('POST', '/api/tasks', { id, title: 'x' }), 1],
      [await ask('PATCH', path, { title: 'y' }), 2],
      [await ask('PATCH', path, { title: 'y' }), 2],
      [await ask('PATCH', `${path}/complete`), 3],
      [await ask('PATCH', `${path}/complete`, { completed: true }), 3],
      [await ask('POST', '/api/tasks/batch', { operations }), 5],
      [await ask('POST', '/api/tasks/batch', { atomic: false, operations: [{ op: 'delete', id: randomUUID() }] }), 5],
      [await ask('POST', '/api/tasks/bulk-delete', { ids: [randomUUID()] }), 5],
      [await ask('DELETE', path), 6],
    ]
    const other = await newTask()
    writes.push([await ask('POST', '/api/tasks/bulk-delete', { ids: [other.id, randomUUID()] }), 8])
    for (const [answer, seq] of writes) assert.equal(seqOf(cursorOf(answer)), seq, answer.text)
    assert.deepEqual(
      (await read(cursorOf(writes[9]?.[0] as Answer))).json.map(({ op }: Json) => op),
      ['delete'],
    )
  })

  test('of a replayed answer is that of the first time', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    const requests: [string, string, unknown?][] = [
      ['POST', '/api/tasks', { title: 'x' }],
      ['PATCH', `/api/tasks/${id}`, { title: 'y' }],
      ['PATCH', `/api/tasks/${id}/complete`],
      ['POST', '/api/tasks/batch', { operations: [{ op: 'create', task: { title: 'z' } }] }],
      ['POST', '/api/tasks/bulk-delete', { ids: [id] }],
      ['DELETE', `/api/tasks/${(await newTask()).id}`],
    ]
    for (const [method, path, body] of requests) {
      const key = { 'idempotency-key': randomUUID() }
      const first = await ask(method, path, body, key)
      await newTask()
      const again = await ask(method, path, body, key)
      assert.equal(again.headers.get('idempotency-replayed'), 'true')
      assert.deepEqual([again.text, cursorOf(again)], [first.text, cursorOf(first)])
    }
  })
})

suite('a change that is committed after later ones', () => {
  test('is seen by a reader of changes, and missed by one of updatedSince', { skip: needsServer }, async () => {
    ada = await world.signUp('Ada')
    const [slow, quick] = [await newTask('slow'), await newTask('quick')]
    const start = nextOf(await read())
    const held = await world.deps.db.pool.connect()
    try {
      // A transaction that began before the change of `quick` and commits after it.
      await held.query('reset role')
      await held.query('begin')
      await held.query('select now()')
      await ask('PATCH', `/api/tasks/${quick.id}`, { title: 'quick 2' })
      const list = await ask('GET', '/api/tasks?sort=-updatedAt&limit=1')
      const { updatedAt } = list.json[0]
      const seen = await read(start)
      assert.deepEqual(brief(seen), [[3, 'upsert', quick.id]])
      await held.query(
        `update tasks set title = 'slow 2', version = version + 1, updated_at = greatest(now(), updated_at) where id = $1`,
        [slow.id],
      )
      await held.query('commit')
      const since: Json[] = (await ask('GET', `/api/tasks?updatedSince=${updatedAt}`)).json
      assert.ok(!since.some(({ id }) => id === slow.id), 'updatedSince shows the change')
      assert.deepEqual(brief(await read(nextOf(seen))), [[4, 'upsert', slow.id]])
    } finally {
      held.release(true)
    }
  })

  test('waits, so that no reader gets its seq after a later one', { skip: needsServer }, async () => {
    ada = await world.signUp('Ada')
    const [slow, quick] = [await newTask('slow'), await newTask('quick')]
    const start = nextOf(await read())
    const held = await world.deps.db.pool.connect()
    try {
      await held.query('reset role')
      await held.query('begin')
      await held.query(`update tasks set title = 'slow 2', version = version + 1 where id = $1`, [slow.id])
      const changing = ask('PATCH', `/api/tasks/${quick.id}`, { title: 'quick 2' })
      const seen = await read(start)
      assert.deepEqual(seen.json, [])
      await held.query('commit')
      assert.equal((await changing).status, 200)
      assert.deepEqual(brief(await read(nextOf(seen))), [
        [3, 'upsert', slow.id],
        [4, 'upsert', quick.id],
      ])
    } finally {
      held.release(true)
    }
  })
})

suite('X-Change-Id', () => {
  const idOf = ({ headers }: Answer): string | null => headers.get('x-change-id')
  const newest = async (): Promise<string> =>
    (
      await world.asOwner((client) =>
        client.query<{ change_id: string }>(
          'select change_id from changes where user_id = $1 order by seq desc limit 1',
          [ada.id],
        ),
      )
    ).rows[0]?.change_id ?? assert.fail('the log is empty')

  test('of each write that changed something is the id of its change; one that changed nothing has none', async () => {
    ada = await world.signUp('Ada')
    const id = randomUUID()
    const path = `/api/tasks/${id}`
    const batch = (...operations: object[]): [string, string, object] => [
      'POST',
      '/api/tasks/batch',
      { atomic: false, operations },
    ]
    const writes: [boolean, string, string, unknown?][] = [
      [true, 'POST', '/api/tasks', { id, title: 'x' }],
      [false, 'POST', '/api/tasks', { id, title: 'x' }],
      [true, 'PATCH', path, { title: 'y' }],
      [false, 'PATCH', path, { title: 'y' }],
      [true, 'PATCH', `${path}/complete`],
      [false, 'PATCH', `${path}/complete`, { completed: true }],
      [true, ...batch({ op: 'update', id, patch: { title: 'z' } }, { op: 'update', id, patch: { title: 'z' } })],
      [true, ...batch({ op: 'update', id, patch: { title: 'a' } }, { op: 'delete', id: randomUUID() })],
      [true, ...batch({ op: 'create', task: { title: 'b' } }, { op: 'create', task: { id, title: 'a' } })],
      [false, ...batch({ op: 'update', id, patch: { title: 'a' } })],
      [false, ...batch({ op: 'delete', id: randomUUID() })],
      [false, 'POST', '/api/tasks/bulk-delete', { ids: [randomUUID()] }],
      [true, 'POST', '/api/tasks/bulk-delete', { ids: [id, randomUUID()] }],
      [true, 'POST', '/api/tasks', { id, title: 'x' }],
      [true, 'DELETE', path],
    ]
    for (const [changes, method, target, body] of writes) {
      const answer = await ask(method, target, body)
      assert.ok(answer.status < 300, answer.text)
      assert.equal(idOf(answer), changes ? await newest() : null, `${method} ${target} ${JSON.stringify(body)}`)
    }
    assert.equal(idOf(await ask('GET', '/api/tasks')), null)
  })

  test('of a write that waits in a transaction is that of its change too, and of a replayed answer that of the first time', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    const match = { 'if-match': 'W/"1"' }
    const matched = await ask('PATCH', `/api/tasks/${id}`, { title: 'y' }, match)
    assert.equal(idOf(matched), await newest())
    const key = { 'idempotency-key': randomUUID() }
    const first = await ask('DELETE', `/api/tasks/${id}`, undefined, key)
    await newTask()
    const again = await ask('DELETE', `/api/tasks/${id}`, undefined, key)
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    assert.deepEqual([idOf(again), idOf(first) !== null], [idOf(first), true])
  })

  test('is documented for every write that gives X-Sync-Cursor', async () => {
    const { paths } = (await world.ask('GET', '/openapi.json')).json
    const headersOf = (method: string): string[][] =>
      Object.values<Json>(paths).flatMap((methods) =>
        Object.values<Json>(methods[method]?.responses ?? {}).map(({ headers = {} }) => Object.keys(headers)),
      )
    const writes = ['post', 'put', 'patch', 'delete']
      .flatMap(headersOf)
      .filter((each) => each.includes('X-Sync-Cursor'))
    assert.ok(writes.length >= 6)
    for (const headers of writes) assert.ok(headers.includes('X-Change-Id'))
  })
})
