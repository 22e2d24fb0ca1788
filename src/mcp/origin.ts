import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { Problem } from '../errors.ts'

/**
 * Refuses requests of web pages that may not call the service, as MCP requires against DNS rebinding: a page can make its own name point
 * to this machine, and the browser then sends its requests here. CORS does not help, because for the browser they are of one origin.
 *
 * @throws Problem forbidden (403)
 */
export type OriginCheck = (this: void, request: FastifyRequest) => void

export function openOriginCheck({ http: { host, publicUrl, corsOrigins } }: Config): OriginCheck {
  const own = publicUrl === undefined ? undefined : new URL(publicUrl)
  const isLocal = isLoopback(host)
  return ({ headers }) => {
    const asked = hostNameOf(headers.host ?? '')
    // A name that this machine has in a network is not known, so only a service that is reachable from this machine alone checks it.
    if (isLocal && !isLoopback(asked) && asked !== own?.hostname) {
      throw new Problem('forbidden', 'Host is not a name of this service: configure it in PUBLIC_URL')
    }
    const { origin } = headers
    if (origin === undefined || corsOrigins.includes(origin) || corsOrigins.includes('*')) return
    // The service's own pages. The name must be known to be its own, or a rebound name would be accepted.
    if (origin === own?.origin || (isLoopback(asked) && URL.parse(origin)?.host === headers.host)) return
    throw new Problem('forbidden', 'Pages of this Origin may not call the service: list it in CORS_ORIGINS')
  }
}

/** Of a Host header: without the port, and without the brackets of an IPv6 address. */
const hostNameOf = (host: string): string => URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, '') ?? ''

const isLoopback = (name: string): boolean =>
  name === 'localhost' || name.endsWith('.localhost') || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
