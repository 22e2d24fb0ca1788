import type { FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { Problem } from '../errors.ts'
import type { Principal } from '../principal.ts'
import { sessionTokenKeys, type CredentialRules } from './credential.ts'
import type { App } from './app.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who presents themselves; nothing of it is proven. */
    principal: Principal | null
    /** Why there is no principal. */
    unidentified: Problem | null
  }
}

type Services = Config['auth']['services']

/** Longer than any id of a user; whoever sends more names nobody. */
const USER_ID_LENGTH_MAX = 255

/** Finds out who presents themselves, for every request. Refuses nobody: that is for the routes that take a principal. */
export function identify(app: App, auth: Config['auth']): void {
  const rules = credentialRules(auth)
  app.decorateRequest('principal', null)
  app.decorateRequest('unidentified', null)
  app.addHook('onRequest', (request, _reply, done) => {
    try {
      request.principal = presented(request, rules, auth.services)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      request.unidentified = error
    }
    done()
  })
}

export const credentialRules = (auth: Config['auth']): CredentialRules => ({
  storage: auth.tokenStorage,
  sessionHashSecret: auth.sessionHashSecret?.reveal() ?? '',
  signingSecret: auth.betterAuthSecret?.reveal(),
})

/** Makes every route registered on `app` from here on one for principals: who presents none is refused before anything else. */
export function requirePrincipal(app: App): void {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, takesCredential: true }
  })
  app.addHook('onRequest', (request, _reply, done) => done(request.unidentified ?? undefined))
}

/** The principal of a request to a route behind {@link requirePrincipal}. */
export function signedIn(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('the route is not behind requirePrincipal')
  return request.principal
}

/** @throws Problem contradictory_credentials (400) when a session and a service are presented at once */
export function refuseContradiction({ headers }: FastifyRequest): void {
  if (headers['x-service-auth'] !== undefined && headers.authorization !== undefined) {
    throw new Problem('contradictory_credentials', 'Send either Authorization or X-Service-Auth, not both')
  }
}

function presented(request: FastifyRequest, rules: CredentialRules, services: Services): Principal {
  refuseContradiction(request)
  const { headers } = request
  const { authorization, 'x-service-auth': serviceToken } = headers
  if (typeof serviceToken === 'string') return service(serviceToken, headers['x-user-id'], services)
  if (authorization === undefined) {
    throw unauthenticated('Send Authorization: Bearer <token>, with the token of a session')
  }
  const [, token] = /^Bearer +([^\s]+) *$/i.exec(authorization) ?? []
  if (token === undefined) throw unauthenticated('Authorization must be of the form Bearer <token>')
  if (serviceOf(token, services) !== undefined) {
    throw unauthenticated(
      'This is the token of a service: send it as X-Service-Auth, with X-User-ID for the user it acts for. Authorization: Bearer is for session tokens',
    )
  }
  const tokenKeys = sessionTokenKeys(token, rules)
  if (tokenKeys === undefined) throw unauthenticated('The token does not have the form of a session token')
  return { kind: 'session', tokenKeys }
}

function service(token: string, userId: string | string[] | undefined, services: Services): Principal {
  const match = serviceOf(token, services)
  if (match === undefined) throw unauthenticated('The service token is unknown')
  if (typeof userId !== 'string' || userId.trim() === '') {
    throw new Problem('missing_user_id', 'A service says for whom it acts: send X-User-ID')
  }
  if (userId.length > USER_ID_LENGTH_MAX) throw new Problem('not_found', 'X-User-ID names no user')
  return { kind: 'service', service: match.name, userId }
}

/** The service that has this token. Every token is compared, in constant time, so that the duration reveals nothing about them. */
function serviceOf(token: string, services: Services): Services[number] | undefined {
  let match: Services[number] | undefined
  for (const each of services) if (each.token.equals(token)) match = each
  return match
}

const unauthenticated = (detail: string): Problem => new Problem('unauthenticated', detail)
