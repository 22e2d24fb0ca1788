import type { FastifyRequest } from 'fastify'
import type { Problem } from '../../errors.ts'
import type { Principal } from '../../principal.ts'

/**
 * Looks at a request for one kind of credential, without a query: its principal, a refusal when the credential is there and cannot be
 * valid, or undefined when there is none of this kind, so that the next resolver looks.
 *
 * @param bearer the {@link bearerToken} of the request, which is read once for all resolvers
 */
export type Resolver = (request: FastifyRequest, bearer: string | undefined) => Principal | Problem | undefined

/** The token of `Authorization: Bearer <token>`; undefined without the header or in another form. */
export const bearerToken = ({ headers: { authorization = '' } }: FastifyRequest): string | undefined =>
  /^Bearer +([^\s]+) *$/i.exec(authorization)?.[1]
