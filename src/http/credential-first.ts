import type { FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import type { Gate } from './admission.ts'
import { toProblem } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Without a valid credential the answer is 401, whatever else the request says. */
    readonly takesCredential?: true
  }
}

/** Refusals for how a request is written, which are given before the database has seen its credential. */
const ABOUT_THE_FORM: ReadonlySet<number> = new Set([400, 413, 414, 415, 422])

/**
 * A valid request proves its credential in the transaction of its work. One that is refused for its form never gets there, so
 * its credential is proven here: a client whose session has ended must be told that, and not to correct its body. The rate limit
 * has admitted the request, which bounds these look-ups.
 *
 * @returns what to answer instead of `thrown`, or `thrown` itself
 */
export async function credentialFirst(request: FastifyRequest, gate: Gate, thrown: unknown): Promise<unknown> {
  if (request.routeOptions.config.takesCredential !== true) return thrown
  if (!ABOUT_THE_FORM.has(toProblem(thrown).status)) return thrown
  try {
    await gate.prove(request)
    return thrown
  } catch (error) {
    // While the database cannot say, nothing is known against the credential.
    return error instanceof Problem && error.status < 500 ? error : thrown
  }
}
