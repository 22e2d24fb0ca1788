import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import type { User } from '../../test/world.ts'
import { connect, register, requestOf, TRUSTING } from '../oauth/client.testing.ts'
import { openPeople, openTab, type People, type Tab } from './people.testing.ts'

/** Texts that users and apps choose, on every page that shows them, in Chromium: they stay texts. */

/** Ends an attribute, the block of data and an element, and would run in each of these places. */
const PAYLOAD = '"></script><img src=x onerror=pwned=1>'

/** What no page has of its own: such an element was injected. */
const INJECTED = 'img, iframe, object, embed, base, [onerror], [onload], script:not([src], [type="application/json"])'

const WAIT_MS = 20_000

suite('names that are markup', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  let people: People
  let user: User
  let clientId: string
  before(async () => {
    people = await openPeople(TRUSTING)
    const { world } = people
    user = await world.signUp()
    const ask = async (method: string, path: string, options: Parameters<typeof world.ask>[2]) => {
      const { status, json, text } = await world.ask(method, path, options)
      assert.ok(status < 300, `${path}: ${text}`)
      return json
    }
    const { token, email, password } = user
    clientId = await register(world, { client_name: PAYLOAD })
    const app = await connect(world, user, 'tasks:read tasks:write', clientId)
    const task = { title: PAYLOAD, description: PAYLOAD, tags: [PAYLOAD] }
    await ask('POST', '/api/tasks', { token: app.access, body: task })
    const { id } = await ask('POST', '/api/tasks', { token, body: task })
    await ask('DELETE', `/api/tasks/${id}`, { token })
    await ask('POST', '/api/tokens', { token, body: { name: PAYLOAD } })
    const webhook = { url: 'https://example.com/', events: ['task.created'], description: PAYLOAD }
    await ask('POST', '/api/webhooks', { token, body: webhook })
    await ask('PATCH', '/api/me', { token, body: { name: PAYLOAD } })
    await ask('POST', '/api/auth/sign-in/email', { body: { email, password }, headers: { 'user-agent': PAYLOAD } })
  })
  after(() => people?.[Symbol.asyncDispose]())

  /** @param places selectors of elements that show the text */
  async function assertTexts({ page, complaints }: Tab, places: readonly string[]): Promise<void> {
    for (const place of places) {
      const section = page.locator(place)
      await section
        .getByText(PAYLOAD)
        .first()
        .waitFor({ state: 'attached', timeout: WAIT_MS })
        .catch(async () => assert.fail(`${place} shows: ${await section.innerText({ timeout: 1000 })}`))
    }
    const injected = `[...document.querySelectorAll('${INJECTED}')].map(({ outerHTML }) => outerHTML)`
    assert.deepEqual(
      { flag: await page.evaluate('typeof pwned'), injected: await page.evaluate(injected), complaints },
      { flag: 'undefined', injected: [], complaints: [] },
    )
  }

  test('stay texts in the list of tasks, in every section of the account, in the history and on the page of consent', async () => {
    const { url } = people.world
    const context = await people.signedIn(user)
    context.setDefaultTimeout(WAIT_MS)
    const list = await openTab(context, url)
    await assertTexts(list, ['header', '#list .title', '#list .tag'])
    await list.page.locator('#list .title').first().click()
    await list.page.locator('#list .edit').waitFor()
    await assertTexts(list, [])
    const account = await openTab(context, `${url}/account`)
    await assertTexts(account, ['#apps', '#tokens', '#webhooks', '#trash', '#sessions', '#history'])
    const consent = await openTab(context, `${url}/consent?${requestOf({ clientId })}`)
    await assertTexts(consent, ['main h1 + p'])
  })
})
