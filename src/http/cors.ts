import type { IncomingMessage } from 'node:http'
import type { Config } from '../config.ts'

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
]

/** Browsers of exact origins only. Only the auth routes set a cookie, so only they let one along. */
export const corsOptions = (config: Config, { url = '', headers }: IncomingMessage) => ({
  origin: config.http.corsOrigins.includes('*') ? '*' : [...config.http.corsOrigins],
  credentials: url.startsWith('/api/auth/'),
  preflight: headers.origin !== undefined && headers['access-control-request-method'] !== undefined,
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: [
    'Authorization',
    'Content-Type',
    'Idempotency-Key',
    'If-Match',
    'If-None-Match',
    'X-Request-Id',
    'X-Timezone',
  ],
  exposedHeaders: [...EXPOSED_HEADERS],
  maxAge: 600,
  strictPreflight: false,
})

/** The same for what is refused before the framework looks. */
export function corsHeaders(
  { http: { corsOrigins } }: Config,
  { url = '', headers: { origin } }: IncomingMessage,
): Readonly<Record<string, string>> {
  const isAnybody = corsOrigins.includes('*')
  if (origin === undefined || !(isAnybody || corsOrigins.includes(origin))) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': isAnybody ? '*' : origin,
    'access-control-expose-headers': EXPOSED_HEADERS.join(', '),
    ...(url.startsWith('/api/auth/') && { 'access-control-allow-credentials': 'true' }),
  }
}
