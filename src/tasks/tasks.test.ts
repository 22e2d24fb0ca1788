import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { atOnce, openWorld, SERVICE_TOKEN, type Answer, type User, type World } from '../../test/world.ts'

const TASKS = '/api/tasks'
const UNKNOWN_ID = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'
const WIRE_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/

let world: World
let ada: User
let bob: User

before(async () => {
  world = await openWorld()
  ;[ada, bob] = await Promise.all([world.signUp('Ada'), world.signUp('Bob')])
})
after(() => world[Symbol.asyncDispose]())

const as = (user: User) => (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  world.ask(method, path, {
    token: user.token,
    ...(body === undefined ? {} : { body }),
    ...(headers ? { headers } : {}),
  })
const asAda = (...args: Parameters<ReturnType<typeof as>>): Promise<Answer> => as(ada)(...args)

async function newTask(fields: object = {}): Promise<Answer['json']> {
  const { status, json } = await asAda('POST', TASKS, { title: 'Buy milk', ...fields })
  assert.equal(status, 201)
  return json
}

function assertRefused(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8')
  assert.equal(answer.json.code, code)
  assert.equal(typeof answer.json.detail, 'string')
}

const countOf = (user: User): Promise<number> =>
  world.asOwner(async (client) => {
    const { rows } = await client.query<{ n: number }>('select count(*)::int as n from tasks where user_id = $1', [
      user.id,
    ])
    return rows[0]?.n ?? -1
  })

suite('creating a task', () => {
  test('with only a title sets every other field to its default, and answers with a Location and version 1', async () => {
    const { status, json, headers } = await asAda('POST', TASKS, { title: 'Buy milk' })
    assert.equal(status, 201)
    const { id, createdAt, updatedAt, ...rest } = json
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.match(createdAt, WIRE_INSTANT)
    assert.equal(updatedAt, createdAt)
    assert.deepEqual(rest, {
      title: 'Buy milk',
      description: null,
      status: 'TODO',
      priority: 'MEDIUM',
      dueDate: null,
      tags: [],
      userId: ada.id,
      completedAt: null,
      version: 1,
      timezone: null,
      recurrence: null,
      occurrence: null,
      completions: 0,
      lastCompletedAt: null,
      reminders: [],
    })
    assert.equal(headers.get('location'), `${TASKS}/${id}`)
    assert.equal(headers.get('etag'), '"1"')
    assert.equal(headers.get('cache-control'), 'private, no-cache')
    assert.deepEqual((await asAda('GET', `${TASKS}/${id}`)).json, json)
  })

  test('stores every field as it was sent', async () => {
    const fields = {
      title: 'Plan 🗓️ "trip" \\ \u{1F468}‍\u{1F469}‍\u{1F467}',
      description: 'line one\nline two\ttab \u202E rtl',
      status: 'IN_PROGRESS',
      priority: 'URGENT',
      dueDate: '2025-12-27T17:00:00Z',
      tags: ['z', 'a', 'Ü', '{curly}', '"quoted"', 'a,b', 'NULL'],
    }
    const task = await newTask(fields)
    assert.deepEqual({ ...task, ...fields }, task)
    assert.deepEqual((await asAda('GET', `${TASKS}/${task.id}`)).json, task)
  })

  test('as COMPLETED sets completedAt', async () => {
    const task = await newTask({ status: 'COMPLETED' })
    assert.match(task.completedAt, WIRE_INSTANT)
  })

  test('trims title and tags, and counts Unicode code points', async () => {
    const task = await newTask({ title: `  ${'🗓'.repeat(200)}\n`, tags: [` ${'é'.repeat(50)} `] })
    assert.equal(task.title, '🗓'.repeat(200))
    assert.deepEqual(task.tags, ['é'.repeat(50)])
  })

  test('accepts a due date with any offset, and truncates it to milliseconds', async () => {
    assert.equal((await newTask({ dueDate: '2025-12-27T17:00:00.9999+05:30' })).dueDate, '2025-12-27T11:30:00.999Z')
    assert.equal((await newTask({ dueDate: '9999-12-31T23:59:59.999999Z' })).dueDate, '9999-12-31T23:59:59.999Z')
    assert.equal((await newTask({ dueDate: '1900-01-01T00:00:00Z' })).dueDate, '1900-01-01T00:00:00Z')
  })

  const invalid: readonly [what: string, body: unknown, pointer: string][] = [
    ['no title', {}, '/title'],
    ['a title of null', { title: null }, '/title'],
    ['a title that shows nothing', { title: '\u200b\u3164 \u2800' }, '/title'],
    ['a tag that shows nothing', { title: 'a', tags: ['b', '\u2060'] }, '/tags/1'],
    ['a title that is a number', { title: 1 }, '/title'],
    ['an empty title', { title: '' }, '/title'],
    ['a title of white space', { title: ' \t\n\u3000' }, '/title'],
    ['a title of 201 characters', { title: 'x'.repeat(201) }, '/title'],
    ['NUL in the title', { title: 'a\0b' }, '/title'],
    ['NUL in the description', { title: 'a', description: '\0' }, '/description'],
    ['NUL in a tag', { title: 'a', tags: ['ok', 'a\0'] }, '/tags/1'],
    ['a description of 10001 characters', { title: 'a', description: 'x'.repeat(10_001) }, '/description'],
    ['a description that is a number', { title: 'a', description: 1 }, '/description'],
    ['an unknown status', { title: 'a', status: 'DONE' }, '/status'],
    ['a status in lower case', { title: 'a', status: 'todo' }, '/status'],
    ['a status of null', { title: 'a', status: null }, '/status'],
    ['an unknown priority', { title: 'a', priority: 'NONE' }, '/priority'],
    ['a due date without an offset', { title: 'a', dueDate: '2025-12-27T17:00:00' }, '/dueDate'],
    ['a due date of 30 February, as a day', { title: 'a', dueDate: '2025-02-30' }, '/dueDate'],
    ['a due date of the year 1899', { title: 'a', dueDate: '1899-12-31' }, '/dueDate'],
    ['a due date that is a month', { title: 'a', dueDate: '2025-12' }, '/dueDate'],
    ['a due date in digits', { title: 'a', dueDate: '20251227' }, '/dueDate'],
    ['a time zone that is an offset', { title: 'a', timezone: '+02:00' }, '/timezone'],
    ['a time zone that does not exist', { title: 'a', timezone: 'Mars/Olympus' }, '/timezone'],
    ['an empty time zone', { title: 'a', timezone: '' }, '/timezone'],
    ['a time zone that is a number', { title: 'a', timezone: 2 }, '/timezone'],
    ['a due date on 30 February', { title: 'a', dueDate: '2025-02-30T00:00:00Z' }, '/dueDate'],
    ['a leap second', { title: 'a', dueDate: '2016-12-31T23:59:60Z' }, '/dueDate'],
    ['the year 0', { title: 'a', dueDate: '0000-01-01T00:00:00Z' }, '/dueDate'],
    ['a due date that is a number', { title: 'a', dueDate: 1_766_854_800 }, '/dueDate'],
    ['tags of null', { title: 'a', tags: null }, '/tags'],
    ['tags that are a string', { title: 'a', tags: 'home' }, '/tags'],
    ['51 tags', { title: 'a', tags: Array.from({ length: 51 }, (_, n) => `t${n}`) }, '/tags'],
    ['a tag twice', { title: 'a', tags: ['home', ' home '] }, '/tags'],
    ['an empty tag', { title: 'a', tags: [' '] }, '/tags/0'],
    ['a tag of 51 characters', { title: 'a', tags: ['x'.repeat(51)] }, '/tags/0'],
    ['a tag that is a number', { title: 'a', tags: [1] }, '/tags/0'],
    ['a misspelt field', { title: 'a', dueDat: null }, '/dueDat'],
    ['a field of snake case', { title: 'a', due_date: null }, '/due_date'],
    ['a version', { title: 'a', version: 7 }, '/version'],
    ["another user's userId", { title: 'a', userId: 'x' }, '/userId'],
    ['an id that is no UUID', { title: 'a', id: '{019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11}' }, '/id'],
    ['an id of null', { title: 'a', id: null }, '/id'],
    ['a body that is an array', [{ title: 'a' }], ''],
    ['a body that is a string', 'title', ''],
    ['a body of null', null, ''],
  ]
  test('with anything invalid is 422, names the field and stores nothing', async (t) => {
    const before = await countOf(ada)
    for (const [what, body, pointer] of invalid) {
      await t.test(what, async () => {
        const answer = await asAda('POST', TASKS, body)
        assertRefused(answer, 422, 'invalid_input')
        const pointers = answer.json.errors.map((error: { pointer: string }) => error.pointer)
        assert.ok(pointers.includes(pointer), `${pointer} is not among ${pointers.join(' ')}`)
      })
    }
    assert.equal(await countOf(ada), before)
  })

  test('with a lone surrogate, invalid UTF-8, __proto__ or two megabytes is a clear 4xx and stores nothing', async () => {
    const before = await countOf(ada)
    const raws: readonly [raw: string | Uint8Array, status: number, code: string][] = [
      ['{"title":"\\ud800"}', 422, 'invalid_input'],
      [new Uint8Array([...Buffer.from('{"title":"'), 0xff, ...Buffer.from('"}')]), 400, 'invalid_json'],
      ['{"title":"a","__proto__":{"status":"COMPLETED"}}', 422, 'invalid_input'],
      ['{"title":"a","title":"b"}', 400, 'invalid_json'],
      ['{"title":"a"', 400, 'invalid_json'],
      [`{"title":"a","description":"${'x'.repeat(2 * 1024 * 1024)}"}`, 413, 'body_too_large'],
    ]
    for (const [raw, status, code] of raws)
      assertRefused(await world.ask('POST', TASKS, { token: ada.token, raw }), status, code)
    assertRefused(await asAda('POST', TASKS), 422, 'invalid_input')
    assert.equal(await countOf(ada), before)
  })
})

suite('reading a task', () => {
  test('with If-None-Match is 304 for the current version, and 200 with the task for any other', async () => {
    const { id } = await newTask()
    const path = `${TASKS}/${id}`
    for (const tag of ['"1"', 'W/"1"', '"7", "1"', '*']) {
      const answer = await asAda('GET', path, undefined, { 'if-none-match': tag })
      assert.equal(answer.status, 304)
      assert.equal(answer.text, '')
      assert.equal(answer.headers.get('etag'), '"1"')
    }
    for (const tag of ['"2"', '"11"']) {
      assert.equal((await asAda('GET', path, undefined, { 'if-none-match': tag })).status, 200)
    }
  })

  test('accepts an id in upper or lower case and answers in lower case', async () => {
    const task = await newTask()
    const { status, json } = await asAda('GET', `${TASKS}/${task.id.toUpperCase()}`)
    assert.equal(status, 200)
    assert.deepEqual(json, task)
  })

  test('with HEAD answers like GET, without the body', async () => {
    const { id } = await newTask()
    const [head, get] = [await asAda('HEAD', `${TASKS}/${id}`), await asAda('GET', `${TASKS}/${id}`)]
    assert.equal(head.status, 200)
    assert.equal(head.text, '')
    for (const name of ['etag', 'content-type', 'content-length'])
      assert.equal(head.headers.get(name), get.headers.get(name))
  })
})

suite('changing a task', () => {
  test('is a merge patch: absent members do not change, null clears a member, version and updatedAt move', async () => {
    const task = await newTask({ description: 'two litres', dueDate: '2025-12-27T17:00:00Z', tags: ['home', 'shop'] })
    const { status, json, headers } = await asAda('PATCH', `${TASKS}/${task.id}`, { dueDate: null, priority: 'HIGH' })
    assert.equal(status, 200)
    assert.equal(headers.get('etag'), '"2"')
    assert.ok(json.updatedAt >= task.updatedAt)
    assert.deepEqual(json, { ...task, dueDate: null, priority: 'HIGH', version: 2, updatedAt: json.updatedAt })
    assert.deepEqual((await asAda('GET', `${TASKS}/${task.id}`)).json, json)
  })

  test('of every field, one at a time, changes that field alone', async () => {
    let task = await newTask()
    const patches: readonly object[] = [
      { title: 'Buy bread' },
      { description: 'rye' },
      { description: null },
      { status: 'IN_PROGRESS' },
      { priority: 'LOW' },
      { dueDate: '2026-01-01T00:00:00.250Z' },
      { dueDate: null },
      { tags: ['b', 'a'] },
      { tags: [] },
    ]
    for (const patch of patches) {
      const { json } = await asAda('PATCH', `${TASKS}/${task.id}`, patch)
      assert.deepEqual(json, { ...task, ...patch, version: task.version + 1, updatedAt: json.updatedAt })
      task = json
    }
  })

  test('to its current values changes neither version nor updatedAt', async () => {
    const task = await newTask({ dueDate: '2025-12-27T17:00:00Z', tags: ['a', 'b'] })
    const same = [
      {},
      { title: ' Buy milk ' },
      { dueDate: '2025-12-27T18:00:00+01:00' },
      { tags: ['a', 'b'] },
      { description: null, status: 'TODO', priority: 'MEDIUM' },
    ]
    for (const patch of same) {
      const { status, json, headers } = await asAda('PATCH', `${TASKS}/${task.id}`, patch)
      assert.equal(status, 200)
      assert.deepEqual(json, task)
      assert.equal(headers.get('etag'), '"1"')
    }
    assert.equal((await asAda('PATCH', `${TASKS}/${task.id}`, { tags: ['b', 'a'] })).json.version, 2)
  })

  test('updates completedAt with the status, with each route that changes it', async () => {
    const { id } = await newTask()
    const patch = (body: object): Promise<Answer> => asAda('PATCH', `${TASKS}/${id}`, body)
    const completed = (await patch({ status: 'COMPLETED' })).json
    assert.match(completed.completedAt, WIRE_INSTANT)
    assert.equal((await patch({ title: 'Still done' })).json.completedAt, completed.completedAt)
    assert.equal((await patch({ status: 'IN_PROGRESS' })).json.completedAt, null)
    assert.match((await asAda('PATCH', `${TASKS}/${id}/complete`)).json.completedAt, WIRE_INSTANT)
    assert.equal((await patch({ status: 'TODO' })).json.completedAt, null)
  })

  test('accepts application/merge-patch+json as well', async () => {
    const { id } = await newTask()
    const answer = await asAda(
      'PATCH',
      `${TASKS}/${id}`,
      { title: 'x' },
      { 'content-type': 'application/merge-patch+json' },
    )
    assert.equal(answer.json.title, 'x')
  })

  test('with anything invalid is 422 and changes nothing', async () => {
    const task = await newTask()
    const bodies = [
      { title: null },
      { title: ' ' },
      { status: null },
      { version: 9 },
      { completedAt: null },
      { titel: 'x' },
      { title: 'ok', nope: 1 },
    ]
    for (const body of bodies) assertRefused(await asAda('PATCH', `${TASKS}/${task.id}`, body), 422, 'invalid_input')
    assertRefused(await asAda('PATCH', `${TASKS}/${task.id}`), 422, 'invalid_input')
    assert.deepEqual((await asAda('GET', `${TASKS}/${task.id}`)).json, task)
  })
})

suite('completing a task', () => {
  test('without a body toggles TODO and IN_PROGRESS to COMPLETED and back to TODO', async () => {
    const { id } = await newTask({ status: 'IN_PROGRESS' })
    const toggle = async (): Promise<Answer['json']> => (await asAda('PATCH', `${TASKS}/${id}/complete`)).json
    const statuses = [(await toggle()).status, (await toggle()).status, (await toggle()).status]
    assert.deepEqual(statuses, ['COMPLETED', 'TODO', 'COMPLETED'])
  })

  test('with a body sets the state, so that a retry changes nothing', async () => {
    const { id } = await newTask()
    const complete = async (completed: boolean): Promise<Answer['json']> =>
      (await asAda('PATCH', `${TASKS}/${id}/complete`, { completed })).json
    const once = await complete(true)
    assert.equal(once.status, 'COMPLETED')
    assert.deepEqual(await complete(true), once)
    const reopened = await complete(false)
    assert.deepEqual([reopened.status, reopened.completedAt, reopened.version], ['TODO', null, 3])
    assert.deepEqual(await complete(false), reopened)
  })

  test('to false leaves a task IN_PROGRESS alone', async () => {
    const task = await newTask({ status: 'IN_PROGRESS' })
    assert.deepEqual((await asAda('PATCH', `${TASKS}/${task.id}/complete`, { completed: false })).json, task)
  })

  test('50 times at once ends with exact parity and version', async () => {
    const { id } = await newTask()
    const answers = await atOnce(50, () => asAda('PATCH', `${TASKS}/${id}/complete`))
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]))
    assert.deepEqual(
      answers.map((answer) => answer.json.version).sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, n) => n + 2),
    )
    const { json } = await asAda('GET', `${TASKS}/${id}`)
    assert.deepEqual([json.status, json.version, json.completedAt], ['TODO', 51, null])
  })

  test('with anything but a boolean is 422 and changes nothing', async () => {
    const task = await newTask()
    for (const body of [{ completed: 'true' }, { completed: 1 }, { completed: null }, { done: true }, [], true]) {
      assertRefused(await asAda('PATCH', `${TASKS}/${task.id}/complete`, body), 422, 'invalid_input')
    }
    assert.deepEqual((await asAda('GET', `${TASKS}/${task.id}`)).json, task)
  })

  test('with a body of null toggles, as without a body', async () => {
    const { id } = await newTask()
    for (const status of ['COMPLETED', 'TODO']) {
      const answer = await world.ask('PATCH', `${TASKS}/${id}/complete`, { token: ada.token, raw: ' null\n' })
      assert.deepEqual([answer.status, answer.json.status], [200, status])
    }
  })
})

