import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { ClientBase } from 'pg'
import { Registry } from 'prom-client'
import { openEvents } from '../../test/event-stream.ts'
import { until } from '../../test/faults/measures.ts'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import { runJobs } from '../jobs.ts'
import type { RunningJob } from '../jobs/kind.ts'
import { NEXT, notificationJobs } from './jobs.ts'
import { SEND_REMINDERS, SOONER } from './planner.ts'

const MINUTE_MS = 60_000

let world: World
let ada: User
let ben: User

before(async () => {
  world = await openWorld()
  ada = await world.signUp('Ada')
  ben = await world.signUp('Ben')
})
after(() => world[Symbol.asyncDispose]())

type Json = Answer['json']

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  world.ask(method, path, { token: ada.token, body, headers })

/** An instant so many minutes from now. */
const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * MINUTE_MS).toISOString()

async function create(body: object): Promise<Json> {
  const { status, json } = await ask('POST', '/api/tasks', { title: 'Call', ...body })
  assert.equal(status, 201, JSON.stringify(json))
  return json
}

/** The times at which reminders of a task are pending. */
async function pending(id: string): Promise<string[]> {
  const { rows } = await world.asOwner((client) =>
    client.query<{ at: string }>('select due_at::text as at from reminders where task_id = $1 order by due_at', [id]),
  )
  return rows.map(({ at }) => new Date(at).toISOString())
}

/** Lets time pass for the pending reminders of a task. */
const passed = (id: string, minutes: number) =>
  world.asOwner((client) =>
    client.query(`update reminders set due_at = due_at - $2 * interval '1 minute' where task_id = $1`, [id, minutes]),
  )

/** Runs the job once, as a process of its own would. */
async function send(): Promise<void> {
  const kind = notificationJobs({ ...world.deps, metrics: { registry: new Registry() } }).find(
    ({ name }) => name === SEND_REMINDERS,
  )
  const { signal } = new AbortController()
  // The job uses these alone.
  await kind?.run({ signal, stopping: signal } as RunningJob)
}

const notifications = async (id: string, query = ''): Promise<Json[]> =>
  (await ask('GET', `/api/notifications${query}`)).json.filter(({ taskId }: Json) => taskId === id)

