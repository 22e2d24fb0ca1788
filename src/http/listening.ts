import { readFileSync } from 'node:fs'
import { connect, Server, type AddressInfo } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'

/** After this the port is closed even if connections may be reset, for operating systems with other accept queues. */
const GIVE_UP_AFTER_MS = 5_000
/** How long handshakes in progress may delay it. Beyond that they are those of clients that never answer, or there are always some. */
const HANDSHAKES_MS = 2_000
/** A client repeats its packet after 200 ms at the earliest. */
const HANDSHAKE_CHECK_MS = 50
/** Node's default, which Fastify uses too. */
const BACKLOG = 511

/** Methods of Node's internal socket handle without a public equivalent. */
interface Handle {
  listen(this: Handle, backlog: number): number
  getpeername(this: Handle, out: object): number
}

/**
 * Closes the port of `server` without resetting connections that the kernel has established on it.
 *
 * Closing a listening socket resets the connections in its accept queue, whose clients may have sent their requests. Checking that
 * the queue is empty is not enough, since another may arrive. So the length of the queue is reduced to one, the minimum, and a
 * connection of our own fills it once all others have been accepted. While the queue is full, the kernel ignores SYNs, and the
 * port can be closed. A client that was ignored retries after a second and is refused.
 *
 * A full queue also makes the kernel ignore the last packet of a handshake that began before. Its client is connected, and sends its
 * request, but the server has no connection yet: closing the port would reset it. Then the port stays open, with a queue of the usual
 * length, until the client has repeated the packet.
 */
export async function stopListening(server: Server): Promise<void> {
  const handle = handleOf(server)
  const address = server.address()
  if (handle !== undefined && address !== null && typeof address === 'object') {
    const startedAt = performance.now()
    const since = (): number => performance.now() - startedAt
    while (server.listening && since() < GIVE_UP_AFTER_MS) {
      handle.listen(0)
      // The event loop accepts a connection in each iteration, before this resolves.
      await setImmediate()
      using filler = await fillQueue(address)
      if (!filler.isEstablished) continue
      // Synchronous up to the end, because the event loop would accept the connection that fills the queue.
      if (since() >= HANDSHAKES_MS || !hasHandshakes(address.port)) return close(server)
      handle.listen(BACKLOG)
      do await setTimeout(HANDSHAKE_CHECK_MS)
      while (since() < HANDSHAKES_MS && hasHandshakes(address.port))
    }
  }
  close(server)
}

interface Filler extends Disposable {
  /** Whether the kernel has begun to establish it, so that the queue was not full. */
  readonly isEstablished: boolean
}

/** Tries to fill the queue with its own connection. Resolves before the event loop can accept it. */
function fillQueue({ address, port, family }: AddressInfo): Promise<Filler> {
  const loopback = family === 'IPv6' ? '::1' : '127.0.0.1'
  const isUnspecified = address === '0.0.0.0' || address === '::'
  const socket = connect({ host: isUnspecified ? loopback : address, port })
  // Closing the port resets this connection.
  socket.on('error', () => undefined)
  return new Promise((resolve) => {
    // Node calls connect(2) in a nextTick callback that was queued before this one.
    process.nextTick(() => {
      const isEstablished = handleOf(socket)?.getpeername({}) === 0
      resolve({ isEstablished, [Symbol.dispose]: () => socket.destroy() })
    })
  })
}

/**
 * Whether a handshake on `port` has begun and not ended, according to the tables of Linux; elsewhere it is not known. If it is that of
 * the filler, the connection in the queue is one of a client.
 */
function hasHandshakes(port: number): boolean {
  const localPort = port.toString(16).toUpperCase().padStart(4, '0')
  // State 03 is TCP_SYN_RECV.
  const handshake = new RegExp(`^ *\\d+: [0-9A-F]+:${localPort} [0-9A-F]+:[0-9A-F]+ 03 `, 'm')
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((table) => {
    try {
      return handshake.test(readFileSync(table, 'latin1'))
    } catch {
      return false
    }
  })
}

/** http.Server's close() would also cut answers that are written but not sent yet. */
function close(server: Server): void {
  Server.prototype.close.call(server)
}

/** Every socket of Node has this property, which its types omit. */
function handleOf(socket: object): Handle | undefined {
  const { _handle: handle } = socket as { readonly _handle?: Partial<Handle> | null }
  return typeof handle?.getpeername === 'function' ? (handle as Handle) : undefined
}