suite('tags of null', () => {
  test('remove all tags in a patch, also in a batch; a task without tags does not change', async () => {
    for (const send of [
      (id: string) => asAda('PATCH', `${TASKS}/${id}`, { tags: null }),
      (id: string) =>
        asAda('POST', `${TASKS}/batch`, { operations: [{ op: 'update', id, patch: { tags: null, title: 'a' } }] }),
    ]) {
      const { json } = await asAda('POST', TASKS, { title: 'a', tags: ['home', 'x'] })
      for (let n = 0; n < 2; n++) {
        assert.equal((await send(json.id)).status, 200)
        const task = (await asAda('GET', `${TASKS}/${json.id}`)).json
        assert.deepEqual([task.tags, task.version], [[], 2])
      }
    }
  })
})

suite('a body of null', () => {
  test('is treated as absent by routes without a body, and is 422 where a body is required', async () => {
    const { id } = await newTask()
    const send = (method: string, path: string) => world.ask(method, path, { token: ada.token, raw: 'null' })
    for (const [method, path] of [
      ['POST', TASKS],
      ['PATCH', `${TASKS}/${id}`],
      ['POST', `${TASKS}/batch`],
      ['POST', '/api/auth/update-user'],
    ] as const) {
      const answer = await send(method, path)
      assertRefused(answer, 422, 'invalid_input')
      assert.deepEqual(answer.json.errors, [{ in: 'body', pointer: '', detail: 'The body must be an object' }], path)
    }
    assert.equal((await send('DELETE', `${TASKS}/${id}`)).status, 204)
    assert.equal((await send('POST', '/api/auth/revoke-other-sessions')).status, 200)
  })
})

