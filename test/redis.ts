import { Secret } from '../src/lib/secret.ts'
import { openRedis, type RedisConnection } from '../src/redis.ts'

/** The URL of a Redis to which the tests may add keys, if there is one. */
export const REDIS_URL = process.env['TEST_REDIS_URL']

/** The reason to skip tests that need Redis, for node:test's `skip`. */
export const needsRedis = REDIS_URL === undefined ? 'needs a Redis: set TEST_REDIS_URL' : false

/** The Redis of worlds: a separate database of that of the tests, because all worlds share one address; or none. */
export const REDIS_OR_NOWHERE = REDIS_URL === undefined ? 'redis://127.0.0.1:1/0' : new URL('/15', REDIS_URL).href

const SILENT = { info: () => undefined, warn: () => undefined }

/** @param options.user an ACL user whose password is its name */
export function openTestRedis({ keyPrefix = 'todo-backend:', user = '' } = {}): Promise<RedisConnection> {
  const url = new URL(REDIS_URL ?? '')
  if (user !== '') url.username = url.password = user
  return openRedis({ url: new Secret(url.href), keyPrefix }, SILENT)
}
