import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openOtlpReceiver } from '../../test/otlp-receiver.ts'
import { openWorld } from '../../test/world.ts'
import { openFakeProvider } from './fake-provider.testing.ts'

test('the span of a key check has the provider and the outcome and not the key, and the provider gets no trace context', async () => {
  const apiKey = 'sk-a-key-that-no-trace-has'
  await using receiver = await openOtlpReceiver()
  await using provider = await openFakeProvider()
  {
    await using world = await openWorld({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
        OPENAI_BASE_URL: provider.url,
      },
    })
    const { token } = await world.signUp()
    const stored = await world.ask('PUT', '/api/user-api-keys/openai', { token, body: { apiKey } })
    assert.equal(stored.status, 201, stored.text)
  }
  const check = receiver.spans().find(({ name }) => name === 'check key openai')
  assert.equal(check?.attributes['outcome'], 'success')
  assert.equal(provider.asked[0]?.headers['traceparent'], undefined)
  for (const { body } of receiver.sent) assert.ok(!body.includes(apiKey))
})
