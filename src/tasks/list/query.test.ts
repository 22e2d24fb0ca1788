import assert from 'node:assert/strict'
import { after, before, mock, suite, test } from 'node:test'
import { openWorld, type Answer, type User, type World } from '../../../test/world.ts'

const TASKS = '/api/tasks'

let world: World
let ada: User
let bob: User

before(async () => {
  world = await openWorld()
  ;[ada, bob] = await Promise.all([world.signUp('Ada'), world.signUp('Bob')])
  const tasks = [
    { title: 'Buy milk', tags: ['home', 'shop'], priority: 'HIGH', dueDate: '2026-07-15T22:30:00Z' },
    { title: 'Crème brûlée', description: 'eggs, sugar and Milk', tags: ['home'], priority: 'URGENT' },
    { title: 'apple tree', status: 'IN_PROGRESS', tags: ['a,b', 'x\\y'], dueDate: '2026-07-14T00:00:00Z' },
    { title: 'Zebra', status: 'COMPLETED', priority: 'LOW', dueDate: '2026-07-01T00:00:00Z' },
  ]
  for (const body of tasks) assert.equal((await as(ada)('POST', TASKS, body)).status, 201)
})
after(() => world[Symbol.asyncDispose]())

const as =
  (user: User) =>
  (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    world.ask(method, path, { token: user.token, headers, ...(body === undefined ? {} : { body }) })
const list = (query: string, headers?: Record<string, string>): Promise<Answer> =>
  as(ada)('GET', `${TASKS}?${query}`, undefined, headers)

async function titles(query: string, headers?: Record<string, string>): Promise<string[]> {
  const { status, json, text } = await list(query, headers)
  assert.equal(status, 200, text)
  return json.map((task: { title: string }) => task.title)
}

/** @returns the part and pointer of the first error, and the detail of the problem */
async function refused(query: string, headers?: Record<string, string>): Promise<[string, string, string]> {
  const { status, json, text } = await list(query, headers)
  assert.equal(status, 422, `${query}: ${text}`)
  const [{ in: part, pointer }] = json.errors
  return [part, pointer, json.detail]
}

suite('a filter', () => {
  const cases: readonly [query: string, found: readonly string[]][] = [
    ['', ['Zebra', 'apple tree', 'Crème brûlée', 'Buy milk']],
    ['status=TODO', ['Crème brûlée', 'Buy milk']],
    ['status=IN_PROGRESS,COMPLETED', ['Zebra', 'apple tree']],
    ['status=IN_PROGRESS&status=COMPLETED', ['Zebra', 'apple tree']],
    ['status=IN_PROGRESS%2CCOMPLETED', ['Zebra', 'apple tree']],
    ['priority=URGENT,HIGH', ['Crème brûlée', 'Buy milk']],
    ['completed=true', ['Zebra']],
    ['completed=false&priority=MEDIUM', ['apple tree']],
    ['tag=home', ['Crème brûlée', 'Buy milk']],
    ['tag=shop,x%5Cy', ['apple tree', 'Buy milk']],
    ['tag=home,shop&tagMode=all', ['Buy milk']],
    ['tag=home,shop&tagMode=any', ['Crème brûlée', 'Buy milk']],
    ['tag=home&tag=shop&tagMode=all', ['Buy milk']],
    ['tag=home&tag=x,y&tag=shop&tagMode=any', ['Crème brûlée', 'Buy milk']],
    ['tag=a%2Cb', ['apple tree']],
    ['tag=home,a%2cb', ['apple tree', 'Crème brûlée', 'Buy milk']],
    ['tag=a%5C,b', ['apple tree']],
    ['tag=a%5C%2Cb', ['apple tree']],
    ['tag=a,b', []],
    ['tag=x%5C%5Cy', ['apple tree']],
    ['tag=Home', []],
    ['tag=%20home%20', ['Crème brûlée', 'Buy milk']],
    ['dueBefore=2026-07-14T00:00:00Z', ['Zebra']],
    ['dueBefore=2026-07-14T02:00:00.001%2B02:00', ['Zebra', 'apple tree']],
    ['dueAfter=2026-07-14T00:00:00Z', ['Buy milk']],
    ['dueAfter=2026-07-01T00:00:00Z&dueBefore=2026-07-15T00:00:00Z', ['apple tree']],
    ['due=none', ['Crème brûlée']],
    ['createdAfter=2200-01-01T00:00:00Z', []],
    ['createdBefore=2200-01-01T00:00:00Z&status=COMPLETED', ['Zebra']],
    ['updatedSince=2200-01-01T00:00:00Z', []],
    ['q=milk', ['Crème brûlée', 'Buy milk']],
    ['q=MIL', ['Crème brûlée', 'Buy milk']],
    ['q=creme+brulee', ['Crème brûlée']],
    ['q=cr%C3%A8me,+s%C3%BCgar!', ['Crème brûlée']],
    ['q=mikl', ['Buy milk']],
    ['q=milkk', ['Buy milk']],
    ['q=hmoe', ['Crème brûlée', 'Buy milk']],
    ['q=sguar', []],
    ['q=zbra+zebra+z', ['Zebra']],
    ['q=z+ze+zeb+zbra', []],
    ['q=zbra', ['Zebra']],
    ['q=zbrra', []],
    ['q=ilk', []],
    ['q=bux', []],
    ['q=shop', ['Buy milk']],
    ['q=buy+sugar', []],
    ['q=milk&sort=relevance', ['Buy milk', 'Crème brûlée']],
    ['q=hoem+e&sort=relevance', ['Crème brûlée']],
    ['q=home&sort=relevance,-title', ['Crème brûlée', 'Buy milk']],
    ['sort=title', ['apple tree', 'Buy milk', 'Crème brûlée', 'Zebra']],
    ['sort=-title', ['Zebra', 'Crème brûlée', 'Buy milk', 'apple tree']],
    ['sort=-priority', ['Crème brûlée', 'Buy milk', 'apple tree', 'Zebra']],
    ['sort=priority', ['Zebra', 'apple tree', 'Buy milk', 'Crème brûlée']],
    ['sort=dueDate', ['Zebra', 'apple tree', 'Buy milk', 'Crème brûlée']],
    ['sort=-dueDate', ['Buy milk', 'apple tree', 'Zebra', 'Crème brûlée']],
    ['sort=status,-createdAt', ['Crème brûlée', 'Buy milk', 'apple tree', 'Zebra']],
    ['sort=createdAt', ['Buy milk', 'Crème brûlée', 'apple tree', 'Zebra']],
  ]
  for (const [query, found] of cases) {
    test(`${query || 'of nothing'} finds ${found.join(', ') || 'nothing'} and counts them in the total`, async () => {
      assert.deepEqual(await titles(query), found)
      assert.equal((await list(query)).headers.get('x-total-count'), String(found.length))
    })
  }

  test('finds no task of another user', async () => {
    for (const query of ['q=milk', 'tag=home', 'sort=title', 'status=TODO', 'due=overdue']) {
      const { json, headers } = await as(bob)('GET', `${TASKS}?${query}`)
      assert.deepEqual([json, headers.get('x-total-count')], [[], '0'], query)
    }
  })

  test('has the same headers for HEAD as for GET', async () => {
    const { status, text, headers } = await as(ada)('HEAD', `${TASKS}?status=TODO&limit=1&count=true`)
    assert.deepEqual([status, text, headers.get('x-total-count')], [200, '', '2'])
    assert.match(headers.get('link') ?? '', /^<\/api\/tasks\?status=TODO&count=true&limit=1&cursor=/)
  })

  test('by `due` uses the days of the time zone, and a completed task is never overdue', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-07-15T10:30:00Z') })
    try {
      const due = (query: string, zone?: string): Promise<string[]> =>
        titles(`sort=title&${query}`, zone === undefined ? {} : { 'x-timezone': zone })
      assert.deepEqual(await due('due=overdue'), ['apple tree'])
      assert.deepEqual(await due('due=today'), ['Buy milk'])
      assert.deepEqual(await due('due=today', 'Europe/Berlin'), [])
      assert.deepEqual(await due('due=today&timezone=Europe/Berlin'), [])
      assert.deepEqual(await due('due=week'), ['apple tree', 'Buy milk'])
      assert.deepEqual(await due('due=week&completed=false&dueAfter=2026-07-15T00:00:00Z', 'UTC'), ['Buy milk'])
      assert.deepEqual(await due('due=today&timezone=UTC', 'UTC'), ['Buy milk'])
    } finally {
      mock.timers.reset()
    }
  })

  test('by `due=today` uses the same day on all pages, also past midnight', async () => {
    const today = (day: number): object => ({
      title: `due ${day}`,
      tags: ['midnight'],
      dueDate: `2026-08-0${day}T12:00:00Z`,
    })
    for (const day of [1, 1, 2]) await as(ada)('POST', TASKS, today(day))
    mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-08-01T23:59:00Z') })
    try {
      const first = await list('due=today&count=true&limit=1', { 'x-timezone': 'UTC' })
      mock.timers.setTime(Date.parse('2026-08-02T00:01:00Z'))
      const next = /^<([^>]+)>/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
      assert.match(next, /^\/api\/tasks\?due=today&count=true&timezone=UTC&limit=1&cursor=/)
      const second = await as(ada)('GET', next)
      assert.deepEqual([second.json[0].title, second.headers.get('x-total-count')], ['due 1', '2'])
      assert.equal(second.headers.get('link'), null)
    } finally {
      mock.timers.reset()
      for (const { id } of (await list('tag=midnight')).json) await as(ada)('DELETE', `${TASKS}/${id}`)
    }
  })
})

