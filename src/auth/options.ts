import { kyselyAdapter } from '@better-auth/kysely-adapter'
import type { BetterAuthOptions } from 'better-auth'
import { APIError, createAuthMiddleware } from 'better-auth/api'
import { bearer } from 'better-auth/plugins'
import { sql, type Kysely } from 'kysely'
import type { Pool } from 'pg'
import type { TimeBudget } from '../db/wire/lease.ts'
import { timeZoneNamed } from '../lib/time-zone.ts'
import { CLIENT_ADDRESS_HEADER } from './client-address.ts'
import { afterPasswordChange, deleteUser, mailFlows, sendUnasked, type AuthMail } from './mail-flows.ts'
import { signOutEverywhere } from './access-ends.ts'
import { boundedHashing, type PasswordHashing } from './hashing.ts'
import { withHashedSessions } from './hashed-sessions.ts'
import { request } from './request-state.ts'
import { verifiedSignUp } from './sign-up.ts'

/** Beyond it a sign-in ends the oldest session. Without a limit, "revoke all others" would miss those beyond its page. */
export const MAX_SESSIONS_PER_USER = 100

/**
 * better-auth counts UTF-16 code units, one or two for each code point. The routes' schemas allow 8 to 128 code points; this only
 * bounds what is hashed.
 */
const PASSWORD_LENGTH = { minPasswordLength: 8, maxPasswordLength: 2 * 128 }

/** Limit for clean-up, during which the client waits for its answer. */
const CLEAN_UP_MS = 1_000

const SECONDS_PER_DAY = 24 * 60 * 60

export interface AuthOptions {
  /** A pool with the serving role; one connection is enough. */
  readonly pool: Pool
  /** The time budget of a request. Unbounded by default. */
  readonly timeBudget?: (() => TimeBudget) | undefined
  /** The role that may read and write the auth tables. */
  readonly systemRole: string
  /** Signs the tokens and cookies that are sent out. At least 32 characters. */
  readonly secret: string
  /** Keys the HMAC under which session tokens are stored. */
  readonly sessionHashSecret: string
  /** The URL at which browsers reach this service, if known. Its scheme decides whether cookies are Secure. */
  readonly baseUrl?: string | undefined
  /** Its path is the cookies' path, so that services under other paths of the host neither see nor replace them. */
  readonly publicUrl?: string | undefined
  /** Makes cookies Secure even if `baseUrl` is not https, for instance behind a proxy that terminates TLS. */
  readonly secureCookies?: boolean
  /** Origins of other sites whose pages may send our cookies. */
  readonly trustedOrigins: readonly string[]
  /**
   * Counts attempts under better-auth's own rules (three sign-ins in ten seconds from one address…) and throws to refuse
   * one. Without it they are not limited here.
   */
  readonly countAttempt?:
    | ((rule: { readonly limit: number; readonly windowSeconds: number }, subject: string) => Promise<void>)
    | undefined
  /** Hashes passwords; bounded by default. */
  readonly hashing?: PasswordHashing
  /** Tables whose rows of a user are deleted when the user signs out everywhere. They have a column user_id. */
  readonly endsWithSessions?: readonly string[]
  /** Absent: no mails, and no links in them. */
  readonly mail?: AuthMail | undefined
  /** Called if work after a successful request failed: the clean-up of sessions, which the next one does too, keeping a time zone, or a mail. */
  readonly onCleanUpFailed?: (error: unknown) => void
}

