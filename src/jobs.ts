import { purgeIdempotencyKeys } from './db/idempotency-purge.ts'
import type { Deps } from './deps.ts'
import type { JobDeps } from './feature.ts'
import { FEATURES } from './features.ts'
import type { JobKind } from './jobs/kind.ts'
import { openRunner, type Runner } from './jobs/runner.ts'
import { openFernet } from './lib/fernet.ts'

const HOUR_MS = 60 * 60_000

/** All background work: that of the service itself and that of its features. */
export async function jobKinds(deps: JobDeps): Promise<readonly JobKind[]> {
  const { config, db, mail } = deps
  const ofFeatures = await Promise.all(FEATURES.map(async ({ jobs }) => (await jobs?.(deps)) ?? []))
  const mails = await Promise.all(FEATURES.map(async ({ mails }) => (await mails?.({ db })) ?? []))
  return [
    {
      name: 'purge-idempotency-keys',
      everyMs: HOUR_MS,
      run: async ({ signal }) => void (await purgeIdempotencyKeys(db, signal)),
    },
    ...ofFeatures.flat(),
    ...(await jobsOfAuth({ config, db, mail })),
    ...mail.jobs(mails.flat()),
  ]
}

/** Those of the embedded auth server. */
async function jobsOfAuth({ config: { auth, encryptionKeys }, db, mail }: Pick<JobDeps, 'config' | 'db' | 'mail'>) {
  if (auth.mode === 'external') return []
  const [{ authMails }, { purgeOfMailTokens }] = await Promise.all([
    import('./auth/mails.ts'),
    import('./auth/mail-tokens.ts'),
  ])
  const mails = authMails({ db, fernet: openFernet(encryptionKeys), secret: auth.sessionHashSecret.reveal() })
  return [purgeOfMailTokens(db), ...mail.jobs(mails)]
}

/** Runs background work in this process until disposed. */
export async function runJobs(deps: Deps): Promise<Runner> {
  const { config, db, jobs, log, metrics } = deps
  return openRunner(db, jobs, await jobKinds(deps), { log, observer: metrics, pollMs: config.jobs.pollMs })
}
