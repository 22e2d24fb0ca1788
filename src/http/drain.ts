import { once } from 'node:events'
import { stopListening } from './listening.ts'
import type { App } from './app.ts'

/** How often idle connections are closed. */
const IDLE_CHECK_MS = 50

/**
 * Stops accepting connections, answers the requests in progress and closes. At the deadline the remaining connections are
 * destroyed. Fastify's own close() would wait for clients that keep connections alive.
 *
 * Requests on connections that were established before the port closed are served, even if they were not accepted or read yet.
 */
export async function drain(app: App, timeoutMs: number): Promise<void> {
  app.draining = true
  app.streams.drain()
  const deadline = setTimeout(() => app.connections.closeAll(), timeoutMs)
  const closed = once(app.server, 'close')
  await stopListening(app.server)
  app.connections.closeIdle()
  const idle = setInterval(() => app.connections.closeIdle(), IDLE_CHECK_MS)
  await closed
  clearInterval(idle)
  clearTimeout(deadline)
  await app.close()
}
