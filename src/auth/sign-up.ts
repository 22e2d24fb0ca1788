import type { BetterAuthPlugin } from 'better-auth'
import { createAuthEndpoint, formCsrfMiddleware, signUpEmail } from 'better-auth/api'
import { sql, type Kysely } from 'kysely'
import { timeZoneNamed } from '../lib/time-zone.ts'
import { jobNameOf } from '../mail/mail.ts'
import type { AuthMail } from './mail-flows.ts'
import { addressReference } from './mails.ts'

/**
 * The sign-up where users need a verified address, in place of better-auth's of the same path. That one sends the database more statements
 * for an address that has no user than for one that has, so its time says who has an account. Here every sign-up hashes one password
 * and sends one statement, whose bytes have the same number for both. The statement creates the user, unless the address has one, and
 * enqueues one mail. Only the insertion of the rows of a new user differs, inside of the database.
 *
 * The route has validated the body.
 */
export const verifiedSignUp = (db: Kysely<unknown>, mail: AuthMail): BetterAuthPlugin => ({
  id: 'verified-sign-up',
  endpoints: {
    signUpEmail: createAuthEndpoint(
      '/sign-up/email',
      { method: 'POST', use: [formCsrfMiddleware], body: signUpEmail().options.body },
      async (ctx) => {
        const { name, email, password, image = null } = ctx.body
        const now = new Date()
        const user = {
          name,
          email: email.toLowerCase(),
          emailVerified: false,
          image,
          createdAt: now,
          updatedAt: now,
          // Of an address that has a user it is one that no user has.
          id: idOf(ctx.context.generateId({ model: 'user' })),
        }
        const passwordHash = await ctx.context.password.hash(password)
        await signUp(db, mail, {
          user,
          passwordHash,
          accountId: idOf(ctx.context.generateId({ model: 'account' })),
          timezone: timeZoneNamed(ctx.headers?.get('x-timezone') ?? '') ?? null,
          isMailed: (await mail.countMail?.(user.email)) === undefined,
        })
        mail.wake()
        return ctx.json({ token: null, user })
      },
    ),
  },
})

interface NewUser {
  readonly user: {
    readonly id: string
    readonly name: string
    readonly email: string
    readonly image: string | null
    readonly createdAt: Date
  }
  readonly accountId: string
  readonly passwordHash: string
  readonly timezone: string | null
  /** False if the address has had too many mails. */
  readonly isMailed: boolean
}

async function signUp(
  db: Kysely<unknown>,
  { fernet }: AuthMail,
  { user: { id, name, email, image, createdAt }, accountId, passwordHash, timezone, isMailed }: NewUser,
): Promise<void> {
  const reference = JSON.stringify(addressReference(email, fernet))
  await sql`
    with new_user as (
      insert into users (id, name, email, "emailVerified", image, "createdAt", "updatedAt")
      values (${id}, ${name}, ${email}, false, ${image}, ${createdAt}, ${createdAt})
      on conflict (email) do nothing returning id
    ), account as (
      insert into user_accounts (id, "accountId", "providerId", "userId", password, "createdAt", "updatedAt")
      select ${accountId}, id, 'credential', id, ${passwordHash}, ${createdAt}, ${createdAt} from new_user
    ), zone as (
      insert into user_settings (user_id, timezone)
      select id, ${timezone}::text from new_user where ${timezone}::text is not null and todo_knows_zone(${timezone}::text)
    )
    insert into jobs (name, reference)
    select case when exists (select from new_user) then ${jobNameOf('verify-email')} else ${jobNameOf('account-exists')} end,
      ${reference}::jsonb
    limit ${isMailed ? 1 : 0}`.execute(db)
}

function idOf(made: string | false): string {
  if (made === false) throw new Error('the database makes no ids of users')
  return made
}