/** How better-auth is configured. */
export function betterAuthOptions(options: AuthOptions, db: Kysely<unknown>) {
  const { secret, baseUrl, mail, hashing = boundedHashing(), endsWithSessions = [] } = options
  return {
    // Always set, because better-auth reads unset options from the environment.
    secret,
    secrets: [{ version: 1, value: secret }],
    // The origin only, because a path would override `basePath`, and a proxy has stripped the prefix of the requests.
    baseURL: baseUrl === undefined ? UNKNOWN_BASE_URL : new URL(baseUrl).origin,
    basePath: '/api/auth',
    trustedOrigins: (request?: Request) => [...options.trustedOrigins, ...sameOrigin(baseUrl, request)],

    database: withHashedSessions(kyselyAdapter(db, { type: 'postgres', transaction: true }), options.sessionHashSecret),
    user: usersOf(db, mail),
    session: {
      modelName: 'user_sessions',
      expiresIn: 7 * SECONDS_PER_DAY,
      updateAge: SECONDS_PER_DAY,
      // Sessions of any age may list sessions. Deleting the user, which better-auth restricts to fresh ones, requires the password.
      freshAge: 0,
    },
    account: { modelName: 'user_accounts' },
    verification: { modelName: 'user_verifications' },
    databaseHooks: {
      user: {
        create: {
          // After the commit. If it fails, the user has the default, UTC, and can change it.
          after: async ({ id }, context) => {
            const zone = timeZoneNamed(context?.headers?.get('x-timezone') ?? '')
            if (zone !== undefined) await cleanUp(() => keepTimeZone(db, id, zone), options)
          },
        },
      },
      session: {
        create: {
          // A new user has no other sessions.
          after: async ({ userId }, context) => {
            if (context?.path !== '/sign-up/email') await cleanUp(() => endSurplusSessions(db, userId), options)
          },
        },
      },
    },

    emailAndPassword: {
      enabled: true,
      ...PASSWORD_LENGTH,
      password: { hash: hashOnce(hashing), verify: hashing.verify },
      requireEmailVerification: mail?.requireVerification ?? false,
    },
    ...(mail !== undefined && { emailVerification: verificationOf(db, mail, options) }),
    plugins: [
      bearer(),
      signOutEverywhere(db, endsWithSessions),
      ...(mail === undefined ? [] : [mailFlows(db, hashing, mail, endsWithSessions)]),
      ...(mail?.requireVerification === true ? [verifiedSignUp(db, mail)] : []),
    ],
    hooks: {
      before: beforeEndpoint(hashing),
      ...(mail !== undefined && { after: afterPasswordChange(db, mail.wake, (work) => cleanUp(work, options)) }),
    },

    telemetry: { enabled: false },
    rateLimit: rateLimitOf(options.countAttempt),
    // Its messages quote bodies and headers, and report refusals as errors. Real failures are thrown.
    logger: { disabled: true },
    // Failures are thrown to the caller, which logs and answers them once.
    onAPIError: { throw: true },
    advanced: advancedOf(options),
  } satisfies BetterAuthOptions
}

/**
 * better-auth decides when; our mail has a token of its own, and the one that it passes is not used. Mails of a sign-up or sign-in are
 * work after the commit.
 */
const verificationOf = (db: Kysely<unknown>, mail: AuthMail, options: AuthOptions) =>
  ({
    sendOnSignUp: true,
    sendOnSignIn: true,
    sendVerificationEmail: ({ user }) => cleanUp(() => sendUnasked(db, 'verify-email', user.email, mail), options),
  }) satisfies BetterAuthOptions['emailVerification']

const usersOf = (db: Kysely<unknown>, mail: AuthMail | undefined) =>
  ({
    modelName: 'users',
    deleteUser: {
      enabled: true,
      // One statement; "on delete cascade" does the rest. better-auth's own statements could stop half-way and leave a user with
      // tasks who cannot sign in.
      beforeDelete: (user) => deleteUser(db, user, mail),
    },
  }) satisfies BetterAuthOptions['user']

const advancedOf = ({ baseUrl, publicUrl, secureCookies }: AuthOptions) =>
  ({
    useSecureCookies: secureCookies === true || (baseUrl?.startsWith('https:') ?? false),
    ...(publicUrl !== undefined && { defaultCookieAttributes: { path: new URL(publicUrl).pathname } }),
    ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS_HEADER] },
    // If unset, they are disabled with NODE_ENV=test and TEST=1.
    disableOriginCheck: false,
    disableCSRFCheck: false,
    database: {
      // The migrations have their own check. A mismatch found here would be cached until a restart.
      validateSchema: false,
      defaultFindManyLimit: 10 * MAX_SESSIONS_PER_USER,
    },
  }) satisfies BetterAuthOptions['advanced']

