import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import {
  connect,
  consent,
  decide,
  describeRequest,
  exchange,
  fromElsewhere,
  newPkce,
  REDIRECT_URI,
  register,
  renew,
  requestOf,
  TRUSTING,
  type Asked,
  refuses,
  refusesGrant,
} from './client.testing.ts'

/** What an attacker tries who has a client, a link that the user opens, or a stolen code or token. */

let world: World
let ada: User
let clientId: string

before(async () => {
  world = await openWorld({ env: { PUBLIC_URL: 'https://todo.example.com', ...TRUSTING } })
  clientId = await register(world)
})
after(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  ada = await world.signUp('Ada')
})

const use = (token: string): Promise<Answer> => world.ask('GET', '/api/tasks', { token })

/** Reading and deciding refuse alike, and nothing is kept. */
async function refusesRequest(asked: Asked['changes'], error: string, isAnswered: boolean): Promise<void> {
  const request = requestOf({ clientId, ...(asked && { changes: asked }) })
  for (const answer of [await describeRequest(world, ada, request), await decide(world, ada, request)]) {
    refuses(answer, 422, 'invalid_authorization_request')
    assert.equal(answer.json.error, error, answer.text)
    assert.equal('redirectTo' in answer.json, isAnswered, answer.text)
    if (!isAnswered) continue
    const url = new URL(answer.json.redirectTo)
    assert.equal(url.origin + url.pathname, REDIRECT_URI)
    assert.deepEqual(
      [url.searchParams.get('error'), url.searchParams.get('iss'), url.searchParams.has('code')],
      [error, 'https://todo.example.com', false],
    )
  }
  assert.deepEqual(await world.sql('select from oauth_grants where user_id = $1', [ada.id]), [])
}

suite('redirects', () => {
  for (const redirect_uri of [
    undefined,
    '',
    'https://evil.example/callback',
    'https://app.example.com.evil.example/callback',
    'https://app.example.com@evil.example/callback',
    `${REDIRECT_URI}/more`,
    `${REDIRECT_URI}?next=https://evil.example`,
    'https://app.example.com:8443/callback',
    'https://app.example.com/Callback',
    'https://app.example.com/../callback',
    `${REDIRECT_URI}#fragment`,
    'http://app.example.com/callback',
    'http://127.0.0.1/callback',
    '//app.example.com/callback',
    '/callback',
    `${REDIRECT_URI}\\@evil.example`,
    'javascript:alert(1)',
    'data:text/html,x',
  ]) {
    test(`to ${redirect_uri ?? 'no URI'} are refused, and the browser is not sent there`, () =>
      refusesRequest({ redirect_uri }, 'invalid_request', false))
  }

  test('are compared for each app: the URI of another app is refused', async () => {
    const other = await register(world, { redirect_uris: ['https://other.example.com/cb'] })
    const answer = await describeRequest(world, ada, requestOf({ clientId: other }))
    refuses(answer, 422, 'invalid_authorization_request')
    assert.equal('redirectTo' in answer.json, false)
  })

  test('to the device of the user may have any port, and nothing else that was not registered', async () => {
    const native = await register(world, {
      redirect_uris: ['http://127.0.0.1:1234/cb', 'cursor://anysphere.example/cb'],
    })
    const ask = (redirect_uri: string) =>
      describeRequest(world, ada, requestOf({ clientId: native, changes: { redirect_uri } }))
    const { json } = await ask('http://127.0.0.1:55555/cb')
    assert.deepEqual(json.destination, { kind: 'device', name: '127.0.0.1:55555' })
    assert.deepEqual((await ask('cursor://anysphere.example/cb')).json.destination, { kind: 'link', name: 'cursor:' })
    for (const other of [
      'http://127.0.0.1:1234/',
      'http://localhost:1234/cb',
      'http://127.0.0.2:1234/cb',
      'https://127.0.0.1:1234/cb',
      'cursor://evil.example/cb',
    ]) {
      refuses(await ask(other), 422, 'invalid_authorization_request')
    }
  })

  test('cannot be registered with schemes that run scripts, without TLS, or with a fragment or password', async () => {
    for (const uri of [
      'javascript:alert(1)',
      'JavaScript:alert(1)',
      'data:text/html,x',
      'vbscript:x',
      'file:///etc/passwd',
      'blob:https://x/y',
      'http://app.example.com/cb',
      'http://192.168.1.1/cb',
      'http://localhost.evil.example/cb',
      'https://app.example.com/#x',
      'https://user:pw@app.example.com/',
      'https://app.example.com/ x',
      'https://app.example.com/\u202e',
      'callback',
      '',
    ]) {
      const { status, json } = await world.ask('POST', '/oauth/register', {
        body: { redirect_uris: [uri] },
        headers: fromElsewhere(),
      })
      assert.deepEqual([status, json.error], [400, 'invalid_redirect_uri'], uri)
    }
  })

  test('with the answer are those of the app alone: iss names this service, against mix-up with another one', async () => {
    const { redirectTo } = (await decide(world, ada, requestOf({ clientId }), { decision: 'deny' })).json
    const { searchParams } = new URL(redirectTo)
    assert.deepEqual(Object.fromEntries(searchParams), {
      error: 'access_denied',
      error_description: 'The user has refused the access',
      state: 'xyz',
      iss: 'https://todo.example.com',
    })
  })
})

