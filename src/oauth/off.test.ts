import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openWorld, type Answer } from '../../test/world.ts'
import { connect, register, renew, requestOf, TRUSTING } from './client.testing.ts'

const METADATA = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-protected-resource',
  '/.well-known/oauth-protected-resource/mcp',
]
const refuses = (answer: Answer, reason: RegExp, what: string): void => {
  assert.deepEqual([answer.status, answer.json?.code], [404, 'not_found'], `${what}: ${answer.text}`)
  assert.match(answer.json.detail, reason, what)
  assert.match(answer.json.detail, /OAuth is off.* Programs use personal tokens: POST \/api\/tokens/, what)
}

suite('OAuth is off, and the answers say why and what to use instead', () => {
  test('with an external auth server, whatever is sent', async () => {
    await using world = await openWorld({ env: { AUTH_MODE: 'external' } })
    const { token } = await world.signUp()
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    for (const [method, path, asking] of [
      ...METADATA.map((path) => ['GET', path, {}] as const),
      ['GET', '/consent', {}],
      ['GET', `/consent?${requestOf({ clientId: 'x' })}`, {}],
      ['POST', '/oauth/token', { raw: 'grant_type=refresh_token', headers: form }],
      ['POST', '/oauth/revoke', { raw: 'token=x', headers: form }],
      ['POST', '/oauth/register', { body: { redirect_uris: ['https://app.example.com/'] } }],
      ['GET', '/api/apps', { token }],
      ['GET', '/api/apps', {}],
      ['DELETE', '/api/apps/x', { token }],
      ['GET', '/api/apps/authorization?request=x', { token }],
      ['POST', '/api/apps/authorization', { token, body: { request: 'x', decision: 'allow' } }],
    ] as const) {
      refuses(await world.ask(method, path, asking), /AUTH_MODE=external/, `${method} ${path}`)
    }
    const { paths } = (await world.ask('GET', '/openapi.json')).json
    assert.deepEqual(
      Object.keys(paths).filter((path) => /apps|oauth|consent/.test(path)),
      [],
    )
    const challenged = await world.ask('POST', '/mcp', { body: {} })
    assert.equal(challenged.status, 401)
    assert.ok(!challenged.headers.get('www-authenticate')?.includes('resource_metadata'))
  })

  test('without the page of consent; apps that were connected before go on, and can be ended', async () => {
    await using world = await openWorld({ env: TRUSTING })
    const ada = await world.signUp()
    const { clientId, access, refresh } = await connect(world, ada)
    await using hidden = await openWorld({
      env: { PAGES_ENABLED: 'false', ...TRUSTING },
      replace: () => ({ db: world.deps.db }),
    })
    const request = requestOf({ clientId })
    for (const [method, path, asking] of [
      ...METADATA.map((path) => ['GET', path, {}] as const),
      ['POST', '/oauth/register', { body: { redirect_uris: ['https://app.example.com/'] } }],
      ['GET', `/api/apps/authorization?request=${encodeURIComponent(request)}`, { token: ada.token }],
      ['POST', '/api/apps/authorization', { token: ada.token, body: { request, decision: 'allow' } }],
    ] as const) {
      refuses(await hidden.ask(method, path, asking), /PAGES_ENABLED=false/, `${method} ${path}`)
    }
    assert.equal((await hidden.ask('GET', '/consent')).status, 404)
    assert.equal((await hidden.ask('GET', '/api/tasks', { token: access })).status, 200)
    assert.equal((await renew(hidden, clientId, refresh)).status, 200)
    assert.equal((await hidden.ask('GET', '/api/apps', { token: ada.token })).json.length, 1)
    assert.equal((await hidden.ask('DELETE', `/api/apps/${clientId}`, { token: ada.token })).status, 204)
    assert.equal((await hidden.ask('GET', '/api/tasks', { token: access })).status, 401)
  })

  test('as far as apps register themselves, where that is switched off', async () => {
    await using world = await openWorld({ env: { ...TRUSTING, OAUTH_DYNAMIC_REGISTRATION: 'false' } })
    await assert.rejects(
      register(world),
      /Registration is off \(OAUTH_DYNAMIC_REGISTRATION\): use the URL of a metadata document/,
    )
  })
})
