import { Type } from 'typebox'
import type { Config } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import { Problem } from '../errors.ts'
import type { App } from '../http/app.ts'
import { refusalsOfUnlimited } from '../http/wire.ts'
import type { Queue } from '../jobs/queue.ts'
import type { RedisConnection } from '../redis.ts'
import type { Metrics } from './metrics.ts'
import { openGauges } from './gauges.ts'
import { openWholeService } from './workers.ts'

interface MetricsDeps {
  readonly config: Config
  readonly metrics: Metrics
  readonly db: Database
  readonly redis: Pick<RedisConnection, 'isReachable'>
  readonly jobs: Pick<Queue, 'state'>
}

/** Prometheus text (version 0.0.4), aggregated over all workers. Labels are low-cardinality: route templates, never paths or ids. */
export function metricsRoutes(app: App, { config, metrics: { registry }, db, redis, jobs }: MetricsDeps): void {
  const gauges = openGauges(app, { db, redis, jobs })
  const service = openWholeService([registry, gauges], app.log)
  app.addHook('onClose', async () => service[Symbol.dispose]())

  app.get(
    '/metrics',
    {
      config: { unlimited: true },
      schema: {
        operationId: 'getMetrics',
        summary: 'Metrics for Prometheus',
        description:
          'Open in development. In other environments it requires `Authorization: Bearer <METRICS_TOKEN>`, and is closed if that variable is not set.',
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
      return reply
        .header('cache-control', 'no-store')
        .type(registry.contentType)
        .send(await service.text())
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
