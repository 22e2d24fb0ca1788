import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { snippetsOf } from '../src/pages/views/token-snippets.ts'
import { openWorld, type World } from './world.ts'

/** docs/agents.md, which people copy from, and what the service answers. */

const DOCUMENT = readFileSync(new URL('../docs/agents.md', import.meta.url), 'utf8')
const blocksOf = (language: string): readonly string[] =>
  [...DOCUMENT.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block = '']) => block.trim())

const TOOLS = [...DOCUMENT.matchAll(/^\| `(\w+)` \| (?:`([\w:]+)`|any) \|/gm)].map(([, name = '', scope]) => ({
  name,
  scope,
}))

suite('docs/agents.md', () => {
  let world: World
  before(async () => {
    world = await openWorld()
  })
  after(() => world[Symbol.asyncDispose]())

  async function toolsFor(scopes: readonly string[]): Promise<string[]> {
    const { token } = await world.signUp()
    const created = await world.ask('POST', '/api/tokens', { token, body: { name: 'agent', scopes } })
    const { status, json } = await world.ask('POST', '/mcp', {
      token: created.json.token,
      headers: { accept: 'application/json, text/event-stream' },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    })
    assert.equal(status, 200)
    return json.result.tools.map(({ name }: { name: string }) => name).sort()
  }

  test('has every tool with the scope that it needs, and no other', async () => {
    assert.ok(TOOLS.length > 0)
    const named = (scopes: readonly string[]): string[] =>
      TOOLS.filter(({ scope }) => scope === undefined || scopes.includes(scope))
        .map(({ name }) => name)
        .sort()
    for (const scopes of [['tasks:read'], ['tasks:read', 'tasks:write'], ['account:read']]) {
      assert.deepEqual(await toolsFor(scopes), named(scopes), scopes.join(' '))
    }
  })

  test('names only tools that exist, also in its examples', () => {
    const known = new Set(TOOLS.map(({ name }) => name))
    const named = [
      ...DOCUMENT.matchAll(/\b(?:find|get|add|update|complete|reschedule|delete|restore)_\w+|mcp__todo__(\w+)/g),
    ]
    assert.deepEqual(
      named.map(([word, name]) => name ?? word).filter((name) => !known.has(name)),
      [],
    )
  })

  test('has the texts to paste that the page of the account shows', () => {
    const facts = { url: 'https://todo.example.com', token: 'todo_pat_…', hasMcp: true }
    const [curl, commandLine, ...ofMcp] = snippetsOf(facts).toSorted(
      (a, b) => Number(a.text.includes('/mcp')) - Number(b.text.includes('/mcp')),
    )
    assert.ok(ofMcp.length >= 4 && curl !== undefined && commandLine !== undefined)
    for (const { title, text } of ofMcp) assert.ok(DOCUMENT.includes(text), title)
  })

  test('has links that install what the configuration beside them has', () => {
    const config = { url: 'https://todo.example.com/mcp' }
    const [, name, encoded = ''] =
      /cursor:\/\/anysphere\.cursor-deeplink\/mcp\/install\?name=(\w+)&config=(\S+)/.exec(DOCUMENT) ?? []
    assert.deepEqual([name, JSON.parse(Buffer.from(encoded, 'base64').toString())], ['todo', config])
    const [, server = ''] = /vscode:mcp\/install\?(\S+)/.exec(DOCUMENT) ?? []
    assert.deepEqual(JSON.parse(decodeURIComponent(server)), { name: 'todo', type: 'http', ...config })
  })

  test('has configuration that is JSON, with the address of the service and no token of its own', () => {
    const blocks = blocksOf('json')
    assert.ok(blocks.length >= 6)
    for (const block of blocks)
      assert.ok(JSON.stringify(JSON.parse(block)).includes('https://todo.example.com/mcp'), block)
    assert.doesNotMatch(DOCUMENT, /todo_pat_\w/)
  })
})
