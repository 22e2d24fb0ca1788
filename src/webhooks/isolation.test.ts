import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { until } from '../../test/faults/measures.ts'
import { openWorld, type World } from '../../test/world.ts'
import { runJobs } from '../jobs.ts'
import type { Runner } from '../jobs/runner.ts'
import { hooked } from './hooked.testing.ts'
import { accepting } from './receiver.testing.ts'
import { WEBHOOKS_MAX } from './schema.ts'

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

const isSlow = async (id: string): Promise<boolean> =>
  world.asOwner(
    async (client) => (await client.query('select is_slow from webhooks where id = $1', [id])).rows[0]?.is_slow,
  )

suite('a receiver that does not answer', () => {
  test('delays no other one', async () => {
    await using hanging = await hooked(world)
    await using quick = await hooked(world)
    hanging.receiver.answer = () => undefined
    for (let n = 1; n < WEBHOOKS_MAX; n++) {
      await hanging.ask('POST', '/api/webhooks', { url: hanging.receiver.url, events: ['task.created'] })
    }
    await hanging.ask('POST', '/api/tasks', { title: 'x' })
    await hanging.receiver.got(2)
    for (let n = 0; n < 5; n++) await quick.ask('POST', '/api/tasks', { title: 'x' })
    await quick.receiver.got(5)
    assert.deepEqual(await hanging.deliveries(), [], 'the first attempt has not even ended')
    assert.equal(hanging.receiver.received.length, 2, 'more than two requests of a user to a host at the same time')
  })
})

suite('a receiver that answers late', () => {
  test('is delivered to among the slow ones, until it answers in time', async () => {
    await using hook = await hooked(world)
    const seen = Promise.withResolvers<void>()
    hook.receiver.answer = (response, received) => {
      if (received.body.seq === 1) setTimeout(() => accepting(response, received), 2_200)
      else void seen.promise.then(() => accepting(response, received))
    }
    for (const title of ['one', 'two']) await hook.ask('POST', '/api/tasks', { title })
    await hook.receiver.got(1)
    await until('it counts as slow', () => isSlow(hook.id))
    seen.resolve()
    await hook.receiver.got(2)
    await hook.ask('POST', '/api/tasks', { title: 'three' })
    await hook.receiver.got(3)
    await until('it counts as quick', async () => !(await isSlow(hook.id)))
    await hook.ask('POST', '/api/tasks', { title: 'four' })
    const received = await hook.receiver.got(4)
    assert.deepEqual(
      received.map(({ body }) => body.seq),
      [1, 2, 3, 4],
    )
  })
})
