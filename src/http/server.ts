import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import {
  fastify,
  LogController,
  type DoneFuncWithErrOrRes,
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Config } from '../config/config.ts'
import { Problem } from '../errors.ts'
import { JsonError, parseJson } from '../lib/json.ts'
import { IGNORING_OBSERVER, type Observer, type Tracer } from '../observer.ts'
import type { Gate } from './admission.ts'
import { originForm, refuseAmbiguity } from './ambiguity.ts'
import type { App } from './app.ts'
import { createConnections } from './connections.ts'
import { allowOrigins, answerPreflights, corsHeaders } from './cors.ts'
import { credentialFirst } from './credential-first.ts'
import { shareFairly } from './fairness.ts'
import { identify } from './identify.ts'
import { linksOf } from './links.ts'
import { BODY_BYTES_MAX, bytesOf, HEADER_BYTES_MAX, headersTooLarge } from './message-bytes.ts'
import { refuseUnknown, watchRoutes } from './methods.ts'
import { boundWork } from './overload.ts'
import { pathOf, requestIdOf, sendProblem } from './problem.ts'
import { parseQuery } from './query-string.ts'
import { limitRates, requireAdmission } from './rate-limit.ts'
import { logRequest, RequestLogger } from './request-log.ts'
import { buildSerializer } from './serialization.ts'
import { Streams } from './streams.ts'
import { traceRequests } from './trace.ts'
import { Turns } from './turns.ts'
import { buildValidator } from './validation.ts'

const URL_LENGTH_MAX = 8 * 1024
/** Headers must be in by the first, the whole request by the second; checked every half second, so 408 comes within 15 s. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 13_000
const TIMEOUT_CHECK_INTERVAL_MS = 500
/** Longer than the idle time-out of the usual load balancers (60 s), which must be the ones to close. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000
/** A client that neither sends nor takes anything for so long would keep its answer in memory for ever. */
const SILENCE_TIMEOUT_MS = 120_000

/** Idle ones cost memory and a file descriptor each; beyond them Node closes what comes. */
const CONNECTIONS_MAX = 10_000

/** More would take processors from requests of other users without being faster. */
const HEAVY_AT_ONCE_MAX = 3

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
const PRIVATE = 'private, no-store'
const TRANSPORT_SECURITY = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }

/** The HTTP surface before any feature: limits, identity of requests, one shape for every refusal. */
export async function createApp(
  config: Config,
  log: FastifyBaseLogger,
  gate: Gate,
  { observer = IGNORING_OBSERVER, tracer }: { observer?: Observer; tracer?: Tracer | undefined } = {},
): Promise<App> {
  const headers = { ...SECURITY_HEADERS, ...(config.environment === 'production' ? TRANSPORT_SECURITY : {}) }
  const links = linksOf(config.http.publicUrl)
  const connections = createConnections(headers, links, log, observer)
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.http.trustProxy.length > 0 ? [...config.http.trustProxy] : false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionTimeout: SILENCE_TIMEOUT_MS,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
      // Node would refuse with an empty body; `refuseAmbiguity` refuses with a problem.
      requireHostHeader: false,
    },
    schemaController: { compilersFactory: { buildSerializer, buildValidator } },
    rewriteUrl: ({ url }) => originForm(url ?? '/'),
    // No part of a path is too long by itself: an id of any length is an id that is no UUID.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: URL_LENGTH_MAX, querystringParser: parseQuery },
    genReqId: requestIdOf,
    childLoggerFactory: (logger, bindings) => new RequestLogger(logger, bindings),
    clientErrorHandler: (error, socket) => connections.refuse(error, socket),
    // Refusals of the router itself, before any hook runs.
    frameworkErrors: (error, request, reply) => {
      begin(request, reply)
      if (abortIfLeft(request)) return
      void reply.headers(corsHeaders(config, request.raw))
      endConnection(request, reply)
      void sendProblem(error, request, reply)
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.decorate('draining', false)
  app.decorate('connections', connections)
  app.decorate('links', links)
  app.decorate('streams', new Streams())
  app.decorate('observer', observer)
  connections.watch(app.server)
  // All headers are looked at; their number is bounded by their size.
  app.server.maxHeadersCount = 0
  app.server.maxConnections = CONNECTIONS_MAX
  // Otherwise Node would answer by itself: the first with no body at all, the second with 100 to what is refused afterwards.
  for (const event of ['checkExpectation', 'checkContinue']) {
    app.server.on(event, (request, response) => app.server.emit('request', request, response))
  }
  const methods = watchRoutes(app)
  app.setErrorHandler(async (thrown, request, reply) => {
    try {
      await requireAdmission(request)
    } catch (refusal) {
      // However a request fails, beyond its limit that is all it is told.
      return sendProblem(refusal, request, reply)
    }
    return sendProblem(await credentialFirst(request, gate, thrown), request, reply)
  })
  app.setNotFoundHandler((request) => refuseUnknown(request, methods))
  parseBodies(app)

  const begin = (request: FastifyRequest, reply: FastifyReply): void => {
    // Not `onResponse`: that hook stays silent when the client went away, and for refusals of the router.
    reply.raw.once('close', () => logRequest(request, reply))
    void reply.headers({ ...headers, 'x-request-id': request.id })
    const { authorization, 'x-service-auth': service } = request.headers
    const isPrivate = authorization !== undefined || service !== undefined
    if (isPrivate || pathOf(request.raw.url ?? '').startsWith('/api/')) {
      void reply.header('cache-control', PRIVATE)
    }
  }
  /** Bodies that were asked for with 100. */
  const continued = new WeakSet<IncomingMessage>()
  /**
   * The last answer of a connection while the process drains says that it closes. So does an answer that comes instead of 100:
   * the client may send the body or leave it out, so that what follows could be read as either a body or a request.
   */
  const endConnection = ({ raw }: FastifyRequest, reply: FastifyReply): void => {
    const isAmbiguous = raw.headers.expect !== undefined && !raw.complete && !continued.has(raw)
    if (isAmbiguous || (app.draining && connections.isLatest(raw))) void reply.header('connection', 'close')
  }
  /** Nothing is done for a client that has left already; closing its connection writes the log line of the request. */
  const abortIfLeft = ({ raw }: FastifyRequest): boolean => {
    const hasLeft = connections.hasLeft(raw)
    if (hasLeft) raw.socket.destroy()
    return hasLeft
  }
  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply)
    if (!abortIfLeft(request)) done()
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    endConnection(request, reply)
    // An answer with a tag may be stored, and is revalidated with If-None-Match before it is used. A refusal is not worth it.
    const isKept = reply.statusCode < 400 && reply.hasHeader('etag') && reply.getHeader('cache-control') === PRIVATE
    if (isKept) void reply.header('cache-control', 'private, no-cache')
    done()
  })
  // On each route, because it must come after what Fastify itself adds to those of HEAD.
  app.addHook('onRoute', (route) => {
    // A route that asks for no parameters, or for no body, takes none: what it would drop is refused instead.
    if (route.schema?.hide !== true) route.schema = { querystring: NO_PARAMETERS, ...route.schema }
    if (route.schema?.body === undefined) route.preValidation = [...[route.preValidation ?? []].flat(), refuseBody]
    route.onSend = [...[route.onSend ?? []].flat(), omitLengthOfNothing]
  })
  allowOrigins(app, config)
  // What a page can cause by mistake comes after CORS, so that the page can read why.
  app.addHook('onRequest', (request, _reply, done) => {
    const fault = connections.faultOf(request.raw)
    if (fault !== undefined) throw fault
    refuseAmbiguity(request.raw)
    refuseExpectation(request.raw)
    done()
  })
  answerPreflights(app)
  const inWork = boundWork(app, config, headers)
  identify(app, config.auth)
  if (tracer !== undefined) traceRequests(app, tracer)
  limitRates(app, gate)
  shareFairly(app, new Turns({ heavyAtOnce: heavyAtOnce(config) }), inWork)
  app.addHook('onRequest', (request, reply, done) => {
    if ((request.raw.url ?? '').length > URL_LENGTH_MAX) {
      throw new Problem('uri_too_long', `The URL is longer than ${URL_LENGTH_MAX} characters`)
    }
    // Before the body is looked at, which no route wants. A preflight has been answered by now.
    if (request.is404 || methods.lacks(request.method, pathOf(request.raw.url ?? '/'))) refuseUnknown(request, methods)
    if (awaitsContinue(request.raw)) {
      continued.add(request.raw)
      reply.raw.writeContinue()
    }
    done()
  })
  return app
}

