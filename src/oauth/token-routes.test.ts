import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, beforeEach, suite, test } from 'node:test'
import { openWorld, type Answer, type User, type World } from '../../test/world.ts'
import {
  connect,
  consent,
  exchange,
  fromElsewhere,
  newPkce,
  post,
  REDIRECT_URI,
  register,
  renew,
  TRUSTING,
  refuses,
  refusesGrant,
} from './client.testing.ts'

/** What the token endpoint, revocation and registration take and refuse. */

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

suite('the token endpoint', () => {
  const raw = (body: string | Uint8Array, type = 'application/x-www-form-urlencoded'): Promise<Answer> =>
    world.ask('POST', '/oauth/token', { raw: body, headers: { 'content-type': type } })

  for (const length of [42, 129]) {
    test(`refuses a verifier of ${length} characters, even if its challenge matches`, async () => {
      const verifier = 'v'.repeat(length)
      const pkce = { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
      const code = await consent(world, ada, { clientId, pkce })
      refusesGrant(await exchange(world, { code, clientId, pkce }))
    })
  }

  test('refuses an app that authenticates, in the header or in the form, and says that apps have no secrets', async () => {
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      refresh_token: 'x',
    }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const ask = (more: string, authorization?: string): Promise<Answer> =>
      world.ask('POST', '/oauth/token', {
        raw: body + more,
        headers: { ...headers, ...(authorization && { authorization }) },
      })
    for (const answer of [
      await ask('', `Basic ${btoa(`${clientId}:x`)}`),
      await ask('', 'basic garbage'),
      await ask('&client_secret=x'),
      await ask(
        '&client_assertion=x&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer',
      ),
    ]) {
      assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client'], answer.text)
      assert.match(answer.json.error_description, /neither secrets nor keys/)
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic /)
    }
  })

  for (const length of [43, 128]) {
    test(`takes a verifier of ${length} characters`, async () => {
      const verifier = '-._~'.repeat(32).slice(0, length)
      const pkce = { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
      const code = await consent(world, ada, { clientId, pkce })
      assert.equal((await exchange(world, { code, clientId, pkce })).status, 200)
    })
  }

  test('refuses a parameter that is there twice, and does not use the code up', async () => {
    const pkce = newPkce()
    const code = await consent(world, ada, { clientId, pkce })
    const fields = {
      grant_type: 'authorization_code',
      code,
      client_id: clientId,
      redirect_uri: REDIRECT_URI,
      code_verifier: pkce.verifier,
    }
    for (const [name, value] of Object.entries(fields)) {
      const body = new URLSearchParams([...Object.entries(fields), [name, value]]).toString()
      refusesGrant(await raw(body), 'invalid_request')
    }
    assert.equal((await exchange(world, { code, clientId, pkce })).status, 200)
  })

  test('refuses bodies of other types, that are no UTF-8, and that are too large', async () => {
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'x']) {
      const answer = await raw('{"grant_type":"x"}', type)
      assert.ok(answer.status === 400 || answer.status === 415, answer.text)
      assert.ok(['invalid_request', undefined].includes(answer.json.error), answer.text)
    }
    refusesGrant(await raw(Buffer.from([0x67, 0x3d, 0xff])), 'invalid_request')
    refuses(await raw(`grant_type=${'x'.repeat(17 * 1024)}`), 413, 'body_too_large')
  })

  test('takes POST alone, and its answers are stored nowhere', async () => {
    for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/register']) {
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
        const { status, headers } = await world.ask(method, path)
        assert.deepEqual([status, headers.get('allow')], [405, 'POST'], `${method} ${path}`)
      }
    }
    const { headers } = await raw('grant_type=x')
    assert.equal(headers.get('cache-control'), 'no-store')
  })

  test('gives two refreshes at the same moment tokens of the same consent, which end together', async () => {
    const connected = await connect(world, ada, 'tasks:read', clientId)
    const answers = await Promise.all([1, 2, 3].map(() => renew(world, clientId, connected.refresh)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    )
    assert.equal((await world.sql('select from oauth_grants where user_id = $1', [ada.id])).length, 1)
    await post(world, '/oauth/revoke', { token: answers[0]?.json.refresh_token, client_id: clientId })
    for (const { json } of answers) refuses(await use(json.access_token), 401, 'unauthenticated')
  })

  test('refuses three late uses of a refresh token at the same moment, and the access ends once', async () => {
    const connected = await connect(world, ada, 'tasks:read', clientId)
    await renew(world, clientId, connected.refresh)
    await world.sql(
      `update oauth_tokens set replaced_at = now() - interval '31 seconds' where user_id = $1 and replaced_at is not null`,
      [ada.id],
    )
    for (const answer of await Promise.all([1, 2, 3].map(() => renew(world, clientId, connected.refresh)))) {
      refusesGrant(answer)
    }
    assert.deepEqual(await world.sql('select from oauth_grants where user_id = $1', [ada.id]), [])
  })

  test('counts what it refuses for the address, says when to try again, and does not count what gave tokens', async () => {
    await using limited = await openWorld({ env: { ...TRUSTING, RATE_LIMIT_WRITE: '12', REDIS_URL: '' } })
    const user = await limited.signUp()
    // Registration, consent, exchange and refreshes: each from another address, of the user, or given back.
    const { clientId: id, refresh } = await connect(limited, user)
    for (let n = 0; n < 20; n++) assert.equal((await renew(limited, id, refresh)).status, 200)
    for (const path of ['/oauth/token', '/oauth/revoke']) {
      const headers = { ...fromElsewhere(), 'content-type': 'application/x-www-form-urlencoded' }
      const statuses: number[] = []
      let last: Answer | undefined
      for (let n = 0; n < 13; n++) {
        last = await limited.ask('POST', path, { raw: 'grant_type=x', headers })
        statuses.push(last.status)
      }
      assert.deepEqual([statuses.filter((each) => each === 400).length, statuses.at(-1)], [12, 429], path)
      assert.ok(Number(last?.headers.get('retry-after')) > 0, path)
      assert.equal(last?.json.code, 'too_many_requests')
    }
  })
})
