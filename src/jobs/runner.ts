import { setTimeout as delay } from 'node:timers/promises'
import type { Scopes } from '../db/scopes.ts'
import type { Observer } from '../observer.ts'
import type { JobKind, JobLog } from './kind.ts'
import { claim, type Claimed, type Queue } from './queue.ts'
import { runOne } from './run.ts'

export interface RunnerOptions {
  readonly log: JobLog
  readonly observer: Pick<Observer, 'jobEnded'>
  /** How often this process looks for jobs of other processes; 0 for never, so that a database may sleep. */
  readonly pollMs: number
  readonly concurrency?: number
  /** A process that dies keeps its jobs from others for this long. Extended while they run. */
  readonly leaseMs?: number
  /** How long stopping waits for jobs that run. */
  readonly drainMs?: number
}

export interface Runner extends AsyncDisposable {
  /** Stops as {@link openRunner} says. Idempotent. */
  [Symbol.asyncDispose](): Promise<void>
}

const CONCURRENCY = 4
const LEASE_MS = 60_000
const DRAIN_MS = 5_000
/** After the queue itself could not be asked. */
const QUEUE_RETRY_MS = 5_000
/** Node fires a longer timer at once. */
const TIMER_MAX_MS = 2 ** 31 - 1

/**
 * Runs due jobs until disposed of. Then it claims no more, waits for those that run, aborts what takes longer, and gives that
 * back to the queue. No transaction is open while a job runs: the embedded database has a single session.
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
  /** @returns in how many milliseconds to look again */
  const look = async (): Promise<number> => {
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
        inMs = await look()
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

/** What ends a pause early. A ring that comes before the pause counts for it. */
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

/** One row for each, which all processes share. The first run is at a random moment of the first interval. */
async function addPeriodic(db: Scopes, queue: Queue, kinds: readonly JobKind[]): Promise<void> {
  const periodic = kinds.filter(({ everyMs }) => everyMs !== undefined)
  if (periodic.length === 0) return
  await db.asSystem('add periodic jobs', async (sql) => {
    for (const { name, everyMs = 0 } of periodic) {
      await queue.enqueue(sql, { name, key: 'periodic', delayMs: Math.random() * everyMs })
    }
  })
}
