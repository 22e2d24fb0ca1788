import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, beforeEach, suite, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { openWorld, type User, type World } from '../../test/world.ts'

// The tools for agents are what makes requests within requests.
suite('a request within a request', () => {
  let world: World
  let ada: User
  /** Lists that have begun, by their limit. Each waits until it is released. */
  let begun: number[] = []
  let held: (() => void)[] = []
  before(async () => {
    world = await openWorld({
      replace: ({ db }) => ({
        db: {
          ...db,
          asUser: async (principal, work, options) => {
            const limit =
              typeof work === 'function' ? undefined : work.values.find((value) => typeof value === 'number')
            if (typeof limit === 'number') {
              begun.push(limit)
              await new Promise<void>((resolve) => held.push(resolve))
            }
            return db.asUser(principal, work, options)
          },
        },
      }),
    })
  })
  after(() => world[Symbol.asyncDispose]())
  beforeEach(async () => {
    ada = await world.signUp()
    begun = []
    held = []
  })

  const list = (limit: number) => world.ask('GET', `/api/tasks?limit=${limit}`, { token: ada.token })
  /** Searches scan all tasks of the user, so that they run one at a time. @returns the connection */
  const search = async (id: string): Promise<Socket> => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'find_tasks', arguments: { q: 'milk', limit: 7 } },
    })
    const { hostname, port } = new URL(world.url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.write(
      [
        'POST /mcp HTTP/1.1',
        'Host: localhost',
        `Authorization: Bearer ${ada.token}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'X-Timezone: UTC',
        `X-Request-Id: ${id}`,
        '',
        body,
      ].join('\r\n'),
    )
    return socket
  }
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await nextTurn()
  }
  const isLogged = (id: string): boolean => world.logged.some((line) => line.includes(`"reqId":"${id}"`))

  test('waits for the turn of its user', async () => {
    const first = list(901)
    await until(() => begun.length === 1)
    const second = await search('waiting')
    const answered = once(second, 'data')
    const other = list(3)
    await until(() => begun.length === 2)
    // The short list has overtaken the search.
    assert.deepEqual(begun, [901, 3])
    held.splice(0).forEach((release) => release())
    assert.deepEqual([(await first).status, (await other).status], [200, 200])
    await until(() => begun.length === 3)
    held.splice(0).forEach((release) => release())
    assert.match(String(await answered), /^HTTP\/1\.1 200 /)
    second.destroy()
  })

  test('is not executed if the client leaves while it waits', async () => {
    const first = list(901)
    await until(() => begun.length === 1)
    const second = await search('leaving')
    // Another request, which is not held, shows that the service has it.
    for (let asked = 0; asked < 5; asked++) await world.ask('GET', '/api/tasks/stats', { token: 'x'.repeat(32) })
    second.resetAndDestroy()
    await until(() => isLogged('leaving'))
    held.splice(0).forEach((release) => release())
    assert.equal((await first).status, 200)
    const last = list(902)
    await until(() => begun.length === 2)
    held.splice(0).forEach((release) => release())
    assert.equal((await last).status, 200)
    assert.equal(begun.length, 2)
    assert.deepEqual(
      world.logged.filter((line) => JSON.parse(line).level > 30),
      [],
    )
  })
})
