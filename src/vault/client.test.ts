import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '../../client/index.ts'
import { openWorld, SERVICE_TOKEN } from '../../test/world.ts'
import { openFakeProvider } from './fake-provider.testing.ts'

test("the client pages through the reads of a key, at a path with a parameter, and knows the entries' types", async () => {
  await using provider = await openFakeProvider()
  await using world = await openWorld({ env: { GEMINI_BASE_URL: provider.url } })
  const ada = await world.signUp()
  const path = '/api/user-api-keys/gemini'
  assert.equal((await world.ask('PUT', path, { token: ada.token, body: { apiKey: 'AIza-of-the-client' } })).status, 201)
  const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id }
  for (let read = 0; read < 3; read++)
    assert.equal((await world.ask('GET', `${path}/plaintext`, { headers })).status, 200)
  const api = createClient({ baseUrl: world.url, auth: { token: ada.token } })
  const services: string[] = []
  const query = { limit: 2 }
  for await (const { service } of api.items('/api/user-api-keys/{provider}/audit', {
    params: { path: { provider: 'gemini' }, query },
  })) {
    services.push(service)
  }
  assert.equal(services.length, 3)
  assert.equal(new Set(services).size, 1)
})
