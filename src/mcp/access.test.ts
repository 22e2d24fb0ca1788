import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { openWorld, SERVICE_TOKEN, type User, type World } from '../../test/world.ts'
import { SCOPE_NAMES } from '../principal.ts'
import { callTool, ERAS, newToken, rpc } from './client.testing.ts'

/** Every tool, with the scope that it needs and a call that is allowed with it. */
const TOOLS: Readonly<Record<string, readonly [scope: string, args: object]>> = {
  find_tasks: ['tasks:read', {}],
  get_task: ['tasks:read', { id: randomUUID() }],
  add_tasks: ['tasks:write', { tasks: [{ title: 'a' }] }],
  update_tasks: ['tasks:write', { tasks: [{ id: randomUUID(), title: 'a' }] }],
  complete_tasks: ['tasks:write', { ids: [randomUUID()] }],
  reschedule_tasks: ['tasks:write', { ids: [randomUUID()], dueDate: null }],
  delete_tasks: ['tasks:write', { ids: [randomUUID()] }],
  restore_tasks: ['tasks:write', { ids: [randomUUID()] }],
  get_history: ['tasks:read', {}],
  undo: ['tasks:write', { changeId: randomUUID() }],
  tags_and_stats: ['tasks:read', {}],
  whoami: ['any', {}],
}

