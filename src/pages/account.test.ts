import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import { comesTrue, openPeople, openTab, type People } from './people.testing.ts'

/** The page of the account, in Chromium. */

suite('the account of a user, in a browser', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  let people: People
  before(async () => {
    people = await openPeople()
  })
  after(() => people[Symbol.asyncDispose]())

  const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true })
  const post = (token: string, path: string, body?: object) => people.world.ask('POST', path, { token, body })

  test('changes the name, the password and the sessions', async () => {
    const user = await people.world.signUp()
    const context = await people.signedIn(user)
    const other = await people.signedIn(user)
    const { page, complaints } = await openTab(context, `${people.world.url}/account`)
    await section(page, 'Profile').getByLabel('Name').fill('Ada Lovelace')
    await section(page, 'Profile').getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    assert.equal(await page.locator('header .name').innerText(), 'Ada Lovelace')

    const sessions = section(page, 'Sessions')
    assert.equal(await sessions.getByRole('listitem').count(), 3)
    assert.match(
      await sessions.getByRole('listitem').first().innerText(),
      /Chrome on Linux · this one[^]*Since \d+ \w+ \d+/,
    )
    await sessions.getByRole('listitem').last().getByRole('button', { name: 'End' }).click()
    await page.getByText('The session has ended.').waitFor()
    await sessions.getByRole('listitem').nth(2).waitFor({ state: 'detached' })
    await sessions.getByRole('button', { name: 'End all others' }).click()
    await page.getByText('All other sessions have ended.').waitFor()
    const answer = await other.request.get(`${people.world.url}/api/auth/get-session`)
    assert.equal(await answer.text(), 'null')

    const password = section(page, 'Password')
    const change = async (current: string): Promise<void> => {
      await password.getByLabel('Current password').fill(current)
      await password.getByLabel(/New password/).fill('another horse')
      await password.getByRole('button', { name: 'Change' }).click()
    }
    await change('wrong horse')
    await password.locator('.outcome.fault').waitFor()
    assert.equal(complaints.length, 1, 'the browser reports the refusal')
    await change(user.password)
    await page.getByText('The password is changed.').waitFor()
    // The session has a new token now.
    await section(page, 'Profile').getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    await page.reload()
    await sessions.getByRole('button', { name: 'End' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await context.close()
  })

  test('shows the history, and restores from the trash or deletes for good', async () => {
    const user = await people.world.signUp()
    for (const title of ['kept', 'lost']) {
      const { json } = await post(user.token, '/api/tasks', { title })
      await people.world.ask('DELETE', `/api/tasks/${json.id}`, { token: user.token })
    }
    const context = await people.signedIn(user)
    const { page, complaints } = await openTab(context, `${people.world.url}/account`)
    const trash = section(page, 'Trash')
    const item = (title: string) => trash.getByRole('listitem').filter({ hasText: new RegExp(`^${title}`) })
    await item('kept').getByRole('button', { name: 'Restore' }).click()
    await trash.getByText('Restored “kept”.').waitFor()
    await item('lost').getByRole('button', { name: 'Delete' }).click()
    await item('lost').getByRole('button', { name: 'Delete for good?' }).click()
    await trash.getByText('The trash is empty.').waitFor()
    const history = section(page, 'History')
    await history.getByText('Added “kept”').first().waitFor()
    await history.getByText('a task that was deleted for good').first().waitFor()
    const { json } = await people.world.ask('GET', '/api/tasks', { token: user.token })
    assert.deepEqual(
      json.map(({ title }: { title: string }) => title),
      ['kept'],
    )
    assert.deepEqual(complaints, [])
    await context.close()
  })

  test('deletes the user, who enters the password', async () => {
    const user = await people.world.signUp()
    const context = await people.signedIn(user)
    const { page } = await openTab(context, `${people.world.url}/account`)
    const deletion = section(page, 'Delete this account')
    await deletion.getByLabel('Password').fill(user.password)
    await deletion.getByRole('button').click()
    await deletion.getByRole('button', { name: 'Delete everything for good?' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.equal((await people.world.ask('GET', '/api/tasks', { token: user.token })).status, 401)
    await context.close()
  })

  test('a session that ended keeps what was typed until the user has signed in again', async () => {
    const user = await people.world.signUp()
    const context = await people.signedIn(user)
    const { page } = await openTab(context, people.world.url)
    await page.locator('#status.live').waitFor()
    await post(user.token, '/api/auth/revoke-other-sessions')
    await page.getByLabel('Add a task').fill('typed too late')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('E-mail').fill(user.email)
    await page.getByLabel('Password').fill(user.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.locator('#status.live').waitFor()
    assert.ok(await comesTrue(page, `document.querySelector('.task .title') && !document.querySelector('.waiting')`))
    const { json } = await people.world.ask('GET', '/api/tasks', { token: user.token })
    assert.deepEqual(
      json.map(({ title }: { title: string }) => title),
      ['typed too late'],
    )
    await context.close()
  })

  test('a session that is ended on another device ends on this one within 30 seconds, without a click', async () => {
    const user = await people.world.signUp()
    const context = await people.signedIn(user)
    const { page } = await openTab(context, people.world.url)
    await page.locator('#status.live').waitFor()
    await post(user.token, '/api/auth/revoke-other-sessions')
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor({ timeout: 32_000 })
    await context.close()
  })
})
