import { once } from 'node:events'
import { Server } from 'node:net'
import type { App } from './server.ts'

/** How often connections that have become idle are looked for. */
const IDLE_CHECK_MS = 50

/**
 * Stops taking connections, answers what is under way and closes; what has not ended by the deadline is cut. Fastify's own
 * close() waits for clients that keep their connections alive.
 */
export async function drain(app: App, timeoutMs: number): Promise<void> {
  app.draining = true
  app.streams.drain()
  const closed = once(app.server, 'close')
  // The HTTP server's own close() would also cut answers that are written but not sent yet.
  Server.prototype.close.call(app.server)
  app.connections.closeIdle()
  const idle = setInterval(() => app.connections.closeIdle(), IDLE_CHECK_MS)
  const deadline = setTimeout(() => app.connections.closeAll(), timeoutMs)
  await closed
  clearInterval(idle)
  clearTimeout(deadline)
  await app.close()
}
