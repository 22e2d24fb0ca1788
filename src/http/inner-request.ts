import inject from 'light-my-request'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { Problem } from '../errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The request of a client that this one is part of; null for a request that came from a client itself. */
    readonly outer: FastifyRequest | null
  }
  interface FastifyContextConfig {
    /** The handler does its work by {@link requestWithin}. Those requests take turns; the route takes none. */
    readonly hasInnerRequests?: true
  }
}

/** Set on the object of the inner request, so that nothing a client sends can look like it. */
const OUTER = Symbol('the request that an inner request is part of')

type Inner = IncomingMessage & { [OUTER]?: FastifyRequest }

/** Must be called before the hooks that look at `outer` are added. */
export function allowInnerRequests(app: Pick<FastifyInstance, 'decorateRequest'>): void {
  app.decorateRequest('outer', {
    getter() {
      return outerOf(this.raw)
    },
  })
}

/** As `outer`, also of requests that the router refused: those have no members of ours. */
export const outerOf = (raw: IncomingMessage): FastifyRequest | null =>
  // Set below, and absent on requests of clients.
  (raw as Inner)[OUTER] ?? null

export interface InnerRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** The path of a route, with its query. */
  readonly url: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface InnerAnswer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<OutgoingHttpHeaders>
  /** Empty if the answer has no body. */
  readonly text: string
}

/**
 * Executes a route of this service as part of the request of a client: with all checks of the route, in the turn of the user, as the same
 * principal and under the same request id. It was admitted and is logged, measured and traced with the outer request. If the client
 * leaves while the inner request waits for its turn, it is not executed.
 *
 * @throws Problem overloaded (503) if the client has left
 */
export async function requestWithin(
  outer: FastifyRequest,
  reply: FastifyReply,
  { method, url, body, headers }: InnerRequest,
): Promise<InnerAnswer> {
  let abandon = (): void => undefined
  const answer = inject(
    (raw, response) => {
      ;(raw as Inner)[OUTER] = outer
      abandon = () => void response.destroy()
      reply.raw.once('close', abandon)
      outer.server.routing(raw, response)
    },
    {
      method,
      url,
      headers: {
        ...headers,
        'x-request-id': outer.id,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { payload: JSON.stringify(body) }),
      // The options are made here: checking them takes a tenth of the whole request.
      validate: false,
    },
  )
  try {
    const { statusCode, headers: answered, payload } = await answer
    return { status: statusCode, headers: answered, text: payload }
  } catch (error) {
    if (!reply.raw.destroyed) throw error
    // It is not sent, and not logged as a failure of the service.
    throw new Problem('overloaded', 'The client has left', { cause: error })
  } finally {
    reply.raw.off('close', abandon)
  }
}
