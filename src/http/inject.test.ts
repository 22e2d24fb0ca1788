import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openWorld, type User, type World } from '../../test/world.ts'

// Other entries of the process use the routes by `app.inject`, without a connection.
suite('a request that is injected', () => {
  let world: World
  let ada: User
  before(async () => {
    world = await openWorld({ env: { RATE_LIMIT_READ: '5', REDIS_URL: 'redis://127.0.0.1:1/0' } })
    ada = await world.signUp('Ada')
  })
  after(() => world[Symbol.asyncDispose]())
  const bearer = (): Record<string, string> => ({ authorization: `Bearer ${ada.token}` })

  test('behaves like a request over a connection, including limits, request id and log line', async () => {
    const created = await world.app.inject({
      method: 'POST',
      url: '/api/tasks',
      headers: { ...bearer(), 'x-request-id': 'injected-1' },
      payload: { title: 'Injected' },
    })
    assert.equal(created.statusCode, 201)
    assert.equal(created.headers['x-request-id'], 'injected-1')
    assert.ok(Number(created.headers['x-ratelimit-remaining']) > 0)
    const list = await world.app.inject({ url: '/api/tasks', headers: bearer() })
    assert.deepEqual(
      list.json().map(({ title }: { title: string }) => title),
      ['Injected'],
    )
    const line = world.logged.map((each) => JSON.parse(each)).find(({ reqId }) => reqId === 'injected-1')
    assert.deepEqual([line?.status, line?.userId, line?.route], [201, ada.id, '/api/tasks'])
  })

  test('is refused like any other, and its refusal is counted', async () => {
    const refusals = async (): Promise<number> => {
      const { text } = await world.ask('GET', '/metrics')
      return Number(/http_problems_total\{code="invalid_input"\} (\d+)/.exec(text)?.[1] ?? 0)
    }
    const before = await refusals()
    const { statusCode, headers } = await world.app.inject({
      method: 'POST',
      url: '/api/tasks',
      headers: bearer(),
      payload: { title: '' },
    })
    assert.deepEqual([statusCode, headers['content-type']], [422, 'application/problem+json; charset=utf-8'])
    assert.equal(await refusals(), before + 1)
  })

  test('without a credential counts for the address in `remoteAddress`', async () => {
    const ask = async (remoteAddress: string): Promise<number> =>
      (await world.app.inject({ url: '/api/tasks', remoteAddress })).statusCode
    const statuses: number[] = []
    for (let requests = 0; requests < 6; requests += 1) statuses.push(await ask('192.0.2.1'))
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429])
    assert.equal(await ask('192.0.2.2'), 401)
  })
})
