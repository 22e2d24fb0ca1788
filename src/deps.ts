import { createHmac } from 'node:crypto'
import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import { openAuth, type LoadedLater } from './auth/loaded-later.ts'
import type { Auth } from './auth/better-auth.ts'
import type { PasswordHashing } from './auth/hashing.ts'
import type { AuthOptions } from './auth/options.ts'
import { openDatabase, type Database } from './db/database.ts'
import type { FeatureDeps } from './feature.ts'
import type { Problem } from './errors.ts'
import { FEATURES, PROBLEM_KINDS } from './features.ts'
import { tooManyRequests } from './http/admission.ts'
import { openCursors } from './http/cursor.ts'
import { openLimits, type Limits } from './limits/limits.ts'
import { openQueue } from './jobs/queue.ts'
import { openFernet } from './lib/fernet.ts'
import type { Secret } from './lib/secret.ts'
import { openMail } from './mail/mail.ts'
import { openMetrics, type Metrics } from './metrics/metrics.ts'
import { openRedis, type RedisConnection } from './redis.ts'
import { tracedAuth, tracedLimits, tracedScopes } from './tracing/traced.ts'
import type { Tracing } from './tracing/spans.ts'
import { openTracing } from './tracing/tracing.ts'
import { openWakes } from './wakes.ts'

/** The dependencies of the application as one plain object; tests replace parts of it. */
export interface Deps extends FeatureDeps {
  readonly log: Logger
  readonly redis: Pick<RedisConnection, 'isReachable'>
  /** The embedded auth server; undefined with AUTH_MODE=external. */
  readonly auth: Auth | undefined
  readonly metrics: Metrics
  /** Undefined if tracing is off. */
  readonly tracing: Tracing | undefined
}

/** Opens the dependencies in order; disposing closes them in reverse. */
export async function openDeps(
  config: Config,
  log: Logger,
  {
    migrate = config.environment === 'development',
    lentAt,
    hashing,
  }: { migrate?: boolean; lentAt?: string | undefined; hashing?: PasswordHashing } = {},
): Promise<Deps & AsyncDisposable> {
  await using opened = new AsyncDisposableStack()
  // Closed last, so that it exports the spans of everything before.
  const tracing = opened.use(await openTracing(config, log))
  const metrics = openMetrics(PROBLEM_KINDS)
  const db = opened.use(await openDatabase(config, log, { migrate, lentAt }))
  const redis = opened.use(await openRedis(config.redis, log))
  const wakes = opened.use(openWakes(redis, log))
  db.onChange(wakes.wake)
  const limits = openLimits(redis, metrics.limited, config.http.workers)
  const cursors = openCursors(config.encryptionKeys)
  const jobs = openQueue(db)
  const mail = openMail(config.mail, { db, jobs, log, metrics })
  const auth = embeddedAuth(config, db, {
    limits,
    log,
    wake: mail.isAvailable ? jobs.wake : undefined,
    hashing,
  })
  // Development starts faster; elsewhere no request waits for it.
  if (config.environment !== 'development') await auth?.load()
  const closing = opened.move()
  const deps = { config, jobs, log, db, mail, redis, limits, wakes, cursors, auth, metrics, tracing }
  return {
    ...(tracing === undefined ? deps : traced(deps, tracing)),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

const traced = (deps: Deps, tracer: Tracing): Deps => ({
  ...deps,
  db: tracedScopes(deps.db, tracer),
  limits: tracedLimits(deps.limits, tracer),
  auth: deps.auth && tracedAuth(deps.auth, tracer),
})

/** The part of a request's time budget reserved for checking a password on a busy machine. */
const HASHING_MS = 500

interface AuthDeps {
  /** Count sign-in attempts and mails, which are unlimited without them. */
  readonly limits?: Limits
  readonly log?: Pick<Logger, 'warn'>
  /** Makes the runner look for mails. Absent: there are no mails. */
  readonly wake?: (() => void) | undefined
  /** Replaces that of passwords. */
  readonly hashing?: PasswordHashing | undefined
}

export function embeddedAuth(
  config: Config,
  db: Pick<Database, 'pool' | 'timeBudget' | 'roles'>,
  { limits, log, wake, hashing }: AuthDeps = {},
): LoadedLater | undefined {
  const { auth, http, environment } = config
  if (auth.mode === 'external') return undefined
  // As in better-auth, there are no stricter limits for attempts in development.
  const counts = environment === 'development' ? undefined : limits
  return openAuth({
    pool: db.pool,
    timeBudget: () => db.timeBudget(HASHING_MS),
    systemRole: db.roles.system,
    secret: auth.betterAuthSecret.reveal(),
    sessionHashSecret: auth.sessionHashSecret.reveal(),
    baseUrl: auth.serverUrl,
    publicUrl: http.publicUrl,
    trustedOrigins: http.corsOrigins.filter((origin) => origin !== '*' && origin !== 'null'),
    endsWithSessions: FEATURES.flatMap(({ endsWithSessions = [] }) => endsWithSessions),
    ...(counts !== undefined && { countAttempt: attemptsOf(counts) }),
    mail: wake && {
      wake,
      fernet: openFernet(config.encryptionKeys),
      requireVerification: auth.requireEmailVerification,
      ...(counts !== undefined && { countMail: mailsOf(counts, auth.sessionHashSecret) }),
    },
    ...(hashing !== undefined && { hashing }),
    secureCookies: environment === 'production',
    onCleanUpFailed: (error) =>
      log?.warn({ err: error }, 'surplus sessions could not be ended; the next sign-in ends them'),
  })
}

const attemptsOf =
  (limits: Limits): NonNullable<AuthOptions['countAttempt']> =>
  async (rule, subject) => {
    // The subject contains the address and the path, so each has one rule.
    const verdict = await limits.take({ name: 'auth', ...rule }, subject)
    if (!verdict.allowed) throw tooManyRequests(verdict, 'attempts from this address')
  }

/** Mails to one address, whichever client asks for them. */
const MAILS = { name: 'mail', limit: 5, windowSeconds: 60 * 60 }

const mailsOf =
  (limits: Limits, secret: Secret) =>
  async (address: string): Promise<Problem | undefined> => {
    // Redis gets no addresses.
    const subject = createHmac('sha256', secret.reveal()).update(`mails to\n${address}`, 'utf8').digest('base64url')
    const verdict = await limits.take(MAILS, subject)
    return verdict.allowed ? undefined : tooManyRequests(verdict, 'mails to this address')
  }
