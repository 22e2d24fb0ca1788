import type { BetterAuthPlugin } from 'better-auth'
import { createAuthEndpoint, createAuthMiddleware, sensitiveSessionMiddleware } from 'better-auth/api'
import { deleteSessionCookie } from 'better-auth/cookies'
import { sql, type Kysely, type RawBuilder } from 'kysely'

/**
 * What ends when a user signs out everywhere: beside the sessions, what features have given on behalf of the user, such as the access of
 * apps. Personal tokens stay, which their owner ends one by one.
 */

/**
 * In place of better-auth's endpoints of the same paths, so that sessions and access end together, in one statement. It comes after the
 * plugin that reads bearer tokens.
 *
 * @param tables with a column user_id
 */
export const signOutEverywhere = (db: Kysely<unknown>, tables: readonly string[]): BetterAuthPlugin => {
  const end = async (userId: string, exceptSession: string | null): Promise<void> => {
    await sql`
      with used as (select ${userId}::text as user_id), ended as (
        delete from user_sessions s using used where s."userId" = used.user_id and s.id is distinct from ${exceptSession}
      )${endedWith(tables)}
      select 1 from used`.execute(db)
  }
  const use = [sensitiveSessionMiddleware]
  return {
    id: 'sign-out-everywhere',
    endpoints: {
      revokeSessions: createAuthEndpoint('/revoke-sessions', { method: 'POST', use }, async (ctx) => {
        await end(ctx.context.session.user.id, null)
        deleteSessionCookie(ctx)
        return ctx.json({ status: true })
      }),
      revokeOtherSessions: createAuthEndpoint('/revoke-other-sessions', { method: 'POST', use }, async (ctx) => {
        const { user, session } = ctx.context.session
        await end(user.id, session.id)
        return ctx.json({ status: true })
      }),
    },
    hooks: {
      after: [
        {
          // After it, because the endpoint checks the old password.
          matcher: ({ path, body }) => path === '/change-password' && endsOthers(body),
          handler: createAuthMiddleware(async ({ context }) => {
            const userId = context.session?.user.id
            if (userId === undefined || context.returned instanceof Error) return
            await sql`
              with used as (select ${userId}::text as user_id)${endedWith(tables)} select 1 from used`.execute(db)
          }),
        },
      ],
    },
  }
}

/** The same as further parts of a WITH that has `used (user_id)`. */
export const endedWith = (tables: readonly string[]): RawBuilder<unknown> =>
  sql.join(
    tables.map(
      (table, at) => sql`, ${sql.ref(`access_${at}`)} as (
        delete from ${sql.table(table)} access using used where access.user_id = used.user_id
      )`,
    ),
    sql``,
  )

const endsOthers = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'revokeOtherSessions' in body && body.revokeOtherSessions === true
