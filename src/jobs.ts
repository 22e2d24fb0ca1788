import { purgeIdempotencyKeys } from './db/idempotency-purge.ts'
import type { Deps } from './deps.ts'
import { FEATURES } from './features.ts'
import type { JobKind } from './jobs/kind.ts'
import { openRunner, type Runner } from './jobs/runner.ts'

const HOUR_MS = 60 * 60_000

/** All background work: that of the service itself and that of its features. */
export async function jobKinds({ db }: Pick<Deps, 'db'>): Promise<readonly JobKind[]> {
  const ofFeatures = await Promise.all(FEATURES.map(async ({ jobs }) => (await jobs?.({ db })) ?? []))
  return [
    {
      name: 'purge-idempotency-keys',
      everyMs: HOUR_MS,
      run: async ({ signal }) => void (await purgeIdempotencyKeys(db, signal)),
    },
    ...ofFeatures.flat(),
  ]
}

/** Runs background work in this process until disposed. */
export const runJobs = async ({ config, db, jobs, log, metrics }: Deps): Promise<Runner> =>
  openRunner(db, jobs, await jobKinds({ db }), { log, observer: metrics, pollMs: config.jobs.pollMs })
