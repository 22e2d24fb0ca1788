import type { FastifyBaseLogger } from 'fastify'
import { Type } from 'typebox'
import type { Database } from '../db/database.ts'
import { label } from '../db/migration-files.ts'
import type { MigrationState } from '../db/migrator.ts'
import type { App } from '../http/server.ts'
import { OneOf, refusalsOfUnlimited } from '../http/wire.ts'
import type { RedisConnection } from '../redis.ts'

/** How long readiness waits for the database before it says no: it too answers within 2 s. */
const DATABASE_TIMEOUT_MS = 1_500

const Health = Type.Object(
  { status: OneOf(['healthy']), service: OneOf(['todo-backend']) },
  { description: 'It is', examples: [{ status: 'healthy', service: 'todo-backend' }] },
)

const Readiness = Type.Object(
  {
    status: OneOf(['ready', 'degraded', 'unavailable']),
    service: OneOf(['todo-backend']),
    checks: Type.Object({
      database: OneOf(['up', 'down']),
      migrations: OneOf(['current', 'ahead', 'pending', 'newer', 'unknown'], {
        description:
          '`ahead`: the schema has migrations of a newer version that only add, so this version works on it; `newer`: one takes away what this version needs',
      }),
      redis: OneOf(['up', 'degraded']),
    }),
    pendingMigrations: Type.Optional(Type.Array(Type.String())),
  },
  {
    description: 'What the service stands on',
    examples: [
      { status: 'ready', service: 'todo-backend', checks: { database: 'up', migrations: 'current', redis: 'up' } },
    ],
  },
)

type Migrations = 'current' | 'ahead' | 'pending' | 'newer' | 'unknown'

/** Liveness, which touches nothing, and readiness, which asks what the service stands on. */
export function healthRoutes(
  app: App,
  { db, redis }: { db: Database; redis: Pick<RedisConnection, 'isReachable'> },
): void {
  app.get(
    '/health',
    {
      config: { unlimited: true },
      schema: {
        operationId: 'getHealth',
        summary: 'Is the process serving?',
        tags: ['health'],
        security: [],
        response: { 200: Health, ...refusalsOfUnlimited() },
      },
    },
    async (_request, reply) =>
      reply.header('cache-control', 'no-store').send({ status: 'healthy', service: 'todo-backend' }),
  )

  app.get(
    '/health/ready',
    {
      config: { unlimited: true },
      schema: {
        operationId: 'getReadiness',
        summary: 'Can it answer requests now?',
        description: 'Without Redis the service is `degraded`, and ready.',
        tags: ['health'],
        security: [],
        response: { ...refusalsOfUnlimited(), 200: Readiness, 503: Readiness },
      },
    },
    async (request, reply) => {
      const [migrations, redisUp] = await Promise.all([migrationsOf(db, request.log), redis.isReachable()])
      const usable = (migrations.state === 'current' || migrations.state === 'ahead') && !app.draining
      void reply.header('cache-control', 'no-store')
      if (!usable) void reply.header('retry-after', '2')
      return reply.code(usable ? 200 : 503).send({
        status: usable ? (redisUp ? 'ready' : 'degraded') : 'unavailable',
        service: 'todo-backend',
        checks: {
          database: migrations.state === 'unknown' ? 'down' : 'up',
          migrations: migrations.state,
          redis: redisUp ? 'up' : 'degraded',
        },
        ...(migrations.pending.length === 0 ? {} : { pendingMigrations: migrations.pending }),
      })
    },
  )
}

/** One look at the database tells both whether it answers and whether its schema is ours. */
async function migrationsOf(db: Database, log: FastifyBaseLogger): Promise<{ state: Migrations; pending: string[] }> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => timeout.reject(new Error('the database did not answer in time')), DATABASE_TIMEOUT_MS)
  try {
    const state = await Promise.race([db.migrationState(), timeout.promise])
    return { state: summaryOf(state), pending: state.pending.map(label) }
  } catch (error) {
    log.warn({ err: error }, 'readiness could not look at the database')
    return { state: 'unknown', pending: [] }
  } finally {
    clearTimeout(timer)
  }
}

function summaryOf({ pending, unknown, incompatible }: MigrationState): Migrations {
  if (incompatible.length > 0) return 'newer'
  if (pending.length > 0) return 'pending'
  return unknown.length > 0 ? 'ahead' : 'current'
}
