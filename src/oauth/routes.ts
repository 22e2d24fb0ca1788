import type { FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import type { FeatureDeps } from '../feature.ts'
import { CODE_PREFIX, openAppTokenHashing } from '../http/app-token.ts'
import type { App } from '../http/app.ts'
import { isDryRun } from '../http/dry-run.ts'
import { signedIn } from '../http/identify.ts'
import { once } from '../http/once.ts'
import { newToken } from '../http/opaque-token.ts'
import { openOutbound } from '../outbound/outbound.ts'
import { checkAuthorization, clientIdOf, unusableClient, type Authorization } from './authorization.ts'
import { baseOf } from './base.ts'
import { isDocumentUrl, openClientDocuments } from './client-documents.ts'
import { findClient } from './client-store.ts'
import { refuseUnlessOn } from './off.ts'
import { openOAuthMetrics } from './metrics.ts'
import * as operations from './operations.ts'
import { destinationOf, withAnswer } from './redirects.ts'
import { AuthorizationAnswer, AuthorizationDecision, AuthorizationRequest, ConnectedApp } from './schema.ts'
import * as store from './store.ts'
import { ACCESS_SECONDS } from './token-store.ts'

const APPS = '/api/apps'
const AUTHORIZATION = `${APPS}/authorization`

const DAY_MS = 24 * 60 * 60_000

/** Connected apps, and the decision to connect one. Only sessions reach these routes, so that no app can connect another one. */
export function appRoutes(app: App, deps: FeatureDeps): void {
  const { config, db } = deps
  for (const schema of [ConnectedApp, AuthorizationRequest, AuthorizationDecision, AuthorizationAnswer]) {
    app.addSchema(schema)
  }
  const check = openCheck(app, deps)
  const hashing = openAppTokenHashing(config)
  const metrics = openOAuthMetrics(deps.metrics.registry)

  app.get(APPS, { schema: operations.listApps }, async (request, reply) =>
    reply.send(await db.asUser(signedIn(request), store.list)),
  )

  app.delete(`${APPS}/:clientId`, { schema: operations.disconnectApp }, async (request, reply) => {
    const { clientId } = request.params
    await db.asUser(signedIn(request), (sql) => store.disconnect(sql, clientId), { once: once(request, reply) })
    return reply.code(204).send(null)
  })

  app.get(AUTHORIZATION, { schema: operations.describeAuthorization }, async (request, reply) => {
    const { client, redirectUri, scopes, mayRefresh } = await check(request, request.query.request)
    const lastsMs = mayRefresh ? store.GRANT_DAYS * DAY_MS : ACCESS_SECONDS * 1000
    return reply.send({
      clientId: client.id,
      name: client.name,
      destination: destinationOf(redirectUri),
      scopes: [...scopes],
      isRenewable: mayRefresh,
      expiresAt: new Date(Date.now() + lastsMs).toISOString(),
    })
  })

  app.post(AUTHORIZATION, { schema: operations.decideAuthorization }, async (request, reply) => {
    const { decision, scopes, request: query } = request.body
    const asked = await check(request, query)
    const { redirectUri, state } = asked
    const answer = (members: Readonly<Record<string, string>>) =>
      reply.send({ redirectTo: withAnswer(redirectUri, { ...members, state, iss: baseOf(request, config) }) })
    if (decision === 'deny') {
      if (!isDryRun(request)) metrics.decided('deny')
      return answer({ error: 'access_denied', error_description: 'The user has refused the access' })
    }
    const given = { ...asked, scopes: chosenScopes(asked, scopes) }
    const code = newToken(CODE_PREFIX)
    const repeatable = once(request, reply)
    let isReplayed = false
    const onReplay = (): void => {
      isReplayed = true
      repeatable?.onReplay()
    }
    // The result, which is stored under the Idempotency-Key, is without the code.
    await db.asUser(signedIn(request), (sql) => store.connect(sql, given, hashing(code)[0]), {
      once: repeatable && { ...repeatable, onReplay },
    })
    if (isReplayed || isDryRun(request)) return reply.send({ redirectTo: null })
    metrics.decided('allow')
    return answer({ code })
  })
}

/** @throws Problem invalid_input (422) for a scope that the app did not ask for */
function chosenScopes({ scopes }: Authorization, chosen: Authorization['scopes'] | undefined): Authorization['scopes'] {
  const surplus = chosen?.findIndex((each) => !scopes.includes(each)) ?? -1
  if (chosen === undefined) return scopes
  if (surplus === -1) return chosen
  const detail = `scopes.${surplus} must be one of those that the app asks for: ${scopes.join(', ')}`
  throw Problem.invalid([{ in: 'body', pointer: `/scopes/${surplus}`, detail }])
}

/** The check of an authorization request, for a session that was proven before anything is read for it. */
function openCheck(app: App, { config, db }: FeatureDeps) {
  const reach = config.environment === 'development' ? 'local' : 'public'
  const outbound = openOutbound({ reach, allowedHosts: [] })
  app.addHook('onClose', () => outbound[Symbol.asyncDispose]())
  const documents = openClientDocuments(outbound, app.log)

  return async (request: FastifyRequest, query: string): Promise<Authorization> => {
    refuseUnlessOn(app, config)
    // First, so that anonymous callers cannot make this service call another server.
    await db.asUser(signedIn(request), store.who)
    const parameters = new URLSearchParams(query)
    const id = clientIdOf(parameters)
    const client = isDocumentUrl(id)
      ? await documents.read(id)
      : await db.asSystem('read an app that registered itself', (sql) => findClient(sql, id))
    if (client === undefined) throw unusableClient('client_id is unknown: the app must register again')
    return checkAuthorization(parameters, client, baseOf(request, config))
  }
}
