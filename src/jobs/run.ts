import { setTimeout as delay } from 'node:timers/promises'
import type { Scopes } from '../db/scopes.ts'
import type { JobOutcome, Observer } from '../observer.ts'
import { jobPrincipal } from '../principal.ts'
import { retryLater, markDead, done, extend, type Claimed } from './queue.ts'
import type { Again, JobKind, JobLog, RunningJob } from './kind.ts'

const TIMEOUT_MS = 10 * 60_000
const ATTEMPTS_MAX = 10
/** How long work may continue after its signal was aborted. */
const ABORT_GRACE_MS = 1_000

const RETRY_MIN_MS = 5_000
const RETRY_MAX_MS = 60 * 60_000

/** Doubles with each attempt. Half of it is random, so that jobs which failed together do not come back together. */
export const backOffMs = (attempts: number, random: () => number = Math.random): number =>
  Math.min(RETRY_MIN_MS * 2 ** (attempts - 1), RETRY_MAX_MS) * (0.5 + random() / 2)

export interface RunDeps {
  readonly db: Scopes
  readonly log: JobLog
  readonly observer: Pick<Observer, 'jobEnded'>
  readonly leaseMs: number
  /** Aborted when the process begins to stop. */
  readonly stopping: AbortSignal
  /** Aborted when the process cannot wait for jobs any longer. */
  readonly stop: AbortSignal
}

/** Runs a claimed job and stores the outcome. Never rejects: if the outcome cannot be stored, the job runs again after its lease. */
export async function runOne(
  job: Claimed,
  kind: JobKind,
  { db, log, observer, leaseMs, stopping, stop }: RunDeps,
): Promise<void> {
  const startedAt = performance.now()
  const lease = keepLease(job, db, leaseMs)
  const attempt = await attempted(job, kind, { signal: AbortSignal.any([stop, lease.lost]), stopping })
  const { error, again } = attempt
  let outcome: JobOutcome = 'lost'
  try {
    if (!attempt.isOver) log.error({ job: kind.name }, 'a job ignores its abort signal; its lease is left to expire')
    else if (!lease.lost.aborted) outcome = await settled(job, kind, { db, error, again, isStopped: stop.aborted })
  } catch (cause) {
    log.warn(
      { err: cause, job: kind.name },
      'the outcome of a job could not be stored; it runs again when its lease expires',
    )
  } finally {
    await lease[Symbol.asyncDispose]()
  }
  const fields = { job: kind.name, attempts: job.attempts, outcome }
  if (outcome === 'dead') log.error({ ...fields, err: error }, 'a job failed for the last time')
  else if (outcome === 'failed') log.warn({ ...fields, err: error }, 'a job failed and will be retried')
  else log.debug(fields, 'a job ended')
  observer.jobEnded(kind.name, outcome, (performance.now() - startedAt) / 1000)
}

interface Attempt {
  /** Undefined after success. */
  readonly error?: unknown
  readonly again?: Again | undefined
  /** False if the work continues although its signal was aborted. */
  readonly isOver: boolean
}

async function attempted(
  job: Claimed,
  kind: JobKind,
  { signal, stopping }: Pick<RunningJob, 'signal' | 'stopping'>,
): Promise<Attempt> {
  const { id, lease, name, userId, reference, attempts } = job
  const { attemptsMax = ATTEMPTS_MAX, everyMs, timeoutMs = TIMEOUT_MS, run } = kind
  // The process ended during each of these attempts, so none was counted as failed.
  if (attempts > attemptsMax && everyMs === undefined) return { error: new Unfinished(), isOver: true }
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(new Error(`the job took more than ${timeoutMs} ms`)), timeoutMs)
  const ending = AbortSignal.any([signal, timeout.signal])
  const principal = userId === null ? undefined : jobPrincipal(name, id, lease)
  const work = (async (): Promise<Attempt> => {
    try {
      const again = await run({ id, reference, attempts, signal: ending, stopping, principal })
      return { isOver: true, again: again ?? undefined }
    } catch (error) {
      return { error: error ?? new Error('the job failed without an error'), isOver: true }
    }
  })()
  const late = Promise.withResolvers<Attempt>()
  const giveUp = (): void => void delay(ABORT_GRACE_MS).then(() => late.resolve({ isOver: false }))
  ending.addEventListener('abort', giveUp)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
    ending.removeEventListener('abort', giveUp)
  }
}

class Unfinished extends Error {
  override readonly name = 'Unfinished'
  constructor() {
    super('the process ended during each attempt')
  }
}

async function settled(
  job: Claimed,
  { everyMs, attemptsMax = ATTEMPTS_MAX, retryInMs = backOffMs }: JobKind,
  { db, error, again, isStopped }: Pick<Attempt, 'error' | 'again'> & { db: Scopes; isStopped: boolean },
): Promise<JobOutcome> {
  if (error === undefined) {
    const inMs = again?.againInMs ?? everyMs
    const isSettled = inMs === undefined ? done(job, db) : retryLater(job, db, { inMs, attempts: 0, error: null })
    return (await isSettled) ? 'ok' : 'lost'
  }
  // The attempt is not counted, because the process is stopping.
  if (isStopped)
    return (await retryLater(job, db, { inMs: 0, attempts: job.attempts - 1, error: null })) ? 'released' : 'lost'
  if (job.attempts >= attemptsMax && everyMs === undefined) {
    return (await markDead(job, db, classOf(error))) ? 'dead' : 'lost'
  }
  const inMs = Math.min(retryInMs(job.attempts), everyMs ?? Infinity)
  return (await retryLater(job, db, { inMs, attempts: job.attempts, error: classOf(error) })) ? 'failed' : 'lost'
}

/** The class and code only: the message may quote text of a user. */
function classOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no error object'
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  return `${error.name}${code}`.slice(0, 200)
}

/** Extends the lease until disposed. `lost` is aborted if the lease could not be extended in time. */
function keepLease(job: Claimed, db: Scopes, leaseMs: number): AsyncDisposable & { readonly lost: AbortSignal } {
  const over = new AbortController()
  const lost = new AbortController()
  const extending = (async () => {
    let heldUntil = performance.now() + leaseMs
    for (;;) {
      await delay(leaseMs / 3, undefined, { ref: false, signal: over.signal })
      const askedAt = performance.now()
      const isHeld = await extend(job, db, leaseMs).catch(() => undefined)
      if (isHeld === true) heldUntil = askedAt + leaseMs
      if (isHeld === false || performance.now() > heldUntil)
        return lost.abort(new Error('the lease of the job was lost'))
    }
  })().catch(() => undefined)
  return {
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      over.abort()
      await extending
    },
  }
}
