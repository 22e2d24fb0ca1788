import { Type } from 'typebox'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Pool } from 'pg'
import type { Config } from '../config.ts'
import { Problem } from '../errors.ts'
import type { App } from '../http/server.ts'
import { refusalsOfUnlimited } from '../http/wire.ts'

const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Prometheus text (version 0.0.4). Labels are bounded: route templates, never paths or ids. */
export function metricsRoutes(app: App, { config, db }: { config: Config; db: { readonly pool: Pool } }): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the request line to the last byte of the answer',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS_S,
    registers: [registry],
  })
  const connections = new Gauge({
    name: 'database_pool_connections',
    help: 'Connections of the pool by state; waiting counts requests for one',
    labelNames: ['state'],
    registers: [registry],
  })
  app.addHook('onResponse', async (request, reply) => {
    const labels = {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: String(reply.statusCode),
    }
    duration.observe(labels, reply.elapsedTime / 1000)
  })

  app.get(
    '/metrics',
    {
      config: { unlimited: true },
      schema: {
        operationId: 'getMetrics',
        summary: 'Metrics for Prometheus',
        description:
          'Open in development. Elsewhere it takes `Authorization: Bearer <METRICS_TOKEN>`, and without that variable nobody may read them.',
        tags: ['health'],
        security: [{ metrics: [] }],
        produces: ['text/plain'],
        response: {
          200: Type.String({ description: 'Prometheus text' }),
          ...refusalsOfUnlimited('unauthenticated', 'forbidden'),
        },
      },
    },
    async (request, reply) => {
      refuseStranger(request.headers.authorization, config)
      connections.set({ state: 'total' }, db.pool.totalCount)
      connections.set({ state: 'idle' }, db.pool.idleCount)
      connections.set({ state: 'waiting' }, db.pool.waitingCount)
      return reply
        .header('cache-control', 'no-store')
        .type(registry.contentType)
        .send(await registry.metrics())
    },
  )
}

function refuseStranger(authorization: string | undefined, { environment, metrics }: Config): void {
  if (metrics.token === undefined) {
    if (environment === 'development') return
    throw new Problem('forbidden', 'Metrics are closed until METRICS_TOKEN is set')
  }
  const [, token = ''] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  if (!metrics.token.equals(token)) throw new Problem('unauthenticated', 'Metrics take the token of METRICS_TOKEN')
}
