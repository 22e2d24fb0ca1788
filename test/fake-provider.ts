import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { once } from 'node:events'

export interface Asked {
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** A provider on loopback that returns the configured answer and records its requests. */
export interface FakeProvider extends AsyncDisposable {
  readonly url: string
  /** The requests, in order. */
  readonly asked: readonly Asked[]
  /** The answer from now on. */
  answer: (response: ServerResponse, asked: Asked) => void
}

export async function openFakeProvider(): Promise<FakeProvider> {
  const asked: Asked[] = []
  const server = createServer(({ url = '', headers }, response) => {
    asked.push({ url, headers })
    provider.answer(response, { url, headers })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const provider: FakeProvider = {
    url: `http://127.0.0.1:${port}`,
    asked,
    answer: accepting,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
  return provider
}

/** An answer with this status and body; objects are encoded as JSON. */
export const answering =
  (status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): FakeProvider['answer'] =>
  (response) => {
    const isText = typeof body === 'string'
    response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers })
    response.end(isText ? body : JSON.stringify(body))
  }

/** A list of models that satisfies all three providers. */
export const accepting = answering(200, { models: [{ name: 'models/x' }], data: [{ id: 'x' }] })

/** Accepts the request and never answers. */
export const hanging: FakeProvider['answer'] = () => undefined

/** Each provider's documented answer to an unknown key. */
export const REFUSING = {
  gemini: answering(400, {
    error: {
      code: 400,
      message: 'API key not valid. Please pass a valid API key.',
      status: 'INVALID_ARGUMENT',
      details: [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' },
      ],
    },
  }),
  openai: answering(401, {
    error: {
      message: 'Incorrect API key provided',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    },
  }),
  anthropic: answering(401, { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } }),
} as const
