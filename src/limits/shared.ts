import type { Redis, Result } from 'ioredis'

/** The store for shared counts. `ask` returns undefined while it is unavailable. */
export interface SharedStore {
  readonly client: Redis
  ask<T>(command: () => Promise<T>): Promise<T | undefined>
}

export interface SharedCount {
  readonly count: number
  /** Time until the window ends. */
  readonly leftMs: number
}

declare module 'ioredis' {
  // Declaration merging requires the same name and type parameter.
  interface RedisCommander<Context> {
    todoBackendCount(keys: number, ...keysAndSteps: (string | number)[]): Result<(number | null)[], Context>
  }
}

/**
 * Adds 1 or -1 to the count of each key, and returns the new count and the remaining time of its window. The first increment begins
 * a window; a decrement begins none. A key of another type yields null; any other error fails the command.
 */
const COUNT = `
  local answers = {}
  for i, key in ipairs(KEYS) do
    local step, length = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local count = 0
    if step > 0 or redis.call('exists', key) == 1 then count = redis.pcall('incrby', key, step) end
    local left = 0
    if type(count) == 'table' then
      if not (string.find(count.err, 'WRONGTYPE') or string.find(count.err, 'ERR ', 1, true)) then return count end
      count = false
    elseif count ~= 0 then
      left = redis.call('pttl', key)
      if left < 0 then
        redis.call('pexpire', key, length)
        left = length
      end
    end
    answers[2 * i - 1], answers[2 * i] = count, left
  end
  return answers`

interface Increment {
  readonly key: string
  readonly step: 1 | -1
  readonly windowMs: number
  resolve(this: void, count: SharedCount | undefined): void
}

/**
 * Atomic counts in Redis. All increments of one turn of the event loop are sent as one command: under load this costs both sides a
 * third of what separate commands would.
 */
export class SharedCounts {
  readonly #store: SharedStore
  #pending: Increment[] = []

  constructor(store: SharedStore) {
    this.#store = store
    store.client.defineCommand('todoBackendCount', { lua: COUNT })
  }

  /** @returns undefined if Redis is unavailable, or the key has another type */
  add(key: string, step: 1 | -1, windowMs: number): Promise<SharedCount | undefined> {
    const { promise, resolve } = Promise.withResolvers<SharedCount | undefined>()
    if (this.#pending.push({ key, step, windowMs, resolve }) === 1) setImmediate(() => void this.#send())
    return promise
  }

  async #send(): Promise<void> {
    const increments = this.#pending
    this.#pending = []
    const keys = increments.map(({ key }) => key)
    const steps = increments.flatMap(({ step, windowMs }) => [step, windowMs])
    const answers = await this.#store.ask(() => this.#store.client.todoBackendCount(keys.length, ...keys, ...steps))
    increments.forEach(({ resolve }, at) => {
      const [count, leftMs] = [answers?.[2 * at], answers?.[2 * at + 1]]
      resolve(typeof count === 'number' && typeof leftMs === 'number' ? { count, leftMs } : undefined)
    })
  }
}