suite('the tools and the rights of a credential:', () => {
  let world: World
  let ada: User
  before(async () => {
    world = await openWorld()
    ada = await world.signUp()
  })
  after(() => world[Symbol.asyncDispose]())

  const listOf = async (token: string): Promise<string[]> =>
    (await rpc(world, token, 'tools/list')).json.result.tools.map(({ name }: { name: string }) => name)

  test('a session sees all tools, in one order', async () => {
    assert.deepEqual(await listOf(ada.token), Object.keys(TOOLS))
  })

  for (const scope of SCOPE_NAMES) {
    test(`a personal token with ${scope} sees the tools that need it, and may call no other`, async () => {
      const token = await newToken(world, ada.token, [scope])
      const expected = Object.entries(TOOLS).filter(([, [needs]]) => needs === scope || needs === 'any')
      assert.deepEqual(
        await listOf(token),
        expected.map(([name]) => name),
      )
      for (const era of ERAS) {
        for (const [name, [needs, args]] of Object.entries(TOOLS)) {
          // A call that lacks the scope is refused for that, even if its arguments are wrong too.
          for (const given of [args, { wrong: true }]) {
            const answer = await rpc(world, token, 'tools/call', { name, arguments: given }, { era })
            if (needs === scope || needs === 'any') {
              assert.equal(answer.status, 200, answer.text)
              continue
            }
            assert.deepEqual(
              [answer.status, answer.json.code, answer.json.required],
              [403, 'insufficient_scope', [needs]],
              `${name} with ${scope}`,
            )
            // With the scope that every agent needs, because a client asks the user for these and no others.
            const scopes = [...new Set(['tasks:read', needs])].join(' ')
            const challenge = `Bearer error="insufficient_scope", scope="${scopes}", resource_metadata="${world.url}/.well-known/oauth-protected-resource/mcp"`
            assert.equal(answer.headers.get('www-authenticate'), challenge)
          }
        }
      }
    })
  }

  test('a client without access asks the user for the scopes of all tools, because it might not ask for more later', async () => {
    const needed = new Set(Object.values(TOOLS).map(([needs]) => needs))
    needed.delete('any')
    for (const token of [undefined, 'todo_pat_x']) {
      const challenge = (await rpc(world, token, 'tools/list')).headers.get('www-authenticate') ?? ''
      assert.deepEqual(/ scope="([^"]*)"/.exec(challenge)?.[1]?.split(' '), [...needed], challenge)
    }
    const { json } = await world.ask('GET', '/.well-known/oauth-protected-resource/mcp')
    assert.deepEqual(json.scopes_supported, [...needed])
  })

  test('whoami says what the credential may do', async () => {
    const token = await newToken(world, ada.token, ['tasks:read', 'keys:manage'])
    const { scopes, credential, name } = await callTool(world, token, 'whoami')
    assert.deepEqual([scopes, credential, name], [['tasks:read', 'keys:manage'], 'token', undefined])
    const all = await callTool(world, ada.token, 'whoami')
    assert.deepEqual([all.scopes, all.credential, all.name], [SCOPE_NAMES, 'session', 'Ada'])
    const service = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id }
    const { json } = await rpc(world, undefined, 'tools/call', { name: 'whoami' }, { headers: service })
    assert.match(json.result.structuredContent.credential, /^service:/)
  })

  test('without a valid credential every message is 401', async () => {
    const revoked = (await world.ask('POST', '/api/tokens', { token: ada.token, body: { name: 'x' } })).json
    await world.ask('DELETE', `/api/tokens/${revoked.id}`, { token: ada.token })
    for (const token of [undefined, 'x'.repeat(32), revoked.token, 'todo_pat_x']) {
      for (const [method, params] of [
        ['server/discover', {}],
        ['tools/list', {}],
        ['tools/call', { name: 'find_tasks', arguments: {} }],
        ['tools/call', { name: 'find_tasks', arguments: { x: 1 } }],
        ['tools/call', { name: 'whoami', arguments: {} }],
        ['tools/call', { name: 'x', arguments: {} }],
        ['x', {}],
      ] as const) {
        const { status, json, headers } = await rpc(world, token, method, params)
        assert.deepEqual([status, json.code], [401, 'unauthenticated'], `${method} ${String(token)}`)
        assert.match(headers.get('www-authenticate') ?? '', /^Bearer/)
      }
      for (const body of [{}, { jsonrpc: '2.0', method: 'notifications/initialized' }, [], 1]) {
        const { status } = await world.ask('POST', '/mcp', { token, body })
        assert.equal(status, 401)
      }
    }
  })

  test('a service acts for its user, and is named in the history', async () => {
    const headers = { 'x-service-auth': SERVICE_TOKEN, 'x-user-id': ada.id }
    const send = (name: string, args: object) =>
      rpc(world, undefined, 'tools/call', { name, arguments: args }, { headers })
    const { json } = await send('add_tasks', { tasks: [{ title: 'by a service' }] })
    assert.equal(json.result.isError, false)
    const { entries } = await callTool(world, ada.token, 'get_history', { limit: 1 })
    assert.match(entries[0].actor, /^service:/)
    const unknown = await rpc(world, undefined, 'tools/list', {}, { headers: { ...headers, 'x-user-id': 'x' } })
    assert.deepEqual([unknown.status, unknown.json.code], [404, 'not_found'])
  })

  test('a personal token is named in the history, with the request and the operation of the route', async () => {
    const token = await newToken(world, ada.token, ['tasks:write'], 'Planner')
    const { headers } = await rpc(
      world,
      token,
      'tools/call',
      { name: 'add_tasks', arguments: { tasks: [{ title: 'x' }] } },
      { headers: { 'x-request-id': 'planned-1' } },
    )
    assert.equal(headers.get('x-request-id'), 'planned-1')
    const [entry] = (await world.ask('GET', '/api/history?limit=1', { token: ada.token })).json
    assert.deepEqual(
      [entry.actor, entry.requestId, entry.operation],
      [{ kind: 'token', name: 'Planner' }, 'planned-1', 'batchTasks'],
    )
  })

  test('tasks of another user do not exist, whatever the tool', async () => {
    const ben = await world.signUp('Ben')
    const { tasks, changeId } = await callTool(world, ben.token, 'add_tasks', {
      tasks: [{ title: 'of Ben' }, { title: 'b' }],
    })
    const [{ id }, { id: trashed }] = tasks
    await callTool(world, ben.token, 'delete_tasks', { ids: [trashed] })
    for (const [name, args] of [
      ['get_task', { id }],
      ['update_tasks', { tasks: [{ id, title: 'x' }] }],
      ['complete_tasks', { ids: [id] }],
      ['reschedule_tasks', { ids: [id], dueDate: null }],
      ['get_history', { taskId: id }],
      ['undo', { changeId }],
    ] as const) {
      const { json, text } = await rpc(world, ada.token, 'tools/call', { name, arguments: args })
      assert.equal(json.result?.isError, true, name)
      assert.ok(!text.includes('of Ben'))
    }
    for (const [name, ids] of [
      ['delete_tasks', [id]],
      ['restore_tasks', [trashed]],
    ] as const) {
      assert.deepEqual((await callTool(world, ada.token, name, { ids })).notFound, ids)
    }
    assert.equal((await callTool(world, ben.token, 'get_task', { id })).task.title, 'of Ben')
  })

  test('1 000 calls of 20 users at once never mix users', async () => {
    const users = await Promise.all(Array.from({ length: 20 }, (_, n) => world.signUp(`User${n}`)))
    await Promise.all(
      users.map(({ token, id }) => callTool(world, token, 'add_tasks', { tasks: [{ title: id }, { title: id }] })),
    )
    const calls = Array.from({ length: 1_000 }, (_, n) => async () => {
      const { token, id } = users[n % users.length] ?? ada
      const kind = Math.floor(n / users.length) % 5
      if (kind === 0) {
        const { tasks } = await callTool(world, token, 'add_tasks', { tasks: [{ title: id }] })
        assert.equal(tasks[0].title, id)
      } else if (kind === 1) {
        assert.equal((await callTool(world, token, 'whoami')).name, `User${n % users.length}`)
      } else {
        const { tasks } = await callTool(world, token, 'find_tasks', { limit: 100 })
        assert.ok(tasks.length >= 2 && tasks.every(({ title }: { title: string }) => title === id))
      }
    })
    // In an order in which the users alternate.
    const left = calls.values()
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        for (const call of left) await call()
      }),
    )
    for (const { token, id } of users) {
      const { tasks } = await callTool(world, token, 'find_tasks', { limit: 100 })
      assert.deepEqual([tasks.length, new Set(tasks.map(({ title }: { title: string }) => title))], [12, new Set([id])])
    }
  })
})

