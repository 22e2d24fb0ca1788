import assert from 'node:assert/strict'
import type { Answer, World } from '../../test/world.ts'

/** Messages of both eras, as clients send them. */

export const ERAS = ['2026-07-28', '2025-11-25'] as const
export type Era = (typeof ERAS)[number]

interface Sending {
  readonly era?: Era
  readonly headers?: Readonly<Record<string, string>>
  /** Of a client of 2026-07-28. */
  readonly capabilities?: object
}

/** Sends a request with the headers and the `_meta` of its era. */
export function rpc(
  world: Pick<World, 'ask'>,
  token: string | undefined,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  { era = '2026-07-28', headers = {}, capabilities = {} }: Sending = {},
): Promise<Answer> {
  const isModern = era === '2026-07-28'
  const meta = {
    'io.modelcontextprotocol/protocolVersion': era,
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  }
  return world.ask('POST', '/mcp', {
    token,
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': era,
      ...(isModern && { 'mcp-method': method }),
      ...(isModern && typeof params['name'] === 'string' && { 'mcp-name': params['name'] }),
      ...headers,
    },
    body: { jsonrpc: '2.0', id: 1, method, params: isModern ? { ...params, _meta: meta } : params },
  })
}

/** The result of a tool that must succeed, the same in both forms. */
export async function callTool(
  world: Pick<World, 'ask'>,
  token: string,
  name: string,
  args: object = {},
  sending: Sending = {},
): Promise<Answer['json']> {
  const { status, json, text } = await rpc(world, token, 'tools/call', { name, arguments: args }, sending)
  assert.equal(status, 200, text)
  const { content, structuredContent, isError } = json.result
  assert.equal(isError, false, text)
  assert.deepEqual(JSON.parse(content[0].text), structuredContent)
  return structuredContent
}

/** The text of a tool call that must fail in a way that the model can correct. */
export async function failTool(
  world: Pick<World, 'ask'>,
  token: string,
  name: string,
  args: unknown,
  sending: Sending = {},
): Promise<string> {
  const { status, json, text } = await rpc(world, token, 'tools/call', { name, arguments: args }, sending)
  assert.equal(status, 200, text)
  assert.equal(json.result?.isError, true, text)
  return json.result.content[0].text
}

export async function newToken(
  world: Pick<World, 'ask'>,
  session: string,
  scopes: readonly string[],
  name = 'Agent',
): Promise<string> {
  const { json } = await world.ask('POST', '/api/tokens', { token: session, body: { name, scopes } })
  return json.token
}
