import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { snippetsOf } from './token-snippets.ts'

const FACTS = { url: 'https://todo.example.com', token: 'todo_pat_x' }

suite('texts to paste for a personal token', () => {
  test('are JSON where they go into a file of JSON, with the address of MCP and the token or a question for it', () => {
    const files = snippetsOf({ ...FACTS, hasMcp: true }).filter(({ text }) => text.startsWith('{'))
    assert.deepEqual(
      files.map(({ title }) => title),
      ['Claude Desktop', 'Cursor', 'VS Code'],
    )
    for (const { text } of files) {
      assert.ok(JSON.stringify(JSON.parse(text)).includes('https://todo.example.com/mcp'))
      assert.match(text, /Bearer todo_pat_x|\$\{input:todo-token\}/)
    }
  })

  test('do not mention MCP where the service does not have it', () => {
    const texts = snippetsOf({ ...FACTS, hasMcp: false })
    assert.deepEqual(
      texts.map(({ title }) => title),
      ['curl', 'Command line'],
    )
  })
})
