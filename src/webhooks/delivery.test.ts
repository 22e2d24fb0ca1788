import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { until } from '../../test/faults/measures.ts'
import { adds } from '../../test/metric-values.ts'
import { openWorld, type World } from '../../test/world.ts'
import { runJobs } from '../jobs.ts'
import type { Runner } from '../jobs/runner.ts'
import { hooked } from './hooked.testing.ts'
import { openReceiver, refusing, verified, type Receiver } from './receiver.testing.ts'
import { RETRIES_MS } from './schedule.ts'

let world: World
let runner: Runner
before(async () => {
  world = await openWorld()
  runner = await runJobs(world.deps)
})
after(async () => {
  await runner[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

const query = async (text: string, values: readonly unknown[]): Promise<unknown> =>
  world.asOwner((client) => client.query(text, [...values]))

/** The series that counts attempts with this result. */
const attempts = (outcome: string): string => `webhook_delivery_duration_seconds_count{outcome="${outcome}"}`

suite('a change', () => {
  test('is an event with the signature of Standard Webhooks', async () => {
    await using hook = await hooked(world)
    const task = await hook.ask('POST', '/api/tasks', { title: 'Milk', tags: ['home'] })
    const [received] = await hook.receiver.got(1)
    assert.ok(received)
    assert.deepEqual(verified(received, hook.secret), received.body)
    assert.match(String(received.headers['webhook-id']), /^msg_[\w-]{24}$/)
    assert.equal(received.headers['content-type'], 'application/json')
    const { timestamp, ...rest } = received.body
    assert.deepEqual(rest, {
      type: 'task.created',
      data: task.json,
      seq: 1,
      changeId: task.headers.get('x-change-id'),
    })
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 10_000)
    await until('it is recorded', async () => (await hook.deliveries()).length === 1)
    const [delivery] = await hook.deliveries()
    assert.deepEqual(
      [delivery.messageId, delivery.status, delivery.responseStatus, delivery.attempt, delivery.seq, delivery.cause],
      [received.headers['webhook-id'], 'succeeded', 204, 1, 1, 'change'],
    )
  })

  test('of every kind arrives once, in order, with the task as it was then', async () => {
    await using hook = await hooked(world)
    const { json: task } = await hook.ask('POST', '/api/tasks', { title: 'Milk' })
    const path = `/api/tasks/${task.id}`
    await hook.ask('PATCH', path, { title: 'Oat milk', priority: 'HIGH' })
    await hook.ask('PATCH', `${path}/complete`, { completed: true })
    await hook.ask('PATCH', `${path}/complete`, { completed: false })
    await hook.ask('DELETE', path)
    await hook.ask('POST', `/api/trash/${task.id}/restore`)
    const [entry] = (await hook.ask('GET', '/api/history?limit=1')).json
    await hook.ask('POST', `/api/history/${entry.id}/undo`)
    const received = await hook.receiver.got(7)
    assert.deepEqual(
      received.map(({ body: { type, seq, data } }) => [type, seq, data.title, data.status, data.version]),
      [
        ['task.created', 1, 'Milk', 'TODO', 1],
        ['task.updated', 2, 'Oat milk', 'TODO', 2],
        ['task.completed', 3, 'Oat milk', 'COMPLETED', 3],
        ['task.updated', 4, 'Oat milk', 'TODO', 4],
        ['task.deleted', 5, 'Oat milk', 'TODO', 4],
        ['task.created', 6, 'Oat milk', 'TODO', 5],
        ['task.deleted', 7, 'Oat milk', 'TODO', 5],
      ],
    )
    assert.equal(new Set(received.map(({ headers }) => headers['webhook-id'])).size, 7)
  })

  test('is taken only if the webhook names its type; a completion is an update for one without task.completed', async () => {
    await using hook = await hooked(world, { events: ['task.updated', 'task.deleted'] })
    const { json: task } = await hook.ask('POST', '/api/tasks', { title: 'Milk' })
    await hook.ask('PATCH', `/api/tasks/${task.id}/complete`)
    await hook.ask('DELETE', `/api/tasks/${task.id}?permanent=true`)
    const received = await hook.receiver.got(2)
    assert.deepEqual(
      received.map(({ body: { type, seq } }) => [type, seq]),
      [
        ['task.updated', 2],
        ['task.deleted', 3],
      ],
    )
    assert.deepEqual(received[1]?.body.data, { id: task.id }, 'the content of a task that was deleted for good')
  })

  test('that waited has the task as it was after it, and not as it is now', async () => {
    await using hook = await hooked(world)
    await hook.receiver.stop()
    const { json: task } = await hook.ask('POST', '/api/tasks', { title: 'one' })
    const path = `/api/tasks/${task.id}`
    await hook.ask('PATCH', path, { title: 'two', description: 'x' })
    await hook.ask('PATCH', path, { title: 'three' })
    await hook.ask('DELETE', path)
    await hook.ask('POST', `/api/trash/${task.id}/restore`)
    await hook.ask('PATCH', path, { title: 'four' })
    await hook.waitMs()
    await hook.receiver.start()
    await hook.pass()
    const received = await hook.receiver.got(6)
    assert.deepEqual(
      received.map(({ body: { type, data } }) => [type, data.title, data.description, data.version]),
      [
        ['task.created', 'one', null, 1],
        ['task.updated', 'two', 'x', 2],
        ['task.updated', 'three', 'x', 3],
        ['task.deleted', 'three', 'x', 3],
        ['task.created', 'three', 'x', 4],
        ['task.updated', 'four', 'x', 5],
      ],
    )
  })
})

suite('an event that fails', () => {
  test('is sent again by the schedule, with the same id; then the webhook is disabled, and continues with it when it is activated', async () => {
    await using hook = await hooked(world)
    hook.receiver.answer = refusing(500, {}, 'broken \0 pipe')
    // Before the attempt, after which the next one is planned.
    let beforeMs = performance.now()
    await hook.ask('POST', '/api/tasks', { title: 'one' })
    await hook.ask('POST', '/api/tasks', { title: 'two' })
    for (const [index, plannedMs] of RETRIES_MS.entries()) {
      await hook.receiver.got(index + 1)
      const ms = await hook.waitMs()
      const sinceMs = performance.now() - beforeMs
      assert.ok(ms > plannedMs - sinceMs - 1 && ms <= plannedMs, `${ms} of ${plannedMs} after ${sinceMs}`)
      // Later changes do not send it earlier.
      await hook.ask('POST', '/api/tasks', { title: 'later' })
      beforeMs = performance.now()
      await hook.pass()
    }
    const received = await hook.receiver.got(9)
    assert.equal(new Set(received.map(({ headers }) => headers['webhook-id'])).size, 1)
    const path = `/api/webhooks/${hook.id}`
    await until('it is disabled', async () => !(await hook.ask('GET', path)).json.active)
    const disabled = (await hook.ask('GET', path)).json
    assert.equal(disabled.disabledReason, 'failed')
    assert.equal(disabled.version, 2)
    const deliveries = await hook.deliveries()
    assert.deepEqual(
      deliveries.map(({ attempt, status, responseStatus }) => [attempt, status, responseStatus]),
      Array.from({ length: 9 }, (_, index) => [index + 1, 'failed', 500]),
    )
    assert.equal(deliveries[0].responseBody, 'broken \ufffd pipe')
    assert.equal(deliveries[8].nextAttemptAt, null)
    const waits = deliveries
      .slice(0, 8)
      .map(({ createdAt, nextAttemptAt }) => Date.parse(nextAttemptAt) - Date.parse(createdAt))
    assert.deepEqual(waits, RETRIES_MS)

    hook.receiver.answer = refusing(200)
    await hook.ask('PATCH', path, { active: true })
    const all = await hook.receiver.got(9 + 10)
    assert.deepEqual(
      all.slice(9).map(({ body }) => body.seq),
      Array.from({ length: 10 }, (_, index) => index + 1),
    )
    assert.equal(all[9]?.headers['webhook-id'], received[0]?.headers['webhook-id'])
  })

  for (const [name, answer, expected] of [
    ['a redirect', refusing(302, { location: 'http://127.0.0.1:1/' }), [302, 'redirects are not followed']],
    ['a refusal', refusing(404, {}, 'no'), [404, null]],
    ['a reset connection', (response) => void response.socket?.destroy(), [null, 'the server closed the connection']],
  ] as [string, Receiver['answer'], unknown[]][]) {
    test(`because of ${name} is sent again`, async () => {
      await using hook = await hooked(world)
      hook.receiver.answer = answer
      await hook.ask('POST', '/api/tasks', { title: 'one' })
      await hook.waitMs()
      const [delivery] = await hook.deliveries()
      assert.deepEqual([delivery.responseStatus, delivery.error], expected)
      hook.receiver.answer = refusing(200)
      await hook.pass()
      await hook.receiver.got(2)
      await until('it is recorded', async () => (await hook.deliveries()).at(-1).status === 'succeeded')
      assert.equal((await hook.deliveries()).at(-1).attempt, 2)
    })
  }

  test('because the receiver is gone (410) disables the webhook at once', async () => {
    await using hook = await hooked(world)
    hook.receiver.answer = refusing(410)
    await adds(world, { 'webhooks_disabled_total{reason="gone"}': 1, [attempts('refused')]: 1 }, async () => {
      await hook.ask('POST', '/api/tasks', { title: 'one' })
      await until('it is disabled', async () => !(await hook.ask('GET', `/api/webhooks/${hook.id}`)).json.active)
    })
    assert.equal((await hook.ask('GET', `/api/webhooks/${hook.id}`)).json.disabledReason, 'gone')
    assert.equal((await hook.deliveries()).length, 1)
  })

  test('is sent at once after its webhook gets another URL', async () => {
    await using hook = await hooked(world)
    await using other = await openReceiver()
    await hook.receiver.stop()
    await hook.ask('POST', '/api/tasks', { title: 'one' })
    await hook.waitMs()
    await hook.ask('PATCH', `/api/webhooks/${hook.id}`, { url: other.url })
    const [received] = await other.got(1)
    assert.equal(received?.body.data.title, 'one')
  })

  test('does not keep an answer of 10 MB: the status decides', async () => {
    await using hook = await hooked(world)
    hook.receiver.answer = (response) => {
      response.writeHead(200)
      const piece = Buffer.alloc(1024 * 1024, 'x')
      const write = (left: number): void => void (left > 0 && response.write(piece, () => write(left - 1)))
      write(10)
    }
    await hook.ask('POST', '/api/tasks', { title: 'one' })
    await until('it is recorded', async () => (await hook.deliveries()).length === 1)
    const [delivery] = await hook.deliveries()
    assert.deepEqual([delivery.status, delivery.responseBody.length], ['succeeded', 1024])
  })
})

suite('a secret that is replaced', () => {
  test('signs for a day beside the new one', async () => {
    await using hook = await hooked(world)
    const { json } = await hook.ask('POST', `/api/webhooks/${hook.id}/secret`)
    assert.notEqual(json.secret, hook.secret)
    await hook.ask('POST', '/api/tasks', { title: 'one' })
    const [received] = await hook.receiver.got(1)
    assert.ok(received)
    assert.equal(String(received.headers['webhook-signature']).split(' ').length, 2)
    for (const secret of [hook.secret, json.secret]) assert.deepEqual(verified(received, secret), received.body)
    await query(`update webhooks set previous_until = now() where id = $1`, [hook.id])
    await hook.ask('POST', '/api/tasks', { title: 'two' })
    const [, second] = await hook.receiver.got(2)
    assert.ok(second)
    assert.deepEqual(verified(second, json.secret), second.body)
    assert.throws(() => verified(second, hook.secret))
  })
})

suite('what the user asks for', () => {
  test('a test is sent once, with a signature, also while the webhook is not active', async () => {
    await using hook = await hooked(world)
    await hook.ask('PATCH', `/api/webhooks/${hook.id}`, { active: false })
    const { status, json, headers } = await hook.ask('POST', `/api/webhooks/${hook.id}/test`)
    assert.deepEqual([status, json.status, json.cause, json.seq], [202, 'pending', 'test', null])
    const [received] = await hook.receiver.got(1)
    assert.ok(received)
    assert.deepEqual(verified(received, hook.secret), received.body)
    assert.equal(received.body.type, 'webhook.test')
    const location = String(headers.get('location'))
    await until('it is recorded', async () => (await hook.ask('GET', location)).json.status === 'succeeded')
  })

  test('the event of a delivery is sent again with the same id and content', async () => {
    await using hook = await hooked(world)
    await hook.ask('POST', '/api/tasks', { title: 'one' })
    await hook.receiver.got(1)
    await until('it is recorded', async () => (await hook.deliveries()).length === 1)
    const [delivery] = await hook.deliveries()
    const { status, json } = await hook.ask('POST', `/api/webhooks/${hook.id}/deliveries/${delivery.id}/redeliver`)
    assert.deepEqual([status, json.cause, json.attempt, json.messageId], [202, 'redelivery', 2, delivery.messageId])
    const [first, second] = await hook.receiver.got(2)
    assert.deepEqual(second?.body, first?.body)
    assert.equal(second?.headers['webhook-id'], first?.headers['webhook-id'])
  })
})

suite('entries that the log does not have any more', () => {
  test('are noted as a loss, and the webhook continues behind them', async () => {
    await using hook = await hooked(world)
    await hook.ask('PATCH', `/api/webhooks/${hook.id}`, { active: false })
    for (const title of ['one', 'two', 'three']) await hook.ask('POST', '/api/tasks', { title })
    await query('delete from changes where user_id = $1 and seq <= 2', [hook.user.id])
    await query('update change_logs set purged_seq = 2 where user_id = $1', [hook.user.id])
    await adds(world, { webhook_losses_total: 1, [attempts('succeeded')]: 1 }, async () => {
      await hook.ask('PATCH', `/api/webhooks/${hook.id}`, { active: true })
      const [received] = await hook.receiver.got(1)
      assert.equal(received?.body.seq, 3)
      await until('both are recorded', async () => (await hook.deliveries()).length === 2)
    })
    const [loss] = await hook.deliveries()
    assert.deepEqual([loss.status, loss.type, loss.seq], ['lost', 'webhook.loss', 2])
    assert.match(loss.error, /^The changes 1 to 2 were deleted/)
    const { status } = await hook.ask('POST', `/api/webhooks/${hook.id}/deliveries/${loss.id}/redeliver`)
    assert.equal(status, 409)
  })
})
