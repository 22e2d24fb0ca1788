import { purgeIdempotencyKeys } from './db/idempotency-purge.ts'
import type { Deps } from './deps.ts'
import type { JobKind } from './jobs/kind.ts'
import { openRunner, type Runner } from './jobs/runner.ts'
import { purgeOfKeyReads } from './vault/jobs.ts'

const HOUR_MS = 60 * 60_000

/** Everything that is done in the background. */
export const jobKinds = ({ db }: Pick<Deps, 'db'>): readonly JobKind[] => [
  {
    name: 'purge-idempotency-keys',
    everyMs: HOUR_MS,
    run: async ({ signal }) => void (await purgeIdempotencyKeys(db, signal)),
  },
  purgeOfKeyReads(db),
]

/** Does background work in this process until disposed of. */
export const runJobs = ({ config, db, jobs, log, metrics }: Deps): Runner =>
  openRunner(db, jobs, jobKinds({ db }), { log, observer: metrics, pollMs: config.jobs.pollMs })
