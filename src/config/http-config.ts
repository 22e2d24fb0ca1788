import { type EnvReader, host, httpUrl, network, origin } from '../lib/env-reader.ts'
import type { VariableTable } from '../lib/variable.ts'

export const HTTP_VARIABLES = {
  HOST: {
    default: '127.0.0.1',
    does: 'Address to listen on; `0.0.0.0` or `::` for all.',
  },
  PORT: {
    default: '8000',
    does: 'Port to listen on; `0` takes any free one.',
  },
  PUBLIC_URL: {
    does: 'The URL under which clients reach this service, such as `https://example.com/todo`, with the path prefix if a proxy strips one. `Location`, `Link`, `type` of problems and the documents begin with it; without it they are relative to the origin.',
  },
  CORS_ORIGINS: {
    otherNames: ['ALLOWED_ORIGINS'],
    default: 'http://localhost:3000',
    does: 'Comma-separated origins (`scheme://host[:port]`) whose pages may call the service, with credentials, and sign in. `*` and `null` are refused in production.',
  },
  TRUST_PROXY: {
    does: 'Comma-separated addresses and networks of proxies whose `X-Forwarded-*` headers are trusted.',
  },
  WORKERS: {
    default: '1',
    does: 'Processes that share the port, 1 to 64. One that dies is replaced. More than one needs `DATABASE_URL`.',
  },
  SHUTDOWN_TIMEOUT: {
    default: '10',
    does: 'Seconds in which requests in progress have to end after `SIGTERM`.',
  },
  DOCS_ENABLED: {
    default: 'true',
    does: '`false` hides `/docs`, `/redoc`, `/openapi.json` and `/llms.txt`.',
  },
} as const satisfies VariableTable

export interface HttpConfig {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** The URL at which clients reach this service, including a path prefix that a proxy strips; without a slash at the end. */
  readonly publicUrl?: string
  /** Exact origins; outside production also `*` (any) and `null` (sandboxed frames, files). */
  readonly corsOrigins: readonly string[]
  /** IP addresses and CIDR networks whose `X-Forwarded-For` is trusted; usually none. */
  readonly trustProxy: readonly string[]
  /** Processes that share the port. */
  readonly workers: number
  readonly shutdownTimeoutMs: number
  readonly docsEnabled: boolean
}

type Reader = Pick<EnvReader<keyof typeof HTTP_VARIABLES>, 'flag' | 'integer' | 'list' | 'seconds' | 'value'>

export function readHttp(reader: Reader, production: boolean): HttpConfig {
  const publicUrl = reader.value('PUBLIC_URL', undefined, httpUrl)
  return {
    ...(publicUrl !== undefined && { publicUrl }),
    host: reader.value('HOST', '127.0.0.1', host),
    port: reader.integer('PORT', 8000, 0, 65_535),
    corsOrigins: reader.list('CORS_ORIGINS', ['http://localhost:3000'], (entry) => {
      if (entry !== '*' && entry !== 'null') return origin(entry)
      if (production) throw new Error('allows any website; list exact origins in production')
      return entry
    }),
    trustProxy: reader.list('TRUST_PROXY', [], network),
    workers: reader.integer('WORKERS', 1, 1, 64),
    shutdownTimeoutMs: reader.seconds('SHUTDOWN_TIMEOUT', 10_000, 1, 600),
    docsEnabled: reader.flag('DOCS_ENABLED', true),
  }
}
