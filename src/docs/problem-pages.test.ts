import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { assertProblem } from '../../test/wire.ts'
import { openWorld, type World } from '../../test/world.ts'
import { PROBLEM_KINDS } from '../features.ts'

suite('GET /problems/<code>', () => {
  let world: World
  before(async () => {
    world = await openWorld({ env: { DOCS_ENABLED: 'false' } })
  })
  after(() => world[Symbol.asyncDispose]())

  test('explains every refusal of the service to programs, in JSON', async () => {
    for (const { code, title } of PROBLEM_KINDS) {
      const { status, json, headers } = await world.ask('GET', `/problems/${code}`)
      assert.equal(status, 200, code)
      assert.deepEqual(Object.keys(json), ['type', 'code', 'title', 'meaning', 'action'])
      assert.deepEqual([json.type, json.code, json.title], [`/problems/${code}`, code, title])
      assert.match(json.meaning, /^[A-Z].*\.$/)
      assert.match(json.action, /^[A-Z].*\.$/)
      assert.equal(headers.get('vary'), 'Origin, Accept')
    }
  })

  test('is the URL in the `type` of every refusal, also of those of the auth server', async () => {
    const signIn = { email: 'unknown@example.com', password: 'correct horse' }
    for (const refused of [
      await world.ask('GET', '/api/tasks'),
      await world.ask('POST', '/api/auth/sign-in/email', { body: signIn }),
      await world.ask('POST', '/api/auth/sign-in/email', { body: signIn, headers: { origin: 'https://evil.example' } }),
    ]) {
      const { status, json } = await world.ask('GET', refused.json.type)
      assert.deepEqual([status, json.code], [200, refused.json.code])
    }
  })

  test('is an HTML page for browsers, with a content security policy that allows only its style', async () => {
    for (const accept of ['text/html', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8']) {
      const { status, headers, text } = await world.ask('GET', '/problems/invalid_input', { headers: { accept } })
      assert.equal(status, 200)
      assert.equal(headers.get('content-type'), 'text/html; charset=utf-8')
      assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'sha256-/)
      assert.match(text, /<h1>Invalid input<\/h1>/)
    }
  })

  test('is 404 for an unknown code', async () => {
    for (const code of ['nope', 'Invalid_Input', 'constructor', '__proto__', 'a%00b', 'x'.repeat(2000)]) {
      assertProblem(await world.ask('GET', `/problems/${code}`), { status: 404, code: 'not_found' })
    }
    assertProblem(await world.ask('GET', '/problems'), { status: 404, code: 'not_found' })
    assertProblem(await world.ask('GET', '/problems/not_found?x=1'), { status: 422, code: 'invalid_input' })
  })
})
