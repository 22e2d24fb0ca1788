import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openServedDatabase, type ServedDatabase, type TestUser } from '../../test/databases.ts'
import { purgeOfKeyReads } from './jobs.ts'

suite('the record of reads of keys', () => {
  let served: ServedDatabase
  let ada: TestUser
  before(async () => {
    served = await openServedDatabase()
    ada = await served.addUser()
    await served.asOwner((client) =>
      client.query(
        `insert into user_api_key_reads (id, user_id, provider, service, request_id, read_at)
         select gen_random_uuid(), $1, 'gemini', 'n8n', age, now() - age::interval
         from unnest(array['1 year 1 minute', '364 days', '1 minute']) age
         union all select gen_random_uuid(), $1, 'gemini', 'n8n', 'many', now() - interval '2 years' from generate_series(1, 1500)`,
        [ada.id],
      ),
    )
  })
  after(() => served[Symbol.asyncDispose]())

  const left = () =>
    served.asOwner(
      async (client) => (await client.query('select request_id as age from user_api_key_reads order by read_at')).rows,
    )
  const purge = (signal: AbortSignal) =>
    purgeOfKeyReads(served.db).run({
      id: '',
      reference: {},
      attempts: 1,
      signal,
      stopping: signal,
      principal: undefined,
    })

  test('is hidden from the system role for a year, and cannot be changed by it', async () => {
    const asSystem = (text: string) => served.db.asSystem('test', (sql) => sql.rows({ name: '', text }))
    assert.deepEqual(await asSystem('select count(id) as n from user_api_key_reads'), [{ n: 1501 }])
    await assert.rejects(asSystem('select service from user_api_key_reads'), { code: '42501' })
    await assert.rejects(asSystem('update user_api_key_reads set read_at = now()'), { code: '42501' })
  })

  test('is deleted after a year, in batches, and the job stops when its signal is aborted', async () => {
    await purge(AbortSignal.abort())
    assert.equal((await left()).length, 1503)
    await purge(new AbortController().signal)
    assert.deepEqual(await left(), [{ age: '364 days' }, { age: '1 minute' }])
  })
})
