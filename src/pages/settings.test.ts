import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import type { User } from '../../test/world.ts'
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
