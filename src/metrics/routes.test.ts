import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openWorld } from '../../test/world.ts'

const METRICS_TOKEN = 'a-token-for-prometheus'

suite('/metrics', () => {
  test('is open in development, and counts by route template and never by path', async () => {
    await using world = await openWorld()
    const { token } = await world.signUp()
    const { json: task } = await world.ask('POST', '/api/tasks', { token, body: { title: 'x' } })
    await world.ask('GET', `/api/tasks/${task.id}`, { token })
    await world.ask('GET', '/nowhere/at/all?token=secret')
    const { status, headers, text } = await world.ask('GET', '/metrics')
    assert.equal(status, 200)
    assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.match(
      text,
      /^http_request_duration_seconds_count\{method="GET",route="\/api\/tasks\/:id",status="200"\} 1$/m,
    )
    assert.match(text, /^http_request_duration_seconds_count\{method="GET",route="none",status="404"\} 1$/m)
    assert.match(text, /^database_pool_connections\{state="total"\} \d+$/m)
    assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m)
    for (const leak of [task.id, token, 'nowhere', 'secret']) assert.ok(!text.includes(leak), leak)
  })

  test('requires the token if one is configured', async () => {
    await using world = await openWorld({ env: { METRICS_TOKEN } })
    const ask = (headers: Record<string, string>) => world.ask('GET', '/metrics', { headers })
    assert.equal((await ask({})).status, 401)
    assert.equal((await ask({ authorization: 'Bearer wrong' })).status, 401)
    assert.equal((await ask({ authorization: `Bearer ${METRICS_TOKEN}` })).status, 200)
  })

  test('is refused outside development if no token is configured', async () => {
    await using world = await openWorld({ env: { ENVIRONMENT: 'staging' } })
    const { status, json } = await world.ask('GET', '/metrics')
    assert.deepEqual([status, json.code], [403, 'forbidden'])
  })
})
