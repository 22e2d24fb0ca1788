import { setTimeout as delay } from 'node:timers/promises'
import type { Scopes } from '../db/scopes.ts'
import type { JobKind } from './kind.ts'
import { claim, type Claimed } from './queue.ts'
import { runOne, type RunDeps } from './run.ts'

/** The pause after an error of the queue. */
const QUEUE_RETRY_MS = 5_000
/** Node fires longer timers at once. */
const TIMER_MAX_MS = 2 ** 31 - 1

export interface LaneOptions extends Omit<RunDeps, 'db'> {
  readonly pollMs: number
  /** How many jobs of the lane run at the same time. */
  readonly places: number
  /** Called before the first claim, and again after it has failed. */
  readonly prepare: () => Promise<void>
}

/** Kinds of jobs that share a number of places in this process. */
export interface Lane {
  readonly names: readonly string[]
  /** Looks for due jobs now. */
  ring(this: void): void
  /** Resolves when the lane was stopped and none of its jobs is running. */
  readonly ended: Promise<void>
}

/** Claims and runs due jobs of some kinds until `stopping` is aborted. */
export function openLane(
  db: Scopes,
  kinds: readonly JobKind[],
  { log, observer, pollMs, leaseMs, places, prepare, stopping, stop }: LaneOptions,
): Lane {
  const byName = new Map(kinds.map((kind) => [kind.name, kind]))
  const names = [...byName.keys()]
  const running = new Set<Promise<void>>()
  const bell = openBell()

  const start = (job: Claimed): void => {
    const kind = byName.get(job.name)
    if (kind === undefined) return
    const run: Promise<void> = runOne(job, kind, { db, log, observer, leaseMs, stopping, stop }).finally(() => {
      running.delete(run)
      bell.ring()
    })
    running.add(run)
  }
  /** Claims and starts due jobs. @returns the milliseconds until the next poll */
  const poll = async (): Promise<number> => {
    const jobsMax = places - running.size
    // A job that ends rings the bell.
    if (jobsMax === 0) return TIMER_MAX_MS
    const { jobs, nextInMs = TIMER_MAX_MS } = await claim(db, names, { jobsMax, leaseMs })
    jobs.forEach(start)
    const pauseMs = pollMs === 0 ? TIMER_MAX_MS : pollMs * (0.75 + Math.random() / 2)
    return Math.min(Math.max(nextInMs, 1), pauseMs)
  }
  const loop = async (): Promise<void> => {
    while (!stopping.aborted) {
      let inMs = QUEUE_RETRY_MS
      try {
        await prepare()
        inMs = await poll()
      } catch (error) {
        log.warn({ err: error }, 'due jobs could not be claimed')
      }
      await bell.rung(inMs, stopping)
    }
    await Promise.all(running)
  }
  return { names, ring: bell.ring, ended: loop() }
}

/** Ends a pause early. A ring before the pause counts too. */
function openBell() {
  let ringing = Promise.withResolvers<undefined>()
  return {
    ring: (): void => ringing.resolve(undefined),
    rung: async (withinMs: number, signal: AbortSignal): Promise<void> => {
      const over = new AbortController()
      const timer = delay(Math.min(withinMs, TIMER_MAX_MS), undefined, {
        ref: false,
        signal: AbortSignal.any([signal, over.signal]),
      })
      await Promise.race([ringing.promise, timer.catch(() => undefined)])
      over.abort()
      ringing = Promise.withResolvers<undefined>()
    },
  }
}
