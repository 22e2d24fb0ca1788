import assert from 'node:assert/strict'
import { after, before, mock, suite, test } from 'node:test'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'

const TASKS = '/api/tasks'
const DAY = '2026-12-24'
const INSTANT = '2026-12-24T17:00:00Z'

type Json = Answer['json']

let world: World
let ada: User

before(async () => {
  world = await openWorld()
  ada = await world.signUp('Ada')
})
after(() => world[Symbol.asyncDispose]())

const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
  const answer = await world.ask(method, path, { token: ada.token, body })
  assert.ok(answer.status < 300, answer.text)
  return answer
}
const newTask = async (fields: object): Promise<Json> => (await ask('POST', TASKS, { title: 'x', ...fields })).json
const patch = (id: string, body: object): Promise<Answer> => ask('PATCH', `${TASKS}/${id}`, body)
const dueOf = async (id: string): Promise<string | null> => (await ask('GET', `${TASKS}/${id}`)).json.dueDate
const owned = async (text: string, values: readonly unknown[]): Promise<readonly Json[]> =>
  world.asOwner(async (client) => (await client.query(text, [...values])).rows)

suite('a task that is due on a day', () => {
  test('has that day in every answer, as it was sent', async () => {
    const task = await newTask({ dueDate: DAY })
    assert.equal(task.dueDate, DAY)
    assert.equal(await dueOf(task.id), DAY)
    const { json: list } = await ask('GET', TASKS)
    assert.equal(list.find(({ id }: Json) => id === task.id).dueDate, DAY)
    const { json: changes } = await ask('GET', '/api/changes')
    assert.equal(changes.find(({ id }: Json) => id === task.id).data.dueDate, DAY)
  })

  test('can be due at an instant, on another day and never, by patches', async () => {
    const { id } = await newTask({ dueDate: DAY })
    // The last is the instant that the day has in the column of instants.
    for (const dueDate of [INSTANT, '2026-12-25', null, DAY, '2026-12-24T23:59:59.999Z', DAY]) {
      assert.equal((await patch(id, { dueDate })).json.dueDate, dueDate)
      assert.equal(await dueOf(id), dueDate)
    }
  })

  test('keeps its version when the same day is set again, and its day when something else changes', async () => {
    const { id } = await newTask({ dueDate: DAY })
    assert.equal((await patch(id, { dueDate: DAY })).json.version, 1)
    const renamed = (await patch(id, { title: 'y' })).json
    assert.deepEqual([renamed.version, renamed.dueDate], [2, DAY])
    const completed = (await ask('PATCH', `${TASKS}/${id}/complete`)).json
    assert.deepEqual([completed.status, completed.dueDate], ['COMPLETED', DAY])
  })

  test('is the same task when its creation is repeated, and another one with an instant of the day', async () => {
    const { id } = await newTask({ dueDate: DAY })
    const again = (dueDate: string): Promise<Answer> =>
      world.ask('POST', TASKS, { token: ada.token, body: { id, title: 'x', dueDate } })
    assert.equal((await again(DAY)).status, 200)
    assert.equal((await again('2026-12-24T23:59:59.999Z')).status, 409)
  })

  test('exists at both ends of the years', async () => {
    for (const dueDate of ['1900-01-01', '9999-12-31', '2024-02-29']) {
      const { id } = await newTask({ dueDate })
      assert.equal(await dueOf(id), dueDate)
    }
  })

  test('can be created, put and changed in a batch', async () => {
    const { id } = await newTask({ dueDate: INSTANT })
    const operations = [
      { op: 'create', task: { title: 'a', dueDate: DAY } },
      { op: 'update', id, patch: { dueDate: '2026-12-25' } },
      { op: 'put', id, task: { title: 'b', dueDate: '2026-12-26' } },
    ]
    const { json } = await ask('POST', `${TASKS}/batch`, { operations })
    assert.deepEqual(
      json.results.map(({ task }: Json) => task.dueDate),
      [DAY, '2026-12-25', '2026-12-26'],
    )
  })

  test('has its days in the history, and an undo sets them back', async () => {
    const { id } = await newTask({ dueDate: DAY })
    const changed = await patch(id, { dueDate: INSTANT })
    const changeId = changed.headers.get('x-change-id')
    const [entry] = (await ask('GET', `${TASKS}/${id}/history`)).json
    assert.deepEqual([entry.changes[0].before, entry.changes[0].after], [{ dueDate: DAY }, { dueDate: INSTANT }])
    await ask('POST', `/api/history/${changeId}/undo`)
    assert.equal(await dueOf(id), DAY)
  })

  test('has its day after it was restored from the trash', async () => {
    const { id } = await newTask({ dueDate: DAY, timezone: 'Asia/Tokyo' })
    await ask('DELETE', `${TASKS}/${id}`)
    const restored = (await ask('POST', `/api/trash/${id}/restore`)).json
    assert.deepEqual([restored.dueDate, restored.timezone], [DAY, 'Asia/Tokyo'])
  })

  test('is due at the instant that a process of a version without days sets, or never', async () => {
    for (const [dueDate, shown] of [
      [INSTANT, INSTANT],
      [null, null],
    ]) {
      const { id } = await newTask({ dueDate: DAY })
      await owned('update tasks set due_date = $2 where id = $1', [id, dueDate])
      assert.equal(await dueOf(id), shown)
    }
    const { id } = await newTask({ dueDate: DAY })
    await owned(`update tasks set title = 'y' where id = $1`, [id])
    assert.equal(await dueOf(id), DAY)
  })
})

