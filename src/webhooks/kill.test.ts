import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { openServedDatabase } from '../../test/databases.ts'
import { isShort, until } from '../../test/faults/measures.ts'
import { startService } from '../../test/service.ts'
import { openReceiver } from './receiver.testing.ts'

const ROUNDS = isShort ? 8 : 20
/** Changes that a round tries to make. */
const CHANGES = 12
/** The receiver fails at random, so that processes are killed in the middle of retries too. */
const FAILING = 0.1

test('a service that is killed at random moments loses no event: each arrives with one id, in order', async (t) => {
  await using served = await openServedDatabase()
  await using receiver = await openReceiver()
  receiver.answer = (response) => void response.writeHead(Math.random() < FAILING ? 500 : 204).end()
  const query = async (text: string): Promise<Record<string, unknown>[]> =>
    served.asOwner(async (client) => (await client.query<Record<string, unknown>>(text)).rows)
  /** What a dead process has claimed, and what waits for another attempt, is due at once: its time is moved, not waited for. */
  const passTime = (): Promise<unknown> => query(`update jobs set run_at = now() where name like 'deliver%'`)

  let token: string | undefined
  for (let round = 1; round <= ROUNDS; round++) {
    await passTime()
    await using service = await startService(served.env)
    if (token === undefined) {
      token = (await service.signUp()).token
      const body = { url: receiver.url, events: ['task.created', 'task.updated'] }
      assert.equal((await service.ask('POST', '/api/webhooks', { token, body })).status, 201)
    }
    const killedAt = receiver.received.length + randomInt(CHANGES)
    const killing = (async () => {
      // Not all changes may be delivered: some of them fail.
      await until('it is time', () => receiver.received.length >= killedAt, 3_000).catch(() => undefined)
      await service.kill()
    })()
    for (let n = 0; n < CHANGES; n++) {
      // Some are cut off by the kill. What was committed is in the log.
      await service.ask('POST', '/api/tasks', { token, body: { title: `${round} ${n}` } }).catch(() => undefined)
    }
    await killing
  }

  receiver.answer = (response) => void response.writeHead(204).end()
  await passTime()
  const [log] = await query('select max(seq)::int as seq from changes')
  const last = Number(log?.['seq'])
  assert.ok(last > ROUNDS, `only ${last} changes were made`)
  await using _service = await startService(served.env)
  await until('the last event arrives', () => receiver.received.some(({ body }) => body.seq === last), 30_000)

  const ids = new Map<number, Set<unknown>>()
  for (const { body, headers } of receiver.received) {
    ids.set(body.seq, (ids.get(body.seq) ?? new Set()).add(headers['webhook-id']))
  }
  assert.deepEqual(
    [...ids.keys()],
    Array.from({ length: last }, (_, index) => index + 1),
    'every change has arrived, first in the order of the log',
  )
  assert.ok(
    [...ids.values()].every((ofEvent) => ofEvent.size === 1),
    'an event has one id',
  )
  t.diagnostic(`${last} events in ${receiver.received.length} requests, over ${ROUNDS} kills`)
})
