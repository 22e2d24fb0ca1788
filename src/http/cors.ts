import type { IncomingMessage } from 'node:http'
import type { Config } from '../config/config.ts'
import type { App } from './app.ts'

const EXPOSED_HEADERS = [
  'Dry-Run',
  'ETag',
  'Idempotency-Replayed',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Set-Auth-Token',
  // Names the authorization server, and the scopes that a client lacks.
  'WWW-Authenticate',
  'X-Change-Id',
  'X-Has-More',
  'X-Next-Cursor',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Request-Id',
  'X-Sync-Cursor',
  'X-Total-Count',
].join(', ')

/** Headers of the answer to a preflight, for every route. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': [
    'Authorization',
    'Content-Type',
    'Idempotency-Key',
    'If-Match',
    'If-None-Match',
    'Last-Event-ID',
    // The Model Context Protocol.
    'Mcp-Method',
    'Mcp-Name',
    'MCP-Protocol-Version',
    'X-Request-Id',
    'X-Timezone',
    // Tracing libraries add these to every request of a page (W3C Trace Context, W3C Baggage).
    'baggage',
    'traceparent',
    'tracestate',
  ].join(', '),
  'access-control-max-age': '600',
  // Without it Safari waits for a body.
  'content-length': '0',
}

/** Tells browsers which origins may read the answers (the Fetch standard, "CORS protocol"). */
export function allowOrigins(app: App, config: Config): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(corsHeaders(config, request.raw))
    done()
  })
}

/** Answers preflights before authentication and rate limits, because they carry no credential. */
export function answerPreflights(app: App): void {
  app.addHook('onRequest', ({ method, headers }, reply, done) => {
    const asks = headers.origin !== undefined && headers['access-control-request-method'] !== undefined
    if (method !== 'OPTIONS' || !asks) return done()
    void reply.code(204).headers(PREFLIGHT).send()
  })
}

/**
 * The CORS headers of an answer. A page of a listed origin may send credentials to every route: with `credentials: 'include'` a
 * browser blocks an answer that does not allow them, even if the page authenticates with a bearer token. Cookies authenticate
 * nothing outside `/api/auth`. `*` and `null` allow any website, which therefore may not send credentials. Any website may also read
 * well-known documents, which have no personal data.
 */
export function corsHeaders(
  { http: { corsOrigins } }: Config,
  { headers: { origin }, url = '' }: IncomingMessage,
): Readonly<Record<string, string>> {
  const isListed = origin !== undefined && corsOrigins.includes(origin)
  const isForAll = corsOrigins.includes('*') || url.startsWith('/.well-known/')
  if (origin === undefined || !(isListed || isForAll)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': isListed ? origin : '*',
    'access-control-expose-headers': EXPOSED_HEADERS,
    ...(isListed && origin !== 'null' && origin !== '*' && { 'access-control-allow-credentials': 'true' }),
  }
}
