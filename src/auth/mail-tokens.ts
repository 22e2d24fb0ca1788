import { createHmac, hash } from 'node:crypto'
import type { Scopes } from '../db/scopes.ts'
import type { Statement } from '../db/wire/statement.ts'
import { purge, purgeOf } from '../db/purge.ts'
import type { JobKind } from '../jobs/kind.ts'

export type Purpose = 'verify-email' | 'reset-password' | 'change-email'

/** How long a link can be used, in seconds. Said in the mails, too. */
export const LIFETIME_S: Readonly<Record<Purpose, number>> = {
  'verify-email': 24 * 60 * 60,
  'reset-password': 60 * 60,
  'change-email': 60 * 60,
}

const HOUR_MS = 60 * 60_000

/** Longer than the retries of a mail last. */
const KEPT_AFTER_EXPIRY = '1 day'

/**
 * The token of the mail of a job. It is derived, so that every attempt to send the mail sends the same token, and neither the job nor
 * any table has to hold it.
 *
 * @param secret of the service, without which the id of the job says nothing about the token
 */
export const tokenOf = (jobId: string, secret: string): string =>
  createHmac('sha256', secret).update(`token in a mail\n${jobId}`, 'utf8').digest('base64url')

/** What the table holds. The token has 256 random bits, so a hash without a key is enough. */
export const hashOf = (token: string): Buffer => hash('sha256', token, 'buffer')

// Each inserts a token for the users that it finds, and prolongs one that an earlier attempt has inserted. It returns no row if there is
// no such user, or if the token has been used or is void.
const ISSUED = `on conflict (user_id, hash) do update set expires_at = excluded.expires_at where mail_tokens.used_at is null
         returning address`
const ISSUE: Readonly<Record<Purpose, Statement>> = {
  'reset-password': {
    name: 'mail.issue_reset',
    text: `insert into mail_tokens (hash, user_id, purpose, address, expires_at)
         select $1, u.id, 'reset-password', u.email, now() + $3 * interval '1 second' from users u where u.email = $2 ${ISSUED}`,
  },
  'verify-email': {
    name: 'mail.issue_verification',
    text: `insert into mail_tokens (hash, user_id, purpose, address, expires_at)
         select $1, u.id, 'verify-email', u.email, now() + $3 * interval '1 second' from users u
         where u.email = $2 and not u."emailVerified" ${ISSUED}`,
  },
  // The job acts for the user, and the address is the new one. A password that was changed while the mail waited makes the request void,
  // as it makes links void.
  'change-email': {
    name: 'mail.issue_change',
    text: `insert into mail_tokens (hash, user_id, purpose, address, expires_at)
         select $1, j.for_user, 'change-email', $2, now() + $3 * interval '1 second' from jobs j
         where j.id = $4 and not exists (select from users u where u.email = $2)
           and not exists (select from user_accounts a where a."userId" = j.for_user and a."updatedAt" > j.created_at) ${ISSUED}`,
  },
}

/** @returns whether the mail is to be sent */
export function issue(
  db: Pick<Scopes, 'asSystem'>,
  purpose: Purpose,
  { token, address, jobId }: { token: string; address: string; jobId: string },
): Promise<boolean> {
  const values = [hashOf(token), address, LIFETIME_S[purpose], ...(purpose === 'change-email' ? [jobId] : [])]
  return db.asSystem('issue the token of a mail', async (sql) => (await sql.row(ISSUE[purpose], values)) !== undefined)
}

const PURGE = purgeOf({
  name: 'mail.purge_tokens',
  table: 'mail_tokens',
  key: ['hash'],
  by: 'expires_at',
  before: `now() - interval '${KEPT_AFTER_EXPIRY}'`,
  lock: 'for update skip locked',
})

/** Deletes tokens that expired more than a day ago. */
export const purgeOfMailTokens = (db: Pick<Scopes, 'asSystem'>): JobKind => ({
  name: 'purge-mail-tokens',
  everyMs: HOUR_MS,
  run: async ({ signal }) => void (await purge(db, 'purge tokens of mails', PURGE, signal)),
})
