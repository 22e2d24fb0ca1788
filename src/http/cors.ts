import type { IncomingMessage } from 'node:http'
import type { Config } from '../config.ts'
import type { App } from './server.ts'

const EXPOSED_HEADERS = [
  'ETag',
  'Idempotency-Replayed',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Set-Auth-Token',
  'X-Next-Cursor',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Request-Id',
  'X-Total-Count',
].join(', ')

/** What a preflight is told of every route. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': [
    'Authorization',
    'Content-Type',
    'Idempotency-Key',
    'If-Match',
    'If-None-Match',
    'X-Request-Id',
    'X-Timezone',
  ].join(', '),
  'access-control-max-age': '600',
  // Safari waits for a body otherwise.
  'content-length': '0',
}

/** Tells browsers which origins may read the answers (the Fetch standard, "CORS protocol"). */
export function allowOrigins(app: App, config: Config): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(corsHeaders(config, request.raw))
    done()
  })
}

/** A preflight presents nobody and counts for nobody. */
export function answerPreflights(app: App): void {
  app.addHook('onRequest', ({ method, headers }, reply, done) => {
    const asks = headers.origin !== undefined && headers['access-control-request-method'] !== undefined
    if (method !== 'OPTIONS' || !asks) return done()
    void reply.code(204).headers(PREFLIGHT).send()
  })
}

/** Browsers of exact origins only. Only the auth routes set a cookie, so only they let one along. */
export function corsHeaders(
  { http: { corsOrigins } }: Config,
  { url = '', headers: { origin } }: IncomingMessage,
): Readonly<Record<string, string>> {
  const isAnybody = corsOrigins.includes('*')
  if (origin === undefined || !(isAnybody || corsOrigins.includes(origin))) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': isAnybody ? '*' : origin,
    'access-control-expose-headers': EXPOSED_HEADERS,
    ...(url.startsWith('/api/auth/') && { 'access-control-allow-credentials': 'true' }),
  }
}
