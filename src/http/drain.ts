import { once } from 'node:events'
import { stopListening } from './listening.ts'
import type { App } from './app.ts'

/** How often connections that have become idle are looked for. */
const IDLE_CHECK_MS = 50

/**
 * Stops taking connections, answers what is under way and closes; what has not ended by the deadline is cut. Fastify's own
 * close() waits for clients that keep their connections alive.
 *
 * No request is reset whose connection was established before the port closed: what waits to be accepted or read is served.
 */
export async function drain(app: App, timeoutMs: number): Promise<void> {
  app.draining = true
  app.streams.drain()
  const deadline = setTimeout(() => app.connections.closeAll(), timeoutMs)
  const closed = once(app.server, 'close')
  await stopListening(app.server)
  // After the event loop has read from all connections: one with unread bytes would be reset.
  const closeIdle = (): void => void setImmediate(() => app.connections.closeIdle())
  closeIdle()
  const idle = setInterval(closeIdle, IDLE_CHECK_MS)
  await closed
  clearInterval(idle)
  clearTimeout(deadline)
  await app.close()
}
