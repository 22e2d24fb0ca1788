import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import cors from '@fastify/cors'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  type RawServerDefault,
} from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '../config.ts'
import { Problem } from '../errors.ts'
import { JsonError, parseJson } from '../lib/json.ts'
import { watchRoutes, type MethodsAt } from './methods.ts'
import { pathOf, PROBLEM_JSON, problemBody, refuseConnection, sendProblem, writeProblem } from './problem.ts'
import { buildValidator } from './validation.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The process is about to stop: it takes no new work, and says so to whoever asks for its readiness. */
    draining: boolean
  }
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

const BODY_BYTES_MAX = 1024 * 1024
const HEADER_BYTES_MAX = 16 * 1024
const URL_LENGTH_MAX = 8 * 1024
/** Headers must be in by the first, the whole request by the second; checked every half second, so 408 comes within 15 s. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 14_000
const TIMEOUT_CHECK_INTERVAL_MS = 500
/** Longer than the idle time-out of the usual load balancers (60 s), which must be the ones to close. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000

/** A request id somebody else gave is kept when it is one: it goes into answers and logs. */
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/

/** Twice any of these and two readers may disagree about what was said. */
const AT_MOST_ONCE = new Set([
  'host',
  'authorization',
  'x-service-auth',
  'x-user-id',
  'content-type',
  'content-length',
  'if-match',
  'if-none-match',
  'idempotency-key',
  'origin',
])

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
const TRANSPORT_SECURITY = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }

/** The HTTP surface before any feature: limits, identity of requests, one shape for every refusal. */
export async function createApp(config: Config, log: FastifyBaseLogger): Promise<App> {
  const headers = { ...SECURITY_HEADERS, ...(config.environment === 'production' ? TRANSPORT_SECURITY : {}) }
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.http.trustProxy.length > 0 ? [...config.http.trustProxy] : false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
      // Node would refuse with an empty body; `refuseAmbiguity` refuses with a problem.
      requireHostHeader: false,
    },
    schemaController: { compilersFactory: { buildValidator } },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    genReqId: ({ headers: { 'x-request-id': given } }) =>
      typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID(),
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, headers),
    // Refusals of the router itself, before any hook runs.
    frameworkErrors: (error, request, reply) => {
      void reply.headers({ ...headers, 'x-request-id': request.id })
      void sendProblem(error, request, reply)
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.decorate('draining', false)
  const methodsAt = watchRoutes(app)
  app.setErrorHandler(sendProblem)
  app.setNotFoundHandler((request) => refuseUnknown(request, methodsAt))
  parseBodies(app)
  refuseExpectations(app, headers)

  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({ ...headers, 'x-request-id': request.id })
    if (pathOf(request.raw.url ?? '').startsWith('/api/')) void reply.header('cache-control', 'private, no-store')
    if (app.draining) void reply.header('connection', 'close')
    refuseAmbiguity(request)
  })
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    )
  })
  await app.register(cors, {
    delegator: (request, callback) => callback(null, corsOptions(config, request.raw.url ?? '')),
  })
  return app
}

/** Browsers of exact origins only. Only the auth routes set a cookie, so only they let one along. */
const corsOptions = (config: Config, url: string) => ({
  origin: config.http.corsOrigins.includes('*') ? '*' : [...config.http.corsOrigins],
  credentials: url.startsWith('/api/auth/'),
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: [
    'Authorization',
    'Content-Type',
    'Idempotency-Key',
    'If-Match',
    'If-None-Match',
    'X-Request-Id',
    'X-Timezone',
  ],
  exposedHeaders: [
    'ETag',
    'Link',
    'Location',
    'Retry-After',
    'Set-Auth-Token',
    'X-Next-Cursor',
    'X-Request-Id',
    'X-Total-Count',
  ],
  maxAge: 600,
  strictPreflight: false,
})

/** JSON only, read strictly; no body at all is `undefined`, also under a Content-Type. */
function parseBodies(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => {
      if (body.length === 0) return undefined
      const value = readJson(body)
      // To Fastify's validator null is the same as no body, which is not what it says.
      if (value === null) throw Problem.invalid([{ in: 'body', pointer: '', detail: 'The body must not be null' }])
      return value
    },
  )
}

function readJson(body: Buffer): unknown {
  try {
    return parseJson(body)
  } catch (error) {
    throw error instanceof JsonError ? new Problem('invalid_json', error.message) : error
  }
}

/** Refuses what two readers could understand differently (RFC 9112 §3.2, RFC 9110 §5.3) and what is too long to route. */
function refuseAmbiguity({ raw }: FastifyRequest): void {
  if ((raw.url ?? '').length > URL_LENGTH_MAX) {
    throw new Problem('uri_too_long', `The URL is longer than ${URL_LENGTH_MAX} characters`)
  }
  const seen = new Set<string>()
  for (let at = 0; at < raw.rawHeaders.length; at += 2) {
    const name = raw.rawHeaders[at]?.toLowerCase() ?? ''
    if (AT_MOST_ONCE.has(name) && seen.has(name))
      throw new Problem('invalid_header', `The header ${name} was sent twice`)
    seen.add(name)
  }
  if (!seen.has('host') && raw.httpVersion === '1.1') throw new Problem('invalid_header', 'The header host is missing')
}

/** 405 where another method would do, else 404. */
function refuseUnknown(request: FastifyRequest, methodsAt: MethodsAt): never {
  const allowed = methodsAt(pathOf(request.raw.url ?? '/'))
  if (allowed.length === 0) throw new Problem('not_found', 'There is nothing at this path')
  throw new Problem('method_not_allowed', `${request.method} is not possible here; possible: ${allowed.join(', ')}`, {
    headers: { allow: allowed.join(', ') },
  })
}

/** What Node answers by itself, with no body at all, unless somebody listens. */
function refuseExpectations(app: App, headers: Readonly<Record<string, string>>): void {
  app.server.on('checkExpectation', (request, response) => {
    const problem = new Problem('expectation_failed', 'The only expectation met here is 100-continue')
    const requestId = randomUUID()
    response.writeHead(problem.status, {
      ...headers,
      'content-type': PROBLEM_JSON,
      'x-request-id': requestId,
      connection: 'close',
    })
    response.end(problemBody(problem, { path: pathOf(request.url ?? '/'), requestId }))
  })
  app.server.on('connect', (_request, socket) => {
    writeProblem(
      socket as Socket,
      new Problem('method_not_allowed', 'This is no proxy: CONNECT is not possible'),
      headers,
    )
  })
}
