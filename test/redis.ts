import { Secret } from '../src/lib/secret.ts'
import { openRedis, type RedisConnection } from '../src/redis.ts'

/** A Redis whose keys the tests may add to, if there is one. */
export const REDIS_URL = process.env['TEST_REDIS_URL']

/** Why a test that takes a Redis is skipped, for node:test's `skip`. */
export const needsRedis = REDIS_URL === undefined ? 'takes a Redis: set TEST_REDIS_URL' : false

/** For worlds: the one of the tests, in a database of its own, since they all have one address; or none. */
export const REDIS_OR_NOWHERE = REDIS_URL === undefined ? 'redis://127.0.0.1:1/0' : new URL('/15', REDIS_URL).href

const SILENT = { info: () => undefined, warn: () => undefined }

/** @param options.user an ACL user whose password is its name */
export function openTestRedis({ keyPrefix = 'todo-backend:', user = '' } = {}): Promise<RedisConnection> {
  const url = new URL(REDIS_URL ?? '')
  if (user !== '') url.username = url.password = user
  return openRedis({ url: new Secret(url.href), keyPrefix }, SILENT)
}
