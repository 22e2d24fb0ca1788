import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** A span in the JSON encoding of OTLP, with its attributes as one object. */
export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number
  readonly attributes: Readonly<Record<string, unknown>>
  /** The code is 2 for an error. */
  readonly status: { readonly code?: number }
}

interface Sent {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A collector on loopback that stores what it receives. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string
  readonly sent: readonly Sent[]
  /** The spans of all requests in JSON. */
  spans(): readonly ReceivedSpan[]
  /** The attributes of the resource that sent the spans. */
  resource(): Readonly<Record<string, unknown>>
}

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}
type RawSpan = Omit<ReceivedSpan, 'attributes'> & { readonly attributes: readonly Attribute[] }
interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly RawSpan[] }[]
  }[]
}

export async function openOtlpReceiver(): Promise<OtlpReceiver> {
  const sent: Sent[] = []
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    sent.push({ url: request.url ?? '', headers: request.headers, body: await buffer(request) })
    response.setHeader('content-type', 'application/json').end('{}')
  }
  const server = createServer((request, response) => void receive(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const exported = () => sent.flatMap(({ body }) => (JSON.parse(body.toString()) as Exported).resourceSpans)
  return {
    url: `http://127.0.0.1:${port}`,
    sent,
    spans: () =>
      exported().flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, attributes: named(span.attributes) }))),
      ),
    resource: () => named(exported()[0]?.resource.attributes ?? []),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const named = (attributes: readonly Attribute[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]))

function plain(value: Readonly<Record<string, unknown>>): unknown {
  const [only] = Object.values(value)
  const list = (only as { readonly values?: readonly Readonly<Record<string, unknown>>[] } | undefined)?.values
  return list === undefined ? only : list.map(plain)
}
