import { createHash } from 'node:crypto'
import type { SystemSql } from '../db/sql.ts'
import type { Statement } from '../db/wire/statement.ts'
import { ACCESS_PREFIX, REFRESH_PREFIX } from '../http/app-token.ts'
import { newToken, type TokenHashing } from '../http/opaque-token.ts'
import type { Scope } from '../principal.ts'
import { isDocumentUrl } from './client-documents.ts'
import { findClient } from './client-store.ts'
import { OAuthError, type Replay } from './oauth-error.ts'

/** What the token endpoint reads and writes, for apps: they have no session of the user. */

export const ACCESS_SECONDS = 60 * 60
export const REFRESH_DAYS = 30
/** How long a refresh token can be used again after it was exchanged, because the answer may have been lost. */
export const GRACE_SECONDS = 30
/** Tokens of a grant. The oldest are deleted: an app that needs more is not working as it should. */
const TOKENS_MAX = 200

const FIND_CODE: Statement = {
  name: 'oauth.find_code',
  text: `select user_id as "userId", id as "grantId", client_id as "clientId", redirect_uri as "redirectUri", scopes,
           may_refresh as "mayRefresh", code_challenge as "codeChallenge", code_used_at is not null as "isUsed",
           code_expires_at > now() as "isFresh"
         from oauth_grants where code_hash = any ($1) for update`,
}
const USE_CODE: Statement = {
  name: 'oauth.use_code',
  text: 'update oauth_grants set code_used_at = now() where user_id = $1 and id = $2 returning id',
}
const NOTE_CONNECTION: Statement = {
  name: 'oauth.note_connection',
  text: 'update oauth_clients set connected_at = now() where id::text = $1 returning id',
}
// Locks the grant, so that two exchanges of one token follow each other.
const FIND_REFRESH: Statement = {
  name: 'oauth.find_refresh',
  text: `select g.user_id as "userId", g.id as "grantId", g.client_id as "clientId", g.scopes, t.hash,
           t.expires_at > now() and g.expires_at > now() as "isFresh",
           t.replaced_at < now() - make_interval(secs => $2) as "isReplayed"
         from oauth_tokens t join oauth_grants g on g.user_id = t.user_id and g.id = t.grant_id
         where t.hash = any ($1) and t.kind = 'refresh' for update of g`,
}
const REPLACE: Statement = {
  name: 'oauth.replace',
  text: `update oauth_tokens set replaced_at = coalesce(replaced_at, now()) where user_id = $1 and hash = $2 returning hash`,
}
// No token outlives its grant.
const ISSUE: Statement = {
  name: 'oauth.issue',
  text: `insert into oauth_tokens (user_id, grant_id, hash, kind, scopes, expires_at)
         select g.user_id, g.id, made.hash, made.kind, $3, least(g.expires_at, now() + make_interval(secs => made.seconds))
         from oauth_grants g, unnest($4::text[], $5::text[], $6::int[]) as made (hash, kind, seconds)
         where g.user_id = $1 and g.id = $2
         returning hash`,
}
const TRIM: Statement = {
  name: 'oauth.trim',
  text: `delete from oauth_tokens where user_id = $1 and grant_id = $2 and (expires_at <= now() or hash in (
           select hash from oauth_tokens where user_id = $1 and grant_id = $2 order by created_at desc, hash offset $3))
         returning hash`,
}
const END_GRANT: Statement = {
  name: 'oauth.end_grant',
  text: 'delete from oauth_grants where user_id = $1 and id = $2 returning id',
}
const FIND_TOKEN: Statement = {
  name: 'oauth.find_token',
  text: `select t.user_id as "userId", t.grant_id as "grantId", t.hash, t.kind, g.client_id as "clientId"
         from oauth_tokens t join oauth_grants g on g.user_id = t.user_id and g.id = t.grant_id
         where t.hash = any ($1)`,
}
const END_TOKEN: Statement = {
  name: 'oauth.end_token',
  text: 'delete from oauth_tokens where user_id = $1 and hash = $2 returning hash',
}

interface Grant {
  readonly userId: string
  readonly grantId: string
  readonly clientId: string
  readonly scopes: readonly Scope[]
}
interface Code extends Grant {
  readonly redirectUri: string
  readonly mayRefresh: boolean
  readonly codeChallenge: string
  readonly isUsed: boolean
  readonly isFresh: boolean
}
interface Refresh extends Grant {
  readonly hash: string
  readonly isFresh: boolean
  readonly isReplayed: boolean | null
}

/** The members of an answer of the token endpoint. */
export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly scopes: readonly Scope[]
}

/** A refusal, which is returned and not thrown, because what was ended must be committed. */
type Outcome = Tokens | OAuthError

