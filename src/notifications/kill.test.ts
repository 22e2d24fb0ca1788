import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { setInterval, setTimeout } from 'node:timers/promises'
import { needsServer, openServedDatabase, type ServedDatabase } from '../../test/databases.ts'
import { until } from '../../test/faults/measures.ts'
import { openMailServer } from '../../test/mail-server.ts'
import { startService, type Service } from '../../test/service.ts'
import type { Answer } from '../../test/world.ts'
import { openReceiver } from '../webhooks/receiver.testing.ts'
import { REMINDER_MAIL } from './mails.ts'
import { SEND_REMINDERS } from './planner.ts'

const USERS = 2
/** Reminders of each user in a wave. They become due within this time, and processes are killed meanwhile. */
const REMINDERS_EACH = 15
const DUE_WITHIN_MS = 1_500
const WAVES = 6
/** Bounds each wait. On an idle machine a wave takes two or three seconds. */
const LIMIT_MS = 60_000

test(
  'two processes that are killed at random moments while reminders become due make each due once, and send it with one id',
  { skip: needsServer, timeout: 600_000 },
  async (t) => {
    await using receiver = await openReceiver()
    await using mails = await openMailServer()
    const mailed = () => mails.received.filter(({ headers }) => headers.get('subject')?.startsWith('Reminder: '))
    const env = { SMTP_URL: mails.url, MAIL_FROM: 'Todo <todo@todo.example>', JOBS_POLL_SECONDS: '1' }
    await using served = await openServedDatabase(env)
    await using pair = await openPair(served)
    const tokens = await addUsers(pair, served, receiver.url)
    const tasks = new Set<string>()

    await using racing = race(served)
    for (let wave = 0; wave < WAVES; wave++) {
      // In turn: one while events are sent, both while mails are sent, both in the middle of a transaction.
      const places = wave % 3 === 0 ? [randomInt(2)] : [0, 1]
      if (wave % 3 === 2) {
        await using _blocked = await blockNotifications(served)
        for (const id of await addReminders(pair, tokens, wave)) tasks.add(id)
        await until('a transaction that makes reminders due waits', () => isFiring(served), LIMIT_MS)
        await pair.kill(places)
      } else {
        const sent = wave % 3 === 1 ? () => mailed().length : () => receiver.received.length
        const killedAt = sent() + randomInt(1, USERS * REMINDERS_EACH)
        for (const id of await addReminders(pair, tokens, wave)) tasks.add(id)
        await until(`wave ${wave} is sent so far`, () => sent() >= killedAt, LIMIT_MS)
        await pair.kill(places)
      }
      await pair.replace(places)
    }

    assert.equal(tasks.size, WAVES * USERS * REMINDERS_EACH)
    const count = (what: string) => served.asOwner(async (client) => (await client.query(what)).rows.length)
    await until('all are due', async () => (await count('select from reminders')) === 0, LIMIT_MS)
    const ofNotifications = await Promise.all(tokens.map((token) => notifiedTasks(pair.processes[0], token)))
    assertSameOnce(ofNotifications.flat(), tasks, 'notifications')
    const changes = `select entity_id as id from changes where type = 'reminder'`
    assert.equal(await count(changes), tasks.size, 'each is in the change log once')

    await racing[Symbol.asyncDispose]()
    const waiting = `select from jobs where name = 'mail-${REMINDER_MAIL}'`
    await until('no mail waits', async () => (await count(waiting)) === 0, LIMIT_MS)
    // A process that is killed after it has sent and before it has noted that sends again, with the same id.
    const mailIds = idsOf(mailed().map(({ headers }) => [headers.get('subject'), headers.get('message-id')]))
    const eventIds = () => idsOf(receiver.received.map(({ body, headers }) => [body.data.id, headers['webhook-id']]))
    await until('all events arrive', () => eventIds().size === tasks.size, LIMIT_MS)
    assert.equal(mailIds.size, tasks.size, 'each is mailed')
    for (const [what, ids] of [...mailIds, ...eventIds()]) assert.equal(ids.size, 1, `ids of ${String(what)}`)
    t.diagnostic(
      `${tasks.size} reminders, ${pair.kills} kills: ${mailed().length} mails, ${receiver.received.length} requests`,
    )
  },
)

/** Processes of the service on one database. */
interface Pair extends AsyncDisposable {
  readonly processes: readonly [Service, Service]
  readonly kills: number
  /** Kills processes with SIGKILL. */
  kill(places: readonly number[]): Promise<void>
  /** Starts processes in the places of dead ones. */
  replace(places: readonly number[]): Promise<void>
}

async function openPair(served: ServedDatabase): Promise<Pair> {
  const start = () => startService(served.env)
  await using opened = new AsyncDisposableStack()
  const processes: [Service, Service] = [opened.use(await start()), opened.use(await start())]
  opened.move()
  let kills = 0
  return {
    processes,
    get kills() {
      return kills
    },
    kill: async (places) => {
      await Promise.all(places.map(async (place) => processes[place]?.kill()))
      kills += places.length
    },
    replace: async (places) => {
      // What a dead process has claimed is due when its lease ends: the time is moved, not waited for.
      await served.asOwner((client) => client.query('update jobs set run_at = now() where dead_at is null'))
      // One after the other, so that none is left running if one does not start.
      for (const place of places) processes[place] = await start()
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of processes) await each.kill()
    },
  }
}

