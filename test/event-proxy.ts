import { once } from 'node:events'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The event stream of one client. */
export interface Stream {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** Resolves when the connection is closed, by either side. */
  readonly closed: Promise<unknown>
  /** Whether the client reads slower than the test writes. */
  readonly isBehind: boolean
  send(text: string): void
  /** Ends the answer properly. */
  end(): void
  /** Cuts the connection. */
  cut(): void
}

export interface EventProxy extends AsyncDisposable {
  readonly url: string
  /** The next stream that a client opens. */
  next(): Promise<Stream>
}

/**
 * Stands before a service. It passes requests on, except that for event streams, whose other end it gives to the test: to send
 * what a service sends rarely, or to cut the connection.
 */
export async function openEventProxy(service: string): Promise<EventProxy> {
  const opened: Stream[] = []
  const waiting: ((stream: Stream) => void)[] = []
  const server = createServer((incoming, outgoing) => {
    if (incoming.url?.startsWith('/api/events') !== true) {
      void passOn(service, incoming, outgoing).catch(() => outgoing.destroy())
      return
    }
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    const stream = streamOf(incoming, outgoing)
    const give = waiting.shift()
    if (give === undefined) opened.push(stream)
    else give(stream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // It listens on a port, and not on a pipe.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    next: () => {
      const stream = opened.shift()
      return stream === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(stream)
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const streamOf = ({ url: path = '', headers }: IncomingMessage, outgoing: ServerResponse): Stream => ({
  path,
  headers,
  closed: once(outgoing, 'close'),
  get isBehind() {
    return outgoing.writableNeedDrain
  },
  send: (text) => void outgoing.write(text),
  end: () => void outgoing.end(),
  cut: () => void outgoing.destroy(),
})

async function passOn(service: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const onward = ask(new URL(incoming.url ?? '/', service), { method: incoming.method, headers: incoming.headers })
  incoming.pipe(onward)
  const [answered] = (await once(onward, 'response')) as [IncomingMessage]
  outgoing.writeHead(answered.statusCode ?? 0, answered.headers)
  answered.pipe(outgoing)
}