suite('the time zone of a task', () => {
  test('is null by default, can be set, changed and cleared, and has the case of the IANA database', async () => {
    const task = await newTask({})
    assert.equal(task.timezone, null)
    assert.equal((await patch(task.id, { timezone: 'america/new_york' })).json.timezone, 'America/New_York')
    const again = (await patch(task.id, { timezone: 'AMERICA/NEW_YORK' })).json
    assert.deepEqual([again.timezone, again.version], ['America/New_York', 2])
    assert.equal((await patch(task.id, { timezone: null })).json.timezone, null)
    assert.equal((await newTask({ timezone: 'Europe/Kiev' })).timezone, 'Europe/Kiev')
  })
})

suite('a list with days and instants', () => {
  let ben: User
  const at = async <T>(now: string, work: () => Promise<T>): Promise<T> => {
    mock.timers.enable({ apis: ['Date'], now: Date.parse(now) })
    try {
      return await work()
    } finally {
      mock.timers.reset()
    }
  }
  const get = (query: string, headers: Record<string, string> = {}): Promise<Answer> =>
    world.ask('GET', `${TASKS}${query}`, { token: ben.token, headers })
  const titles = async (query: string, headers: Record<string, string> = {}): Promise<string[]> => {
    const answer = await get(query, headers)
    assert.equal(answer.status, 200, answer.text)
    return answer.json.map(({ title }: Json) => title)
  }
  const live = (zone: string): Promise<Answer> =>
    world.ask('PATCH', '/api/me', { token: ben.token, body: { timezone: zone } })

  before(async () => {
    ben = await world.signUp('Ben')
    const tasks = [
      ['eve', '2026-12-24'],
      ['noon', '2026-12-24T12:00:00Z'],
      ['night', '2026-12-24T23:30:00Z'],
      ['christmas', '2026-12-25'],
      ['never', null],
    ]
    for (const [title, dueDate] of tasks) {
      await world.ask('POST', TASKS, { token: ben.token, body: { title, dueDate } })
    }
  })

  test('has a day at its end, in the time zone of the query', async () => {
    const sorted = (zone: string): Promise<string[]> => titles(`?sort=dueDate&timezone=${zone}`)
    assert.deepEqual(await sorted('UTC'), ['noon', 'night', 'eve', 'christmas', 'never'])
    // 23:30 in UTC is 00:30 of the next day in Berlin.
    assert.deepEqual(await sorted('Europe/Berlin'), ['noon', 'eve', 'night', 'christmas', 'never'])
    assert.deepEqual(await sorted('Pacific/Kiritimati'), ['eve', 'noon', 'night', 'christmas', 'never'])
    assert.deepEqual(await titles('?sort=-dueDate&timezone=UTC'), ['christmas', 'eve', 'night', 'noon', 'never'])
  })

  test('is that of the zone in the parameter, else in X-Timezone, else of the user', async () => {
    await live('Europe/Berlin')
    const today = (query = '', headers = {}): Promise<string[]> =>
      at('2026-12-24T10:00:00Z', () => titles(`?due=today&sort=title${query}`, headers))
    assert.deepEqual(await today(), ['eve', 'noon'])
    assert.deepEqual(await today('', { 'x-timezone': 'UTC' }), ['eve', 'night', 'noon'])
    assert.deepEqual(await today('&timezone=Pacific/Kiritimati'), ['christmas', 'night', 'noon'])
    await live('UTC')
    assert.deepEqual(await today(), ['eve', 'night', 'noon'])
  })

  test('is overdue with a day when the day is over, east and west of Greenwich', async () => {
    const overdue = (now: string, zone: string): Promise<string[]> =>
      at(now, () => titles(`?due=overdue&sort=title&timezone=${zone}`))
    const cases: readonly (readonly [zone: string, last: string, over: string])[] = [
      ['UTC', '2026-12-24T23:59:59.999Z', '2026-12-25T00:00:00Z'],
      ['Pacific/Kiritimati', '2026-12-24T09:59:59.999Z', '2026-12-24T10:00:00Z'],
      ['Pacific/Pago_Pago', '2026-12-25T10:59:59.999Z', '2026-12-25T11:00:00Z'],
    ]
    for (const [zone, last, over] of cases) {
      assert.ok(!(await overdue(last, zone)).includes('eve'), zone)
      assert.ok((await overdue(over, zone)).includes('eve'), zone)
      const stats = (now: string): Promise<number> =>
        at(now, async () => (await get(`/stats?timezone=${zone}`)).json.overdue)
      assert.equal((await stats(over)) - (await stats(last)), 1, zone)
    }
  })

  test('is filtered by days and by instants, which a day is before or after as a whole', async () => {
    const cases: readonly (readonly [query: string, expected: readonly string[]])[] = [
      ['dueBefore=2026-12-25', ['eve', 'night', 'noon']],
      ['dueBefore=2026-12-24', []],
      ['dueAfter=2026-12-24', ['christmas']],
      ['dueAfter=2026-12-23&dueBefore=2026-12-25', ['eve', 'night', 'noon']],
      ['dueBefore=2026-12-24T23:59:59.999Z', ['night', 'noon']],
      ['dueBefore=2026-12-25T00:00:00Z', ['eve', 'night', 'noon']],
      ['dueAfter=2026-12-24T23:59:59.998Z', ['christmas', 'eve']],
      ['dueAfter=2026-12-24T23:59:59.999Z', ['christmas']],
      ['dueBefore=2026-12-25&timezone=Europe/Berlin', ['eve', 'noon']],
      ['due=none', ['never']],
    ]
    for (const [query, expected] of cases) assert.deepEqual(await titles(`?sort=title&${query}`), expected, query)
  })

  test('keeps its zone and its moment on all pages, whatever the user changes meanwhile', async () => {
    await live('Europe/Berlin')
    const first = await at('2026-12-24T10:00:00Z', () => get('?due=today&sort=dueDate&limit=1'))
    await live('Pacific/Kiritimati')
    const next = first.headers.get('x-next-cursor') ?? ''
    const second = (query = '') =>
      at('2026-12-26T10:00:00Z', () => get(`?due=today&sort=dueDate&limit=1${query}&cursor=${next}`))
    assert.deepEqual(
      [first, await second(), await second('&timezone=Europe/Berlin')].map(({ json }) => json[0].title),
      ['noon', 'eve', 'eve'],
    )
    const other = await second('&timezone=UTC')
    assert.deepEqual([other.status, other.json.code], [400, 'invalid_cursor'])
    await live('UTC')
  })

  test('has another ETag when the user moves to a zone in which it differs, or a day ends', async () => {
    const tag = async (query: string, now = '2026-12-24T12:00:00Z'): Promise<string | null> =>
      at(now, async () => (await get(query)).headers.get('etag'))
    for (const query of ['?due=today', '?sort=dueDate', '?dueBefore=2026-12-25', '?due=overdue']) {
      const before = await tag(query)
      await live('Europe/Berlin')
      assert.notEqual(await tag(query), before, query)
      await live('UTC')
      assert.equal(await tag(query), before, query)
    }
    assert.equal(
      await tag('?due=overdue', '2026-12-24T23:59:59.998Z'),
      await tag('?due=overdue', '2026-12-24T23:59:59.999Z'),
    )
    assert.notEqual(
      await tag('?due=overdue', '2026-12-24T23:59:59.999Z'),
      await tag('?due=overdue', '2026-12-25T00:00:00Z'),
    )
    // Not one that days do not matter to.
    const newest = await tag('')
    await live('Europe/Berlin')
    assert.equal(await tag(''), newest)
    await live('UTC')
  })

  test('is 422 with a time zone that does not exist, and with one that only the database does not know', async () => {
    assert.equal((await get('?sort=dueDate&timezone=Mars/Olympus')).status, 422)
    assert.equal((await get('/stats?timezone=Mars/Olympus')).json.errors[0].pointer, '/timezone')
    assert.equal((await get('/stats', { 'x-timezone': '+02:00' })).json.errors[0].pointer, '/x-timezone')
    // As after a move to a server with an older list of time zones.
    await owned(`update user_settings set timezone = 'Mars/Olympus' where user_id = $1`, [ben.id])
    for (const path of ['?sort=dueDate', '?due=today', '/stats']) {
      const { status, json } = await get(path)
      assert.deepEqual([status, json.errors[0].pointer], [422, '/timezone'], path)
    }
    assert.equal((await get('')).status, 200)
    assert.equal((await get('?sort=dueDate&timezone=UTC')).status, 200)
    await live('UTC')
  })
})

