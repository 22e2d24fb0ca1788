import { once } from 'node:events'
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'

export const PREFIX = '/todo'
/** The paths of metadata, which docs/oauth.md has for the proxy: the prefix is at their end, and they are passed on as they are. */
const METADATA = ['oauth-authorization-server', 'oauth-protected-resource'].map(
  (name) => `/.well-known/${name}${PREFIX}`,
)

export interface Proxy extends Disposable {
  readonly url: string
  target: string
}

/** Forwards requests below `/todo/` to the target without the prefix, and those of metadata; all other paths are 404. */
export async function openStrippingProxy(): Promise<Proxy> {
  const proxy = { target: '' }
  const server = createServer((incoming, outgoing) => {
    const { url = '', method, headers } = incoming
    const isMetadata = METADATA.some((path) => url === path || url.startsWith(`${path}/`))
    if (!isMetadata && !url.startsWith(`${PREFIX}/`)) {
      return void outgoing.writeHead(404).end('not behind the prefix')
    }
    const path = isMetadata ? url : url.slice(PREFIX.length)
    const sent = forward(proxy.target + path, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    sent.on('error', () => outgoing.destroy())
    incoming.pipe(sent)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // The address of a server that listens on a port has this type.
  const { port } = server.address() as AddressInfo
  return Object.assign(proxy, { url: `http://127.0.0.1:${port}${PREFIX}`, [Symbol.dispose]: () => void server.close() })
}