/** better-auth's rules and subjects, with our store and our refusal. */
const rateLimitOf = (countAttempt: AuthOptions['countAttempt']): NonNullable<BetterAuthOptions['rateLimit']> =>
  countAttempt === undefined
    ? { enabled: false }
    : {
        enabled: true,
        // Also checks the password, but better-auth has no rule for it.
        customRules: { '/delete-user': { window: 10, max: 3 } },
        customStorage: {
          consume: async (subject, { max, window }) => {
            await countAttempt({ limit: max, windowSeconds: window }, subject)
            return { allowed: true, retryAfter: null }
          },
        },
      }

/** A host reserved by RFC 2606, which no page can have. */
const UNKNOWN_BASE_URL = 'http://base-url-unknown.invalid'

/** Without a configured URL, the origin of the request is trusted: a page of the same origin is never cross-site. */
const sameOrigin = (baseUrl: string | undefined, request: Request | undefined): readonly string[] =>
  baseUrl === undefined && request !== undefined ? [new URL(request.url).origin] : []

const beforeEndpoint = (hashing: PasswordHashing) =>
  createAuthMiddleware(async ({ path, body }) => {
    const password = passwordOf(body)
    // better-auth would accept a fresh session instead of the password.
    if (path === '/delete-user' && (password === undefined || password === '')) {
      throw APIError.from('BAD_REQUEST', {
        code: 'PASSWORD_REQUIRED',
        message: 'Deleting your user requires your password',
      })
    }
    if (path === '/sign-up/email' && typeof password === 'string') await hashAhead(password, hashing)
  })

const passwordOf = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'password' in body ? body.password : undefined

/**
 * Hashes a new user's password in advance. better-auth does so inside its transaction, which would block a connection (with the
 * embedded database, the only one) for some hundred milliseconds of CPU time.
 */
async function hashAhead(password: string, hashing: PasswordHashing): Promise<void> {
  const { minPasswordLength, maxPasswordLength } = PASSWORD_LENGTH
  const state = request.getStore()
  if (state === undefined || password.length < minPasswordLength || password.length > maxPasswordLength) return
  state.hashedAhead = { password, hash: await hashing.hash(password) }
}

const hashOnce =
  (hashing: PasswordHashing) =>
  async (password: string): Promise<string> => {
    const ahead = request.getStore()?.hashedAhead
    return ahead?.password === password ? ahead.hash : await hashing.hash(password)
  }

/** Work after the commit. It has its own time budget, and its failure does not fail the request. */
async function cleanUp(work: () => Promise<void>, { timeBudget, onCleanUpFailed }: AuthOptions): Promise<void> {
  const time = timeBudget?.()
  if (time !== undefined) time.leftMs = Math.min(time.leftMs, CLEAN_UP_MS)
  try {
    await request.run({ failures: [], timeBudget: time }, work)
  } catch (error) {
    onCleanUpFailed?.(error)
  }
}

/** A zone that the database does not know is left out: a sign-up is not refused for a header that many clients always send. */
async function keepTimeZone(db: Kysely<unknown>, userId: string, zone: string): Promise<void> {
  await sql`
    insert into user_settings (user_id, timezone) select ${userId}, ${zone}
    where todo_knows_zone(${zone}) on conflict do nothing`.execute(db)
}

async function endSurplusSessions(db: Kysely<unknown>, userId: string): Promise<void> {
  await sql`
    delete from user_sessions
    where "userId" = ${userId} and id not in (
      select id from user_sessions where "userId" = ${userId} and "expiresAt" > now()
      order by "createdAt" desc, id limit ${MAX_SESSIONS_PER_USER}
    )`.execute(db)
}
