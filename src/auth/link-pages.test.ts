import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { findChromium, launch, NO_CHROMIUM, SIZES, visit, type Size } from '../../test/browser.ts'
import { openTestDatabase } from '../../test/databases.ts'
import { until } from '../../test/faults/measures.ts'
import { openMailServer, parsedMail, type MailServer } from '../../test/mail-server.ts'
import { startService } from '../../test/service.ts'
import { openWorld, type User, type World } from '../../test/world.ts'
import { runJobs } from '../jobs.ts'

const PAGES = ['/account/forgot-password', '/account/reset-password', '/account/verify-email']
const PASSWORD = 'another horse battery'

const opened = new AsyncDisposableStack()
let server: MailServer
let world: World
before(async () => {
  server = opened.use(await openMailServer())
  // The pages of links are served nevertheless.
  const env = { SMTP_URL: server.url, MAIL_FROM: 'todo@todo.example', PAGES_ENABLED: 'false', JOBS_POLL_SECONDS: '1' }
  world = opened.use(await openWorld({ env }))
  opened.use(await runJobs(world.deps))
  // The timers of jobs do not keep the process alive, so something else must.
  const alive = setInterval(() => undefined, 1000)
  opened.defer(() => clearInterval(alive))
})
after(() => opened.disposeAsync())

suite('a page of a link', () => {
  for (const path of PAGES) {
    test(`${path} runs its own script and style only, cannot be framed or stored, and sends no Referer`, async () => {
      const { status, headers, text } = await world.ask('GET', path)
      assert.equal(status, 200)
      assert.equal(headers.get('content-type'), 'text/html; charset=utf-8')
      assert.deepEqual(
        [headers.get('referrer-policy'), headers.get('cache-control'), headers.get('x-robots-tag')],
        ['no-referrer', 'private, no-store', 'noindex'],
      )
      const hashOf = (tag: string): string => {
        const [, content = ''] = new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`).exec(text) ?? []
        assert.notEqual(content, '')
        return `'sha256-${createHash('sha256').update(content).digest('base64')}'`
      }
      const policy = headers.get('content-security-policy') ?? ''
      assert.ok(policy.startsWith(`default-src 'none'; script-src ${hashOf('script')}; style-src ${hashOf('style')};`))
      assert.match(policy, /; frame-ancestors 'none'$/)
      assert.equal((await world.ask('POST', path, { body: {} })).status, 405)
    })
  }

  test('has a link to sign in only where the pages for people are served', async () => {
    await using people = await openWorld({ env: { SMTP_URL: server.url, MAIL_FROM: 'todo@todo.example' } })
    for (const path of PAGES) {
      assert.doesNotMatch((await world.ask('GET', path)).text, /href="\.\.\/"/, path)
      assert.match((await people.ask('GET', path)).text, /<p id="done" .*hidden>[^<]* <a href="\.\.\/">/, path)
    }
    assert.match((await people.ask('GET', '/')).text, /id="credentials"/)
  })

  test('is the same whatever the query says', async () => {
    for (const path of PAGES) {
      const { text } = await world.ask('GET', `${path}?token=%3Cscript%3Ex%3C/script%3E`)
      assert.equal(text, (await world.ask('GET', path)).text)
    }
  })
})

const executable = findChromium()

suite('in a browser', { skip: executable === undefined && NO_CHROMIUM }, () => {
  let browser: Browser
  let user: User
  before(async () => {
    browser = await launch(executable ?? '')
    user = await world.signUp()
  })
  after(() => browser?.close())

  const linkOf = async (path: string): Promise<string> => {
    await world.ask('POST', `/api/auth/${path}`, { body: { email: user.email } })
    const [, page = ''] = /(\/account\/[\w-]+#[\w-]+)/.exec((await server.next()).text) ?? []
    return `${world.url}${page}`
  }
  const violations = async (page: Page): Promise<string[]> => {
    await page.evaluate(axe.source)
    // The type of axe is not known in the page.
    return page.evaluate('axe.run().then(({ violations }) => violations.map(({ id }) => id))')
  }

  for (const size of Object.keys(SIZES) as Size[]) {
    test(`the link of a mail sets a password, once, in ${size} size`, async () => {
      const link = await linkOf('request-password-reset')
      await using visited = await visit(browser, link, size)
      const { page, foreign, complaints } = visited
      assert.equal(page.url(), link.replace(/#.*$/, ''), 'the token is still in the address bar')
      assert.deepEqual(await violations(page), [])
      await page.getByLabel('New password').fill(PASSWORD)
      await page.keyboard.press('Enter')
      await page.getByText('The password is set.').waitFor()
      assert.deepEqual(await violations(page), [])
      await server.next()
      const signedIn = await world.ask('POST', '/api/auth/sign-in/email', {
        body: { email: user.email, password: PASSWORD },
      })
      assert.equal(signedIn.status, 200)
      assert.deepEqual({ foreign, complaints }, { foreign: [], complaints: [] })
      await using again = await visit(browser, link, size)
      await again.page.getByLabel('New password').fill('a third password')
      await again.page.getByRole('button').click()
      await again.page.getByText('The link is invalid, was used before or has expired').waitFor()
    })
  }

  test('an address is confirmed by the button and not by opening the link', async () => {
    const other = await world.signUp()
    user = other
    const link = await linkOf('send-verification-email')
    await using visited = await visit(browser, link, 'phone')
    const isVerified = () =>
      world.asOwner(async (client) => {
        const { rows } = await client.query('select "emailVerified" as is from users where id = $1', [other.id])
        return rows[0].is
      })
    assert.equal(await isVerified(), false)
    await visited.page.getByRole('button', { name: 'Confirm' }).click()
    await visited.page.getByText('The address is confirmed.').waitFor()
    assert.equal(await isVerified(), true)
  })

  test('a mail is requested, and the page says the same for an unknown address', async () => {
    for (const email of ['unknown@example.com', user.email]) {
      await using visited = await visit(browser, `${world.url}/account/forgot-password`, 'phone')
      const { page } = visited
      assert.deepEqual(await violations(page), [])
      await page.getByLabel('E-mail').fill(email)
      await page.getByRole('button', { name: 'Send the mail' }).click()
      await page.getByText('If the address has an account, a mail is on its way.').waitFor()
    }
    assert.deepEqual((await server.next()).to, [user.email])
  })

  test('the pages have the colours of those for people, fit in 320 px and have the contrast that axe wants, light and dark', async () => {
    const backgrounds = { light: 'rgb(255, 255, 255)', dark: 'rgb(23, 24, 26)' }
    for (const path of [`/account/reset-password#${'x'.repeat(43)}`, '/problems/not_found']) {
      await using visited = await visit(browser, world.url + path, 'phone')
      const { page, foreign, complaints } = visited
      await page.setViewportSize({ width: 320, height: 700 })
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320, path)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        const style = 'getComputedStyle(document.documentElement).backgroundColor'
        assert.equal(await page.evaluate(style), backgrounds[colorScheme], path)
        assert.deepEqual(await violations(page), [], `${path}, ${colorScheme}`)
      }
      assert.deepEqual({ foreign, complaints }, { foreign: [], complaints: [] }, path)
    }
  })

  test('a refusal is read out, leaves the focus in the form, and names the way to another mail', async () => {
    await using visited = await visit(browser, `${world.url}/account/reset-password#${'x'.repeat(43)}`, 'phone')
    const { page } = visited
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('The link is invalid').waitFor()
    assert.equal(await page.getByLabel('New password').evaluate('document.activeElement.id'), 'field')
    assert.deepEqual(await violations(page), [])
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Send the mail' }).waitFor()
    assert.equal(page.url(), `${world.url}/account/forgot-password`)
  })

  test('a link without its token says so', async () => {
    await using visited = await visit(browser, `${world.url}/account/reset-password`, 'phone')
    await visited.page.getByText('The link is not complete.').waitFor()
    assert.equal(await visited.page.getByRole('button').count(), 0)
  })
})