suite('a search', () => {
  test('in hundreds of the longest descriptions is answered in time, with typos and any words', async () => {
    const cleo = await world.signUp('Cleo')
    const letters = 'abcdefghij'.split('')
    const found = letters.map((letter) => `abcdefghijklmno${letter}`)
    const missing = letters.map((letter) => `${letter}bcdefghijklmnoz`)
    await world.asOwner((client) =>
      client.query(
        `insert into tasks (id, user_id, title, description)
         select gen_random_uuid(), $1, 'Task', left(repeat('lorem ipsum dolor sit amet ', 400), 9800) || $2 from generate_series(1, 400)`,
        [cleo.id, ` ${found.join(' ')}`],
      ),
    )
    for (const [q, total] of [
      ['loerm', '0'],
      [found.join('+'), '400'],
      [missing.join('+'), '0'],
    ] as const) {
      for (const sort of ['createdAt', 'relevance']) {
        const { status, headers } = await as(cleo)('GET', `${TASKS}?limit=20&count=true&sort=${sort}&q=${q}`)
        assert.deepEqual([status, headers.get('x-total-count')], [200, total], `${q} by ${sort}`)
      }
    }
  })

  test('tolerates typos in the first 400 letters of title and tags, and finds exact words anywhere', async () => {
    const dora = await world.signUp('Dora')
    const tags = Array.from({ length: 10 }, (_, n) => `${n}${'x'.repeat(44)}`)
    await as(dora)('POST', TASKS, { title: 'Yankee', tags: [...tags, 'zulu'] })
    for (const [q, amount] of [
      ['yanke', 1],
      ['zulu', 1],
      ['zuul', 0],
    ] as const) {
      assert.equal((await as(dora)('GET', `${TASKS}?q=${q}`)).json.length, amount, q)
    }
  })
})

