import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openWorld } from '../../test/world.ts'

suite('health', () => {
  test('/health says healthy and touches nothing else', async () => {
    await using world = await openWorld({
      replace: () => ({
        db: new Proxy({} as never, { get: () => assert.fail('the database was touched') }),
        redis: { isReachable: () => assert.fail('Redis was touched') },
      }),
    })
    const { status, json } = await world.ask('GET', '/health')
    assert.deepEqual([status, json], [200, { status: 'healthy', service: 'todo-backend' }])
    assert.deepEqual((await world.ask('HEAD', '/health')).status, 200)
  })

  for (const [isUp, status, redis] of [
    [true, 'ready', 'up'],
    [false, 'degraded', 'degraded'],
  ] as const) {
    test(`/health/ready is 200 and ${status} when Redis is ${isUp ? 'there' : 'away'}`, async () => {
      await using world = await openWorld({
        replace: () => ({ redis: { isReachable: async () => isUp } }),
      })
      const answer = await world.ask('GET', '/health/ready')
      assert.equal(answer.status, 200)
      assert.deepEqual(answer.json, {
        status,
        service: 'todo-backend',
        checks: { database: 'up', migrations: 'current', redis },
      })
    })
  }

  test('Redis that is not there is degraded, asked for real', async () => {
    await using world = await openWorld({ env: { REDIS_URL: 'redis://127.0.0.1:1/0' } })
    assert.equal((await world.ask('GET', '/health/ready')).json.checks.redis, 'degraded')
  })

  test('/health/ready is 200 on a newer schema that only adds, 503 with Retry-After on one that takes away or lacks a migration, which it names', async () => {
    await using world = await openWorld()
    const ready = async (): Promise<unknown[]> => {
      const { status, json, headers } = await world.ask('GET', '/health/ready')
      return [status, json.status, json.checks.migrations, json.pendingMigrations, headers.get('retry-after')]
    }
    await world.asOwner((client) =>
      client.query(`insert into schema_migrations (version, name, checksum) values (9998, 'adds', '')`),
    )
    const [status, , migrations] = await ready()
    assert.deepEqual([status, migrations], [200, 'ahead'])
    await world.asOwner((client) =>
      client.query(
        `insert into schema_migrations (version, name, mode, checksum) values (9999, 'takes_away', 'contract', '')`,
      ),
    )
    assert.deepEqual(await ready(), [503, 'unavailable', 'newer', undefined, '2'])
    await world.asOwner((client) => client.query(`delete from schema_migrations where version in (3, 9998, 9999)`))
    assert.deepEqual(await ready(), [503, 'unavailable', 'pending', ['0003_tasks'], '2'])
  })

  test('/health/ready is 503 within three seconds when the database is away, and /health still 200', async () => {
    await using world = await openWorld({
      replace: (deps) => ({ db: { ...deps.db, migrationState: () => new Promise<never>(() => undefined) } }),
    })
    const { status, json } = await world.ask('GET', '/health/ready')
    assert.deepEqual([status, json.checks.database], [503, 'down'])
    assert.equal((await world.ask('GET', '/health')).status, 200)
  })

  test('/health/ready is 503 while the process drains', async () => {
    await using world = await openWorld()
    world.app.draining = true
    assert.equal((await world.ask('GET', '/health/ready')).status, 503)
  })
})
