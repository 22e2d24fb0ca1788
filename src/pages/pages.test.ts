import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { Script } from 'node:vm'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { after, before, suite, test } from 'node:test'
import { assertProblem } from '../../test/wire.ts'
import { openWorld, type User, type World } from '../../test/world.ts'
import { PROVIDER_NAMES } from './views/providers.ts'
import { EVENT_NAMES } from './views/webhook-texts.ts'
import { codingFor, openScript, openStyle } from './assets.ts'

const BYTES_MAX = 60 * 1024

/** The session cookie that a sign-in of a browser sets. */
async function cookieOf(world: World, { email, password }: User): Promise<string> {
  const answer = await world.ask('POST', '/api/auth/sign-in/email', { body: { email, password } })
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? assert.fail('no cookie was set')
}

suite('the page for people', () => {
  let world: World
  let ada: User
  let cookie: string
  before(async () => {
    world = await openWorld()
    ada = await world.signUp('Ada')
    await world.asOwner((sql) => sql.query(`update users set name = 'Ada <script>' where id = $1`, [ada.id]))
    cookie = await cookieOf(world, ada)
  })
  after(() => world[Symbol.asyncDispose]())
  const page = (path: string, headers: Record<string, string> = { cookie }) => world.ask('GET', path, { headers })

  test('shows visitors what it is, the forms and the documents, under a strict policy', async () => {
    for (const headers of [{}, { cookie: 'better-auth.session_token=x' }, { cookie: `${cookie}x` }]) {
      const answer = await page('/', headers)
      assert.equal(answer.status, 200)
      assert.match(answer.text, /<form id="credentials"/)
      for (const link of ['docs', 'redoc', 'llms.txt', 'openapi.json'])
        assert.ok(answer.text.includes(`href="./${link}"`))
      assert.match(
        answer.headers.get('content-security-policy') ?? '',
        /^default-src 'none'; script-src 'self'; style-src 'self';/,
      )
      assert.doesNotMatch(answer.headers.get('content-security-policy') ?? '', /unsafe|sha256|nonce|http/)
      assert.equal(answer.headers.get('cache-control'), 'private, no-store')
      assert.doesNotMatch(answer.text, /<style| style=| on\w+=|<script(?! type="(?:module" src=|application\/json"))/)
    }
  })

  test('shows the tasks of the session cookie without a script, and markup in them as text', async () => {
    const evil = '</script><img src=x onerror=alert(1)>"\'&'
    const body = { title: evil, description: evil, tags: ['<b>', `"'`], dueDate: '2026-12-24T17:00:00Z' }
    assert.equal((await world.ask('POST', '/api/tasks', { token: ada.token, body })).status, 201)
    const { status, text } = await page('/')
    assert.equal(status, 200)
    assert.ok(text.includes('&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;'))
    assert.ok(text.includes('Ada &lt;script&gt;'))
    assert.doesNotMatch(text, /<img|<b>/)
    assert.equal(text.match(/<\/script>/g)?.length, 2)
    const [, data = ''] = /<script type="application\/json" id="data">(.*)<\/script>/.exec(text) ?? []
    const { tasks, user, position } = JSON.parse(data)
    assert.deepEqual([tasks[0].title, user.id, typeof position], [evil, ada.id, 'string'])
    assert.doesNotMatch(text, new RegExp(ada.token))
  })

  test('shows the view of the address, names what it does not understand, and explains a value that the API refuses', async () => {
    for (const [title, priority, tags] of [
      ['one', 'HIGH', ['a,b']],
      ['two', 'LOW', []],
    ] as const) {
      await world.ask('POST', '/api/tasks', { token: ada.token, body: { title, priority, tags } })
    }
    const titles = async (path: string): Promise<string[]> =>
      [...(await page(path)).text.matchAll(/data-do="edit" title="Edit">(\w+)</g)].map(([, title = '']) => title)
    assert.deepEqual(await titles('/?priority=HIGH&utm_source=x'), ['one'])
    assert.deepEqual(await titles('/?tag=a%2Cb'), ['one'])
    assert.deepEqual(await titles('/?q=tw'), ['two'])
    assert.deepEqual(await titles('/?sort=title&completed=any&q=o'), ['one'])
    assert.deepEqual(await titles('/?completed=true'), [])
    assert.doesNotMatch((await page('/?q=tw')).text, /Not understood/)
    const { text } = await page('/?sort=nothing&utm_source=%3Cb%3E')
    assert.match(text, /Not understood in the address, and left out: sort=nothing, utm_source=&lt;b&gt;</)
    const refused = await page('/?due=nothing')
    assert.equal(refused.status, 422)
    assert.match(refused.text, /role="alert">query parameter due/)
  })

  test('days are those of the time zone in its cookie', async () => {
    const soon = new Date(Date.now() + 60_000).toISOString()
    await world.ask('POST', '/api/tasks', { token: ada.token, body: { title: 'zoned', dueDate: soon } })
    const due = async (zone: string): Promise<string> =>
      /<time [^>]*>([^<]+)/.exec((await page('/?q=zoned', { cookie: `${cookie}; zone=${zone}` })).text)?.[1] ?? ''
    const time = (timeZone: string): string =>
      new Date(soon).toLocaleTimeString('en', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    assert.ok((await due('Asia%2FTokyo')).includes(time('Asia/Tokyo')))
    assert.ok((await due('no%20zone')).includes(time('UTC')))
  })

  test('is the only place where the cookie shows tasks: alone it authenticates nothing under /api', async () => {
    assertProblem(await page('/api/tasks'), { status: 401, code: 'unauthenticated', path: '/api/tasks' })
    const crossSite = await world.ask('POST', '/api/auth/sign-out', {
      headers: { cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    })
    assert.equal(crossSite.status, 403)
  })

  test('reading it changes nothing, and answers to HEAD have no body', async () => {
    const sessions = () =>
      world.asOwner(async (sql) => (await sql.query('select * from user_sessions order by id')).rows)
    const before = await sessions()
    await page('/')
    assert.equal((await world.ask('HEAD', '/', { headers: { cookie } })).text, '')
    assert.deepEqual(await sessions(), before)
  })

  test('the account shows what the service offers, and the forms to visitors', async () => {
    const { status, text } = await page('/account')
    assert.equal(status, 200)
    for (const id of ['profile', 'sessions', 'history', 'trash', 'password', 'deletion']) {
      assert.ok(text.includes(`<section id="${id}"`), id)
    }
    assert.match((await page('/account', {})).text, /<form id="credentials"/)
    assert.match((await page('/account/', {})).text, /src="\.\.\/assets\//)
    assertProblem(await world.ask('POST', '/account'), { status: 405, code: 'method_not_allowed', path: '/account' })
  })

  test('offers the providers of the API', async () => {
    const { json } = await world.ask('GET', '/openapi.json')
    const offered = json.components.schemas.Provider?.enum
    if (offered !== undefined) assert.deepEqual(new Set(Object.keys(PROVIDER_NAMES)), new Set(offered))
  })

  test('offers the events of the API', async () => {
    const { json } = await world.ask('GET', '/openapi.json')
    const offered = json.components.schemas.WebhookEventType?.enum
    if (offered !== undefined) assert.deepEqual(new Set(Object.keys(EVENT_NAMES)), new Set(offered))
  })

  test('other methods are 405, and the documents do not list it', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      assertProblem(await world.ask(method, '/'), { status: 405, code: 'method_not_allowed', path: '/' })
    }
    const { json } = await world.ask('GET', '/openapi.json')
    assert.deepEqual(
      Object.keys(json.paths).filter((path) => path === '/' || path === '/account' || path.startsWith('/assets')),
      [],
    )
  })

  test('its files are found by the hash of their content only, kept for ever, and compressed', async () => {
    const { text } = await page('/')
    const paths = [...text.matchAll(/(?:src|href)="\.(\/assets\/[^"]+)"/g)].map(([, path = '']) => path)
    assert.equal(paths.length, 2)
    for (const path of paths) {
      const plain = await page(path, { 'accept-encoding': 'identity' })
      assert.equal(plain.headers.get('cache-control'), 'public, max-age=31536000, immutable')
      for (const [coding, decode] of [
        ['br', brotliDecompressSync],
        ['gzip', gunzipSync],
      ] as const) {
        const response = await world.app.inject({ url: path, headers: { 'accept-encoding': coding } })
        assert.equal(response.headers['content-encoding'], coding)
        assert.equal(response.headers.vary, 'Origin, Accept-Encoding')
        assert.equal(decode(response.rawPayload).toString(), plain.text)
      }
      const etag = plain.headers.get('etag') ?? ''
      assert.equal((await page(path, { 'if-none-match': etag })).status, 304)
      const wrong = path.replace(/[\w-](?=\/[^/]+$)/, (last) => (last === 'A' ? 'B' : 'A'))
      for (const missing of [
        wrong,
        `${path}x`,
        path.replace(/\/[^/]+$/, '/__proto__'),
        '/assets/x/../../package.json',
      ]) {
        assert.equal((await page(missing)).status, 404, missing)
      }
    }
  })

  test('PAGES_ENABLED=false hides the pages and their files', async () => {
    await using hidden = await openWorld({ env: { PAGES_ENABLED: 'false' } })
    for (const path of ['/', '/account', `/assets/${openStyle('pages').hash}/pages.css`]) {
      assertProblem(await hidden.ask('GET', path), { status: 404, code: 'not_found', path })
    }
  })

  test('behind a path prefix its links begin with it, also without a slash at its end', async () => {
    await using prefixed = await openWorld({ env: { PUBLIC_URL: 'https://example.com/todo' } })
    for (const path of ['/', '/account']) {
      const { text } = await prefixed.ask('GET', path)
      const links = [...text.matchAll(/(?:src|href)="([^"]+)"/g)]
        .map(([, link = '']) => link)
        .filter((link) => link !== 'data:,')
      assert.ok(links.length > 3)
      for (const link of links) assert.match(link, /^\/todo\//)
    }
  })

  test('links to no documents if there are none', async () => {
    await using silent = await openWorld({ env: { DOCS_ENABLED: 'false' } })
    const { text } = await silent.ask('GET', '/')
    assert.doesNotMatch(text, /docs|redoc|llms|openapi/)
  })

  test('offers a change of the address and a mail for a forgotten password only if there are mails', async () => {
    for (const isAvailable of [true, false]) {
      await using each = await openWorld({ replace: ({ mail }) => ({ mail: { ...mail, isAvailable } }) })
      const visitor = await each.ask('GET', '/')
      assert.equal(visitor.text.includes('href="./account/forgot-password"'), isAvailable)
      const own = { headers: { cookie: await cookieOf(each, await each.signUp()) } }
      assert.equal((await each.ask('GET', '/account', own)).text.includes('<section id="email"'), isAvailable)
    }
  })

  test('has no forms and reads no session if another auth server signs users in', async () => {
    await using external = await openWorld({ env: { AUTH_MODE: 'external' } })
    for (const path of ['/', '/account']) {
      const { status, text } = await external.ask('GET', path, { headers: { cookie } })
      assert.equal(status, 200)
      assert.match(text, /Sign in elsewhere/)
      assert.doesNotMatch(text, /<form/)
    }
  })

  test('its reads count for the limit of the user, not for the address, and a page beyond it says so', async () => {
    await using strict = await openWorld({ env: { RATE_LIMIT_READ: '4' } })
    const grace = await strict.signUp('Grace')
    const own = { headers: { cookie: await cookieOf(strict, grace) } }
    for (const _ of Array.from({ length: 2 })) assert.equal((await strict.ask('GET', '/', own)).status, 200)
    const refused = await strict.ask('GET', '/', own)
    assert.equal(refused.status, 429)
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
    assert.match(refused.text, /At most 4 read requests.*Try again/s)
    for (const _ of Array.from({ length: 6 })) assert.equal((await strict.ask('GET', '/')).status, 200)
  })
})

suite('the scripts and styles of the pages', () => {
  const scripts = globSync('src/pages/{browser,views}/**/*.ts').map((file) => readFileSync(file, 'utf8'))

  test('have at most 60 KiB together, compressed', async (context) => {
    const assets = [openStyle('pages'), ...['tasks', 'sign-in', 'account'].map(openScript)]
    const sizes = await Promise.all(assets.map(async ({ encoded }) => (await encoded('br')).length))
    context.diagnostic(`bytes of style, tasks, sign-in and account: ${sizes.join(', ')}`)
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) < BYTES_MAX, String(sizes))
  })

  test('are JavaScript without imports', () => {
    for (const name of ['tasks', 'sign-in', 'account']) {
      const { text } = openScript(name)
      assert.doesNotMatch(text, /^(?:import|export) /m)
      assert.ok(new Script(`(async () => { ${text.replaceAll('import.meta', 'meta')} })`))
    }
  })

  test('never make HTML or code of a text', () => {
    assert.ok(scripts.length > 10)
    for (const text of scripts) {
      assert.doesNotMatch(
        text,
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|createContextualFragment|\beval\b|new Function|setAttribute\('on/,
      )
    }
  })

  test('the coding is the best that the client accepts', () => {
    for (const [header, coding] of [
      ['gzip, deflate, br, zstd', 'br'],
      ['gzip;q=1.0, br;q=0', 'gzip'],
      ['br;q=0.0, gzip;q=0', 'identity'],
      ['GZIP', 'gzip'],
      ['*', 'identity'],
      ['', 'identity'],
      [undefined, 'identity'],
    ] as const) {
      assert.equal(codingFor(header), coding, String(header))
    }
  })
})
