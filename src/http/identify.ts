import type { FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { Problem } from '../errors.ts'
import { isLimited, lacksScope, type Principal } from '../principal.ts'
import { declareAccess } from './access.ts'
import type { App } from './app.ts'
import { openAppTokenHashing } from './app-token.ts'
import type { CredentialRules } from './credential.ts'
import { isDryRun } from './dry-run.ts'
import { openPersonalTokenHashing } from './personal-token.ts'
import { appResolver } from './resolvers/app.ts'
import { bearerToken, type Resolver } from './resolvers/resolver.ts'
import { contradiction, misplacedServiceToken, serviceResolver } from './resolvers/service.ts'
import { bearerResolver, cookieResolver } from './resolvers/session.ts'
import { personalTokenResolver } from './resolvers/token.ts'
import { routeOf } from './route.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling, as presented: `db.asUser` proves it. */
    principal: Principal | null
    /** The refusal for a route that takes a principal, when there is none. */
    unidentified: Problem | null
    /** On the clock of `performance.now()`. */
    arrivedAtMs: number
  }
}

/** What the resolvers compare credentials with. */
export type Credentials = Pick<Config, 'auth' | 'encryptionKeys' | 'http'>

/** In this order; the first that gives a principal or a refusal decides. A kind of credential is one resolver. */
export function resolversOf(config: Credentials): readonly Resolver[] {
  const { auth, encryptionKeys } = config
  const rules = credentialRules(auth)
  return [
    contradiction,
    serviceResolver(auth.services),
    misplacedServiceToken(auth.services),
    personalTokenResolver(openPersonalTokenHashing(encryptionKeys)),
    appResolver(openAppTokenHashing(config)),
    bearerResolver(rules),
    cookieResolver(rules),
  ]
}

const credentialRules = (auth: Config['auth']): CredentialRules => ({
  storage: auth.tokenStorage,
  sessionHashSecret: auth.sessionHashSecret?.reveal() ?? '',
  signingSecret: auth.betterAuthSecret?.reveal(),
})

/** Finds the principal of every request, and refuses none: routes that take a principal do ({@link requirePrincipal}). */
export function identify(app: App, credentials: Credentials): void {
  const resolvers = resolversOf(credentials)
  app.decorateRequest('principal', null)
  app.decorateRequest('unidentified', null)
  app.decorateRequest('arrivedAtMs', 0)
  app.addHook('onRequest', (request, _reply, done) => {
    request.arrivedAtMs = performance.now()
    const { outer } = request
    const presented = outer === null ? resolve(request, resolvers) : (outer.principal ?? outer.unidentified)
    if (presented instanceof Problem) request.unidentified = presented
    else request.principal = presented
    done()
  })
}

function resolve(request: FastifyRequest, resolvers: readonly Resolver[]): Principal | Problem {
  const bearer = bearerToken(request)
  for (const resolver of resolvers) {
    const presented = resolver(request, bearer)
    if (presented !== undefined) return presented
  }
  return new Problem(
    'unauthenticated',
    'Send Authorization: Bearer <token>, with the token of a session, a personal token, or the access token of a connected app',
  )
}

/**
 * Makes every route that is registered on `app` from here on refuse requests without a principal, before any other refusal, and
 * accept the principals that its `security` names.
 */
export function requirePrincipal(app: App): void {
  app.addHook('onRoute', (route) => {
    declareAccess(route)
    route.config = { ...route.config, takesCredential: true }
  })
  app.addHook('onRequest', (request, _reply, done) => done(request.unidentified ?? misplacedService(request)))
}

/** A service is known to the process, so it is refused before the body is read. */
function misplacedService(request: FastifyRequest): Problem | undefined {
  if (request.principal?.kind !== 'service' || routeOf(request).config.refusesServices !== true) return undefined
  return new Problem('forbidden', 'Only the user may do this, with a session: services may not')
}

/** The principal of a request to a route behind {@link requirePrincipal}, with the request that it makes and what that needs. */
export function signedIn(request: FastifyRequest): Principal {
  const { id, principal } = request
  if (principal === null) throw new Error('the route is not behind requirePrincipal')
  const { schema, config } = routeOf(request)
  const operation = schema?.operationId ?? ''
  const { needs } = config
  const { arrivedAtMs } = request
  return { ...principal, origin: { requestId: id, operation, needs, isDryRun: isDryRun(request), arrivedAtMs } }
}

/** For routes that only sessions use. @throws Problem forbidden (403) for a personal token or an access token, valid or not */
export function refuseLimited({ principal }: FastifyRequest): void {
  if (principal !== null && isLimited(principal)) throw lacksScope(principal, undefined)
}

/** @throws Problem contradictory_credentials (400) when a session and a service are presented at once */
export function refuseContradiction(request: FastifyRequest): void {
  const refusal = contradiction(request)
  if (refusal !== undefined) throw refusal
}
