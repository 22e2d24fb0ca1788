import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { findChromium, NO_CHROMIUM } from '../../test/browser.ts'
import { openMailServer } from '../../test/mail-server.ts'
import type { User } from '../../test/world.ts'
import { stripped } from '../lib/browser-script.ts'
import { connect, register, requestOf, TRUSTING } from '../oauth/client.testing.ts'
import { faultsOf, isLive, openPeople, openTab, type People } from './people.testing.ts'

/**
 * Every page with texts that are as long as they may be and have no blank, in narrow and wide windows, with large text, in light and
 * dark colours.
 */

const SCRIPT = stripped(readFileSync(new URL('browser/layout.testing.ts', import.meta.url), 'utf8')).replace(
  'export function',
  'function',
)
const WIDTHS = [320, 390, 1280] as const
const TEXT_SIZES = ['100%', '200%'] as const
/** Colours do not depend on the width, and a narrow window shows what a wide one does. */
const AUDITS = [
  [320, 'dark'],
  [1280, 'light'],
] as const
const long = (length: number): string => 'Wm'.repeat(length / 2)

suite('every page, in a browser', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  const opened = new AsyncDisposableStack()
  let people: People
  let user: User
  let context: BrowserContext
  let visitor: BrowserContext
  before(async () => {
    const { url } = opened.use(await openMailServer())
    people = opened.use(await openPeople({ ...TRUSTING, SMTP_URL: url, MAIL_FROM: 'todo@todo.example' }))
    user = await userWithLongTexts(people)
    context = await people.signedIn(user)
    visitor = await people.browser.newContext()
  })
  after(() => opened.disposeAsync())

  /** Opens a page and brings it into a state. */
  type Opened = () => Promise<Page>
  const at =
    (path: string, prepare?: (page: Page) => Promise<unknown>, of: () => BrowserContext = () => context): Opened =>
    async () => {
      const { page } = await openTab(of(), people.world.url + path)
      await prepare?.(page)
      return page
    }
  const asVisitor = (path: string, prepare?: (page: Page) => Promise<unknown>): Opened =>
    at(path, prepare, () => visitor)

  const PAGES: Readonly<Record<string, Opened>> = {
    'the form to sign in': asVisitor('/', async (page) => {
      await page.getByLabel('E-mail').fill(user.email)
      await page.getByLabel('Password').fill('wrong horse')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.locator('#fault:not(:empty)').waitFor()
    }),
    'the form to sign up': asVisitor('/', async (page) => {
      await page.getByRole('button', { name: 'New here? Sign up' }).click()
      await page.getByRole('button', { name: 'Sign up', exact: true }).click()
      await page.getByText('Enter your name.').waitFor()
    }),
    'the form to sign in for an app': asVisitor('/consent?client_id=x'),
    'the list': at('/?completed=any', async (page) => {
      await isLive(page)
      await page.getByLabel('Add a task').fill(`chips !high #${long(50)} tomorrow`)
    }),
    'the list with an editor': at('/?completed=any', async (page) => {
      await isLive(page)
      await page.locator('#list .title').first().click()
      await page.getByLabel('Notes').waitFor()
    }),
    'the list with a message and changes that wait': at('/', async (page) => {
      await isLive(page)
      await page.route('**/api/tasks/**', (route) => route.abort())
      await page.getByRole('checkbox').first().click()
      await page.getByText('Offline.').waitFor()
      await page.locator('#toast').getByRole('button').waitFor()
      await page.clock.install()
    }),
    'the list with a conflict': at('/?completed=any', async (page) => {
      await isLive(page)
      await conflict(page)
    }),
    'the list without a match': at(`/?q=${long(200)}&tag=${long(50)}&${long(200)}`, isLive),
    'the keys of the list': at('/', async (page) => {
      await isLive(page)
      await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
    }),
    'the account': at('/account', openAll),
    'the dialog of an undo': at('/account', async (page) => {
      await loaded(page)
      await page.getByRole('button', { name: 'Undo what it did' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Its changes of').selectOption({ label: 'Today' })
      await dialog.getByRole('button', { name: 'Show what that is' }).click()
      await dialog.getByText('changed later by you').waitFor()
    }),
    'the consent to an app': async () => {
      const clientId = await register(people.world, { client_name: long(100) })
      const query = requestOf({ clientId, changes: { scope: 'tasks:read tasks:write' } })
      return at(`/consent?${query}`, (page) => page.getByRole('button', { name: 'Allow' }).waitFor())()
    },
    'an app that cannot be connected': at(`/consent?response_type=code&client_id=${long(200)}`),
    'a mail for a new password': asVisitor('/account/forgot-password'),
    'a new password': asVisitor(`/account/reset-password#${'A'.repeat(43)}`, async (page) => {
      await page.getByLabel('New password').fill('another horse')
      await page.getByRole('button').click()
      await page.locator('#fault:not(:empty)').waitFor()
    }),
    'an address to confirm': asVisitor(`/account/verify-email#${'A'.repeat(43)}`),
    'an error code': asVisitor('/problems/invalid_input'),
  }

  async function conflict(page: Page): Promise<void> {
    await page.locator('#list .title').first().click()
    const title = page.getByRole('textbox', { name: 'Title' })
    await title.fill(`mine${long(180)}`)
    const id = await page.locator('.editing').getAttribute('data-id')
    await people.world.ask('PATCH', `/api/tasks/${id}`, { token: user.token, body: { title: `theirs${long(180)}` } })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('.trouble').waitFor()
  }

  for (const [name, open] of Object.entries(PAGES)) {
    test(`${name} fits every width, with large text too, has targets to press, and no fault of accessibility`, async () => {
      const page = await open()
      const found: string[] = []
      await page.emulateMedia({ reducedMotion: 'reduce' })
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 })
        for (const size of TEXT_SIZES) {
          await page.evaluate(`document.documentElement.style.fontSize = '${size}'`)
          const faults: readonly string[] = await page.evaluate(`{ ${SCRIPT}; faultsOfLayout() }`)
          found.push(...faults.map((fault) => `${width} px, ${size}: ${fault}`))
        }
      }
      await page.evaluate(`document.documentElement.style.fontSize = ''`)
      for (const [width, colorScheme] of AUDITS) {
        await page.setViewportSize({ width, height: 800 })
        await page.emulateMedia({ colorScheme })
        found.push(...(await faultsOf(page)).map((fault) => `${width} px, ${colorScheme}: ${fault}`))
      }
      await page.close()
      assert.deepEqual(found, [])
    })
  }
})