suite('the answer of a list', () => {
  test('has exactly the members that `fields` names, in the order of a task', async () => {
    const [task] = (await list('q=milk&sort=relevance&fields=title,id')).json
    assert.deepEqual(Object.keys(task), ['id', 'title'])
    const all = (await list('sort=title')).json
    const members = Object.keys(all[0]).join()
    const answer = await list(`sort=title&fields=${members}`)
    assert.deepEqual(answer.json, all)
    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
  })

  test('can be sorted by a member that `fields` leaves out, on all pages', async () => {
    const seen: unknown[] = []
    let path: string | undefined = `${TASKS}?fields=version&sort=-dueDate,title&limit=1`
    while (path !== undefined) {
      const { json, headers }: Answer = await as(ada)('GET', path)
      seen.push(...json)
      path = /^<([^>]+)>/.exec(headers.get('link') ?? '')?.[1]
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 4 }, () => ({ version: 1 })),
    )
  })

  test('has a total if it is requested, and also on a first page that is the last', async () => {
    const total = async (query: string): Promise<string | null> => (await list(query)).headers.get('x-total-count')
    const second = `cursor=${(await list('limit=3')).headers.get('x-next-cursor')}`
    for (const [query, expected] of [
      ['', '4'],
      ['limit=4', '4'],
      ['limit=4&count=false', '4'],
      ['limit=3', null],
      ['limit=3&count=false', null],
      ['limit=3&count=true', '4'],
      ['status=TODO&limit=1', null],
      ['status=TODO&limit=1&count=true', '2'],
      ['status=TODO&limit=2', '2'],
      [second, null],
      [`${second}&count=true`, '4'],
      ['q=shop&sort=title&limit=1', '1'],
    ] as const) {
      assert.equal(await total(query), expected, query)
    }
  })
})

