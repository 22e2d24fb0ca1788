import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { needsServer } from '../../test/databases.ts'
import { openWorld, type World } from '../../test/world.ts'

async function assertUnreadyFor(world: World, change: string, undo: string, state: string): Promise<void> {
  const ready = async (): Promise<unknown[]> => {
    const { status, json } = await world.ask('GET', '/health/ready')
    return [status, json.status === 'unavailable', json.checks.database]
  }
  assert.deepEqual(await ready(), [200, false, 'up'])
  await world.asOwner((client) => client.query(change))
  assert.deepEqual(await ready(), [503, true, state])
  assert.equal((await world.ask('GET', '/health')).status, 200)
  await world.asOwner((client) => client.query(undo))
  assert.deepEqual(await ready(), [200, false, 'up'])
}

suite('health', () => {
  test('/health is healthy and uses no other component', async () => {
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
    test(`/health/ready is 200 and ${status} when Redis is ${isUp ? 'available' : 'unavailable'}`, async () => {
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

  test('/health/ready is degraded with an actual Redis client that cannot connect', async () => {
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
    assert.deepEqual(await ready(), [503, 'unavailable', 'pending', ['0003_search_words'], '2'])
  })

  test('/health/ready is 503 within three seconds when the database is unavailable, and /health still 200', async () => {
    await using world = await openWorld({
      replace: (deps) => ({ db: { ...deps.db, migrationState: () => new Promise<never>(() => undefined) } }),
    })
    const { status, json } = await world.ask('GET', '/health/ready')
    assert.deepEqual([status, json.checks.database], [503, 'down'])
    assert.equal((await world.ask('GET', '/health')).status, 200)
  })

  for (const [what, change, undo, state] of [
    [
      'a right of the serving role was revoked',
      'revoke insert on tasks from todo_app',
      'grant insert (id, title, description, status, priority, due_date, tags, completed_at) on tasks to todo_app',
      'denied',
    ],
    [
      'no session can be looked up',
      'revoke execute on function todo_prove(text, text[], text) from todo_app',
      'grant execute on function todo_prove(text, text[], text) to todo_app',
      'denied',
    ],
    [
      'a table is missing',
      'alter table idempotency_keys rename to gone',
      'alter table gone rename to idempotency_keys',
      'down',
    ],
  ] as const) {
    test(`/health/ready is 503 as long as ${what}, and /health is 200`, async () => {
      await using world = await openWorld()
      await assertUnreadyFor(world, change, undo, state)
    })
  }

  test('/health/ready is 503 as long as the owner cannot read the users of another auth server', async () => {
    await using world = await openWorld({ env: { AUTH_MODE: 'external' } })
    await assertUnreadyFor(world, 'alter table users rename to gone', 'alter table gone rename to users', 'down')
  })

  test('/health/ready is 503 as long as the database is read-only', { skip: needsServer }, async () => {
    await using world = await openWorld()
    const byDefault = (value: string): string =>
      `do $$ begin execute format('alter database %I set default_transaction_read_only = ${value}', current_database()); end $$`
    // The setting applies to new sessions.
    const ended =
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()'
    await assertUnreadyFor(
      world,
      `${byDefault('on')}; ${ended}`,
      `begin read write; ${byDefault('off')}; commit; ${ended}`,
      'read-only',
    )
  })

  test('the check that the database is writable writes no rows', async () => {
    await using world = await openWorld()
    const sizes = (): Promise<unknown> =>
      world.asOwner(async (client) => {
        const { rows } = await client.query(
          `select relname, pg_relation_size(oid) as size from pg_class
           where relnamespace = 'public'::regnamespace and relkind in ('r', 'i') order by 1`,
        )
        return [rows, (await client.query('select pg_current_xact_id_if_assigned() as id')).rows]
      })
    const before = await sizes()
    for (let times = 0; times < 5; times++) assert.equal((await world.ask('GET', '/health/ready')).status, 200)
    assert.deepEqual(await sizes(), before)
  })

  test('/health/ready is 503 while the process drains', async () => {
    await using world = await openWorld()
    world.app.draining = true
    assert.equal((await world.ask('GET', '/health/ready')).status, 503)
  })
})