suite('deleting a task', () => {
  test('answers 204 without a body, and 404 the second time', async () => {
    const { id } = await newTask()
    const first = await asAda('DELETE', `${TASKS}/${id}`)
    assert.deepEqual([first.status, first.text], [204, ''])
    assertRefused(await asAda('DELETE', `${TASKS}/${id}`), 404, 'not_found')
    assertRefused(await asAda('GET', `${TASKS}/${id}`), 404, 'not_found')
  })
})

suite('If-Match', () => {
  const writes: readonly [what: string, method: string, suffix: string, body: object | undefined][] = [
    ['a patch', 'PATCH', '', { title: 'changed' }],
    ['a patch that changes nothing', 'PATCH', '', {}],
    ['a completion', 'PATCH', '/complete', undefined],
    ['a deletion', 'DELETE', '', undefined],
  ]
  for (const [what, method, suffix, body] of writes) {
    test(`protects ${what}: another version is 412 with the current one, and nothing changes`, async () => {
      const task = await newTask()
      const path = `${TASKS}/${task.id}`
      for (const tag of ['"2"', 'W/"2"', '"2-gzip"', '"2", "3"', '"01"']) {
        const answer = await asAda(method, path + suffix, body, { 'if-match': tag })
        assertRefused(answer, 412, 'precondition_failed')
        assert.equal(answer.json.currentVersion, 1)
      }
      assertRefused(await asAda(method, path + suffix, body, { 'if-match': '1' }), 400, 'invalid_header')
      assert.deepEqual((await asAda('GET', path)).json, task)
      assert.ok((await asAda(method, path + suffix, body, { 'if-match': '"9", W/"1"' })).status < 300)
    })
  }

  test('lets exactly one of 20 parallel writers with the same version succeed', async () => {
    const { id } = await newTask()
    const answers = await atOnce(20, (n) =>
      asAda('PATCH', `${TASKS}/${id}`, { title: `writer ${n}` }, { 'if-match': '"1"' }),
    )
    const statuses = answers.map((answer) => answer.status).sort((a, b) => a - b)
    assert.deepEqual(statuses, [200, ...Array.from({ length: 19 }, () => 412)])
    assert.equal((await asAda('GET', `${TASKS}/${id}`)).json.version, 2)
  })
})

