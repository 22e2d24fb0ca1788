import { connect, Server, type AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'

/** After this the port is closed even if connections may be reset, for operating systems with other accept queues. */
const GIVE_UP_AFTER_MS = 2_000

/** Methods of Node's internal socket handle without a public equivalent. Workers of `node:cluster` have another kind of handle. */
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
 */
export async function stopListening(server: Server): Promise<void> {
  const handle = handleOf(server)
  const address = server.address()
  if (handle !== undefined && address !== null && typeof address === 'object') {
    handle.listen(0)
    const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
    while (server.listening && performance.now() < giveUpAt) {
      // The event loop accepts a connection in each iteration, before this resolves.
      await setImmediate()
      if (await fillsQueue(address, server)) return
    }
  }
  close(server)
}

/** Tries to fill the queue with its own connection. On success it closes the port before the event loop accepts the connection. */
function fillsQueue({ address, port, family }: AddressInfo, server: Server): Promise<boolean> {
  const loopback = family === 'IPv6' ? '::1' : '127.0.0.1'
  const isUnspecified = address === '0.0.0.0' || address === '::'
  const filler = connect({ host: isUnspecified ? loopback : address, port })
  // Closing the port resets this connection.
  filler.on('error', () => undefined)
  return new Promise((resolve) => {
    // Node calls connect(2) in a nextTick callback that was queued before this one.
    process.nextTick(() => {
      const isEstablished = handleOf(filler)?.getpeername({}) === 0
      if (isEstablished) close(server)
      filler.destroy()
      resolve(isEstablished)
    })
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
