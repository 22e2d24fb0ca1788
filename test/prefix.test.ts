import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { authorize, execute, findChromium, launch, NO_CHROMIUM, visit } from './browser.ts'
import { openStrippingProxy, PREFIX, type Proxy } from './prefix-proxy.ts'
import { askAt, openWorld, type Answer, type Asking, type User, type World } from './world.ts'

const executable = findChromium()

suite('behind a proxy that strips a path prefix', () => {
  const opened = new AsyncDisposableStack()
  let proxy: Proxy
  let world: World
  let ada: User
  const ask = (method: string, path: string, asking?: Asking): Promise<Answer> => askAt(proxy.url, method, path, asking)
  before(async () => {
    proxy = opened.use(await openStrippingProxy())
    world = opened.use(await openWorld({ env: { PUBLIC_URL: `${proxy.url}/` } }))
    proxy.target = world.url
    ada = await world.signUp()
  })
  after(() => opened.disposeAsync())

  /** GET of a URL from an answer, which must be absolute. */
  const follow = async (address: string): Promise<Answer> => {
    assert.ok(address.startsWith(`${proxy.url}/`), address)
    return ask('GET', address.slice(proxy.url.length), { token: ada.token })
  }

  test('Location and Link are reachable URLs', async () => {
    const created = await ask('POST', '/api/tasks', { token: ada.token, body: { title: 'Buy milk' } })
    assert.equal(created.status, 201)
    assert.deepEqual((await follow(created.headers.get('location') ?? '')).json, created.json)
    const { json: second } = await ask('POST', '/api/tasks', { token: ada.token, body: { title: 'Buy bread' } })
    const page = await ask('GET', '/api/tasks?limit=1', { token: ada.token })
    const [, next = ''] = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '') ?? []
    assert.deepEqual([...page.json, ...(await follow(next)).json], [second, created.json])
  })

  test('the next page of every list is a reachable URL', async () => {
    const ids: string[] = []
    for (const tag of ['home', 'work']) {
      const { json } = await ask('POST', '/api/tasks', { token: ada.token, body: { title: 'Buy tea', tags: [tag] } })
      ids.push(json.id)
    }
    for (const list of ['/api/tasks', '/api/tags', '/api/history', `/api/tasks/${ids[0]}/history`, '/api/trash']) {
      for (const id of list === '/api/trash' ? ids : []) await ask('DELETE', `/api/tasks/${id}`, { token: ada.token })
      if (list.endsWith(`${ids[0]}/history`)) {
        await ask('PATCH', `/api/tasks/${ids[0]}`, { token: ada.token, body: { title: 'Buy green tea' } })
      }
      const page = await ask('GET', `${list}?limit=1`, { token: ada.token })
      const [, next = ''] = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '') ?? []
      assert.equal((await follow(next)).json.length, 1, list)
    }
  })

  test('type and instance of a problem are public URLs, also within a batch and from the parser', async () => {
    const missing = await ask('GET', '/api/nope')
    assert.equal(missing.json.type, `${proxy.url}/problems/not_found`)
    assert.equal(missing.json.instance, `${PREFIX}/api/nope`)
    const id = '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11'
    const batch = await ask('POST', '/api/tasks/batch', {
      token: ada.token,
      body: { atomic: false, operations: [{ op: 'delete', id }] },
    })
    assert.equal(batch.json.results[0].problem.type, `${proxy.url}/problems/not_found`)
    const unparsed = await world.ask('GET', '/', { headers: { 'x-long': 'x'.repeat(20_000) } })
    assert.equal(unparsed.json.type, `${proxy.url}/problems/headers_too_large`)
    const wrong = await ask('POST', '/api/auth/sign-in/email', { body: { email: ada.email, password: 'wrong one' } })
    assert.equal(wrong.json.type, `${proxy.url}/problems/INVALID_EMAIL_OR_PASSWORD`)
  })

  test('the documents contain the public URL', async () => {
    assert.deepEqual(
      (await ask('GET', '/openapi.json')).json.servers.map(({ url }: { url: string }) => url),
      [proxy.url],
    )
    const { text } = await ask('GET', '/llms.txt')
    for (const path of ['/openapi.json', '/docs', '/redoc']) {
      assert.ok(text.includes(`(${proxy.url}${path})`), path)
      assert.equal((await follow(proxy.url + path)).status, 200)
    }
    assert.ok(text.includes(`Paths are relative to ${proxy.url}.`))
  })

  test('the cookie of a session has the prefix as its path, and is accepted there', async () => {
    const signedIn = await ask('POST', '/api/auth/sign-in/email', {
      body: { email: ada.email, password: ada.password },
    })
    const [cookie = ''] = signedIn.headers.getSetCookie()
    assert.match(cookie, /; Path=\/todo(?:;|$)/)
    const [pair = ''] = cookie.split(';')
    const { json } = await ask('GET', '/api/auth/get-session', { headers: { cookie: pair } })
    assert.equal(json.user.email, ada.email)
  })

  test(
    'the pages for people sign up, work and show the account, with and without PUBLIC_URL',
    { skip: executable === undefined && NO_CHROMIUM },
    async () => {
      await using unaware = await openWorld()
      const browser = await launch(executable ?? '')
      try {
        for (const [at, each] of [world, unaware].entries()) {
          proxy.target = each.url
          await using visited = await visit(browser, `${proxy.url}/`, 'phone')
          const { page, foreign, complaints } = visited
          await page.clock.resume()
          await page.getByRole('button', { name: 'New here? Sign up' }).click()
          await page.getByLabel('Name').fill('Grace')
          await page.getByLabel('E-mail').fill(`grace-${at}@example.com`)
          await page.getByLabel('Password').fill('correct horse')
          await page.getByRole('button', { name: 'Sign up', exact: true }).click()
          await page.locator('#status.live').waitFor()
          await page.getByLabel('Add a task').fill('behind a proxy')
          await page.keyboard.press('Enter')
          await page.getByText('Waiting', { exact: true }).waitFor({ state: 'detached' })
          await page.getByRole('link', { name: 'Grace' }).click()
          await page.getByText('Added “behind a proxy”').waitFor()
          assert.deepEqual([foreign, complaints], [[], []])
        }
      } finally {
        proxy.target = world.url
        await browser.close()
      }
    },
  )

  for (const slash of ['', '/']) {
    test(
      `/docs${slash} and /redoc${slash} load all their files, with and without PUBLIC_URL`,
      { skip: executable === undefined && NO_CHROMIUM },
      async () => {
        await using unaware = await openWorld()
        const browser = await launch(executable ?? '')
        try {
          for (const each of [world, unaware]) {
            proxy.target = each.url
            const { token } = await each.signUp()
            {
              await using visited = await visit(browser, `${proxy.url}/docs${slash}`, 'desktop', '/api/tasks')
              await authorize(visited.page, token)
              assert.equal((await execute(visited.page, 'tasks', 'createTask')).status, '201')
              assert.deepEqual([visited.foreign, visited.complaints], [[], []])
            }
            await using visited = await visit(browser, `${proxy.url}/redoc${slash}`, 'desktop', '/api/tasks')
            await visited.page.getByRole('heading', { name: 'todo-backend' }).waitFor()
            assert.deepEqual([visited.foreign, visited.complaints], [[], []])
          }
        } finally {
          proxy.target = world.url
          await browser.close()
        }
      },
    )
  }
})
