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

/** The header better-auth reads the client's address from. Whoever calls `handle` sets it, replacing the client's. */
export const CLIENT_ADDRESS_HEADER = 'x-internal-client-ip'

/** Signing in once more ends the oldest session: unbounded, "revoke all others" would miss those beyond its page. */
export const MAX_SESSIONS_PER_USER = 100

/**
 * better-auth counts UTF-16 code units, of which a code point has one or two. The schemas of the routes count code points, 8 to
 * 128; this only bounds what is hashed.
 */
const PASSWORD_LENGTH = { minPasswordLength: 8, maxPasswordLength: 2 * 128 }

/** A client waits for its answer meanwhile. */
const CLEAN_UP_MS = 1_000

const SECONDS_PER_DAY = 24 * 60 * 60

export interface AuthOptions {
  /** Of connections under the serving role; a pool of one is enough. */
  readonly pool: Pool
  /** The time that a request may have the database for. Unbounded by default. */
  readonly timeBudget?: (() => TimeBudget) | undefined
  /** The role that may read and write the auth tables. */
  readonly systemRole: string
  /** Signs the tokens and cookies that are sent out. At least 32 characters. */
  readonly secret: string
  /** Keys the HMAC under which session tokens are stored. */
  readonly sessionHashSecret: string
  /** Where browsers reach this service, if known. Its scheme decides whether cookies are Secure. */
  readonly baseUrl?: string | undefined
  /** Its path is that of the cookies, so that services under other paths of the host neither see nor replace them. */
  readonly publicUrl?: string | undefined
  /** Cookies only over https even when `baseUrl` does not say so, as behind a proxy that ends TLS. */
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
  /** Learns of a clean-up that failed behind a request that had succeeded. The next one does its work too. */
  readonly onCleanUpFailed?: (error: unknown) => void
}

export interface Auth {
  /**
   * Answers one request under /api/auth, refusals included.
   *
   * @throws what better-auth would have hidden: Problem unavailable (503) when the database is away, and whatever else is
   *   no refusal. better-auth takes a failing query for "signed out" or even "done": a sign-out that could not delete the
   *   session would have answered 200.
   */
  handle(this: void, request: Request): Promise<Response>
  /**
   * Signs a user in who has shown no password, for whoever runs the service.
   *
   * @returns undefined where nobody has this address
   */
  issueSession(this: void, email: string): Promise<{ readonly token: string; readonly userId: string } | undefined>
}

interface RequestState {
  /** Errors of the database that are no answer to the input. */
  readonly failures: unknown[]
  /** One for all its queries. */
  readonly timeBudget: TimeBudget | undefined
  hashedAhead?: { readonly password: string; readonly hash: string }
  /** Another sign-up with the same e-mail address was faster. */
  isEmailTaken?: boolean
  /** Committed: whatever fails from here on cannot make the request fail. */
  isUserDeleted?: boolean
}

const request = new AsyncLocalStorage<RequestState>()

/** Opens nothing and asks the database nothing until the first request. */
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

/** In better-auth's own words. */
const emailTaken = (): Response =>
  Response.json(
    { code: 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL', message: 'User already exists. Use another email.' },
    { status: 422 },
  )
const userDeleted = (): Response => Response.json({ success: true, message: 'User deleted' })

/** better-auth hides errors of the database, or takes them for something else. */
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
    // All three are always given, for what is not given better-auth takes from the environment.
    secret,
    secrets: [{ version: 1, value: secret }],
    // Its path would take the place of `basePath`: better-auth sees requests whose prefix a proxy has stripped.
    baseURL: baseUrl === undefined ? UNKNOWN_BASE_URL : new URL(baseUrl).origin,
    basePath: '/api/auth',
    trustedOrigins: (request?: Request) => [...options.trustedOrigins, ...sameOrigin(baseUrl, request)],

    database: withHashedSessions(kyselyAdapter(db, { type: 'postgres', transaction: true }), options.sessionHashSecret),
    user: {
      modelName: 'users',
      deleteUser: {
        enabled: true,
        // One statement, of which the rest follows by "on delete cascade". better-auth's own several could stop half-way,
        // at a user with tasks and without a way to sign in.
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
      // Any age may list its sessions; what "fresh" guarded besides, deleting the user, takes the password.
      freshAge: 0,
    },
    account: { modelName: 'user_accounts' },
    verification: { modelName: 'user_verifications' },
    databaseHooks: {
      session: {
        create: {
          // A user who has just been made has no other sessions.
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
    // Its messages quote bodies and headers, and say of refusals that they are errors. What really failed it throws.
    logger: { disabled: true },
    // Errors that are no refusals are the caller's to log and to answer, once.
    onAPIError: { throw: true },
    advanced: {
      useSecureCookies: options.secureCookies === true || (baseUrl?.startsWith('https:') ?? false),
      ...(publicUrl !== undefined && { defaultCookieAttributes: { path: new URL(publicUrl).pathname } }),
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS_HEADER] },
      // Left out, they are off under NODE_ENV=test and TEST=1.
      disableOriginCheck: false,
      disableCSRFCheck: false,
      database: {
        // Ours are the migrations and their check; a mismatch found here would be remembered until a restart.
        validateSchema: false,
        defaultFindManyLimit: 10 * MAX_SESSIONS_PER_USER,
      },
    },
  } satisfies BetterAuthOptions
}

/** Its rules and its idea of an address; our store, and our refusal. */
const rateLimitOf = (countAttempt: AuthOptions['countAttempt']): NonNullable<BetterAuthOptions['rateLimit']> =>
  countAttempt === undefined
    ? { enabled: false }
    : {
        enabled: true,
        // It takes the password too, and better-auth has no rule for it.
        customRules: { '/delete-user': { window: 10, max: 3 } },
        customStorage: {
          consume: async (subject, { max, window }) => {
            await countAttempt({ limit: max, windowSeconds: window }, subject)
            return { allowed: true, retryAfter: null }
          },
        },
      }

/** Reserved by RFC 2606: no page can come from it. */
const UNKNOWN_BASE_URL = 'http://base-url-unknown.invalid'

/** While nobody says where this service is, it is where the request says. A page of the same origin is never cross-site. */
const sameOrigin = (baseUrl: string | undefined, request: Request | undefined): readonly string[] =>
  baseUrl === undefined && request !== undefined ? [new URL(request.url).origin] : []

const beforeEndpoint = (hashing: PasswordHashing) =>
  createAuthMiddleware(async ({ path, body }) => {
    const password = passwordOf(body)
    // better-auth would do it for whoever holds a fresh session.
    if (path === '/delete-user' && (password === undefined || password === '')) {
      throw APIError.from('BAD_REQUEST', {
        code: 'PASSWORD_REQUIRED',
        message: 'Deleting your user takes your password',
      })
    }
    if (path === '/sign-up/email' && typeof password === 'string') await hashAhead(password, hashing)
  })

const passwordOf = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'password' in body ? body.password : undefined

/**
 * better-auth hashes a new user's password inside its transaction. That takes some hundred milliseconds of a processor, in
 * which a connection would do nothing: the only one there is, with the embedded database.
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

/** Work behind what was committed: it has time of its own, and its failure is not the request's. */
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
