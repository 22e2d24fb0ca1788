import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import type { User } from '../../test/world.ts'
import { runJobs } from '../jobs.ts'
import { accepting, openReceiver, refusing, type Receiver } from '../webhooks/receiver.testing.ts'
import { faultsOf, openPeople, openTab, type People, type Tab } from './people.testing.ts'

/** The webhooks of the page of the account, in Chromium, with a receiver. */

const MARKUP = `<img src=x onerror="alert('xss')"><script>alert('xss')</script>`

suite('webhooks, in a browser', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  const opened = new AsyncDisposableStack()
  let people: People
  let receiver: Receiver
  before(async () => {
    people = opened.use(await openPeople({ JOBS_POLL_SECONDS: '1' }))
    receiver = opened.use(await openReceiver())
    opened.use(await runJobs(people.world.deps))
    // The timers of jobs do not keep the process alive.
    const alive = setInterval(() => undefined, 1000)
    opened.defer(() => clearInterval(alive))
  })
  after(() => opened.disposeAsync())

  const ask = (user: User, method: string, path: string, body?: object) =>
    people.world.ask(method, path, { token: user.token, ...(body !== undefined && { body }) })
  const listed = async (user: User) => (await ask(user, 'GET', '/api/webhooks')).json
  const sectionOf = (page: Page) => page.getByRole('region', { name: 'Webhooks', exact: true })

  async function openAccount(user: User, width?: number): Promise<Tab> {
    const tab = await openTab(await people.signedIn(user, width), `${people.world.url}/account`)
    await sectionOf(tab.page).getByRole('button', { name: 'Create a webhook' }).waitFor()
    return tab
  }

  async function newWebhook(user: User, body: object = {}): Promise<string> {
    const events = ['task.created']
    const { json, status, text } = await ask(user, 'POST', '/api/webhooks', { url: receiver.url, events, ...body })
    assert.equal(status, 201, text)
    return json.id
  }

  test('are created with their events, and show the secret once', async () => {
    const user = await people.world.signUp()
    const { page, complaints } = await openAccount(user)
    const webhooks = sectionOf(page)
    await webhooks.getByLabel('URL that receives the events').fill(receiver.url)
    await webhooks.getByLabel('Note, for yourself').fill('The dashboard')
    await webhooks.getByLabel('A task was deleted').uncheck()
    await webhooks.getByRole('button', { name: 'Create a webhook' }).click()
    const panel = webhooks.getByRole('group', { name: `The secret of ${receiver.url}` })
    const secret = await panel.locator('code').first().innerText()
    assert.match(secret, /^whsec_/)
    const [only] = await listed(user)
    assert.deepEqual(
      [only.url, only.description, new Set(only.events)],
      [receiver.url, 'The dashboard', new Set(['task.created', 'task.updated', 'task.completed', 'task.reminder'])],
    )
    await panel.getByRole('button', { name: 'I have stored it' }).click()
    await panel.waitFor({ state: 'detached' })
    await page.reload()
    await webhooks.getByText('The dashboard').waitFor()
    assert.ok(!(await page.content()).includes(secret))
    assert.deepEqual(complaints, [])
  })

  test('show their deliveries with the answers, send a test, and send one again', async () => {
    const user = await people.world.signUp()
    await newWebhook(user)
    const { page, complaints } = await openAccount(user)
    const webhooks = sectionOf(page)
    receiver.answer = refusing(400, {}, 'no')
    await webhooks.getByRole('button', { name: 'Send a test' }).click()
    const deliveries = webhooks.getByRole('list', { name: 'Deliveries' })
    await deliveries.getByText(/Failed: answered 400/).waitFor()
    receiver.answer = accepting
    await deliveries.getByRole('button', { name: 'Send again' }).click()
    await deliveries.getByText(/Delivered: answered 204/).waitFor()
    assert.equal(await deliveries.getByRole('listitem').count(), 2)
    await webhooks.getByRole('button', { name: 'Hide deliveries' }).click()
    await deliveries.waitFor({ state: 'detached' })
    assert.deepEqual(complaints, [])
  })

  test('keep what is typed into the form while a delivery is on its way', async () => {
    const user = await people.world.signUp()
    await newWebhook(user)
    const { page } = await openAccount(user)
    const webhooks = sectionOf(page)
    await webhooks.getByRole('button', { name: 'Send a test' }).click()
    const deliveries = webhooks.getByRole('list', { name: 'Deliveries' })
    await deliveries.waitFor()
    await webhooks.getByLabel('Note, for yourself').fill('typed')
    await deliveries.getByText(/Delivered: answered 204/).waitFor()
    assert.equal(await webhooks.getByLabel('Note, for yourself').inputValue(), 'typed')
  })

  test('are paused, resumed, get a new secret, and are deleted after a second click', async () => {
    const user = await people.world.signUp()
    await newWebhook(user)
    const { page, complaints } = await openAccount(user)
    const webhooks = sectionOf(page)
    await webhooks.getByRole('button', { name: 'Pause' }).click()
    await webhooks.getByText('Paused.').waitFor()
    assert.equal((await listed(user))[0].active, false)
    await webhooks.getByRole('button', { name: 'Resume' }).click()
    await webhooks.getByText('Resumed.').waitFor()
    assert.equal((await listed(user))[0].active, true)
    await webhooks.getByRole('button', { name: 'New secret' }).click()
    await webhooks.getByRole('button', { name: 'Make a new secret?' }).click()
    await webhooks.getByRole('group').filter({ hasText: 'Copy it now' }).waitFor()
    await webhooks.getByText('The old secret signs too until').waitFor()
    await webhooks.getByRole('button', { name: 'Delete', exact: true }).click()
    assert.equal((await listed(user)).length, 1)
    await webhooks.getByRole('button', { name: 'Delete it?' }).click()
    await webhooks.getByText('Deleted.').waitFor()
    assert.deepEqual(await listed(user), [])
    assert.deepEqual(complaints, [])
  })

  test('that the service refuses say why, and one without an event is not sent', async () => {
    const user = await people.world.signUp()
    const { page } = await openAccount(user)
    const webhooks = sectionOf(page)
    await webhooks.getByLabel('URL that receives the events').fill('ftp://example.com')
    await webhooks.getByRole('button', { name: 'Create a webhook' }).click()
    await webhooks.locator('.outcome.fault', { hasText: 'url' }).waitFor()
    for (const box of await webhooks.getByRole('checkbox').all()) await box.uncheck()
    await webhooks.getByRole('button', { name: 'Create a webhook' }).click()
    await webhooks.getByText('Choose at least one event.').waitFor()
    assert.deepEqual(await listed(user), [])
  })

  test('with markup in their URL, their note and the answer of the receiver show it as text', async () => {
    const user = await people.world.signUp()
    const url = `${receiver.url}?${encodeURI(MARKUP)}`
    await newWebhook(user, { url, description: MARKUP })
    receiver.answer = refusing(400, {}, MARKUP)
    const { page, complaints } = await openAccount(user, 390)
    const webhooks = sectionOf(page)
    await webhooks.getByText(MARKUP).waitFor()
    await webhooks.getByRole('button', { name: 'Send a test' }).click()
    await webhooks.getByText(/Failed: answered 400/).waitFor()
    assert.equal(await webhooks.locator('img, script').count(), 0)
    assert.deepEqual(await faultsOf(page), [])
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'it fits the width')
    assert.deepEqual(complaints, [])
    receiver.answer = accepting
  })
})