test('a service without a mail server writes mails to its outbox and logs their links, by which a user comes back in', async () => {
  await using database = await openTestDatabase()
  const dataDir = database.env['DATA_DIR'] ?? ''
  await using service = await startService({ ...database.env, LOG_LEVEL: 'info', PUBLIC_URL: 'http://localhost:8000' })
  const email = 'ada@example.com'
  await service.signUp()
  const mailOf = async (subject: string) => {
    let found: ReturnType<typeof parsedMail> | undefined
    await until(`there is a mail: ${subject}`, async () => {
      const names = await readdir(join(dataDir, 'outbox')).catch(() => [])
      const files = names.filter((name) => name.endsWith('.eml')).map((name) => join(dataDir, 'outbox', name))
      const mails = await Promise.all(files.map(async (file) => parsedMail(await readFile(file, 'utf8'))))
      found = mails.find(({ headers }) => headers.get('subject') === subject)
      return found !== undefined
    })
    assert.equal(found?.headers.get('to'), email)
    return found
  }
  const tokenOf = (text = ''): string => /http:\/\/localhost:8000\/account\/[\w-]+#([\w-]{43})/.exec(text)?.[1] ?? ''
  const verification = tokenOf((await mailOf('Confirm your e-mail address'))?.text)
  const verified = await service.ask('POST', '/api/auth/verify-email', { body: { token: verification } })
  assert.equal(verified.status, 200)
  await service.ask('POST', '/api/auth/request-password-reset', { body: { email } })
  const token = tokenOf((await mailOf('Set a new password'))?.text)
  await until('the log has the link', () => service.output().includes(`/account/reset-password#${token}`))
  const reset = await service.ask('POST', '/api/auth/reset-password', { body: { newPassword: PASSWORD, token } })
  assert.equal(reset.status, 200)
  await mailOf('Your password was changed')
  const signedIn = await service.ask('POST', '/api/auth/sign-in/email', { body: { email, password: PASSWORD } })
  assert.equal(signedIn.status, 200)
})