suite('the reminders of a task', () => {
  test('are its own, as they were sent, with instants in UTC', async () => {
    const { reminders } = await create({ reminders: [{ at: '2027-01-04T09:00:00.0009+01:00' }, { minutesBefore: 30 }] })
    assert.deepEqual(reminders, [{ at: '2027-01-04T08:00:00Z' }, { minutesBefore: 30 }])
    assert.deepEqual((await create({})).reminders, [])
  })

  test('are pending at their times: an instant, before an instant, and before 09:00 of a day in the zone of the task', async () => {
    const { id } = await create({
      dueDate: '2027-06-10T12:00:00Z',
      reminders: [{ at: '2027-06-01T00:00:00Z' }, { minutesBefore: 90 }],
    })
    assert.deepEqual(await pending(id), ['2027-06-01T00:00:00.000Z', '2027-06-10T10:30:00.000Z'])
    const day = await create({
      dueDate: '2027-06-10',
      timezone: 'Europe/Berlin',
      reminders: [{ minutesBefore: 0 }, { minutesBefore: 1440 }],
    })
    assert.deepEqual(await pending(day.id), ['2027-06-09T07:00:00.000Z', '2027-06-10T07:00:00.000Z'])
    const none = await create({ reminders: [{ minutesBefore: 30 }] })
    assert.deepEqual(await pending(none.id), [], 'it waits for a due date')
    await ask('PATCH', `/api/tasks/${none.id}`, { dueDate: '2027-06-10T12:00:00Z' })
    assert.deepEqual(await pending(none.id), ['2027-06-10T11:30:00.000Z'])
  })

  test('move with the due date, the zone of the task and the zone of its user', async () => {
    const { id } = await create({ dueDate: '2027-06-10', reminders: [{ minutesBefore: 0 }] })
    assert.deepEqual(await pending(id), ['2027-06-10T09:00:00.000Z'])
    await ask('PATCH', '/api/me', { timezone: 'America/New_York' })
    assert.deepEqual(await pending(id), ['2027-06-10T13:00:00.000Z'])
    await ask('PATCH', `/api/tasks/${id}`, { timezone: 'Europe/Berlin' })
    assert.deepEqual(await pending(id), ['2027-06-10T07:00:00.000Z'])
    await ask('PATCH', `/api/tasks/${id}`, { dueDate: '2027-06-11' })
    assert.deepEqual(await pending(id), ['2027-06-11T07:00:00.000Z'])
    await ask('PATCH', '/api/me', { timezone: 'UTC' })
    assert.deepEqual(await pending(id), ['2027-06-11T07:00:00.000Z'])
  })

  test('are gone when it is completed or deleted, and back when it is reopened, restored, or the completion is undone', async () => {
    const { id } = await create({ dueDate: '2027-06-10T12:00:00Z', reminders: [{ minutesBefore: 0 }] })
    const due = ['2027-06-10T12:00:00.000Z']
    await ask('PATCH', `/api/tasks/${id}/complete`, { completed: true })
    assert.deepEqual(await pending(id), [])
    await ask('PATCH', `/api/tasks/${id}/complete`, { completed: false })
    assert.deepEqual(await pending(id), due)
    await ask('DELETE', `/api/tasks/${id}`)
    assert.deepEqual(await pending(id), [])
    await ask('POST', `/api/trash/${id}/restore`)
    assert.deepEqual(await pending(id), due)
    const { headers } = await ask('PATCH', `/api/tasks/${id}`, { reminders: [] })
    assert.deepEqual(await pending(id), [])
    await ask('POST', `/api/history/${headers.get('x-change-id')}/undo`)
    assert.deepEqual(await pending(id), due)
    await ask('PATCH', `/api/tasks/${id}`, { reminders: null })
    assert.deepEqual([await pending(id), (await ask('GET', `/api/tasks/${id}`)).json.reminders], [[], []])
  })

  test('are renewed when a recurring task moves on', async () => {
    const { id } = await create({
      dueDate: '2027-06-10T12:00:00Z',
      recurrence: { rule: 'FREQ=DAILY', basis: 'DUE' },
      reminders: [{ minutesBefore: 10 }],
    })
    await ask('PATCH', `/api/tasks/${id}/complete`, { completed: true })
    assert.deepEqual(await pending(id), ['2027-06-11T11:50:00.000Z'])
  })

  test('are the same after a dry run', async () => {
    const { id } = await create({ dueDate: '2027-06-10T12:00:00Z', reminders: [{ minutesBefore: 10 }] })
    await ask('PATCH', `/api/tasks/${id}?dryRun=true`, { reminders: [] })
    assert.deepEqual(await pending(id), ['2027-06-10T11:50:00.000Z'])
  })

  const refused: Readonly<Record<string, readonly [reminders: unknown, pointer: string]>> = {
    'more than five': [[0, 1, 2, 3, 4, 5].map((minutesBefore) => ({ minutesBefore })), '/reminders'],
    'the same twice': [[{ minutesBefore: 1 }, { minutesBefore: 1 }], '/reminders'],
    'no list': [{ minutesBefore: 1 }, '/reminders'],
    'a number': [[30], '/reminders/0'],
    'without a time': [[{}], '/reminders/0'],
    'with both times': [[{ at: '2027-01-01T00:00:00Z', minutesBefore: 1 }], '/reminders/0'],
    'with a negative number': [[{ minutesBefore: -1 }], '/reminders/0/minutesBefore'],
    'with more than a year': [[{ minutesBefore: 525_601 }], '/reminders/0/minutesBefore'],
    'with a fraction': [[{ minutesBefore: 1.5 }], '/reminders/0/minutesBefore'],
    'with text for a number': [[{ minutesBefore: '5' }], '/reminders/0/minutesBefore'],
    'with an instant without an offset': [[{ at: '2027-01-01T00:00:00' }], '/reminders/0/at'],
    'with an unknown member': [[{ minutesBefore: 1, by: 'mail' }], '/reminders/0'],
  }
  for (const [what, [reminders, pointer]] of Object.entries(refused)) {
    test(`are refused by name: ${what}`, async () => {
      const { id } = await create({})
      for (const { status, json } of [
        await ask('POST', '/api/tasks', { title: 'x', reminders }),
        await ask('PATCH', `/api/tasks/${id}`, { reminders }),
      ]) {
        assert.equal(status, 422, JSON.stringify(json))
        assert.ok(
          json.errors.some((error: Json) => error.pointer.startsWith(pointer)),
          JSON.stringify(json.errors),
        )
      }
      assert.equal((await ask('GET', `/api/tasks/${id}`)).json.version, 1)
    })
  }
})