suite('the first instant of a day', () => {
  const starts = (days: readonly (readonly [day: string, zone: string])[]): Promise<readonly Json[]> =>
    owned(
      `select extract(epoch from todo_day_start(day::date, zone)) * 1000 as ms
       from unnest($1::text[], $2::text[]) with ordinality as given (day, zone, at) order by at`,
      [days.map(([day]) => day), days.map(([, zone]) => zone)],
    )

  test('is in PostgreSQL what it is in Temporal: at each change of clocks of many zones, 1970 to 2037', async () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'America/Havana',
      'America/Sao_Paulo',
      'America/Asuncion',
      'Asia/Beirut',
      'Asia/Tehran',
      'Asia/Amman',
      'Africa/Cairo',
      'Pacific/Auckland',
      'Pacific/Apia',
      'Australia/Lord_Howe',
      'Atlantic/Azores',
    ]
    const days: (readonly [string, string])[] = []
    for (const zone of zones) {
      let next = Temporal.Instant.from('1970-01-01T00:00:00Z').toZonedDateTimeISO(zone).getTimeZoneTransition('next')
      while (next !== null && next.year < 2038) {
        const day = next.toPlainDate()
        for (const days_ of [-1, 0, 1]) days.push([day.add({ days: days_ }).toString(), zone])
        next = next.getTimeZoneTransition('next')
      }
    }
    assert.ok(days.length > 3000, String(days.length))
    const found = (await starts(days)).map(({ ms }) => Number(ms))
    const wanted = days.map(
      ([day, zone]) => Temporal.PlainDate.from(day).toZonedDateTime({ timeZone: zone }).epochMilliseconds,
    )
    const wrong = days.filter((_, at) => found[at] !== wanted[at])
    assert.deepEqual(wrong, [])
  })
})
