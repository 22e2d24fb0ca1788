import type { Observer } from '../observer.ts'
import { SharedCounts, type SharedStore } from './shared.ts'
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

/**
 * Fixed windows counted in Redis, atomically; and each process also counts what passes through itself, in windows that end
 * with those of Redis. Both must allow. So a Redis that goes away, comes back, evicts or is restarted makes no process forget
 * what it let in itself.
 *
 * While Redis is away a process lets in its share of what was left when Redis answered last, so that the workers of one
 * service stay within the limit together.
 *
 * @param processes how many share the limit: the workers of this service. Those of other replicas are not known.
 */
export function openLimits(
  store: SharedStore,
  onVerdict: Observer['limited'] = () => undefined,
  processes = 1,
): Limits {
  const together = new SharedCounts(store)
  const alone = new Map<string, Windows>()
  const windowsOf = ({ name, windowSeconds }: Policy): Windows => {
    const key = `${name} ${windowSeconds}`
    let windows = alone.get(key)
    if (windows === undefined) alone.set(key, (windows = new Windows(windowSeconds * 1000)))
    return windows
  }
  return {
    async take(policy, subject) {
      const own = windowsOf(policy).take(subject)
      const ownCount = own.count
      const shared = await together.add(keyOf(policy, subject), 1, policy.windowSeconds * 1000)
      const now = performance.now()
      const endsAtMs = shared === undefined ? own.endsAtMs : now + shared.leftMs
      own.endsAtMs = Math.min(own.endsAtMs, endsAtMs)
      const sharedCount = shared?.count ?? 0
      if (shared !== undefined) own.shared = { own: ownCount, others: Math.max(0, sharedCount - ownCount) }
      // Where ours is the count, Redis may have lost some, and its window would end later than the one they were in.
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
        counted: { own, together: shared !== undefined },
      }
    },
    async giveBack({ policy, counted }, subject) {
      // In the next window it would be one more than the limit.
      if (performance.now() >= counted.own.endsAtMs) return
      counted.own.count--
      if (counted.together) await together.add(keyOf(policy, subject), -1, policy.windowSeconds * 1000)
    },
  }
}

/** What one process may let in besides what Redis knows, rounded up so that a small limit does not become none. */
const shareOf = (limit: number, { shared: { own, others } }: Window, processes: number): number =>
  Math.ceil(Math.max(0, limit - own - others) / processes)

const keyOf = ({ name }: Policy, subject: string): string => `limit:${name}:${subject}`
