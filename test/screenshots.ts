import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { authorize, execute, findChromium, launch, NO_CHROMIUM, SIZES, visit, type Size } from './browser.ts'
import { openWorld } from './world.ts'

/** `npm run screenshots` recreates docs/screenshots. It needs Chromium, and Debian's pngquant to reduce the size of the files. */

const DIRECTORY = fileURLToPath(new URL('../docs/screenshots/', import.meta.url))

const executable = findChromium()
if (executable === undefined) throw new Error(NO_CHROMIUM)

await using world = await openWorld()
const { token } = await world.signUp()
const browser = await launch(executable)

const showTop = (element: { scrollIntoView(): void }): void => element.scrollIntoView()

async function shoot(page: Page, name: string): Promise<void> {
  const path = `${DIRECTORY}${name}.png`
  await page.screenshot({ path })
  execFileSync('pngquant', ['--force', '--strip', '--quality=60-90', '--output', path, '64', path])
}

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
await browser.close()
