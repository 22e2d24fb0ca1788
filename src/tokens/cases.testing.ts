import { request, type Attack, type Scene } from '../../test/attacks/scene.ts'
import type { FeatureCases } from '../../test/feature-cases.ts'
import { SERVICE_TOKEN } from '../../test/world.ts'

const TOKENS = '/api/tokens'

type Sent = NonNullable<Parameters<typeof request>[2]>

/** @param of the request; without a token of its own it has that of ada's session */
const refused = (
  name: string,
  expected: Attack['expected'],
  method: string,
  of: (scene: Scene) => Omit<Sent, 'token'> & { readonly path: string; readonly token?: string | undefined },
): Attack => ({
  name,
  expected,
  send: (scene) => {
    const { path, ...sending } = of(scene)
    return request(method, path, { token: scene.ada.token, ...sending })
  },
})

export const cases: FeatureCases = {
  writes: (ask) => ({
    'POST /api/tokens': async () => ({ path: TOKENS, body: { name: 'Report', scopes: ['tasks:read'] } }),
    'DELETE /api/tokens/{id}': async () => {
      const { json } = await ask('POST', { path: TOKENS, body: { name: 'Report' } })
      return { path: `${TOKENS}/${json.id}` }
    },
  }),
  masks: {
    'POST /api/tokens': (text) => text.replace(/"token":(?:null|"[^"]*")/, '').replace(/"prefix":"[^"]*"/, ''),
  },
  plans: {
    tables: ['personal_tokens'],
    // As many as each of the users can have.
    fill: `
      insert into personal_tokens (user_id, id, name, prefix, hash, scopes, expires_at)
      select users.id, gen_random_uuid(), 'x', 'todo_pat_0000', encode(sha256(convert_to(users.id || n, 'UTF8')), 'hex'),
        '{tasks:read}', now() + interval '1 day'
      from users, generate_series(1, 50) n`,
    operations: {
      'the personal tokens': { ask: ['GET', TOKENS], reads: ['personal_tokens_pkey (user_id)'] },
    },
  },
  attacks: {
    "Other users' tasks": [
      refused("reading another user's personal token", [404, 'not_found'], 'GET', ({ benTokenId }) => ({
        path: `${TOKENS}/${benTokenId}`,
      })),
      refused("revoking another user's personal token", [404, 'not_found'], 'DELETE', ({ benTokenId }) => ({
        path: `${TOKENS}/${benTokenId}`,
      })),
      refused("making another user's personal token", [422, 'invalid_input'], 'POST', ({ ben }) => ({
        path: TOKENS,
        body: { name: 'x', userId: ben.id },
      })),
    ],
    Credentials: [
      refused('a personal token with a wrong checksum', [401, 'unauthenticated'], 'GET', () => ({
        path: '/api/tasks',
        token: `todo_pat_${'a'.repeat(36)}`,
      })),
      refused('a read-only personal token that writes', [403, 'insufficient_scope'], 'POST', (scene) => ({
        path: '/api/tasks',
        token: scene.readOnlyToken,
        body: { title: scene.canary },
      })),
      refused('a personal token that makes another one', [403, 'forbidden'], 'POST', ({ readOnlyToken: token }) => ({
        path: TOKENS,
        token,
        body: { name: 'x', scopes: ['tasks:write'] },
      })),
      refused('a personal token at the auth server', [403, 'forbidden'], 'POST', ({ readOnlyToken: token }) => ({
        path: '/api/auth/revoke-sessions',
        token,
        body: {},
      })),
      refused('a service token that makes a personal token', [403, 'forbidden'], 'POST', ({ ada }) => ({
        path: TOKENS,
        token: undefined,
        headers: [`X-Service-Auth: ${SERVICE_TOKEN}`, `X-User-ID: ${ada.id}`],
        body: { name: 'x' },
      })),
      refused('a personal token with all scopes by a wildcard', [422, 'invalid_input'], 'POST', () => ({
        path: TOKENS,
        body: { name: 'x', scopes: ['*'] },
      })),
      refused('a personal token with a chosen hash', [422, 'invalid_input'], 'POST', () => ({
        path: TOKENS,
        body: { name: 'x', hash: '0'.repeat(64) },
      })),
    ],
  },
}