suite('PKCE', () => {
  for (const [what, changes] of [
    ['left out', { code_challenge: undefined, code_challenge_method: undefined }],
    ['left out but for its method', { code_challenge: undefined }],
    ['without a method, which would mean plain', { code_challenge_method: undefined }],
    ['with the method plain', { code_challenge_method: 'plain' }],
    ['with a challenge of another length', { code_challenge: 'x'.repeat(42) }],
    ['with a challenge that is not base64url', { code_challenge: `${'x'.repeat(42)}=` }],
  ] as const) {
    test(`${what} is refused`, () => refusesRequest(changes, 'invalid_request', true))
  }

  test('cannot be downgraded at the token endpoint: the verifier must match, and be there', async () => {
    const pkce = newPkce()
    const code = await consent(world, ada, { clientId, pkce })
    for (const verifier of [newPkce().verifier, pkce.challenge, '', 'short', `${pkce.verifier}x`]) {
      const answer = await exchange(world, { code, clientId, pkce: { ...pkce, verifier } })
      refusesGrant(answer, verifier === '' ? 'invalid_request' : 'invalid_grant')
    }
    assert.equal((await exchange(world, { code, clientId, pkce })).status, 200)
  })
})

suite('parameters of the authorization request', () => {
  for (const [name, error, changes] of [
    ['another response type', 'unsupported_response_type', { response_type: 'token' }],
    ['a response mode in the fragment', 'invalid_request', { response_mode: 'fragment' }],
    ['a signed request', 'request_not_supported', { request: 'eyJ' }],
    ['a request by reference', 'request_uri_not_supported', { request_uri: 'https://evil.example' }],
    ['an unknown scope', 'invalid_scope', { scope: 'tasks:read admin' }],
    ['all scopes by a wildcard', 'invalid_scope', { scope: '*' }],
    ['another audience', 'invalid_target', { resource: 'https://other.example.com' }],
    ['an audience that begins with ours', 'invalid_target', { resource: 'https://todo.example.com.evil.example' }],
    ['an audience below ours', 'invalid_target', { resource: 'https://todo.example.com/mcp/other' }],
  ] as const) {
    test(`with ${name} are refused`, () => refusesRequest(changes, error, true))
  }

  test('that are there twice are refused', async () => {
    for (const name of ['scope', 'state', 'code_challenge', 'response_type']) {
      const answer = await decide(world, ada, `${requestOf({ clientId })}&${name}=tasks%3Aread`)
      refuses(answer, 422, 'invalid_authorization_request')
    }
    for (const name of ['client_id', 'redirect_uri']) {
      const answer = await decide(world, ada, `${requestOf({ clientId })}&${name}=${encodeURIComponent(REDIRECT_URI)}`)
      refuses(answer, 422, 'invalid_authorization_request')
      assert.equal('redirectTo' in answer.json, false)
    }
  })

  test('name this service as the audience in any of its forms', async () => {
    for (const resource of ['https://todo.example.com', 'https://todo.example.com/', 'https://todo.example.com/mcp']) {
      assert.equal(
        (await describeRequest(world, ada, requestOf({ clientId, changes: { resource } }))).status,
        200,
        resource,
      )
    }
  })

  test('of an unknown app are refused without a redirect', async () => {
    for (const id of ['', 'unknown', '00000000-0000-4000-8000-000000000000', 'x'.repeat(513)]) {
      const answer = await describeRequest(world, ada, requestOf({ clientId: id }))
      refuses(answer, 422, 'invalid_authorization_request')
      assert.equal('redirectTo' in answer.json, false)
    }
  })
})

