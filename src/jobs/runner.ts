import { setTimeout as delay } from 'node:timers/promises'
import type { Scopes } from '../db/scopes.ts'
import type { Observer } from '../observer.ts'
import type { JobKind, JobLog } from './kind.ts'
import { openLane } from './lane.ts'
import type { Queue } from './queue.ts'

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

/**
 * Runs due jobs until disposed. Then it claims no more, waits for running jobs up to `drainMs`, aborts the rest and returns them to
 * the queue. No transaction is open while a job runs, because the embedded database has a single session.
 *
 * Kinds that have a concurrency of their own have a lane of their own: their jobs take no place of other kinds, however long they wait.
 */
export function openRunner(
  db: Scopes,
  queue: Queue,
  kinds: readonly JobKind[],
  { log, observer, pollMs, concurrency = CONCURRENCY, leaseMs = LEASE_MS, drainMs = DRAIN_MS }: RunnerOptions,
): Runner {
  const stopping = new AbortController()
  const aborting = new AbortController()
  const addingPeriodic = openOnce(() => addPeriodic(db, queue, kinds))
  const lanes = lanesOf(kinds, concurrency).map(({ kinds: ofLane, places }) =>
    openLane(db, ofLane, {
      log,
      observer,
      pollMs,
      leaseMs,
      places,
      prepare: addingPeriodic,
      stopping: stopping.signal,
      stop: aborting.signal,
    }),
  )
  queue.onWake((name) =>
    lanes.forEach((lane) => void ((name === undefined || lane.names.includes(name)) && lane.ring())),
  )
  const sources = kinds.flatMap((kind) => kind.open?.() ?? [])
  const stop = async (): Promise<void> => {
    stopping.abort()
    const drain = new AbortController()
    const ended = Promise.all(lanes.map((lane) => lane.ended)).finally(() => drain.abort())
    await delay(drainMs, undefined, { signal: drain.signal }).catch(() => undefined)
    aborting.abort()
    await ended
    for (const source of sources) await source[Symbol.asyncDispose]()
  }
  let stopped: Promise<void> | undefined
  return { [Symbol.asyncDispose]: () => (stopped ??= stop()) }
}

function lanesOf(
  kinds: readonly JobKind[],
  shared: number,
): readonly { readonly kinds: readonly JobKind[]; readonly places: number }[] {
  const ofShared = kinds.filter(({ concurrency }) => concurrency === undefined)
  const own = kinds.flatMap((kind) =>
    kind.concurrency === undefined ? [] : [{ kinds: [kind], places: kind.concurrency }],
  )
  return [{ kinds: ofShared, places: shared }, ...own]
}

/** Runs the work until it succeeds, and then no more. Concurrent calls share an attempt. */
function openOnce(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined
      throw error
    })
    return done
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
