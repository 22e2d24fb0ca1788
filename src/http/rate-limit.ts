import type { FastifyRequest } from 'fastify'
import { limitHeaders, tooManyRequests, type Admission, type Gate } from './admission.ts'
import type { App } from './app.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** On its way since the request began; null where nothing is limited. */
    admission: Promise<Admission> | null
    /** Once it is known. */
    admitted: Admission | null
  }
  interface FastifyContextConfig {
    /** Costs nobody anything, however often it is asked. */
    readonly unlimited?: true
    /** Proves who is there: where it does, the address gets back what it spent. */
    readonly authenticates?: true
  }
}

/**
 * Asks for admission as soon as the headers are read, and waits for it when the body is in: the store answers meanwhile.
 * Nothing is asked of the database before, so that whoever is over the limit takes no connection from the others.
 */
export function limitRates(app: App, gate: Gate): void {
  app.decorateRequest('admission', null)
  app.decorateRequest('admitted', null)
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.unlimited !== true) {
      request.admission = gate.admit(request)
      // Whoever waits for it hears of it; a client that has left does not.
      request.admission.catch(() => undefined)
    }
    done()
  })
  app.addHook('preValidation', requireAdmission)
  app.addHook('onSend', (request, reply, _payload, done) => {
    const { admitted, principal } = request
    if (admitted !== null) {
      if (!reply.hasHeader('ratelimit')) void reply.headers(limitHeaders(admitted.verdict))
      const isProven = request.routeOptions.config.authenticates === true && reply.statusCode < 300
      if (isProven && admitted.userId === undefined) gate.excuse(admitted)
    }
    if (reply.statusCode === 401 && principal !== null) gate.forget(principal)
    done()
  })
}

/** @throws Problem too_many_requests (429), or why nobody can say whose request it is */
export async function requireAdmission(request: FastifyRequest): Promise<void> {
  if (request.admission === null) return
  request.admitted = await request.admission
  const { verdict, userId } = request.admitted
  const whose = userId === undefined ? ' from this address' : ''
  if (!verdict.allowed) throw tooManyRequests(verdict, `${verdict.policy.name} requests${whose}`)
}
