import type { IncomingHttpHeaders } from 'node:http'
import { Problem } from '../../errors.ts'
import { sessionPrincipal } from '../../principal.ts'
import { sessionTokenKeys, type CredentialRules } from '../credential.ts'
import type { Resolver } from './resolver.ts'

/** A session, by `Authorization: Bearer`. It is the last resolver of that header: it also refuses what has no valid form. */
export function bearerResolver(rules: CredentialRules): Resolver {
  return ({ headers }, token) => {
    if (headers.authorization === undefined) return undefined
    if (token === undefined) return new Problem('unauthenticated', 'Authorization must be of the form Bearer <token>')
    const keys = sessionTokenKeys(token, rules)
    if (keys === undefined) return new Problem('unauthenticated', 'The token does not have the form of a session token')
    return sessionPrincipal(keys)
  }
}

const AUTH_ROUTES = '/api/auth/'
const SESSION_COOKIE = /(?:^|;\s*)(?:__Secure-)?better-auth\.session_token=([^;\s]+)/

/** The token in the session cookie of the auth server, which the bearer resolver accepts too; undefined without that cookie. */
export const tokenOfCookie = ({ cookie = '' }: IncomingHttpHeaders): string | undefined =>
  SESSION_COOKIE.exec(cookie)?.[1]

/** A session, by the cookie of the auth server. Only the auth server's own routes accept it; there a malformed cookie is no credential. */
export function cookieResolver(rules: CredentialRules): Resolver {
  return ({ raw: { url = '' }, headers }) => {
    if (!url.startsWith(AUTH_ROUTES)) return undefined
    const token = tokenOfCookie(headers)
    const keys = token === undefined ? undefined : sessionTokenKeys(token, rules)
    return keys && sessionPrincipal(keys)
  }
}