suite('codes and tokens', () => {
  test('a code that is used twice ends what followed from the first use', async () => {
    const connected = await connect(world, ada, 'tasks:read', clientId)
    assert.equal((await use(connected.access)).status, 200)
    refusesGrant(await exchange(world, connected))
    refuses(await use(connected.access), 401, 'unauthenticated')
    refusesGrant(await renew(world, clientId, connected.refresh))
  })

  test('two uses of a code at the same moment give one set of tokens at most, which ends', async () => {
    const pkce = newPkce()
    const code = await consent(world, ada, { clientId, pkce })
    const answers = await Promise.all([1, 2, 3].map(() => exchange(world, { code, clientId, pkce })))
    const given = answers.filter(({ status }) => status === 200)
    assert.equal(given.length, 1)
    for (const { json } of given) refuses(await use(json.access_token), 401, 'unauthenticated')
  })

  test('a code of one app, or for one redirect URI, is none of another, and expires', async () => {
    const other = await register(world)
    const pkce = newPkce()
    const code = await consent(world, ada, { clientId, pkce })
    refusesGrant(await exchange(world, { code, clientId: other, pkce }))
    refusesGrant(await exchange(world, { code, clientId, pkce }, { redirect_uri: 'https://evil.example/' }))
    refusesGrant(
      await exchange(world, { code, clientId, pkce }, { resource: 'https://other.example.com' }),
      'invalid_target',
    )
    await world.sql('update oauth_grants set code_expires_at = now() where user_id = $1', [ada.id])
    refusesGrant(await exchange(world, { code, clientId, pkce }))
  })

  test('a refresh token that is used after the grace ends all tokens of the consent', async () => {
    const { refresh } = await connect(world, ada, 'tasks:read', clientId)
    const { json } = await renew(world, clientId, refresh)
    await world.sql(
      `update oauth_tokens set replaced_at = now() - interval '31 seconds' where user_id = $1 and replaced_at is not null`,
      [ada.id],
    )
    refusesGrant(await renew(world, clientId, refresh))
    refuses(await use(json.access_token), 401, 'unauthenticated')
    refusesGrant(await renew(world, clientId, json.refresh_token))
  })

  test('a refresh token of one app is none of another', async () => {
    const { refresh } = await connect(world, ada, 'tasks:read', clientId)
    refusesGrant(await renew(world, await register(world), refresh))
    assert.equal((await renew(world, clientId, refresh)).status, 200)
  })

  test('one kind is never taken for another, nor a stored hash for a token', async () => {
    const { access, refresh, code } = await connect(world, ada, 'tasks:read', clientId)
    for (const token of [
      refresh,
      code,
      access.slice('todo_at_'.length),
      `${access.slice(0, -1)}_`,
      `todo_at_${refresh.slice(8)}`,
    ]) {
      refuses(await use(token), 401, 'unauthenticated')
    }
    refusesGrant(await renew(world, clientId, access))
    for (const { hash } of await world.sql('select hash from oauth_tokens where user_id = $1', [ada.id])) {
      refuses(await use(hash), 401, 'unauthenticated')
      refuses(await use(`todo_at_${hash}`), 401, 'unauthenticated')
    }
  })

  test('in a query are no credential', async () => {
    const { access } = await connect(world, ada, 'tasks:read', clientId)
    refuses(await world.ask('GET', `/api/tasks?access_token=${access}`), 401, 'unauthenticated')
    const { status } = await world.ask('POST', `/oauth/token?client_id=any`, {
      raw: '',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    assert.equal(status, 422)
  })

  test('are unknown to a deployment with the same database and another URL', async () => {
    const { access, refresh } = await connect(world, ada, 'tasks:read', clientId)
    await using staging = await openWorld({
      env: { PUBLIC_URL: 'https://staging.example.com' },
      replace: () => ({ db: world.deps.db }),
    })
    refuses(await staging.ask('GET', '/api/tasks', { token: access }), 401, 'unauthenticated')
    refusesGrant(await renew(staging, clientId, refresh))
  })
})

suite('a page of another origin', () => {
  const ORIGIN = 'https://inspector.example'
  const preflight = (on: World, path: string, method = 'POST'): Promise<Answer> =>
    on.ask('OPTIONS', path, {
      headers: {
        origin: ORIGIN,
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type, mcp-protocol-version, authorization',
      },
    })

  test('that is not listed can read the metadata, and no answer with a token', async () => {
    const headers = { origin: ORIGIN }
    const metadata = await world.ask('GET', '/.well-known/oauth-authorization-server', { headers })
    assert.equal(metadata.headers.get('access-control-allow-origin'), '*')
    for (const path of ['/oauth/token', '/oauth/register', '/oauth/revoke', '/mcp']) {
      assert.equal((await preflight(world, path)).headers.get('access-control-allow-origin'), null, path)
      const answer = await world.ask('POST', path, { headers: { ...headers, ...fromElsewhere() }, raw: '' })
      assert.equal(answer.headers.get('access-control-allow-origin'), null, path)
    }
  })

  test('that is listed can connect as an app: it reads the challenge, registers, and gets tokens', async () => {
    await using open = await openWorld({ env: { CORS_ORIGINS: ORIGIN } })
    for (const path of ['/oauth/token', '/oauth/register', '/oauth/revoke', '/mcp']) {
      const { status, headers } = await preflight(open, path)
      assert.deepEqual([status, headers.get('access-control-allow-origin')], [204, ORIGIN], path)
      const allowed = headers.get('access-control-allow-headers')?.toLowerCase().split(', ') ?? []
      for (const name of ['content-type', 'mcp-protocol-version', 'authorization']) assert.ok(allowed.includes(name))
      const answer = await open.ask('POST', path, { headers: { origin: ORIGIN }, raw: '{}' })
      assert.equal(answer.headers.get('access-control-allow-origin'), ORIGIN, path)
      assert.match(answer.headers.get('access-control-expose-headers') ?? '', /WWW-Authenticate/)
    }
    const metadata = await preflight(open, '/.well-known/oauth-authorization-server', 'GET')
    assert.equal(metadata.headers.get('access-control-allow-origin'), ORIGIN)
  })
})

suite('the decision', () => {
  test('takes the token of a session and no cookie, so that no other site can send it', async () => {
    const signedIn = await world.ask('POST', '/api/auth/sign-in/email', {
      body: { email: ada.email, password: ada.password },
    })
    const cookie = signedIn.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ')
    for (const headers of [{ cookie }, { cookie, origin: 'https://evil.example' }]) {
      const body = { request: requestOf({ clientId }), decision: 'allow' }
      refuses(await world.ask('POST', '/api/apps/authorization', { body, headers }), 401, 'unauthenticated')
    }
    assert.deepEqual(await world.sql('select from oauth_grants where user_id = $1', [ada.id]), [])
  })

  test('is needed each time: an earlier one is not remembered', async () => {
    await connect(world, ada, 'tasks:read', clientId)
    const page = await fetch(`${world.url}/consent?${requestOf({ clientId })}`, { redirect: 'manual' })
    assert.equal(page.status, 200)
    assert.match(await page.text(), /Sign in/)
  })

  test('page cannot be framed, and sends its address nowhere', async () => {
    const { headers } = await fetch(`${world.url}/consent?${requestOf({ clientId })}`)
    assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
    assert.deepEqual(
      [headers.get('x-frame-options'), headers.get('referrer-policy'), headers.get('cache-control')],
      ['DENY', 'no-referrer', 'private, no-store'],
    )
  })

  test('is refused for wrong input, naming the field', async () => {
    const body = { request: requestOf({ clientId }), decision: 'allow' }
    for (const [given, pointer] of [
      [{ ...body, decision: 'maybe' }, '/decision'],
      [{ ...body, request: '' }, '/request'],
      [{ ...body, request: 'x'.repeat(4001) }, '/request'],
      [{ decision: 'allow' }, '/request'],
      [{ ...body, scopes: [] }, '/scopes'],
      [{ ...body, scopes: ['admin'] }, '/scopes/0'],
      [{ ...body, userId: 'x' }, '/userId'],
    ] as const) {
      const answer = await world.ask('POST', '/api/apps/authorization', { token: ada.token, body: given })
      refuses(answer, 422, 'invalid_input')
      assert.equal(answer.json.errors[0].pointer, pointer)
    }
  })

  test('is limited: beyond ten connections of an app the oldest ends, and beyond a hundred nothing is connected', async () => {
    const first = await connect(world, ada, 'tasks:read', clientId)
    for (let n = 0; n < 10; n++) await connect(world, ada, 'tasks:read', clientId)
    refuses(await use(first.access), 401, 'unauthenticated')
    await world.sql(
      `insert into oauth_grants select user_id, gen_random_uuid(), 'filler-' || n, client_name, redirect_uri, scopes, may_refresh, code_hash,
         code_challenge, now() + interval '1 minute', null, created_at, expires_at
       from (select * from oauth_grants where user_id = $1 limit 1) g, generate_series(1, 90) n`,
      [ada.id],
    )
    const other = await register(world)
    refuses(await decide(world, ada, requestOf({ clientId: other })), 409, 'app_limit_reached')
  })
})

suite('registrations', () => {
  const register = (body: unknown, headers: Record<string, string>): Promise<Answer> =>
    world.ask('POST', '/oauth/register', { body, headers })

  test('are limited for each address', async () => {
    const headers = fromElsewhere()
    const statuses: number[] = []
    for (let n = 0; n < 22; n++) statuses.push((await register({ redirect_uris: [REDIRECT_URI] }, headers)).status)
    assert.deepEqual([statuses.filter((each) => each === 201).length, statuses.at(-1)], [20, 429])
    assert.equal((await register({ redirect_uris: [REDIRECT_URI] }, fromElsewhere())).status, 201)
  })

  test('are refused while ten thousand apps wait to be connected, from any address', async () => {
    await world.sql(
      `insert into oauth_clients (id, name, redirect_uris, may_refresh)
       select gen_random_uuid(), 'flood', '{https://app.example.com/}', false from generate_series(1, 10000)`,
    )
    const answer = await register({ redirect_uris: [REDIRECT_URI] }, fromElsewhere())
    assert.deepEqual([answer.status, answer.json.error], [503, 'temporarily_unavailable'])
    await world.sql(`delete from oauth_clients where name = 'flood'`)
    assert.equal((await register({ redirect_uris: [REDIRECT_URI] }, fromElsewhere())).status, 201)
  })

  test('with wrong metadata are refused in the form of OAuth', async () => {
    for (const [body, error] of [
      [[], 'invalid_client_metadata'],
      [{}, 'invalid_redirect_uri'],
      [{ redirect_uris: [] }, 'invalid_redirect_uri'],
      [{ redirect_uris: REDIRECT_URI }, 'invalid_redirect_uri'],
      [{ redirect_uris: [1] }, 'invalid_redirect_uri'],
      [{ redirect_uris: Array.from({ length: 11 }, () => REDIRECT_URI) }, 'invalid_redirect_uri'],
      [{ redirect_uris: [REDIRECT_URI], client_name: 7 }, 'invalid_client_metadata'],
      [{ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'client_secret_basic' }, 'invalid_client_metadata'],
      [{ redirect_uris: [REDIRECT_URI], grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
      [{ redirect_uris: [REDIRECT_URI], response_types: ['token'] }, 'invalid_client_metadata'],
    ] as const) {
      const answer = await register(body, fromElsewhere())
      assert.deepEqual([answer.status, answer.json.error], [400, error], answer.text)
    }
    refuses(await world.ask('POST', '/oauth/register', { raw: '{', headers: fromElsewhere() }), 400, 'invalid_json')
  })

  test('cannot give a name that deceives: invisible characters are removed, and it is cut', async () => {
    for (const [client_name, shown] of [
      ['\u202eevil\u200b  name\n', 'evil name'],
      ['\u200b', 'Unnamed app'],
      [undefined, 'Unnamed app'],
      ['x'.repeat(300), 'x'.repeat(100)],
    ] as const) {
      const { json } = await register({ client_name, redirect_uris: [REDIRECT_URI] }, fromElsewhere())
      assert.equal(json.client_name, shown)
    }
  })

  test('are refused where they are switched off, and not offered', async () => {
    await using closed = await openWorld({ env: { OAUTH_DYNAMIC_REGISTRATION: 'false' } })
    const { status, json } = await closed.ask('POST', '/oauth/register', { body: { redirect_uris: [REDIRECT_URI] } })
    assert.deepEqual([status, json.error], [403, 'invalid_request'])
    const metadata = (await closed.ask('GET', '/.well-known/oauth-authorization-server')).json
    assert.equal('registration_endpoint' in metadata, false)
  })
})
