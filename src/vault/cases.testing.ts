import { randomUUID } from 'node:crypto'
import { asAda } from '../../test/attacks/scene.ts'
import type { FeatureCases } from '../../test/feature-cases.ts'
import { SERVICE_TOKEN } from '../../test/world.ts'
import { openFakeProvider } from './fake-provider.testing.ts'

const GEMINI = '/api/user-api-keys/gemini'
const newKey = (): string => `AIza${randomUUID()}`

export const cases: FeatureCases = {
  parameters: { provider: 'gemini' },
  open: async () => {
    const provider = await openFakeProvider()
    return {
      env: { GEMINI_BASE_URL: provider.url },
      count: () => provider.asked.length,
      [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
    }
  },
  writes: (ask) => {
    const store = () => ask('PUT', { path: GEMINI, body: { apiKey: newKey() } })
    return {
      'PUT /api/user-api-keys/{provider}': async () => ({ path: GEMINI, body: { apiKey: newKey() } }),
      'POST /api/user-api-keys/{provider}/test': async () => {
        await store()
        return { path: `${GEMINI}/test` }
      },
      'DELETE /api/user-api-keys/{provider}': async () => {
        await store()
        return { path: GEMINI }
      },
    }
  },
  documented: ({ id }) => [
    [
      'GET',
      '/api/user-api-keys/{provider}/plaintext',
      { headers: { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': id } },
    ],
  ],
  plans: {
    tables: ['user_api_keys', 'user_api_key_reads'],
    fill: `
      insert into user_api_keys (user_id, provider, key_id, encrypted_key, masked_key, validation_status)
      select id, provider, gen_random_uuid(), repeat('x', 200), 'x', 'unreachable'
      from users, unnest('{gemini,openai,anthropic}'::text[]) provider;
      insert into user_api_key_reads (id, user_id, provider, service, request_id)
      select gen_random_uuid(), user_id, provider, 'agent', 'x' from user_api_keys, generate_series(1, 20)`,
    operations: {
      'one provider key': { ask: ['GET', GEMINI], reads: ['user_api_keys_pkey (user_id, provider)'] },
      'the reads of a provider key': {
        ask: ['GET', `${GEMINI}/audit`],
        reads: ['user_api_key_reads_by_time (user_id, provider, read_at, id)'],
      },
    },
  },
  attacks: {
    "Other users' tasks": [
      {
        name: 'a provider key in plain text, by its own user',
        expected: [403, 'forbidden'],
        send: asAda('GET', `${GEMINI}/plaintext`),
      },
    ],
  },
}
