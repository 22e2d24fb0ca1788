import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { once } from 'node:events'

export interface Asked {
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** A server on loopback that returns the configured answer and records its requests. */
export interface FakeServer extends AsyncDisposable {
  readonly url: string
  /** The requests, in order. */
  readonly asked: readonly Asked[]
  /** The answer from now on. */
  answer: (response: ServerResponse, asked: Asked) => void
}

export async function openFakeServer(answer: FakeServer['answer'] = answering(200)): Promise<FakeServer> {
  const asked: Asked[] = []
  const server = createServer(({ url = '', headers }, response) => {
    asked.push({ url, headers })
    opened.answer(response, { url, headers })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const opened: FakeServer = {
    url: `http://127.0.0.1:${port}`,
    asked,
    answer,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
  return opened
}

/** An answer with this status and body; objects are encoded as JSON. */
export const answering =
  (status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): FakeServer['answer'] =>
  (response) => {
    const isText = typeof body === 'string'
    response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers })
    response.end(isText ? body : JSON.stringify(body))
  }

/** Accepts the request and never answers. */
export const hanging: FakeServer['answer'] = () => undefined
