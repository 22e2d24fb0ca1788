import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthEndpoint, createAuthMiddleware, sensitiveSessionMiddleware } from 'better-auth/api'
import { sql, type Kysely } from 'kysely'
import type { Fernet } from '../lib/fernet.ts'
import { jobNameOf } from '../mail/mail.ts'
import type { PasswordHashing } from './hashing.ts'
import { findToken, passwordWasChanged, replaceAddress, resetPassword, verifyAddress } from './mail-uses.ts'
import { addressReference } from './mails.ts'
import { request } from './request-state.ts'

/** How the auth server uses mails. */
export interface AuthMail {
  /** Encrypts the addresses in rows of jobs. */
  readonly fernet: Fernet
  /** Makes the runner look for jobs, after a commit. */
  wake(this: void): void
  /**
   * Counts a mail to an address. Without it they are not limited.
   *
   * @returns undefined if it may be sent, otherwise the refusal
   */
  readonly countMail?: ((address: string) => Promise<Error | undefined>) | undefined
  /** Whether users can sign in only with a verified address. */
  readonly requireVerification: boolean
}

const INVALID_LINK = {
  code: 'INVALID_TOKEN',
  message: 'The link is invalid, was used before or has expired: request a new one',
} as const

/** The kinds of mails to an address that a request names. */
type AddressedKind = 'verify-email' | 'reset-password' | 'account-exists'

/**
 * Enqueues a mail to an address, whether or not a user has it: the job finds that out. So the request does the same for every address,
 * and neither its answer nor its time says who has an account. A job is added each time, since a key that keeps a second one from
 * being added would show how long the first one takes.
 */
async function enqueue(db: Kysely<unknown>, kind: AddressedKind, address: string, { fernet, wake }: AuthMail) {
  const reference = JSON.stringify(addressReference(address, fernet))
  await sql`insert into jobs (name, reference) values (${jobNameOf(kind)}, ${reference}::jsonb)`.execute(db)
  wake()
}

/** Mails that the auth server sends without being asked for one. They are left out if the address has had too many. */
export async function sendUnasked(db: Kysely<unknown>, kind: AddressedKind, address: string, mail: AuthMail) {
  if ((await mail.countMail?.(address)) === undefined) await enqueue(db, kind, address, mail)
}

/**
 * The links in mails, in place of better-auth's endpoints of the same paths. Those sign tokens that work until they expire, act on a GET,
 * which mail scanners send, make the token in the request, and do more for an address that has a user than for one that has none.
 *
 * The routes have validated the bodies.
 */
export const mailFlows = (
  db: Kysely<unknown>,
  hashing: PasswordHashing,
  mail: AuthMail,
  endsWithSessions: readonly string[] = [],
): BetterAuthPlugin => {
  const ask = async (kind: AddressedKind, email: string): Promise<void> => {
    const address = email.toLowerCase()
    await refuseTooMany(address, mail)
    await enqueue(db, kind, address, mail)
  }
  return {
    id: 'mail-flows',
    endpoints: {
      requestPasswordReset: createAuthEndpoint('/request-password-reset', { method: 'POST' }, async (ctx) => {
        await ask('reset-password', textOf(ctx.body, 'email'))
        return ctx.json({ status: true })
      }),
      sendVerificationEmail: createAuthEndpoint('/send-verification-email', { method: 'POST' }, async (ctx) => {
        await ask('verify-email', textOf(ctx.body, 'email'))
        return ctx.json({ status: true })
      }),
      resetPassword: createAuthEndpoint('/reset-password', { method: 'POST' }, async (ctx) => {
        const token = textOf(ctx.body, 'token')
        // Before the password is hashed, which is expensive.
        if ((await findToken(db, token, ['reset-password'])) === undefined)
          throw APIError.from('BAD_REQUEST', INVALID_LINK)
        const passwordHash = await hashing.hash(textOf(ctx.body, 'newPassword'))
        if (!(await resetPassword(db, token, passwordHash, endsWithSessions)))
          throw APIError.from('BAD_REQUEST', INVALID_LINK)
        mail.wake()
        return ctx.json({ status: true })
      }),
      verifyEmail: createAuthEndpoint('/verify-email', { method: 'POST' }, async (ctx) => {
        if (!(await useVerification(db, textOf(ctx.body, 'token'), mail)))
          throw APIError.from('BAD_REQUEST', INVALID_LINK)
        return ctx.json({ status: true })
      }),
      changeEmail: changeEmail(db, hashing, mail),
    },
  }
}

