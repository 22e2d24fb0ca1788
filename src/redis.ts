import { setTimeout } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Config } from './config.ts'

const CONNECT_TIMEOUT_MS = 5_000
const RECONNECT_MAX_MS = 2_000
/** How long an answer is waited for before Redis counts as away. */
const PING_TIMEOUT_MS = 250

export interface RedisLog {
  info(message: string): void
  warn(fields: object, message: string): void
}

export interface RedisConnection extends AsyncDisposable {
  /** Whether Redis answers right now. Never throws and never waits longer than {@link PING_TIMEOUT_MS}. */
  isReachable(): Promise<boolean>
}

/** Connects in the background and keeps trying; the service runs without it. Its going and coming is one log line each. */
export function openRedis(url: Config['redis']['url'], log: RedisLog): RedisConnection {
  const redis = new Redis(url.reveal(), {
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt) => Math.min(attempt * 100, RECONNECT_MAX_MS),
  })
  let away = false
  redis.on('ready', () => {
    if (away) log.info('Redis is back')
    away = false
  })
  redis.on('error', (error: NodeJS.ErrnoException) => {
    if (!away) log.warn({ code: error.code ?? error.name }, 'Redis is away; the service runs without it')
    away = true
  })
  return {
    isReachable: async () => {
      if (redis.status !== 'ready') return false
      const answered = redis.ping().then(
        () => true,
        () => false,
      )
      return Promise.race([answered, setTimeout(PING_TIMEOUT_MS, false, { ref: false })])
    },
    [Symbol.asyncDispose]: async () => {
      // What breaks from here on was meant to.
      redis.removeAllListeners('error').on('error', () => undefined)
      redis.disconnect()
    },
  }
}
