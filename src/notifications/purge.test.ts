import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { openWorld } from '../../test/world.ts'
import type { RunningJob } from '../jobs/kind.ts'
import { notificationJobs } from './jobs.ts'

test('a notification is deleted after 90 days, and none that is younger', async () => {
  await using world = await openWorld()
  const users = [await world.signUp(), await world.signUp()]
  await world.asOwner((client) =>
    client.query(
      `insert into notifications (user_id, id, kind, task_id, at, created_at)
       select user_id, gen_random_uuid(), 'reminder', gen_random_uuid(), now() - age, now() - age
       from unnest($1::text[]) user_id, unnest('{90 days 1 minute,89 days 23 hours,1 minute}'::interval[]) age`,
      [users.map(({ id }) => id)],
    ),
  )
  const job = notificationJobs({ ...world.deps, metrics: { registry: new Registry() } }).find(
    ({ name }) => name === 'purge-notifications',
  )
  const { signal } = new AbortController()
  // The job uses these alone.
  await job?.run({ signal, stopping: signal } as RunningJob)
  const { rows } = await world.asOwner((client) =>
    client.query('select user_id as id, count(*)::int, max(now() - at) < $1 as young from notifications group by 1', [
      '90 days',
    ]),
  )
  assert.deepEqual(new Set(rows), new Set(users.map(({ id }) => ({ id, count: 2, young: true }))))
})
