import { once } from 'node:events'
import type { App } from './server.ts'

/** How often connections that have become idle are looked for. */
const IDLE_CHECK_MS = 50

/**
 * Stops taking connections, answers what is under way and closes; what has not ended by the deadline is cut. Fastify's own
 * close() waits for clients that keep their connections alive.
 */
export async function drain(app: App, timeoutMs: number): Promise<void> {
  app.draining = true
  const closed = once(app.server, 'close')
  app.server.close()
  // A connection that was idle only between two requests says so when its answer has left.
  const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS)
  const deadline = setTimeout(() => app.server.closeAllConnections(), timeoutMs)
  await closed
  clearInterval(idle)
  clearTimeout(deadline)
  await app.close()
}
