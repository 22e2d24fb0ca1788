import type { Socket } from 'node:net'
import type { ErrorObject } from 'ajv'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import { violations } from './validation.ts'

export const PROBLEM_JSON = 'application/problem+json; charset=utf-8'

/** A path longer than this is cut in `instance`: it came from the caller. */
const INSTANCE_LENGTH_MAX = 1024

/** The body of every refusal (RFC 9457), flat. */
export function problemBody(problem: Problem, { path, requestId }: { path: string; requestId: string }): string {
  return JSON.stringify({
    type: `/problems/${problem.code}`,
    title: problem.title,
    status: problem.status,
    detail: problem.message,
    instance: path.slice(0, INSTANCE_LENGTH_MAX),
    code: problem.code,
    requestId,
    ...problem.body,
  })
}

export const pathOf = (url: string): string => url.split('?', 1)[0] ?? url

/** The error handler of the whole service: whatever was thrown leaves as a problem, and what is our fault is logged once. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error)
  if (problem.status >= 500) request.log.error({ err: problem.cause ?? problem }, problem.message)
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer')
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .type(PROBLEM_JSON)
    .send(problemBody(problem, { path: pathOf(request.raw.url ?? '/'), requestId: request.id }))
}

/** Fastify's own refusals, by its code. Any other of its 4xx is a malformed request; anything else is our fault. */
const FASTIFY_REFUSALS: Readonly<Record<string, () => Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new Problem('body_too_large', 'The body is larger than 1 MiB'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new Problem('unsupported_media_type', 'The body must be JSON: send Content-Type: application/json'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new Problem('malformed_request', 'The body does not have the length that Content-Length announced'),
  FST_ERR_BAD_URL: () => new Problem('malformed_request', 'The path is not a valid percent-encoded URL'),
  FST_ERR_MAX_PARAM_LENGTH_EXCEEDED: () => new Problem('uri_too_long', 'A part of the path is too long'),
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
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem('malformed_request', 'The request is malformed', { cause: error })
  }
  return new Problem('internal', 'Something went wrong here; the request id finds it in the log', { cause: error })
}

/** What Node's HTTP parser gave up on, by its code. */
const PARSER_REFUSALS: Readonly<Record<string, () => Problem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: () => new Problem('request_timeout', 'The request did not arrive in time'),
  HPE_HEADER_OVERFLOW: () => new Problem('headers_too_large', 'The request line and headers are larger than 16 KiB'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => new Problem('body_too_large', 'The chunk extensions are too large'),
}

/**
 * Answers a request that never became one, on its bare socket, and closes it: after a parse error nothing that follows can
 * be trusted.
 */
export function refuseConnection(
  error: NodeJS.ErrnoException,
  socket: Socket,
  headers: Readonly<Record<string, string>>,
): void {
  // Node keeps the answer under way there; once its head is out, another head would only garble it.
  const { _httpMessage: answer } = socket as Socket & { _httpMessage?: { headersSent?: boolean } }
  if (error.code === 'ECONNRESET' || !socket.writable || answer?.headersSent === true) {
    socket.destroy()
    return
  }
  const problem =
    PARSER_REFUSALS[error.code ?? '']?.() ?? new Problem('malformed_request', 'The request is not valid HTTP/1.1')
  writeProblem(socket, problem, headers)
}

/** A whole HTTP/1.1 answer on a bare socket, which is then closed. */
export function writeProblem(socket: Socket, problem: Problem, headers: Readonly<Record<string, string>>): void {
  const requestId = crypto.randomUUID()
  const body = problemBody(problem, { path: '/', requestId })
  const head = {
    ...headers,
    ...problem.headers,
    'content-type': PROBLEM_JSON,
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': requestId,
    date: new Date().toUTCString(),
    connection: 'close',
  }
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('')}\r\n${body}`)
}
