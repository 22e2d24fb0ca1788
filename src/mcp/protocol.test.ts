import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openWorld, type User, type World } from '../../test/world.ts'
import { callTool, ERAS, rpc } from './client.testing.ts'

const META = 'io.modelcontextprotocol/'
/** All that POST /mcp serves, newest first. */
const VERSIONS = ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']

suite('the Model Context Protocol', () => {
  let world: World
  let ada: User
  before(async () => {
    world = await openWorld()
    ada = await world.signUp()
  })
  after(() => world[Symbol.asyncDispose]())

  const post = (body: unknown, headers: Record<string, string> = {}) =>
    world.ask('POST', '/mcp', { token: ada.token, body, headers })

  test('a client of 2026-07-28 finds out what the server is, and gets the list of tools', async () => {
    const discovered = await rpc(world, ada.token, 'server/discover')
    assert.equal(discovered.status, 200)
    assert.equal(discovered.headers.get('content-type'), 'application/json; charset=utf-8')
    const { result } = discovered.json
    assert.deepEqual(result.supportedVersions, VERSIONS)
    assert.deepEqual(result.capabilities, { tools: {} })
    assert.deepEqual([result.resultType, result.cacheScope], ['complete', 'private'])
    assert.equal(result._meta[`${META}serverInfo`].name, 'todo-backend')
    const { json } = await rpc(world, ada.token, 'tools/list')
    assert.deepEqual(
      [json.result.resultType, json.result.cacheScope, typeof json.result.ttlMs],
      ['complete', 'private', 'number'],
    )
    assert.equal(json.result.tools.length, 12)
  })

  test('a client of 2025 initializes in a version that both know, and needs no session', async () => {
    const [, ...older] = VERSIONS
    for (const [asked, answered] of [...older.map((version) => [version, version]), ['1999-01-01', '2025-11-25']]) {
      const params = { protocolVersion: asked, capabilities: {}, clientInfo: { name: 'x', version: '1' } }
      const { status, json, headers } = await post({ jsonrpc: '2.0', id: 'a', method: 'initialize', params })
      assert.equal(status, 200)
      assert.deepEqual([json.id, json.result.protocolVersion], ['a', answered])
      assert.deepEqual([json.result.serverInfo.name, json.result.capabilities], ['todo-backend', { tools: {} }])
      assert.equal(headers.get('mcp-session-id'), null)
    }
    const notified = await post({ jsonrpc: '2.0', method: 'notifications/initialized' })
    assert.deepEqual([notified.status, notified.text], [202, ''])
    const pinged = await rpc(world, ada.token, 'ping', {}, { era: '2025-11-25' })
    assert.deepEqual(pinged.json.result, {})
    // Without the handshake and without a header, which means 2025-03-26.
    const listed = await post({ jsonrpc: '2.0', id: 2, method: 'tools/list' })
    assert.equal(listed.json.result.tools.length, 12)
    assert.equal(listed.json.result.resultType, undefined)
  })

  for (const era of ERAS) {
    test(`a tool call of ${era} has the same result as text and as structured content`, async () => {
      const { tasks } = await callTool(world, ada.token, 'add_tasks', { tasks: [{ title: `$& ${era}` }] }, { era })
      const { task } = await callTool(world, ada.token, 'get_task', { id: tasks[0].id }, { era })
      assert.equal(task.title, `$& ${era}`)
    })
  }

  const modern = (method: string, params: object = {}, meta: object = {}) => ({
    jsonrpc: '2.0',
    id: 7,
    method,
    params: {
      ...params,
      _meta: { [`${META}protocolVersion`]: '2026-07-28', [`${META}clientCapabilities`]: {}, ...meta },
    },
  })
  const headers = (method: string, more: Record<string, string> = {}) => ({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...more,
  })

  const REFUSED: readonly (readonly [string, unknown, Record<string, string>, number, number])[] = [
    ['a batch', [{ jsonrpc: '2.0', id: 1, method: 'ping' }], {}, 400, -32_600],
    ['an empty batch', [], {}, 400, -32_600],
    ['no object', 'ping', {}, 400, -32_600],
    ['null', null, {}, 400, -32_600],
    ['a message without a version of JSON-RPC', { id: 1, method: 'ping' }, {}, 400, -32_600],
    ['a method that is no text', { jsonrpc: '2.0', id: 1, method: 1 }, {}, 400, -32_600],
    ['an id that JSON numbers do not keep', { jsonrpc: '2.0', id: Number.MAX_SAFE_INTEGER + 1, method: 'ping' }, {}, 400, -32_600],
    ['an id that is null', { jsonrpc: '2.0', id: null, method: 'ping' }, {}, 400, -32_600],
    ['an id that is an object', { jsonrpc: '2.0', id: {}, method: 'ping' }, {}, 400, -32_600],
    ['params that are a list', { jsonrpc: '2.0', id: 1, method: 'ping', params: [] }, {}, 400, -32_600],
    ['a response', { jsonrpc: '2.0', id: 1, result: {} }, {}, 400, -32_600],
    ['an unknown method of 2026-07-28', modern('tools/x'), headers('tools/x'), 404, -32_601],
    ['initialize in 2026-07-28', modern('initialize'), headers('initialize'), 404, -32_601],
    ['ping in 2026-07-28', modern('ping'), headers('ping'), 404, -32_601],
    ['subscriptions in 2026-07-28', modern('subscriptions/listen'), headers('subscriptions/listen'), 404, -32_601],
    ['an unknown method of 2025', { jsonrpc: '2.0', id: 1, method: 'resources/list' }, {}, 200, -32_601],
    ['discover in 2025', { jsonrpc: '2.0', id: 1, method: 'server/discover' }, {}, 200, -32_601],
    ['no Mcp-Method', modern('tools/list'), { 'mcp-protocol-version': '2026-07-28' }, 400, -32_020],
    ['no MCP-Protocol-Version', modern('tools/list'), { 'mcp-method': 'tools/list' }, 400, -32_020],
    ['another Mcp-Method', modern('tools/list'), headers('tools/call'), 400, -32_020],
    ['no Mcp-Name', modern('tools/call', { name: 'whoami' }), headers('tools/call'), 400, -32_020],
    ['another Mcp-Name', modern('tools/call', { name: 'whoami' }), headers('tools/call', { 'mcp-name': 'undo' }), 400, -32_020],
    ['an Mcp-Name that is no Base64', modern('tools/call', { name: 'whoami' }), headers('tools/call', { 'mcp-name': '=?base64?*?=' }), 400, -32_020],
    ['another version in the header', modern('tools/list'), headers('tools/list', { 'mcp-protocol-version': '2025-11-25' }), 400, -32_020],
    ['a notification with another Mcp-Method', { jsonrpc: '2.0', method: 'notifications/cancelled' }, headers('x'), 400, -32_020],
    ['initialize with the header of 2026-07-28', { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }, { 'mcp-protocol-version': '2026-07-28' }, 400, -32_020],
    ['an unknown version', modern('tools/list', {}, { [`${META}protocolVersion`]: '2031-01-01' }), { 'mcp-method': 'tools/list' }, 400, -32_022],
    ['a version that is no text', modern('tools/list', {}, { [`${META}protocolVersion`]: 1 }), { 'mcp-method': 'tools/list' }, 400, -32_022],
    ['an unknown version in the header', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { 'mcp-protocol-version': '2031-01-01' }, 400, -32_022],
    ['the header of 2026-07-28 without _meta', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, headers('tools/list'), 400, -32_602],
    ['no capabilities in _meta', modern('tools/list', {}, { [`${META}clientCapabilities`]: 1 }), headers('tools/list'), 400, -32_602],
    ['an unknown tool', modern('tools/call', { name: 'x' }), headers('tools/call', { 'mcp-name': 'x' }), 200, -32_602],
    ['a tool of Object', modern('tools/call', { name: '__proto__' }), headers('tools/call', { 'mcp-name': '__proto__' }), 200, -32_602],
    ['no tool', modern('tools/call'), headers('tools/call'), 200, -32_602],
    ['arguments that are a list', modern('tools/call', { name: 'whoami', arguments: [] }), headers('tools/call', { 'mcp-name': 'whoami' }), 200, -32_602],
  ] // prettier-ignore

  test('an older version in _meta is refused, because its requests have none there', async () => {
    const body = modern('tools/list', {}, { [`${META}protocolVersion`]: '2025-11-25' })
    const { status, json } = await post(body, { 'mcp-method': 'tools/list' })
    assert.deepEqual([status, json.error.code, json.error.data.supported], [400, -32_022, ['2026-07-28']])
  })

  for (const [what, body, sent, status, code] of REFUSED) {
    test(`${what} is refused with ${code}`, async () => {
      const answer = await post(body, sent)
      assert.deepEqual([answer.status, answer.json.error?.code], [status, code], answer.text)
      assert.equal(answer.json.jsonrpc, '2.0')
      if (code === -32_022) assert.deepEqual(answer.json.error.data.supported, VERSIONS)
      const { id } = Object(body) as { id?: unknown }
      assert.equal(answer.json.id, typeof id === 'string' || Number.isSafeInteger(id) ? id : null)
    })
  }

  test('a name in Base64 is the same name', async () => {
    const name = `=?base64?${Buffer.from('whoami').toString('base64')}?=`
    const { status } = await post(modern('tools/call', { name: 'whoami' }), headers('tools/call', { 'mcp-name': name }))
    assert.equal(status, 200)
  })

  test('what is no message is refused like the body of any other route', async () => {
    for (const [asking, expected] of [
      [{ raw: '{' }, [400, 'invalid_json']],
      [{ raw: '{"id": 1, "id": 2}' }, [400, 'invalid_json']],
      [{ raw: `{"a":${'['.repeat(40)}${']'.repeat(40)}}` }, [400, 'invalid_json']],
      [{ raw: `"${'x'.repeat(1_100_000)}"` }, [413, 'body_too_large']],
      [{ raw: '{}', headers: { 'content-type': 'text/plain' } }, [415, 'unsupported_media_type']],
    ] as const) {
      const { status, json } = await world.ask('POST', '/mcp', { token: ada.token, ...asking })
      assert.deepEqual([status, json.code], expected)
    }
    const { status, json } = await world.ask('POST', '/mcp?token=x', { token: ada.token, body: {} })
    assert.deepEqual([status, json.code], [422, 'invalid_input'])
    assert.equal((await post(undefined)).json.error.code, -32_600)
  })

  test('there are no sessions and no streams: other methods than POST are 405', async () => {
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const { status, headers: answered } = await world.ask(method, '/mcp', { token: ada.token })
      assert.deepEqual([status, answered.get('allow')], [405, 'POST'])
    }
  })
})
