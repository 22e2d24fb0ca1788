import type { ChildProcess } from 'node:child_process'
import net from 'node:net'
import { listenHost } from '../lib/host.ts'
import { explained, urlOf } from '../server.ts'

/** Maximum number of waiting connections; further ones are closed. */
const WAITING_MAX = 1_000

/** Where connections go: to a process, or, if the code failed, they get the reason as an answer. Undefined: they wait. */
export type Taker = { readonly child: ChildProcess } | { readonly reason: string } | undefined

/** The port, open while the command runs: requests that arrive during a reload wait for the next process. */
export interface Listener extends AsyncDisposable {
  readonly address: string
  leadTo(taker: Taker): void
}

/** @throws StartError if the port cannot be opened */
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
      // If it cannot be sent, the process has exited; the connection is closed.
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
      // close() would wait for connections that were passed on.
      server.close()
    },
  }
}

/** Answers any request with the error, so that it appears in the browser as well as in the terminal. */
function sayWhy(socket: net.Socket, reason: string): void {
  const body = `The service does not start:\n\n${reason}\n`
  const head = `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`
  socket.end(`HTTP/1.1 503 Service Unavailable\r\n${head}\r\n\r\n${body}`)
  socket.resume()
}
