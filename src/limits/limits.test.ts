import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '../lib/secret.ts'
import { needsRedis, openTestRedis } from '../../test/redis.ts'
import { openRedis } from '../redis.ts'
import { openLimits, type Policy } from './limits.ts'

const NOWHERE = { url: new Secret('redis://127.0.0.1:1/0'), keyPrefix: 'todo-backend:' }
const SILENT = { info: () => undefined, warn: () => undefined }
const policy = (limit: number): Policy => ({ name: 'test', limit, windowSeconds: 60 })

suite('limits without Redis', () => {
  test('allow exactly the limit of any number of concurrent requests', async () => {
    await using redis = await openRedis(NOWHERE, SILENT)
    const { take } = openLimits(redis)
    const verdicts = await Promise.all(Array.from({ length: 160 }, () => take(policy(100), 'ada')))
    assert.equal(verdicts.filter(({ allowed }) => allowed).length, 100)
    assert.deepEqual(
      verdicts.map(({ remaining }) => remaining),
      Array.from({ length: 160 }, (_, index) => Math.max(0, 99 - index)),
    )
    assert.ok(verdicts.every(({ resetSeconds }) => resetSeconds === 60))
  })

  test('allow each of several processes its share', async () => {
    await using redis = await openRedis(NOWHERE, SILENT)
    const [first, second] = [openLimits(redis, undefined, 2), openLimits(redis, undefined, 2)]
    const verdicts = await Promise.all(
      Array.from({ length: 160 }, (_, index) => (index % 2 === 0 ? first : second).take(policy(100), 'ada')),
    )
    assert.equal(verdicts.filter(({ allowed }) => allowed).length, 100)
    assert.equal((await openLimits(redis, undefined, 8).take(policy(3), 'ada')).remaining, 0)
  })

  test('count subjects and policies separately', async () => {
    await using redis = await openRedis(NOWHERE, SILENT)
    const { take } = openLimits(redis)
    await take(policy(1), 'ada')
    assert.equal((await take(policy(1), 'ada')).allowed, false)
    assert.equal((await take(policy(1), 'bob')).allowed, true)
    assert.equal((await take({ ...policy(1), name: 'other' }, 'ada')).allowed, true)
  })

  test('allow a returned request again, only in the same window', async () => {
    await using redis = await openRedis(NOWHERE, SILENT)
    const { take, giveBack } = openLimits(redis)
    const first = await take(policy(1), 'ada')
    await giveBack(first, 'ada')
    assert.equal((await take(policy(1), 'ada')).allowed, true)
    first.counted.own.endsAtMs = performance.now() - 1
    await giveBack(first, 'ada')
    assert.equal(first.counted.own.count, 1)
  })
})

