import type { RouteOptions } from 'fastify'
import { SCOPE_NAMES, type Need, type Scope } from '../principal.ts'
import { refusalsOfUnlimited } from './wire.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by {@link declareAccess}: the scope that a personal token needs; `any`: it must be valid. Undefined where none is accepted. */
    readonly needs?: Need | undefined
    /** Set by {@link declareAccess}: a service may not use the route. */
    readonly refusesServices?: boolean
  }
}

/** As in the OpenAPI document: alternatives, each with the security schemes that it takes together, and the scopes of each. */
type Security = readonly Readonly<Record<string, readonly string[]>>[]

const SERVICE: Security = [{ service: [], userId: [] }]

/**
 * The `security` of an operation that sessions and services may use, and personal tokens with the scope. Both are bearers and one scheme of
 * the document: of two schemes, generated clients send two Authorization headers, or ask for two credentials.
 */
export const scoped = (scope: Scope): Security => [{ session: [scope] }, ...SERVICE]
/** The `security` of an operation that only a session may use. */
export const SESSION_ONLY: Security = [{ session: [] }]
/** The `security` of an operation that sessions and services may use, and no credential that is limited to scopes. */
export const UNLIMITED: Security = [{ session: [] }, ...SERVICE]
/** The `security` of an operation that only a service may use; its handler refuses others. */
export const SERVICE_ONLY = SERVICE

/**
 * Makes the `security` of an operation its check: `signedIn` and the admission pass on the scope, the database compares it with the
 * credential. Documents the 403 that results.
 *
 * @throws Error for a route under `/api` that does not say which credentials it takes, or names more than one scope
 */
export function declareAccess(route: RouteOptions): void {
  if (!route.url.startsWith('/api/')) return
  const { security = [] } = route.schema ?? {}
  const scopes = security.flatMap(({ session = [] }) => session)
  const needs = SCOPE_NAMES.find((scope) => scope === scopes[0])
  const isDeclared = scopes.length === 0 ? security.length > 0 : scopes.length === 1 && needs !== undefined
  if (!isDeclared) {
    throw new Error(`${String(route.method)} ${route.url} needs a security of http/access.ts, with one scope at most`)
  }
  route.config = { ...route.config, needs, refusesServices: !security.some((each) => 'service' in each) }
  const refused = refusalsOfUnlimited(needs === undefined ? 'forbidden' : 'insufficient_scope')
  route.schema = { ...route.schema, response: { 403: refused['403'], ...Object(route.schema?.response) } }
}
