import { Counter, Gauge, Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { acquireFailuresOf } from '../db/wire/lease.ts'
import type { App } from '../http/app.ts'
import type { Queue } from '../jobs/queue.ts'
import { within } from '../lib/within.ts'
import type { RedisConnection } from '../redis.ts'

/** Timeout of queries for metrics: an answer without them is needed most while the database is unreachable. */
const LOOK_TIMEOUT_MS = 1_000

interface Gauged {
  readonly db: Pick<Database, 'pool' | 'migrationState'>
  readonly redis: Pick<RedisConnection, 'isReachable'>
  readonly jobs: Pick<Queue, 'state'>
}

/** Gauges that are read when metrics are collected, and cost nothing otherwise. */
export function openGauges(app: App, { db, redis, jobs }: Gauged): Registry {
  const registry = new Registry()
  registry.registerMetric(
    new Gauge({
      name: 'http_requests_in_flight',
      help: 'Requests that are not completely answered, including the one for the metrics',
      registers: [],
      collect() {
        this.set(app.connections.count().inFlight)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'http_connections',
      help: 'Open client connections',
      registers: [],
      collect() {
        this.set(app.connections.count().open)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'http_streams',
      help: 'Open event streams',
      registers: [],
      collect() {
        this.set(app.streams.size)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'redis_up',
      help: '1 if rate limits are counted in Redis, 0 if each process counts by itself. The minimum of all workers',
      aggregator: 'min',
      registers: [],
      async collect() {
        this.set((await redis.isReachable()) ? 1 : 0)
      },
    }),
  )
  watchDatabase(registry, db)
  watchJobs(registry, jobs)
  return registry
}

function watchDatabase(registry: Registry, db: Gauged['db']): void {
  registry.registerMetric(
    new Gauge({
      name: 'database_pool_connections',
      help: '`total`, `idle`, and `waiting` (requests for a connection), of all workers',
      labelNames: ['state'],
      registers: [],
      collect() {
        this.set({ state: 'total' }, db.pool.totalCount)
        this.set({ state: 'idle' }, db.pool.idleCount)
        this.set({ state: 'waiting' }, db.pool.waitingCount)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'database_pool_connections_max',
      help: 'The maximum of all pools',
      registers: [],
      collect() {
        this.set(db.pool.options.max)
      },
    }),
  )
  registry.registerMetric(
    new Counter({
      name: 'database_pool_acquire_failures_total',
      help: 'Transactions that got no connection in time',
      registers: [],
      collect() {
        this.reset()
        this.inc(acquireFailuresOf(db.pool))
      },
    }),
  )
  const look = coalesced(() => within(LOOK_TIMEOUT_MS, db.migrationState()).catch(() => undefined))
  registry.registerMetric(
    new Gauge({
      name: 'database_up',
      help: '1 if the database currently answers within a second. The minimum of all workers.',
      aggregator: 'min',
      registers: [],
      async collect() {
        this.set((await look()) === undefined ? 0 : 1)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'database_migrations',
      help: '`applied`, `pending`, and `unknown` to this version, when the database last answered',
      labelNames: ['state'],
      aggregator: 'max',
      registers: [],
      async collect() {
        const state = await look()
        if (state === undefined) return
        for (const name of ['applied', 'pending', 'unknown'] as const) this.set({ state: name }, state[name].length)
      },
    }),
  )
}

function watchJobs(registry: Registry, jobs: Gauged['jobs']): void {
  const look = coalesced(() => within(LOOK_TIMEOUT_MS, jobs.state()).catch(() => undefined))
  registry.registerMetric(
    new Gauge({
      name: 'jobs_dead',
      help: 'Jobs that failed for the last time and wait for an operator',
      aggregator: 'max',
      registers: [],
      async collect() {
        const state = await look()
        if (state !== undefined) this.set(state.dead)
      },
    }),
  )
  registry.registerMetric(
    new Gauge({
      name: 'jobs_oldest_due_seconds',
      help: 'How long the oldest waiting job has been due',
      aggregator: 'max',
      registers: [],
      async collect() {
        const state = await look()
        if (state !== undefined) this.set(state.oldestDueS)
      },
    }),
  )
}

/** Concurrent calls share one pending result. */
export function coalesced<T>(ask: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined
  return () => (underWay ??= ask().finally(() => (underWay = undefined)))
}