test('a reminder without exactly one time is refused by the names of both', async () => {
  for (const reminder of [{}, { at: '2027-01-01T00:00:00Z', minutesBefore: 1 }]) {
    const task = { title: 'x', reminders: [reminder] }
    const operations = [{ op: 'create', task }]
    const sent = await Promise.all([ask('POST', '/api/tasks', task), ask('POST', '/api/tasks/batch', { operations })])
    assert.deepEqual(
      sent.map(({ status, json }) => [status, json.detail]),
      ['', 'operations.0.task.'].map((at) => [422, `${at}reminders.0 must have exactly one of at, minutesBefore`]),
    )
  }
})

suite('a reminder', () => {
  test('becomes one notification when it is due, an event, and nothing in the sync or the history', async () => {
    const dueDate = inMinutes(60)
    const task = await create({ dueDate, reminders: [{ minutesBefore: 30 }] })
    const at = inMinutes(30)
    await send()
    assert.deepEqual(await notifications(task.id), [], 'it is not due yet')
    const { headers } = await ask('GET', '/api/tasks')
    const cursor = headers.get('x-sync-cursor') ?? ''
    const version = (await ask('GET', '/api/history?limit=1')).json[0].id
    await using client = await openEvents(`${world.url}/api/events`, { token: ada.token })
    await client.named('ready')
    await passed(task.id, 30)
    await send()
    const [notification, ...others] = await notifications(task.id)
    assert.deepEqual(others, [])
    const { id: notificationId, at: dueAt, ...rest } = notification
    assert.ok(Math.abs(Date.parse(dueAt) - (Date.parse(at) - 30 * MINUTE_MS)) < 60_000)
    const { json: now } = await ask('GET', `/api/tasks/${task.id}`)
    assert.deepEqual(rest, { kind: 'reminder', taskId: task.id, task: now, readAt: null })
    const { seq, ...data } = (await client.named('reminder')).data
    assert.deepEqual(data, { ...rest, id: notificationId, at: dueAt })
    const { json: changes, headers: next } = await ask('GET', `/api/changes?cursor=${encodeURIComponent(cursor)}`)
    assert.deepEqual(changes, [])
    assert.equal(Number(next.get('x-next-cursor')?.split('.')[0]), seq)
    assert.equal((await ask('GET', '/api/history?limit=1')).json[0].id, version)
  })

  test('is due once: by two processes at the same time, and when everything is planned again', async () => {
    const { id } = await create({
      dueDate: inMinutes(60),
      reminders: [{ minutesBefore: 60 * 2 }, { at: inMinutes(-5) }],
    })
    await Promise.all([send(), send(), send()])
    await until('both are due', async () => {
      await send()
      return (await notifications(id)).length === 2
    })
    await ask('PATCH', `/api/tasks/${id}/complete`, { completed: true })
    await ask('PATCH', `/api/tasks/${id}/complete`, { completed: false })
    await ask('DELETE', `/api/tasks/${id}`)
    await ask('POST', `/api/trash/${id}/restore`)
    assert.deepEqual(await pending(id), [])
    await send()
    assert.equal((await notifications(id)).length, 2)
  })

  test('that was missed in a pause of the service is due late', async () => {
    const { id } = await create({ dueDate: inMinutes(60), reminders: [{ minutesBefore: 0 }] })
    await passed(id, 60 * 24 * 7)
    await send()
    assert.equal((await notifications(id)).length, 1)
  })

  test('that is set late is due at once, unless it is more than a day or its task is overdue', async () => {
    const late = await create({ reminders: [{ at: inMinutes(-60) }] })
    const old = await create({ reminders: [{ at: inMinutes(-60 * 25) }] })
    const overdue = await create({ dueDate: inMinutes(-60), reminders: [{ minutesBefore: 0 }] })
    const soon = await create({ dueDate: inMinutes(10), reminders: [{ minutesBefore: 30 }] })
    await send()
    const counts = await Promise.all([late, old, overdue, soon].map(async ({ id }) => (await notifications(id)).length))
    assert.deepEqual(counts, [1, 0, 0, 1])
  })

  test('of a transaction that was rolled back is still pending', async () => {
    const { id } = await create({ reminders: [{ at: inMinutes(-1) }] })
    await world.asOwner(async (client) => {
      await client.query('begin; set local role todo_app_system')
      await client.query('select * from public.todo_fire_reminders(1000)')
      await client.query('rollback')
    })
    assert.equal((await pending(id)).length, 1)
    await send()
    assert.equal((await notifications(id)).length, 1)
  })

  test(
    'is sent within seconds by the jobs of the process, also if it was set after they looked',
    { timeout: 60_000 },
    async () => {
      await using _runner = await runJobs({
        ...world.deps,
        metrics: { ...world.deps.metrics, registry: new Registry() },
      })
      const { id } = await create({ reminders: [{ at: inMinutes(1 / 30) }] })
      await until('it is due', async () => (await notifications(id)).length === 1)
    },
  )

  test('is mailed to a user who wants that, once', async () => {
    await ask('PATCH', '/api/me', { emailReminders: true })
    const { id } = await create({ title: 'Call\nDora', dueDate: '2027-06-10', reminders: [{ at: inMinutes(-1) }] })
    await send()
    await send()
    const { rows } = await world.asOwner((client) =>
      client.query(`select for_user, reference from jobs where name = 'mail-reminder'`),
    )
    const [notification] = await notifications(id)
    assert.deepEqual(rows, [{ for_user: ada.id, reference: { notification: notification.id } }])
    await ask('PATCH', '/api/me', { emailReminders: false })
  })
})

