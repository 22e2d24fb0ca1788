import assert from 'node:assert/strict'
import axe, { type AxeResults } from 'axe-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { findChromium, launch } from '../../test/browser.ts'
import { openWorld, type User, type World } from '../../test/world.ts'

/** The page for people in Chromium, for tests. */

export interface Tab {
  readonly page: Page
  /** Errors of scripts and of loading, violations of the content security policy, and dialogs of injected scripts. */
  readonly complaints: string[]
  readonly requests: string[]
}

export async function openTab(context: BrowserContext, url: string): Promise<Tab> {
  const page = await context.newPage()
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => {
    complaints.push(dialog.message())
    void dialog.dismiss()
  })
  page.on('request', (request) => requests.push(request.url()))
  await page.goto(url)
  return { page, complaints, requests }
}

/**
 * Waits until an expression about the page is true, at most 10 seconds. Playwright's own function evaluates text in the page, which
 * the content security policy forbids.
 */
export const comesTrue = (page: Page, expression: string): Promise<boolean> =>
  page.evaluate(`new Promise((resolve) => {
    const titles = () => [...document.querySelectorAll('#list .title')].map((each) => each.textContent)
    const check = () => (${expression}) && resolve(true)
    new MutationObserver(check).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })
    setTimeout(() => resolve(false), 10_000)
    check()
  })`)

export const isLive = (page: Page): Promise<void> => page.locator('#status.live').waitFor()

/** Nothing waits to be sent. */
export const isSent = async (page: Page): Promise<void> =>
  assert.ok(await comesTrue(page, `document.querySelector('#status').textContent === 'Live'`))

/** Types a line that adds a task. */
export async function add(page: Page, line: string): Promise<void> {
  await page.getByLabel('Add a task').fill(line)
  await page.keyboard.press('Enter')
}

export interface People extends AsyncDisposable {
  readonly world: World
  readonly browser: Browser
  /** A browser with the session cookie of a user. */
  signedIn(this: void, user: User, width?: number): Promise<BrowserContext>
}

/** @param env of the service */
export async function openPeople(env: Readonly<Record<string, string>> = {}): Promise<People> {
  await using opened = new AsyncDisposableStack()
  const world = opened.use(await openWorld({ env }))
  const browser = await launch(findChromium() ?? '')
  opened.defer(() => browser.close())
  const closing = opened.move()
  return {
    world,
    browser,
    signedIn: async (user, width = 1280) => {
      const context = await browser.newContext({ viewport: { width, height: 800 } })
      const { email, password } = user
      const answer = await context.request.post(`${world.url}/api/auth/sign-in/email`, { data: { email, password } })
      assert.equal(answer.status(), 200)
      return context
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** What axe-core finds: the rule and the elements. */
export async function faultsOf(page: Page): Promise<string[]> {
  // By the debugger, because the content security policy forbids inline scripts.
  await page.evaluate(axe.source)
  const { violations }: AxeResults = await page.evaluate('axe.run(document)')
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
  )
}