suite('a tool call is one request:', () => {
  let world: World
  let ada: User
  before(async () => {
    world = await openWorld({
      env: { RATE_LIMIT_READ: '10', RATE_LIMIT_WRITE: '5', REDIS_URL: 'redis://127.0.0.1:1/0' },
    })
  })
  after(() => world[Symbol.asyncDispose]())

  const remaining = async (method: string, params: object = {}): Promise<[string | null, string | null]> => {
    const { headers } = await rpc(world, ada.token, method, { ...params })
    return [headers.get('ratelimit-policy')?.split(';')[0] ?? null, headers.get('x-ratelimit-remaining')]
  }

  test('it costs one read or one write of the user, also if it executes several routes or fails', async () => {
    ada = await world.signUp()
    const call = (name: string, args: object = {}) => remaining('tools/call', { name, arguments: args })
    assert.deepEqual(await call('find_tasks'), ['"read"', '9'])
    assert.deepEqual(await call('tags_and_stats'), ['"read"', '8'])
    assert.deepEqual(await call('find_tasks', { x: 1 }), ['"read"', '7'])
    assert.deepEqual(await remaining('tools/list'), ['"read"', '6'])
    assert.deepEqual(await remaining('server/discover'), ['"read"', '5'])
    assert.deepEqual(await remaining('x'), ['"read"', '4'])
    assert.deepEqual(await call('add_tasks', { tasks: [{ title: 'a' }] }), ['"write"', '4'])
    assert.deepEqual(await call('restore_tasks', { ids: [randomUUID(), randomUUID()] }), ['"write"', '3'])
    assert.deepEqual(await call('add_tasks', { tasks: [{ title: 'a' }], dryRun: true }), ['"write"', '2'])
    assert.deepEqual(await call('add_tasks', {}), ['"write"', '1'])
    // The routes count for the same limit.
    await world.ask('POST', '/api/tasks', { token: ada.token, body: { title: 'b' } })
    const refused = await rpc(world, ada.token, 'tools/call', { name: 'add_tasks', arguments: { tasks: [] } })
    assert.deepEqual([refused.status, refused.json.code], [429, 'too_many_requests'])
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
    assert.deepEqual(await call('find_tasks'), ['"read"', '3'])
  })

  test('without a credential it counts for the address', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 11; n++) statuses.push((await rpc(world, undefined, 'tools/list')).status)
    assert.deepEqual(statuses, [...Array<number>(10).fill(401), 429])
  })

  test('it is one line of the log, with the tool and without its arguments', async () => {
    const ben = await world.signUp('Ben')
    const linesOf = (id: string) => world.logged.map((line) => JSON.parse(line)).filter(({ reqId }) => reqId === id)
    const send = (id: string, name: string, args: object) =>
      rpc(world, ben.token, 'tools/call', { name, arguments: args }, { headers: { 'x-request-id': id } })
    await send('logged-1', 'tags_and_stats', {})
    await send('logged-2', 'add_tasks', { tasks: [{ title: 'a secret title', priority: 'x' }] })
    await send('logged-3', 'no such tool', {})
    const shown = ({ msg, route, status, rpc: method, tool, toolError, userId }: Record<string, unknown>) => [
      msg,
      route,
      status,
      method,
      tool,
      toolError,
      userId === ben.id,
    ]
    assert.deepEqual(linesOf('logged-1').map(shown), [
      ['request', '/mcp', 200, 'tools/call', 'tags_and_stats', undefined, true],
    ])
    assert.deepEqual(linesOf('logged-2').map(shown), [
      ['request', '/mcp', 200, 'tools/call', 'add_tasks', 'invalid_input', true],
    ])
    assert.deepEqual(linesOf('logged-3').map(shown), [['request', '/mcp', 200, undefined, undefined, undefined, true]])
  })

  test('it is measured as one request, and counted by tool and outcome', async () => {
    const eve = await world.signUp('Eve')
    const count = async (pattern: RegExp): Promise<number> => {
      const { text } = await world.ask('GET', '/metrics')
      return [...text.matchAll(new RegExp(pattern, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0)
    }
    const requests =
      /^http_request_duration_seconds_count\{(?:[^}]*route="\/(?:mcp|api\/tasks\/stats|api\/tags)"[^}]*)\} (\d+)/
    const ok = /^mcp_tool_calls_total\{tool="tags_and_stats",outcome="ok"\} (\d+)/
    const errors = /^mcp_tool_calls_total\{tool="get_task",outcome="error"\} (\d+)/
    const refused = /^mcp_tool_calls_total\{tool="find_tasks",outcome="refused"\} (\d+)/
    const problems = /^http_problems_total\{code="not_found"\} (\d+)/
    const all = [requests, ok, errors, refused, problems]
    const before = await Promise.all(all.map(count))
    const writer = await newToken(world, eve.token, ['tasks:write'])
    await rpc(world, eve.token, 'tools/call', { name: 'tags_and_stats', arguments: {} })
    await rpc(world, eve.token, 'tools/call', { name: 'get_task', arguments: { id: randomUUID() } })
    await rpc(world, writer, 'tools/call', { name: 'find_tasks', arguments: {} })
    const after = await Promise.all(all.map(count))
    assert.deepEqual(
      after.map((each, at) => each - (before[at] ?? 0)),
      [3, 1, 1, 1, 0],
    )
  })
})

