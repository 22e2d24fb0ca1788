import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { openWorld, SERVICE_TOKEN, type Answer, type User, type World } from '../../test/world.ts'
import { purgeOfUndos } from './jobs.ts'
import { CHANGES_MAX } from './schema.ts'
import { SCANNED_MAX } from './store.ts'

const HISTORY = '/api/history'

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
const idOf = ({ headers }: Answer): string => headers.get('x-change-id') ?? assert.fail('no X-Change-Id')
const newTask = async (fields: object = {}): Promise<Json> =>
  (await ask('POST', '/api/tasks', { title: 'x', ...fields })).json
const patch = (id: string, fields: object): Promise<Answer> => ask('PATCH', `/api/tasks/${id}`, fields)

async function list(query = '', path = HISTORY): Promise<Json[]> {
  const answer = await ask('GET', `${path}?${query}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.json
}

/** All pages, each by the `Link` of the one before. */
async function pagesOf(query: string, path = HISTORY): Promise<Json[][]> {
  const pages: Json[][] = []
  for (let next: string | undefined = `${path}?${query}`; next !== undefined;) {
    const answer = await ask('GET', next)
    assert.equal(answer.status, 200, answer.text)
    pages.push(answer.json)
    next = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1]
    assert.equal(next?.includes(answer.headers.get('x-next-cursor') ?? '-'), next === undefined ? undefined : true)
  }
  return pages
}

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.json.code], [status, code], answer.text)
}

/** Rows of the log as other programs, and other versions of the service, may have written them. */
const insertEntries = (rows: string): Promise<unknown> =>
  world.asOwner(async (client) => {
    await client.query('set session_replication_role = replica')
    await client.query(
      `insert into changes (user_id, seq, change_id, first_seq, at, type, entity_id, op, version, actor_kind, actor_name, request_id, operation, before, after)
       ${rows.replaceAll('$user', `'${ada.id}'`)}`,
    )
  })

suite('GET /api/history', () => {
  test('has one entry for each request, newest first: when, by whom, in which request, and what was there before and after', async () => {
    ada = await world.signUp('Ada')
    const requestId = randomUUID()
    const created = await ask('POST', '/api/tasks', { title: 'Milk' }, { 'x-request-id': requestId })
    const { id } = created.json
    const completed = await asService('PATCH', `/api/tasks/${id}/complete`)
    const task = (await ask('GET', `/api/tasks/${id}`)).json
    const deleted = await ask('DELETE', `/api/tasks/${id}`)
    const [third, second, first, ...none] = await list()
    assert.deepEqual(none, [])
    assert.deepEqual(first, {
      id: idOf(created),
      at: first.at,
      actor: { kind: 'session', name: null },
      requestId,
      operation: 'createTask',
      undoes: [],
      undoneBy: null,
      changeCount: 1,
      changes: [{ type: 'task', id, op: 'create', version: 1, before: null, after: created.json, erased: false }],
    })
    assert.deepEqual([second.id, second.operation, second.actor.kind], [idOf(completed), 'completeTask', 'service'])
    assert.ok(second.actor.name.length > 0)
    assert.deepEqual(second.changes, [
      {
        type: 'task',
        id,
        op: 'update',
        version: 2,
        before: { status: 'TODO', completedAt: null },
        after: { status: 'COMPLETED', completedAt: task.completedAt },
        erased: false,
      },
    ])
    assert.equal(third.id, idOf(deleted))
    assert.deepEqual(third.changes[0], {
      type: 'task',
      id,
      op: 'delete',
      version: 2,
      before: task,
      after: null,
      erased: false,
    })
    assert.ok(first.at <= second.at && second.at <= third.at && Date.parse(third.at) > Date.now() - 60_000)
  })

  test('has one entry for a batch, with its changes in their order, and none for what changed nothing or was refused', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    const operations = [
      { op: 'create', task: { title: 'a' } },
      { op: 'update', id, patch: { title: 'b' } },
      { op: 'update', id, patch: { title: 'c' } },
      { op: 'delete', id },
    ]
    const batch = await ask('POST', '/api/tasks/batch', { operations })
    await ask('POST', '/api/tasks/batch', { operations })
    await patch(batch.json.results[0].task.id, { title: 'a' })
    const entries = await list()
    assert.equal(entries.length, 2)
    assert.deepEqual([entries[0].id, entries[0].changeCount], [idOf(batch), 4])
    assert.deepEqual(
      entries[0].changes.map(({ op, version, after: set }: Json) => [op, version, set?.title]),
      [
        ['create', 1, 'a'],
        ['update', 2, 'b'],
        ['update', 3, 'c'],
        ['delete', 3, undefined],
      ],
    )
  })

  test('gives pages that together have every entry once, in order, also when something is changed meanwhile', async () => {
    ada = await world.signUp('Ada')
    const ids: string[] = []
    for (let n = 0; n < 7; n++) ids.unshift(idOf(await ask('POST', '/api/tasks', { title: `${n}` })))
    const pages = await pagesOf('limit=3')
    assert.deepEqual(
      pages.map((page) => page.map(({ id }) => id)),
      [ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)],
    )
    const first = await ask('GET', `${HISTORY}?limit=3`)
    await newTask()
    const second = await list(`limit=3&cursor=${first.headers.get('x-next-cursor')}`)
    assert.deepEqual(
      second.map(({ id }) => id),
      ids.slice(3, 6),
    )
    assert.equal((await pagesOf('limit=4')).length, 2)
  })

  test('of a user without changes is empty, and of another user is not seen', async () => {
    ada = await world.signUp('Ada')
    const id = idOf(await ask('POST', '/api/tasks', { title: 'secret' }))
    ada = await world.signUp('Ben')
    assert.deepEqual(await pagesOf(''), [[]])
    assertRefused(await ask('GET', `${HISTORY}/${id}`), 404, 'not_found')
  })

  test('can be filtered by the kind or the name of the actor, and by time', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    await asService('PATCH', `/api/tasks/${id}/complete`)
    await patch(id, { title: 'y' })
    const [third, second, first] = await list()
    const { name } = second.actor
    const filtered = async (query: string): Promise<string[]> => (await list(query)).map((entry) => entry.id)
    assert.deepEqual(await filtered('actor=session'), [third.id, first.id])
    assert.deepEqual(await filtered('actor=service'), [second.id])
    assert.deepEqual(await filtered(`actor=service:${encodeURIComponent(name)}`), [second.id])
    assert.deepEqual(await filtered('actor=service:another'), [])
    // An hour apart.
    await world.asOwner((client) =>
      client.query(
        `update changes set at = '2026-01-01T10:00:00Z'::timestamptz + seq * interval '1 hour' where user_id = $1`,
        [ada.id],
      ),
    )
    for (const [query, expected] of [
      ['since=2026-01-01T12:00:00Z', [third, second]],
      ['since=2026-01-01T13:00:00%2B01:00', [third, second]],
      ['until=2026-01-01T12:00:00Z', [first]],
      ['until=2026-01-01T12:00:00.001Z', [second, first]],
      ['since=2026-01-01T12:00:00Z&until=2026-01-01T13:00:00Z', [second]],
      ['since=2026-01-01T12:00:00Z&actor=session', [third]],
      ['until=2026-01-01T11:00:00Z', []],
      ['since=2026-01-01T14:00:00Z', []],
      ['until=2027-01-01T00:00:00Z', [third, second, first]],
      ['since=2026-01-01T13:00:00Z&until=2026-01-01T12:00:00Z', []],
    ] as const) {
      assert.deepEqual(
        await filtered(query),
        expected.map((entry) => entry.id),
        query,
      )
    }
    assert.deepEqual(
      (await pagesOf('limit=1&since=2026-01-01T12:00:00Z')).map((page) => page.length),
      [1, 1],
    )
    const { json } = await ask('GET', `${HISTORY}/${second.id}`)
    assert.equal(json.at, '2026-01-01T12:00:00Z')
  })

  test('finds where a time begins for a log of any length, and never shows a part of a request', async () => {
    ada = await world.signUp('Ada')
    // Requests of 1 to 3 entries, a second for each entry.
    await insertEntries(`
      select $user, seq, md5('request' || first_seq)::uuid, first_seq, '2026-01-01Z'::timestamptz + seq * interval '1 second',
        'task', gen_random_uuid(), 'update', 1, 'session', null, 'r', 'o', '{"title":"a"}', '{"title":"b"}'
      from (select n as seq, n - (n - 1) % 6 % 3 as first_seq from generate_series(1, 300) n) entry`)
    const all = (await pagesOf('limit=100')).flat()
    assert.equal(
      all.reduce((total, { changes }) => total + changes.length, 0),
      300,
    )
    for (const second of [0, 1, 2, 3, 4, 5, 6, 150, 151, 152, 298, 299, 300, 301]) {
      const time = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString()
      const before = await pagesOf(`limit=100&until=${time}`)
      assert.deepEqual(
        before.flat(),
        all.filter(({ at }) => Date.parse(at) < Date.parse(time)),
        `until ${second}`,
      )
      const since = await pagesOf(`limit=100&since=${time}`)
      assert.deepEqual(
        since.flat(),
        all.filter(({ at }) => Date.parse(at) >= Date.parse(time)),
        `since ${second}`,
      )
    }
  })

  test('ends a page early where its entries have many changes, and looks at a bounded number of requests', async () => {
    ada = await world.signUp('Ada')
    const many = (from: number, count: number, size: number, kind: string): Promise<unknown> =>
      insertEntries(`
        select $user, seq, md5('request' || first_seq)::uuid, first_seq, '2026-01-01Z'::timestamptz + seq * interval '1 second',
          'task', gen_random_uuid(), 'update', 1, '${kind}', null, 'r', 'o', '{"title":"a"}', '{"title":"b"}'
        from (select ${from} + n as seq, ${from} + n - n % ${size} as first_seq from generate_series(0, ${count * size - 1}) n) entry`)
    await many(1, 1, 1, 'session')
    await many(2, 2500, 1, 'job')
    const sparse = await pagesOf('actor=session')
    assert.deepEqual(
      sparse.map((page) => page.length),
      [0, 0, 1],
    )
    assert.equal(SCANNED_MAX, 1000)
    await many(2502, 3, 400, 'service')
    await many(3702, 1, 1200, 'service')
    const wide = await pagesOf('actor=service&limit=100')
    assert.deepEqual(
      wide.map((page) => page.map(({ changeCount, changes }) => [changeCount, changes.length])).slice(0, 3),
      [
        [[1200, CHANGES_MAX]],
        [
          [400, 400],
          [400, 400],
        ],
        [[400, 400]],
      ],
    )
    const { json } = await ask('GET', `${HISTORY}/${wide[0]?.[0].id}`)
    assert.deepEqual(json, wide[0]?.[0])
  })

  test('shows entries of which little is known, or that another version wrote, and content that was deleted for good', async () => {
    ada = await world.signUp('Ada')
    const [entity, change, erased] = [randomUUID(), randomUUID(), randomUUID()]
    await insertEntries(
      `values
      ($user, 1, '${erased}', 1, now(), 'task', '${entity}', 'delete', 3, 'session', null, 'r', 'deleteTask', null, null),
      ($user, 2, '${change}', 2, now(), 'project', '${entity}', 'archive', 7, null, null, null, null,
        '{"colour": {"hex": "#fff"}}', '{"colour": null, "2": [1, "\\u0000é"]}')`.replace('\\u0000', ''),
    )
    const [unknown, gone] = await list()
    assert.deepEqual(unknown, {
      id: change,
      at: unknown.at,
      actor: { kind: null, name: null },
      requestId: null,
      operation: null,
      undoes: [],
      undoneBy: null,
      changeCount: 1,
      changes: [
        {
          type: 'project',
          id: entity,
          op: 'archive',
          version: 7,
          before: { colour: { hex: '#fff' } },
          after: { colour: null, 2: [1, 'é'] },
          erased: false,
        },
      ],
    })
    const { before: was, after: is, erased: isErased } = gone.changes[0]
    assert.deepEqual([was, is, isErased], [null, null, true])
  })

  for (const [what, query, status, code] of [
    ['a limit of 0', 'limit=0', 422, 'invalid_input'],
    ['a limit of 101', 'limit=101', 422, 'invalid_input'],
    ['an unknown parameter', 'after=1', 422, 'invalid_input'],
    ['a day for a time', 'since=2026-01-01', 422, 'invalid_input'],
    ['an impossible time', 'until=2026-02-30T00:00:00Z', 422, 'invalid_input'],
    ['an unknown kind of actor', 'actor=robot', 422, 'invalid_input'],
    ['an actor without a kind', 'actor=:agent', 422, 'invalid_input'],
    ['an actor with an empty name', 'actor=service:', 422, 'invalid_input'],
    ['an empty actor', 'actor=', 422, 'invalid_input'],
    ['two actors', 'actor=service&actor=session', 422, 'invalid_input'],
    ['an empty cursor', 'cursor=', 400, 'invalid_cursor'],
    ['a seq for a cursor', 'cursor=1', 400, 'invalid_cursor'],
  ] as const) {
    test(`with ${what} is ${status}, of a task too`, async () => {
      ada = await world.signUp('Ada')
      const { id } = await newTask()
      for (const path of [HISTORY, `/api/tasks/${id}/history`]) {
        const answer = await ask('GET', `${path}?${query}`)
        assertRefused(answer, status, code)
        if (status === 422) assert.equal(answer.json.errors[0].pointer, `/${query.split('=')[0]}`)
      }
    })
  }

  test('refuses the cursor of another user, of another filter and of the history of a task', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    await patch(id, { title: 'y' })
    const cursor = (await ask('GET', `${HISTORY}?limit=1`)).headers.get('x-next-cursor')
    assertRefused(await ask('GET', `${HISTORY}?cursor=${cursor}&actor=session`), 400, 'invalid_cursor')
    assertRefused(await ask('GET', `/api/tasks/${id}/history?cursor=${cursor}`), 400, 'invalid_cursor')
    assertRefused(await world.ask('GET', HISTORY), 401, 'unauthenticated')
    ada = await world.signUp('Ben')
    assertRefused(await ask('GET', `${HISTORY}?cursor=${cursor}`), 400, 'invalid_cursor')
  })
})

suite('GET /api/history/{id}', () => {
  test('is the entry of that X-Change-Id, in any case of its letters', async () => {
    ada = await world.signUp('Ada')
    const operations = Array.from({ length: 5 }, (_, n) => ({ op: 'create', task: { title: `${n}` } }))
    const ids = [
      idOf(await ask('POST', '/api/tasks', { title: 'x' })),
      idOf(await ask('POST', '/api/tasks/batch', { operations })),
      idOf(await ask('POST', '/api/tasks', { title: 'y' })),
    ]
    const entries = await list()
    for (const id of ids) {
      const { json } = await ask('GET', `${HISTORY}/${id.toUpperCase()}`)
      assert.deepEqual(
        json,
        entries.find((entry) => entry.id === id),
      )
    }
  })

  test('that does not exist is 404, and one that is no UUID is 422', async () => {
    ada = await world.signUp('Ada')
    assertRefused(await ask('GET', `${HISTORY}/${randomUUID()}`), 404, 'not_found')
    await newTask()
    assertRefused(await ask('GET', `${HISTORY}/${randomUUID()}`), 404, 'not_found')
    assertRefused(await ask('GET', `${HISTORY}/x`), 422, 'invalid_input')
    assertRefused(await ask('GET', `${HISTORY}/${randomUUID()}?x=1`), 422, 'invalid_input')
    assertRefused(await world.ask('GET', `${HISTORY}/${randomUUID()}`), 401, 'unauthenticated')
  })
})

suite('GET /api/tasks/{id}/history', () => {
  test('has the requests that changed the task, with its changes alone, page by page', async () => {
    ada = await world.signUp('Ada')
    const [task, other] = [await newTask(), await newTask()]
    const path = `/api/tasks/${task.id}/history`
    const operations = [
      { op: 'update', id: task.id, patch: { title: 'b' } },
      { op: 'update', id: other.id, patch: { title: 'b' } },
      { op: 'update', id: task.id, patch: { title: 'c' } },
    ]
    const batch = await ask('POST', '/api/tasks/batch', { operations })
    await patch(other.id, { title: 'd' })
    await asService('DELETE', `/api/tasks/${task.id}`)
    const entries = await list('', path)
    assert.deepEqual(
      entries.map(({ changeCount, changes }) => [changeCount, changes.map(({ id, op }: Json) => [id, op])]),
      [
        [1, [[task.id, 'delete']]],
        [
          2,
          [
            [task.id, 'update'],
            [task.id, 'update'],
          ],
        ],
        [1, [[task.id, 'create']]],
      ],
    )
    assert.equal((await ask('GET', `${HISTORY}/${idOf(batch)}`)).json.changes.length, 3)
    assert.deepEqual((await pagesOf('limit=1', path)).flat(), entries)
    assert.deepEqual(
      (await pagesOf('limit=2', path)).map((page) => page.length),
      [2, 1],
    )
    assert.deepEqual(await list('actor=service', path), entries.slice(0, 1))
    assert.deepEqual(await list('', path.replace(task.id, task.id.toUpperCase())), entries)
    assert.deepEqual(
      await list(`until=${entries[0].at}`, path),
      entries.filter(({ at }) => at < entries[0].at),
    )
  })

  test('of a task from before the log is empty; of one that never existed, or is another user’s, 404', async () => {
    ada = await world.signUp('Ada')
    const { id } = await newTask()
    await world.asOwner(async (client) => {
      await client.query('delete from changes where user_id = $1', [ada.id])
      await client.query('delete from change_logs where user_id = $1', [ada.id])
    })
    assert.deepEqual(await list('', `/api/tasks/${id}/history`), [])
    assertRefused(await ask('GET', `/api/tasks/${randomUUID()}/history`), 404, 'not_found')
    assertRefused(await ask('GET', `/api/tasks/x/history`), 422, 'invalid_input')
    ada = await world.signUp('Ben')
    assertRefused(await ask('GET', `/api/tasks/${id}/history`), 404, 'not_found')
  })
})

suite('what is known of undos', () => {
  test('is deleted after 90 days, as the log is, and with its user', async () => {
    ada = await world.signUp('Ada')
    await world.asOwner((client) =>
      client.query(
        `insert into undos (user_id, undo_id, undone_id, seq, made_at)
         select $1, gen_random_uuid(), gen_random_uuid(), n, now() - n * interval '89 days' from generate_series(1, 2) n`,
        [ada.id],
      ),
    )
    await purgeOfUndos(world.deps.db).run({
      id: randomUUID(),
      reference: {},
      attempts: 1,
      signal: new AbortController().signal,
      stopping: new AbortController().signal,
      principal: undefined,
    })
    const { rows: left } = await world.asOwner((client) =>
      client.query('select seq::int from undos where user_id = $1', [ada.id]),
    )
    assert.deepEqual(left, [{ seq: 1 }])
    await world.asOwner((client) => client.query('delete from users where id = $1', [ada.id]))
    const { rows } = await world.asOwner((client) => client.query('select from undos where user_id = $1', [ada.id]))
    assert.equal(rows.length, 0)
  })
})
