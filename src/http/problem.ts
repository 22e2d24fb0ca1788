import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { ErrorObject } from 'ajv'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import { DETAILS } from '../problems.ts'
import { outerOf } from './inner-request.ts'
import type { Links } from './links.ts'
import { isNavigation, problemPage } from './problem-page.ts'
import { violations } from './violations.ts'

export const PROBLEM_JSON = 'application/problem+json; charset=utf-8'

/** The request ids that are accepted from a caller. They appear in answers and logs. */
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/

/** The Retry-After of a 503 that has none. */
const RETRY_AFTER_S = 2

/**
 * How long the rest of a request is read and discarded after its refusal was sent. A connection that is closed with unread bytes is
 * reset, and a client that is still writing would lose the answer (RFC 9112 §9.6).
 */
export const LINGER_MS = 2_000

/** `instance` is cut to this length, because the path is the caller's text. */
const INSTANCE_LENGTH_MAX = 1024

/** The body of every refusal (RFC 9457). @param path as this service received it */
export function problemBody(
  problem: Problem,
  links: Links,
  { path, requestId }: { readonly path: string; readonly requestId: string },
): string {
  const { type, title, status, detail, code, ...more } = problemMembers(problem, links)
  const instance = links.asAsked(path).slice(0, INSTANCE_LENGTH_MAX)
  return JSON.stringify({ type, title, status, detail, instance, code, requestId, ...more })
}

/** The members that do not depend on the request; also for an operation of a batch. */
export function problemMembers({ code, title, status, message, body }: Problem, links: Links) {
  const members = { type: '', title, status, detail: message, code, ...body }
  return { ...members, type: links.to(`/problems/${members.code}`) }
}

/** Stored on the request itself: a WeakMap with an entry for every request burdens the garbage collector. */
const NEW_ID = Symbol('the id of a request that came without one')

/** Returns the same id for the same request, in whichever layer it is answered. */
export function requestIdOf(request: (IncomingMessage & { [NEW_ID]?: string }) | undefined): string {
  const given = request?.headers['x-request-id']
  if (typeof given === 'string' && REQUEST_ID.test(given)) return given
  if (request === undefined) return randomUUID()
  return (request[NEW_ID] ??= randomUUID())
}

export const pathOf = (url: string): string => url.split('?', 1)[0] ?? url

/**
 * The error handler of the service: every error is answered as a problem, or as a page to a browser that navigates. Our own failures are
 * logged once.
 */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = forMethod(request.method, toProblem(error))
  logFailure(problem, request)
  observe(problem, request)
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer')
  if (problem.status === 503) void reply.header('retry-after', String(RETRY_AFTER_S))
  const path = pathOf(request.raw.url ?? '/')
  void reply.code(problem.status).headers(problem.headers).type(PROBLEM_JSON)
  const body = isNavigation(request, path)
    ? problemPage(problem, request, reply)
    : problemBody(problem, request.server.links, { path, requestId: request.id })
  if (request.raw.complete || request.method === 'HEAD') return reply.send(body)
  return reply.header('content-length', Buffer.byteLength(body)).send(Readable.from(lingering(body, request.raw)))
}

function observe({ code, status }: Problem, { server: { observer }, headers, raw }: FastifyRequest): void {
  // What becomes of the refusal of an inner request is decided by the outer one.
  if (outerOf(raw) !== null) return
  // The client has left, or was answered directly on the socket.
  if (raw.socket.destroyed || raw.socket.writableEnded) return
  observer.refused(code)
  if (status !== 401) return
  const { authorization, 'x-service-auth': service } = headers
  observer.unauthenticated(service !== undefined ? 'service' : authorization !== undefined ? 'bearer' : 'none')
}

/** Logs each 5xx, but `overloaded`, which is logged once a second for all. */
function logFailure(problem: Problem, { log }: FastifyRequest): void {
  const { logLevel = 'error' } = problem.kind
  if (problem.status < 500 || logLevel === 'never') return
  log[logLevel]({ err: problem.cause ?? problem }, problem.message)
}

/** A read is safe to repeat, so an unknown outcome is answered as `unavailable`. */
function forMethod(method: string, problem: Problem): Problem {
  if (problem.code !== 'outcome_unknown' || (method !== 'GET' && method !== 'HEAD')) return problem
  return new Problem('unavailable', DETAILS.unavailable, problem)
}

/** Sends the whole body at once, but ends the answer only when the request has ended or LINGER_MS have passed. */
async function* lingering(body: string, request: IncomingMessage): AsyncGenerator<string> {
  yield body
  request.resume()
  await finished(request, { signal: AbortSignal.timeout(LINGER_MS) }).catch(() => undefined)
}

/** Fastify's own refusals by its error code. Its other 4xx are malformed requests; any other error is our own. */
const FASTIFY_REFUSALS: Readonly<Record<string, () => Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new Problem('body_too_large', 'The body is larger than this operation accepts'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new Problem('unsupported_media_type', 'The body must be JSON: send Content-Type: application/json'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new Problem('malformed_request', 'The body does not have the length that Content-Length announced'),
  FST_ERR_BAD_URL: () => new Problem('malformed_request', 'The path is not a valid percent-encoded URL'),
  FST_ERR_MAX_PARAM_LENGTH: () => new Problem('uri_too_long', 'A part of the path is too long'),
}

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const { code, statusCode, validation, validationContext } = (error ?? {}) as Partial<FastifyError>
  if (validation !== undefined) {
    // Fastify declares a subset of Ajv's type.
    return Problem.invalid(violations(validation as ErrorObject[], validationContext ?? 'body'))
  }
  const refusal = code === undefined ? undefined : FASTIFY_REFUSALS[code]
  if (refusal !== undefined) return refusal()
  // ECONNRESET: the client left while it sent its body.
  const fromFastify = code !== undefined && (code.startsWith('FST_') || code === 'ECONNRESET')
  if (fromFastify && statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem('malformed_request', 'The request is malformed', { cause: error })
  }
  return new Problem('internal', DETAILS.internal, { cause: error })
}
