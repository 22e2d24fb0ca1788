import type { FastifyRequest } from 'fastify'
import { limitHeaders, tooManyRequests, type Admission, type Gate } from './admission.ts'
import type { App } from './app.ts'
import { routeOf } from './route.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Pending since the request began; null if the route is unlimited, and until it is known what the request counts as. */
    admission: Promise<Admission> | null
    /** Begins the admission of a request whose route has `reads`; else null. */
    admit: (() => Promise<Admission>) | null
    /** Set once admission is settled. */
    admitted: Admission | null
  }
  interface FastifyContextConfig {
    /** The route has no rate limit and is answered under overload. */
    readonly unlimited?: true
    /**
     * Whether the request counts as a read, where its method does not say. The admission then begins once the body has been read; of a
     * request that is refused earlier, `body` is undefined.
     */
    readonly reads?: (request: FastifyRequest) => boolean
    /** The route checks a password: after success the request no longer counts against its address. */
    readonly authenticates?: true
  }
}

/**
 * Starts admission when the headers are read and awaits it when the body has arrived. No query runs before admission, so that a
 * client over its limit takes no database connections.
 */
export function limitRates(app: App, gate: Gate): void {
  app.decorateRequest('admission', null)
  app.decorateRequest('admit', null)
  app.decorateRequest('admitted', null)
  app.addHook('onRequest', (request, _reply, done) => {
    const { unlimited, reads } = routeOf(request).config
    if (request.outer !== null) request.admission = request.outer.admission
    else if (reads !== undefined) request.admit = () => gate.admit(request)
    else if (unlimited !== true) {
      request.admission = gate.admit(request)
      // `requireAdmission` reports a rejection. If the client has left, it is not called, and the rejection must not be unhandled.
      request.admission.catch(() => undefined)
    }
    done()
  })
  app.addHook('preValidation', requireAdmission)
  app.addHook('onSend', (request, reply, _payload, done) => {
    const { admitted, principal } = request
    if (admitted !== null) {
      if (!reply.hasHeader('ratelimit')) void reply.headers(limitHeaders(admitted.verdict))
      const isProven = routeOf(request).config.authenticates === true && reply.statusCode < 300
      if (isProven && admitted.userId === undefined) gate.excuse(admitted)
    }
    if (reply.statusCode === 401 && principal !== null) gate.forget(principal)
    done()
  })
}

/** @throws Problem too_many_requests (429), or the error that prevented admission */
export async function requireAdmission(request: FastifyRequest): Promise<void> {
  request.admission ??= request.admit?.() ?? null
  if (request.admission === null) return
  request.admitted = await request.admission
  const { verdict, userId } = request.admitted
  const whose = userId === undefined ? ' from this address' : ''
  if (!verdict.allowed) throw tooManyRequests(verdict, `${verdict.policy.name} requests${whose}`)
}
