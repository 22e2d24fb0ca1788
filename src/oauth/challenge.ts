import type { FastifyRequest } from 'fastify'
import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { pathOf } from '../http/problem.ts'
import { baseOf, hasConsent } from './base.ts'
import { SCOPES_OF_TOOLS } from './metadata.ts'

/** What an app needs at least: without reading it could not show what it changes. */
const SCOPE_AT_LEAST = 'tasks:read'
const NEEDED = /\bscope="([^"]+)"/

/**
 * The challenges of `POST /mcp`, by which clients find this authorization server (RFC 9728 §5.1). They name all scopes that the app
 * should ask the user for, because clients ask for these and no others. A 401 names those of all tools: many clients cannot ask for more
 * later, and they see only the tools that their scopes allow. The user can allow less.
 */
export function challengeAtMcp(app: App, { config }: Pick<FeatureDeps, 'config'>): void {
  // For all routes: also of features after this one, because Fastify collects hooks when it is ready.
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (reply.statusCode < 400) return done()
    const given = reply.getHeader('www-authenticate')
    if (typeof given === 'string' && isMcp(request) && hasConsent(app)) {
      const needed = NEEDED.exec(given)?.[1]
      const scopes = needed === undefined ? SCOPES_OF_TOOLS : new Set([SCOPE_AT_LEAST, needed])
      const error = needed !== undefined ? 'insufficient_scope' : request.headers.authorization && 'invalid_token'
      const members = [
        ...(error ? [`error="${error}"`] : []),
        `scope="${[...scopes].join(' ')}"`,
        `resource_metadata="${baseOf(request, config)}/.well-known/oauth-protected-resource/mcp"`,
      ]
      void reply.header('www-authenticate', `Bearer ${members.join(', ')}`)
    }
    done()
  })
}

const isMcp = ({ raw: { url = '' } }: FastifyRequest): boolean => pathOf(url) === '/mcp'
