import type { FastifyRequest, RouteOptions } from 'fastify'
import { Type } from 'typebox'
import { Problem } from '../errors.ts'
import type { App } from './app.ts'
import { isWrite } from './methods.ts'
import { routeOf } from './route.ts'

/** The query parameter of every write that makes it a dry run. */
export const DRY_RUN = 'dryRun'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by {@link allowDryRuns}: the route takes the parameter. */
    readonly takesDryRun?: true
  }
}

/** `x-parameter`: shared under this name by all operations of the OpenAPI document. */
const Possible = Type.Optional(
  Type.Boolean({
    'x-parameter': 'DryRun',
    description:
      'true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit',
  }),
)
const Impossible = Type.Optional(
  Type.Boolean({
    'x-parameter': 'NoDryRun',
    description: 'true is refused with 422: the result depends on another server, and a dry run sends it nothing',
  }),
)

const HEADER = {
  'Dry-Run': {
    type: 'string',
    description:
      'true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent',
  },
}

/** They name entries of the change log, which do not exist after a dry run. */
const NAMING_LOG_ENTRIES = ['x-sync-cursor', 'x-change-id']

/**
 * Gives every write under `/api` that is registered on `app` from here on the parameter `dryRun`. Handlers need not know of it:
 * `signedIn` marks the principal, and `db.asUser` rolls back what a marked principal does. A route that `waitsElsewhere` has effects
 * that no rollback undoes, so it refuses a dry run before its handler runs.
 */
export function allowDryRuns(app: App): void {
  app.addHook('onRoute', (route) => {
    if (!isWrite(route) || !route.url.startsWith('/api/')) return
    const isPossible = route.config?.waitsElsewhere !== true
    route.config = { ...route.config, takesDryRun: true }
    route.schema = {
      ...route.schema,
      querystring: withParameter(route, isPossible ? Possible : Impossible),
      ...(isPossible && { response: withHeader(route.schema?.response) }),
    }
    if (!isPossible) route.preHandler = [refuseDryRun, ...[route.preHandler ?? []].flat()]
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (isDryRun(request)) {
      void reply.header('dry-run', 'true')
      for (const name of NAMING_LOG_ENTRIES) void reply.removeHeader(name)
    }
    done()
  })
}

/** Whether the request asks for a dry run. Before its query has been validated, as far as can be seen from its text. */
export function isDryRun(request: FastifyRequest): boolean {
  return routeOf(request).config.takesDryRun === true && String(Object(request.query)[DRY_RUN]) === 'true'
}

interface ObjectSchema {
  readonly properties: object
}

function withParameter({ url, schema }: RouteOptions, parameter: object): object {
  // `declareStrictly` has given every route a query schema. Those of writes are objects with their parameters.
  const querystring = schema?.querystring as ObjectSchema | undefined
  if (querystring?.properties === undefined) throw new Error(`the query of ${url} is no schema with properties`)
  return { ...querystring, properties: { ...querystring.properties, [DRY_RUN]: parameter } }
}

/** Documents the header for each success. */
function withHeader(response: unknown): object {
  const described = Object.entries(Object(response) as Readonly<Record<string, { readonly headers?: object }>>)
  return Object.fromEntries(
    described.map(([status, answer]) =>
      status.startsWith('2') ? [status, { ...answer, headers: { ...answer.headers, ...HEADER } }] : [status, answer],
    ),
  )
}

async function refuseDryRun(request: FastifyRequest): Promise<void> {
  if (!isDryRun(request)) return
  throw Problem.invalid([
    {
      in: 'query',
      pointer: `/${DRY_RUN}`,
      detail: `query parameter ${DRY_RUN} must be false here: the result depends on another server, and a dry run sends it nothing`,
    },
  ])
}