suite('limits with Redis', { skip: needsRedis }, () => {
  test('two processes count together, exactly', async () => {
    await using one = await openTestRedis()
    await using other = await openTestRedis()
    const [first, second] = [openLimits(one), openLimits(other)]
    const subject = randomUUID()
    const verdicts = await Promise.all(
      Array.from({ length: 160 }, (_, index) => (index % 2 === 0 ? first : second).take(policy(100), subject)),
    )
    assert.equal(verdicts.filter((verdict) => verdict.allowed).length, 100)
  })

  test('a window that began in Redis does not restart when Redis becomes unavailable', async () => {
    const subject = randomUUID()
    await using redis = await openTestRedis()
    const { take } = openLimits(redis)
    for (let round = 0; round < 3; round++) await take(policy(3), subject)
    redis.client.disconnect()
    await assert.rejects(redis.client.ping())
    assert.equal((await take(policy(3), subject)).allowed, false)
  })

  test('requests of other processes still count when Redis becomes unavailable, and the remainder is shared', async () => {
    const subject = randomUUID()
    await using one = await openTestRedis()
    await using other = await openTestRedis()
    const [first, second] = [openLimits(one, undefined, 2), openLimits(other, undefined, 2)]
    for (let round = 0; round < 3; round++) await first.take(policy(10), subject)
    // The second process has counted four requests now, and six are left.
    await second.take(policy(10), subject)
    other.client.disconnect()
    await assert.rejects(other.client.ping())
    const allowed = await Promise.all(Array.from({ length: 10 }, () => second.take(policy(10), subject)))
    assert.deepEqual(
      allowed.map((verdict) => [verdict.allowed, verdict.remaining]),
      Array.from({ length: 10 }, (_, index) => [index < 3, Math.max(0, 2 - index)]),
    )
  })

  test('a process still counts its own requests if Redis evicts the key', async () => {
    const subject = randomUUID()
    await using redis = await openTestRedis()
    const { take } = openLimits(redis)
    for (let round = 0; round < 3; round++) await take(policy(3), subject)
    assert.equal(await redis.client.del(`limit:test:${subject}`), 1)
    const { allowed, resetSeconds } = await take(policy(3), subject)
    assert.equal(allowed, false)
    assert.ok(resetSeconds <= 60)
  })

  test('a request after the returned wait is allowed, also in a process that began to count within the window', async () => {
    const subject = randomUUID()
    const brief: Policy = { name: 'test', limit: 1, windowSeconds: 2 }
    await using one = await openTestRedis()
    await using other = await openTestRedis()
    const [first, second] = [openLimits(one), openLimits(other)]
    await first.take(brief, subject)
    await sleep(900)
    const { allowed, resetSeconds } = await second.take(brief, subject)
    assert.equal(allowed, false)
    await sleep(resetSeconds * 1000)
    assert.equal((await second.take(brief, subject)).allowed, true)
  })

  test('a key of another type is counted in the process only, and Redis stays in use', async () => {
    const subject = randomUUID()
    await using redis = await openTestRedis()
    await redis.client.set(`limit:test:${subject}`, 'text', 'EX', 60)
    const { take } = openLimits(redis)
    assert.equal((await take(policy(1), subject)).allowed, true)
    assert.equal((await take(policy(1), subject)).allowed, false)
    assert.equal(await redis.isReachable(), true)
  })

  test('each key expires with its window', async () => {
    const subject = randomUUID()
    await using redis = await openTestRedis()
    const { take, giveBack } = openLimits(redis)
    await giveBack(await take(policy(3), subject), subject)
    const leftSeconds = await redis.client.ttl(`limit:test:${subject}`)
    assert.ok(leftSeconds > 0 && leftSeconds <= 60, `the key lives ${leftSeconds} s`)
  })

  test('deployments with different key prefixes count separately', async () => {
    const subject = randomUUID()
    const [one, other] = [`${randomUUID()}:`, `${randomUUID()}:`]
    await using first = await openTestRedis({ keyPrefix: one })
    await using second = await openTestRedis({ keyPrefix: other })
    assert.equal((await openLimits(first).take(policy(1), subject)).allowed, true)
    assert.equal((await openLimits(second).take(policy(1), subject)).allowed, true)
    assert.equal((await openLimits(first).take(policy(1), subject)).allowed, false)
    const keys = await first.client.keys(`*${subject}`)
    assert.deepEqual(keys.sort(), [`${one}limit:test:${subject}`, `${other}limit:test:${subject}`].sort())
  })

  test('a Redis user with access only to keys with the prefix is sufficient', async (context) => {
    const [user, subject] = [randomUUID(), randomUUID()]
    await using admin = await openTestRedis()
    await admin.client.call('acl', 'setuser', user, 'on', `>${user}`, `~${user}:*`, '+@all')
    context.after(async () => {
      await using redis = await openTestRedis()
      await redis.client.call('acl', 'deluser', user)
    })
    await using own = await openTestRedis({ user, keyPrefix: `${user}:` })
    const { counted } = await openLimits(own).take(policy(1), subject)
    assert.deepEqual([await own.isReachable(), counted.shared], [true, true])
    await using foreign = await openTestRedis({ user, keyPrefix: 'todo-backend:' })
    assert.equal(await foreign.isReachable(), false)
  })

  test('a key of another type does not affect the count of other keys', async () => {
    await using redis = await openTestRedis()
    const { take } = openLimits(redis)
    const [odd, even] = [randomUUID(), randomUUID()]
    await redis.client.rpush(`limit:test:${odd}`, 'a list')
    await redis.client.set(`limit:test:${even}`, 4, 'EX', 60)
    const both = await Promise.all([take(policy(9), odd), take(policy(9), even)])
    assert.deepEqual(
      both.map(({ remaining, counted }) => [remaining, counted.shared]),
      [
        [8, false],
        [4, true],
      ],
    )
    await redis.client.del(`limit:test:${odd}`)
  })
})
