import { Type } from 'typebox'
import type { FeatureDeps } from '../feature.ts'
import { addressOf, tooManyRequests } from '../http/admission.ts'
import { CODE_PREFIX, openAppTokenHashing, REFRESH_PREFIX } from '../http/app-token.ts'
import type { App } from '../http/app.ts'
import { isIntactToken, type TokenHashing } from '../http/opaque-token.ts'
import type { Scope } from '../principal.ts'
import { readScope, UNKNOWN_SCOPE } from './authorization.ts'
import { baseOf, isOurResource } from './base.ts'
import { MetadataFault, readMetadata, type ClientMetadata } from './client-metadata.ts'
import { registerClient } from './client-store.ts'
import { formOf, openForms, openRefusing, type Form } from './form.ts'
import { openOAuthMetrics, type OAuthMetrics } from './metrics.ts'
import { OAuthError } from './oauth-error.ts'
import { refuseUnlessOn } from './off.ts'
import { oauthSettings } from './settings.ts'
import { ACCESS_SECONDS, exchangeCode, refresh, revoke, type Tokens } from './token-store.ts'

/** Registrations of one address. Each writes a row before any user has consented. */
const REGISTRATIONS = { name: 'registration', limit: 20, windowSeconds: 60 * 60 }
/** RFC 7636 §4.1. */
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/

/** No parameters, so that no token is sent in a URL, which logs and histories keep. */
const schema = { hide: true, querystring: Type.Object({}, { additionalProperties: false }), body: Type.Unknown() }

/**
 * What apps call by themselves: the token endpoint, revocation (RFC 7009) and registration (RFC 7591). Their refusals have the form of
 * OAuth, because libraries of apps read it.
 */
export async function tokenRoutes(app: App, deps: FeatureDeps): Promise<void> {
  const { config, db } = deps
  const hashing = openAppTokenHashing(config)
  const metrics = openOAuthMetrics(deps.metrics.registry)
  const refusing = openRefusing(metrics)
  await app.register(async (forms: App) => {
    openForms(forms)
    // After success it no longer counts for the address: it proved to be an app that a user has connected.
    const proving = { schema, config: { authenticates: true } } as const

    forms.post(
      '/oauth/token',
      proving,
      refusing(async (request, reply) => {
        const form = formOf(request)
        const base = baseOf(request, config)
        if (!form.all('resource').every((each) => isOurResource(each, base))) {
          throw new OAuthError('invalid_target', `resource must be ${base} or ${base}/mcp`)
        }
        const outcome = await grantOf(form, hashing, db)
        if (outcome instanceof OAuthError) throw outcome
        metrics.issued(form.get('grant_type') === 'refresh_token' ? 'refresh_token' : 'authorization_code')
        return reply.send(tokenAnswer(outcome))
      }),
    )

    forms.post(
      '/oauth/revoke',
      { schema },
      refusing(async (request, reply) => {
        const form = formOf(request)
        const [token, clientId] = [form.required('token'), form.required('client_id')]
        await db.asSystem('revoke a token of an app', (sql) => revoke(sql, hashing, token, clientId))
        return reply.send({})
      }),
    )
  })
  registrationRoute(app, deps, metrics)
}

async function grantOf(form: Form, hashing: TokenHashing, db: FeatureDeps['db']): Promise<Tokens | OAuthError> {
  const [grantType, clientId] = [form.required('grant_type'), form.required('client_id')]
  if (grantType === 'authorization_code') {
    const given = {
      clientId,
      code: form.required('code'),
      redirectUri: form.required('redirect_uri'),
      verifier: form.required('code_verifier'),
    }
    if (!isIntactToken(given.code, CODE_PREFIX)) return new OAuthError('invalid_grant', 'The code is malformed')
    if (!VERIFIER.test(given.verifier)) return new OAuthError('invalid_grant', 'code_verifier is malformed')
    return await db.asSystem('exchange the code of an app', (sql) => exchangeCode(sql, hashing, given))
  }
  if (grantType === 'refresh_token') {
    const given = { clientId, token: form.required('refresh_token'), scopes: scopesOf(form) }
    if (!isIntactToken(given.token, REFRESH_PREFIX)) return new OAuthError('invalid_grant', 'The token is malformed')
    return await db.asSystem('refresh the token of an app', (sql) => refresh(sql, hashing, given))
  }
  return new OAuthError('unsupported_grant_type', 'grant_type must be authorization_code or refresh_token')
}

function registrationRoute(app: App, { config, db, limits }: FeatureDeps, metrics: OAuthMetrics): void {
  const refusing = openRefusing(metrics)
  app.post(
    '/oauth/register',
    { schema },
    refusing(async (request, reply) => {
      refuseUnlessOn(app, config)
      if (!oauthSettings.of(config).dynamicRegistration) {
        throw new OAuthError(
          'invalid_request',
          'Registration is off (OAUTH_DYNAMIC_REGISTRATION): use the URL of a metadata document as client_id',
          { status: 403 },
        )
      }
      const metadata = metadataOf(request.body)
      const verdict = await limits.take(REGISTRATIONS, `address:${addressOf(request.ip)}`)
      if (!verdict.allowed) throw tooManyRequests(verdict, 'registrations from this address')
      const created = await db.asSystem('register an app', (sql) => registerClient(sql, metadata))
      if (created === undefined) {
        throw new OAuthError('temporarily_unavailable', 'Too many apps have registered in the last day', {
          status: 503,
        })
      }
      metrics.registered()
      return reply.code(201).send({
        client_id: created.id,
        client_id_issued_at: created.issuedAt,
        client_name: metadata.name,
        redirect_uris: metadata.redirectUris,
        grant_types: ['authorization_code', ...(metadata.mayRefresh ? ['refresh_token'] : [])],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      })
    }),
  )
}

function scopesOf(form: Form): readonly Scope[] | undefined {
  const scope = form.get('scope')
  if (scope === undefined || scope.trim() === '') return undefined
  const { scopes, hasUnknown } = readScope(scope)
  if (hasUnknown) throw new OAuthError('invalid_scope', UNKNOWN_SCOPE)
  return scopes
}

const tokenAnswer = ({ accessToken, refreshToken, scopes }: Tokens): object => ({
  access_token: accessToken,
  token_type: 'Bearer',
  expires_in: ACCESS_SECONDS,
  ...(refreshToken !== undefined && { refresh_token: refreshToken }),
  scope: scopes.join(' '),
})

function metadataOf(body: unknown): ClientMetadata {
  try {
    return readMetadata(body)
  } catch (error) {
    throw error instanceof MetadataFault ? new OAuthError(error.error, error.message) : error
  }
}
