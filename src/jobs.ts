import { purgeIdempotencyKeys } from './db/idempotency-purge.ts'
import type { Deps } from './deps.ts'
import { FEATURES } from './features.ts'
import type { JobKind } from './jobs/kind.ts'
import { openRunner, type Runner } from './jobs/runner.ts'

const HOUR_MS = 60 * 60_000

/** All background work: that of the service itself and that of its features. */
export async function jobKinds({ db, mail }: Pick<Deps, 'db' | 'mail'>): Promise<readonly JobKind[]> {
  const ofFeatures = await Promise.all(FEATURES.map(async ({ jobs }) => (await jobs?.({ db })) ?? []))
  const mails = await Promise.all(FEATURES.map(async ({ mails }) => (await mails?.({ db })) ?? []))
  return [
    {
      name: 'purge-idempotency-keys',
      everyMs: HOUR_MS,
      run: async ({ signal }) => void (await purgeIdempotencyKeys(db, signal)),
    },
    ...ofFeatures.flat(),
    ...mail.jobs(mails.flat()),
  ]
}

/** Runs background work in this process until disposed. */
export const runJobs = async ({ config, db, jobs, log, mail, metrics }: Deps): Promise<Runner> =>
  openRunner(db, jobs, await jobKinds({ db, mail }), { log, observer: metrics, pollMs: config.jobs.pollMs })