/** Whether a process is in the middle of the statement that makes reminders due, and waits for a lock. */
const isFiring = (served: ServedDatabase): Promise<boolean> =>
  served.asOwner(async (client) => {
    const { rowCount } = await client.query(`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%todo_fire_reminders(%'`)
    return rowCount !== 0
  })

/** Until its end a transaction that makes reminders due waits for this one, so that a process can be killed in the middle of it. */
async function blockNotifications(served: ServedDatabase): Promise<AsyncDisposable> {
  const [locked, released] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
  const holding = served.asOwner(async (client) => {
    await client.query('begin')
    await client.query('lock table notifications in share mode')
    locked.resolve(undefined)
    await released.promise
    await client.query('rollback')
  })
  await Promise.race([locked.promise, holding])
  return {
    [Symbol.asyncDispose]: async () => {
      released.resolve(undefined)
      await holding
    },
  }
}

/**
 * Takes the lease of the job away repeatedly, as if the process that has it had been paused for a minute: the other process then
 * begins while the first one continues.
 */
function race(served: ServedDatabase): AsyncDisposable {
  const over = new AbortController()
  const racing = served.asOwner(async (client) => {
    for await (const _ of setInterval(100, undefined, { signal: over.signal })) {
      await client.query(`update jobs set run_at = now() where name = '${SEND_REMINDERS}' and dead_at is null`)
    }
  })
  const ended = racing.catch((error: unknown) => (over.signal.aborted ? undefined : error))
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort()
      assert.equal(await ended, undefined)
    },
  }
}

/** Users who get reminders by mail and by a webhook. @returns their tokens */
async function addUsers({ processes: [service] }: Pair, served: ServedDatabase, url: string): Promise<string[]> {
  const tokens: string[] = []
  for (let index = 0; index < USERS; index++) {
    const body = { name: 'Ada', email: `ada${index}@example.com`, password: 'correct horse battery' }
    const { token } = await ask(service, 'POST', '/api/auth/sign-up/email', { body })
    await ask(service, 'PATCH', '/api/me', { token, body: { emailReminders: true } })
    await ask(service, 'POST', '/api/webhooks', { token, body: { url, events: ['task.reminder'] } })
    tokens.push(token)
  }
  await served.asOwner((client) => client.query('update users set "emailVerified" = true'))
  return tokens
}

/** @returns the ids of new tasks, each with a reminder at a random moment of the next seconds */
async function addReminders(
  { processes: [service] }: Pair,
  tokens: readonly string[],
  wave: number,
): Promise<string[]> {
  const ofUsers = tokens.map(async (token, user) => {
    const operations = Array.from({ length: REMINDERS_EACH }, (_, task) => {
      const at = new Date(Date.now() + randomInt(DUE_WITHIN_MS)).toISOString()
      return { op: 'create', task: { title: `wave ${wave}, user ${user}, task ${task}.`, reminders: [{ at }] } }
    })
    const { results } = await ask(service, 'POST', '/api/tasks/batch', { token, body: { operations } })
    return results.map(({ task }: { readonly task: { readonly id: string } }) => task.id)
  })
  return (await Promise.all(ofUsers)).flat()
}

/** @returns the ids of the tasks of all notifications of a user, page by page */
async function notifiedTasks(service: Service, token: string): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { status, text, json, headers } = await service.ask('GET', `/api/notifications?limit=50${cursor}`, { token })
    assert.equal(status, 200, text)
    for (const { taskId } of json) ids.push(taskId)
    const next = headers.get('x-next-cursor')
    cursor = next === null ? null : `&cursor=${encodeURIComponent(next)}`
  }
  return ids
}

/** Sends a request again that was refused because the machine or the database is busy: after a kill both are. */
async function ask(service: Service, ...request: Parameters<Service['ask']>): Promise<Answer['json']> {
  for (;;) {
    const { status, text, json, headers } = await service.ask(...request)
    if (status < 300) return json
    assert.equal(status, 503, text)
    await setTimeout(Number(headers.get('retry-after')) * 1000)
  }
}

function assertSameOnce(ids: readonly string[], wanted: ReadonlySet<string>, what: string): void {
  assert.deepEqual([...wanted.difference(new Set(ids))], [], `${what} that are missing`)
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
    `${what} that are there twice`,
  )
  assert.equal(ids.length, wanted.size, what)
}

/** The ids with which each was sent. */
function idsOf(pairs: readonly (readonly [what: unknown, id: unknown])[]): ReadonlyMap<unknown, ReadonlySet<unknown>> {
  const ids = new Map<unknown, Set<unknown>>()
  for (const [what, id] of pairs) ids.set(what, (ids.get(what) ?? new Set()).add(id))
  return ids
}
