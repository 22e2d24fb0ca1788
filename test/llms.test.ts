import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { describe, describeToPrograms } from '../src/describe.ts'
import { PROBLEM_KINDS } from '../src/features.ts'
import { openWorld } from './world.ts'

const text = await describeToPrograms()
const { paths } = JSON.parse(await describe()) as { paths: Record<string, Record<string, { operationId: string }>> }
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId }]) => ({
    route: `${method.toUpperCase()} ${path}`,
    operationId,
  })),
)

suite('llms.txt', () => {
  test('is committed as the code generates it; `npm run llms -- llms.txt` writes it', () => {
    assert.equal(readFileSync(new URL('../llms.txt', import.meta.url), 'utf8'), text)
  })

  test('has the form of llmstxt.org: a title, a summary, then sections', () => {
    assert.match(text, /^# todo-backend\n\n> [^]+?\n\n/)
    assert.deepEqual(text.match(/^#{1,2} .*$/gm), [
      '# todo-backend',
      '## Documents',
      '## Credentials',
      '## Rules',
      '## Operations',
    ])
  })

  test('names every operation, and only existing routes', () => {
    for (const { route, operationId } of operations)
      assert.ok(text.includes(`- \`${route}\` (${operationId}): `), route)
    const routes = new Set(operations.map(({ route }) => route))
    const named = [...text.matchAll(/`((?:GET|POST|PUT|PATCH|DELETE) \/[^`]*)`/g)].map(([, route = '']) => route)
    assert.deepEqual(
      named.filter((route) => !routes.has(route)),
      [],
    )
  })

  test('names only existing problem codes', () => {
    const codes = [...text.matchAll(/`([a-z]+(?:_[a-z]+)+|overloaded|unavailable)`/g)].map(([, code]) => code)
    assert.ok(codes.length >= 10, `only ${codes.length} codes were found`)
    assert.deepEqual(
      codes.filter((code) => code !== undefined && !PROBLEM_KINDS.some((kind) => kind.code === code)),
      [],
    )
  })

  test('is served as text, and links only to served documents', async () => {
    await using world = await openWorld()
    const answer = await world.ask('GET', '/llms.txt')
    assert.deepEqual(
      [answer.status, answer.headers.get('content-type'), answer.text],
      [200, 'text/plain; charset=utf-8', text],
    )
    const etag = answer.headers.get('etag') ?? ''
    const again = await world.ask('GET', '/llms.txt', { headers: { 'if-none-match': etag } })
    assert.deepEqual([again.status, again.text], [304, ''])
    const wrong = await world.ask('POST', '/llms.txt')
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET, HEAD'])
    const namesOf = (headers: Headers): string[] => [...headers.keys()]
    assert.deepEqual(namesOf(answer.headers), namesOf((await world.ask('GET', '/openapi.json')).headers))
    for (const [, link = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
      assert.equal((await world.ask('GET', link)).status, 200, link)
    }
  })
})
