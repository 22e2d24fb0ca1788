import { setTimeout as delay } from 'node:timers/promises'
import type { Scopes } from '../db/scopes.ts'
import type { Observer } from '../observer.ts'
import type { JobKind, JobLog } from './kind.ts'
import { claim, type Claimed, type Queue } from './queue.ts'
import { runOne } from './run.ts'

export interface RunnerOptions {
  readonly log: JobLog
  readonly observer: Pick<Observer, 'jobEnded'>
  /** How often this process polls for jobs that other processes enqueued; 0 for never, so that an idle database can be suspended. */
  readonly pollMs: number
  readonly concurrency?: number
  /** How long a job is reserved for the process that claimed it. Extended while it runs; other processes can claim it afterwards. */
  readonly leaseMs?: number
  /** How long stopping waits for running jobs. */
  readonly drainMs?: number
}

export interface Runner extends AsyncDisposable {
  /** Stops as {@link openRunner} says. Idempotent. */
  [Symbol.asyncDispose](): Promise<void>
}

const CONCURRENCY = 4
const LEASE_MS = 60_000
const DRAIN_MS = 5_000
/** The pause after an error of the queue. */
const QUEUE_RETRY_MS = 5_000
/** Node fires longer timers at once. */
const TIMER_MAX_MS = 2 ** 31 - 1

/**
 * Runs due jobs until disposed. Then it claims no more, waits for running jobs up to `drainMs`, aborts the rest and returns them to
 * the queue. No transaction is open while a job runs, because the embedded database has a single session.
 */
export function openRunner(
  db: Scopes,
  queue: Queue,
  kinds: readonly JobKind[],
  { log, observer, pollMs, concurrency = CONCURRENCY, leaseMs = LEASE_MS, drainMs = DRAIN_MS }: RunnerOptions,
): Runner {
  const byName = new Map(kinds.map((kind) => [kind.name, kind]))
  const names = [...byName.keys()]
  const stopping = new AbortController()
  const aborting = new AbortController()
  const running = new Set<Promise<void>>()
  const bell = openBell()
  queue.onWake(bell.ring)

  const start = (job: Claimed): void => {
    const kind = byName.get(job.name)
    if (kind === undefined) return
    const run: Promise<void> = runOne(job, kind, { db, log, observer, leaseMs, stop: aborting.signal }).finally(() => {
      running.delete(run)
      bell.ring()
    })
    running.add(run)
  }
  /** Claims and starts due jobs. @returns the milliseconds until the next poll */
  const poll = async (): Promise<number> => {
    const jobsMax = concurrency - running.size
    // A job that ends rings the bell.
    if (jobsMax === 0) return TIMER_MAX_MS
    const { jobs, nextInMs = TIMER_MAX_MS } = await claim(db, names, { jobsMax, leaseMs })
    jobs.forEach(start)
    const pauseMs = pollMs === 0 ? TIMER_MAX_MS : pollMs * (0.75 + Math.random() / 2)
    return Math.min(Math.max(nextInMs, 1), pauseMs)
  }
  const loop = async (): Promise<void> => {
    let isReady = false
    while (!stopping.signal.aborted) {
      let inMs = QUEUE_RETRY_MS
      try {
        if (!isReady) await addPeriodic(db, queue, kinds)
        isReady = true
        inMs = await poll()
      } catch (error) {
        log.warn({ err: error }, 'due jobs could not be claimed')
      }
      await bell.rung(inMs, stopping.signal)
    }
  }
  const looping = loop()
  const stop = async (): Promise<void> => {
    stopping.abort()
    await looping
    const drain = new AbortController()
    const ended = Promise.all(running).finally(() => drain.abort())
    await delay(drainMs, undefined, { signal: drain.signal }).catch(() => undefined)
    aborting.abort()
    await ended
  }
  let stopped: Promise<void> | undefined
  return { [Symbol.asyncDispose]: () => (stopped ??= stop()) }
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

/** Adds one row for each periodic kind, shared by all processes. The first run is at a random time within the first interval. */
async function addPeriodic(db: Scopes, queue: Queue, kinds: readonly JobKind[]): Promise<void> {
  const periodic = kinds.filter(({ everyMs }) => everyMs !== undefined)
  if (periodic.length === 0) return
  await db.asSystem('add periodic jobs', async (sql) => {
    for (const { name, everyMs = 0 } of periodic) {
      await queue.enqueue(sql, { name, key: 'periodic', delayMs: Math.random() * everyMs })
    }
  })
}
