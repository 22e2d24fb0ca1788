import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { Webhook as Verifier } from 'standardwebhooks'

/** A request that a receiver got. */
export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly raw: string
  /** The parsed body. Each test knows its type. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a body of another shape fails the test
  readonly body: any
}

/** A receiver of webhooks on loopback, which accepts everything at first. */
export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
  /** The answer from now on. */
  answer: (response: ServerResponse, received: Received) => void
  /** Resolves when so many requests have arrived in all. */
  got(count: number): Promise<readonly Received[]>
  /** Closes the port, with its connections. */
  stop(): Promise<void>
  /** Opens it again. */
  start(): Promise<void>
}

export const accepting: Receiver['answer'] = (response) => void response.writeHead(204).end()

export const refusing =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Receiver['answer'] =>
  (response) =>
    void response.writeHead(status, headers).end(body)

const LIMIT_MS = 20_000

export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const waiting = new Set<() => void>()
  const serve = () =>
    createServer((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => void pieces.push(piece))
      request.on('end', () => {
        const raw = Buffer.concat(pieces).toString()
        const one: Received = { path: request.url ?? '', headers: request.headers, raw, body: JSON.parse(raw) }
        received.push(one)
        receiver.answer(response, one)
        for (const notify of waiting) notify()
      })
    })
  let server = serve()
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return Number(Object(server.address()).port)
  }
  const port = await listen(0)
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    answer: accepting,
    got: async (count) => {
      const deadline = AbortSignal.timeout(LIMIT_MS)
      while (received.length < count) {
        await new Promise<void>((resolve, reject) => {
          const late = (): void => reject(new Error(`${received.length} of ${count} requests arrived`))
          deadline.addEventListener('abort', late, { once: true })
          waiting.add(() => {
            deadline.removeEventListener('abort', late)
            resolve()
          })
        })
        waiting.clear()
      }
      return received
    },
    stop,
    start: async () => {
      server = serve()
      await listen(port)
    },
    [Symbol.asyncDispose]: stop,
  }
  return receiver
}

/** What Standard Webhooks makes of a request. @throws when the signature is not that of the secret, or too old */
export const verified = ({ raw, headers }: Received, secret: string): unknown =>
  new Verifier(secret).verify(
    raw,
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  )
