import { connect, Server, type AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'

/** When it is given up to close the port without a reset, such as under an operating system whose queues work otherwise. */
const GIVE_UP_AFTER_MS = 2_000

/** What Node's own handle of a socket can do and its public interface cannot. A worker of `node:cluster` has another kind. */
interface Handle {
  listen(this: Handle, backlog: number): number
  getpeername(this: Handle, out: object): number
}

/**
 * Closes the port of `server`, and resets no connection that the kernel has established on it.
 *
 * To close a listening socket resets what waits in its accept queue: clients that believe to be connected and have sent their
 * request. A queue that was just found empty may have an entry again. So its length is reduced to one, the least there is, and
 * a connection of our own is put into it once all others have been accepted. While it is there, the kernel ignores what wants
 * to connect, and the port can be closed. A client that was ignored tries again after a second and is refused.
 */
export async function stopListening(server: Server): Promise<void> {
  const handle = handleOf(server)
  const address = server.address()
  if (handle !== undefined && address !== null && typeof address === 'object') {
    handle.listen(0)
    const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
    while (server.listening && performance.now() < giveUpAt) {
      // The event loop accepts one connection in each of its rounds, before this resolves.
      await setImmediate()
      if (await fillsQueue(address, server)) return
    }
  }
  close(server)
}

/** Tries to be the one connection in the queue; if it is, closes the port before the event loop could accept it. */
function fillsQueue({ address, port, family }: AddressInfo, server: Server): Promise<boolean> {
  const loopback = family === 'IPv6' ? '::1' : '127.0.0.1'
  const isUnspecified = address === '0.0.0.0' || address === '::'
  const filler = connect({ host: isUnspecified ? loopback : address, port })
  // Closing the port resets it.
  filler.on('error', () => undefined)
  return new Promise((resolve) => {
    // Node calls the kernel's connect() in a callback of this kind, which was queued before.
    process.nextTick(() => {
      const isEstablished = handleOf(filler)?.getpeername({}) === 0
      if (isEstablished) close(server)
      filler.destroy()
      resolve(isEstablished)
    })
  })
}

/** The HTTP server's own close() would also cut answers that are written but not sent yet. */
function close(server: Server): void {
  Server.prototype.close.call(server)
}

/** Node has it on every socket under this name, and no type for it. */
function handleOf(socket: object): Handle | undefined {
  const { _handle: handle } = socket as { readonly _handle?: Partial<Handle> | null }
  return typeof handle?.getpeername === 'function' ? (handle as Handle) : undefined
}
