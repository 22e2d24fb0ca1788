import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { exchange, lines } from '../../test/wire.ts'
import { openWorld, type World } from '../../test/world.ts'

/** As browsers send it when they navigate. */
const NAVIGATION = 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

let world: World

before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

const long = 'x'.repeat(9000)

suite('a browser that navigates gets a page:', () => {
  for (const [what, target, status, code] of [
    ['a URL that is too long', `/consent?state=${long}`, 414, 'uri_too_long'],
    ['a malformed query', '/?q=%ff', 400, 'malformed_request'],
    ['a malformed query of the account', '/account?x=%zz', 400, 'malformed_request'],
    ['a malformed path', '/%ff', 400, 'malformed_request'],
    ['a page that does not exist', '/nope/%3Cscript%3E', 404, 'not_found'],
    ['a file of the pages that does not exist', '/assets/x/y.js', 404, 'not_found'],
    ['an error code that does not exist', '/problems/nope', 404, 'not_found'],
    ['an unknown parameter of a page', '/problems/not_found?x=1', 422, 'invalid_input'],
  ] as const) {
    test(`${what} is ${status}, with HTML, and as JSON for programs`, async () => {
      const asJson = await exchange(world.url, lines(`GET ${target} HTTP/1.1`, 'Host: x', 'Accept: */*'))
      assert.deepEqual([asJson.status, asJson.json?.code], [status, code])
      const page = await exchange(world.url, lines(`GET ${target} HTTP/1.1`, 'Host: x', NAVIGATION))
      assert.equal(page.status, status)
      assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
      assert.equal(page.headers.get('cache-control'), 'private, no-store')
      assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'sha256-/)
      assert.ok(page.text.includes(`<h1>${asJson.json.title}</h1>`), page.text)
      assert.ok(page.text.includes(`href="/problems/${code}"`))
      assert.ok(page.text.includes(String(page.headers.get('x-request-id'))))
      assert.ok(!page.text.includes('script') && !page.text.includes('xxx'), 'it does not repeat what was sent')
      const head = await exchange(world.url, lines(`HEAD ${target} HTTP/1.1`, 'Host: x', NAVIGATION))
      assert.deepEqual([head.status, head.text], [status, ''])
    })
  }
})

test('what programs call answers them as problems, whatever they accept', async () => {
  for (const [method, path] of [
    ['GET', '/api/tasks'],
    ['GET', '/api/nope'],
    ['GET', '/api'],
    ['GET', '/api/tasks?cursor=%zz'],
    ['GET', '/mcp'],
    ['POST', '/nope'],
    ['POST', '/'],
  ] as const) {
    const { headers, json } = await exchange(world.url, lines(`${method} ${path} HTTP/1.1`, 'Host: x', NAVIGATION))
    assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8', path)
    assert.equal(typeof json.code, 'string')
  }
})
