import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { until } from '../../test/faults/measures.ts'
import { openMailServer, type MailServer, type ReceivedMail } from '../../test/mail-server.ts'
import { openWorld, type World } from '../../test/world.ts'
import { runJobs } from '../jobs.ts'
import { hooked, type Hooked } from './hooked.testing.ts'
import { accepting, refusing } from './receiver.testing.ts'
import { ATTEMPTS_MAX, RETRIES_MS, RETRY_AFTER_MAX_MS, WARNED_AFTER } from './schedule.ts'

const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS

let server: MailServer
let world: World
const opened = new AsyncDisposableStack()
before(async () => {
  server = opened.use(await openMailServer())
  const env = { SMTP_URL: server.url, MAIL_FROM: 'Todo <todo@todo.example>' }
  world = opened.use(await openWorld({ env }))
  opened.use(await runJobs(world.deps))
  // The timers of jobs do not keep the process alive, so something else must.
  const alive = setInterval(() => undefined, SECOND_MS)
  opened.defer(() => clearInterval(alive))
})
after(() => opened.disposeAsync())

/** With a verified address, to which mails are sent. */
async function hookedWithMail(): Promise<Hooked> {
  const user = await world.signUp()
  await world.asOwner((client) => client.query('update users set "emailVerified" = true where id = $1', [user.id]))
  return await hooked(world, { user })
}

/** The pauses that are noted with the deliveries, the oldest first. */
const pauses = async (hook: Hooked): Promise<number[]> =>
  (await hook.deliveries())
    .filter(({ nextAttemptAt }) => nextAttemptAt !== null)
    .map(({ createdAt, nextAttemptAt }) => Date.parse(nextAttemptAt) - Date.parse(createdAt))

/** Lets the next event fail so many times, with the pauses between them. */
async function fail(hook: Hooked, times: number): Promise<void> {
  for (let index = 1; index <= times; index++) {
    await until('it is recorded', async () => (await hook.deliveries()).length === index)
    await hook.waitMs()
    if (index < times) await hook.pass()
  }
}

/** All mails that were enqueued so far were sent. */
const mailsAreSent = (): Promise<void> =>
  until('no mail waits', async () => {
    const { rows } = await world.asOwner((client) => client.query(`select 1 from jobs where name like 'mail-%'`))
    return rows.length === 0
  })

suite('a receiver that says when to come back', () => {
  const asked: readonly [name: string, status: number, value: () => string, expectedMs: readonly [number, number]][] = [
    ['429, in two minutes', 429, () => '120', [120_000, 120_000]],
    ['503, in two minutes', 503, () => '120', [120_000, 120_000]],
    ['503, at a time', 503, () => new Date(Date.now() + HOUR_MS).toUTCString(), [HOUR_MS - 10 * SECOND_MS, HOUR_MS]],
    ['503, sooner than the schedule', 503, () => '1', [5_000, 5_000]],
    ['503, in a week', 503, () => String(7 * 86_400), [RETRY_AFTER_MAX_MS, RETRY_AFTER_MAX_MS]],
    ['503, with a word', 503, () => 'later', [5_000, 5_000]],
    ['500, where the header has no meaning', 500, () => '120', [5_000, 5_000]],
  ]
  for (const [name, status, value, [leastMs, mostMs]] of asked) {
    test(`gets the event again then, within bounds: ${name}`, async () => {
      await using hook = await hooked(world)
      hook.receiver.answer = refusing(status, { 'retry-after': value() })
      await hook.ask('POST', '/api/tasks', { title: 'one' })
      await fail(hook, 1)
      const [pauseMs = NaN] = await pauses(hook)
      assert.ok(pauseMs >= leastMs && pauseMs <= mostMs, `${pauseMs} ms`)
      hook.receiver.answer = accepting
      await hook.pass()
      await hook.receiver.got(2)
    })
  }

  test('does not get more attempts by that, and the pauses of the schedule stay the least ones', async () => {
    await using hook = await hooked(world)
    hook.receiver.answer = refusing(503, { 'retry-after': '600' })
    await hook.ask('POST', '/api/tasks', { title: 'one' })
    await fail(hook, RETRIES_MS.length)
    await hook.pass()
    await until('it is disabled', async () => !(await hook.ask('GET', hook.path)).json.active)
    assert.equal(hook.receiver.received.length, ATTEMPTS_MAX)
    assert.deepEqual(
      await pauses(hook),
      RETRIES_MS.map((ms) => Math.max(ms, 600_000)),
    )
  })
})

suite('the owner of a webhook that fails', () => {
  test('gets one mail when it has failed for half of the time, and one when it is disabled', async () => {
    await using hook = await hookedWithMail()
    hook.receiver.answer = refusing(500)
    await hook.ask('POST', '/api/tasks', { title: 'one' })
    const already = server.received.length
    const sent = async (): Promise<readonly ReceivedMail[]> => {
      await mailsAreSent()
      return server.received.slice(already)
    }
    await fail(hook, WARNED_AFTER - 1)
    assert.deepEqual(await sent(), [])
    await hook.pass()
    await until('it is recorded', async () => (await hook.deliveries()).length === WARNED_AFTER)
    const [warning, ...more] = await sent()
    assert.ok(warning !== undefined && more.length === 0)
    assert.equal(warning.headers.get('subject'), 'A webhook is failing')
    assert.match(warning.text, /The webhook to 127\.0\.0\.1:\d+ could not deliver an event in 8 attempts over 18 hours/)
    const { nextAttemptAt } = (await hook.deliveries()).at(-1)
    assert.ok(warning.text.includes(`${nextAttemptAt.slice(0, 16).replace('T', ' ')} UTC`), warning.text)
    await hook.waitMs()
    await hook.pass()
    await until('it is disabled', async () => !(await hook.ask('GET', hook.path)).json.active)
    assert.deepEqual(
      (await sent()).map(({ headers }) => headers.get('subject')),
      ['A webhook is failing', 'A webhook was disabled'],
    )
  })

  test('gets no warning if it has recovered before the mail is sent', async () => {
    await using hook = await hookedWithMail()
    const already = server.attempts
    await hook.ask('POST', '/api/tasks', { title: 'one' })
    await until('it is recorded', async () => (await hook.deliveries()).at(-1)?.status === 'succeeded')
    await world.asOwner((client) =>
      client.query(
        `insert into jobs (name, for_user, reference) values ('mail-webhook-failing', $1, jsonb_build_object('webhook', $2::text))`,
        [hook.user.id, hook.id],
      ),
    )
    world.deps.jobs.wake()
    await mailsAreSent()
    assert.equal(server.attempts, already)
  })
})
