import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { ErrorObject } from 'ajv'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import type { Links } from './links.ts'
import { violations } from './validation.ts'

export const PROBLEM_JSON = 'application/problem+json; charset=utf-8'

/** A request id somebody else gave is kept when it is one: it goes into answers and logs. */
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/

/** What a client waits that is told to come back but not when. */
const RETRY_AFTER_S = 2

/**
 * How long the rest of a request is still read, and thrown away, once its refusal has left: a connection closed with bytes
 * unread is reset, and a client that is still writing would lose the answer (RFC 9112 §9.6).
 */
export const LINGER_MS = 2_000

/** A path longer than this is cut in `instance`: it came from the caller. */
const INSTANCE_LENGTH_MAX = 1024

/** The body of every refusal (RFC 9457), flat. @param path as this service was asked for it */
export function problemBody(
  problem: Problem,
  links: Links,
  { path, requestId }: { readonly path: string; readonly requestId: string },
): string {
  const { type, title, status, detail, code, ...more } = problemMembers(problem, links)
  const instance = links.asAsked(path).slice(0, INSTANCE_LENGTH_MAX)
  return JSON.stringify({ type, title, status, detail, instance, code, requestId, ...more })
}

/** What is refused and why, without the request that it was: also for a part of one. */
export function problemMembers({ code, title, status, message, body }: Problem, links: Links) {
  const members = { type: '', title, status, detail: message, code, ...body }
  return { ...members, type: links.to(`/problems/${members.code}`) }
}

/** On the request itself: a WeakMap that every request goes into makes the garbage collector work. */
const NEW_ID = Symbol('the id of a request that came without one')

/** The same for the same request, whoever answers it. */
export function requestIdOf(request: (IncomingMessage & { [NEW_ID]?: string }) | undefined): string {
  const given = request?.headers['x-request-id']
  if (typeof given === 'string' && REQUEST_ID.test(given)) return given
  if (request === undefined) return randomUUID()
  return (request[NEW_ID] ??= randomUUID())
}

export const pathOf = (url: string): string => url.split('?', 1)[0] ?? url

/** The error handler of the whole service: whatever was thrown leaves as a problem, and what is our fault is logged once. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = forMethod(request.method, toProblem(error))
  logFailure(problem, request)
  observe(problem, request)
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer')
  if (problem.status === 503) void reply.header('retry-after', String(RETRY_AFTER_S))
  const body = problemBody(problem, request.server.links, {
    path: pathOf(request.raw.url ?? '/'),
    requestId: request.id,
  })
  void reply.code(problem.status).headers(problem.headers).type(PROBLEM_JSON)
  if (request.raw.complete || request.method === 'HEAD') return reply.send(body)
  return reply.header('content-length', Buffer.byteLength(body)).send(Readable.from(lingering(body, request.raw)))
}

function observe({ code, status }: Problem, { server: { observer }, headers, raw }: FastifyRequest): void {
  // The client has left, or was answered on the bare socket.
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

/** What only reads may be repeated, whatever became of it. */
function forMethod(method: string, problem: Problem): Problem {
  if (problem.code !== 'outcome_unknown' || (method !== 'GET' && method !== 'HEAD')) return problem
  return new Problem('unavailable', 'The database cannot be reached or is busy; try again shortly', problem)
}

/** The whole answer at once; its end only when the request has ended too, or has had its time to. */
async function* lingering(body: string, request: IncomingMessage): AsyncGenerator<string> {
  yield body
  request.resume()
  await finished(request, { signal: AbortSignal.timeout(LINGER_MS) }).catch(() => undefined)
}

/** Fastify's own refusals, by its code. Any other of its 4xx is a malformed request; anything else is our fault. */
const FASTIFY_REFUSALS: Readonly<Record<string, () => Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new Problem('body_too_large', 'The body is larger than 1 MiB'),
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
    // Fastify's declaration is a subset of what Ajv gives.
    return Problem.invalid(violations(validation as ErrorObject[], validationContext ?? 'body'))
  }
  const refusal = code === undefined ? undefined : FASTIFY_REFUSALS[code]
  if (refusal !== undefined) return refusal()
  // ECONNRESET: the client went away in the middle of its body.
  const fromFastify = code !== undefined && (code.startsWith('FST_') || code === 'ECONNRESET')
  if (fromFastify && statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem('malformed_request', 'The request is malformed', { cause: error })
  }
  return new Problem('internal', 'Something went wrong here; the request id finds it in the log', { cause: error })
}
