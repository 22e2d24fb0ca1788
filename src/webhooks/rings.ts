import type { RingingJob } from '../jobs/queue.ts'

/** Slow webhooks wait for their turn among themselves, so that the others are not delayed. */
export type Lane = 'quick' | 'slow'

export const JOB_OF: Readonly<Record<Lane, string>> = { quick: 'deliver-webhook', slow: 'deliver-slow-webhook' }
export const DELIVERY_JOBS: readonly string[] = Object.values(JOB_OF)

/** A webhook that may have something to deliver. */
export interface Waiting {
  readonly userId: string
  readonly id: string
  readonly isSlow: boolean
}

/** The jobs that deliver what waits: one for each webhook at a time, so that its order is kept. */
export const jobsFor = (waiting: readonly Waiting[]): readonly RingingJob[] =>
  waiting.map(({ userId, id, isSlow }) => ({
    name: JOB_OF[isSlow ? 'slow' : 'quick'],
    userId,
    reference: { webhook: id },
    key: id,
  }))
