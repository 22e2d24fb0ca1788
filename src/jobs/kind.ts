import type { Principal } from '../principal.ts'
import type { Claimed } from './queue.ts'

/** One kind of background work, under a name that its rows carry. */
export interface JobKind {
  /** Lower-case letters, digits and hyphens; it stays the same over releases, as rows with it may wait. */
  readonly name: string
  /**
   * Does the work of one job. It may run more than once, so it must be safe to repeat. An error lets it run again later.
   *
   * @param job.signal aborts when the process stops, the time is up or the lease is lost
   */
  run(this: void, job: RunningJob): Promise<void>
  /** For periodic work: the pause between the end of one run and the next. All processes together run it once at a time. */
  readonly everyMs?: number
  /** Then it is dead and waits for an operator. Periodic work goes on instead. */
  readonly attemptsMax?: number
  readonly timeoutMs?: number
  /** The pause before the next attempt; by default from 5 s to 1 h, doubling, with jitter. */
  retryInMs?(this: void, attempts: number): number
}

export interface RunningJob {
  readonly id: string
  readonly reference: Claimed['reference']
  readonly attempts: number
  readonly signal: AbortSignal
  /** Enters the scope of the user that the job acts for, while its lease lasts. Undefined for work that crosses users. */
  readonly principal: Principal | undefined
}

export interface JobLog {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
