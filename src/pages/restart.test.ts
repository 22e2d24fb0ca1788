import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findChromium, launch, NO_CHROMIUM } from '../../test/browser.ts'
import { comesTrue, openTab } from './people.testing.ts'
import { startService } from '../../test/service.ts'

test(
  'a service that is killed while a user types and is started again has everything once',
  { skip: findChromium() === undefined && NO_CHROMIUM },
  async () => {
    await using opened = new AsyncDisposableStack()
    const data = mkdtempSync(join(tmpdir(), 'people-'))
    opened.defer(() => rmSync(data, { recursive: true, force: true }))
    const env = { DATA_DIR: data, REDIS_URL: 'redis://127.0.0.1:1/0' }
    const first = await startService(env)
    const { token } = await first.signUp()
    const browser = await launch(findChromium() ?? '')
    opened.defer(() => browser.close())
    const context = await browser.newContext()
    await context.request.post(`${first.url}/api/auth/sign-in/email`, {
      data: { email: 'ada@example.com', password: 'correct horse battery' },
    })
    const { page } = await openTab(context, first.url)
    await page.locator('#status.live').waitFor()
    const line = page.getByLabel('Add a task')
    await line.fill('before')
    await page.keyboard.press('Enter')
    await page.getByText('Waiting', { exact: true }).waitFor({ state: 'detached' })

    await line.pressSequentially('typed while ')
    const sent = page.waitForRequest((request) => request.method() === 'POST')
    // Sent at the moment of the kill: the service may or may not have executed it.
    await page.keyboard.press('Enter')
    await Promise.all([sent, first.kill()])
    for (const title of ['after the kill', 'and another one']) {
      await line.pressSequentially(title)
      await page.keyboard.press('Enter')
    }
    await page.getByRole('button', { name: 'before', exact: true }).click()
    await page.getByRole('textbox', { name: 'Title' }).fill('before, changed')
    await page.keyboard.press('Enter')
    await page.getByText(/^Offline\. \d changes are kept/).waitFor()

    await using second = await startService({ ...env, PORT: new URL(first.url).port })
    assert.ok(await comesTrue(page, `document.querySelector('#status.live') && !document.querySelector('.waiting')`))
    const { json } = await second.ask('GET', '/api/tasks', { token })
    assert.deepEqual(
      json.map(({ title }: { title: string }) => title),
      ['and another one', 'after the kill', 'typed while', 'before, changed'],
    )
  },
)
