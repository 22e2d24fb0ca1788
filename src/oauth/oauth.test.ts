import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import {
  connect,
  consent,
  decide,
  describeRequest,
  exchange,
  newPkce,
  post,
  REDIRECT_URI,
  register,
  renew,
  requestOf,
  TRUSTING,
  refuses,
  refusesGrant,
} from './client.testing.ts'

let world: World
let ada: User

before(async () => {
  world = await openWorld({ env: { PUBLIC_URL: 'https://todo.example.com', ...TRUSTING } })
})
after(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = await world.signUp('Ada')
})

const BASE = 'https://todo.example.com'

const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
  world.ask(method, path, { token: ada.token, body })
const use = (token: string, method = 'GET', path = '/api/tasks', body?: unknown): Promise<Answer> =>
  world.ask(method, path, { token, body })
const apps = async (): Promise<Answer['json']> => (await ask('GET', '/api/apps')).json

suite('an app that is connected', () => {
  test('gets tokens for what the user allowed, whose form scanners of secrets find', async () => {
    const clientId = await register(world)
    const pkce = newPkce()
    const request = requestOf({ clientId, pkce, changes: { scope: 'tasks:write tasks:read offline_access' } })
    const asked = await describeRequest(world, ada, request)
    const { expiresAt, ...described } = asked.json
    assert.deepEqual(described, {
      clientId,
      name: 'Planner',
      destination: { kind: 'website', name: 'app.example.com' },
      scopes: ['tasks:read', 'tasks:write'],
      isRenewable: true,
    })
    assert.ok(Date.parse(expiresAt) > Date.now() + 365 * 86_400_000)
    const { redirectTo } = (await decide(world, ada, request)).json
    const url = new URL(redirectTo)
    assert.equal(url.origin + url.pathname, REDIRECT_URI)
    assert.deepEqual([url.searchParams.get('state'), url.searchParams.get('iss')], ['xyz', BASE])
    const code = url.searchParams.get('code') ?? ''
    const { json, headers } = await exchange(world, { code, clientId, pkce })
    assert.match(json.access_token, /^todo_at_[0-9A-Za-z]{36}$/)
    assert.match(json.refresh_token, /^todo_rt_[0-9A-Za-z]{36}$/)
    assert.deepEqual(
      [json.token_type, json.expires_in, json.scope, headers.get('cache-control')],
      ['Bearer', 3600, 'tasks:read tasks:write', 'no-store'],
    )
    const created = await use(json.access_token, 'POST', '/api/tasks', { title: 'By the app' })
    assert.equal(created.status, 201)
    assert.equal((await use(json.access_token)).json[0].title, 'By the app')
    const rows = await world.sql(
      `select to_jsonb(g)::text as row from oauth_grants g where user_id = $1
       union all select to_jsonb(t)::text from oauth_tokens t where user_id = $1`,
      [ada.id],
    )
    assert.equal(rows.length, 3)
    for (const { row } of rows) {
      for (const secret of [code, json.access_token, json.refresh_token]) {
        assert.ok(!row.includes(secret.slice(-30)), row)
      }
    }
  })

  test('may read only, unless it asks for more; the user can allow less than it asks for', async () => {
    const clientId = await register(world)
    const pkce = newPkce()
    const code = await consent(world, ada, { clientId, pkce, changes: { scope: undefined } })
    assert.equal((await exchange(world, { code, clientId, pkce })).json.scope, 'tasks:read')
    const less = await consent(
      world,
      ada,
      { clientId, pkce, changes: { scope: 'tasks:read tasks:write' } },
      { scopes: ['tasks:read'] },
    )
    const { json } = await exchange(world, { code: less, clientId, pkce })
    assert.equal(json.scope, 'tasks:read')
    refuses(await use(json.access_token, 'POST', '/api/tasks', { title: 'x' }), 403, 'insufficient_scope')
    const more = await decide(world, ada, requestOf({ clientId }), { scopes: ['tasks:read', 'tasks:write'] })
    refuses(more, 422, 'invalid_input')
    assert.equal(more.json.errors[0].pointer, '/scopes/1')
  })

  test('without refresh tokens has access for an hour, unless it asks for offline_access', async () => {
    const clientId = await register(world, { grant_types: undefined })
    const pkce = newPkce()
    const request = requestOf({ clientId, pkce })
    const described = (await describeRequest(world, ada, request)).json
    assert.equal(described.isRenewable, false)
    assert.ok(Math.abs(Date.parse(described.expiresAt) - Date.now() - 3_600_000) < 60_000)
    const code = await consent(world, ada, { clientId, pkce })
    assert.equal('refresh_token' in (await exchange(world, { code, clientId, pkce })).json, false)
    const offline = await consent(world, ada, { clientId, pkce, changes: { scope: 'tasks:read offline_access' } })
    const { json } = await exchange(world, { code: offline, clientId, pkce })
    assert.deepEqual([json.scope, typeof json.refresh_token], ['tasks:read', 'string'])
  })

  test('is the actor of what it does, and its changes are taken back together', async () => {
    const { access } = await connect(world, ada, 'tasks:read tasks:write')
    const mine = (await ask('POST', '/api/tasks', { title: 'Mine' })).json
    const since = new Date(Date.now() - 60_000).toISOString()
    await use(access, 'PATCH', `/api/tasks/${mine.id}`, { title: 'Its' })
    await use(access, 'POST', '/api/tasks', { title: 'New' })
    const history = (await ask('GET', '/api/history?actor=app')).json
    assert.deepEqual(
      history.map((each: Answer['json']) => each.actor),
      [
        { kind: 'app', name: 'Planner' },
        { kind: 'app', name: 'Planner' },
      ],
    )
    const undone = await ask('POST', '/api/history/undo', { actor: { kind: 'app', name: 'Planner' }, since })
    assert.equal(undone.status, 200, undone.text)
    const left = (await ask('GET', '/api/tasks')).json
    assert.deepEqual(
      left.map((each: Answer['json']) => each.title),
      ['Mine'],
    )
  })

  test('never reaches the account, tokens, apps, or the auth server', async () => {
    const scope = 'tasks:read tasks:write keys:manage account:read'
    const { access } = await connect(world, ada, scope)
    assert.equal((await use(access, 'GET', '/api/me')).status, 200)
    for (const [method, path, body] of [
      ['GET', '/api/apps'],
      ['DELETE', '/api/apps/x'],
      ['GET', '/api/apps/authorization?request=x'],
      ['POST', '/api/apps/authorization', { request: 'x', decision: 'allow' }],
      ['GET', '/api/tokens'],
      ['POST', '/api/tokens', { name: 'x' }],
      ['GET', '/api/auth/get-session'],
      ['GET', '/api/auth/list-sessions'],
      ['POST', '/api/auth/revoke-sessions', {}],
      ['POST', '/api/auth/delete-user', { password: 'x' }],
    ] as const) {
      refuses(await use(access, method, path, body), 403, 'forbidden')
    }
  })

  test('is listed, and disconnected at once with all its tokens', async () => {
    const { clientId, access, refresh } = await connect(world, ada, 'tasks:read')
    const again = await connect(world, ada, 'tasks:write', clientId)
    const other = await connect(world, ada)
    const listed = await apps()
    assert.equal(listed.length, 2)
    const { connectedAt, lastUsedAt, expiresAt, ...app } = listed.find(
      (each: { clientId: string }) => each.clientId === clientId,
    )
    assert.deepEqual(app, {
      clientId,
      name: 'Planner',
      destination: { kind: 'website', name: 'app.example.com' },
      scopes: ['tasks:write', 'tasks:read'],
      connections: 2,
    })
    assert.ok(Date.parse(connectedAt) <= Date.parse(lastUsedAt) && Date.parse(lastUsedAt) < Date.parse(expiresAt))
    assert.equal((await ask('DELETE', `/api/apps/${clientId}`)).status, 204)
    for (const token of [access, again.access]) refuses(await use(token), 401, 'unauthenticated')
    refusesGrant(await renew(world, clientId, refresh))
    assert.equal((await use(other.access)).status, 200)
    refuses(await ask('DELETE', `/api/apps/${clientId}`), 404, 'not_found')
  })

  test("of another user is neither listed nor disconnected, and its token reads that user's tasks only", async () => {
    const ben = await world.signUp('Ben')
    const { clientId, access } = await connect(world, ben)
    await ask('POST', '/api/tasks', { title: "Ada's" })
    assert.deepEqual((await use(access)).json, [])
    assert.deepEqual(await apps(), [])
    refuses(await ask('DELETE', `/api/apps/${clientId}`), 404, 'not_found')
    assert.equal((await use(access)).status, 200)
  })

  test('ends with the user', async () => {
    const { access, refresh, clientId } = await connect(world, ada)
    const { status, text } = await ask('POST', '/api/auth/delete-user', { password: ada.password })
    assert.equal(status, 200, text)
    refuses(await use(access), 401, 'unauthenticated')
    refusesGrant(await renew(world, clientId, refresh))
    assert.deepEqual(await world.sql('select from oauth_grants where user_id = $1', [ada.id]), [])
  })

  test('ends when the user signs out everywhere, and not when the user signs out', async () => {
    const signIn = async (): Promise<string> =>
      (await world.ask('POST', '/api/auth/sign-in/email', { body: { email: ada.email, password: ada.password } })).json
        .token
    const { access } = await connect(world, ada)
    const second = await signIn()
    await world.ask('POST', '/api/auth/sign-out', { token: second })
    assert.equal((await use(access)).status, 200)
    const newPassword = 'another horse'
    for (const [path, body] of [
      ['revoke-other-sessions', {}],
      ['change-password', { currentPassword: ada.password, newPassword, revokeOtherSessions: true }],
    ] as const) {
      const { access: each } = await connect(world, ada)
      const { status, text, json } = await ask('POST', `/api/auth/${path}`, body)
      assert.equal(status, 200, text)
      assert.equal((await use(each)).status, 401, path)
      ada = { ...ada, token: json.token ?? ada.token }
    }
    const last = await connect(world, ada)
    const wrong = { currentPassword: 'not the password', newPassword, revokeOtherSessions: true }
    refuses(await ask('POST', '/api/auth/change-password', wrong), 422, 'INVALID_PASSWORD')
    refuses(
      await world.ask('POST', '/api/auth/revoke-sessions', { token: 'A'.repeat(32), body: {} }),
      401,
      'UNAUTHORIZED',
    )
    assert.equal((await use(last.access)).status, 200)
    assert.equal((await ask('POST', '/api/auth/revoke-sessions', {})).status, 200)
    refuses(await use(last.access), 401, 'unauthenticated')
  })
})

