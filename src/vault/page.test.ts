import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import type { FakeServer } from '../../test/fake-server.ts'
import { openPeople, openTab, type People } from '../pages/people.testing.ts'
import { accepting, openFakeProvider, REFUSING } from './fake-provider.testing.ts'

const KEY = `AIza${'a'.repeat(35)}`

suite('provider keys on the account page', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  let provider: FakeServer
  let people: People
  before(async () => {
    provider = await openFakeProvider()
    people = await openPeople({ GEMINI_BASE_URL: provider.url })
  })
  after(async () => {
    await people[Symbol.asyncDispose]()
    await provider[Symbol.asyncDispose]()
  })

  test('are stored, checked, replaced and deleted, and the key is not shown again', async () => {
    const user = await people.world.signUp()
    const context = await people.signedIn(user, 390)
    const { page, complaints } = await openTab(context, `${people.world.url}/account`)
    const keys = page.getByRole('region', { name: 'Provider keys', exact: true })
    const store = async (key: string): Promise<void> => {
      await keys.getByLabel('Provider').selectOption('gemini')
      await keys.getByLabel('Key', { exact: true }).fill(key)
      const isAnswer = (url: string, method: string): boolean => url.includes('/api/user-api-keys') && method !== 'GET'
      const answered = page.waitForResponse((response) => isAnswer(response.url(), response.request().method()))
      await keys.getByRole('button', { name: 'Check and store' }).click()
      // The outcome of the attempt before is shown until then.
      await answered
    }

    await store('no key at all')
    await keys.locator('.outcome.fault').waitFor()
    provider.answer = REFUSING.gemini
    await store(KEY)
    await keys.locator('.outcome.fault').waitFor()
    assert.equal(await keys.getByRole('listitem').count(), 0, 'a key that the provider refuses is not stored')

    provider.answer = accepting
    await store(KEY)
    await keys.getByText('Stored.', { exact: true }).waitFor()
    const item = keys.getByRole('listitem')
    await item.getByText('Works').waitFor()
    assert.ok(!(await page.content()).includes(KEY))

    provider.answer = REFUSING.gemini
    await item.getByRole('button', { name: 'Check' }).click()
    await item.getByText('Refused by the provider').waitFor()

    await item.getByRole('button', { name: 'Delete' }).click()
    await item.getByRole('button', { name: 'Delete it?' }).click()
    await item.waitFor({ state: 'detached' })
    assert.deepEqual((await people.world.ask('GET', '/api/user-api-keys', { token: user.token })).json, [])
    assert.ok(
      complaints.every((text) => text.includes('422')),
      complaints.join('\n'),
    )
    await context.close()
  })
})
