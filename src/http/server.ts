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
/** Limits for receiving the headers and the whole request. Checked every half second, so a 408 is sent within 15 s. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 13_000
const TIMEOUT_CHECK_INTERVAL_MS = 500
/** Longer than the idle timeout of usual load balancers (60 s): they must close idle connections first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000
/** A connection without traffic for this long is closed, or a client could keep its answer in memory for ever. */
const SILENCE_TIMEOUT_MS = 120_000

/** Each connection costs memory and a file descriptor. Beyond the limit Node closes new ones. */
const CONNECTIONS_MAX = 10_000

/** Heavy requests in progress at once. More would slow other users' requests without being faster. */
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

/** The HTTP surface without features: limits, authentication, one shape for every refusal. */
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
      // Node's refusal has an empty body; `refuseAmbiguity` answers with a problem.
      requireHostHeader: false,
    },
    schemaController: { compilersFactory: { buildSerializer, buildValidator } },
    rewriteUrl: ({ url }) => originForm(url ?? '/'),
    // A path parameter of any length reaches its schema, which refuses an id that is not a UUID.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: URL_LENGTH_MAX, querystringParser: parseQuery },
    genReqId: requestIdOf,
    childLoggerFactory: (logger, bindings) => new RequestLogger(logger, bindings),
    clientErrorHandler: (error, socket) => connections.refuse(error, socket),
    // Refusals of the router, which run no hooks.
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
  // No limit on the number of headers, or Node would drop some unread. Their total size is limited.
  app.server.maxHeadersCount = 0
  app.server.maxConnections = CONNECTIONS_MAX
  // Without these listeners Node answers by itself: the first with an empty body, the second with 100 before a refusal.
  for (const event of ['checkExpectation', 'checkContinue']) {
    app.server.on(event, (request, response) => app.server.emit('request', request, response))
  }
  const methods = watchRoutes(app)
  app.setErrorHandler(async (thrown, request, reply) => {
    try {
      await requireAdmission(request)
    } catch (refusal) {
      // Beyond its rate limit a request gets 429, however else it fails.
      return sendProblem(refusal, request, reply)
    }
    return sendProblem(await credentialFirst(request, gate, thrown), request, reply)
  })
  app.setNotFoundHandler((request) => refuseUnknown(request, methods))
  parseBodies(app)

  const begin = (request: FastifyRequest, reply: FastifyReply): void => {
    // Not `onResponse`: that hook does not run if the client has left, nor for refusals of the router.
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
  /** Does no work for a client that has left. Destroying its connection writes the log line of the request. */
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
    // An answer with an ETag may be stored by its client, which revalidates it with If-None-Match before each use.
    const isStored = reply.statusCode < 400 && reply.hasHeader('etag') && reply.getHeader('cache-control') === PRIVATE
    if (isStored) void reply.header('cache-control', 'private, no-cache')
    done()
  })
  // Added to each route, because it must run after the hook that Fastify adds to HEAD routes.
  app.addHook('onRoute', (route) => {
    // Parameters and bodies that a route does not declare are refused; Fastify would ignore them.
    if (route.schema?.hide !== true) route.schema = { querystring: NO_PARAMETERS, ...route.schema }
    if (route.schema?.body === undefined) route.preValidation = [...[route.preValidation ?? []].flat(), refuseBody]
    route.onSend = [...[route.onSend ?? []].flat(), omitLengthOf304]
  })
  allowOrigins(app, config)
  // After the CORS headers are set, so that a page can read these refusals.
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
    // Before the body is read. A preflight has been answered by now.
    if (request.is404 || methods.lacks(request.method, pathOf(request.raw.url ?? '/'))) refuseUnknown(request, methods)
    if (awaitsContinue(request.raw)) {
      continued.add(request.raw)
      reply.raw.writeContinue()
    }
    done()
  })
  return app
}

/** At most a third of the pool. The embedded database has one connection, so one request at a time. */
function heavyAtOnce({ database: { address, poolSize } }: Config): number {
  return address === undefined ? 1 : Math.max(1, Math.min(HEAVY_AT_ONCE_MAX, Math.floor(poolSize / 3)))
}

const NO_PARAMETERS = { type: 'object', properties: {}, additionalProperties: false }

/** `{}` is accepted, because some clients send it with every request. */
function refuseBody({ body }: FastifyRequest, _reply: FastifyReply, done: (refusal?: Problem) => void): void {
  const isEmpty = typeof body === 'object' && body !== null && Object.keys(body).length === 0
  if (body === undefined || body === null || isEmpty) return done()
  done(Problem.invalid([{ in: 'body', pointer: '', detail: 'This endpoint does not accept a request body' }]))
}

/** Accepts JSON only, parsed strictly. An empty body is `undefined`, also with a Content-Type. */
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

function refuseExpectation({ headers: { expect }, httpVersion }: IncomingMessage): void {
  // Ignored in HTTP/1.0 (RFC 9110 §10.1.1).
  if (expect === undefined || httpVersion === '1.0' || expect.toLowerCase() === '100-continue') return
  throw new Problem('expectation_failed', 'The only supported value of the Expect header is 100-continue')
}

/** Whether the client waits for 100 Continue, and its body is not too large. */
const awaitsContinue = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.expect !== undefined && httpVersion !== '1.0' && Number(headers['content-length'] ?? 0) <= BODY_BYTES_MAX

/** A 304 may only carry the Content-Length of the 200 (RFC 9110 §8.6), which is not known here. */
function omitLengthOf304(_: FastifyRequest, reply: FastifyReply, payload: unknown, done: DoneFuncWithErrOrRes): void {
  if (reply.statusCode !== 304) return done(null, payload)
  void reply.removeHeader('content-length')
  done(null, null)
}
