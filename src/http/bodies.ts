import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Problem } from '../errors.ts'
import { JsonError, parseJson } from '../lib/json.ts'
import type { App } from './app.ts'
import { BODY_BYTES_MAX, bytesOf, HEADER_BYTES_MAX, headersTooLarge } from './message-bytes.ts'

/** `{}` and null are accepted, because some clients send them with every request. */
export function refuseBody({ body }: FastifyRequest, _reply: FastifyReply, done: (refusal?: Problem) => void): void {
  const isEmpty = typeof body === 'object' && !Array.isArray(body) && Object.keys(body ?? {}).length === 0
  if (body === undefined || isEmpty) return done()
  done(Problem.invalid([{ in: 'body', pointer: '', detail: 'This endpoint does not accept a request body' }]))
}

/** Accepts JSON only, parsed strictly. An empty body is `undefined`, also with a Content-Type. */
export function parseBodies(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      request.bodyBytes = body.length
      if (bytesOf(request.raw.rawTrailers) > HEADER_BYTES_MAX) throw headersTooLarge()
      refuseCoding(request.headers)
      if (body.length === 0) return undefined
      // Fastify's validator treats null as no body: accepted if the body is optional, refused if it is required.
      return readJson(body)
    },
  )
}

/** A parameter of a media type (RFC 9110 §5.6.6), name and value. */
const PARAMETER = /;\s*([^\s;="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]*)/g
const UTF_8 = /^(?:utf-?8|"utf-?8")$/i

/** JSON is UTF-8 (RFC 8259 §8.1). A body in another charset or coding would be misread. */
function refuseCoding({
  'content-type': type = '',
  'content-encoding': coding = 'identity',
}: IncomingHttpHeaders): void {
  const charsets = [...type.matchAll(PARAMETER)].filter(([, name]) => name?.toLowerCase() === 'charset')
  if (charsets.some(([, , value = '']) => !UTF_8.test(value))) {
    throw new Problem('unsupported_media_type', 'The body must be JSON in UTF-8')
  }
  if (coding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported_media_type', 'The body must be sent without a Content-Encoding')
  }
}

function readJson(body: Buffer): unknown {
  try {
    return parseJson(body)
  } catch (error) {
    throw error instanceof JsonError ? new Problem('invalid_json', error.message) : error
  }
}

export function refuseExpectation({ headers: { expect }, httpVersion }: IncomingMessage): void {
  // Ignored in HTTP/1.0 (RFC 9110 §10.1.1).
  if (expect === undefined || httpVersion === '1.0' || expect.toLowerCase() === '100-continue') return
  throw new Problem('expectation_failed', 'The only supported value of the Expect header is 100-continue')
}

/** Whether the client waits for 100 Continue, and its body is not too large. */
export const awaitsContinue = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.expect !== undefined && httpVersion !== '1.0' && Number(headers['content-length'] ?? 0) <= BODY_BYTES_MAX
