import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import type { User } from '../../test/world.ts'
import { comesTrue, faultsOf, openPeople, openTab, type People, type Tab } from './people.testing.ts'

/** The personal tokens of the page of the account, in Chromium. */

const MARKUP = `<img src=x onerror="alert('xss')"><script>alert('xss')</script>`

suite('personal tokens, in a browser', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  let people: People
  before(async () => {
    people = await openPeople()
  })
  after(() => people[Symbol.asyncDispose]())

  const tokensOf = (page: Page) => page.getByRole('region', { name: 'Personal tokens', exact: true })
  const listed = async ({ token }: User) => (await people.world.ask('GET', '/api/tokens', { token })).json

  async function openAccount(user: User, width?: number): Promise<Tab> {
    const tab = await openTab(await people.signedIn(user, width), `${people.world.url}/account`)
    await tokensOf(tab.page).getByRole('button', { name: 'Create a token' }).waitFor()
    return tab
  }

  test('are created by the keyboard alone, with scopes in words and an expiry, and are shown once', async () => {
    const user = await people.world.signUp()
    const { page, complaints } = await openAccount(user)
    const tokens = tokensOf(page)
    await tokens.getByLabel('Name, such as that of the program').focus()
    await page.keyboard.type('my laptop')
    await page.keyboard.press('Tab')
    await page.keyboard.type('30')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.keyboard.press('Enter')
    const panel = tokens.getByRole('group', { name: 'The token “my laptop”' })
    await panel.waitFor()
    const [only] = await listed(user)
    assert.deepEqual([only.name, only.scopes], ['my laptop', ['tasks:read', 'tasks:write']])
    const days = (Date.parse(only.expiresAt) - Date.parse(only.createdAt)) / 86_400_000
    assert.equal(Math.round(days), 30)
    assert.match(await tokens.getByRole('listitem').innerText(), /Read tasks.*\n.*Create, change.*\n.*never used/)

    const secret = await panel.locator('code').first().innerText()
    assert.match(secret, /^todo_pat_\w{36}$/)
    assert.equal((await people.world.ask('GET', '/api/tasks', { token: secret })).status, 200)
    assert.ok(await comesTrue(page, `document.activeElement?.className === 'once'`), 'it has the focus')
    await panel.getByRole('button', { name: 'I have stored it' }).click()
    await panel.waitFor({ state: 'detached' })
    await page.reload()
    await tokens.getByText('my laptop').waitFor()
    assert.ok(!(await page.content()).includes(secret))
    assert.deepEqual(complaints, [])
  })

  test('come with texts to paste, whose curl command works, and that a button copies', async () => {
    const user = await people.world.signUp()
    const { page } = await openAccount(user)
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const tokens = tokensOf(page)
    await tokens.getByLabel('Name, such as that of the program').fill('curl')
    await tokens.getByRole('button', { name: 'Create a token' }).click()
    await tokens.getByText('curl', { exact: true }).last().waitFor()
    const snippet = tokens.locator('details').filter({ has: page.locator('summary', { hasText: /^curl$/ }) })
    await snippet.locator('summary').click()
    await snippet.getByRole('button', { name: 'Copy' }).click()
    await tokens.getByText('Copied.').waitFor()
    const copied = await page.evaluate('navigator.clipboard.readText()')
    const [, token = '', url = ''] = /^curl -H 'Authorization: Bearer (\S+)' '(\S+)'$/.exec(String(copied)) ?? []
    assert.equal(url, `${people.world.url}/api/tasks`)
    assert.equal((await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status, 200)
  })

  test('are revoked after a second click', async () => {
    const user = await people.world.signUp()
    const { json } = await people.world.ask('POST', '/api/tokens', { token: user.token, body: { name: 'old' } })
    await people.world.ask('GET', '/api/tasks', { token: json.token })
    const { page, complaints } = await openAccount(user)
    const tokens = tokensOf(page)
    await tokens.getByRole('button', { name: 'Revoke' }).click()
    assert.equal((await listed(user)).length, 1)
    await tokens.getByRole('button', { name: 'Revoke it?' }).click()
    await tokens.getByText('Revoked.').waitFor()
    await tokens.getByRole('listitem').waitFor({ state: 'detached' })
    assert.deepEqual(await listed(user), [])
    assert.deepEqual(complaints, [])
  })

  test('are not created without a scope or a name, and the section says why', async () => {
    const user = await people.world.signUp()
    const { page } = await openAccount(user)
    const tokens = tokensOf(page)
    const create = tokens.getByRole('button', { name: 'Create a token' })
    await tokens.getByLabel('Read tasks').uncheck()
    await create.click()
    await tokens.getByText('Choose at least one scope.').waitFor()
    await tokens.getByLabel('Read tasks').check()
    await create.click()
    await tokens.locator('.outcome.fault', { hasText: 'name' }).waitFor()
    assert.deepEqual(await listed(user), [])
  })

  test('with markup in their names show it as text', async () => {
    const user = await people.world.signUp()
    await people.world.ask('POST', '/api/tokens', { token: user.token, body: { name: MARKUP } })
    const { page, complaints } = await openAccount(user, 390)
    const tokens = tokensOf(page)
    await tokens.getByText(MARKUP).waitFor()
    await tokens.getByLabel('Name, such as that of the program').fill(MARKUP)
    await tokens.getByRole('button', { name: 'Create a token' }).click()
    await tokens.getByRole('group').filter({ hasText: 'Copy it now' }).waitFor()
    assert.equal(await tokens.locator('img, script').count(), 0)
    assert.deepEqual(complaints, [])
  })

  for (const [width, colorScheme] of [
    [390, 'dark'],
    [390, 'light'],
    [1280, 'light'],
  ] as const) {
    test(`have no fault of accessibility at ${width} px, ${colorScheme}, while one is shown`, async () => {
      const user = await people.world.signUp()
      const { page } = await openAccount(user, width)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const tokens = tokensOf(page)
      await tokens.getByLabel('Name, such as that of the program').fill('x')
      await tokens.getByRole('button', { name: 'Create a token' }).click()
      await tokens.getByRole('group').filter({ hasText: 'Copy it now' }).waitFor()
      for (const summary of await tokens.locator('summary').all()) await summary.click()
      assert.deepEqual(await faultsOf(page), [])
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'it fits the width')
    })
  }
})
