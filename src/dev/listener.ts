import type { ChildProcess } from 'node:child_process'
import net from 'node:net'
import { listenHost } from '../lib/host.ts'
import { explained, urlOf } from '../server.ts'

/** Beyond so many that wait the next is closed. */
const WAITING_MAX = 1_000

/** Who takes the connections: a process, or for want of one the reason, which everybody is told. Undefined: they wait. */
export type Taker = { readonly child: ChildProcess } | { readonly reason: string } | undefined

/** The port, open as long as the command runs: a request that comes while nobody serves waits for whoever serves next. */
export interface Listener extends AsyncDisposable {
  readonly address: string
  leadTo(taker: Taker): void
}

/** @throws StartError where the port cannot be opened */
export async function openListener({
  host,
  port,
}: {
  readonly host: string
  readonly port: number
}): Promise<Listener> {
  let taker: Taker
  const waiting = new Set<net.Socket>()
  const give = (socket: net.Socket): void => {
    if (taker === undefined) {
      if (waiting.size >= WAITING_MAX) return void socket.destroy()
      waiting.add(socket)
      socket.once('close', () => waiting.delete(socket))
    } else if ('child' in taker) {
      waiting.delete(socket)
      // One that cannot be sent has lost its reader, who is told by its end.
      taker.child.send({ kind: 'connection' }, socket, (error) => void (error !== null && socket.destroy()))
    } else {
      waiting.delete(socket)
      sayWhy(socket, taker.reason)
    }
  }
  const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    give(socket)
  })
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: listenHost(host), port }, resolve)
    })
  } catch (error) {
    throw explained(error, host, port)
  }
  return {
    address: urlOf(server, host, port),
    leadTo: (next) => {
      taker = next
      if (taker !== undefined) for (const socket of waiting) give(socket)
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of waiting) socket.destroy()
      // Its end would wait for connections that were handed on.
      server.close()
    },
  }
}

/** Whatever was asked: the developer sees in the browser what the terminal says. */
function sayWhy(socket: net.Socket, reason: string): void {
  const body = `The service does not start:\n\n${reason}\n`
  const head = `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`
  socket.end(`HTTP/1.1 503 Service Unavailable\r\n${head}\r\n\r\n${body}`)
  socket.resume()
}
