import { Redis } from 'ioredis'
import type { Config } from '../config/config.ts'
import { within } from '../lib/within.ts'
import { clockFinding, messageOf, ok, skipped, warn, type Finding } from '../lib/finding.ts'

const TIMEOUT_MS = 3_000

/** Without Redis each process counts rate limits by itself, so no finding is worse than a warning. */
export async function checkRedis({ redis: { url } }: Config): Promise<readonly Finding[]> {
  const redis = new Redis(url.reveal(), {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  // The error is also that of the command that it interrupts.
  let reason = 'the connection was closed'
  redis.on('error', (error) => (reason = messageOf(error)))
  try {
    return await within(TIMEOUT_MS, ask(redis))
  } catch (error) {
    const why = /Connection is closed/.test(messageOf(error)) ? reason : messageOf(error)
    const next = 'start Redis or set REDIS_URL; until then each process limits by itself'
    return [warn('Redis', `unavailable: ${why}`, next), skipped('Redis clock', 'Redis is unavailable')]
  } finally {
    redis.disconnect()
  }
}

async function ask(redis: Redis): Promise<readonly Finding[]> {
  await redis.connect()
  const askedAtMs = Date.now()
  const [seconds, microseconds] = await redis.time()
  const answeredAtMs = Date.now()
  const otherMs = Number(seconds) * 1000 + Number(microseconds) / 1000
  const information = await redis.info()
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(information)?.[1] ?? 'unknown'
  const found = `Redis ${field('redis_version')} answers in ${answeredAtMs - askedAtMs} ms`
  const policy = field('maxmemory_policy')
  const mayForget = field('maxmemory') !== '0' && policy.startsWith('allkeys-')
  return [
    field('role') === 'master'
      ? ok('Redis', found)
      : warn('Redis', `${found}, but is a replica`, 'set REDIS_URL to the primary, because counting writes'),
    mayForget
      ? warn(
          'Redis memory',
          `${policy}: counts are evicted when memory is short`,
          'set maxmemory-policy volatile-ttl, or use a separate Redis',
        )
      : ok('Redis memory', `maxmemory-policy ${policy}`),
    clockFinding('Redis clock', otherMs, askedAtMs, answeredAtMs),
  ]
}
