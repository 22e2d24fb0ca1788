import type { FastifyBaseLogger } from 'fastify'
import { Type } from 'typebox'
import type { Database } from '../db/database.ts'
import { Problem } from '../errors.ts'
import { label } from '../db/schema/migration-files.ts'
import type { MigrationState } from '../db/schema/migrator.ts'
import type { App } from '../http/app.ts'
import { OpenSet, refusalsOfUnlimited } from '../http/wire.ts'
import type { RedisConnection } from '../redis.ts'

/** Timeout of the database checks, so that readiness answers within 2 s. */
const DATABASE_TIMEOUT_MS = 1_500

const Health = Type.Object(
  { status: OpenSet(['healthy']), service: Type.String({ maxLength: 64 }) },
  {
    'x-component': 'HealthAnswer',
    description: 'The process is serving',
    examples: [{ status: 'healthy', service: 'todo-backend' }],
  },
)

const Readiness = Type.Object(
  {
    status: OpenSet(['ready', 'degraded', 'unavailable']),
    service: Type.String({ maxLength: 64 }),
    checks: Type.Object(
      {
        database: OpenSet(['up', 'read-only', 'denied', 'down']),
        migrations: OpenSet(['current', 'ahead', 'pending', 'newer', 'unknown'], {
          description:
            '`ahead`: the schema has expanding migrations of a newer version, and this version works with it; `newer`: it has a contracting migration, and this version does not work with it',
        }),
        redis: OpenSet(['up', 'degraded']),
      },
      { 'x-component': 'ReadinessChecks' },
    ),
    pendingMigrations: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: 9999 })),
  },
  {
    'x-component': 'ReadinessAnswer',
    description: 'The state of the dependencies',
    examples: [
      { status: 'ready', service: 'todo-backend', checks: { database: 'up', migrations: 'current', redis: 'up' } },
    ],
  },
)

type Migrations = 'current' | 'ahead' | 'pending' | 'newer' | 'unknown'

interface HealthDeps {
  readonly db: Database
  readonly redis: Pick<RedisConnection, 'isReachable'>
  /** Statements that the serving role must have the rights for. */
  readonly writeProbes: readonly string[]
}

/** Liveness, which touches nothing, and readiness, which asks what the service stands on. */
export function healthRoutes(app: App, { db, redis, writeProbes }: HealthDeps): void {
  app.get(
    '/health',
    {
      config: { unlimited: true },
      schema: {
        operationId: 'getHealth',
        summary: 'Is the process serving?',
        description: 'Checks only the process itself, so that a database outage does not restart it.',
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
        description:
          'Ready means that the service can write. It is not ready if `database` is `read-only` (for example a standby) or `denied` (rights were revoked). Without Redis it is ready and `degraded`.',
        tags: ['health'],
        security: [],
        response: { ...refusalsOfUnlimited(), 200: Readiness, 503: Readiness },
      },
    },
    async (request, reply) => {
      const [seen, redisUp] = await Promise.all([look(db, writeProbes, request.log), redis.isReachable()])
      const usable = seen.database === 'up' && isCompatible(seen.state) && !app.draining
      void reply.header('cache-control', 'no-store')
      if (!usable) void reply.header('retry-after', '2')
      return reply.code(usable ? 200 : 503).send({
        status: usable ? (redisUp ? 'ready' : 'degraded') : 'unavailable',
        service: 'todo-backend',
        checks: {
          database: seen.database,
          migrations: seen.state,
          redis: redisUp ? 'up' : 'degraded',
        },
        ...(seen.pending.length === 0 ? {} : { pendingMigrations: [...seen.pending] }),
      })
    },
  )
}

const isCompatible = (state: Migrations): boolean => state === 'current' || state === 'ahead'

interface Seen {
  readonly database: 'up' | 'read-only' | 'denied' | 'down'
  readonly state: Migrations
  readonly pending: readonly string[]
}

/**
 * Whether the database answers, has the schema of this code, and lets the service write. A connection to a server that has
 * become read-only is not used again, so that the next probe reaches the server that took its place.
 */
async function look(db: Database, writeProbes: readonly string[], log: FastifyBaseLogger): Promise<Seen> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => timeout.reject(new Error('the database did not answer in time')), DATABASE_TIMEOUT_MS)
  let seen: Pick<Seen, 'state' | 'pending'> = { state: 'unknown', pending: [] }
  try {
    const state = await Promise.race([db.migrationState(), timeout.promise])
    seen = { state: summaryOf(state), pending: state.pending.map(label) }
    if (isCompatible(seen.state)) await Promise.race([db.probeWrites(writeProbes), timeout.promise])
    return { ...seen, database: 'up' }
  } catch (error) {
    log.warn({ err: error }, 'readiness: the database cannot be used')
    return { ...seen, database: stateOf(error) }
  } finally {
    clearTimeout(timer)
  }
}

function stateOf(error: unknown): Seen['database'] {
  const answer = error instanceof Problem ? error.cause : error
  const code = answer instanceof Error && 'code' in answer ? answer.code : undefined
  if (code === '25006') return 'read-only' // read_only_sql_transaction
  return code === '42501' ? 'denied' : 'down' // insufficient_privilege
}

function summaryOf({ pending, unknown, incompatible }: MigrationState): Migrations {
  if (incompatible.length > 0) return 'newer'
  if (pending.length > 0) return 'pending'
  return unknown.length > 0 ? 'ahead' : 'current'
}
