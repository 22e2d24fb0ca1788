import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import { createAuth, type Auth } from './auth/better-auth.ts'
import type { AuthOptions } from './auth/options.ts'
import { openDatabase, type Database } from './db/database.ts'
import type { FeatureDeps } from './feature.ts'
import { PROBLEM_KINDS } from './features.ts'
import { tooManyRequests } from './http/admission.ts'
import { openCursors } from './http/cursor.ts'
import { openLimits, type Limits } from './limits/limits.ts'
import { openQueue } from './jobs/queue.ts'
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
  { migrate = config.environment === 'development', lentAt }: { migrate?: boolean; lentAt?: string | undefined } = {},
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
  const auth = embeddedAuth(config, db, limits, log)
  const closing = opened.move()
  const jobs = openQueue(db)
  const mail = openMail(config.mail, { db, jobs, log, metrics })
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

/** @param limits count sign-in attempts, which are unlimited without them */
export function embeddedAuth(
  { auth, http, environment }: Config,
  db: Pick<Database, 'pool' | 'timeBudget' | 'roles'>,
  limits?: Limits,
  log?: Pick<Logger, 'warn'>,
): Auth | undefined {
  if (auth.mode === 'external') return undefined
  return createAuth({
    pool: db.pool,
    timeBudget: () => db.timeBudget(HASHING_MS),
    systemRole: db.roles.system,
    secret: auth.betterAuthSecret.reveal(),
    sessionHashSecret: auth.sessionHashSecret.reveal(),
    baseUrl: auth.serverUrl,
    publicUrl: http.publicUrl,
    trustedOrigins: http.corsOrigins.filter((origin) => origin !== '*' && origin !== 'null'),
    // As in better-auth, there is no stricter limit for sign-in attempts in development.
    ...(environment !== 'development' && limits !== undefined && { countAttempt: attemptsOf(limits) }),
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
