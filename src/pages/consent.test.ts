import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { after, before, suite, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import type { Answer, User } from '../../test/world.ts'
import { within } from '../lib/within.ts'
import { comesTrue, faultsOf, openPeople, openTab, type People, type Tab } from './people.testing.ts'

/** The page on which a user decides about an app, in Chromium. */

const MARKUP = `<img src=x onerror="alert('xss')">`
/** A browser that brings no answer fails the test, and does not make it wait for ever. */
const ANSWER_MS = 60_000
/** The S256 challenge of the verifier of RFC 7636, appendix B. */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

suite('the page of consent, in a browser', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  let people: People
  let app: App
  before(async () => {
    people = await openPeople({ TRUST_PROXY: '127.0.0.1' })
    app = await openApp()
  })
  after(async () => {
    await app[Symbol.asyncDispose]()
    await people[Symbol.asyncDispose]()
  })

  /** A program on the device of the user, which waits for the answer. */
  interface App extends AsyncDisposable {
    readonly redirectUri: string
    /** The answer that the browser brought. */
    answer(this: void): Promise<URLSearchParams>
  }
  async function openApp(): Promise<App> {
    const { promise, resolve } = Promise.withResolvers<URLSearchParams>()
    const server = createServer(({ url = '' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://localhost')
      if (pathname === '/callback') resolve(searchParams)
      response.setHeader('content-type', 'text/html').end('<title>Connected</title>')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    return {
      redirectUri: `http://127.0.0.1:${port}/callback`,
      answer: () => within(ANSWER_MS, promise),
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }

  async function registered(name: string, redirectUri: string): Promise<string> {
    const body = {
      client_name: name,
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
    }
    const headers = { 'x-forwarded-for': `10.1.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}` }
    const { status, json, text } = await people.world.ask('POST', '/oauth/register', { body, headers })
    assert.equal(status, 201, text)
    return json.client_id
  }
  const addressOf = (clientId: string, redirectUri: string, scope = 'tasks:read tasks:write'): string =>
    `${people.world.url}/consent?${new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope,
      state: 's1',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
    }).toString()}`
  const exchange = (clientId: string, redirectUri: string, code: string): Promise<Answer['json']> =>
    fetch(`${people.world.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: clientId,
        redirect_uri: redirectUri,
        code,
        code_verifier: VERIFIER,
      }),
    }).then((answer) => answer.json())
  const open = async (context: BrowserContext, url: string): Promise<Tab> => {
    const tab = await openTab(context, url)
    await tab.page.getByRole('button', { name: 'Allow' }).waitFor()
    return tab
  }
  const appsOf = async ({ token }: User): Promise<Answer['json']> =>
    (await people.world.ask('GET', '/api/apps', { token })).json

  test('leads from signing in to the program on the device, which a form would not reach under this policy', async () => {
    const user = await people.world.signUp()
    const clientId = await registered('Planner', app.redirectUri)
    const { page, complaints } = await openTab(await people.browser.newContext(), addressOf(clientId, app.redirectUri))
    await page.getByText('An app asks for access to your account.').waitFor()
    await page.getByLabel('E-mail').fill(user.email)
    await page.getByLabel('Password').fill(user.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Connect an app?' }).waitFor()
    const text = await page.locator('main').innerText()
    for (const part of [
      '“Planner”',
      'cannot verify',
      new URL(app.redirectUri).host,
      user.email,
      'Read tasks',
      'Create, change',
      '30 days',
    ]) {
      assert.ok(text.includes(part), `${part} in ${text}`)
    }
    const policy = await page.evaluate(
      'fetch(location.href).then((answer) => answer.headers.get("content-security-policy"))',
    )
    assert.match(String(policy), /form-action 'self'/)
    await page.getByRole('checkbox', { name: /tasks:write/ }).check()
    await page.getByRole('button', { name: 'Allow' }).click()
    const answer = await app.answer()
    assert.deepEqual([answer.get('state'), answer.get('iss')], ['s1', people.world.url])
    const { access_token: token, scope } = await exchange(clientId, app.redirectUri, answer.get('code') ?? '')
    assert.equal(scope, 'tasks:read tasks:write')
    assert.equal((await people.world.ask('GET', '/api/tasks', { token })).status, 200)
    assert.deepEqual(complaints, [])
  })

  test('a form under this policy is blocked on its way to the device: Chromium applies form-action to the redirect', async () => {
    const target = await openApp()
    await using _target = target
    const user = await people.world.signUp()
    const { page, complaints } = await openTab(await people.signedIn(user), `${people.world.url}/account`)
    // The page sends a form to its own origin, which is answered with a redirect to the device.
    await page.route('**/decided', (route) => route.fulfill({ status: 302, headers: { location: target.redirectUri } }))
    await page.evaluate(`{
      const form = document.createElement('form')
      form.method = 'post'
      form.action = '/decided'
      document.body.append(form)
      form.submit()
    }`)
    await page
      .waitForEvent('console', { predicate: (message) => /form-action/.test(message.text()), timeout: 5000 })
      .catch(() => undefined)
    const isBlocked = complaints.some((each) => each.includes('form-action'))
    assert.ok(isBlocked, page.url())
    assert.ok(!page.url().includes('/callback'), page.url())
  })

  test('gives reading alone unless the user chooses more, by the keyboard alone, and lists the app', async () => {
    const user = await people.world.signUp()
    const target = await openApp()
    await using _target = target
    const clientId = await registered('Planner', target.redirectUri)
    const { page, complaints } = await open(await people.signedIn(user), addressOf(clientId, target.redirectUri))
    assert.deepEqual(
      await page.getByRole('checkbox').evaluateAll((boxes) => boxes.map((box) => box.matches(':checked'))),
      [true, false],
    )
    await page.getByRole('checkbox', { name: /tasks:write/ }).focus()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const answer = await target.answer()
    assert.equal((await exchange(clientId, target.redirectUri, answer.get('code') ?? '')).scope, 'tasks:read')
    const [listed] = await appsOf(user)
    assert.deepEqual([listed.name, listed.scopes], ['Planner', ['tasks:read']])
    assert.deepEqual(complaints, [])
  })

  test('tells the app about a refusal, and gives nothing', async () => {
    const user = await people.world.signUp()
    const target = await openApp()
    await using _target = target
    const clientId = await registered('Planner', target.redirectUri)
    const { page } = await open(await people.signedIn(user), addressOf(clientId, target.redirectUri))
    await page.getByRole('button', { name: 'Deny' }).click()
    const answer = await target.answer()
    assert.deepEqual([answer.get('error'), answer.get('code'), answer.get('state')], ['access_denied', null, 's1'])
    assert.deepEqual(await appsOf(user), [])
  })

  test('decides for the user whom it shows, and not for another who has signed in in another tab', async () => {
    const [shown, other] = [await people.world.signUp(), await people.world.signUp()]
    const clientId = await registered('Planner', app.redirectUri)
    const context = await people.signedIn(shown)
    const { page } = await open(context, addressOf(clientId, app.redirectUri))
    const { email, password } = other
    const answer = await context.request.post(`${people.world.url}/api/auth/sign-in/email`, {
      data: { email, password },
    })
    assert.equal(answer.status(), 200)
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    assert.match(page.url(), /\/consent\?/)
    assert.deepEqual([await appsOf(shown), await appsOf(other)], [[], []])
  })

  test('refuses to allow nothing, in words', async () => {
    const user = await people.world.signUp()
    const clientId = await registered('Planner', app.redirectUri)
    const { page } = await open(await people.signedIn(user), addressOf(clientId, app.redirectUri, 'tasks:read'))
    await page.getByRole('checkbox').uncheck()
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByText('Choose at least one thing').waitFor()
    assert.match(page.url(), /\/consent\?/)
  })

  test('shows the name of an app as text, and says to which program on the device its links go', async () => {
    const user = await people.world.signUp()
    const clientId = await registered(MARKUP, 'cursor://example/callback')
    const { page, complaints } = await open(
      await people.signedIn(user),
      addressOf(clientId, 'cursor://example/callback'),
    )
    const text = await page.locator('main').innerText()
    assert.ok(text.includes(MARKUP) && text.includes('the program on this device that opens cursor: links'), text)
    assert.ok(text.includes('Allow this only if you have just started'), text)
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByText('The answer is on its way to the program that opens cursor: links').waitFor()
    assert.deepEqual(
      complaints.filter((each) => !/cursor:/.test(each)),
      [],
    )
  })

  test('shows why an app cannot be connected, and goes back to it only by a click', async () => {
    const user = await people.world.signUp()
    const target = await openApp()
    await using _target = target
    const clientId = await registered('Planner', target.redirectUri)
    const context = await people.signedIn(user)
    const { page } = await openTab(context, addressOf(clientId, target.redirectUri, 'admin'))
    await page.getByText('scope must consist of').waitFor()
    await page.getByRole('button', { name: `Go back to ${new URL(target.redirectUri).host}` }).click()
    assert.equal((await target.answer()).get('error'), 'invalid_scope')

    const stranger = await openTab(context, addressOf(clientId, 'https://evil.example/callback'))
    await stranger.page.getByText('redirect_uri is not among those').waitFor()
    assert.equal(await stranger.page.getByRole('button', { name: /^Go back/ }).count(), 0)
  })

  test('has no fault that axe-core finds, and fits on a telephone', async () => {
    const user = await people.world.signUp()
    const clientId = await registered('A planner with a rather long name that has to be broken', app.redirectUri)
    const { page } = await open(await people.signedIn(user, 390), addressOf(clientId, app.redirectUri))
    assert.deepEqual(await faultsOf(page), [])
    assert.ok(await fits(page))
    for (const choice of await page.getByRole('checkbox').all()) {
      const box = await choice.boundingBox()
      // Of the size of a checkbox, at the beginning of its line.
      assert.ok(box !== null && box.width <= 24 && box.height <= 24 && box.x < 60, JSON.stringify(box))
    }
    for (const [query, words] of [
      ['', 'The app sent no request'],
      [`?state=${'x'.repeat(5000)}`, 'The request of the app is too long'],
    ] as const) {
      await page.goto(`${people.world.url}/consent${query}`)
      await page.getByText(words).waitFor()
    }
    await page.goto(addressOf('unknown', app.redirectUri))
    await page.getByRole('heading', { name: 'This app cannot be connected' }).waitFor()
    assert.deepEqual(await faultsOf(page), [])
  })

  const fits = (page: Page): Promise<boolean> => comesTrue(page, 'document.documentElement.scrollWidth <= innerWidth')
})
