import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { withClient } from '../databases.ts'
import { openWorld, SERVICE_TOKEN, type User, type World } from '../world.ts'
import { FaultProxy, type CommitCut } from './fault-proxy.ts'
import { assertNotNow, recovery, timed, UNLIMITED, until } from './measures.ts'
import { needsPostgres, openCluster, type Cluster } from './postgres.ts'

describe('a write whose commit was sent but not answered', { skip: needsPostgres }, () => {
  let cluster: Cluster
  let proxy: FaultProxy
  let world: World
  let ada: User

  before(async () => {
    cluster = await openCluster()
    proxy = await FaultProxy.open(cluster.port)
    world = await openWorld({ env: { ...UNLIMITED, DATABASE_URL: proxy.url('postgres') } })
    ada = await world.signUp()
  })
  after(async () => {
    await proxy?.pass()
    await world?.[Symbol.asyncDispose]()
    await proxy?.[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
  })

  const ask = (method: string, path: string, body?: unknown) => world.ask(method, path, { token: ada.token, body })
  const create = async (title: string) => (await ask('POST', '/api/tasks', { title })).json
  const tasks = (condition: string) => cluster.admin(`select title, status, version from tasks where ${condition}`)
  const back = async (): Promise<void> => {
    await proxy.pass()
    await recovery(() => ask('GET', '/api/tasks?limit=1'))
  }

  for (const cut of ['before', 'after'] as const satisfies readonly CommitCut[]) {
    const happened = cut === 'after'
    const title = happened ? 'committed, but the answer was lost' : 'never arrived'

    test(`is reported as unknown: ${title}`, async () => {
      const [toChange, toToggle, toDelete] = [await create('change'), await create('toggle'), await create('delete')]
      const service = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id }
      // The session is in the cache from here on; otherwise its look-up would be cut off too.
      await world.ask('GET', '/api/tasks', { headers: service })
      proxy.cutOnCommit(cut)
      const before = proxy.commitsCut
      const answers = [
        await timed(ask('POST', '/api/tasks', { title })),
        await timed(ask('PATCH', `/api/tasks/${toChange.id}`, { title: 'changed' })),
        await timed(ask('PATCH', `/api/tasks/${toToggle.id}/complete`)),
        await timed(ask('DELETE', `/api/tasks/${toDelete.id}`)),
        await timed(world.ask('POST', '/api/tasks', { body: { title }, headers: service })),
      ]
      for (const each of answers) {
        assertNotNow(each, 'outcome_unknown')
        assert.match(each.answer.json.detail, /may or may not/)
        assert.match(each.answer.json.detail, /Idempotency-Key/)
        assert.equal(each.answer.json.retryAfter, 2)
      }
      assert.equal(proxy.commitsCut - before, answers.length)
      await back()
      assert.equal((await tasks(`title = '${title}'`)).length, happened ? 2 : 0)
      assert.deepEqual(await tasks(`id = '${toChange.id}'`), [
        { title: happened ? 'changed' : 'change', status: 'TODO', version: happened ? 2 : 1 },
      ])
      assert.deepEqual(await tasks(`id = '${toToggle.id}'`), [
        { title: 'toggle', status: happened ? 'COMPLETED' : 'TODO', version: happened ? 2 : 1 },
      ])
      assert.equal((await tasks(`id = '${toDelete.id}'`)).length, happened ? 0 : 1)
    })

    test(`is reported as unknown by the auth server too: ${title}`, async () => {
      const signUp = (email: string) =>
        timed(
          world.ask('POST', '/api/auth/sign-up/email', {
            body: { name: 'Ben', email, password: 'correct horse battery' },
          }),
        )
      const email = `${cut}@example.com`
      proxy.cutOnCommit(cut, { ofWritesOnly: true })
      assertNotNow(await signUp(email), 'outcome_unknown')
      await back()
      assert.equal((await cluster.admin(`select from users where email = '${email}'`)).length, happened ? 1 : 0)

      const { token } = (await signUp(`2${email}`)).answer.json
      proxy.cutOnCommit(cut, { ofWritesOnly: true })
      assertNotNow(await timed(world.ask('POST', '/api/auth/sign-out', { token, body: {} })), 'outcome_unknown')
      await back()
      assert.equal((await world.ask('GET', '/api/tasks', { token })).status, happened ? 401 : 200)
    })

    test(`is unavailable if only the look-up of the session was cut off: ${title}`, async () => {
      const { token } = await world.signUp()
      proxy.cutOnCommit(cut)
      assertNotNow(await timed(world.ask('POST', '/api/tasks', { token, body: { title: 'not yet' } })), 'unavailable')
      await back()
      assert.deepEqual(await tasks(`title = 'not yet'`), [])
    })

    test(`is unavailable if the statement only reads: ${title}`, async () => {
      const { id } = await create('read')
      for (const [method, path] of [
        ['GET', '/api/tasks'],
        ['GET', `/api/tasks/${id}`],
      ] as const) {
        proxy.cutOnCommit(cut)
        const each = await timed(ask(method, path))
        assertNotNow(each, 'unavailable')
        await back()
      }
      proxy.cutOnCommit(cut)
      assert.equal((await ask('HEAD', `/api/tasks/${id}`)).status, 503)
      await back()
    })
  }

  test('is unknown too if the answer never arrives', async () => {
    proxy.cutOnCommit('silence')
    const each = await timed(ask('POST', '/api/tasks', { title: 'silence' }))
    assertNotNow(each, 'outcome_unknown')
    await back()
  })

  test('is unknown too if its connection is killed during its only statement', async () => {
    const { id } = await create('slow')
    await cluster.admin(`
      create function sleep_long() returns trigger language plpgsql as 'begin perform pg_sleep(60); return new; end';
      create trigger sleep_long before update on tasks for each row execute function sleep_long()`)
    const slow = timed(ask('PATCH', `/api/tasks/${id}`, { title: 'killed' }))
    const sleeping = `select pid from pg_stat_activity where wait_event = 'PgSleep'`
    await until('it sleeps', async () => (await cluster.admin(sleeping)).length > 0)
    await cluster.admin(`select pg_terminate_backend(pid) from (${sleeping}) s`)
    assertNotNow(await slow, 'outcome_unknown')
    await cluster.admin('drop trigger sleep_long on tasks; drop function sleep_long()')
    assert.deepEqual(await tasks(`id = '${id}'`), [{ title: 'slow', status: 'TODO', version: 1 }])
  })

  test('is unavailable if its connection is killed while it waits for a lock, before the commit is sent', async () => {
    const { id } = await create('locked')
    await withClient(cluster.url(), async (holder) => {
      await holder.query('begin')
      await holder.query('select from tasks where id = $1 for update', [id])
      const blocked = timed(ask('PATCH', `/api/tasks/${id}`, { title: 'killed' }))
      // The single statement of a change times out after 20 ms; a transaction then waits for the row.
      const waiting = `select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%for update'`
      await until('the change waits for the lock', async () => (await cluster.admin(waiting)).length > 0)
      await cluster.admin(`select pg_terminate_backend(pid) from (${waiting}) w`)
      assertNotNow(await blocked, 'unavailable')
      await holder.query('rollback')
    })
    assert.deepEqual(await tasks(`id = '${id}'`), [{ title: 'locked', status: 'TODO', version: 1 }])
    assert.equal((await ask('PATCH', `/api/tasks/${id}`, { title: 'again' })).status, 200)
  })
})