/** A third of the usual connections at most. The embedded database has one, which serves one request at a time anyway. */
function heavyAtOnce({ database: { address, poolSize } }: Config): number {
  return address === undefined ? 1 : Math.max(1, Math.min(HEAVY_AT_ONCE_MAX, Math.floor(poolSize / 3)))
}

const NO_PARAMETERS = { type: 'object', properties: {}, additionalProperties: false }

/** `{}` says nothing; some clients send it with everything. */
function refuseBody({ body }: FastifyRequest, _reply: FastifyReply, done: (refusal?: Problem) => void): void {
  const saysNothing = typeof body === 'object' && body !== null && Object.keys(body).length === 0
  if (body === undefined || body === null || saysNothing) return done()
  done(Problem.invalid([{ in: 'body', pointer: '', detail: 'The body must be left out: nothing here takes one' }]))
}

/** JSON only, read strictly; no body at all is `undefined`, also under a Content-Type. */
function parseBodies(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      request.bodyBytes = body.length
      if (bytesOf(request.raw.rawTrailers) > HEADER_BYTES_MAX) throw headersTooLarge()
      refuseCoding(request.headers)
      if (body.length === 0) return undefined
      // Null is the same as no body to Fastify's validator: right where a body is optional, refused where it is required.
      return readJson(body)
    },
  )
}

/** A parameter of a media type (RFC 9110 §5.6.6), name and value. */
const PARAMETER = /;\s*([^\s;="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]*)/g
const UTF_8 = /^(?:utf-?8|"utf-?8")$/i

/** JSON is UTF-8 (RFC 8259 §8.1); in another coding it would be read as what it is not. */
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

function refuseExpectation({ headers: { expect }, httpVersion }: IncomingMessage): void {
  // From HTTP/1.0 it means nothing (RFC 9110 §10.1.1).
  if (expect === undefined || httpVersion === '1.0' || expect.toLowerCase() === '100-continue') return
  throw new Problem('expectation_failed', 'The only expectation met here is 100-continue')
}

/** A client is only asked for a body whose head has passed and whose length is allowed. */
const awaitsContinue = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.expect !== undefined && httpVersion !== '1.0' && Number(headers['content-length'] ?? 0) <= BODY_BYTES_MAX

/** Of 304 a length would be that of the 200 (RFC 9110 §8.6), which nobody knows here. */
function omitLengthOfNothing(
  _: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: DoneFuncWithErrOrRes,
): void {
  if (reply.statusCode !== 304) return done(null, payload)
  void reply.removeHeader('content-length')
  done(null, null)
}
