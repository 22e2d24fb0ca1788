import type { FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import { Problem } from '../../errors.ts'
import { servicePrincipal } from '../../principal.ts'
import type { Resolver } from './resolver.ts'

type Services = Config['auth']['services']

/** No id of a user is longer. */
const USER_ID_LENGTH_MAX = 255

/** The refusal of two credentials at once, whether or not either is valid. */
export function contradiction({ headers }: FastifyRequest): Problem | undefined {
  if (headers['x-service-auth'] === undefined || headers.authorization === undefined) return undefined
  return new Problem('contradictory_credentials', 'Send either Authorization or X-Service-Auth, not both')
}

/** A service, by `X-Service-Auth` with the user it acts for in `X-User-ID`. */
export function serviceResolver(services: Services): Resolver {
  return ({ headers: { 'x-service-auth': token, 'x-user-id': userId } }) => {
    if (typeof token !== 'string') return undefined
    const service = serviceOf(token, services)
    if (service === undefined) return new Problem('unauthenticated', 'The service token is unknown')
    if (typeof userId !== 'string' || userId.trim() === '') {
      return new Problem(
        'missing_user_id',
        'X-User-ID is required with X-Service-Auth: it names the user the service acts for',
      )
    }
    if (userId.length > USER_ID_LENGTH_MAX) return new Problem('not_found', 'X-User-ID names no user')
    return servicePrincipal(service.name, userId)
  }
}

/** Refuses the token of a service in the header that is for tokens of users. */
export function misplacedServiceToken(services: Services): Resolver {
  return (_request, token) => {
    if (token === undefined || serviceOf(token, services) === undefined) return undefined
    return new Problem(
      'unauthenticated',
      'This is the token of a service: send it as X-Service-Auth, with X-User-ID for the user it acts for. Authorization: Bearer is for session tokens',
    )
  }
}

/** The service that has this token. Every token is compared, in constant time, so that the duration reveals nothing about them. */
function serviceOf(token: string, services: Services): Services[number] | undefined {
  let match: Services[number] | undefined
  for (const each of services) if (each.token.equals(token)) match = each
  return match
}
