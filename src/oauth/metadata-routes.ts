import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { configuredUrl } from '../http/app-token.ts'
import { pathOf } from '../http/problem.ts'
import { SCOPE_NAMES } from '../principal.ts'
import { baseOf, mcpOf } from './base.ts'
import { resourceMetadata, SCOPES_OF_TOOLS, serverMetadata } from './metadata.ts'
import { refuseUnlessOn } from './off.ts'
import { oauthSettings } from './settings.ts'

const SERVER = '/.well-known/oauth-authorization-server'
const RESOURCE = '/.well-known/oauth-protected-resource'

/** Apps fetch them at each connection, from any site: CORS allows it for all well-known paths. */
const HEADERS = {
  'cache-control': 'public, max-age=300',
  'cross-origin-resource-policy': 'cross-origin',
}

/**
 * The metadata of the authorization server and of the resources. The path of PUBLIC_URL follows the well-known one (RFC 8414 §3.1): a
 * proxy passes it on as it is, or strips the prefix, so each document is at both paths.
 */
export function metadataRoutes(app: App, { config }: Pick<FeatureDeps, 'config'>): void {
  const offered = { ...oauthSettings.of(config), hasDocs: config.http.docsEnabled }
  const prefix = new URL(configuredUrl(config) ?? 'http://localhost').pathname.replace(/\/$/, '')
  /** What follows the well-known path, as this service gets it, without the prefix. */
  const restOf = (request: FastifyRequest, wellKnown: string): string => {
    const rest = decodeURI(pathOf(request.raw.url ?? ''))
      .slice(wellKnown.length)
      .replace(/\/$/, '')
    return prefix !== '' && (rest === prefix || rest.startsWith(`${prefix}/`)) ? rest.slice(prefix.length) : rest
  }
  const answer = (reply: FastifyReply, document: object | undefined): FastifyReply => {
    if (document === undefined) throw new Problem('not_found', 'There are no metadata of this path')
    return reply.headers(HEADERS).send(document)
  }
  const route = (url: string, documentOf: (request: FastifyRequest) => object | undefined): void => {
    for (const path of [url, `${url}/*`]) {
      app.get(path, { schema: { hide: true } }, async (request, reply) => {
        refuseUnlessOn(app, config)
        return answer(reply, documentOf(request))
      })
    }
  }
  route(SERVER, (request) =>
    restOf(request, SERVER) === '' ? serverMetadata(baseOf(request, config), offered) : undefined,
  )
  route(RESOURCE, (request) => {
    const base = baseOf(request, config)
    const rest = restOf(request, RESOURCE)
    if (rest === '') return resourceMetadata({ url: base, scopes: SCOPE_NAMES }, base, offered)
    const hasMcp = app.hasRoute({ method: 'POST', url: '/mcp' })
    if (rest !== '/mcp' || !hasMcp) return undefined
    return resourceMetadata({ url: mcpOf(base), scopes: SCOPES_OF_TOOLS }, base, offered)
  })
}