suite('notifications', () => {
  async function notify(count: number): Promise<string> {
    const { id } = await create({
      title: 'Many',
      reminders: Array.from({ length: count }, (_, at) => ({ at: inMinutes(-at - 1) })),
    })
    await until('all are due', async () => {
      await send()
      return (await notifications(id)).length === count
    })
    return id
  }

  test('come newest first, in pages, and only those that are unread on demand', async () => {
    const id = await notify(5)
    const all = (await ask('GET', '/api/notifications')).json
    const pages: Json[] = []
    let path = '/api/notifications?limit=2'
    for (;;) {
      const { json, headers } = await ask('GET', path)
      pages.push(...json)
      const cursor = headers.get('x-next-cursor')
      if (cursor === null) break
      path = `/api/notifications?limit=2&cursor=${cursor}`
    }
    assert.deepEqual(pages, all)
    const [first] = await notifications(id)
    assert.equal((await ask('PATCH', `/api/notifications/${first.id}`, { read: true })).status, 200)
    const [unread, read] = await Promise.all([notifications(id, '?unread=true'), notifications(id, '?unread=false')])
    assert.deepEqual([unread.length, read.length], [4, 1])
    assert.equal(
      (await ask('GET', path.replace('limit=2', 'unread=true&limit=2'))).status,
      400,
      'a cursor of another list',
    )
  })

  test('are marked as read, which keeps the first time, and as unread', async () => {
    const [{ id }] = await notifications(await notify(1))
    const mark = async (read: boolean, headers?: Record<string, string>) =>
      (await ask('PATCH', `/api/notifications/${id}`, { read }, headers)).json.readAt
    const readAt = await mark(true)
    assert.ok(Math.abs(Date.parse(readAt) - Date.now()) < 60_000)
    assert.equal(await mark(true), readAt)
    assert.equal(await mark(false), null)
    assert.equal(
      (await ask('PATCH', `/api/notifications/${id}?dryRun=true`, { read: true })).headers.get('dry-run'),
      'true',
    )
    assert.equal((await ask('GET', '/api/notifications')).json.find((each: Json) => each.id === id).readAt, null)
  })

  test('are all marked as read at once', async () => {
    await notify(3)
    const { json } = await ask('POST', '/api/notifications/read-all')
    assert.ok(json.read >= 3)
    assert.deepEqual((await ask('GET', '/api/notifications?unread=true')).json, [])
    assert.deepEqual((await ask('POST', '/api/notifications/read-all')).json, { read: 0 })
  })

  test('have no task when it was deleted', async () => {
    const id = await notify(1)
    await ask('DELETE', `/api/tasks/${id}?permanent=true`)
    assert.equal((await notifications(id))[0].task, null)
  })

  test('are those of their user alone', async () => {
    const [{ id }] = await notifications(await notify(1))
    const asBen = (method: string, path: string, body?: object) => world.ask(method, path, { token: ben.token, body })
    assert.deepEqual((await asBen('GET', '/api/notifications')).json, [])
    assert.equal((await asBen('PATCH', `/api/notifications/${id}`, { read: true })).status, 404)
    assert.deepEqual((await asBen('POST', '/api/notifications/read-all')).json, { read: 0 })
    assert.equal((await world.ask('GET', '/api/notifications')).status, 401)
    assert.equal((await notifications((await ask('GET', '/api/notifications')).json[0].taskId))[0].readAt, null)
  })

  test('need a scope: a token that can only read marks none', async () => {
    const { json } = await ask('POST', '/api/tokens', { name: 'reader', scopes: ['tasks:read'] })
    const asToken = (method: string, path: string, body?: object) =>
      world.ask(method, path, { token: json.token, body })
    assert.equal((await asToken('GET', '/api/notifications')).status, 200)
    assert.equal((await asToken('POST', '/api/notifications/read-all')).status, 403)
  })

  test('and reminders are deleted with their user', async () => {
    const dan = await world.signUp('Dan')
    const body = { title: 'x', reminders: [{ at: inMinutes(-1) }, { at: inMinutes(100) }] }
    await world.ask('POST', '/api/tasks', { token: dan.token, body })
    await send()
    const rows = await world.asOwner(async (client) => {
      await client.query('delete from users where id = $1', [dan.id])
      return client.query(
        `select 1 from reminders where user_id = $1 union all select 1 from notifications where user_id = $1
         union all select 1 from changes where user_id = $1`,
        [dan.id],
      )
    })
    assert.equal(rows.rowCount, 0)
  })
})