suite('listing tasks', () => {
  test('returns a bare array, newest first, with the total', async () => {
    const carol = await world.signUp('Carol')
    const empty = await as(carol)('GET', TASKS)
    assert.deepEqual([empty.json, empty.headers.get('x-total-count')], [[], '0'])
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.unshift((await as(carol)('POST', TASKS, { title: `task ${n}` })).json.id)
    const { status, json, headers } = await as(carol)('GET', TASKS)
    assert.equal(status, 200)
    assert.deepEqual(
      json.map((task: { id: string }) => task.id),
      ids,
    )
    assert.equal(headers.get('x-total-count'), '3')
    assert.equal(headers.get('link'), null)
    assert.equal(headers.get('x-next-cursor'), null)
  })

  test('returns each task with the same createdAt exactly once, by Link and by X-Next-Cursor', async () => {
    const dora = await world.signUp('Dora')
    await world.asOwner((client) =>
      client.query(
        `insert into tasks (id, user_id, title, created_at)
         select gen_random_uuid(), $1, 'task ' || n, timestamptz '2025-01-01T00:00:00.123Z' + (n / 4) * interval '1 ms'
         from generate_series(1, 25) n`,
        [dora.id],
      ),
    )
    const whole: { id: string }[] = (await as(dora)('GET', TASKS)).json
    assert.equal(whole.length, 25)
    for (const limit of [1, 4, 7, 24, 25]) {
      const seen: { id: string }[] = []
      let path: string | undefined = `${TASKS}?count=true&limit=${limit}`
      while (path !== undefined) {
        const { json, headers }: Answer = await as(dora)('GET', path)
        assert.equal(headers.get('x-total-count'), '25')
        seen.push(...json)
        path = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
        const cursor = headers.get('x-next-cursor')
        assert.equal(path, cursor === null ? undefined : `${TASKS}?count=true&limit=${limit}&cursor=${cursor}`)
      }
      assert.deepEqual(seen, whole)
    }
  })

  test('continues after the last task of a page while tasks are created and deleted', async () => {
    const erin = await world.signUp('Erin')
    const created: string[] = []
    for (let n = 0; n < 6; n++) created.unshift((await as(erin)('POST', TASKS, { title: `task ${n}` })).json.id)
    const first = await as(erin)('GET', `${TASKS}?limit=3`)
    await as(erin)('POST', TASKS, { title: 'newer' })
    await as(erin)('DELETE', `${TASKS}/${created[2]}`)
    const rest = await as(erin)('GET', `${TASKS}?cursor=${first.headers.get('x-next-cursor')}`)
    assert.deepEqual(
      rest.json.map((task: { id: string }) => task.id),
      created.slice(3),
    )
  })

  test('refuses a cursor that is malformed, altered or of another user', async () => {
    await newTask()
    await newTask()
    const cursor = (await asAda('GET', `${TASKS}?limit=1`)).headers.get('x-next-cursor') ?? ''
    for (const wrong of ['x', '.', 'e30.', `${cursor}x`, cursor.slice(1), cursor.replace('.', '')]) {
      assertRefused(await asAda('GET', `${TASKS}?cursor=${encodeURIComponent(wrong)}`), 400, 'invalid_cursor')
    }
    assertRefused(await as(bob)('GET', `${TASKS}?cursor=${cursor}`), 400, 'invalid_cursor')
    assert.equal((await asAda('GET', `${TASKS}?cursor=${cursor}`)).status, 200)
  })

  test('with an unknown parameter or a limit outside 1 to 1000 is 422 and names it', async () => {
    for (const [query, name] of [
      ['limit=0', 'limit'],
      ['limit=1001', 'limit'],
      ['limit=-1', 'limit'],
      ['limit=ten', 'limit'],
      ['limt=5', 'limt'],
      ['offset=5', 'offset'],
      ['limit=1&limit=2', 'limit'],
    ]) {
      const answer = await asAda('GET', `${TASKS}?${query}`)
      assertRefused(answer, 422, 'invalid_input')
      assert.deepEqual(
        answer.json.errors.map((error: { in: string; pointer: string }) => [error.in, error.pointer]),
        [['query', `/${name}`]],
      )
    }
    assert.equal((await asAda('GET', `${TASKS}?limit=1000`)).status, 200)
  })
})

