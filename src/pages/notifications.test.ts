import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import type { Locator } from 'playwright-core'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import type { User } from '../../test/world.ts'
import { runJobs } from '../jobs.ts'
import { comesTrue, faultsOf, openPeople, openTab, type People, type Tab } from './people.testing.ts'

/** The notifications of the page of the account, in Chromium. */

const MARKUP = `<img src=x onerror="alert('xss')"><script>alert('xss')</script>`
const MINUTE_MS = 60_000

suite('notifications, in a browser', { skip: findChromium() === undefined && NO_CHROMIUM, timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  let people: People
  before(async () => {
    people = opened.use(await openPeople({ JOBS_POLL_SECONDS: '1' }))
  })
  after(() => opened.disposeAsync())

  async function ask(user: User, method: string, path: string, body?: object) {
    const answer = await people.world.ask(method, path, { token: user.token, ...(body !== undefined && { body }) })
    assert.ok(answer.status < 300, answer.text)
    return answer.json
  }
  const newTask = (user: User, body: object) => ask(user, 'POST', '/api/tasks', body)

  /** Notifications of a task, the first of which is the newest: one for each number of minutes that it is old. */
  async function notify(user: User, taskId: string, minutes: readonly number[], readAt: string | null = null) {
    await people.world.asOwner((client) =>
      client.query(
        `insert into notifications (user_id, id, kind, task_id, at, created_at, read_at)
         select $1, id, 'reminder', $2, at, at, $5 from unnest($3::uuid[], $4::timestamptz[]) as each (id, at)`,
        [
          user.id,
          taskId,
          minutes.map(() => randomUUID()),
          minutes.map((each) => new Date(Date.now() - each * MINUTE_MS).toISOString()),
          readAt,
        ],
      ),
    )
  }
  const unreadTitles = async (user: User): Promise<string[]> =>
    (await ask(user, 'GET', '/api/notifications?unread=true')).map(
      ({ task }: { task: { title: string } }) => task.title,
    )

  async function openAccount(user: User, width?: number): Promise<Tab & { readonly section: Locator }> {
    const tab = await openTab(await people.signedIn(user, width), `${people.world.url}/account`)
    const section = tab.page.getByRole('region', { name: 'Notifications', exact: true })
    await section.getByText('Loading…').waitFor({ state: 'detached' })
    return { ...tab, section }
  }
  const rowOf = (section: Locator, title: string): Locator => section.getByRole('listitem').filter({ hasText: title })

  test('say in words that there are none', async () => {
    const { section, complaints } = await openAccount(await people.world.signUp())
    await section.getByText('No notifications. A reminder of a task stands here when it is due').waitFor()
    assert.equal(await section.getByRole('button').count(), 0)
    assert.deepEqual(complaints, [])
  })

  test('stand there unread ones first, with when they were and when the task is due, and without those of others', async () => {
    const [ada, ben] = [await people.world.signUp(), await people.world.signUp()]
    const [old, late] = [
      await newTask(ada, { title: 'unread, older', dueDate: '2031-12-24' }),
      await newTask(ada, { title: 'read, newer' }),
    ]
    await notify(ada, old.id, [30])
    await notify(ada, late.id, [10], new Date().toISOString())
    await notify(ben, (await newTask(ben, { title: 'of Ben' })).id, [1])
    const { section, complaints } = await openAccount(ada)
    const rows = section.getByRole('listitem')
    assert.deepEqual(await rows.locator('bdi').allInnerTexts(), ['unread, older', 'read, newer'])
    assert.match(await rows.first().innerText(), /Unread · Reminder of .* · due Wed 24 Dec 2031/)
    assert.doesNotMatch(await rows.last().innerText(), /Unread/)
    const [{ at }] = await ask(ada, 'GET', '/api/notifications?unread=true')
    assert.equal(await rows.first().locator('time').first().getAttribute('datetime'), at)
    assert.deepEqual(complaints, [])
  })

  test('show times in the zone of the browser', async () => {
    const user = await people.world.signUp()
    const { id } = await newTask(user, { title: 'call', dueDate: '2031-12-24T20:00:00Z' })
    await notify(user, id, [0])
    await people.world.asOwner((client) =>
      client.query(`update notifications set at = '2026-01-31T20:30:00Z' where user_id = $1`, [user.id]),
    )
    const signedIn = await people.signedIn(user)
    const context = await people.browser.newContext({
      timezoneId: 'Asia/Tokyo',
      storageState: await signedIn.storageState(),
    })
    const { page } = await openTab(context, `${people.world.url}/account`)
    const section = page.getByRole('region', { name: 'Notifications', exact: true })
    await section.getByText('Reminder of 1 Feb 2026, 05:30 · due Thu 25 Dec 2031, 05:00').waitFor()
  })

  test('are marked as read and unread one by one with the keyboard, which stays where it is', async () => {
    const user = await people.world.signUp()
    for (const title of ['first', 'second']) await notify(user, (await newTask(user, { title })).id, [5])
    const { page, section, complaints } = await openAccount(user)
    await rowOf(section, 'first').getByRole('button', { name: 'Mark as read' }).focus()
    await page.keyboard.press('Enter')
    await section.getByText('Marked “first” as read.').waitFor()
    assert.deepEqual(await unreadTitles(user), ['second'])
    const toUnread = rowOf(section, 'first').getByRole('button', { name: 'Mark as unread' })
    await toUnread.waitFor()
    assert.equal(await comesTrue(page, `document.activeElement?.textContent === 'Mark as unread'`), true)
    await page.keyboard.press('Enter')
    await section.getByText('Marked “first” as unread.').waitFor()
    assert.deepEqual(new Set(await unreadTitles(user)), new Set(['first', 'second']))
    assert.deepEqual(complaints, [])
  })

  test('are all marked as read by one button', async () => {
    const user = await people.world.signUp()
    await notify(
      user,
      (await newTask(user, { title: 'many' })).id,
      Array.from({ length: 25 }, (_, at) => at),
    )
    const { page, section, complaints } = await openAccount(user)
    await section.getByRole('button', { name: 'Mark all as read' }).focus()
    await page.keyboard.press('Enter')
    await section.getByText('Marked 25 as read.').waitFor()
    assert.deepEqual(await unreadTitles(user), [])
    await section.getByText('Unread ·').first().waitFor({ state: 'detached' })
    assert.equal(await section.getByRole('button', { name: 'Mark all as read' }).count(), 0)
    assert.equal(await comesTrue(page, `document.activeElement?.closest('#notifications') !== null`), true)
    assert.deepEqual(complaints, [])
  })

  test('that are older come by a button, each once, until there are no more', async () => {
    const user = await people.world.signUp()
    const numbers = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at)
    await notify(user, (await newTask(user, { title: 'unread' })).id, numbers(100, 25))
    await notify(user, (await newTask(user, { title: 'read' })).id, numbers(1, 20), new Date().toISOString())
    const { section, complaints } = await openAccount(user)
    const titles = section.getByRole('listitem').locator('bdi')
    const shownAre = async (unread: number, read: number): Promise<void> => {
      await section.locator(`li:nth-child(${unread + read})`).waitFor()
      const expected = [
        ...Array.from({ length: unread }, () => 'unread'),
        ...Array.from({ length: read }, () => 'read'),
      ]
      assert.deepEqual(await titles.allInnerTexts(), expected)
    }
    await shownAre(20, 0)
    // It is in the list of those that were read too, further on.
    await section.getByRole('button', { name: 'Mark as read' }).first().click()
    await section.getByText('Marked “unread” as read.').waitFor()
    await section.getByRole('button', { name: 'Show more' }).click()
    await shownAre(25, 15)
    await section.getByRole('button', { name: 'Show more' }).click()
    await shownAre(25, 20)
    await section.getByRole('button', { name: 'Show more' }).waitFor({ state: 'detached' })
    const ids = await section.locator('li').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id')))
    assert.equal(new Set(ids).size, 45)
    assert.deepEqual(complaints, [])
  })

  test('appear when they are due and follow their task, while the page is open', async () => {
    const user = await people.world.signUp()
    const { page, section, complaints } = await openAccount(user)
    await using _runner = await runJobs(people.world.deps)
    const at = new Date(Date.now() - MINUTE_MS).toISOString()
    const { id } = await newTask(user, { title: 'arrives', reminders: [{ at }] })
    await rowOf(section, 'arrives').waitFor()
    assert.match(await rowOf(section, 'arrives').innerText(), /Unread/)
    await ask(user, 'PATCH', `/api/tasks/${id}`, { title: 'renamed' })
    await rowOf(section, 'renamed').waitFor()
    await ask(user, 'DELETE', `/api/tasks/${id}`)
    await rowOf(section, 'A task that was deleted').waitFor()
    // Another device marks it; the page learns that when it is looked at again.
    await ask(user, 'POST', '/api/notifications/read-all')
    await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`)
    await section.getByText('Unread ·').first().waitFor({ state: 'detached' })
    assert.deepEqual(complaints, [])
  })

  test('lead to their task in the list, also if it is done', async () => {
    const user = await people.world.signUp()
    const { id } = await newTask(user, { title: 'Buy milk & bread!', status: 'COMPLETED' })
    await newTask(user, { title: 'another' })
    await notify(user, id, [1])
    const { page, section, complaints } = await openAccount(user)
    await section.getByRole('link', { name: 'Buy milk & bread!' }).click()
    await page.waitForURL(/\?completed=any&q=/)
    assert.equal(await comesTrue(page, `titles().join() === 'Buy milk & bread!'`), true)
    assert.deepEqual(complaints, [])
  })

  test('with markup in the title of their task show it as text, without faults of accessibility, at 320 px', async () => {
    const user = await people.world.signUp()
    const long = 'x'.repeat(200)
    await notify(user, (await newTask(user, { title: MARKUP })).id, [1])
    await notify(user, (await newTask(user, { title: long })).id, [2], new Date().toISOString())
    const { page, section, complaints } = await openAccount(user, 320)
    await section.getByRole('link', { name: MARKUP }).waitFor()
    await rowOf(section, long).waitFor()
    await rowOf(section, MARKUP).getByRole('button', { name: 'Mark as read' }).click()
    await section.getByText(`Marked “${MARKUP}” as read.`).waitFor()
    assert.equal(await section.locator('img, script').count(), 0)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      assert.deepEqual(await faultsOf(page), [])
    }
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'it fits the width')
    assert.deepEqual(complaints, [])
  })
})