/** Exchanges an authorization code (RFC 6749 §4.1.3). A code that is used twice has leaked: what followed from it ends. */
export async function exchangeCode(
  sql: SystemSql,
  hashing: TokenHashing,
  given: { readonly code: string; readonly clientId: string; readonly redirectUri: string; readonly verifier: string },
): Promise<Outcome> {
  const code = await sql.row<Code & object>(FIND_CODE, [hashing(given.code)])
  if (code === undefined) return invalidGrant('The code is unknown or has expired')
  if (code.isUsed) {
    await sql.rows(END_GRANT, [code.userId, code.grantId])
    return invalidGrant('The code was used before: the access that followed from it has ended', replayOf('code', code))
  }
  if (!code.isFresh) return invalidGrant('The code is unknown or has expired')
  if (code.clientId !== given.clientId) return invalidGrant('The code was made for another client_id')
  if (code.redirectUri !== given.redirectUri)
    return invalidGrant('redirect_uri is not that of the authorization request')
  if (challengeOf(given.verifier) !== code.codeChallenge) {
    return invalidGrant('code_verifier does not match the code_challenge of the authorization request')
  }
  await sql.rows(USE_CODE, [code.userId, code.grantId])
  await sql.rows(NOTE_CONNECTION, [code.clientId])
  return await issue(sql, hashing, code, code.scopes, code.mayRefresh)
}

/**
 * Exchanges a refresh token for the next one (RFC 6749 §6). Within the grace it can be repeated, because an answer can get lost. A later
 * use means that two programs have it, and ends the grant (RFC 9700 §4.14).
 *
 * @param scopes what the app asks for, of what was granted; undefined for all of it
 */
export async function refresh(
  sql: SystemSql,
  hashing: TokenHashing,
  given: { readonly token: string; readonly clientId: string; readonly scopes: readonly Scope[] | undefined },
): Promise<Outcome> {
  const found = await sql.row<Refresh & object>(FIND_REFRESH, [hashing(given.token), GRACE_SECONDS])
  if (found === undefined && !(await isKnown(sql, given.clientId))) return unknownClient()
  if (found === undefined || !found.isFresh) return invalidGrant('The refresh token is unknown, expired or revoked')
  if (found.clientId !== given.clientId) return invalidGrant('The refresh token was made for another client_id')
  if (found.isReplayed === true) {
    await sql.rows(END_GRANT, [found.userId, found.grantId])
    return invalidGrant(
      'The refresh token was replaced before: the access has ended, and the user must connect the app again',
      replayOf('refresh', found),
    )
  }
  const scopes = given.scopes ?? found.scopes
  const missing = scopes.find((each) => !found.scopes.includes(each))
  if (missing !== undefined) return new OAuthError('invalid_scope', `The user did not grant the scope ${missing}`)
  await sql.rows(REPLACE, [found.userId, found.hash])
  const tokens = await issue(sql, hashing, found, scopes, true)
  await sql.rows(TRIM, [found.userId, found.grantId, TOKENS_MAX])
  return tokens
}

/** Ends a token (RFC 7009): with a refresh token all that the app has from the same consent, else the access token alone. */
export async function revoke(sql: SystemSql, hashing: TokenHashing, token: string, clientId: string): Promise<void> {
  const found = await sql.row<{ userId: string; grantId: string; hash: string; kind: string; clientId: string }>(
    FIND_TOKEN,
    [hashing(token)],
  )
  if (found === undefined || found.clientId !== clientId) return
  if (found.kind === 'refresh') await sql.rows(END_GRANT, [found.userId, found.grantId])
  else await sql.rows(END_TOKEN, [found.userId, found.hash])
}

async function issue(
  sql: SystemSql,
  hashing: TokenHashing,
  { userId, grantId }: Grant,
  scopes: readonly Scope[],
  mayRefresh: boolean,
): Promise<Tokens> {
  const accessToken = newToken(ACCESS_PREFIX)
  const refreshToken = mayRefresh ? newToken(REFRESH_PREFIX) : undefined
  const made = [
    { hash: hashing(accessToken)[0], kind: 'access', seconds: ACCESS_SECONDS },
    ...(refreshToken === undefined
      ? []
      : [{ hash: hashing(refreshToken)[0], kind: 'refresh', seconds: REFRESH_DAYS * 24 * 60 * 60 }]),
  ]
  await sql.rows(ISSUE, [
    userId,
    grantId,
    scopes,
    made.map(({ hash }) => hash),
    made.map(({ kind }) => kind),
    made.map(({ seconds }) => seconds),
  ])
  return { accessToken, refreshToken, scopes }
}

const isKnown = async (sql: SystemSql, clientId: string): Promise<boolean> =>
  isDocumentUrl(clientId) || (await findClient(sql, clientId)) !== undefined

/** Libraries then forget the id and register again. Otherwise each attempt would send the user to a page that refuses the id. */
const unknownClient = (): OAuthError =>
  new OAuthError('invalid_client', 'client_id is unknown: the app must register again', { status: 401 })

const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')

const invalidGrant = (description: string, replay?: Replay): OAuthError =>
  new OAuthError('invalid_grant', description, replay && { replay })

const replayOf = (what: Replay['what'], { userId, clientId }: Grant): Replay => ({ what, userId, clientId })
