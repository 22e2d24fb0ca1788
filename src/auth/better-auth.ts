import { betterAuth } from 'better-auth'
import { Kysely } from 'kysely'
import { DatabaseError } from 'pg'
import { systemDialect } from '../db/system-dialect.ts'
import { withinRequest } from './hashed-sessions.ts'
import { betterAuthOptions, type AuthOptions } from './options.ts'
import { request, type RequestState } from './request-state.ts'

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
  /** The id of the user who has this address; undefined if no user has it. For the operator. */
  findUser(this: void, email: string): Promise<string | undefined>
}

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
          if (state.isEmailTaken === true) return emailTaken()
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
    findUser: (email) =>
      asRequest(async () => {
        const { internalAdapter } = await auth.$context
        return (await internalAdapter.findUserByEmail(email.toLowerCase()))?.user.id
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
