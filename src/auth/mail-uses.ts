import { sql, type Kysely } from 'kysely'
import { endedWith } from './access-ends.ts'
import { jobNameOf } from '../mail/mail.ts'
import { hashOf, type Purpose } from './mail-tokens.ts'

/** A token that can be used now, and the user whom it belongs to. */
export interface UsableToken {
  readonly userId: string
  readonly purpose: Purpose
  /** Where the link was sent. */
  readonly address: string
  /** The user's address now. */
  readonly email: string
  readonly isVerified: boolean
}

/** An address that was replaced since makes its links void; only the link of a change goes to another one. */
const IS_USABLE = sql`t.used_at is null and t.expires_at > now() and (t.purpose = 'change-email' or t.address = u.email)`

/** Reads and changes nothing. */
export async function findToken(db: Kysely<unknown>, token: string, purposes: readonly Purpose[]) {
  const { rows } = await sql<UsableToken>`
    select u.id as "userId", t.purpose, t.address, u.email, u."emailVerified" as "isVerified"
    from mail_tokens t join users u on u.id = t.user_id
    where t.hash = ${hashOf(token)} and t.purpose = any (${purposes}) and ${IS_USABLE}`.execute(db)
  return rows[0]
}

/**
 * Uses up the token. The row of the user is locked first, so that two requests with links of one user do not deadlock: the second one
 * finds its link used or void.
 */
const used = (token: string, purpose: Purpose) => sql`
  locked as materialized (
    select t.hash, u.id, u.email from mail_tokens t join users u on u.id = t.user_id
    where t.hash = ${hashOf(token)} and t.purpose = ${purpose} for update of u
  ), used as (
    update mail_tokens t set used_at = now() from locked u
    where t.user_id = u.id and t.hash = u.hash and ${IS_USABLE}
    returning t.user_id, t.address, u.email
  )`

const voided = (token: string, purposes: readonly Purpose[]) => sql`
  voided as (
    update mail_tokens t set used_at = now() from used
    where t.user_id = used.user_id and t.used_at is null and t.hash <> ${hashOf(token)} and t.purpose = any (${purposes})
  )`

/**
 * Replaces the password, in one statement: it ends all sessions and all other links of the user, and the address counts as verified.
 * Personal tokens and webhooks stay, as they do when a password is changed: they belong to programs, and their owner ends them one by one.
 * But while the address was never verified, another person may have signed up with it and made them, so the first proof ends them.
 *
 * @param endsWithSessions tables with a column user_id, whose rows of the user are deleted
 * @returns whether the token was usable until now
 */
export async function resetPassword(
  db: Kysely<unknown>,
  token: string,
  passwordHash: string,
  endsWithSessions: readonly string[],
): Promise<boolean> {
  const { rows } = await sql`
    with ${used(token, 'reset-password')}, ${voided(token, ['reset-password', 'change-email', 'verify-email'])},
    ended as (
      delete from user_sessions s using used where s."userId" = used.user_id
    )${endedWith(endsWithSessions)}, proven as (
      update users u set "emailVerified" = true, "updatedAt" = now() from used where u.id = used.user_id
    ), unproven as (
      select todo_end_programs(u.id) from used join users u on u.id = used.user_id where not u."emailVerified"
    ), changed as (
      update user_accounts a set password = ${passwordHash}, "updatedAt" = now() from used
      where a."userId" = used.user_id and a."providerId" = 'credential' returning 1
    ), created as (
      insert into user_accounts (id, "accountId", "providerId", "userId", password, "updatedAt")
      select gen_random_uuid()::text, used.user_id, 'credential', used.user_id, ${passwordHash}, now() from used
      where not exists (select from user_accounts a where a."userId" = used.user_id and a."providerId" = 'credential')
    ), noticed as (
      insert into jobs (name, for_user) select ${jobNameOf('password-changed')}, used.user_id from used
    )
    select (select count(*) from unproven) from used`.execute(db)
  return rows.length > 0
}

/** @returns whether the token was usable until now */
export async function verifyAddress(db: Kysely<unknown>, token: string): Promise<boolean> {
  const { rows } = await sql`
    with ${used(token, 'verify-email')}, ${voided(token, ['verify-email'])},
    verified as (
      update users u set "emailVerified" = true, "updatedAt" = now() from used where u.id = used.user_id
    )
    select 1 from used`.execute(db)
  return rows.length > 0
}

/**
 * Gives the user the address that the token was sent to. All other links of the user become void: they were sent to the old address,
 * or are to replace it.
 *
 * @param found the address that the user has now, and the reference of the mail to it; without one there is no mail
 * @returns whether the token was usable until now
 * @throws DatabaseError (23505) if another user has the address by now
 */
export async function replaceAddress(
  db: Kysely<unknown>,
  token: string,
  { email, notice }: { readonly email: string; readonly notice: object | undefined },
): Promise<boolean> {
  const { rows } = await sql`
    with ${used(token, 'change-email')}, ${voided(token, ['reset-password', 'change-email', 'verify-email'])},
    changed as (
      update users u set email = used.address, "emailVerified" = true, "updatedAt" = now() from used where u.id = used.user_id
    ), noticed as (
      insert into jobs (name, for_user, reference)
      select ${jobNameOf('email-changed')}, used.user_id, ${JSON.stringify(notice ?? {})}::jsonb from used
      where ${notice !== undefined}::boolean and used.email = ${email}
    )
    select 1 from used`.execute(db)
  return rows.length > 0
}

/** After a change of the password: links that were requested before it, perhaps by another person, become void. */
export async function passwordWasChanged(db: Kysely<unknown>, userId: string): Promise<void> {
  await sql`
    with voided as (
      update mail_tokens set used_at = now()
      where user_id = ${userId} and used_at is null and purpose in ('reset-password', 'change-email')
    )
    insert into jobs (name, for_user) values (${jobNameOf('password-changed')}, ${userId})`.execute(db)
}
