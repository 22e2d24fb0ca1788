import { setTimeout } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Config } from './config/config.ts'
import { Silence, SilenceWatch } from './lib/silence.ts'

/** How often a Redis that is away is asked whether it is back. */
const PROBE_INTERVAL_MS = 500
/**
 * How long a command may take. Redis answers within a millisecond, but on a machine whose CPUs are all in use it may not run for
 * a few hundred. To count without it then would let more pass than the limit, so a request waits for it.
 */
const ANSWER_TIMEOUT_MS = 250
/** A connection that gave no answer for so long is given up for a new one. */
const SILENCE_MS = 1_500
const CONNECT_TIMEOUT_MS = 2_000
const RECONNECT_MAX_MS = 1_000
const GOODBYE_MS = 200
/** How long a start waits to know whether there is a Redis, so that its first requests are counted where all others are. */
const START_MS = 500
const PROBE_KEY = 'probe'
const PROBE = `return redis.call('set', KEYS[1], 1, 'px', ARGV[1])`

export interface RedisLog {
  info(message: string): void
  warn(fields: object, message: string): void
}

export interface RedisConnection extends AsyncDisposable {
  /** Puts the key prefix before every key. Commands whose answer is waited for are sent inside {@link ask}. */
  readonly client: Redis
  /**
   * What `command` answers, or undefined where Redis is away: unreachable, silent for {@link ANSWER_TIMEOUT_MS}, or unable
   * to write. Never throws. Away, it is not asked again before it has proven that it is back.
   */
  ask<T>(command: () => Promise<T>): Promise<T | undefined>
  /** Whether Redis answers right now. */
  isReachable(): Promise<boolean>
}

/** Connects, and keeps trying in the background; the service runs without it. Its going and coming is one log line each. */
export async function openRedis({ url, keyPrefix }: Config['redis'], log: RedisLog): Promise<RedisConnection> {
  const redis = new Redis(url.reveal(), {
    keyPrefix,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: GOODBYE_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt) => Math.min(attempt * 100, RECONNECT_MAX_MS),
  })
  const silence = new SilenceWatch(ANSWER_TIMEOUT_MS)
  let usable = false
  let saidAway = false
  let connectedAtMs = 0
  let isClosed = false
  const known = Promise.withResolvers<void>()

  const goes = (error: unknown): void => {
    if (isClosed) return
    usable = false
    if (!saidAway)
      log.warn({ reason: reasonOf(error) }, 'Redis is away; this process limits by itself until it is back')
    saidAway = true
    known.resolve()
  }
  const comes = (): void => {
    usable = true
    if (saidAway) log.info('Redis is back')
    saidAway = false
    known.resolve()
  }
  // A script that writes, since that is what it is used for: a replica, a full one, or one that allows no scripts answers pings.
  const probe = async (): Promise<void> => {
    try {
      await silence.answer(redis.eval(PROBE, 1, PROBE_KEY, PROBE_INTERVAL_MS))
      comes()
    } catch (error) {
      goes(error)
      if (error instanceof Silence) redis.disconnect(true)
    }
  }
  redis.on('connect', () => (connectedAtMs = performance.now()))
  redis.on('ready', () => void probe())
  redis.on('error', goes)
  redis.on('close', () => goes(new Error('the connection was closed')))
  const probing = setInterval(() => {
    if (usable) return
    if (redis.status === 'ready') void probe()
    else if (redis.status === 'connect' && performance.now() - connectedAtMs > SILENCE_MS) redis.disconnect(true)
  }, PROBE_INTERVAL_MS).unref()

  const ask = async <T>(command: () => Promise<T>): Promise<T | undefined> => {
    if (!usable) return undefined
    try {
      return await silence.answer(command())
    } catch (error) {
      goes(error)
      return undefined
    }
  }
  await Promise.race([known.promise, setTimeout(START_MS, undefined, { ref: false })])
  return {
    client: redis,
    ask,
    isReachable: async () => (await ask(() => redis.ping())) !== undefined,
    [Symbol.asyncDispose]: async () => {
      // What breaks from here on was meant to.
      isClosed = true
      clearInterval(probing)
      redis.disconnect()
    },
  }
}

/** Its code, or the first word of what Redis says (READONLY, OOM, LOADING…); never a value. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if ('code' in error && typeof error.code === 'string') return error.code
  const [, word] = /^([A-Z]{3,})\b/.exec(error.message) ?? []
  return word ?? error.message
}
