import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestDatabase } from '../../test/databases.ts'
import { Device } from '../../test/device.ts'
import { until } from '../../test/faults/measures.ts'
import { startService } from '../../test/service.ts'
import type { Task } from '../index.ts'

const ROUNDS = 3
/** So that the devices leave the processor to the service that starts. */
const WAIT_MS = 250
/** Stands for the address of the service, whose port changes with each start. */
const BASE_URL = 'http://todo.example'

test('two devices end equal, and each edit is done once, although the service is killed between a commit and its answer', async (t) => {
  const database = await openTestDatabase()
  let service = await startService(database.env)
  const { token } = await service.signUp()
  let isFatal = false
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers)
    if (isFatal && init.method === 'POST') headers.set('x-die-before-answering', 'now')
    return globalThis.fetch(url.replace(BASE_URL, service.url), { ...init, headers })
  }
  const devices = [
    new Device({ baseUrl: BASE_URL, token, fetch, live: true, waitMs: WAIT_MS }),
    new Device({ baseUrl: BASE_URL, token, fetch, live: true, waitMs: WAIT_MS }),
  ]
  t.after(async () => {
    for (const device of devices) await device.stop()
    await service.kill()
    await database[Symbol.asyncDispose]()
  })
  const [first, second] = devices
  assert.ok(first !== undefined && second !== undefined)
  for (const device of devices) await device.start()

  const shared = await first.outbox.create({ title: 'shared' })
  await until('the device has sent its edit', () => first.flush())
  const { headers } = await service.ask('GET', '/api/tasks', { token })
  await second.follower.seen(headers.get('x-sync-cursor') ?? '')

  for (let round = 0; round < ROUNDS; round++) {
    await first.outbox.update(shared, { title: `shared ${round}` })
    await first.outbox.create({ title: `first ${round}` })
    isFatal = true
    assert.equal(await first.flush(), false)
    isFatal = false
    assert.equal(await service.ended, 'SIGKILL')
    await second.outbox.update(shared, { description: `second ${round}` })
    await second.outbox.create({ title: `second ${round}` })
    assert.equal(await second.flush(), false)
    await first.outbox.create({ title: `first ${round}, offline` })
    service = await startService(database.env)
    // The first to send finds the results of its own batch, the second a conflict.
    // PostgreSQL may still execute a batch of the killed process: then its repetition is 409 until that has ended.
    for (const device of round % 2 === 0 ? [first, second] : [second, first]) {
      await until('the device has sent its edits', () => device.flush())
    }
  }

  const list = await service.ask('GET', '/api/tasks', { token })
  const tasks: Task[] = list.json
  for (const device of devices) {
    await device.follower.seen(list.headers.get('x-sync-cursor') ?? '')
    assert.deepEqual(device.tasks(), new Map(tasks.map((task) => [task.id, task])))
  }
  const rounds = Array.from({ length: ROUNDS }, (_, n) => [`first ${n}`, `first ${n}, offline`, `second ${n}`]).flat()
  const last = ROUNDS - 1
  assert.deepEqual(tasks.map(({ title }) => title).toSorted(), [...rounds, `shared ${last}`].toSorted())
  const kept = tasks.find(({ id }) => id === shared)
  // Created once, then an edit of each device in each round.
  assert.deepEqual([kept?.description, kept?.version], [`second ${last}`, 1 + 2 * ROUNDS])
})
