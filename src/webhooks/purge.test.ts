import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { openWorld } from '../../test/world.ts'
import type { RunningJob } from '../jobs/kind.ts'
import { hooked } from './hooked.testing.ts'
import { webhookJobs } from './jobs.ts'

test('a delivery is deleted after 30 days, and none that is younger', async () => {
  await using world = await openWorld()
  await using ada = await hooked(world)
  await using ben = await hooked(world)
  await world.asOwner((client) =>
    client.query(
      `insert into webhook_deliveries (user_id, id, webhook_id, message_id, type, cause, status, attempt, created_at)
       select user_id, gen_random_uuid(), id, 'msg_' || age, 'webhook.test', 'test', 'succeeded', 1, now() - age
       from webhooks, unnest('{30 days 1 minute,29 days 23 hours,1 minute}'::interval[]) age`,
    ),
  )
  const job = webhookJobs({ ...world.deps, metrics: { registry: new Registry() } }).find(
    ({ name }) => name === 'purge-webhook-deliveries',
  )
  const { signal } = new AbortController()
  // The job uses these alone.
  await job?.run({ signal, stopping: signal } as RunningJob)
  for (const hook of [ada, ben]) {
    const left = new Set((await hook.deliveries()).map(({ messageId }) => messageId))
    assert.deepEqual(left, new Set(['msg_00:01:00', 'msg_29 days 23:00:00']))
  }
})