const loaded = (page: Page): Promise<void> =>
  page.locator('.content', { hasText: 'Loading…' }).first().waitFor({ state: 'detached' })

/** Everything that the account can show at once. */
async function openAll(page: Page): Promise<void> {
  await loaded(page)
  const section = (name: string) => page.getByRole('region', { name, exact: true })
  const [tokens, webhooks] = [section('Personal tokens'), section('Webhooks')]
  await tokens.getByLabel('Name, such as that of the program').fill(long(100))
  await tokens.getByRole('button', { name: 'Create a token' }).click()
  await tokens.getByText('Copy it now').waitFor()
  await webhooks.getByLabel('URL that receives the events').fill(`https://example.com/${long(500)}`)
  await webhooks.getByLabel('Note, for yourself').fill(long(500))
  await webhooks.getByRole('button', { name: 'Create a webhook' }).click()
  await webhooks.getByText('Copy it now').waitFor()
  await webhooks.getByRole('button', { name: 'Send a test' }).click()
  await webhooks.getByRole('list', { name: 'Deliveries' }).waitFor()
  await section('Connected apps').getByRole('button', { name: 'Disconnect' }).click()
  await section('Trash').getByRole('button', { name: 'Delete', exact: true }).click()
  await page.evaluate(`document.querySelectorAll('details').forEach((each) => { each.open = true })`)
}

/** A user of whom everything is in the account, with long names. */
async function userWithLongTexts({ world, browser }: People): Promise<User> {
  const local = 'w'.repeat(60)
  const email = `${local}@${local}.${local}.example.com`
  const user = { ...(await world.signUp()), email }
  const ask = async (token: string, method: string, path: string, body?: object) => {
    const answer = await world.ask(method, path, { token, ...(body !== undefined && { body }) })
    assert.ok(answer.status < 300, answer.text)
    return answer.json
  }
  await world.asOwner((sql) =>
    sql.query('update users set name = $2, email = $3 where id = $1', [user.id, long(200), email]),
  )
  const due = { dueDate: '2026-01-01T00:00:00Z', priority: 'URGENT', tags: [long(50), 'home'] }
  const task = await ask(user.token, 'POST', '/api/tasks', { title: long(200), description: long(200), ...due })
  await ask(user.token, 'POST', '/api/tasks', { title: 'done', status: 'COMPLETED' })
  const deleted = await ask(user.token, 'POST', '/api/tasks', { title: `x${long(198)}` })
  await ask(user.token, 'DELETE', `/api/tasks/${deleted.id}`)
  const clientId = await register(world, { client_name: long(100) })
  const { access } = await connect(world, user, 'tasks:read tasks:write', clientId)
  await ask(access, 'PATCH', `/api/tasks/${task.id}`, { tags: [long(48)], priority: 'HIGH' })
  await ask(user.token, 'PATCH', `/api/tasks/${task.id}`, { tags: [long(50), 'mine'] })
  await world.asOwner(async (sql) => {
    await sql.query(
      `insert into notifications (user_id, id, kind, task_id, at, created_at) select $1, $2, 'reminder', $3, now(), now()`,
      [user.id, randomUUID(), task.id],
    )
    await sql.query(
      `insert into user_api_keys (user_id, provider, key_id, encrypted_key, masked_key, validation_status)
       values ($1, 'gemini', gen_random_uuid(), repeat('x', 200), 'AIza…aaaa', 'unreachable')`,
      [user.id],
    )
  })
  // A program with a long name.
  const other = await browser.newContext({ userAgent: long(200) })
  const { password } = user
  assert.equal(
    (await other.request.post(`${world.url}/api/auth/sign-in/email`, { data: { email, password } })).status(),
    200,
  )
  await other.close()
  return user
}