async function useVerification(db: Kysely<unknown>, token: string, mail: AuthMail): Promise<boolean> {
  const found = await findToken(db, token, ['verify-email', 'change-email'])
  if (found === undefined) return false
  if (found.purpose === 'verify-email') return verifyAddress(db, token)
  const { email, isVerified } = found
  const notice = isVerified ? addressReference(email, mail.fernet) : undefined
  const isReplaced = await replaceAddress(db, token, { email, notice })
  mail.wake()
  return isReplaced
}

const changeEmail = (db: Kysely<unknown>, hashing: PasswordHashing, mail: AuthMail) =>
  createAuthEndpoint('/change-email', { method: 'POST', use: [sensitiveSessionMiddleware] }, async (ctx) => {
    const { user } = ctx.context.session
    const address = textOf(ctx.body, 'newEmail').toLowerCase()
    if (address === user.email) {
      throw APIError.from('BAD_REQUEST', { code: 'EMAIL_IS_THE_SAME', message: 'This is your address already' })
    }
    // A stolen session must not be enough to take an account over.
    const account = await ctx.context.internalAdapter.findCredentialAccount(user.id)
    const password = textOf(ctx.body, 'password')
    const isRight = await (account?.password
      ? hashing.verify({ hash: account.password, password })
      : hashing.hash(password).then(() => false))
    if (!isRight) throw APIError.from('BAD_REQUEST', { code: 'INVALID_PASSWORD', message: 'Invalid password' })
    await refuseTooMany(address, mail)
    const reference = JSON.stringify(addressReference(address, mail.fernet))
    await sql`
      insert into jobs (name, for_user, reference)
      select name, ${user.id}, ${reference}::jsonb
      from unnest(${[jobNameOf('change-email'), jobNameOf('email-change-requested')]}::text[]) name`.execute(db)
    mail.wake()
    return ctx.json({ status: true })
  })

async function refuseTooMany(address: string, { countMail }: AuthMail): Promise<void> {
  const refusal = await countMail?.(address)
  if (refusal !== undefined) throw refusal
}

/**
 * After a change of the password with the old one. Its failure does not fail the request, which is committed.
 *
 * @param work runs it, and reports its failure
 */
export const afterPasswordChange = (
  db: Kysely<unknown>,
  wake: () => void,
  work: (step: () => Promise<void>) => Promise<void>,
) =>
  createAuthMiddleware(async ({ path, context }) => {
    const userId = context.session?.user.id
    if (path !== '/change-password' || context.returned instanceof Error || userId === undefined) return
    await work(() => passwordWasChanged(db, userId))
    wake()
  })

/** One statement with the deletion, so that the mail is sent if and only if the user is deleted. */
export async function deleteUser(
  db: Kysely<unknown>,
  { id, email }: { readonly id: string; readonly email: string },
  mail: AuthMail | undefined,
): Promise<void> {
  const reference = mail === undefined ? {} : addressReference(email, mail.fernet)
  await sql`
    with gone as (
      delete from users where id = ${id} returning email, "emailVerified"
    )
    insert into jobs (name, reference)
    select ${jobNameOf('account-deleted')}, ${JSON.stringify(reference)}::jsonb from gone
    where "emailVerified" and email = ${email} and ${mail !== undefined}::boolean`.execute(db)
  const state = request.getStore()
  if (state !== undefined) state.isUserDeleted = true
  mail?.wake()
}

const textOf = (body: unknown, name: string): string => {
  const value: unknown =
    typeof body === 'object' && body !== null ? Object.entries(body).find(([key]) => key === name)?.[1] : undefined
  if (typeof value !== 'string') throw new TypeError(`the route has not validated ${name}`)
  return value
}
