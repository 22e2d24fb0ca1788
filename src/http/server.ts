import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import {
  fastify,
  LogController,
  type DoneFuncWithErrOrRes,
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Bindings } from 'pino'
import type { Config } from '../config/config.ts'
import { Problem } from '../errors.ts'
import { IGNORING_OBSERVER, type Observer, type Tracer } from '../observer.ts'
import type { Gate } from './admission.ts'
import { originForm, refuseAmbiguity } from './ambiguity.ts'
import type { App } from './app.ts'
import { parseBodies, refuseBody, refuseExpectation } from './bodies.ts'
import { Connections } from './connections.ts'
import { allowOrigins, answerPreflights, corsHeaders } from './cors.ts'
import { credentialFirst } from './credential-first.ts'
import { Exchanges } from './exchange.ts'
import { shareFairly } from './fairness.ts'
import { identify } from './identify.ts'
import { allowInnerRequests } from './inner-request.ts'
import { linksOf } from './links.ts'
import { BODY_BYTES_MAX, HEADER_BYTES_MAX } from './message-bytes.ts'
import { refuseUnknown, watchRoutes, type Methods } from './methods.ts'
import { watchOperations } from './operations.ts'
import { boundWork } from './overload.ts'
import { pathOf, requestIdOf, sendProblem } from './problem.ts'
import { parseQuery } from './query-string.ts'
import { limitRates, requireAdmission } from './rate-limit.ts'
import { RawAnswers } from './raw-answers.ts'
import { RequestLogger } from './request-log.ts'
import { keepRoutes } from './route.ts'
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
const TRANSPORT_SECURITY = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }

interface Watching {
  readonly observer?: Observer
  readonly tracer?: Tracer | undefined
}

/** The HTTP surface without features: limits, authentication, one shape for every refusal. */
export async function createApp(
  config: Config,
  log: FastifyBaseLogger,
  gate: Gate,
  { observer = IGNORING_OBSERVER, tracer }: Watching = {},
): Promise<App> {
  const headers = { ...SECURITY_HEADERS, ...(config.environment === 'production' ? TRANSPORT_SECURITY : {}) }
  const links = linksOf(config.http.publicUrl)
  const connections = new Connections(new RawAnswers(headers, links, log, observer))
  const exchanges = new Exchanges(headers, connections)
  const app = fastify({
    ...serverOptions(config, log),
    clientErrorHandler: (error, socket) => connections.refuse(error, socket),
    // Refusals of the router, which run no hooks.
    frameworkErrors: (error, request, reply) => {
      exchanges.begin(request, reply)
      if (exchanges.abortIfLeft(request)) return
      void reply.headers(corsHeaders(config, request.raw))
      exchanges.endConnection(request, reply, app.draining)
      void sendProblem(error, request, reply)
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.decorate('draining', false)
  app.decorate('connections', connections)
  app.decorate('links', links)
  app.decorate('streams', new Streams())
  app.decorateRequest('openedAfterMs', null)
  app.decorateRequest('loggedAs', null)
  keepRoutes(app)
  allowInnerRequests(app)
  app.decorate('observer', observer)
  connections.watch(app.server)
  limitConnections(app)
  const methods = watchRoutes(app)
  app.decorate('operations', watchOperations(app))
  answerErrors(app, gate)
  app.setNotFoundHandler((request) => refuseUnknown(request, methods))
  parseBodies(app)

  // Hooks run in this order.
  exchanges.addTo(app)
  declareStrictly(app)
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
  identify(app, config)
  if (tracer !== undefined) traceRequests(app, tracer)
  limitRates(app, gate)
  shareFairly(app, new Turns({ heavyAtOnce: heavyAtOnce(config) }), inWork)
  app.addHook('onRequest', (request, reply, done) => {
    refusePath(request, methods)
    exchanges.continue(request, reply)
    done()
  })
  return app
}

const serverOptions = (config: Config, log: FastifyBaseLogger) => ({
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
  rewriteUrl: ({ url }: IncomingMessage) => originForm(url ?? '/'),
  // A path parameter of any length reaches its schema, which refuses an id that is not a UUID.
  routerOptions: { ignoreTrailingSlash: true, maxParamLength: URL_LENGTH_MAX, querystringParser: parseQuery },
  genReqId: requestIdOf,
  childLoggerFactory: (logger: FastifyBaseLogger, bindings: Bindings) => new RequestLogger(logger, bindings),
})

function limitConnections({ server }: App): void {
  // No limit on the number of headers, or Node would drop some unread. Their total size is limited.
  server.maxHeadersCount = 0
  server.maxConnections = CONNECTIONS_MAX
  // Without these listeners Node answers by itself: the first with an empty body, the second with 100 before a refusal.
  for (const event of ['checkExpectation', 'checkContinue']) {
    server.on(event, (request, response) => server.emit('request', request, response))
  }
}

function answerErrors(app: App, gate: Gate): void {
  app.setErrorHandler(async (thrown, request, reply) => {
    try {
      await requireAdmission(request)
    } catch (refusal) {
      // Beyond its rate limit a request gets 429, however else it fails.
      return sendProblem(refusal, request, reply)
    }
    return sendProblem(await credentialFirst(request, gate, thrown), request, reply)
  })
}

/** Refuses parameters and bodies that a route does not declare; Fastify would ignore them. */
function declareStrictly(app: App): void {
  // Added to each route, because it must run after the hook that Fastify adds to HEAD routes.
  app.addHook('onRoute', (route) => {
    if (route.schema?.hide !== true) route.schema = { querystring: NO_PARAMETERS, ...route.schema }
    if (route.schema?.body === undefined) route.preValidation = [...[route.preValidation ?? []].flat(), refuseBody]
    route.onSend = [...[route.onSend ?? []].flat(), omitLengthOf304]
  })
}

/** Before the body is read. A preflight has been answered by now. */
function refusePath(request: FastifyRequest, methods: Methods): void {
  const url = request.raw.url ?? '/'
  if (url.length > URL_LENGTH_MAX) {
    throw new Problem('uri_too_long', `The URL is longer than ${URL_LENGTH_MAX} characters`)
  }
  // The router takes the target `*` for `/`.
  const isPath = url.startsWith('/')
  if (request.is404 || !isPath || methods.lacks(request.method, pathOf(url))) refuseUnknown(request, methods)
}

/** At most a third of the pool. The embedded database has one connection, so one request at a time. */
function heavyAtOnce({ database: { address, poolSize } }: Config): number {
  return address === undefined ? 1 : Math.max(1, Math.min(HEAVY_AT_ONCE_MAX, Math.floor(poolSize / 3)))
}

const NO_PARAMETERS = { type: 'object', properties: {}, additionalProperties: false }

/** A 304 may only carry the Content-Length of the 200 (RFC 9110 §8.6), which is not known here. */
function omitLengthOf304(_: FastifyRequest, reply: FastifyReply, payload: unknown, done: DoneFuncWithErrOrRes): void {
  if (reply.statusCode !== 304) return done(null, payload)
  void reply.removeHeader('content-length')
  done(null, null)
}
