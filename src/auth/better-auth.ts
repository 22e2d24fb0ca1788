import { AsyncLocalStorage } from 'node:async_hooks'
import { kyselyAdapter } from '@better-auth/kysely-adapter'
import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { APIError, createAuthMiddleware } from 'better-auth/api'
import { bearer } from 'better-auth/plugins'
import { Kysely, sql } from 'kysely'
import { DatabaseError, type Pool } from 'pg'
import type { TimeBudget } from '../db/wire/lease.ts'
import { systemDialect } from '../db/system-dialect.ts'
import { boundedHashing, type PasswordHashing } from './hashing.ts'
import { withHashedSessions, withinRequest } from './hashed-sessions.ts'

/** The header from which better-auth reads the client's address. Callers of `handle` set it, replacing the client's. */
export const CLIENT_ADDRESS_HEADER = 'x-internal-client-ip'

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
  /** Called if the clean-up after a successful request failed. The next clean-up does its work too. */
  readonly onCleanUpFailed?: (error: unknown) => void
}

export interface Auth {
  /**
   * Answers one request under /api/auth, refusals included.
   *
   * @throws errors that better-auth would hide: Problem unavailable (503) if the database is unreachable, and any other failure.
   *   better-auth treats a failed query as "signed out" or even as success: a sign-out that could not delete the session would
   *   answer 200.
   */
  handle(this: void, request: Request): Promise<Response>
  /**
   * Creates a session of a user without a password, for the operator.
   *
   * @returns undefined if no user has this address
   */
  issueSession(this: void, email: string): Promise<{ readonly token: string; readonly userId: string } | undefined>
}

interface RequestState {
  /** Database errors that are not caused by the input. */
  readonly failures: unknown[]
  /** Shared by all queries of the request. */
  readonly timeBudget: TimeBudget | undefined
  hashedAhead?: { readonly password: string; readonly hash: string }
  /** A concurrent sign-up with the same e-mail address succeeded. */
  isEmailTaken?: boolean
  /** The deletion is committed: later errors must not make the request fail. */
  isUserDeleted?: boolean
}

const request = new AsyncLocalStorage<RequestState>()

/** Opens no connection and runs no query before the first request. */
export function createAuth(options: AuthOptions): Auth {
  const { timeBudget } = options
  const dialect = systemDialect({
    pool: options.pool,
    role: options.systemRole,
    ...(timeBudget !== undefined && { timeBudget: () => request.getStore()?.timeBudget ?? timeBudget() }),
    onError: (error) => noteError(error, request.getStore()),
  })
  const auth = betterAuth(betterAuthOptions(options, new Kysely<unknown>({ dialect })))

  const asRequest = <T>(work: (state: RequestState) => Promise<T>): Promise<T> => {
    const state: RequestState = { failures: [], timeBudget: timeBudget?.() }
    return request.run(state, () =>
      withinRequest(async () => {
        const result = await work(state)
        if (state.failures.length > 0) throw state.failures[0]
        return result
      }),
    )
  }
  return {
    handle: (incoming) =>
      asRequest(async (state) => {
        try {
          const response = await auth.handler(incoming)
          if (state.isUserDeleted === true && !response.ok) return userDeleted()
          return state.isEmailTaken === true && !response.ok ? emailTaken() : response
        } catch (error) {
          if (state.isUserDeleted === true) return userDeleted()
          throw error
        }
      }),
    issueSession: (email) =>
      asRequest(async () => {
        const { internalAdapter } = await auth.$context
        const found = await internalAdapter.findUserByEmail(email.toLowerCase())
        if (found === null) return undefined
        const { token, userId } = await internalAdapter.createSession(found.user.id)
        return { token, userId }
      }),
  }
}

/** The same answer as better-auth's. */
const emailTaken = (): Response =>
  Response.json(
    { code: 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL', message: 'User already exists. Use another email.' },
    { status: 422 },
  )
const userDeleted = (): Response => Response.json({ success: true, message: 'User deleted' })

/** Records database errors, which better-auth hides or misinterprets. */
function noteError(error: unknown, state: RequestState | undefined): void {
  if (state === undefined || state.isUserDeleted === true) return
  if (!isAboutTheInput(error)) state.failures.push(error)
  else if (error instanceof DatabaseError && error.constraint === 'users_email_key') state.isEmailTaken = true
}

/** Data exceptions and integrity violations (SQLSTATE classes 22 and 23), which better-auth answers with a refusal. */
const isAboutTheInput = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code)

function betterAuthOptions(options: AuthOptions, db: Kysely<unknown>) {
  const { secret, baseUrl, publicUrl, hashing = boundedHashing() } = options
  return {
    // Always set, because better-auth reads unset options from the environment.
    secret,
    secrets: [{ version: 1, value: secret }],
    // The origin only, because a path would override `basePath`, and a proxy has stripped the prefix of the requests.
    baseURL: baseUrl === undefined ? UNKNOWN_BASE_URL : new URL(baseUrl).origin,
    basePath: '/api/auth',
    trustedOrigins: (request?: Request) => [...options.trustedOrigins, ...sameOrigin(baseUrl, request)],

    database: withHashedSessions(kyselyAdapter(db, { type: 'postgres', transaction: true }), options.sessionHashSecret),
    user: {
      modelName: 'users',
      deleteUser: {
        enabled: true,
        // One statement; "on delete cascade" does the rest. better-auth's own statements could stop half-way and leave a user with
        // tasks who cannot sign in.
        beforeDelete: async (user) => {
          await sql`delete from users where id = ${user.id}`.execute(db)
          const state = request.getStore()
          if (state !== undefined) state.isUserDeleted = true
        },
      },
    },
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
    },
    plugins: [bearer()],
    hooks: { before: beforeEndpoint(hashing) },

    telemetry: { enabled: false },
    rateLimit: rateLimitOf(options.countAttempt),
    // Its messages quote bodies and headers, and report refusals as errors. Real failures are thrown.
    logger: { disabled: true },
    // Failures are thrown to the caller, which logs and answers them once.
    onAPIError: { throw: true },
    advanced: {
      useSecureCookies: options.secureCookies === true || (baseUrl?.startsWith('https:') ?? false),
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
    },
  } satisfies BetterAuthOptions
}

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

async function endSurplusSessions(db: Kysely<unknown>, userId: string): Promise<void> {
  await sql`
    delete from user_sessions
    where "userId" = ${userId} and id not in (
      select id from user_sessions where "userId" = ${userId} and "expiresAt" > now()
      order by "createdAt" desc, id limit ${MAX_SESSIONS_PER_USER}
    )`.execute(db)
}
