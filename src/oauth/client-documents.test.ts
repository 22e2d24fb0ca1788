import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { after, before, beforeEach, suite, test } from 'node:test'
import { answering, openFakeServer, type FakeServer } from '../../test/fake-server.ts'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import { openOutbound } from '../outbound/outbound.ts'
import { openClientDocuments } from './client-documents.ts'
import {
  connect,
  consent,
  decide,
  describeRequest,
  exchange,
  newPkce,
  REDIRECT_URI,
  requestOf,
  TRUSTING,
  refuses,
  refusesGrant,
} from './client.testing.ts'

/** Apps whose id is the URL of a document about them. */

let world: World
let ada: User

before(async () => {
  world = await openWorld({ env: { PUBLIC_URL: 'https://todo.example.com', ...TRUSTING } })
})
after(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = await world.signUp('Ada')
})

const use = (token: string): Promise<Answer> => world.ask('GET', '/api/tasks', { token })

/** Documents as they are published (docs/adr/0038-oauth.md), and the redirect URIs with which these apps ask. */
const PUBLISHED = {
  ChatGPT: {
    document: {
      client_name: 'ChatGPT',
      client_uri: 'https://chatgpt.com/',
      redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      token_endpoint_auth_signing_alg: 'RS256',
      jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    asks: ['https://chatgpt.com/connector_platform_oauth_redirect'],
  },
  OpenCode: {
    document: {
      client_name: 'opencode',
      client_uri: 'https://opencode.ai',
      logo_uri: 'https://opencode.ai/web-app-manifest-512x512.png',
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      token_endpoint_auth_methods_supported: ['none'],
    },
    asks: ['http://127.0.0.1:19876/callback', 'http://localhost:4242/callback'],
  },
  'Visual Studio Code': {
    document: {
      client_name: 'Visual Studio Code',
      redirect_uris: ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    },
    asks: ['https://vscode.dev/redirect', 'http://127.0.0.1:33418/', 'http://127.0.0.1:50123/'],
  },
} as const

suite('an app whose id is the URL of a document', () => {
  let host: FakeServer
  let id: string
  let document: Record<string, unknown>
  const show = (): void => {
    host.answer = (response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  }
  before(async () => {
    host = await openFakeServer()
  })
  after(() => host[Symbol.asyncDispose]())
  beforeEach(() => {
    id = `${host.url}/${randomBytes(8).toString('hex')}.json`
    document = {
      client_id: id,
      client_name: 'Documented',
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token'],
    }
    show()
  })

  test('is connected without a registration', async () => {
    const { access } = await connect(world, ada, 'tasks:read', id)
    assert.equal((await use(access)).status, 200)
    const [app] = (await world.ask('GET', '/api/apps', { token: ada.token })).json
    assert.deepEqual([app.clientId, app.name], [id, 'Documented'])
    assert.equal((await world.ask('DELETE', `/api/apps/${encodeURIComponent(id)}`, { token: ada.token })).status, 204)
    refuses(await use(access), 401, 'unauthenticated')
  })

  for (const [app, published] of Object.entries(PUBLISHED)) {
    test(`is accepted as ${app} publishes it`, async () => {
      const [redirect_uri = ''] = published.asks
      document = { client_id: id, ...published.document }
      for (const uri of published.asks) {
        const { status, json, text } = await describeRequest(
          world,
          ada,
          requestOf({ clientId: id, changes: { redirect_uri: uri } }),
        )
        assert.equal(status, 200, text)
        assert.deepEqual([json.name, json.isRenewable], [published.document.client_name, true])
      }
      const pkce = newPkce()
      const code = await consent(world, ada, { clientId: id, pkce, changes: { redirect_uri } })
      assert.equal((await exchange(world, { code, clientId: id, pkce }, { redirect_uri })).status, 200)
    })
  }

  for (const [what, methods] of [
    ['private_key_jwt alone', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['client_secret_basic', { token_endpoint_auth_method: 'client_secret_basic' }],
    [
      'private_key_jwt, and offers no other',
      {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
      },
    ],
  ] as const) {
    test(`is refused where it authenticates with ${what}, and the answer says what would be accepted`, async () => {
      Object.assign(document, methods)
      const answer = await describeRequest(world, ada, requestOf({ clientId: id }))
      refuses(answer, 422, 'invalid_authorization_request')
      assert.match(answer.json.detail, /token_endpoint_auth_method must be none, or .* must contain it/)
    })
  }

  test('is read once in five minutes, whatever its caching headers say; a document that cannot be used is not kept', async () => {
    const request = requestOf({ clientId: id })
    host.answer = (response) => response.setHeader('cache-control', 'max-age=86400').end('{}')
    refuses(await describeRequest(world, ada, request), 422, 'invalid_authorization_request')
    host.answer = (response) =>
      response
        .setHeader('cache-control', 'no-store')
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify(document))
    const asked = host.asked.length
    assert.equal((await describeRequest(world, ada, request)).status, 200)
    assert.equal((await decide(world, ada, request)).status, 200)
    assert.equal(host.asked.length, asked + 1)
  })

  for (const type of ['text/html', 'text/plain; charset=utf-8', undefined]) {
    test(`is refused where the document is ${type ?? 'of no type'}, as files of strangers are served`, async () => {
      host.answer = (response) => {
        if (type !== undefined) response.setHeader('content-type', type)
        response.end(JSON.stringify(document))
      }
      const answer = await describeRequest(world, ada, requestOf({ clientId: id }))
      refuses(answer, 422, 'invalid_authorization_request')
      assert.match(answer.json.detail, /Content-Type must be application\/json/)
    })
  }

  test('is refused where the document has a secret, which would be public', async () => {
    document['client_secret'] = 'x'
    refuses(await describeRequest(world, ada, requestOf({ clientId: id })), 422, 'invalid_authorization_request')
  })

  test('whose server does not answer is refused when the time is up', { timeout: 60_000 }, async () => {
    host.answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{')
    const answer = await describeRequest(world, ada, requestOf({ clientId: id }))
    refuses(answer, 422, 'invalid_authorization_request')
    assert.match(answer.json.detail, /cannot be used: .*(?:in time|seconds|aborted|timed out)/i)
  })

  test('whose document changes after the consent gets nothing at the new redirect URI with the old one, nor by an old code', async () => {
    const pkce = newPkce()
    const code = await consent(world, ada, { clientId: id, pkce })
    document['redirect_uris'] = ['https://evil.example/callback']
    document['client_name'] = 'Another name'
    refusesGrant(await exchange(world, { code, clientId: id, pkce }, { redirect_uri: 'https://evil.example/callback' }))
    assert.equal((await exchange(world, { code, clientId: id, pkce })).status, 200)
    const [app] = (await world.ask('GET', '/api/apps', { token: ada.token })).json
    assert.deepEqual([app.name, app.destination.name], ['Documented', 'app.example.com'], 'as the user saw it')
  })

  test('is refused where the document is missing, wrong, moved, too large, or that of another id', async () => {
    const refusal = async (): Promise<string> => {
      id = `${host.url}/${randomBytes(8).toString('hex')}.json`
      document['client_id'] ??= id
      const answer = await describeRequest(world, ada, requestOf({ clientId: id }))
      refuses(answer, 422, 'invalid_authorization_request')
      assert.deepEqual([answer.json.error, 'redirectTo' in answer.json], ['invalid_client', false])
      return answer.json.detail
    }
    assert.match(await refusal(), /its client_id is not the URL/)
    host.answer = answering(404)
    assert.match(await refusal(), /status 404/)
    host.answer = (response) => response.writeHead(302, { location: '/other' }).end()
    assert.match(await refusal(), /status 302/)
    const sends = (body: string) => (response: ServerResponse) =>
      void response.setHeader('content-type', 'application/json').end(body)
    host.answer = sends('<html>')
    assert.match(await refusal(), /not valid JSON/)
    host.answer = sends(' '.repeat(70_000))
    assert.match(await refusal(), /too large/)
    host.answer = (response, { url }) =>
      sends(JSON.stringify({ client_id: host.url + url, redirect_uris: ['javascript:alert(1)'] }))(response)
    assert.match(await refusal(), /redirect_uris\[0\] must not have the scheme javascript:/)
  })

  test('is refused where the URL is written in another way, or has no path', async () => {
    for (const url of [
      `${host.url}/`,
      `${host.url}/a/../b.json`,
      `${host.url}/b.json#x`,
      host.url.replace('http', 'HTTP'),
    ]) {
      const asked = host.asked.length
      refuses(await describeRequest(world, ada, requestOf({ clientId: url })), 422, 'invalid_authorization_request')
      assert.equal(host.asked.length, asked, 'nothing was read')
    }
  })

  test('is not read for anonymous callers', async () => {
    const asked = host.asked.length
    const request = requestOf({ clientId: id })
    const path = `/api/apps/authorization?request=${encodeURIComponent(request)}`
    for (const token of [undefined, 'A'.repeat(32)])
      refuses(await world.ask('GET', path, { token }), 401, 'unauthenticated')
    await fetch(`${world.url}/consent?${request}`)
    assert.equal(host.asked.length, asked)
  })

  test('must be on a public server over TLS, outside of development', async () => {
    const outbound = openOutbound({ reach: 'public', allowedHosts: [] })
    const documents = openClientDocuments(outbound, { warn: () => undefined })
    const asked = host.asked.length
    try {
      for (const url of [
        id,
        id.replace('http:', 'https:'),
        'https://localhost/x.json',
        'https://169.254.169.254/latest/x',
      ]) {
        await assert.rejects(documents.read(url), /cannot be used: the URL must/, url)
      }
    } finally {
      await outbound[Symbol.asyncDispose]()
    }
    assert.equal(host.asked.length, asked)
  })
})