suite("another user's task", () => {
  const routes: readonly [what: string, method: string, suffix: string, body: object | undefined][] = [
    ['reading', 'GET', '', undefined],
    ['patching', 'PATCH', '', { title: 'mine now' }],
    ['completing', 'PATCH', '/complete', undefined],
    ['setting completed', 'PATCH', '/complete', { completed: true }],
    ['deleting', 'DELETE', '', undefined],
  ]
  for (const [what, method, suffix, body] of routes) {
    test(`${what} it is the same 404 as for a missing one, with any If-Match, and changes nothing`, async () => {
      const task = await newTask()
      for (const headers of [undefined, { 'if-match': '"1"' }, { 'if-match': '"9"' }]) {
        const [theirs, missing] = [
          await as(bob)(method, `${TASKS}/${task.id}${suffix}`, body, headers),
          await as(bob)(method, `${TASKS}/${UNKNOWN_ID}${suffix}`, body, headers),
        ]
        assertRefused(theirs, 404, 'not_found')
        const { instance: _a, requestId: _b, ...theirBody } = theirs.json
        const { instance: _c, requestId: _d, ...missingBody } = missing.json
        assert.deepEqual(theirBody, missingBody)
        assert.equal(theirBody.detail, "Task not found or you don't have permission to access it")
      }
      assert.deepEqual((await asAda('GET', `${TASKS}/${task.id}`)).json, task)
    })
  }

  test('is only in the list of its owner', async () => {
    await newTask()
    const { json, headers } = await as(bob)('GET', TASKS)
    assert.deepEqual([json, headers.get('x-total-count')], [[], '0'])
  })
})

