import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { needsRedis, openTestRedis } from '../test/redis.ts'
import { until } from '../test/faults/measures.ts'
import { Secret } from './lib/secret.ts'
import { openRedis, type RedisConnection } from './redis.ts'
import { openWakes } from './wakes.ts'

/** A process that listens, and the calls that its listener got. */
function listening(redis: RedisConnection) {
  const warnings: string[] = []
  const wakes = openWakes(redis, { warn: (_, message) => void warnings.push(message) })
  const changed: string[] = []
  const states: boolean[] = []
  const stop = wakes.listen({
    changed: (userId) => void changed.push(userId),
    connected: (isConnected) => void states.push(isConnected),
  })
  return { wakes, changed, states, warnings, stop }
}

const subscribersOf = async (redis: RedisConnection, prefix: string): Promise<unknown> =>
  (await redis.client.pubsub('NUMSUB', `${prefix}wakes`))[1]

suite('wake-ups through Redis', { skip: needsRedis }, () => {
  const opened = async (prefix = `${randomUUID()}:`) => {
    const redis = await openTestRedis({ keyPrefix: prefix })
    const { wakes, ...rest } = listening(redis)
    await until('it is connected', () => rest.states.includes(true))
    const close = async (): Promise<void> => {
      await wakes[Symbol.asyncDispose]()
      await redis[Symbol.asyncDispose]()
    }
    return { prefix, redis, wakes, ...rest, [Symbol.asyncDispose]: close }
  }

  test('reach other processes with the same key prefix, and no others', async () => {
    await using one = await opened()
    await using other = await opened(one.prefix)
    await using foreign = await opened()
    for (const user of ['ada', 'ben', 'ada']) one.wakes.wake(user)
    await until('the other process has heard', () => other.changed.length >= 2)
    assert.deepEqual(other.changed, ['ada', 'ben'])
    foreign.wakes.wake('cleo')
    other.wakes.wake('dora')
    await until('it has heard', () => one.changed.includes('dora'))
    // Those of the process itself come at once, and not a second time.
    assert.deepEqual(one.changed, ['ada', 'ben', 'ada', 'dora'])
    assert.deepEqual(foreign.changed, ['cleo'])
  })

  test('are sent again by a process that had lost its own connection, once for each user', async () => {
    await using one = await opened()
    await using other = await opened(one.prefix)
    const { client } = one.redis
    const closed = once(client, 'close')
    await other.redis.client.client('KILL', 'ID', await client.client('ID'))
    await closed
    for (const user of ['ada', 'ben', 'ada']) one.wakes.wake(user)
    await until('the other process has heard', () => other.changed.length >= 2)
    one.wakes.wake('cleo')
    await until('it has heard what came afterwards', () => other.changed.includes('cleo'))
    assert.deepEqual(other.changed, ['ada', 'ben', 'cleo'])
  })

  test('a message of another program is ignored', async () => {
    await using one = await opened()
    for (const message of ['', 'x', 'null', '7', '{}', '{"users":7}', '{"users":[1,"ada"]}']) {
      await one.redis.client.publish(`${one.prefix}wakes`, message)
    }
    await until('the last one has arrived', () => one.changed.length > 0)
    assert.deepEqual(one.changed, ['ada'])
  })

  test('take a connection only while there is a listener', async () => {
    await using one = await opened()
    assert.equal(await subscribersOf(one.redis, one.prefix), 1)
    one.stop()
    await until('it is closed', async () => (await subscribersOf(one.redis, one.prefix)) === 0)
    const again: boolean[] = []
    one.wakes.listen({ changed: () => undefined, connected: (isConnected) => void again.push(isConnected) })
    await until('it is connected again', () => again.includes(true))
  })

  test('a Redis user without the channels is reported once, and Redis still counts as available', async (context) => {
    const user = randomUUID()
    await using admin = await openTestRedis()
    await admin.client.call('acl', 'setuser', user, 'on', `>${user}`, `~${user}:*`, 'resetchannels', '+@all')
    context.after(async () => {
      await using redis = await openTestRedis()
      await redis.client.call('acl', 'deluser', user)
    })
    await using redis = await openTestRedis({ user, keyPrefix: `${user}:` })
    const { wakes, states, warnings } = listening(redis)
    await using _ = wakes
    for (let n = 0; n < 3; n++) wakes.wake('ada')
    await until('both refusals are reported', () => warnings.length === 2)
    assert.deepEqual([await redis.isReachable(), states], [true, []])
    assert.match(warnings[0] ?? '', /^Redis refuses messages between processes/)
  })
})

test('without Redis, wake-ups reach the listeners of the process itself, and the state stays disconnected', async () => {
  const nowhere = { url: new Secret('redis://127.0.0.1:1/0'), keyPrefix: 'todo-backend:' }
  await using redis = await openRedis(nowhere, { info: () => undefined, warn: () => undefined })
  const { wakes, changed, states, stop } = listening(redis)
  await using _ = wakes
  wakes.wake('ada')
  assert.deepEqual([changed, states], [['ada'], []])
  stop()
  wakes.wake('ben')
  assert.deepEqual(changed, ['ada'])
})