suite('tokens of an app', () => {
  test('are renewed: the refresh token is replaced, and can be used again for 30 seconds', async () => {
    const { clientId, access, refresh } = await connect(world, ada, 'tasks:read tasks:write')
    const first = await renew(world, clientId, refresh)
    const repeated = await renew(world, clientId, refresh)
    for (const { status, json } of [first, repeated]) {
      assert.deepEqual([status, json.scope], [200, 'tasks:read tasks:write'])
      assert.equal((await use(json.access_token)).status, 200)
    }
    assert.equal(new Set([refresh, first.json.refresh_token, repeated.json.refresh_token]).size, 3)
    assert.equal((await use(access)).status, 200, 'until it expires')
    const narrow = await renew(world, clientId, first.json.refresh_token, { scope: 'tasks:read' })
    assert.equal(narrow.json.scope, 'tasks:read')
    refuses(await use(narrow.json.access_token, 'POST', '/api/tasks', { title: 'x' }), 403, 'insufficient_scope')
    refusesGrant(await renew(world, clientId, first.json.refresh_token, { scope: 'keys:manage' }), 'invalid_scope')
  })

  test('are revoked by the app: an access token alone, or all with the refresh token', async () => {
    const { clientId, access, refresh } = await connect(world, ada)
    for (const token of ['todo_at_unknown', access]) {
      assert.equal((await post(world, '/oauth/revoke', { token, client_id: clientId })).status, 200)
    }
    refuses(await use(access), 401, 'unauthenticated')
    const { json } = await renew(world, clientId, refresh)
    assert.equal((await post(world, '/oauth/revoke', { token: json.refresh_token, client_id: 'another' })).status, 200)
    assert.equal((await use(json.access_token)).status, 200, 'an app ends its own tokens only')
    assert.equal((await post(world, '/oauth/revoke', { token: json.refresh_token, client_id: clientId })).status, 200)
    refuses(await use(json.access_token), 401, 'unauthenticated')
    assert.deepEqual(await apps(), [])
    refusesGrant(await post(world, '/oauth/revoke', { token: access }), 'invalid_request')
  })

  test('expire by the clock of the database, and no token outlives its grant', async () => {
    const { clientId, access, refresh } = await connect(world, ada)
    await world.sql(`update oauth_tokens set expires_at = now() where user_id = $1 and kind = 'access'`, [ada.id])
    refuses(await use(access), 401, 'unauthenticated')
    await world.sql(`update oauth_grants set expires_at = now() + interval '5 minutes' where user_id = $1`, [ada.id])
    const { status, json } = await renew(world, clientId, refresh)
    assert.equal(status, 200)
    const [late] = await world.sql(
      `select count(*)::int as n from oauth_tokens t join oauth_grants g on g.id = t.grant_id
       where g.user_id = $1 and t.expires_at > g.expires_at and t.replaced_at is null`,
      [ada.id],
    )
    assert.equal(late.n, 0)
    await world.sql(`update oauth_tokens set expires_at = now() where user_id = $1`, [ada.id])
    refusesGrant(await renew(world, clientId, json.refresh_token))
    assert.deepEqual(await apps(), [])
  })

  test('of an app whose registration is gone are refused so that it registers again', async () => {
    const { clientId, refresh } = await connect(world, ada)
    await ask('DELETE', `/api/apps/${clientId}`)
    refusesGrant(await renew(world, clientId, refresh))
    await world.sql('delete from oauth_clients where id::text = $1', [clientId])
    const gone = await renew(world, clientId, refresh)
    assert.deepEqual([gone.status, gone.json.error], [401, 'invalid_client'], gone.text)
    refusesGrant(await renew(world, 'https://app.example.com/client.json', refresh))
  })

  test('are refused at the token endpoint in the form of OAuth, naming the fault', async () => {
    const { clientId, refresh } = await connect(world, ada)
    for (const [fields, error, status] of [
      [{}, 'invalid_request'],
      [{ grant_type: 'refresh_token' }, 'invalid_request'],
      [{ grant_type: 'refresh_token', client_id: clientId }, 'invalid_request'],
      [{ grant_type: 'password', client_id: clientId, username: 'a', password: 'b' }, 'unsupported_grant_type'],
      [{ grant_type: 'client_credentials', client_id: clientId }, 'unsupported_grant_type'],
      [
        { grant_type: 'refresh_token', client_id: clientId, refresh_token: refresh, client_secret: 'x' },
        'invalid_client',
        401,
      ],
      [{ grant_type: 'refresh_token', client_id: clientId, refresh_token: 'x' }, 'invalid_grant'],
      [{ grant_type: 'refresh_token', client_id: clientId, refresh_token: refresh, scope: 'admin' }, 'invalid_scope'],
      [
        { grant_type: 'authorization_code', client_id: clientId, code: 'x', redirect_uri: 'x', code_verifier: 'x' },
        'invalid_grant',
      ],
    ] as const) {
      refusesGrant(await post(world, '/oauth/token', fields), error, status)
    }
    const twice = await fetch(`${world.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams([
        ['grant_type', 'refresh_token'],
        ['client_id', clientId],
        ['client_id', 'other'],
        ['refresh_token', refresh],
      ]),
    })
    assert.deepEqual(
      [twice.status, await twice.json()],
      [400, { error: 'invalid_request', error_description: 'A parameter is there twice' }],
    )
    refusesGrant(await world.ask('POST', '/oauth/token', { body: { grant_type: 'refresh_token' } }), 'invalid_request')
    refuses(
      await world.ask('POST', '/oauth/token', {
        raw: 'x'.repeat(20_000),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
      413,
      'body_too_large',
    )
    assert.equal((await renew(world, clientId, refresh)).status, 200)
  })
})

suite('the documents for apps', () => {
  const read = (path: string): Promise<Answer> =>
    world.ask('GET', `/.well-known/${path}`, { headers: { origin: 'https://inspector.example' } })

  test('say where everything is, for pages of any site too', async () => {
    const { json, headers } = await read('oauth-authorization-server')
    assert.deepEqual(
      [
        json.issuer,
        json.authorization_endpoint,
        json.token_endpoint,
        json.registration_endpoint,
        json.revocation_endpoint,
      ],
      [BASE, `${BASE}/consent`, `${BASE}/oauth/token`, `${BASE}/oauth/register`, `${BASE}/oauth/revoke`],
    )
    // Clients use documents as ids only where both are there.
    assert.equal(json.client_id_metadata_document_supported, true)
    assert.deepEqual(json.token_endpoint_auth_methods_supported, ['none'])
    assert.deepEqual(
      [json.code_challenge_methods_supported, json.authorization_response_iss_parameter_supported],
      [['S256'], true],
    )
    assert.equal(headers.get('access-control-allow-origin'), '*')
    const resource = (await read('oauth-protected-resource')).json
    assert.deepEqual([resource.resource, resource.authorization_servers], [BASE, [BASE]])
    assert.ok(resource.scopes_supported.includes('tasks:read') && !resource.scopes_supported.includes('offline_access'))
    for (const path of ['oauth-authorization-server/other', 'oauth-protected-resource/other']) {
      refuses(await read(path), 404, 'not_found')
    }
  })

  test('are at the path of PUBLIC_URL too, with and without a proxy that strips it', async () => {
    await using prefixed = await openWorld({ env: { PUBLIC_URL: 'https://example.com/todo' } })
    for (const path of ['oauth-authorization-server', 'oauth-authorization-server/todo']) {
      const { json } = await prefixed.ask('GET', `/.well-known/${path}`)
      assert.deepEqual(
        [json.issuer, json.token_endpoint],
        ['https://example.com/todo', 'https://example.com/todo/oauth/token'],
      )
    }
    for (const path of ['oauth-protected-resource', 'oauth-protected-resource/todo']) {
      const { json } = await prefixed.ask('GET', `/.well-known/${path}`)
      assert.deepEqual(
        [json.resource, json.authorization_servers],
        ['https://example.com/todo', ['https://example.com/todo']],
      )
    }
    refuses(await prefixed.ask('GET', '/.well-known/oauth-authorization-server/other'), 404, 'not_found')
  })

  test('without a configured URL have the one of the request', async () => {
    await using bare = await openWorld()
    const { json } = await bare.ask('GET', '/.well-known/oauth-authorization-server')
    assert.equal(json.issuer, bare.url)
  })
})
