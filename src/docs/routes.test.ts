import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openWorld, type World } from '../../test/world.ts'

suite('the documents', () => {
  let world: World
  before(async () => {
    world = await openWorld()
  })
  after(() => world[Symbol.asyncDispose]())

  /** The URLs that the HTML of a page loads. */
  const assetsOf = (html: string): string[] => [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url)

  for (const page of ['/docs', '/redoc', '/docs/', '/redoc/']) {
    test(`${page} and everything that it loads come from this process, and its content security policy allows nothing else`, async () => {
      const { status, headers, text } = await world.ask('GET', page)
      assert.equal(status, 200)
      assert.match(headers.get('content-type') ?? '', /^text\/html/)
      const policy = headers.get('content-security-policy') ?? ''
      assert.match(policy, /default-src 'none'/)
      assert.doesNotMatch(policy, /https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/)
      assert.doesNotMatch(text, /<script(?![^>]*\bsrc=)/, 'an inline script, which the content security policy forbids')
      const assets = assetsOf(text)
      assert.ok(assets.length > 0)
      for (const asset of assets.filter((each) => each !== 'data:,')) {
        const url = new URL(asset, `${world.url}${page}`)
        assert.equal(url.origin, new URL(world.url).origin, asset)
        assert.equal((await world.ask('GET', url.pathname)).status, 200, url.pathname)
      }
    })
  }

  test('no asset loads a picture or a font from another host', async () => {
    assert.doesNotMatch((await world.ask('GET', '/redoc/redoc.js')).text, /cdn\.redoc\.ly\/redoc\/logo/)
  })

  test('the telemetry of ReDoc is disabled', async () => {
    assert.match((await world.ask('GET', '/redoc')).text, /<redoc [^>]*disable-telemetry="true"/)
  })

  test('both pages show /openapi.json', async () => {
    assert.match((await world.ask('GET', '/redoc')).text, /spec-url="openapi\.json"/)
    assert.match((await world.ask('GET', '/docs/start.js')).text, /base \+ 'openapi\.json'/)
  })

  test('DOCS_ENABLED=false removes all documents', async () => {
    await using hidden = await openWorld({ env: { DOCS_ENABLED: 'false' } })
    for (const path of [
      '/docs',
      '/docs/start.js',
      '/docs/pages.css',
      '/redoc',
      '/redoc/redoc.js',
      '/openapi.json',
      '/llms.txt',
    ]) {
      assert.equal((await hidden.ask('GET', path)).status, 404, path)
    }
    assert.equal((await hidden.ask('GET', '/health')).status, 200)
  })
})
