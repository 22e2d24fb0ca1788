import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { findChromium, launch, NO_CHROMIUM } from './browser.ts'
import { openWorld, type User, type World } from './world.ts'

const executable = findChromium()

/** A website with an empty page. */
async function serveSite(): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><link rel="icon" href="data:,"><p>A page</p>')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // The address of a server that listens on a port has this type.
  const { port } = server.address() as AddressInfo
  return { server, origin: `http://127.0.0.1:${port}` }
}

interface Seen {
  readonly status: number
  readonly requestId: string | null
}

/** The answer that a script of the page gets for a request; undefined if the browser blocks it. */
const fetchIn = (page: Page, url: string, init: object): Promise<Seen | undefined> =>
  page.evaluate(
    `fetch(${JSON.stringify(url)}, ${JSON.stringify(init)}).then(
      (answer) => ({ status: answer.status, requestId: answer.headers.get('x-request-id') }),
      () => undefined,
    )`,
  )

suite('a page of another origin, in a browser', { skip: executable === undefined && NO_CHROMIUM }, () => {
  const opened = new AsyncDisposableStack()
  let world: World
  let browser: Browser
  let ada: User
  let allowed: Page
  let foreign: Page
  before(async () => {
    const [app, evil] = [await serveSite(), await serveSite()]
    for (const { server } of [app, evil]) opened.defer(() => void server.close())
    world = opened.use(await openWorld({ env: { CORS_ORIGINS: app.origin } }))
    ada = await world.signUp()
    browser = await launch(executable ?? '')
    opened.defer(() => browser.close())
    const open = async (origin: string): Promise<Page> => {
      const page = await browser.newPage()
      await page.goto(origin)
      return page
    }
    allowed = await open(app.origin)
    foreign = await open(evil.origin)
  })
  after(() => opened.disposeAsync())

  const withBearer = (more: object = {}): object => ({ authorization: `Bearer ${ada.token}`, ...more })
  const signIn = (page: Page): Promise<Seen | undefined> =>
    fetchIn(page, `${world.url}/api/auth/sign-in/email`, {
      method: 'POST',
      credentials: 'include',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: ada.email, password: ada.password }),
    })

  test('a page of an allowed origin authenticates with its bearer, and its cookie alone authenticates nothing outside /api/auth', async () => {
    assert.equal((await signIn(allowed))?.status, 200)
    const cookies = await allowed.context().cookies(world.url)
    assert.ok(
      cookies.some(({ name }) => name.endsWith('better-auth.session_token')),
      'the browser keeps the cookie',
    )
    const ask = (path: string, init: object) => fetchIn(allowed, world.url + path, { credentials: 'include', ...init })
    assert.equal((await ask('/api/tasks', { headers: withBearer() }))?.status, 200)
    assert.equal((await ask('/api/tasks', {}))?.status, 401)
    assert.equal((await ask('/api/tags', {}))?.status, 401)
    assert.equal((await ask('/api/auth/list-sessions', {}))?.status, 200)
    assert.match((await ask('/health', {}))?.requestId ?? '', /./)
  })

  test('a page of an allowed origin may send the headers of tracing libraries and of event streams with every method', async () => {
    const headers = withBearer({
      'content-type': 'application/json',
      'idempotency-key': 'one',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=b',
      baggage: 'a=b',
      'last-event-id': 'x',
      'x-timezone': 'Europe/Berlin',
    })
    for (const credentials of ['include', 'omit']) {
      const body = JSON.stringify({ title: 'Buy milk' })
      const created = await fetchIn(allowed, `${world.url}/api/tasks`, { method: 'POST', credentials, headers, body })
      assert.equal(created?.status, 201)
    }
  })

  test('a page of a foreign origin gets no answer', async () => {
    for (const [path, init] of [
      ['/api/tasks', { headers: withBearer() }],
      ['/api/auth/get-session', { credentials: 'include' }],
      ['/health', {}],
    ] as const) {
      assert.equal(await fetchIn(foreign, world.url + path, init), undefined, path)
    }
  })
})
