import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Page, Route } from 'playwright-core'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import type { Answer, User } from '../../test/world.ts'
import { add, comesTrue, isLive, isSent, openPeople, openTab, type People } from './people.testing.ts'

/** What the page for people does when the service refuses, in Chromium. */

suite(
  'the page for people after a refusal, in a browser',
  { skip: findChromium() === undefined && NO_CHROMIUM },
  () => {
    let people: People
    before(async () => {
      people = await openPeople()
    })
    after(() => people[Symbol.asyncDispose]())

    const stored = async ({ token }: User): Promise<Answer['json']> =>
      (await people.world.ask('GET', '/api/tasks', { token })).json
    const titlesOf = async (user: User): Promise<string[]> =>
      (await stored(user)).map(({ title }: { title: string }) => title)
    async function openList(user: User): Promise<Page> {
      const { page } = await openTab(await people.signedIn(user), people.world.url)
      await isLive(page)
      return page
    }

    test('shows what was refused and why, and the user corrects it in its place, also after a reload', async () => {
      const user = await people.world.signUp()
      const page = await openList(user)
      const long = 'x'.repeat(210)
      await add(page, `${long} !high #home`)
      const card = page.locator('.trouble')
      await card.getByText('title must have at most 200 characters').waitFor()
      assert.match(await card.innerText(), /was not added[^]*Priority[^]*High[^]*Tags[^]*#home/)
      await page.getByText('A change needs your decision.').waitFor()
      const row = page.locator('#list .task')
      await row.getByText('Not saved').waitFor()
      assert.equal(await row.getByText('Waiting').count(), 0)
      await page.reload()
      await page.getByRole('link', { name: 'Done' }).click()
      await row.getByText('Not saved').waitFor()
      await card.getByRole('button', { name: 'Edit' }).click()
      const title = page.getByRole('textbox', { name: 'Title' })
      assert.equal(await title.inputValue(), long)
      await title.fill('short')
      await page.keyboard.press('Enter')
      await isSent(page)
      assert.equal(await card.count(), 0)
      assert.partialDeepStrictEqual(await stored(user), [{ title: 'short', priority: 'HIGH', tags: ['home'] }])
      await page.context().close()
    })

    test('sends a refused task again, discards it, undoes it, and deletes it, as the user wants', async () => {
      const user = await people.world.signUp()
      const page = await openList(user)
      const refuse = (route: Route) =>
        route.request().method() === 'POST'
          ? route.fulfill({ status: 409, json: { code: 'full', detail: 'There is no place' } })
          : route.continue()
      const card = page.locator('.trouble')
      const refused = async (line: string): Promise<void> => {
        await page.route('**/api/tasks', refuse)
        await add(page, line)
        await card.getByText('There is no place').waitFor()
        await page.unroute('**/api/tasks', refuse)
      }
      await refused('again')
      await card.getByRole('button', { name: 'Send again' }).click()
      await isSent(page)
      assert.deepEqual(await titlesOf(user), ['again'])
      for (const end of [
        () => card.getByRole('button', { name: 'Discard' }).click(),
        () => page.keyboard.press('Control+z'),
        async () => {
          await page.locator('#list .task').first().hover()
          await page.getByRole('button', { name: 'Delete gone' }).click()
        },
      ]) {
        await refused('gone')
        await page.keyboard.press('Escape')
        await page.locator('#list .task').first().focus()
        await end()
        await card.waitFor({ state: 'detached' })
        await isSent(page)
        assert.ok(await comesTrue(page, 'titles().length === 1'))
      }
      // What was discarded is no step of the undo.
      await page.keyboard.press('Control+z')
      await isSent(page)
      assert.deepEqual(await titlesOf(user), [])
      await page.context().close()
    })

    test('corrects a refused change, and offers a new task in the place of one that is gone', async () => {
      const user = await people.world.signUp()
      const { id } = (await people.world.ask('POST', '/api/tasks', { token: user.token, body: { title: 'one' } })).json
      const page = await openList(user)
      const card = page.locator('.trouble')
      const save = async (field: string, value: string): Promise<void> => {
        await page.getByLabel(field).fill(value)
        await page.getByRole('button', { name: 'Save' }).click()
      }
      await page.getByRole('button', { name: 'one', exact: true }).click()
      await save('Tags, separated by commas', 'x'.repeat(60))
      await card.getByText('at most 50 characters').waitFor()
      await card.getByRole('button', { name: 'Edit' }).click()
      await save('Tags, separated by commas', 'fine')
      await isSent(page)
      assert.partialDeepStrictEqual(await stored(user), [{ title: 'one', tags: ['fine'] }])

      await page.route('**/api/events**', (route) => route.abort())
      await page.getByRole('button', { name: 'one', exact: true }).click()
      await page.route('**/api/tasks/*', async (route) => {
        await people.world.ask('DELETE', `/api/tasks/${id}`, { token: user.token })
        await route.continue()
      })
      await save('Notes', 'typed')
      await card.getByRole('button', { name: 'Add as a new task' }).waitFor()
      assert.equal(await card.getByRole('button', { name: 'Edit' }).count(), 0)
      const added = page.waitForResponse((response) => response.request().method() === 'POST')
      await card.getByRole('button', { name: 'Add as a new task' }).click()
      await card.waitFor({ state: 'detached' })
      await added
      assert.partialDeepStrictEqual(await stored(user), [{ title: 'one', description: 'typed', tags: ['fine'] }])
      await page.context().close()
    })

    test('sends nothing before the time that Retry-After names, from any tab, also after a reload', async () => {
      const user = await people.world.signUp()
      const context = await people.signedIn(user)
      const { page } = await openTab(context, people.world.url)
      await isLive(page)
      const sent: number[] = []
      await context.route('**/api/tasks', (route) => {
        if (route.request().method() !== 'POST') return route.continue()
        sent.push(Date.now())
        return sent.length === 1
          ? route.fulfill({ status: 429, headers: { 'retry-after': '8' }, json: { code: 'too_many_requests' } })
          : route.continue()
      })
      await add(page, 'first')
      await page.getByText('The service is busy. 1 change is kept in this browser and sent in a moment.').waitFor()
      await add(page, 'second')
      const other = (await openTab(context, people.world.url)).page
      await other.locator('#list .task').first().waitFor()
      await add(other, 'third')
      await page.reload()
      for (const each of [page, other]) await isSent(each)
      assert.deepEqual((await titlesOf(user)).sort(), ['first', 'second', 'third'])
      const [first = 0, second = 0] = sent
      assert.equal(sent.length, 4)
      assert.ok(second - first >= 7_900, `${second - first} ms`)
      await context.close()
    })

    test('names the parts of its address that it does not understand, and leaves them out', async () => {
      const context = await people.signedIn(await people.world.signUp())
      const query = '?completed=maybe&priority=high&q=milk&<img src=x onerror=alert(1)>'
      const { page, complaints } = await openTab(context, `${people.world.url}/${query}`)
      const notice = page.locator('#unknown')
      assert.match(
        await notice.innerText(),
        /left out: completed=maybe, priority=high, <img src=x onerror=alert\(1\)>$/,
      )
      await isLive(page)
      assert.equal(new URL(page.url()).search, '?q=milk')
      await page.getByRole('link', { name: 'All', exact: true }).click()
      assert.equal(await notice.count(), 0)
      assert.deepEqual(complaints, [])
      await context.close()
    })
  },
)
