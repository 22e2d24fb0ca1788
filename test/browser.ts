import { delimiter, join } from 'node:path'
import { chromium, type Browser, type Page, type Route } from 'playwright-core'
import { isExecutable } from './executable.ts'

/** An installed Chromium; none is downloaded. */

/** The headless shell has the engine without the surroundings of a window, and takes half the CPU time. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']
export const NO_CHROMIUM = `needs a Chromium: in CHROMIUM_PATH, or ${NAMES.join(' or ')} in PATH`

export const SIZES = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1440, height: 900 },
} as const
export type Size = keyof typeof SIZES

/** @returns its path; undefined if there is none */
export function findChromium(): string | undefined {
  const { CHROMIUM_PATH, PATH = '' } = process.env
  if (CHROMIUM_PATH !== undefined) return CHROMIUM_PATH
  return PATH.split(delimiter)
    .flatMap((directory) => NAMES.map((name) => join(directory, name)))
    .find(isExecutable)
}

export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: ['--disable-dev-shm-usage'] })

export interface Visit extends AsyncDisposable {
  readonly page: Page
  /** URLs at other hosts that the page requested; all of them were blocked. */
  readonly foreign: readonly string[]
  /** Errors in the browser: of scripts, of loading, and violations of the content security policy. */
  readonly complaints: readonly string[]
}

/** @param path the only one of the OpenAPI document that is shown, because a browser needs seconds to show all; default: all */
export async function visit(browser: Browser, address: string, size: Size, path?: string): Promise<Visit> {
  const context = await browser.newContext({ viewport: SIZES[size] })
  const foreign: string[] = []
  const complaints: string[] = []
  const { origin } = new URL(address)
  await context.route('**/*', (route, request) => {
    if (new URL(request.url()).origin === origin) return route.continue()
    foreign.push(request.url())
    return route.abort()
  })
  if (path !== undefined) await context.route('**/openapi.json', (route) => showOnly(path, route))
  const page = await context.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.clock.install()
  await page.goto(address)
  return { page, foreign, complaints, [Symbol.asyncDispose]: () => context.close() }
}

async function showOnly(path: string, route: Route): Promise<void> {
  const response = await route.fetch()
  const document = await response.json()
  await route.fulfill({ response, json: { ...document, paths: { [path]: document.paths[path] } } })
}

/** Enters the token of a session into Swagger UI, as a user would. */
export async function authorize(page: Page, token: string): Promise<void> {
  await page.getByRole('button', { name: 'Authorize' }).first().click()
  const session = page.locator('.auth-container', { hasText: 'session' })
  await session.getByRole('textbox').fill(token)
  await session.getByRole('button', { name: 'Apply credentials' }).click()
  await page.locator('.modal-ux').getByRole('button', { name: 'Close' }).first().click()
}

/** Opens an operation of Swagger UI and executes it without changes. @returns the status and body that the page shows */
export async function execute(page: Page, tag: string, operationId: string): Promise<{ status: string; body: string }> {
  const operation = page.locator(`#operations-${tag}-${operationId}`)
  await operation.locator('.opblock-summary-control').click()
  await operation.getByRole('button', { name: 'Execute' }).click()
  const answer = operation.locator('.live-responses-table tbody')
  await answer.waitFor()
  return {
    status: (await answer.locator('.response-col_status').innerText()).trim(),
    body: await answer.locator('.response-col_description .highlight-code code').first().innerText(),
  }
}
