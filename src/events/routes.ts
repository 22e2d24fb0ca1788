import type { FastifyRequest } from 'fastify'
import { eventsAfter, type ChangePage } from '../changes/store.ts'
import type { Config } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { signedIn } from '../http/identify.ts'
import { readSyncCursor, type SyncPosition } from '../http/sync-cursor.ts'
import type { Principal } from '../principal.ts'
import { framesOf } from './frames.ts'
import { Hub, isExpired, PAGE_CHANGES } from './hub.ts'
import { Listener } from './listener.ts'
import { openEventMetrics } from './metrics.ts'
import { listenToEvents } from './operations.ts'
import { EndEvent, ReadyEvent, ReminderEvent, ResyncEvent } from './schema.ts'
import { head } from './store.ts'

/** Reads for streams take at most these connections, or a third of a smaller pool. */
const READS_AT_ONCE_MAX = 4

/** The stream of a user's changes. */
export function eventRoutes(app: App, { config, db, wakes, metrics }: FeatureDeps): void {
  const hub = new Hub({
    db,
    wakes,
    readsAtOnce: readsAtOnce(config),
    log: app.log,
    metrics: openEventMetrics(metrics.registry),
  })
  app.addHook('onClose', () => hub.close())
  for (const schema of [EndEvent, ReadyEvent, ReminderEvent, ResyncEvent]) app.addSchema(schema)

  // Without HEAD, which would open a stream and not show it.
  app.get('/api/events', { schema: listenToEvents, exposeHeadRoute: false }, async (request, reply) => {
    const principal = signedIn(request)
    const start = await startOf(db, principal, cursorOf(request))
    const stream = app.streams.open(reply, start.userId)
    const listener = new Listener({ ...start, principal, stream }, () => hub.resume(start.userId))
    listener.begin()
    if (start.page !== undefined) listener.take(framesOf(start.userId, start.position, start.page), start.page)
    if (start.isExpired) listener.resync(start.position)
    hub.add(listener)
    return reply
  })
}

/** The embedded database has one connection. */
function readsAtOnce({ database: { address, poolSize } }: Config): number {
  return address === undefined ? 1 : Math.max(1, Math.min(READS_AT_ONCE_MAX, Math.floor(poolSize / 3)))
}

/** A client that reconnects sends the URL of its first request again, and where it is in the header. */
function cursorOf({ headers, query }: FastifyRequest): string | undefined {
  const lastEventId = headers['last-event-id']
  if (lastEventId !== undefined && lastEventId !== '') return String(lastEventId)
  // Validation has made the query an EventQuery.
  return (query as { readonly cursor?: string }).cursor
}

interface Start {
  readonly userId: string
  readonly position: SyncPosition
  /** The changes after the position, if the client has named one. */
  readonly page?: ChangePage
  readonly isExpired: boolean
}

/**
 * Proves the principal and finds where its stream begins: at the cursor, or now.
 *
 * @throws Problem invalid_cursor (400), and those of `asUser`
 */
async function startOf(db: Database, principal: Principal, cursor: string | undefined): Promise<Start> {
  if (cursor !== undefined) {
    const start = await db
      .asUser(principal, async (sql) => {
        const position = readSyncCursor(sql.userId, cursor)
        const page = await sql.run(eventsAfter(position, PAGE_CHANGES))
        return { userId: sql.userId, position, page, isExpired: false }
      })
      .catch((error: unknown) => {
        if (!isExpired(error)) throw error
      })
    if (start !== undefined) return start
  }
  return { ...(await db.asUser(principal, head)), isExpired: cursor !== undefined }
}
