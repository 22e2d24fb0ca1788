import { once } from 'node:events'
import { Secret } from '../src/lib/secret.ts'
import { openRedis, type RedisConnection } from '../src/redis.ts'

/** A Redis whose keys the tests may add to, if there is one. */
export const REDIS_URL = process.env['TEST_REDIS_URL']

/** Why a test that takes a Redis is skipped, for node:test's `skip`. */
export const needsRedis = REDIS_URL === undefined ? 'takes a Redis: set TEST_REDIS_URL' : false

const SILENT = { info: () => undefined, warn: () => undefined }

/** Connected and in use. */
export async function openTestRedis(url = REDIS_URL ?? ''): Promise<RedisConnection> {
  const redis = openRedis(new Secret(url), SILENT)
  await once(redis.client, 'ready')
  while (!(await redis.isReachable()))
    await once(redis.client, 'ready', { signal: AbortSignal.timeout(100) }).catch(() => undefined)
  return redis
}
