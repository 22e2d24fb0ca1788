import type { FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { configuredUrl } from '../http/app-token.ts'
import type { App } from '../http/app.ts'

type Urls = Pick<Config, 'http' | 'auth'>

/**
 * The URL of this service without a slash at the end, which is its identifier as an issuer (RFC 8414) and as a resource. It is the
 * configured one, or the origin of the request where none is.
 */
export const baseOf = (request: FastifyRequest, config: Urls): string =>
  configuredUrl(config) ?? `${request.protocol}://${request.host}`

/** The resource of `POST /mcp`. */
export const mcpOf = (base: string): string => `${base}/mcp`

/** Whether a client that names this resource (RFC 8707) means this service: its URL, or that of one of its two entrances. */
export function isOurResource(resource: string, base: string): boolean {
  const url = URL.parse(resource)
  if (url === null || url.hash !== '') return false
  // As clients write it: with or without a slash at the end.
  const named = url.href.replace(/\/$/, '')
  const ours = new URL(base).href.replace(/\/$/, '')
  return named === ours || named === mcpOf(ours)
}

/** Whether there is a page on which users can decide. To be asked when all routes are there. */
export const hasConsent = (app: App): boolean => app.hasRoute({ method: 'GET', url: '/consent' })
