import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Request } from 'playwright-core'
import type { User } from './users.ts'

/** A user who decides about an app in Chromium, and the program that waits for the answer, for tests. */

/** For one step of a browser or of a program, on a busy machine. */
export const STEP_LIMIT_MS = 30_000

export interface Decision {
  readonly user: User
  /** What the user chooses; all that the app asks for if left out. */
  readonly scopes?: readonly string[]
}

export interface Asked {
  /** What the page says. */
  readonly text: string
  readonly scopes: readonly string[]
}

/** Opens the page at which an app sends its user, signs in if there is no session, and allows. It returns when the app has the answer. */
export async function allow(context: BrowserContext, url: string, { user, scopes }: Decision): Promise<Asked> {
  const page = await context.newPage()
  page.setDefaultTimeout(STEP_LIMIT_MS)
  await page.goto(url)
  const [signIn, button] = [page.getByLabel('E-mail'), page.getByRole('button', { name: 'Allow' })]
  await signIn.or(button).first().waitFor()
  if (await signIn.isVisible()) {
    await signIn.fill(user.email)
    await page.getByLabel('Password').fill(user.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await button.waitFor()
  }
  const text = await page.locator('main').innerText()
  const asked: string[] = []
  for (const choice of await page.getByRole('checkbox').all()) {
    const scope = (await choice.getAttribute('value')) ?? ''
    asked.push(scope)
    await choice.setChecked(scopes?.includes(scope) ?? true)
  }
  const redirectUri = new URL(url).searchParams.get('redirect_uri') ?? ''
  const isAnswer = (request: Request): boolean => request.url().startsWith(`${redirectUri}?`)
  // A program may end its server as soon as it has the answer.
  const answered = Promise.race([
    page.waitForEvent('requestfinished', isAnswer),
    page.waitForEvent('requestfailed', isAnswer),
  ])
  await Promise.all([answered, button.click()])
  await page.close()
  return { text, scopes: asked }
}

/** A program on the device of the user. */
export interface Callback extends AsyncDisposable {
  readonly redirectUri: string
  /** The next answer that a browser brings. */
  next(this: void): Promise<URLSearchParams>
}

export async function openCallback(): Promise<Callback> {
  const server = createServer(({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    response.setHeader('content-type', 'text/html').end('<title>Connected</title>')
    if (pathname === '/callback') server.emit('answer', searchParams)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // The address of a server that listens on a port has this type.
  const { port } = server.address() as AddressInfo
  return {
    redirectUri: `http://127.0.0.1:${port}/callback`,
    next: async () => {
      const [answer] = (await once(server, 'answer', { signal: AbortSignal.timeout(STEP_LIMIT_MS) })) as [
        URLSearchParams,
      ]
      return answer
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
