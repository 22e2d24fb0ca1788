import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import { openMailServer, type MailServer } from '../../test/mail-server.ts'
import type { User } from '../../test/world.ts'
import { runJobs } from '../jobs.ts'
import { faultsOf, openPeople, openTab, type People } from './people.testing.ts'

/** The settings of the page of the account, in Chromium. */

suite('the settings of a user, in a browser', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  let people: People
  before(async () => {
    people = await openPeople()
  })
  after(() => people[Symbol.asyncDispose]())

  const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true })
  const zoneOf = async ({ token }: User): Promise<string> =>
    (await people.world.ask('GET', '/api/me', { token })).json.timezone

  test('have the time zone, which the API then uses', async () => {
    const user = await people.world.signUp()
    const { page, complaints } = await openTab(await people.signedIn(user), `${people.world.url}/account`)
    const zone = section(page, 'Time zone').getByLabel('Time zone, in which days begin and end')
    assert.equal(await zone.inputValue(), await zoneOf(user))
    await zone.selectOption('Europe/Berlin')
    await section(page, 'Time zone').getByRole('button', { name: 'Save' }).click()
    await section(page, 'Time zone').getByText('Saved.').waitFor()
    assert.equal(await zoneOf(user), 'Europe/Berlin')
    await page.reload()
    await zone.waitFor()
    assert.equal(await zone.inputValue(), 'Europe/Berlin')
    assert.deepEqual(complaints, [])
  })

  test('offer a zone that has been renamed as long as it is the one that is set', async () => {
    const user = await people.world.signUp()
    await people.world.ask('PATCH', '/api/me', { token: user.token, body: { timezone: 'US/Pacific' } })
    const { page } = await openTab(await people.signedIn(user, 390), `${people.world.url}/account`)
    const zone = section(page, 'Time zone').getByLabel('Time zone, in which days begin and end')
    await zone.waitFor()
    assert.equal(await zone.inputValue(), 'US/Pacific')
    assert.deepEqual(await faultsOf(page), [])
  })
})

suite('the mail address of a user, in a browser', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  const opened = new AsyncDisposableStack()
  let people: People
  let server: MailServer
  before(async () => {
    server = opened.use(await openMailServer())
    people = opened.use(await openPeople(mailBy(server)))
    opened.use(await runJobs(people.world.deps))
    // The timers of jobs do not keep the process alive.
    const alive = setInterval(() => undefined, 1000)
    opened.defer(() => clearInterval(alive))
  })
  after(() => opened.disposeAsync())

  /** Opens the page of the link in the next mail. */
  async function openLink(page: Page, to: string): Promise<void> {
    const mail = await server.next()
    assert.deepEqual(mail.to, [to])
    const [, path = ''] = /\/(account\/[\w-]+#[\w-]{43})/.exec(mail.text) ?? assert.fail(mail.text)
    await page.goto(`${people.world.url}/${path}`)
  }

  test('is verified by the link of a mail', async () => {
    const user = await people.world.signUp()
    const context = await people.signedIn(user)
    const { page, complaints } = await openTab(context, `${people.world.url}/account`)
    const address = page.getByRole('region', { name: 'E-mail address', exact: true })
    await address.getByText('is not verified yet').waitFor()
    assert.deepEqual(await faultsOf(page), [])
    await address.getByRole('button', { name: 'Send a mail with a link to verify it' }).click()
    await address.getByText('A mail is on its way.').waitFor()
    const link = await context.newPage()
    await openLink(link, user.email)
    await link.getByRole('button', { name: 'Confirm' }).click()
    await link.getByText('The address is confirmed.').waitFor()
    await page.reload()
    await address.getByText('is verified.').waitFor()
    assert.equal(await address.getByRole('button', { name: 'Send a mail' }).count(), 0)
    assert.deepEqual(complaints, [])
  })

  test('is changed with the password, by the link of a mail to the new address', async () => {
    const user = await people.world.signUp()
    const { page } = await openTab(await people.signedIn(user), `${people.world.url}/account`)
    const address = page.getByRole('region', { name: 'E-mail address', exact: true })
    const change = async (password: string): Promise<void> => {
      await address.getByLabel('New address').fill(`new-${user.email}`)
      await address.getByLabel('Password').fill(password)
      await address.getByRole('button', { name: 'Change the address' }).click()
    }
    await change('wrong horse')
    await address.locator('.outcome.fault').waitFor()
    await change(user.password)
    await address.getByText('A mail is on its way to the new address').waitFor()
    await openLink(page, `new-${user.email}`)
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('The address is confirmed.').waitFor()
    await page.goto(`${people.world.url}/account`)
    await address.getByText(`new-${user.email} is verified.`).waitFor()
  })

  test('gets a link with which a visitor who has forgotten the password sets another', async () => {
    const user = await people.world.signUp()
    const { page } = await openTab(await people.browser.newContext(), people.world.url)
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByLabel('E-mail').fill(user.email)
    await page.getByRole('button', { name: 'Send the mail' }).click()
    await page.getByText('a mail is on its way').waitFor()
    await openLink(page, user.email)
    await page.getByLabel('New password').fill('another horse')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByText('You can sign in with it now.').waitFor()
  })
})

suite(
  'a service that requires verified addresses, in a browser',
  {
    skip: findChromium() === undefined && NO_CHROMIUM,
  },
  () => {
    test('says after a sign-up that a mail was sent, instead of showing an empty form', async () => {
      await using server = await openMailServer()
      await using people = await openPeople({ ...mailBy(server), REQUIRE_EMAIL_VERIFICATION: 'true' })
      const { page, complaints } = await openTab(await people.browser.newContext(), people.world.url)
      await page.getByRole('button', { name: 'New here? Sign up' }).click()
      await page.getByLabel('Name').fill('Ada')
      await page.getByLabel('E-mail').fill('ada@example.com')
      await page.getByLabel('Password').fill('correct horse')
      await page.getByRole('button', { name: 'Sign up', exact: true }).click()
      await page.getByText('A mail with a link is on its way to ada@example.com.').waitFor()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      assert.deepEqual(complaints, [])
    })
  },
)

const mailBy = ({ url }: MailServer) => ({ SMTP_URL: url, MAIL_FROM: 'todo@todo.example', JOBS_POLL_SECONDS: '1' })
