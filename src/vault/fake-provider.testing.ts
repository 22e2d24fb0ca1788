import { answering, openFakeServer, type FakeServer } from '../../test/fake-server.ts'

/** A list of models that satisfies all three providers. */
export const accepting = answering(200, { models: [{ name: 'models/x' }], data: [{ id: 'x' }] })

/** A provider on loopback, which accepts every key at first. */
export const openFakeProvider = (): Promise<FakeServer> => openFakeServer(accepting)

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
