import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, beforeEach, suite, test } from 'node:test'
import ICAL from 'ical.js'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'

const CALENDAR = '/api/calendar'
const TASKS = '/api/tasks'

type Json = Answer['json']

let world: World
let ada: User
let address: string

before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = await world.signUp('Ada')
  address = await makeAddress()
})

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask(method, path, { token: ada.token, body, headers })
async function makeAddress(): Promise<string> {
  const { status, json, text } = await ask('POST', CALENDAR)
  assert.equal(status, 201, text)
  return json.url
}
const newTask = async (fields: object): Promise<Json> => {
  const { status, json, text } = await ask('POST', TASKS, { title: 'x', ...fields })
  assert.equal(status, 201, text)
  return json
}
/** As a calendar program reads it: without any credential. */
const read = (path = address, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask('GET', path, { headers })
const parsed = async (path = address): Promise<ICAL.Component> => {
  const { status, text } = await read(path)
  assert.equal(status, 200, text)
  return new ICAL.Component(ICAL.parse(text) as ConstructorParameters<typeof ICAL.Component>[0])
}
const componentOf = async (id: string, name = 'vtodo', path = address): Promise<ICAL.Component> =>
  (await parsed(path)).getAllSubcomponents(name).find((each) => each.getFirstPropertyValue('uid') === id) ??
  assert.fail(`no ${name} ${id}`)
/** The first dates of a task and of what follows it, as a calendar program expands them. */
async function datesOf(id: string, count: number): Promise<readonly string[]> {
  const calendar = await parsed()
  for (const zone of calendar.getAllSubcomponents('vtimezone')) ICAL.TimezoneService.register(zone)
  const dates: string[] = []
  for (const uid of [id, `${id}-following`]) {
    const todo = calendar.getAllSubcomponents('vtodo').find((each) => each.getFirstPropertyValue('uid') === uid)
    const due = todo?.getFirstPropertyValue('due')
    if (!(due instanceof ICAL.Time)) continue
    const rule = todo?.getFirstPropertyValue('rrule')
    const expansion = rule instanceof ICAL.Recur ? rule.iterator(due) : undefined
    for (let date: ICAL.Time | null = due; date !== null && dates.length < count;) {
      if (expansion !== undefined) date = expansion.next()
      if (date === null) break
      const instant = (): string => new Date(date?.toUnixTime() * 1000).toISOString().replace('.000', '')
      dates.push(date.isDate ? date.toString() : instant())
      if (expansion === undefined) break
    }
  }
  return dates
}
const linesOf = async (id: string, path = address): Promise<readonly string[]> => {
  const { text } = await read(path)
  const unfolded = text.replaceAll('\r\n ', '').split('\r\n')
  const at = unfolded.indexOf(`UID:${id}`)
  assert.notEqual(at, -1)
  return unfolded.slice(at, unfolded.indexOf('END:VTODO', at))
}
const refuses = ({ status, json, text }: Answer, expected: number, code: string): void =>
  assert.deepEqual([status, json?.code], [expected, code], text)

suite('the calendar of a user', () => {
  test('has a task with all that iCalendar can say of it', async () => {
    const title = `Täsk; with, a \\ and ${'ü'.repeat(80)}`
    const task = await newTask({
      title,
      description: 'one\ntwo',
      dueDate: '2026-12-24T17:00:00.5Z',
      priority: 'HIGH',
      tags: ['a,b', 'c'],
    })
    const todo = await componentOf(task.id)
    const value = (name: string): unknown => todo.getFirstPropertyValue(name)
    assert.equal(value('summary'), title)
    assert.equal(value('description'), 'one\ntwo')
    assert.equal(String(value('due')), '2026-12-24T17:00:00Z')
    assert.deepEqual([value('priority'), value('status'), value('sequence')], [3, 'NEEDS-ACTION', 1])
    assert.deepEqual(todo.getFirstProperty('categories')?.getValues(), ['a,b', 'c'])
    await ask('PATCH', `${TASKS}/${task.id}/complete`)
    const done = await componentOf(task.id)
    assert.deepEqual([done.getFirstPropertyValue('status'), done.getFirstPropertyValue('sequence')], ['COMPLETED', 2])
    assert.ok(done.getFirstPropertyValue('completed'))
  })

  test('has a day as a DATE, and a task that is never due without one', async () => {
    const day = await newTask({ dueDate: '2026-12-24' })
    assert.ok((await linesOf(day.id)).includes('DUE;VALUE=DATE:20261224'))
    const never = await newTask({})
    assert.ok(!(await linesOf(never.id)).some((line) => line.startsWith('DUE')))
  })

  test('has the reminders of a task as alarms: at their instant, or before it is due', async () => {
    const triggersOf = async (fields: object, path?: string, name?: string): Promise<readonly unknown[]> => {
      const { id } = await newTask({ title: 'Call', ...fields })
      const alarms = (await componentOf(id, name, path)).getAllSubcomponents('valarm')
      assert.ok(alarms.every((each) => each.getFirstPropertyValue('description') === 'Call'))
      return alarms.map((each) => {
        const trigger = each.getFirstProperty('trigger')
        return [trigger?.getFirstParameter('related') ?? null, String(trigger?.getFirstValue())]
      })
    }
    const reminders = [{ at: '2027-01-04T08:00:00Z' }, { minutesBefore: 90 }]
    const at = [null, '2027-01-04T08:00:00Z']
    assert.deepEqual(await triggersOf({ dueDate: '2027-01-05T08:00:00Z', reminders }), [at, ['END', '-PT90M']])
    // Of a day they count from 09:00.
    assert.deepEqual(await triggersOf({ dueDate: '2027-01-05', reminders }), [at, ['END', 'PT450M']])
    assert.deepEqual(await triggersOf({ reminders }), [at], 'not due')
    const asEvent = await triggersOf({ dueDate: '2027-01-05T08:00:00Z', reminders }, `${address}?as=events`, 'vevent')
    assert.deepEqual(asEvent, [at, [null, '-PT90M']])
  })

  test('has a recurring task on the clock of its zone, with the zone and what is left of its rule', async () => {
    const recurrence = { rule: 'FREQ=DAILY;COUNT=3' }
    const dueDate = '2027-03-27T08:00:00Z'
    const task = await newTask({ dueDate, timezone: 'Europe/Berlin', recurrence })
    await ask('PATCH', `${TASKS}/${task.id}/complete`)
    const lines = await linesOf(task.id)
    assert.ok(lines.includes('DTSTART;TZID=Europe/Berlin:20270328T090000'), lines.join('\n'))
    assert.ok(lines.includes('RRULE:FREQ=DAILY;COUNT=2'), lines.join('\n'))
    const calendar = await parsed()
    const zone = new ICAL.Timezone(calendar.getFirstSubcomponent('vtimezone') ?? assert.fail())
    // Before and after the change of clocks on 28 March 2027.
    assert.deepEqual(
      ['2027-03-28T01:00:00', '2027-03-28T09:00:00', '2027-12-01T09:00:00'].map(
        (wall) => zone.utcOffset(ICAL.Time.fromString(wall, new ICAL.Property('dtstart'))) / 3600,
      ),
      [1, 2, 1],
    )
  })

  test('has the changes of clocks for each time in which a task is due, however far apart they are', async () => {
    const timezone = 'Europe/Berlin'
    const recurrence = { rule: 'FREQ=DAILY' }
    for (const year of [1900, 2027, 2030, 9000]) {
      await newTask({ dueDate: `${year}-01-01T00:00:00Z`, timezone, recurrence })
    }
    const zones = (await parsed()).getAllSubcomponents('vtimezone')
    assert.equal(zones.length, 1)
    const zone = new ICAL.Timezone(zones[0] ?? assert.fail())
    const hours = (wall: string): number =>
      zone.utcOffset(ICAL.Time.fromString(wall, new ICAL.Property('dtstart'))) / 3600
    assert.deepEqual(['2027-01-05T09:00:00', '2027-07-05T09:00:00', '2039-07-05T09:00:00'].map(hours), [1, 2, 2])
    assert.equal(hours('1901-01-05T09:00:00'), 1)
    // ical.js looks at the next decades only.
    assert.match((await read()).text, /DTSTART:90000330T020000\r\n/)
  })

  test('has the dates on which a task will be due, also if its due date was moved', async () => {
    const cases: readonly (readonly [rule: string, dueDate: string, moved?: string])[] = [
      ['FREQ=MONTHLY', '2027-01-31', '2027-02-10'],
      ['FREQ=YEARLY', '2027-03-01T23:30:00Z', '2027-04-10T08:00:00Z'],
      ['FREQ=WEEKLY;COUNT=4', '2027-01-04', '2027-01-06'],
      ['FREQ=WEEKLY;COUNT=4', '2027-01-04', '2027-01-20'],
      ['FREQ=WEEKLY;BYDAY=MO', '2027-01-04', '2027-01-06'],
      ['FREQ=WEEKLY;INTERVAL=2', '2027-01-04', '2027-01-12'],
      ['FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH', '2027-01-04T08:00:00Z', '2027-01-06T09:30:00Z'],
      ['FREQ=DAILY;INTERVAL=3;UNTIL=20270112', '2027-01-04', '2027-01-05'],
      ['FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR', '2027-01-29', '2027-02-01'],
      ['FREQ=DAILY;UNTIL=20270106', '2027-01-04', '2027-01-08'],
      ['FREQ=MONTHLY', '2027-01-31T08:00:00Z', '2027-01-31T09:00:00Z'],
    ]
    for (const [rule, dueDate, moved] of cases) {
      const { id } = await newTask({ dueDate, timezone: 'Europe/Berlin', recurrence: { rule } })
      if (moved !== undefined) await ask('PATCH', `${TASKS}/${id}`, { dueDate: moved })
      const shown = await datesOf(id, 4)
      const dates: string[] = []
      while (dates.length < 4) {
        const { json } = await ask('GET', `${TASKS}/${id}`)
        if (json.status === 'COMPLETED') break
        dates.push(json.dueDate)
        await ask('PATCH', `${TASKS}/${id}/complete`)
      }
      assert.deepEqual(shown, dates, `${rule}, ${dueDate}, moved to ${moved}`)
    }
  })

  test('has the time of day of the rule on the day whose clock skips it', async () => {
    const task = await newTask({
      dueDate: '2027-03-27T01:30:00Z',
      timezone: 'Europe/Berlin',
      recurrence: { rule: 'FREQ=DAILY' },
    })
    assert.equal((await ask('PATCH', `${TASKS}/${task.id}/complete`)).json.dueDate, '2027-03-28T01:30:00Z')
    const lines = await linesOf(task.id)
    assert.ok(lines.includes('DTSTART;TZID=Europe/Berlin:20270328T023000'), lines.join('\n'))
    // The user has chosen this one.
    await ask('PATCH', `${TASKS}/${task.id}`, { dueDate: '2027-03-28T02:30:00Z' })
    const later = await linesOf(task.id)
    assert.ok(later.includes('DTSTART;TZID=Europe/Berlin:20270328T043000'), later.join('\n'))
  })

  test('has an alarm at an instant once, if the due date was moved', async () => {
    const reminders = [{ at: '2027-01-06T08:00:00Z' }, { minutesBefore: 90 }]
    const task = await newTask({ dueDate: '2027-01-04', recurrence: { rule: 'FREQ=WEEKLY' }, reminders })
    await ask('PATCH', `${TASKS}/${task.id}`, { dueDate: '2027-01-06', status: 'IN_PROGRESS' })
    const states = await Promise.all(
      [task.id, `${task.id}-following`].map(async (uid) => {
        const todo = await componentOf(uid)
        return [todo.getAllSubcomponents('valarm').length, todo.getFirstPropertyValue('status')]
      }),
    )
    assert.deepEqual(states, [
      [2, 'IN-PROCESS'],
      [1, 'NEEDS-ACTION'],
    ])
  })

  test('has a rule without the plus signs with which it was sent', async () => {
    const { id } = await newTask({ dueDate: '2027-01-04', recurrence: { rule: 'FREQ=MONTHLY;INTERVAL=+2;BYDAY=+1MO' } })
    assert.ok((await linesOf(id)).includes('RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO'))
  })

  test('has UNTIL in the type of the due date, and no rule that counts from the completion', async () => {
    const cases: readonly (readonly [fields: object, rule: string | undefined])[] = [
      [{ dueDate: '2026-12-24', recurrence: { rule: 'FREQ=DAILY;UNTIL=20261231' } }, 'FREQ=DAILY;UNTIL=20261231'],
      [
        {
          dueDate: '2026-12-24T08:00:00Z',
          timezone: 'Europe/Berlin',
          recurrence: { rule: 'FREQ=DAILY;UNTIL=20261231' },
        },
        'FREQ=DAILY;UNTIL=20261231T225959Z',
      ],
      [
        { dueDate: '2026-12-24', timezone: 'Europe/Berlin', recurrence: { rule: 'FREQ=DAILY;UNTIL=20261231T233000Z' } },
        'FREQ=DAILY;UNTIL=20270101',
      ],
      [{ dueDate: '2026-12-24', recurrence: { rule: 'FREQ=DAILY', basis: 'COMPLETION' } }, undefined],
    ]
    for (const [fields, rule] of cases) {
      const lines = await linesOf((await newTask(fields)).id)
      assert.equal(
        lines.find((line) => line.startsWith('RRULE:')),
        rule === undefined ? undefined : `RRULE:${rule}`,
      )
    }
  })

  test('has events for programs without to-dos, of open tasks that are due', async () => {
    const [due, never] = [await newTask({ dueDate: '2026-12-24' }), await newTask({})]
    const event = await componentOf(due.id, 'vevent', `${address}?as=events`)
    assert.equal(String(event.getFirstPropertyValue('dtstart')), '2026-12-24')
    const { text } = await read(`${address}?as=events`)
    assert.ok(!text.includes(never.id) && !text.includes('VTODO'))
  })

  test('has lines of at most 75 octets that end with CRLF, and no control characters', async () => {
    await newTask({ title: `bell \u0007 and ${'𝔘'.repeat(100)}`, description: `tab\t${'é'.repeat(3000)}` })
    const { text, headers } = await read()
    assert.equal(headers.get('content-type'), 'text/calendar; charset=utf-8')
    assert.ok(text.endsWith('END:VCALENDAR\r\n'))
    for (const line of text.split('\r\n')) {
      assert.ok(Buffer.byteLength(line) <= 75, line)
      assert.doesNotMatch(line, /\p{Cc}/u)
      assert.ok(line.isWellFormed())
    }
  })

  test('is read by the icalendar package of Python', (t) => {
    const found = spawnSync('python3', ['-c', 'import icalendar'], { encoding: 'utf8' })
    if (found.status !== 0) return t.skip('Python has no icalendar')
    return (async () => {
      await newTask({ title: 'Paß; auf', dueDate: '2026-12-24', recurrence: { rule: 'FREQ=WEEKLY' } })
      const program = `import icalendar, sys; c = icalendar.Calendar.from_ical(sys.stdin.read()); print([str(t['summary']) + str(t['due'].dt) for t in c.walk('VTODO')])`
      const { stdout, stderr } = spawnSync('python3', ['-c', program], { input: (await read()).text, encoding: 'utf8' })
      assert.equal(stdout.trim(), "['Paß; auf2026-12-24']", stderr)
    })()
  })

  test('is 304 until something changes, the zone of the user included', async () => {
    await newTask({ dueDate: '2026-12-24' })
    const etag = (await read()).headers.get('etag') ?? ''
    const again = (): Promise<Answer> => read(address, { 'if-none-match': etag })
    assert.deepEqual([(await again()).status, (await again()).text], [304, ''])
    assert.equal((await read(`${address}?as=events`, { 'if-none-match': etag })).status, 200)
    await ask('PATCH', '/api/me', { timezone: 'Asia/Tokyo' })
    assert.equal((await again()).status, 200)
    await ask('PATCH', '/api/me', { timezone: 'UTC' })
    assert.equal((await again()).status, 304)
    await newTask({})
    assert.equal((await again()).status, 200)
  })

  test('has nothing of other users, and not the trash', async () => {
    const ben = await world.signUp('Ben')
    await world.ask('POST', TASKS, { token: ben.token, body: { title: 'of ben' } })
    const deleted = await newTask({ title: 'deleted' })
    await ask('DELETE', `${TASKS}/${deleted.id}`)
    assert.doesNotMatch((await read()).text, /of ben|deleted|VTODO/)
  })
})

suite('the address of the calendar', () => {
  test('is shown once, and stored only as a hash', async () => {
    assert.match(address, /^\/api\/calendar\/todo_cal_[0-9A-Za-z]{36}\.ics$/)
    const secret = address.slice('/api/calendar/'.length, -'.ics'.length)
    const { rows } = await world.asOwner((client) =>
      client.query('select to_jsonb(f)::text as feed from calendar_feeds f'),
    )
    assert.ok(rows.length > 0 && rows.every(({ feed }: Json) => !feed.includes(secret.slice(9, 20))))
    assert.ok(world.logged.every((line) => !line.includes(secret)))
  })

  test('ends when it is deleted, and when another one is made', async () => {
    const second = await makeAddress()
    refuses(await read(), 404, 'not_found')
    assert.equal((await read(second)).status, 200)
    assert.equal((await ask('DELETE', CALENDAR)).status, 204)
    refuses(await read(second), 404, 'not_found')
    refuses(await ask('DELETE', CALENDAR), 404, 'not_found')
  })

  test('ends with the other credentials of programs, when a password reset proves the address of the user for the first time', async () => {
    await world.asOwner((client) => client.query('select todo_end_programs($1)', [ada.id]))
    refuses(await read(), 404, 'not_found')
  })

  test('of many that are made at once is the last one, and the others have ended', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, makeAddress))
    const statuses = await Promise.all(all.map(async (each) => (await read(each)).status))
    assert.deepEqual(
      statuses.toSorted((a, b) => a - b),
      [200, 404, 404, 404, 404],
    )
  })

  test('is made by sessions alone', async () => {
    const body = { name: 'x', scopes: ['tasks:read', 'tasks:write', 'account:read'] }
    const { token } = (await ask('POST', '/api/tokens', body)).json
    for (const method of ['POST', 'DELETE']) {
      refuses(await world.ask(method, CALENDAR), 401, 'unauthenticated')
      refuses(await world.ask(method, CALENDAR, { token }), 403, 'forbidden')
    }
    refuses(await ask('POST', CALENDAR, { url: 'x' }), 422, 'invalid_input')
    assert.equal((await read()).status, 200)
  })

  test('is null in a dry run and in a repetition, and the address of before stays in the dry run', async () => {
    const dry = await ask('POST', `${CALENDAR}?dryRun=true`)
    assert.deepEqual([dry.status, dry.json.url], [201, null])
    assert.equal((await read()).status, 200)
    const key = { 'idempotency-key': 'k' }
    const first = await ask('POST', CALENDAR, undefined, key)
    const again = await ask('POST', CALENDAR, undefined, key)
    assert.deepEqual([again.json.url, again.json.createdAt], [null, first.json.createdAt])
    assert.equal((await read(first.json.url)).status, 200)
  })

  test('that is invented, mistyped, without its ending or with a misspelt parameter is refused', async () => {
    const wrong = [
      address.replace(/.\.ics$/, 'x.ics').replace(/x\.ics$/, address.includes('x.ics') ? 'y.ics' : 'x.ics'),
      address.replace('.ics', ''),
      `${CALENDAR}/.ics`,
      `${CALENDAR}/todo_cal_${'a'.repeat(36)}.ics`,
      `${CALENDAR}/${ada.token}.ics`,
    ]
    for (const path of wrong) refuses(await read(path), 404, 'not_found')
    refuses(await read(`${CALENDAR}/${'x'.repeat(101)}.ics`), 422, 'invalid_input')
    refuses(await read(`${address}?as=tasks`), 422, 'invalid_input')
    refuses(await read(`${address}?at=events`), 422, 'invalid_input')
  })

  test('is read at most 60 times in ten minutes', async () => {
    for (let n = 0; n < 60; n++) assert.equal((await read(address, { 'if-none-match': '*' })).status, 304)
    const refused = await read()
    refuses(refused, 429, 'too_many_requests')
    assert.match(refused.json.detail, /^At most 60 reads of this calendar in 600 s; try again in \d+ s$/)
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
  })
})
