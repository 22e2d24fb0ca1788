import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import { add, comesTrue, isLive, isSent, openPeople, openTab, type People } from './people.testing.ts'
import type { User, World } from '../../test/world.ts'

/** The page for people, as its users use it, in Chromium. */

const WIDTHS = [390, 1280] as const

suite('the page for people, in a browser', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  let people: People
  let world: World
  let signedIn: People['signedIn']
  before(async () => {
    people = await openPeople()
    world = people.world
    signedIn = people.signedIn
  })
  after(() => people[Symbol.asyncDispose]())

  const titles = (page: Page): Promise<string[]> => page.locator('#list .title').allTextContents()
  /** Waits until the list has these titles. */
  const shows = async (page: Page, wanted: readonly string[]): Promise<void> => {
    await comesTrue(page, `JSON.stringify(titles()) === ${JSON.stringify(JSON.stringify(wanted))}`)
    assert.deepEqual(await titles(page), wanted)
  }
  const stored = async (user: User): Promise<string[]> =>
    (await world.ask('GET', '/api/tasks', { token: user.token })).json.map(({ title }: { title: string }) => title)

  for (const width of WIDTHS) {
    test(`a visitor signs up, adds, changes, completes, deletes and finds tasks at ${width} px`, async () => {
      const context = await people.browser.newContext({ viewport: { width, height: 800 } })
      const { page, complaints, requests } = await openTab(context, world.url)
      await page.getByRole('button', { name: 'New here? Sign up' }).click()
      await page.getByRole('button', { name: 'Sign up', exact: true }).click()
      await page.getByText('Enter your name.').waitFor()
      await page.getByLabel('Name').fill('Grace')
      await page.getByLabel('E-mail').fill(`grace-${width}@example.com`)
      await page.getByLabel('Password').fill('correct horse')
      await page.getByRole('button', { name: 'Sign up', exact: true }).click()
      await page.getByText('Nothing to do. Add a task above.').waitFor()
      await isLive(page)

      await page.getByLabel('Add a task').fill('Buy milk !high #home tomorrow')
      assert.deepEqual(
        (await page.locator('#chips .chip').allInnerTexts()).map((each) =>
          each.replace(/ ×[^]*/, '').replace(/, .*/, ''),
        ),
        ['High priority', '#home', 'Due tomorrow'],
      )
      await page.getByRole('button', { name: /High priority/ }).click()
      await page.keyboard.press('Enter')
      await add(page, 'Read the report')
      await shows(page, ['Read the report', 'Buy milk !high'])

      await page.getByRole('button', { name: 'Buy milk !high', exact: true }).click()
      await page.getByRole('textbox', { name: 'Title' }).fill('Buy oat milk')
      await page.locator('.edit [name=priority]').selectOption('URGENT')
      await page.getByRole('button', { name: 'Save' }).click()
      await shows(page, ['Read the report', 'Buy oat milk'])
      await page.getByText('Urgent priority').waitFor()

      await page.getByRole('checkbox', { name: 'Complete Read the report' }).click()
      await shows(page, ['Buy oat milk'])
      await page.getByRole('link', { name: 'Done' }).click()
      await shows(page, ['Read the report'])
      assert.match(page.url(), /\?completed=true&sort=-updatedAt$/)
      await page.goBack()
      await shows(page, ['Buy oat milk'])
      await page.getByRole('searchbox').fill('report')
      await page.getByText('No task here matches “report”.').waitFor()
      await page.getByRole('link', { name: 'All', exact: true }).click()
      await shows(page, ['Read the report'])
      await page.getByRole('searchbox').fill('')
      await shows(page, ['Read the report', 'Buy oat milk'])
      await page.reload()
      await shows(page, ['Read the report', 'Buy oat milk'])
      await page.getByRole('button', { name: '#home', exact: true }).click()
      await shows(page, ['Buy oat milk'])
      await page.locator('.task').hover()
      await page.getByRole('button', { name: 'Delete Buy oat milk' }).click()
      await page.getByText('No tasks here.').waitFor()

      assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      assert.deepEqual(
        requests.filter((url) => !url.startsWith(world.url) && !url.startsWith('data:')),
        [],
      )
      assert.deepEqual(complaints, [])
      await context.close()
    })
  }

  test('a change in one tab is in the other within a second, and a sign-out ends both', async () => {
    const user = await world.signUp()
    const context = await signedIn(user)
    const [one, two] = [await openTab(context, world.url), await openTab(context, world.url)]
    for (const { page } of [one, two]) await isLive(page)
    await add(one.page, 'Shared')
    const started = Date.now()
    await two.page.getByText('Shared').waitFor({ timeout: 5_000 })
    assert.ok(Date.now() - started < 1_000, `${Date.now() - started} ms`)
    await two.page.getByRole('checkbox').click()
    await one.page.getByText('Nothing to do').waitFor({ timeout: 5_000 })
    await two.page.getByRole('button', { name: 'Sign out' }).click()
    for (const { page } of [one, two]) await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.deepEqual([one.complaints, two.complaints], [[], []])
    await context.close()
  })

  test('two tabs that write at the same time lose no write, and each takes back its own', async () => {
    const user = await world.signUp()
    const context = await signedIn(user)
    const tabs = [await openTab(context, world.url), await openTab(context, world.url)]
    for (const { page } of tabs) await isLive(page)
    const names = tabs.map((_, tab) => Array.from({ length: 10 }, (_each, n) => `${tab}.${n}`))
    await Promise.all(
      tabs.map(async ({ page }, tab) => {
        for (const name of names[tab] ?? []) await add(page, name)
      }),
    )
    for (const { page } of tabs) await isSent(page)
    assert.deepEqual((await stored(user)).sort(), names.flat().sort())
    // Some of them were sent by the other tab.
    for (const { page } of tabs) {
      for (const _ of names[0] ?? []) await page.getByRole('button', { name: 'Undo', exact: true }).first().click()
    }
    for (const { page } of tabs) {
      await shows(page, [])
      await isSent(page)
    }
    assert.deepEqual(await stored(user), [])
    await context.close()
  })

  test('a write is sent also if it is made between the last answer and the release of the lock', async () => {
    const user = await world.signUp()
    const context = await signedIn(user)
    await context.addInitScript(`{
      const request = navigator.locks.request.bind(navigator.locks)
      navigator.locks.request = (name, work) => request(name, () => work().then(() => window.held))
    }`)
    const { page } = await openTab(context, world.url)
    await isLive(page)
    await page.evaluate('void (window.held = new Promise((resolve) => (window.release = resolve)))')
    await add(page, 'first')
    await isSent(page)
    await add(page, 'second')
    await page.evaluate('release()')
    await isSent(page)
    assert.deepEqual((await stored(user)).sort(), ['first', 'second'])
    await context.close()
  })

  test('an answer that arrives after the event of a later change does not bring the task back', async () => {
    const user = await world.signUp()
    const api = async (method: string, path: string, body: object) =>
      (await world.ask(method, `/api/tasks${path}`, { token: user.token, body })).json
    const other = await api('POST', '', { title: 'Other' })
    const context = await signedIn(user)
    const { page } = await openTab(context, world.url)
    await isLive(page)
    const held = Promise.withResolvers<void>()
    const created = Promise.withResolvers<string>()
    await context.route('**/api/tasks', async (route) => {
      const response = await route.fetch()
      created.resolve((await response.json()).id)
      await held.promise
      await route.fulfill({ response })
    })
    await add(page, 'Late')
    await api('PATCH', `/${await created.promise}/complete`, { completed: true })
    await api('PATCH', `/${other.id}`, { title: 'Both events have arrived' })
    await page.getByText('Both events have arrived').waitFor()
    held.resolve()
    await isSent(page)
    await shows(page, ['Both events have arrived'])
    await context.close()
  })

  test('what is typed while the service is unreachable waits, survives a reload, and is sent exactly once', async () => {
    const user = await world.signUp()
    const context = await signedIn(user)
    const { page } = await openTab(context, world.url)
    await isLive(page)
    let lost = 0
    // The first creation arrives, and its answer is lost.
    await context.route('**/api/**', async (route) => {
      if (route.request().method() === 'POST' && lost++ === 0) await route.fetch()
      await route.abort()
    })
    await add(page, 'first')
    await page.getByText('Offline. 1 change is kept').waitFor()
    await add(page, 'second')
    await page.getByRole('checkbox', { name: 'Complete first' }).click()
    await page.getByText('Offline. 3 changes are kept').waitFor()
    await shows(page, ['second'])
    assert.equal(await page.getByText('Waiting', { exact: true }).count(), 1)
    await page.getByLabel('Add a task').fill('half a line')
    await page.reload()
    await shows(page, ['second'])
    assert.equal(await page.getByLabel('Add a task').inputValue(), 'half a line')
    await context.unroute('**/api/**')
    await page.getByText('Live').waitFor({ timeout: 30_000 })
    await isSent(page)
    assert.deepEqual((await stored(user)).sort(), ['first', 'second'])
    await context.close()
  })

  test('a conflict shows both versions, and the user decides', async () => {
    const user = await world.signUp()
    const create = async (title: string) =>
      (await world.ask('POST', '/api/tasks', { token: user.token, body: { title } })).json
    const { id } = await create('Original')
    const context = await signedIn(user)
    const { page } = await openTab(context, world.url)
    await isLive(page)
    const conflict = async (mine: string, theirs: string): Promise<void> => {
      await page.locator('#list .title').first().click()
      await page.getByRole('textbox', { name: 'Title' }).fill(mine)
      await world.ask('PATCH', `/api/tasks/${id}`, { token: user.token, body: { title: theirs } })
      await page.getByRole('button', { name: 'Save' }).click()
      const card = page.locator('.trouble')
      await card.waitFor()
      await page.getByText('A change needs your decision.').waitFor()
      const text = await card.innerText()
      assert.ok(text.includes(mine) && text.includes(theirs), text)
    }
    await conflict('mine 1', 'theirs 1')
    await page.getByRole('button', { name: 'Keep theirs' }).click()
    await shows(page, ['theirs 1'])
    await conflict('mine 2', 'theirs 2')
    await page.getByRole('button', { name: 'Use mine' }).click()
    await shows(page, ['mine 2'])
    await conflict('mine 3', 'theirs 3')
    await page.getByRole('button', { name: 'Keep both' }).click()
    await shows(page, ['mine 3', 'theirs 3'])
    // A change of another field is no conflict.
    await page.getByRole('button', { name: 'theirs 3', exact: true }).click()
    await page.getByLabel('Notes').fill('my note')
    await world.ask('PATCH', `/api/tasks/${id}`, { token: user.token, body: { priority: 'HIGH' } })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('my note').waitFor()
    await page.getByText('High priority').waitFor()
    await isSent(page)
    const { json } = await world.ask('GET', `/api/tasks/${id}`, { token: user.token })
    assert.deepEqual([json.priority, json.description], ['HIGH', 'my note'])
    await context.close()
  })

  test('the last change is undone by the button, the message or Ctrl+Z, sent or not, and by the history', async () => {
    const user = await world.signUp()
    const context = await signedIn(user)
    const { page, complaints } = await openTab(context, world.url)
    await isLive(page)
    const undo = page.locator('#undo')
    assert.equal(await undo.isDisabled(), true)
    for (const title of ['one', 'two', 'three']) await add(page, title)
    await shows(page, ['three', 'two', 'one'])
    await page.getByRole('checkbox', { name: 'Complete two' }).click()
    await shows(page, ['three', 'one'])
    await page.locator('#toast').getByRole('button', { name: 'Undo' }).click()
    await shows(page, ['three', 'two', 'one'])
    await page.keyboard.press('Control+z')
    await shows(page, ['two', 'one'])
    await page.getByRole('button', { name: 'one', exact: true }).click()
    await page.getByRole('textbox', { name: 'Title' }).fill('ONE')
    await page.keyboard.press('Enter')
    await shows(page, ['two', 'ONE'])
    await undo.click()
    await shows(page, ['two', 'one'])
    // A change that was never sent is just removed.
    await context.route('**/api/tasks**', (route) => route.abort())
    await add(page, 'four')
    await add(page, 'five')
    await shows(page, ['five', 'four', 'two', 'one'])
    await undo.click()
    await shows(page, ['four', 'two', 'one'])
    // The service may have executed the other one, so it is undone after it was repeated.
    await undo.click()
    await context.unroute('**/api/tasks**')
    await shows(page, ['two', 'one'])
    assert.deepEqual(await stored(user), ['two', 'one'])
    assert.ok(
      complaints.every((each) => each.includes('ERR_FAILED')),
      complaints.join('\n'),
    )

    await page.goto(`${world.url}/account`)
    const history = page.getByRole('region', { name: 'History' })
    const entry = history.getByRole('listitem').filter({ hasText: 'Added “one”' })
    await entry.getByRole('button', { name: 'Undo' }).click()
    await history.getByText('Undone. The undo is a change too').waitFor()
    assert.deepEqual(await stored(user), ['two'])
    await context.close()
  })

  test('an undo that would overwrite a later change is refused, and the page says why', async () => {
    const user = await world.signUp()
    const { json } = await world.ask('POST', '/api/tasks', { token: user.token, body: { title: 'first' } })
    const context = await signedIn(user)
    const { page } = await openTab(context, world.url)
    await isLive(page)
    await page.getByRole('button', { name: 'first', exact: true }).click()
    await page.getByRole('textbox', { name: 'Title' }).fill('second')
    await page.keyboard.press('Enter')
    await isSent(page)
    await world.ask('PATCH', `/api/tasks/${json.id}`, { token: user.token, body: { title: 'third' } })
    await shows(page, ['third'])
    await page.locator('#undo').click()
    const card = page.locator('.trouble')
    await card.getByRole('heading', { name: '“first” was not undone' }).waitFor()
    await card.getByRole('button', { name: 'Close' }).click()
    await shows(page, ['third'])
    await context.close()
  })

  test('everything works by the keyboard alone', async () => {
    const user = await world.signUp()
    const context = await signedIn(user)
    const { page, complaints } = await openTab(context, world.url)
    await isLive(page)
    const press = (...keys: string[]) =>
      keys.reduce((last, key) => last.then(() => page.keyboard.press(key)), Promise.resolve())
    const type = (text: string) => page.keyboard.type(text)
    await press('?')
    await page.getByRole('heading', { name: 'Keyboard' }).waitFor()
    await press('Escape', 'n')
    for (const each of ['one', 'two', 'three']) {
      await type(each)
      await press('Enter')
    }
    await shows(page, ['three', 'two', 'one'])
    await press('Escape', 'j', 'j', 'e')
    await type('TWO')
    await press('Enter')
    await shows(page, ['three', 'TWO', 'one'])
    await press('k', 'x')
    await shows(page, ['TWO', 'one'])
    await press('ArrowDown', 'Delete')
    await shows(page, ['TWO'])
    await press('Control+z')
    await shows(page, ['TWO', 'one'])
    await press('Delete')
    await shows(page, ['one'])
    await press('u')
    await shows(page, ['TWO', 'one'])
    await press('4')
    await shows(page, ['three'])
    await press('/')
    await type('nothing')
    await page.getByText('No task here matches “nothing”.').waitFor()
    await press('Escape', '5')
    assert.deepEqual(complaints, [])
    await context.close()
  })

  test('markup in every field is shown and never executed', async () => {
    const evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    const user = await world.signUp()
    await world.asOwner((sql) => sql.query('update users set name = $2 where id = $1', [user.id, evil]))
    const body = { title: evil, description: evil, tags: [evil.slice(0, 45)], dueDate: '2026-01-01T00:00:00Z' }
    await world.ask('POST', '/api/tasks', { token: user.token, body })
    const context = await signedIn(user)
    const { page, complaints } = await openTab(context, world.url)
    await isLive(page)
    await page.locator('#list .title').click()
    assert.equal(await page.getByRole('textbox', { name: 'Title' }).inputValue(), evil)
    await page.keyboard.press('Escape')
    await add(page, `${evil} #${evil.replace(/ /g, '').slice(0, 40)}`)
    await page.locator('#list .tag').first().click()
    await page.locator('#filters .chip').waitFor()
    assert.equal(await page.locator('img, main script').count(), 0)
    assert.deepEqual(complaints, [])
    await context.close()
  })

  test('ten thousand tasks are read page by page while the list is scrolled', async () => {
    const user = await world.signUp()
    await world.asOwner(async (sql) => {
      await sql.query(
        `insert into tasks (id, user_id, title, created_at)
         select gen_random_uuid(), $1, 'task ' || n, now() - n * interval '1 second' from generate_series(1, 10000) n`,
        [user.id],
      )
    })
    const context = await signedIn(user)
    const { page, requests } = await openTab(context, world.url)
    await isLive(page)
    const loaded = () => page.locator('#list .task').count()
    assert.ok((await loaded()) <= 300)
    for (let round = 0; round < 8; round++) {
      const before = await loaded()
      await page.evaluate('scrollTo(0, document.body.scrollHeight)')
      assert.ok(await comesTrue(page, `titles().length > ${before}`))
    }
    // A window that is scrolled to the end in the frame in which rows come never stops.
    await page.evaluate(`new MutationObserver((_, observer) => {
      if (document.querySelectorAll('#list .task').length >= 1500) observer.disconnect()
      else scrollTo(0, document.body.scrollHeight)
    }).observe(document.querySelector('#list'), { childList: true, subtree: true })`)
    await page.evaluate('scrollTo(0, document.body.scrollHeight)')
    assert.ok(await comesTrue(page, 'titles().length >= 1500'))
    assert.equal(new Set(await titles(page)).size, await loaded())
    assert.ok(requests.filter((url) => url.includes('/api/tasks?')).every((url) => url.includes('limit=100')))

    // Rows are in chunks. A new row moves one of each chunk into the next, and the focus moves with it.
    const lastOfChunk = page.locator('#list .chunk').first().locator('.task').last()
    await lastOfChunk.focus()
    const before = await titles(page)
    await world.ask('POST', '/api/tasks', { token: user.token, body: { title: 'the newest' } })
    assert.ok(await comesTrue(page, `titles()[0] === 'the newest'`))
    assert.deepEqual(await titles(page), ['the newest', ...before])
    const focused = (): Promise<string> => page.evaluate(`document.activeElement.querySelector('.title').textContent`)
    assert.equal(await focused(), before[99])
    await page.keyboard.press('ArrowUp')
    assert.equal(await focused(), before[98])
    await page.keyboard.press('ArrowDown')
    assert.equal(await focused(), before[99])
    await context.close()
  })

  test('loads with at most six requests', async () => {
    const context = await signedIn(await world.signUp())
    const { page, requests } = await openTab(context, world.url)
    await isLive(page)
    assert.ok(requests.filter((url) => !url.startsWith('data:')).length <= 6, requests.join('\n'))
    await context.close()
  })
})