test('the tools work with the sessions of another auth server', async () => {
  await using external = await openWorld({ env: { AUTH_MODE: 'external' } })
  const { token } = await external.signUp()
  const { tasks } = await callTool(external, token, 'add_tasks', { tasks: [{ title: 'a' }] })
  const reader = await newToken(external, token, ['tasks:read'])
  assert.equal((await callTool(external, reader, 'get_task', { id: tasks[0].id })).task.title, 'a')
  assert.equal((await rpc(external, 'x'.repeat(32), 'tools/list')).status, 401)
})

suite('Origin and Host', () => {
  const OWN = 'https://todo.example.com'
  const PAGE = 'https://page.example.com'

  const statusWith = async (world: World, token: string, headers: Record<string, string>): Promise<unknown[]> => {
    const { statusCode, json } = await world.app.inject({
      method: 'POST',
      url: '/mcp',
      headers: { authorization: `Bearer ${token}`, ...headers },
      payload: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    })
    return statusCode === 200 ? [200] : [statusCode, json().code]
  }

  test('of a page that may not call the service are refused, also of a rebound name', async () => {
    await using world = await openWorld({ env: { PUBLIC_URL: `${OWN}/todo`, CORS_ORIGINS: PAGE } })
    const { token } = await world.signUp()
    const status = (headers: Record<string, string>) => statusWith(world, token, headers)
    for (const headers of [
      {},
      { host: 'localhost:8000' },
      { host: 'todo.example.com' },
      { host: 'todo.example.com', origin: OWN },
      { host: '127.0.0.1:8000', origin: PAGE },
      { host: 'localhost:8000', origin: 'http://localhost:8000' },
      { host: '[::1]:8000', origin: 'http://[::1]:8000' },
    ]) {
      assert.deepEqual(await status(headers), [200], JSON.stringify(headers))
    }
    for (const headers of [
      { origin: 'https://evil.example.com' },
      { origin: 'null' },
      { origin: 'not an origin' },
      { host: 'localhost:8000', origin: 'http://localhost:3000' },
      { host: 'evil.example.com', origin: 'http://evil.example.com' },
      { host: 'evil.example.com' },
      { host: 'evil.example.com', origin: PAGE },
      { host: 'localhost.evil.example.com' },
      { host: 'todo.example.com', origin: 'http://todo.example.com' },
    ]) {
      assert.deepEqual(await status(headers), [403, 'forbidden'], JSON.stringify(headers))
    }
  })

  test('a service that listens on all addresses accepts any Host, and no other Origin', async () => {
    await using world = await openWorld({ env: { HOST: '0.0.0.0' } })
    const { token } = await world.signUp()
    assert.deepEqual(await statusWith(world, token, { host: 'todo-backend:8000' }), [200])
    const rebound = { host: 'evil.example.com', origin: 'http://evil.example.com' }
    assert.deepEqual(await statusWith(world, token, rebound), [403, 'forbidden'])
  })

  test('pages of listed origins may send the headers of MCP', async () => {
    await using world = await openWorld({ env: { CORS_ORIGINS: PAGE } })
    const { statusCode, headers } = await world.app.inject({
      method: 'OPTIONS',
      url: '/mcp',
      headers: { origin: PAGE, 'access-control-request-method': 'POST' },
    })
    assert.equal(statusCode, 204)
    const allowed = String(headers['access-control-allow-headers']).toLowerCase().split(', ')
    for (const name of ['mcp-protocol-version', 'mcp-method', 'mcp-name']) assert.ok(allowed.includes(name), name)
  })
})