suite('every route', () => {
  const routes: readonly [method: string, path: string, body: object | undefined][] = [
    ['POST', TASKS, { title: 'x' }],
    ['GET', TASKS, undefined],
    ['GET', `${TASKS}/${UNKNOWN_ID}`, undefined],
    ['PATCH', `${TASKS}/${UNKNOWN_ID}`, {}],
    ['PATCH', `${TASKS}/${UNKNOWN_ID}/complete`, undefined],
    ['DELETE', `${TASKS}/${UNKNOWN_ID}`, undefined],
  ]
  for (const [method, path, body] of routes) {
    test(`${method} ${path} without a credential is 401 and names the accepted ones`, async () => {
      const answer = await world.ask(method, path, { body })
      assertRefused(answer, 401, 'unauthenticated')
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
    })
  }

  test('refuses an unknown query parameter with 422, names it, and changes nothing', async () => {
    const task = await newTask()
    const before = await countOf(ada)
    for (const [method, path, body] of routes) {
      const answer = await asAda(method, `${path.replace(UNKNOWN_ID, task.id)}?preview=true`, body)
      assertRefused(answer, 422, 'invalid_input')
      assert.deepEqual(
        answer.json.errors.map((error: { in: string; pointer: string }) => [error.in, error.pointer]),
        [['query', '/preview']],
      )
    }
    assert.deepEqual((await asAda('GET', `${TASKS}/${task.id}`)).json, task)
    assert.equal(await countOf(ada), before)
  })

  test('refuses a body with 422 if it accepts none, and changes nothing', async () => {
    const task = await newTask()
    assertRefused(await asAda('DELETE', `${TASKS}/${task.id}`, { ifVersion: 7 }), 422, 'invalid_input')
    assert.deepEqual((await asAda('GET', `${TASKS}/${task.id}`)).json, task)
    assert.equal((await asAda('DELETE', `${TASKS}/${task.id}`, {})).status, 204)
  })

  test('refuses an id that is no UUID with 422', async () => {
    for (const [method, path, body] of routes.slice(2)) {
      for (const id of [
        '1',
        'x',
        `${UNKNOWN_ID}0`,
        `{${UNKNOWN_ID}}`,
        UNKNOWN_ID.replaceAll('-', ''),
        'ffffffff-ffff-ffff-ffff-fffffffffffg',
      ]) {
        const answer = await asAda(method, path.replace(UNKNOWN_ID, encodeURIComponent(id)), body)
        assertRefused(answer, 422, 'invalid_input')
        assert.deepEqual(
          answer.json.errors.map((error: { in: string; pointer: string }) => [error.in, error.pointer]),
          [['path', '/id']],
        )
      }
    }
  })

  test('serves a trusted service inside the scope of the user it names', async () => {
    const forAda = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id }
    const task = await newTask({ title: 'seen by a service' })
    assert.deepEqual((await world.ask('GET', `${TASKS}/${task.id}`, { headers: forAda })).json, task)
    const created = await world.ask('POST', TASKS, { headers: forAda, body: { title: 'by a service' } })
    assert.deepEqual([created.status, created.json.userId], [201, ada.id])
    const forBob = { ...forAda, 'x-user-id': bob.id }
    assertRefused(await world.ask('GET', `${TASKS}/${task.id}`, { headers: forBob }), 404, 'not_found')
  })
})