suite('a cursor', () => {
  const cursorOf = async (query: string): Promise<string> =>
    (await list(`${query}&limit=1`)).headers.get('x-next-cursor') ?? assert.fail(query)

  test('is valid for equivalent filters, and for other `fields` and `limit`', async () => {
    const cursor = await cursorOf('status=TODO,IN_PROGRESS&sort=-priority&dueBefore=2026-07-20T00:00:00Z')
    for (const same of [
      'sort=-priority&dueBefore=2026-07-20T00:00:00.000Z&status=IN_PROGRESS,TODO',
      'sort=-priority&dueBefore=2026-07-20T02:00:00%2B02:00&status=TODO,IN_PROGRESS&limit=7&fields=title&count=true',
      'sort=-priority&dueBefore=2026-07-20T00:00:00Z&status=TODO,IN_PROGRESS&timezone=UTC',
    ]) {
      assert.deepEqual(await titles(`${same}&cursor=${cursor}`), ['apple tree'])
    }
  })

  test('is 400 with other filters, another sort, search or time zone, and without the parameters', async () => {
    const cursor = await cursorOf('status=TODO&sort=-priority')
    for (const other of [
      '',
      'status=TODO',
      'sort=-priority',
      'status=TODO,COMPLETED&sort=-priority',
      'status=TODO&sort=priority',
      'status=TODO&sort=-priority,title',
      'status=TODO&sort=-priority&q=milk',
      'status=TODO&sort=-priority&completed=false',
      'status=TODO&sort=-priority&due=none',
      'status=TODO&sort=-priority&tag=home',
    ]) {
      const answer = await list(`${other}&cursor=${cursor}`)
      assert.deepEqual([answer.status, answer.json.code], [400, 'invalid_cursor'], other)
    }
    const theirs = await as(bob)('GET', `${TASKS}?status=TODO&sort=-priority&cursor=${cursor}`)
    assert.equal(theirs.json.code, 'invalid_cursor')
    assert.equal((await list(`status=TODO&sort=-priority&cursor=${cursor}`)).status, 200)
  })

  test('and the Link contain every parameter, also a comma in a tag', async () => {
    const filters = 'tag=home,a%5C%2Cb&tagMode=any&fields=id,title&count=true&completed=false&q=m%20s'
    const { headers } = await list(`limit=1&${filters}&sort=-priority,title`)
    assert.match(
      headers.get('link') ?? '',
      /^<\/api\/tasks\?tag=home,a%5C%2Cb&tagMode=any&fields=id,title&count=true&completed=false&q=m%20s&sort=-priority,title&limit=1&cursor=[\w.-]+>; rel="next"$/,
    )
  })
})

