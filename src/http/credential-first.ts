import type { FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import type { Gate } from './admission.ts'
import { toProblem } from './problem.ts'
import { routeOf } from './route.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Requests without a valid credential get 401 even if they are also invalid in other ways. */
    readonly takesCredential?: true
  }
}

/** Problems of a request's form, which are found before the database checks its credential. */
const ABOUT_THE_FORM: ReadonlySet<number> = new Set([400, 413, 414, 415, 422])

/**
 * A valid request proves its credential in the transaction of its work. A request that is refused for its form never gets there, so
 * its credential is checked here: a client whose session has ended must get 401, and not correct its body. The rate limit has admitted
 * the request, which bounds these look-ups.
 *
 * @returns the problem to answer with: `thrown`, or one that takes precedence
 */
export async function credentialFirst(request: FastifyRequest, gate: Gate, thrown: unknown): Promise<unknown> {
  if (routeOf(request).config.takesCredential !== true) return thrown
  if (!ABOUT_THE_FORM.has(toProblem(thrown).status)) return thrown
  try {
    await gate.prove(request)
    return thrown
  } catch (error) {
    // If the database is not available, the credential counts as valid.
    return error instanceof Problem && error.status < 500 ? error : thrown
  }
}
