import type { Redis } from 'ioredis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { Windows, type Window } from './windows.ts'

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
  /** What was counted, to be given back. */
  readonly counted: { readonly own: Window; readonly together: boolean }
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
  ask<T>(command: () => Promise<T>): Promise<T | undefined>
}

const KEY_PREFIX = 'todo-backend:limit:'

interface Counter {
  readonly shared: RateLimiterRedis
  readonly own: Windows
}

/**
 * Fixed windows counted in Redis, atomically; and each process also counts what passes through itself, in windows that end
 * with those of Redis. Both must allow. So a Redis that goes away, comes back, evicts or starts anew makes nobody forget what
 * he let in himself.
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
        own: new Windows(windowSeconds * 1000),
      }
      counters.set(key, counter)
    }
    return counter
  }
  return {
    async take(policy, subject) {
      const counter = counterOf(policy)
      const window = counter.own.take(subject)
      const alone = window.count
      // `penalty` counts and leaves the judgement to us.
      const together = await store.ask(() => counter.shared.penalty(subject))
      const now = performance.now()
      const endsAtMs = together === undefined ? window.endsAtMs : now + together.msBeforeNext
      window.endsAtMs = Math.min(window.endsAtMs, endsAtMs)
      const shared = together?.consumedPoints ?? 0
      const count = Math.max(alone, shared)
      // Where ours is the count, Redis may have lost some, and its window would end later than the one they were in.
      const leftMs = (alone >= shared ? window.endsAtMs : endsAtMs) - now
      return {
        policy,
        allowed: count <= policy.limit,
        remaining: Math.max(0, policy.limit - count),
        resetSeconds: Math.max(1, Math.ceil(leftMs / 1000)),
        counted: { own: window, together: together !== undefined },
      }
    },
    async giveBack({ policy, counted: { own, together } }, subject) {
      // In the next window it would be one more than the limit.
      if (performance.now() >= own.endsAtMs) return
      own.count--
      if (together) await store.ask(() => counterOf(policy).shared.reward(subject))
    },
  }
}
