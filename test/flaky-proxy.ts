import { once } from 'node:events'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** The treatment of a request: passed on; executed, but its answer lost or interrupted; or answered by the proxy. */
export type Fate =
  | 'pass'
  | 'lose'
  | 'break'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }

export interface FlakyProxy extends AsyncDisposable {
  readonly url: string
  /** The requests, in order. */
  readonly asked: readonly {
    readonly method: string
    readonly path: string
    readonly headers: IncomingMessage['headers']
  }[]
}

/** A proxy for a service. @param fates treatments of the first requests; later ones are passed on */
export async function openFlakyProxy(service: string, fates: readonly Fate[]): Promise<FlakyProxy> {
  const asked: FlakyProxy['asked'][number][] = []
  const server = createServer((incoming, outgoing) => {
    const fate = fates[asked.length] ?? 'pass'
    const { method = '', url: path = '', headers } = incoming
    asked.push({ method, path, headers })
    void answer(service, fate, incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // The server listens on a port, not on a pipe.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(service: string, fate: Fate, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = await buffer(incoming)
  if (typeof fate === 'object') {
    outgoing.writeHead(fate.status, fate.headers).end(fate.body)
    return
  }
  const onward = ask(new URL(incoming.url ?? '/', service), { method: incoming.method, headers: incoming.headers })
  onward.end(body)
  const [answered] = (await once(onward, 'response')) as [IncomingMessage]
  const content = await buffer(answered)
  if (fate === 'lose') {
    outgoing.destroy()
    return
  }
  outgoing.writeHead(answered.statusCode ?? 0, answered.headers)
  if (fate === 'pass') outgoing.end(content)
  else outgoing.write(content.subarray(0, content.length / 2), () => outgoing.destroy())
}
