import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import type { Answer, User } from '../../test/world.ts'
import { connect, register, TRUSTING, type Connected } from '../oauth/client.testing.ts'
import { faultsOf, openPeople, openTab, type People, type Tab } from './people.testing.ts'

/** The connected apps of the page of the account, and the undo of what they did, in Chromium. */

suite('connected apps, in a browser', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  let people: People
  before(async () => {
    people = await openPeople(TRUSTING)
  })
  after(() => people[Symbol.asyncDispose]())

  const ask = async (token: string, method: string, path: string, body?: object): Promise<Answer> => {
    const answer = await people.world.ask(method, path, { token, ...(body !== undefined && { body }) })
    assert.ok(answer.status < 300, answer.text)
    return answer
  }
  const connected = async (user: User, fields: object = {}): Promise<Connected> =>
    connect(people.world, user, 'tasks:read tasks:write', await register(people.world, fields))

  async function openAccount(user: User, width?: number): Promise<Tab & { readonly apps: Locator }> {
    const tab = await openTab(await people.signedIn(user, width), `${people.world.url}/account`)
    const apps = tab.page.getByRole('region', { name: 'Connected apps', exact: true })
    await apps.getByText('How to connect an app').waitFor()
    return { ...tab, apps }
  }

  /** All tasks of a user without what every change increments. */
  async function tasksOf({ token }: User): Promise<ReadonlyMap<string, object>> {
    const tasks: Answer['json'][] = (await ask(token, 'GET', '/api/tasks?limit=200')).json
    return new Map(tasks.map(({ version: _version, updatedAt: _updatedAt, ...task }) => [task.id, task]))
  }
  const titled = async ({ token }: User, title: string): Promise<string> =>
    (await ask(token, 'POST', '/api/tasks', { title })).json.id

  /** Chooses a span in the dialog, and waits for what it shows. */
  async function preview(page: Page, span: string): Promise<Locator> {
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Its changes of').selectOption({ label: span })
    await dialog.getByRole('button', { name: 'Show what that is' }).click()
    await dialog.getByRole('button', { name: 'Another time' }).waitFor()
    return dialog
  }

  test('the changes of a day that an app made are undone from its page', async () => {
    const user = await people.world.signUp()
    const [changed, completed, deleted, batched] = [
      await titled(user, 'changed'),
      await titled(user, 'completed'),
      await titled(user, 'deleted'),
      await titled(user, 'batched'),
    ]
    const before = await tasksOf(user)
    const { access } = await connected(user)
    await ask(access, 'POST', '/api/tasks', { title: 'created' })
    await ask(access, 'PATCH', `/api/tasks/${changed}`, { title: 'x', tags: ['x'], dueDate: '2026-12-24' })
    await ask(access, 'PATCH', `/api/tasks/${completed}/complete`)
    await ask(access, 'DELETE', `/api/tasks/${deleted}`)
    await ask(access, 'POST', '/api/tasks/batch', {
      operations: [
        { op: 'create', task: { title: 'created in a batch' } },
        { op: 'update', id: batched, patch: { priority: 'URGENT' } },
        { op: 'delete', id: batched },
      ],
    })
    assert.notDeepEqual(await tasksOf(user), before)

    const { page, apps, complaints } = await openAccount(user)
    await apps.getByRole('button', { name: 'Undo what it did' }).click()
    const dialog = await preview(page, 'The last 24 hours')
    assert.match(await dialog.innerText(), /6 tasks will be set back/)
    assert.notDeepEqual(await tasksOf(user), before, 'nothing is undone before the user says so')
    await dialog.getByRole('button', { name: 'Undo it' }).click()
    await dialog.getByText('Undone: 6 tasks set back.').waitFor()
    assert.deepEqual(await tasksOf(user), before)
    await dialog.getByRole('button', { name: 'Close' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('region', { name: 'History', exact: true }).getByText('Undid a change of').first().waitFor()
    assert.deepEqual(complaints, [])
  })

  test('show where they are, what they call themselves, what they may do, and end after a second click', async () => {
    const user = await people.world.signUp()
    const { access, clientId } = await connected(user)
    await connect(people.world, user, 'tasks:read', clientId)
    const { page, apps, complaints } = await openAccount(user)
    const text = await apps.getByRole('listitem').first().innerText()
    for (const part of [
      /^app\.example\.com calls itself “Planner”/,
      /Read tasks/,
      /Create, change/,
      /2 connections, the first \d+ \w+ 20\d\d/,
      /last got access \d+ \w+/,
      /expires \d+ \w+/,
    ]) {
      assert.match(text, part)
    }
    await apps.getByRole('button', { name: 'Disconnect' }).click()
    await apps.getByText('It loses its access at once').waitFor()
    assert.equal((await people.world.ask('GET', '/api/tasks', { token: access })).status, 200)
    await apps.getByRole('button', { name: 'Disconnect it?' }).click()
    await apps.getByText('Disconnected.').waitFor()
    await apps.getByText('No app is connected.').waitFor()
    assert.equal((await people.world.ask('GET', '/api/tasks', { token: access })).status, 401)
    assert.deepEqual(complaints, [])
    await page.context().close()
  })

  test('that were disconnected are undone from the history; what the user changed since stays, and is listed', async () => {
    const user = await people.world.signUp()
    const [kept, other] = [await titled(user, 'kept'), await titled(user, 'other')]
    const { access, clientId } = await connected(user)
    const operations = [kept, other].map((id) => ({ op: 'update', id, patch: { title: 'robot', priority: 'HIGH' } }))
    await ask(access, 'POST', '/api/tasks/batch', { operations })
    await ask(user.token, 'PATCH', `/api/tasks/${kept}`, { title: 'mine' })
    await ask(user.token, 'DELETE', `/api/apps/${clientId}`)
    const { page } = await openAccount(user)
    const history = page.getByRole('region', { name: 'History', exact: true })
    await history.getByRole('button', { name: 'Undo all of Planner' }).click()
    const dialog = await preview(page, 'Everything that can be undone')
    await dialog.getByText('2 tasks will be set back').waitFor()
    await dialog.getByText(/“mine”: title was changed later by you, \d+/).waitFor()
    await dialog.getByRole('button', { name: 'Undo it' }).click()
    await dialog.getByText('Undone: 2 tasks set back.').waitFor()
    await dialog.getByText(/“mine”: title was changed later by you, \d+/).waitFor()
    const [first, second] = [(await tasksOf(user)).get(kept), (await tasksOf(user)).get(other)]
    assert.partialDeepStrictEqual(first, { title: 'mine', priority: 'MEDIUM' })
    assert.partialDeepStrictEqual(second, { title: 'other', priority: 'MEDIUM' })
  })

  test('that made more changes than one undo takes are undone in steps, also when they are disconnected', async () => {
    const user = await people.world.signUp()
    await titled(user, 'mine')
    const { access, clientId } = await connected(user)
    const operations = Array.from({ length: 100 }, (_, n) => ({ op: 'create', task: { title: `spam ${n}` } }))
    const batches: Answer['json'][] = []
    for (let batch = 0; batch < 12; batch++) {
      batches.push((await ask(access, 'POST', '/api/tasks/batch', { operations })).json)
    }
    // One task of the first step, and one of the last.
    for (const [batch, title] of [
      [11, 'kept late'],
      [0, 'kept early'],
    ] as const) {
      await ask(user.token, 'PATCH', `/api/tasks/${batches[batch].results[0].task.id}`, { title })
    }
    await ask(user.token, 'DELETE', `/api/apps/${clientId}`)
    const { page } = await openAccount(user)
    const history = page.getByRole('region', { name: 'History', exact: true })
    await history.getByRole('button', { name: 'Undo all of Planner' }).first().click()
    const dialog = await preview(page, 'Today')
    await dialog.getByText('It made 1,200 changes in this time.').waitFor()
    let refusals = 1
    await page.route('**/api/history/undo', (route) =>
      refusals-- > 0
        ? route.fulfill({ status: 429, headers: { 'retry-after': '1' }, json: { code: 'too_many_requests' } })
        : route.continue(),
    )
    await page.evaluate(`{
      globalThis.progress = []
      const watch = () => progress.push(document.querySelector('dialog.undo output')?.textContent)
      new MutationObserver(watch).observe(document.body, { subtree: true, childList: true, characterData: true })
    }`)
    await dialog.getByRole('button', { name: 'Undo it' }).click()
    await dialog.getByRole('button', { name: 'Close' }).waitFor({ timeout: 60_000 })
    const text = await dialog.innerText()
    assert.match(text, /Undone: 1,198 tasks set back\./)
    assert.match(text, /2 tasks stay[^]*“kept late”: title was changed later by you[^]*“kept early”: title was changed/)
    const progress = new Set(JSON.parse(String(await page.evaluate('JSON.stringify(progress)'))))
    for (const text of ['Waiting 1 s for the limit of requests.', '999 tasks set back so far. ']) {
      assert.ok(progress.has(text), [...progress].join('\n'))
    }
    const titles = [...(await tasksOf(user)).values()].map((task) => Object(task).title)
    assert.deepEqual(new Set(titles), new Set(['kept early', 'kept late', 'mine']))
    assert.equal(titles.length, 3)
  })

  test('have a dialog that the keyboard alone opens, uses and closes, and that says when there is nothing to undo', async () => {
    const user = await people.world.signUp()
    await connected(user)
    const { page, apps, complaints } = await openAccount(user)
    await apps.getByRole('button', { name: 'Undo what it did' }).focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Undo what “Planner” did').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await dialog.getByText('There is nothing to undo in this time.').waitFor()
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Another time')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Undo what it did')
    assert.deepEqual(complaints, [])
  })

  test('that are missing are explained, with the address of this service to paste', async () => {
    const user = await people.world.signUp()
    const { page, apps, complaints } = await openAccount(user, 320)
    await apps.getByText('No app is connected.').waitFor()
    const text = await apps.innerText()
    assert.ok(text.includes(`claude mcp add --transport http todo ${people.world.url}/mcp`), text)
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await apps.getByRole('button', { name: 'Copy' }).first().click()
    await apps.getByText('Copied.').waitFor()
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), `${people.world.url}/mcp`)
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'it fits the width')
    assert.deepEqual(complaints, [])
  })

  for (const [width, colorScheme] of [
    [320, 'dark'],
    [1280, 'light'],
  ] as const) {
    test(`have no fault of accessibility at ${width} px, ${colorScheme}, also in the dialog`, async () => {
      const user = await people.world.signUp()
      const id = await titled(user, 'a task with a rather long title that has to be broken somewhere')
      const { access } = await connected(user, { client_name: 'A planner with a rather long name, '.repeat(3) })
      await ask(access, 'PATCH', `/api/tasks/${id}`, { tags: ['x'] })
      await ask(user.token, 'PATCH', `/api/tasks/${id}`, { tags: ['mine'] })
      const { page, apps } = await openAccount(user, width)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await apps.locator('summary').click()
      assert.deepEqual(await faultsOf(page), [])
      await apps.getByRole('button', { name: 'Undo what it did' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Its changes of').waitFor()
      assert.deepEqual(await faultsOf(page), [])
      await preview(page, 'Today')
      await dialog.getByText('tags was changed later by you').waitFor()
      assert.deepEqual(await faultsOf(page), [])
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'it fits the width')
    })
  }
})
