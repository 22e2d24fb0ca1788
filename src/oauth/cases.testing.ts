import { answering, openFakeServer } from '../../test/fake-server.ts'
import { request, type Attack } from '../../test/attacks/scene.ts'
import type { FeatureCases } from '../../test/feature-cases.ts'
import { ACCESS_PREFIX } from '../http/app-token.ts'
import { newToken } from '../http/opaque-token.ts'
import { connect, requestOf } from './client.testing.ts'

/** The host of an app whose id is the URL of a document. */
let host: string | undefined

/** @param n one of many apps of this host */
const appOf = (n: string): string => `${host ?? 'https://app.example.com'}/${n}.json`
const FORM = { type: 'application/x-www-form-urlencoded' }
const NO_APP = '00000000-0000-4000-8000-000000000000'

const refused = (
  name: string,
  expected: Attack['expected'],
  method: string,
  path: string,
  of: (scene: Parameters<Attack['send']>[0]) => Parameters<typeof request>[2] = () => ({}),
): Attack => ({ name, expected, send: (scene) => request(method, path, of(scene)) })

export const cases: FeatureCases = {
  parameters: { clientId: NO_APP },
  open: async () => {
    const server = await openFakeServer()
    host = server.url
    server.answer = (response, asked) => {
      const document = { client_id: server.url + asked.url, redirect_uris: ['https://app.example.com/callback'] }
      if (!asked.url.endsWith('.json')) return answering(404)(response, asked)
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
    }
    return {
      env: {},
      count: () => server.asked.length,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  },
  writes: (ask) => {
    const decision = (n: string) => ({ request: requestOf({ clientId: appOf(n) }), decision: 'allow' })
    return {
      'POST /api/apps/authorization': async () => {
        const body = decision('one')
        // Keeps the document, so that the request itself calls no other server.
        await ask('GET', { path: `/api/apps/authorization?request=${encodeURIComponent(body.request)}` })
        return { path: '/api/apps/authorization', body }
      },
      'DELETE /api/apps/{clientId}': async () => {
        await ask('POST', { path: '/api/apps/authorization', body: decision('two') })
        return { path: `/api/apps/${encodeURIComponent(appOf('two'))}` }
      },
    }
  },
  masks: {
    'POST /api/apps/authorization': (text) => text.replace(/"redirectTo":(?:null|"[^"]*")/, ''),
  },
  bearers: {
    // By the document of an app, because registrations are limited for each address.
    'access token of an app': async (world, user, scope) =>
      (await connect(world, user, scope, appOf(`scope-${scope.replace(':', '-')}`))).access,
  },
  plans: {
    tables: ['oauth_grants', 'oauth_tokens'],
    fill: `
      insert into oauth_grants (user_id, id, client_id, client_name, redirect_uri, scopes, may_refresh, code_hash, code_challenge,
        code_expires_at, code_used_at, expires_at)
      select users.id, gen_random_uuid(), 'app ' || n / 5, 'x', 'https://app.example.com/', '{tasks:read}', true,
        encode(sha256(convert_to(users.id || n, 'UTF8')), 'hex'), repeat('A', 43), now(), now(), now() + interval '1 day'
      from users, generate_series(1, 50) n;
      insert into oauth_tokens (user_id, grant_id, hash, kind, scopes, expires_at)
      select user_id, id, encode(sha256(convert_to(id::text || n, 'UTF8')), 'hex'), 'access', '{tasks:read}', now() + interval '1 hour'
      from oauth_grants, generate_series(1, 3) n`,
    operations: {
      'the connected apps': {
        ask: ['GET', '/api/apps'],
        reads: ['oauth_grants_pkey (user_id)', 'oauth_tokens_by_grant (user_id, grant_id)'],
      },
    },
  },
  attacks: {
    Credentials: [
      refused('an access token with a wrong checksum', [401, 'unauthenticated'], 'GET', '/api/tasks', () => ({
        token: `todo_at_${'a'.repeat(36)}`,
      })),
      refused('an access token at the auth server', [403, 'forbidden'], 'POST', '/api/auth/revoke-sessions', () => ({
        token: newToken(ACCESS_PREFIX),
        body: {},
      })),
      refused(
        'a personal token that connects an app',
        [403, 'forbidden'],
        'POST',
        '/api/apps/authorization',
        (scene) => ({
          token: scene.readOnlyToken,
          body: { request: requestOf({ clientId: NO_APP }), decision: 'allow' },
        }),
      ),
      refused(
        'a session cookie that connects an app',
        [401, 'unauthenticated'],
        'POST',
        '/api/apps/authorization',
        (scene) => ({
          headers: [`Cookie: ${scene.cookie}`, 'Origin: https://evil.example'],
          body: { request: requestOf({ clientId: NO_APP }), decision: 'allow' },
        }),
      ),
      refused('a code that was guessed', [400], 'POST', '/oauth/token', () => ({
        ...FORM,
        body: `grant_type=authorization_code&client_id=${NO_APP}&code=todo_code_${'a'.repeat(36)}&redirect_uri=x&code_verifier=${'a'.repeat(43)}`,
      })),
      refused('a password of a user at the token endpoint', [400], 'POST', '/oauth/token', ({ ada }) => ({
        ...FORM,
        body: `grant_type=password&client_id=${NO_APP}&username=${encodeURIComponent(ada.email)}&password=x`,
      })),
      refused('a token of an app in a query', [422, 'invalid_input'], 'POST', '/oauth/token?refresh_token=x', () => ({
        ...FORM,
        body: 'x=y',
      })),
    ],
    "Other users' tasks": [
      refused(
        'ending an app that another user has connected',
        [404, 'not_found'],
        'DELETE',
        `/api/apps/${NO_APP}`,
        ({ ada }) => ({
          token: ada.token,
        }),
      ),
    ],
  },
}
