import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible'

/** So many in a window, which begins with the first and is the same for all processes on one Redis. */
export interface Policy {
  /** Part of the key in the store: policies of one name never have a subject in common. */
  readonly name: string
  readonly limit: number
  readonly windowSeconds: number
}

export interface Verdict {
  readonly policy: Policy
  readonly allowed: boolean
  readonly remaining: number
  /** Until the window ends, rounded up: whoever waits so long finds a new one. */
  readonly resetSeconds: number
  /** The same end on this process's clock, as of `performance.now()`. */
  readonly endsAtMs: number
}

export interface Limits {
  /** Counts one more for the subject and says whether it is within the limit. Of any number at once exactly `limit` are. */
  take(this: void, policy: Policy, subject: string): Promise<Verdict>
  /** Takes back one that turned out not to count, while its window lasts. */
  giveBack(this: void, verdict: Verdict, subject: string): Promise<void>
}

/** Where processes count together. `ask` gives undefined while it is away. */
export interface SharedStore {
  readonly client: Redis
  /** Since when it has been there without a break, on the clock of `performance.now()`. */
  readonly backSinceMs: number
  ask<T>(command: () => Promise<T>): Promise<T | undefined>
}

const KEY_PREFIX = 'todo-backend:limit:'

interface Counter {
  readonly shared: RateLimiterRedis
  readonly own: RateLimiterMemory
}

/**
 * Fixed windows counted in Redis, atomically; each process also counts what passes through itself, and goes by that while
 * Redis is away, and for the rest of the window by both once it is back. So no coming or going lets a process forget.
 */
export function openLimits(store: SharedStore): Limits {
  const counters = new Map<string, Counter>()
  const counterOf = ({ name, limit, windowSeconds }: Policy): Counter => {
    const key = `${name} ${windowSeconds}`
    let counter = counters.get(key)
    if (counter === undefined) {
      const rule = { keyPrefix: `${KEY_PREFIX}${name}`, points: limit, duration: windowSeconds }
      counter = {
        shared: new RateLimiterRedis({ storeClient: store.client, ...rule }),
        own: new RateLimiterMemory(rule),
      }
      counters.set(key, counter)
    }
    return counter
  }
  return {
    async take(policy, subject) {
      const counter = counterOf(policy)
      // `penalty` counts and leaves the judgement to us.
      const [together, alone] = await Promise.all([
        store.ask(() => counter.shared.penalty(subject)),
        counter.own.penalty(subject),
      ])
      const own = verdictOf(policy, alone)
      if (together === undefined) return own
      const all = verdictOf(policy, together)
      // What was let in while Redis was away is not in its count.
      const isMixed = own.endsAtMs - policy.windowSeconds * 1000 < store.backSinceMs
      return isMixed && own.remaining <= all.remaining ? stricter(own, all) : all
    },
    async giveBack({ policy, endsAtMs }, subject) {
      // In the next window it would be one more than the limit.
      if (performance.now() > endsAtMs) return
      const { shared, own } = counterOf(policy)
      await Promise.all([store.ask(() => shared.reward(subject)), own.reward(subject)])
    },
  }
}

/** Both refuse: only the later end is one that waiting for helps. */
const stricter = (own: Verdict, all: Verdict): Verdict =>
  !own.allowed && !all.allowed && all.endsAtMs > own.endsAtMs ? all : own

function verdictOf(policy: Policy, { consumedPoints, msBeforeNext }: RateLimiterRes): Verdict {
  return {
    policy,
    allowed: consumedPoints <= policy.limit,
    remaining: Math.max(0, policy.limit - consumedPoints),
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
    endsAtMs: performance.now() + msBeforeNext,
  }
}
