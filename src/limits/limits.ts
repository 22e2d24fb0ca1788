import type { Observer } from '../observer.ts'
import { SharedCounts, type SharedStore } from './shared.ts'
import { Windows, type Window } from './windows.ts'

/** A limit for a fixed window, which begins with its first request and is shared by all processes on one Redis. */
export interface Policy {
  /** Part of the key in the store: policies with the same name must not share subjects. */
  readonly name: string
  readonly limit: number
  readonly windowSeconds: number
}

export interface Verdict {
  readonly policy: Policy
  readonly allowed: boolean
  readonly remaining: number
  /** Seconds until the window ends, rounded up. */
  readonly resetSeconds: number
  /** Where it was counted, for `giveBack`. */
  readonly counted: { readonly own: Window; readonly shared: boolean }
}

export interface Limits {
  /** Counts one for the subject. Of any number of concurrent calls exactly `limit` are allowed. */
  take(this: void, policy: Policy, subject: string): Promise<Verdict>
  /** Undoes a `take` within its window. */
  giveBack(this: void, verdict: Verdict, subject: string): Promise<void>
}

/**
 * Fixed windows are counted atomically in Redis; each process also counts its own requests, in windows that end with those of
 * Redis. Both must allow. So if Redis fails, evicts keys or restarts, no process forgets what it has admitted itself.
 *
 * While Redis is unavailable a process admits its share of what was left at Redis's last answer, so that the workers of one service
 * together stay within the limit.
 *
 * @param processes the number of workers of this service, which share the limit. Other replicas are not known.
 */
export function openLimits(
  store: SharedStore,
  onVerdict: Observer['limited'] = () => undefined,
  processes = 1,
): Limits {
  const sharedCounts = new SharedCounts(store)
  const ownWindows = new Map<string, Windows>()
  const windowsOf = ({ name, windowSeconds }: Policy): Windows => {
    const key = `${name} ${windowSeconds}`
    let windows = ownWindows.get(key)
    if (windows === undefined) ownWindows.set(key, (windows = new Windows(windowSeconds * 1000)))
    return windows
  }
  return {
    async take(policy, subject) {
      const own = windowsOf(policy).take(subject)
      const ownCount = own.count
      const shared = await sharedCounts.add(keyOf(policy, subject), 1, policy.windowSeconds * 1000)
      const now = performance.now()
      const endsAtMs = shared === undefined ? own.endsAtMs : now + shared.leftMs
      own.endsAtMs = Math.min(own.endsAtMs, endsAtMs)
      const sharedCount = shared?.count ?? 0
      if (shared !== undefined) own.shared = { own: ownCount, others: Math.max(0, sharedCount - ownCount) }
      // If our own count is the larger one, Redis may have lost counts, and its window may have begun later than ours.
      const leftMs = (ownCount >= sharedCount ? own.endsAtMs : endsAtMs) - now
      const left =
        shared === undefined
          ? shareOf(policy.limit, own, processes) - (ownCount - own.shared.own)
          : policy.limit - Math.max(ownCount, sharedCount)
      const allowed = left >= 0
      onVerdict(policy.name, allowed, shared === undefined)
      return {
        policy,
        allowed,
        remaining: Math.max(0, left),
        resetSeconds: Math.max(1, Math.ceil(leftMs / 1000)),
        counted: { own, shared: shared !== undefined },
      }
    },
    async giveBack({ policy, counted }, subject) {
      // After the window has ended, this would add one to the limit of the next.
      if (performance.now() >= counted.own.endsAtMs) return
      counted.own.count--
      if (counted.shared) await sharedCounts.add(keyOf(policy, subject), -1, policy.windowSeconds * 1000)
    },
  }
}

/** What one process may admit beyond Redis's last count, rounded up so that a small limit does not become zero. */
const shareOf = (limit: number, { shared: { own, others } }: Window, processes: number): number =>
  Math.ceil(Math.max(0, limit - own - others) / processes)

const keyOf = ({ name }: Policy, subject: string): string => `limit:${name}:${subject}`
