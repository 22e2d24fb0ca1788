import type { FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { Problem } from '../errors.ts'
import { SESSION_ONLY } from '../http/access.ts'
import type { App } from '../http/app.ts'
import { hasConsent } from './base.ts'

/** Where apps cannot be connected, the answers say why, and what to use instead. */

const INSTEAD = 'Programs use personal tokens: POST /api/tokens'
const EXTERNAL = `OAuth is off: with AUTH_MODE=external another server signs users in, and this service is no authorization server. ${INSTEAD}`
const NO_CONSENT = `OAuth is off: the page that asks users for consent is hidden (PAGES_ENABLED=false). ${INSTEAD}`

/** All that an app or its user would ask for. The metadata have routes of their own. */
const PATHS = ['/consent', '/oauth/*', '/api/apps', '/api/apps/*']

/** @throws Problem not_found (404) where no user can allow anything */
export function refuseUnlessOn(app: App, { auth }: Pick<Config, 'auth'>): void {
  if (auth.mode === 'external') throw new Problem('not_found', EXTERNAL)
  if (!hasConsent(app)) throw new Problem('not_found', NO_CONSENT)
}

/** The routes of OAuth with an external auth server. They refuse before credentials and bodies are looked at. */
export function offRoutes(app: App): void {
  const refuse = async (_request: FastifyRequest): Promise<never> => {
    throw new Problem('not_found', EXTERNAL)
  }
  for (const url of PATHS) {
    app.route({
      method: ['GET', 'POST', 'DELETE'],
      url,
      schema: { hide: true, security: SESSION_ONLY },
      onRequest: refuse,
      handler: refuse,
    })
  }
}
