import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { openWorld, type Answer } from '../../test/world.ts'
import { openFakeProvider } from './fake-provider.testing.ts'

const GEMINI = '/api/user-api-keys/gemini'

test('a provider key whose stored answer expires between look-up and storing is not stored unchecked', async () => {
  await using provider = await openFakeProvider()
  /** Runs after each transaction of a user. */
  let afterScope = async (): Promise<void> => undefined
  await using world = await openWorld({
    env: { GEMINI_BASE_URL: provider.url },
    replace: ({ db }) => ({
      db: {
        ...db,
        asUser: async (...scope) => {
          const result = await db.asUser(...scope)
          await afterScope()
          return result
        },
      },
    }),
  })
  const { token } = await world.signUp()
  const ask = (method: string, body?: object): Promise<Answer> => {
    const headers = method === 'PUT' ? { 'idempotency-key': 'expires' } : {}
    return world.ask(method, GEMINI, { token, body, headers })
  }
  const body = { apiKey: `AIza${randomUUID()}` }
  assert.equal((await ask('PUT', body)).status, 201)
  assert.equal((await ask('DELETE')).status, 204)
  afterScope = async () => {
    afterScope = async () => undefined
    await world.asOwner((client) => client.query(`delete from idempotency_keys where key = 'expires'`))
  }
  const asked = provider.asked.length
  const refused = await ask('PUT', body)
  assert.deepEqual([refused.status, refused.json?.code], [409, 'request_in_progress'], refused.text)
  assert.equal((await ask('GET')).status, 404)
  assert.equal((await ask('PUT', body)).status, 201)
  assert.equal(provider.asked.length, asked + 1)
})
