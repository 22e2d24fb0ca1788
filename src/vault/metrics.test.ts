import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { openFakeProvider, REFUSING } from './fake-provider.testing.ts'
import { openWorld } from '../../test/world.ts'

test('answers of providers about keys are counted by provider and outcome', async () => {
  await using provider = await openFakeProvider()
  await using world = await openWorld({ env: { OPENAI_BASE_URL: provider.url } })
  const { token } = await world.signUp()
  const put = () => {
    const apiKey = `sk-${randomUUID().replaceAll('-', '')}`
    return world.ask('PUT', '/api/user-api-keys/openai', { token, body: { apiKey } })
  }
  await put()
  provider.answer = REFUSING.openai
  await put()
  const { text } = await world.ask('GET', '/metrics')
  for (const outcome of ['success', 'failure']) {
    const series = `vault_key_check_duration_seconds_count{provider="openai",outcome="${outcome}"} 1`
    assert.ok(text.split('\n').includes(series), series)
  }
})
