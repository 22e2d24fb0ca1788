import { Problem } from '../../errors.ts'
import { sessionPrincipal } from '../../principal.ts'
import { sessionTokenKeys, type CredentialRules } from '../credential.ts'
import { bearerToken, type Resolver } from './resolver.ts'

/** A session, by `Authorization: Bearer`. It is the last resolver of that header: it also refuses what has no valid form. */
export function bearerResolver(rules: CredentialRules): Resolver {
  return (request) => {
    if (request.headers.authorization === undefined) return undefined
    const token = bearerToken(request)
    if (token === undefined) return new Problem('unauthenticated', 'Authorization must be of the form Bearer <token>')
    const keys = sessionTokenKeys(token, rules)
    if (keys === undefined) return new Problem('unauthenticated', 'The token does not have the form of a session token')
    return sessionPrincipal(keys)
  }
}

const AUTH_ROUTES = '/api/auth/'
const SESSION_COOKIE = /(?:^|;\s*)(?:__Secure-)?better-auth\.session_token=([^;\s]+)/

/** A session, by the cookie of the auth server. Only the auth server's own routes accept it; there a malformed cookie is no credential. */
export function cookieResolver(rules: CredentialRules): Resolver {
  return ({ raw: { url = '' }, headers: { cookie = '' } }) => {
    if (!url.startsWith(AUTH_ROUTES)) return undefined
    const [, token] = SESSION_COOKIE.exec(cookie) ?? []
    const keys = token === undefined ? undefined : sessionTokenKeys(token, rules)
    return keys && sessionPrincipal(keys)
  }
}
