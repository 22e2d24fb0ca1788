import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, mock, suite, test } from 'node:test'
import { openWorld, SERVICE_TOKEN, type Answer, type User, type World } from '../../../test/world.ts'

let world: World
let ada: User

before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

type Json = Answer['json']

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask(method, path, { token: ada.token, body, headers })
const newTask = async (fields: object = {}): Promise<Json> =>
  (await ask('POST', '/api/tasks', { title: 'x', ...fields })).json
const etagOf = ({ headers }: Answer): string => headers.get('etag') ?? assert.fail('no ETag')
const poll = (path: string, etag: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask('GET', path, undefined, { 'if-none-match': etag, ...headers })

/** The list is known by its tag, and the tag is not the one before. @returns the tag */
async function assertChanged(path: string, before: string): Promise<string> {
  const answer = await poll(path, before)
  assert.equal(answer.status, 200, path)
  assert.notEqual(etagOf(answer), before, path)
  assert.deepEqual(answer.json, (await ask('GET', path)).json, path)
  return await assertUnchanged(path, etagOf(answer))
}

async function assertUnchanged(path: string, etag: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await poll(path, etag, headers)
  assert.deepEqual([answer.status, answer.text, etagOf(answer)], [304, '', etag], path)
  return etag
}

const PATHS = [
  '/api/tasks',
  '/api/tasks?limit=1',
  '/api/tasks?limit=2&count=true',
  '/api/tasks?count=true',
  '/api/tasks?status=TODO',
  '/api/tasks?status=TODO,COMPLETED',
  '/api/tasks?priority=HIGH',
  '/api/tasks?tag=home',
  '/api/tasks?tag=home,errands&tagMode=all',
  '/api/tasks?tag=home,errands&tagMode=any',
  '/api/tasks?completed=true',
  '/api/tasks?completed=false',
  '/api/tasks?completed=true&status=TODO',
  '/api/tasks?due=overdue',
  '/api/tasks?due=today',
  '/api/tasks?due=today&timezone=Pacific/Kiritimati',
  '/api/tasks?due=week',
  '/api/tasks?due=none',
  '/api/tasks?dueBefore=2030-01-01T00:00:00Z',
  '/api/tasks?dueAfter=2020-01-01T00:00:00Z',
  '/api/tasks?createdBefore=2090-01-01T00:00:00Z',
  '/api/tasks?createdAfter=2020-01-01T00:00:00Z',
  '/api/tasks?updatedSince=2020-01-01T00:00:00Z',
  '/api/tasks?q=milk',
  '/api/tasks?q=milk&sort=relevance',
  '/api/tasks?sort=title,-dueDate',
  '/api/tasks?sort=priority',
  '/api/tasks?sort=-priority',
  '/api/tasks?fields=id,title',
  '/api/tasks?fields=id,title&due=overdue&count=true&limit=1',
  '/api/tags',
  '/api/tags?limit=1',
  '/api/tags?limit=1&count=true',
  '/api/tasks/stats',
]

suite('the ETag of a list', () => {
  before(async () => {
    ada = await world.signUp('Ada')
    for (const fields of [
      { title: 'milk', tags: ['home'], priority: 'HIGH' },
      { tags: ['home', 'errands'], dueDate: new Date().toISOString() },
      { status: 'COMPLETED', dueDate: '2020-01-01T00:00:00Z' },
      { dueDate: '2020-01-01T00:00:00Z' },
    ]) {
      await newTask(fields)
    }
  })

  test('differs for each query, and each is 304 for its own tag alone', async () => {
    const tags = new Map<string, string>()
    for (const path of PATHS) tags.set(path, etagOf(await ask('GET', path)))
    assert.equal(new Set(tags.values()).size, PATHS.length)
    for (const [path, tag] of tags) {
      await assertUnchanged(path, tag)
      const others = [...tags.values()].filter((other) => other !== tag).join(', ')
      const answer = await poll(path, others)
      assert.deepEqual([answer.status, etagOf(answer)], [200, tag], path)
    }
  })

  test('is the same for queries that mean the same', async () => {
    for (const [one, other] of [
      ['/api/tasks?status=TODO,COMPLETED', '/api/tasks?status=COMPLETED&status=TODO'],
      ['/api/tasks', '/api/tasks?limit=1000&sort=-createdAt&count=false'],
      ['/api/tasks?dueBefore=2030-01-01T00:00:00Z', '/api/tasks?dueBefore=2030-01-01T02:00:00%2B02:00'],
      ['/api/tasks?due=none', '/api/tasks?due=none&timezone=Asia/Tokyo'],
      ['/api/tags', '/api/tags?limit=1000'],
    ] as const) {
      await assertUnchanged(other, etagOf(await ask('GET', one)))
    }
  })

  test('is that of a page: each later page has its own', async () => {
    for (const first of ['/api/tasks?limit=1', '/api/tasks?limit=1&due=overdue&count=true', '/api/tags?limit=1']) {
      const page = await ask('GET', first)
      const next = `${first}&cursor=${page.headers.get('x-next-cursor')}`
      if (page.headers.get('x-next-cursor') === null) continue
      const second = await ask('GET', next)
      assert.notEqual(etagOf(second), etagOf(page))
      await assertUnchanged(next, etagOf(second))
      await newTask({ title: `behind ${first}` })
      await assertChanged(next, etagOf(second))
    }
  })

  test('comes with private, no-cache and the same X-Sync-Cursor on 200 and 304', async () => {
    for (const path of PATHS) {
      const full = await ask('GET', path)
      const unchanged = await poll(path, etagOf(full))
      for (const { headers } of [full, unchanged]) {
        assert.equal(headers.get('cache-control'), 'private, no-cache', path)
        assert.match(headers.get('x-sync-cursor') ?? '', /^\d+\./, path)
      }
      assert.equal(unchanged.headers.get('x-sync-cursor'), full.headers.get('x-sync-cursor'))
      assert.deepEqual([unchanged.status, unchanged.headers.get('content-length')], [304, null])
    }
  })

  test('is accepted among others, weak, with the suffix of a compressing proxy, and as *', async () => {
    for (const path of ['/api/tasks?limit=2', '/api/tags', '/api/tasks/stats']) {
      const etag = etagOf(await ask('GET', path))
      for (const header of [
        `"1", ${etag}`,
        `W/${etag}`,
        etag.replace(/"$/, '-gzip"'),
        etag.replace(/"$/, '--br"'),
        '*',
      ]) {
        const answer = await poll(path, header)
        assert.deepEqual([answer.status, etagOf(answer)], [304, etag], header)
      }
      for (const header of ['"*"', '""', etag.toUpperCase(), `"x${etag.slice(1)}`]) {
        assert.equal((await poll(path, header)).status, 200, header)
      }
    }
  })

  test('that is no entity tag is 400 and names the header', async () => {
    for (const path of ['/api/tasks', '/api/tags', '/api/tasks/stats']) {
      const answer = await poll(path, '*, "1"')
      assert.deepEqual([answer.status, answer.json.code], [400, 'invalid_header'])
      assert.match(answer.json.detail, /^if-none-match /)
    }
  })

  test('is honoured by HEAD', async () => {
    for (const path of ['/api/tasks?limit=2', '/api/tags', '/api/tasks/stats']) {
      const etag = etagOf(await ask('HEAD', path))
      assert.equal(etag, etagOf(await ask('GET', path)))
      const answer = await ask('HEAD', path, undefined, { 'if-none-match': etag })
      assert.deepEqual([answer.status, answer.text], [304, ''])
    }
  })

  test('is the same for a session and a service, and counts as a read in the rate limit', async () => {
    const etag = etagOf(await ask('GET', '/api/tasks'))
    const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id, 'if-none-match': etag }
    const [one, two] = [
      await world.ask('GET', '/api/tasks', { headers }),
      await world.ask('GET', '/api/tasks', { headers }),
    ]
    assert.deepEqual([one.status, two.status], [304, 304])
    const left = (answer: Answer): number => Number(answer.headers.get('x-ratelimit-remaining'))
    assert.equal(left(one) - left(two), 1)
  })

  test("is never another user's, not even where neither has a log", async () => {
    const users = [await world.signUp('Ben'), await world.signUp('Cleo')]
    await world.asOwner(async (client) => {
      for (const { id } of users) {
        await client.query(`insert into tasks (id, user_id, title) values (gen_random_uuid(), $1, 'old')`, [id])
        await client.query('delete from changes where user_id = $1', [id])
        await client.query('delete from change_logs where user_id = $1', [id])
      }
    })
    for (const path of PATHS) {
      const answers = await Promise.all(users.map(({ token }) => world.ask('GET', path, { token })))
      const [his = '', hers = ''] = answers.map(etagOf)
      assert.notEqual(his, hers)
      const crossed = await world.ask('GET', path, { token: users[1]?.token, headers: { 'if-none-match': his } })
      assert.equal(crossed.status, 200, path)
      assert.equal(
        (await world.ask('GET', path, { token: users[1]?.token, headers: { 'if-none-match': hers } })).status,
        304,
      )
    }
  })

  test('needs the credential before anything else', async () => {
    const etag = etagOf(await ask('GET', '/api/tasks'))
    const answer = await world.ask('GET', '/api/tasks', { token: 'x', headers: { 'if-none-match': etag } })
    assert.equal(answer.status, 401)
  })
})

suite('a list is 200 and correct', () => {
  const chosen = randomUUID()
  let task: Json
  let second: Json

  before(async () => {
    ada = await world.signUp('Ada')
  })

  const CHANGES: readonly (readonly [what: string, change: () => Promise<unknown>])[] = [
    ['a creation', async () => (task = await newTask({ tags: ['home'] }))],
    ['a patch', () => ask('PATCH', `/api/tasks/${task.id}`, { priority: 'HIGH', tags: ['work'] })],
    ['a toggle', () => ask('PATCH', `/api/tasks/${task.id}/complete`)],
    [
      'a batch',
      () =>
        ask('POST', '/api/tasks/batch', {
          operations: [
            { op: 'create', task: { id: chosen, title: 'chosen' } },
            { op: 'complete', id: task.id },
          ],
        }),
    ],
    ['a bulk deletion', () => ask('POST', '/api/tasks/bulk-delete', { ids: [chosen] })],
    ['a deletion', () => ask('DELETE', `/api/tasks/${task.id}`)],
    ['another creation', async () => (second = await newTask())],
    [
      'a change by another program, or by a process of an earlier version, which says nothing of itself',
      () =>
        world.asOwner(async (client) => {
          await client.query(`update tasks set title = 'changed', version = version + 1 where id = $1`, [second.id])
        }),
    ],
    [
      'a deletion by a job',
      () => world.asOwner((client) => client.query('delete from tasks where id = $1', [second.id])),
    ],
  ]
  for (const [what, change] of CHANGES) {
    test(`after ${what}`, async () => {
      const tags = await Promise.all(PATHS.map(async (path) => [path, etagOf(await ask('GET', path))] as const))
      await change()
      for (const [path, tag] of tags) await assertChanged(path, tag)
    })
  }

  test('and unchanged after requests that change nothing', async () => {
    const { id } = await newTask()
    const etag = etagOf(await ask('GET', '/api/tasks'))
    await ask('PATCH', `/api/tasks/${id}`, { title: 'x' })
    await ask('PATCH', `/api/tasks/${id}`, { title: '' })
    await ask('POST', '/api/tasks', { id, title: 'x' })
    await ask('POST', '/api/tasks/bulk-delete', { ids: [randomUUID()] })
    await assertUnchanged('/api/tasks', etag)
  })

  test('after the log was purged only if something has changed', async () => {
    const etag = etagOf(await ask('GET', '/api/tasks'))
    await world.asOwner(async (client) => {
      await client.query(
        `update change_logs set (purged_seq, purged_change_id) =
           (select seq, change_id from changes c where c.user_id = change_logs.user_id order by seq desc limit 1) where user_id = $1`,
        [ada.id],
      )
      await client.query('delete from changes where user_id = $1', [ada.id])
    })
    await assertUnchanged('/api/tasks', etag)
    await newTask()
    await assertChanged('/api/tasks', etag)
  })

  test('after a restored backup has made other changes with the same numbers', async () => {
    const etag = etagOf(await ask('GET', '/api/tasks'))
    await world.asOwner((client) =>
      client.query('update changes set change_id = gen_random_uuid() where user_id = $1', [ada.id]),
    )
    await assertChanged('/api/tasks', etag)
  })
})

suite('a list that depends on the clock', () => {
  const at = (instant: string): void => mock.timers.setTime(Date.parse(instant))

  before(async () => {
    ada = await world.signUp('Ada')
    await newTask({ title: 'at noon', dueDate: '2026-07-15T12:00:00Z' })
    await newTask({ title: 'a day later', dueDate: '2026-07-16T12:00:00Z' })
    await newTask({ title: 'done', dueDate: '2026-07-15T11:00:00Z', status: 'COMPLETED' })
    mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-07-15T10:30:00Z') })
  })
  after(() => mock.timers.reset())

  for (const path of ['/api/tasks?due=overdue', '/api/tasks?due=overdue&fields=id&count=true', '/api/tasks/stats']) {
    test(`${path} changes at the moment at which a task becomes overdue, and at no other`, async () => {
      at('2026-07-15T10:30:00Z')
      const early = etagOf(await ask('GET', path))
      for (const instant of ['2026-07-15T10:30:00.001Z', '2026-07-15T11:30:00Z', '2026-07-15T12:00:00Z']) {
        at(instant)
        await assertUnchanged(path, early)
      }
      at('2026-07-15T12:00:00.001Z')
      const noon = await assertChanged(path, early)
      at('2026-07-16T12:00:00Z')
      await assertUnchanged(path, noon)
      at('2026-07-16T12:00:00.001Z')
      await assertChanged(path, noon)
    })
  }

  test('changes with the day of the time zone, or its week', async () => {
    for (const [path, last, next] of [
      ['/api/tasks?due=today', '2026-07-15T23:59:59.999Z', '2026-07-16T00:00:00Z'],
      ['/api/tasks?due=today&timezone=Asia/Tokyo', '2026-07-15T14:59:59.999Z', '2026-07-15T15:00:00Z'],
      ['/api/tasks?due=week', '2026-07-19T23:59:59.999Z', '2026-07-20T00:00:00Z'],
      ['/api/tasks?due=week&timezone=America/New_York', '2026-07-20T03:59:59.999Z', '2026-07-20T04:00:00Z'],
    ] as const) {
      at('2026-07-15T10:30:00Z')
      const etag = etagOf(await ask('GET', path))
      at(last)
      await assertUnchanged(path, etag)
      at(next)
      await assertChanged(path, etag)
    }
  })

  test('is that of the zone, in a parameter or a header', async () => {
    at('2026-07-15T10:30:00Z')
    const utc = etagOf(await ask('GET', '/api/tasks?due=today'))
    const tokyo = etagOf(await ask('GET', '/api/tasks?due=today&timezone=Asia/Tokyo'))
    assert.notEqual(utc, tokyo)
    await assertUnchanged('/api/tasks?due=today', tokyo, { 'x-timezone': 'Asia/Tokyo' })
    assert.equal((await poll('/api/tasks?due=today', utc, { 'x-timezone': 'Asia/Tokyo' })).status, 200)
  })

  test('does not change with the clock on a later page, which has that of the first', async () => {
    at('2026-07-20T10:30:00Z')
    const cursor = (await ask('GET', '/api/tasks?due=overdue&limit=1')).headers.get('x-next-cursor')
    const next = `/api/tasks?due=overdue&limit=1&cursor=${cursor}`
    const etag = etagOf(await ask('GET', next))
    at('2026-07-27T10:30:00Z')
    await assertUnchanged(next, etag)
  })
})