suite('a refusal', () => {
  const STATUSES = 'TODO, IN_PROGRESS, COMPLETED'
  const cases: readonly [query: string, name: string, says: string | RegExp][] = [
    ['stauts=TODO', 'stauts', /is unknown; the parameters are status, priority, tag, .*sort, fields, .*limit, cursor$/],
    ['status=DONE', 'status', `must be one of ${STATUSES}`],
    ['status=TODO,todo', 'status', `must be one of ${STATUSES}`],
    ['status=', 'status', `must be one of ${STATUSES}`],
    ['status=TODO,', 'status', `must be one of ${STATUSES}`],
    ['completed=true&completed=true', 'completed', 'must be given once'],
    ['status=TODO&status=TODO', 'status', 'must not have the same item twice'],
    ['status=TODO,TODO', 'status', 'must not have the same item twice'],
    ['priority=NONE', 'priority', 'must be one of URGENT, HIGH, MEDIUM, LOW'],
    ['tag=', 'tag', 'must not be empty'],
    ['tag=a,,b', 'tag', 'must not be empty'],
    ['tag=a%00', 'tag', 'must not contain NUL or unpaired surrogates'],
    [`tag=${'x'.repeat(51)}`, 'tag', 'must have at most 50 characters'],
    [`tag=${Array.from({ length: 21 }, (_, n) => n).join()}`, 'tag', 'must have at most 20 items'],
    ['tag=a&tagMode=none', 'tagMode', 'must be one of any, all'],
    ['completed=yes', 'completed', 'must be one of true, false'],
    ['completed=', 'completed', 'must be one of true, false'],
    ['count=0', 'count', 'must be one of true, false'],
    ['due=tomorrow', 'due', 'must be one of overdue, today, week, none'],
    ['due=today,week', 'due', 'must be one of overdue, today, week, none'],
    ['dueBefore=2026-02-30', 'dueBefore', /must be a day such as 2026-12-24, or an RFC 3339/],
    [
      'dueAfter=2026-07-15T00:00:00+02:00',
      'dueAfter',
      /RFC 3339.*\. In a URL a \+ means a space: write that of the offset as %2B$/,
    ],
    ['updatedSince=2026-07-15T00:00:00.5+0200', 'updatedSince', /write that of the offset as %2B$/],
    ['updatedSince=2026-07-15+02:00', 'updatedSince', /between the years 1900 and 9999$/],
    ['createdAfter=', 'createdAfter', /RFC 3339/],
    ['createdBefore=now', 'createdBefore', /RFC 3339/],
    ['updatedSince=0', 'updatedSince', /RFC 3339/],
    ['q=', 'q', 'must not be empty'],
    ['q=%20', 'q', 'must have a word in it'],
    ['q=%25_!', 'q', 'must have a word in it'],
    ['q=a%00b', 'q', 'must not contain NUL'],
    [`q=${'x'.repeat(201)}`, 'q', 'must have at most 200 characters'],
    [`q=${Array.from({ length: 11 }, (_, n) => `w${n}`).join('+')}`, 'q', 'must have at most 10 words'],
    ['sort=duedate', 'sort', /must be one of title, -title, .*, -updatedAt, relevance$/],
    ['sort=id', 'sort', /must be one of/],
    ['sort=', 'sort', /must be one of/],
    ['sort=--title', 'sort', /must be one of/],
    ['sort=title,-title', 'sort', 'must not have the same name twice'],
    ['sort=relevance', 'sort', 'can be relevance only together with q'],
    ['sort=-relevance&q=a', 'sort', /must be one of/],
    ['fields=name', 'fields', /must be one of id, title, description, .*version/],
    ['fields=', 'fields', /must be one of/],
    ['fields=key.id', 'fields', /must be one of/],
    ['timezone=Mars/Olympus', 'timezone', 'must be the name of an IANA time zone'],
    ['timezone=%2B02:00', 'timezone', 'must be the name of an IANA time zone'],
    ['timezone=', 'timezone', 'must be the name of an IANA time zone'],
  ]
  for (const [query, name, says] of cases) {
    test(`of ${query.slice(0, 60)} is 422, names ${name} and lists what is allowed`, async () => {
      const [part, pointer, detail] = await refused(query)
      assert.deepEqual([part, pointer], ['query', `/${name}`])
      assert.ok(typeof says === 'string' ? detail.includes(`${name} ${says}`) : says.test(detail), detail)
    })
  }

  test('of a time zone names the header, and two different ones are refused', async () => {
    assert.deepEqual((await refused('', { 'x-timezone': 'Nowhere' })).slice(0, 2), ['header', '/x-timezone'])
    const [part, pointer, detail] = await refused('timezone=UTC', { 'x-timezone': 'Europe/Berlin' })
    assert.deepEqual([part, pointer], ['query', '/timezone'])
    assert.match(detail, /differs from the header X-Timezone/)
    // The case of a name does not matter.
    assert.equal((await list('timezone=europe/berlin', { 'x-timezone': 'Europe/Berlin' })).status, 200)
  })

  test('of filters that are too long for the URL of the next page is 414', async () => {
    const tags = (amount: number): string =>
      Array.from({ length: amount }, (_, n) => encodeURIComponent(`${n}`.padStart(50, '日'))).join()
    assert.equal((await list(`tag=${tags(13)}`)).status, 200)
    const long = await list(`tag=${tags(14)}`)
    assert.deepEqual([long.status, long.json.code], [414, 'uri_too_long'])
  })

  test('contains neither the value that was sent nor any SQL', async () => {
    for (const query of ['q=%27%3B--', "sort=title'--", 'status=secret-value', "timezone='; drop table tasks"]) {
      const { text } = await list(query)
      assert.doesNotMatch(text, /select|secret-value|drop table|strpos/, query)
    }
    assert.equal((await list("q=o'neil%25+%5C+_")).status, 200)
  })
})

