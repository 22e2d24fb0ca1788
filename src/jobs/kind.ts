import type { Principal } from '../principal.ts'
import type { Claimed } from './queue.ts'

/** A kind of background work. Rows of its jobs have its name. */
export interface JobKind {
  /** Lower-case letters, digits and hyphens. It must not change between releases, because rows with it may be waiting. */
  readonly name: string
  /**
   * Does the work of one job. It may run more than once, so it must be safe to repeat. After an error it is retried later.
   *
   * @param job.signal is aborted when the process cannot wait any longer, on timeout, or when the lease is lost
   * @returns when the job is to run again, if there is more to do; this counts as success
   */
  run(this: void, job: RunningJob): Promise<Again | void>
  /**
   * For work that waits for other servers: how many jobs of this kind a process runs at the same time, beside those of other kinds.
   * Without it the kinds share the places of the process.
   */
  readonly concurrency?: number
  /**
   * Called when a process begins to run jobs, for what its jobs need or what adds them. Disposed when the process stops, after its jobs
   * have ended.
   */
  open?(this: void): AsyncDisposable
  /** For periodic work: the pause between the end of one run and the next. Only one process runs it at a time. */
  readonly everyMs?: number
  /** After this many attempts the job is dead and waits for an operator. Periodic work is always retried. */
  readonly attemptsMax?: number
  readonly timeoutMs?: number
  /** The pause before the next attempt; by default from 5 s to 1 h, doubling, with jitter. */
  retryInMs?(this: void, attempts: number): number
}

export interface Again {
  readonly againInMs: number
}

export interface RunningJob {
  readonly id: string
  readonly reference: Claimed['reference']
  readonly attempts: number
  readonly signal: AbortSignal
  /** Aborted when the process begins to stop: a job with many steps ends after the one that it has begun, and returns {@link Again}. */
  readonly stopping: AbortSignal
  /** The user the job acts for, valid while the lease lasts. Undefined for work outside a user's scope. */
  readonly principal: Principal | undefined
}

export interface JobLog {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
