import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { authorize, execute, findChromium, launch, NO_CHROMIUM, SIZES, visit, type Size } from './browser.ts'
import { openWorld, type User, type World } from './world.ts'

const executable = findChromium()
const sizes = Object.keys(SIZES) as Size[]

/** By how many pixels the page can be scrolled to the right. */
const excess = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

/** Elements that overflow the page at the right, except inside of scrollable ones. */
const sticking = (page: Page): Promise<string[]> =>
  page.evaluate(`{
    const scrolls = (element) =>
      element !== null && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement))
    const out = [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !scrolls(element))
      .map((element) => element.outerHTML.slice(0, 100))
    out
  }`)

suite('in a browser', { skip: executable === undefined && NO_CHROMIUM }, () => {
  let world: World
  let browser: Browser
  let user: User
  before(async () => {
    world = await openWorld()
    user = await world.signUp()
    browser = await launch(executable ?? '')
  })
  after(async () => {
    await browser?.close()
    await world?.[Symbol.asyncDispose]()
  })

  for (const size of sizes) {
    test(`/docs fits into ${size} size, and operations that it executes with a token succeed`, async () => {
      await using visited = await visit(browser, `${world.url}/docs`, size)
      const { page, foreign, complaints } = visited
      await page.getByRole('heading', { name: 'todo-backend' }).waitFor()
      await authorize(page, user.token)
      const created = await execute(page, 'tasks', 'createTask')
      assert.equal(created.status, '201')
      const { id } = JSON.parse(created.body)
      const listed = await execute(page, 'tasks', 'listTasks')
      assert.equal(listed.status, '200')
      assert.equal(JSON.parse(listed.body)[0].id, id, 'a list without filters begins with the new task')
      assert.deepEqual([await excess(page), (await sticking(page)).slice(0, 5)], [0, []])
      assert.deepEqual({ foreign, complaints }, { foreign: [], complaints: [] })
    })

    test(`/redoc fits into ${size} size`, async () => {
      await using visited = await visit(browser, `${world.url}/redoc`, size)
      const { page, foreign, complaints } = visited
      await page.getByRole('heading', { name: 'todo-backend' }).waitFor()
      assert.equal(await excess(page), 0)
      await page.goto(`${world.url}/redoc#/tasks/createtask`)
      await page.getByRole('heading', { name: 'Create a task' }).waitFor()
      await page.getByText('A unique name for this request').first().waitFor()
      assert.equal(await excess(page), 0)
      // ReDoc would send telemetry after a delay.
      await page.clock.fastForward('01:00')
      await page.waitForLoadState('networkidle')
      assert.deepEqual({ foreign, complaints }, { foreign: [], complaints: [] })
    })
  }

  test('an operation that is executed without a token is refused, and the page shows the error', async () => {
    await using visited = await visit(browser, `${world.url}/docs`, 'phone')
    const { status, body } = await execute(visited.page, 'tasks', 'listTasks')
    assert.match(status, /^401/)
    assert.equal(JSON.parse(body).code, 'unauthenticated')
  })
})