test('the next reminder, and those that are due, are found by the index alone, however many there are', async () => {
  await using other = await openWorld()
  const { id } = await other.signUp()
  const plans = await other.asOwner(async (client) => {
    // Without the triggers, which make these rows from tasks.
    await client.query('set session_replication_role = replica')
    await client.query(
      `insert into reminders (user_id, task_id, due_at)
       select $1, gen_random_uuid(), now() + (minute - 100) * interval '1 minute' from generate_series(1, 20000) minute`,
      [id],
    )
    await client.query('reset session_replication_role; analyze reminders')
    const planOf = async (text: string): Promise<string> => {
      const { rows } = await client.query<Record<string, string>>(`explain (costs off) ${text}`)
      return rows.map((row) => row['QUERY PLAN']).join('\n')
    }
    const due = /from (public\.reminders r where .* limit) most/.exec(await definitionOf(client))?.[1]
    assert.ok(due, 'the claim')
    return [await planOf(SOONER.text), await planOf(NEXT.text), await planOf(`select r.due_at from ${due} 200`)]
  })
  for (const plan of plans) {
    assert.match(plan, /Index Only Scan using reminders_due on reminders/)
    assert.doesNotMatch(plan, /Seq Scan on reminders|Sort/)
  }
})

const definitionOf = async (client: ClientBase): Promise<string> =>
  (await client.query<{ text: string }>(`select prosrc as text from pg_proc where proname = 'todo_fire_reminders'`))
    .rows[0]?.text ?? ''
