import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Locator, Page } from 'playwright-core'
import { consent, exchange, newPkce, register, requestOf } from '../src/oauth/client.testing.ts'
import { authorize, execute, findChromium, launch, NO_CHROMIUM, SIZES, visit, type Size } from './browser.ts'
import { openWorld } from './world.ts'

/**
 * `npm run screenshots` recreates docs/screenshots, and `npm run screenshots -- consent` only those of one subject. It needs Chromium,
 * and Debian's pngquant to reduce the size of the files.
 */

const DIRECTORY = fileURLToPath(new URL('../docs/screenshots/', import.meta.url))

const executable = findChromium()
if (executable === undefined) throw new Error(NO_CHROMIUM)

await using world = await openWorld()
const browser = await launch(executable)

const showTop = (element: { scrollIntoView(): void }): void => element.scrollIntoView()

async function shoot(page: Page | Locator, name: string): Promise<void> {
  const path = `${DIRECTORY}${name}.png`
  await page.screenshot({ path })
  execFileSync('pngquant', ['--force', '--strip', '--quality=60-90', '--output', path, '64', path])
}

const SUBJECTS = { docs: shootDocs, people: shootPeople, consent: shootConsent }
const wanted = process.argv.slice(2)
for (const [subject, shootSubject] of Object.entries(SUBJECTS)) {
  if (wanted.length === 0 || wanted.includes(subject)) await shootSubject()
}
await browser.close()

/** Swagger UI and Redoc. */
async function shootDocs(): Promise<void> {
  const { token } = await world.signUp()
  for (const size of Object.keys(SIZES) as Size[]) {
    {
      await using visited = await visit(browser, `${world.url}/docs`, size)
      const { page } = visited
      await authorize(page, token)
      await shoot(page, `docs-${size}`)
      await execute(page, 'tasks', 'createTask')
      await page.locator('#operations-tasks-createTask .live-responses-table').evaluate(showTop)
      await shoot(page, `docs-tried-${size}`)
    }
    await using visited = await visit(browser, `${world.url}/redoc#/tasks/createtask`, size)
    const heading = visited.page.getByRole('heading', { name: 'Create a task' })
    await heading.waitFor()
    await visited.page.waitForLoadState('networkidle')
    // The search is the last part that becomes ready.
    if (size === 'desktop') await visited.page.getByText('Search').first().waitFor()
    await heading.evaluate(showTop)
    await shoot(visited.page, `redoc-${size}`)
  }
}

/** The page for people as the README shows it: a desktop in light colours and a phone in dark ones. */
async function shootPeople(): Promise<void> {
  const user = await world.signUp('Ada')
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  const tasks = [
    { title: 'Renew the passport', tags: ['home'], dueDate: `${day(-2)}T21:59:00Z` },
    { title: 'Plan the summer holiday', description: 'Trains are cheaper three months ahead', tags: ['family'] },
    { title: 'Water the plants', dueDate: `${day(0)}T23:59:00Z` },
    { title: 'Send the invoice', priority: 'URGENT', tags: ['work'], dueDate: `${day(1)}T16:00:00Z` },
    { title: 'Read the report on bridges', priority: 'LOW', tags: ['work', 'reading'] },
    { title: 'Buy oat milk', priority: 'HIGH', tags: ['home', 'errands'], dueDate: `${day(1)}T23:59:00Z` },
  ]
  for (const body of tasks) await world.ask('POST', '/api/tasks', { token: user.token, body })
  for (const [size, colorScheme] of [
    ['desktop', 'light'],
    ['phone', 'dark'],
  ] as const) {
    const viewport = size === 'desktop' ? { width: 1024, height: 700 } : SIZES.phone
    const context = await browser.newContext({ viewport, colorScheme, timezoneId: 'UTC' })
    const { email, password } = user
    await context.request.post(`${world.url}/api/auth/sign-in/email`, { data: { email, password } })
    const page = await context.newPage()
    await page.goto(world.url)
    await page.locator('#status.live').waitFor()
    if (size === 'desktop') await page.getByLabel('Add a task').fill('Call the dentist !high #health tomorrow 9:30')
    await shoot(page, `tasks-${colorScheme}`)
    await context.close()
  }
}

/** The page of consent, and the list of connected apps, as docs/agents.md shows them. */
async function shootConsent(): Promise<void> {
  const [email, password, redirectUri] = ['ada@example.com', 'correct horse', 'https://claude.ai/api/mcp/auth_callback']
  const { json } = await world.ask('POST', '/api/auth/sign-up/email', { body: { name: 'Ada', email, password } })
  const user = { id: json.user.id, email, password, token: json.token }
  const clientId = await register(world, { client_name: 'Claude', redirect_uris: [redirectUri] })
  const pkce = newPkce()
  const asked = { clientId, pkce, changes: { redirect_uri: redirectUri, scope: 'tasks:read tasks:write' } }

  const context = await browser.newContext({ viewport: { width: 640, height: 710 }, colorScheme: 'light' })
  await context.request.post(`${world.url}/api/auth/sign-in/email`, { data: { email, password } })
  const page = await context.newPage()
  await page.goto(`${world.url}/consent?${requestOf(asked)}`)
  await page.getByRole('button', { name: 'Allow' }).waitFor()
  await shoot(page, 'consent-light')

  const code = await consent(world, user, asked)
  await exchange(world, { code, clientId, pkce }, { redirect_uri: redirectUri })
  await page.goto(`${world.url}/account`)
  const section = page.locator('#apps')
  await section.getByRole('button', { name: 'Disconnect' }).waitFor()
  await shoot(section, 'apps-light')
  await context.close()
}
