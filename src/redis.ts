import { setTimeout } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { RedisConfig } from './config/redis-config.ts'
import { Silence, SilenceWatch } from './lib/silence.ts'

/** How often an unreachable Redis is probed. */
const PROBE_INTERVAL_MS = 500
/**
 * Timeout of a command. Redis answers within a millisecond, but on a machine with busy CPUs it may not be scheduled for a few
 * hundred. Counting without it would admit more than the limit, so requests wait this long.
 */
const ANSWER_TIMEOUT_MS = 250
/** A connection that does not become ready within this time is replaced. */
const SILENCE_MS = 1_500
const CONNECT_TIMEOUT_MS = 2_000
const RECONNECT_MAX_MS = 1_000
const DISCONNECT_TIMEOUT_MS = 200
/** How long a start waits for Redis, so that the first requests are counted there too. */
const START_MS = 500
const PROBE_KEY = 'probe'
const PROBE = `return redis.call('set', KEYS[1], 1, 'px', ARGV[1])`

export interface RedisLog {
  info(message: string): void
  warn(fields: object, message: string): void
}

export interface RedisConnection extends AsyncDisposable {
  /** Adds the key prefix to every key. Commands whose answer matters are sent inside {@link ask}. */
  readonly client: Redis
  /**
   * The answer to `command`, or undefined if Redis is unavailable: unreachable, silent for {@link ANSWER_TIMEOUT_MS}, or unable to
   * write. Never throws. While it is unavailable, no command is sent until a probe has succeeded.
   */
  ask<T>(this: void, command: () => Promise<T>): Promise<T | undefined>
  /** Whether Redis answers right now. */
  isReachable(): Promise<boolean>
}

/**
 * Connects, and reconnects in the background: the service also runs without Redis. Losing Redis and its return are logged once each.
 */
export async function openRedis(
  { url, keyPrefix, isExpected = true }: RedisConfig,
  log: RedisLog,
): Promise<RedisConnection> {
  const client = new Redis(url.reveal(), {
    keyPrefix,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt) => Math.min(attempt * 100, RECONNECT_MAX_MS),
  })
  const silence = new SilenceWatch(ANSWER_TIMEOUT_MS)
  const availability = openAvailability(log, isExpected)
  const stopProbing = startProbing(client, silence, availability)
  const ask = async <T>(command: () => Promise<T>): Promise<T | undefined> => {
    if (!availability.isUsable()) return undefined
    try {
      return await silence.answer(command())
    } catch (error) {
      availability.lost(error)
      return undefined
    }
  }
  await Promise.race([availability.known, setTimeout(START_MS, undefined, { ref: false })])
  return {
    client,
    ask,
    isReachable: async () => (await ask(() => client.ping())) !== undefined,
    [Symbol.asyncDispose]: async () => {
      availability.close()
      stopProbing()
      client.disconnect()
    },
  }
}

/** Whether commands can be sent. Logs each change. */
interface Availability {
  isUsable(this: void): boolean
  lost(this: void, error: unknown): void
  found(this: void): void
  /** Later errors are expected and not logged. */
  close(this: void): void
  /** Resolves with the first `lost` or `found`. */
  readonly known: Promise<void>
}

function openAvailability(log: RedisLog, isExpected: boolean): Availability {
  const known = Promise.withResolvers<void>()
  let usable = false
  let isLossLogged = false
  let isClosed = false
  return {
    isUsable: () => usable,
    lost(error) {
      if (isClosed) return
      usable = false
      const message = 'Redis is unavailable; this process counts rate limits by itself until it is back'
      if (!isLossLogged && isExpected) log.warn({ reason: reasonOf(error) }, message)
      if (!isLossLogged && !isExpected) log.info(message)
      isLossLogged = true
      known.resolve()
    },
    found() {
      usable = true
      if (isLossLogged) log.info('Redis is back')
      isLossLogged = false
      known.resolve()
    },
    close() {
      isClosed = true
    },
    known: known.promise,
  }
}

/** Probes Redis after each connect, and regularly while it is unusable. @returns a function that stops the probes */
function startProbing(client: Redis, silence: SilenceWatch, { isUsable, lost, found }: Availability): () => void {
  let connectedAtMs = 0
  // Writes by a script, as the service does: a replica, a full Redis, or one that forbids scripts still answers PING.
  const probe = async (): Promise<void> => {
    try {
      await silence.answer(client.eval(PROBE, 1, PROBE_KEY, PROBE_INTERVAL_MS))
      found()
    } catch (error) {
      lost(error)
      if (error instanceof Silence) client.disconnect(true)
    }
  }
  client.on('connect', () => (connectedAtMs = performance.now()))
  client.on('ready', () => void probe())
  client.on('error', lost)
  client.on('close', () => lost(new Error('the connection was closed')))
  const probing = setInterval(() => {
    if (isUsable()) return
    if (client.status === 'ready') void probe()
    else if (client.status === 'connect' && performance.now() - connectedAtMs > SILENCE_MS) client.disconnect(true)
  }, PROBE_INTERVAL_MS).unref()
  return () => clearInterval(probing)
}

/** The code of the error, or the first word of Redis's message (READONLY, OOM, LOADING…); never a value. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if ('code' in error && typeof error.code === 'string') return error.code
  const [, word] = /^([A-Z]{3,})\b/.exec(error.message) ?? []
  return word ?? error.message
}