suite('the lists of tags and the statistics', () => {
  async function statsAt(now: string): Promise<Answer> {
    mock.timers.enable({ apis: ['Date'], now: Date.parse(now) })
    try {
      return await as(ada)('GET', `${TASKS}/stats`)
    } finally {
      mock.timers.reset()
    }
  }

  test('count only the tasks of the caller', async () => {
    const tags = await as(ada)('GET', '/api/tags')
    assert.deepEqual(tags.json, [
      { name: 'home', count: 2 },
      { name: 'a,b', count: 1 },
      { name: 'shop', count: 1 },
      { name: 'x\\y', count: 1 },
    ])
    assert.deepEqual((await statsAt('2026-07-16T00:00:00Z')).json, {
      total: 4,
      byStatus: { TODO: 2, IN_PROGRESS: 1, COMPLETED: 1 },
      byPriority: { URGENT: 1, HIGH: 1, MEDIUM: 1, LOW: 1 },
      overdue: 2,
    })
    const none = await as(bob)('GET', '/api/tags')
    assert.deepEqual([none.json, none.headers.get('x-total-count')], [[], '0'])
    assert.deepEqual((await as(bob)('GET', `${TASKS}/stats`)).json, {
      total: 0,
      byStatus: { TODO: 0, IN_PROGRESS: 0, COMPLETED: 0 },
      byPriority: { URGENT: 0, HIGH: 0, MEDIUM: 0, LOW: 0 },
      overdue: 0,
    })
  })

  test('of tags continue where a page ended, and have a total if it is requested', async () => {
    const { json: all, headers } = await as(ada)('GET', '/api/tags')
    assert.deepEqual([headers.get('x-total-count'), headers.get('link')], ['4', null])
    for (const count of ['', 'count=true&']) {
      for (const limit of [1, 2, 3, 4]) {
        const seen: unknown[] = []
        let path: string | undefined = `/api/tags?${count}limit=${limit}`
        while (path !== undefined) {
          const page: Answer = await as(ada)('GET', path)
          assert.equal(page.headers.get('x-total-count'), count === '' && limit < 4 ? null : '4', path)
          seen.push(...page.json)
          const next = page.headers.get('x-next-cursor')
          path = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1]
          assert.equal(path, next === null ? undefined : `/api/tags?${count}limit=${limit}&cursor=${next}`)
        }
        assert.deepEqual(seen, all)
      }
    }
    const cursor = (await as(ada)('GET', '/api/tags?limit=1')).headers.get('x-next-cursor')
    for (const [user, path] of [
      [bob, `/api/tags?cursor=${cursor}`],
      [ada, `${TASKS}?cursor=${cursor}`],
      [ada, `/api/tags?cursor=${cursor}x`],
    ] as const) {
      const refused = await as(user)('GET', path)
      assert.deepEqual([refused.status, refused.json.code], [400, 'invalid_cursor'], path)
    }
    assert.equal((await as(ada)('GET', '/api/tags?count=yes')).status, 422)
  })

  test('use the clock of the list for overdue tasks', async () => {
    for (const [now, overdue] of [
      ['2026-07-13T23:59:59Z', 0],
      ['2026-07-14T00:00:00Z', 0],
      ['2026-07-14T00:00:00.001Z', 1],
      ['2026-07-15T22:30:01Z', 2],
    ] as const) {
      assert.equal((await statsAt(now)).json.overdue, overdue, now)
    }
  })

  test('without a credential are 401, with an unknown parameter or a wrong limit 422', async () => {
    for (const path of ['/api/tags', `${TASKS}/stats`]) {
      assert.equal((await world.ask('GET', path)).status, 401)
      const { status, json } = await as(ada)('GET', `${path}?since=1`)
      assert.deepEqual([status, json.errors[0].pointer], [422, '/since'])
    }
    for (const limit of ['0', '1001', 'x', '']) {
      assert.equal((await as(ada)('GET', `/api/tags?limit=${limit}`)).status, 422, limit)
    }
  })
})
