import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { ERAS, installPrograms } from './agent-programs.ts'
import { findChromium, launch, NO_CHROMIUM } from './browser.ts'
import { openCallback, STEP_LIMIT_MS, type Callback } from './decide.ts'
import { App, loadSdk, type AppOptions, type Client } from './sdk-app.ts'
import { openWorld, type Answer, type User, type World } from './world.ts'

/** Apps that users connect by OAuth: official clients from the first 401 to the last one, with a user in Chromium. */

const TEST_LIMIT_MS = 6 * STEP_LIMIT_MS
const READ = ['tasks:read']
const BOTH = ['tasks:read', 'tasks:write']
/** What a client reads before it sends its user to the page of consent. */
const DISCOVERY = [
  'POST /mcp 401',
  'GET /.well-known/oauth-protected-resource/mcp 200',
  'GET /.well-known/oauth-authorization-server 200',
]

suite('connected by OAuth', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  const opened = new AsyncDisposableStack()
  let world: World
  let browser: Browser
  let callback: Callback
  before(async () => {
    await installPrograms()
    // In memory, because the clients of all runs register from one address, which is limited.
    world = opened.use(await openWorld({ env: { REDIS_URL: '' } }))
    browser = await launch(findChromium() ?? '')
    opened.defer(() => browser.close())
    callback = opened.use(await openCallback())
  })
  after(() => opened.disposeAsync())

  const newApp = async (options: Pick<AppOptions, 'sdk' | 'name'> & Partial<AppOptions>): Promise<App> =>
    new App({ url: world.url, callback, context: await browser.newContext(), ...options })

  const call = async (client: Client, name: string, args: object = {}): Promise<Answer['json']> => {
    const { content, structuredContent, isError } = await client.callTool({ name, arguments: args })
    assert.ok(isError !== true, JSON.stringify(content))
    return structuredContent
  }
  const add = (client: Client, title: string): Promise<Answer['json']> =>
    call(client, 'add_tasks', { tasks: [{ title }] })

  /** As when an hour has passed. */
  const expireAccess = ({ id }: User) =>
    world.asOwner((sql) =>
      sql.query(`update oauth_tokens set expires_at = now() where user_id = $1 and kind = 'access'`, [id]),
    )
  const appsOf = async ({ token }: User): Promise<Answer['json']> =>
    (await world.ask('GET', '/api/apps', { token })).json
  const lastActor = async ({ token }: User): Promise<unknown> =>
    (await world.ask('GET', '/api/history?limit=1', { token })).json[0].actor
  const disconnect = async ({ token }: User, clientId: string): Promise<void> => {
    const { status } = await world.ask('DELETE', `/api/apps/${encodeURIComponent(clientId)}`, { token })
    assert.equal(status, 204)
  }

  for (const which of [...ERAS, 'the SDK of 2025'] as const) {
    test(
      `the official client (${which}) reads, asks for more, writes, renews its access, and starts over when it was ended`,
      { timeout: TEST_LIMIT_MS },
      async (context) => {
        // The SDK reports each refusal that it handles.
        context.mock.method(console, 'warn', () => undefined)
        const sdk = await loadSdk(which)
        const user = await world.signUp()
        const app = await newApp({ sdk, name: `Planner ${which}` })

        const asked = await app.asksFor(() => app.connect(), { user, scopes: READ })
        assert.deepEqual(asked.scopes, BOTH)
        assert.ok(asked.text.includes(`“Planner ${which}”`), asked.text)
        assert.deepEqual(app.takeRequests(), [...DISCOVERY, 'POST /oauth/register 201', 'POST /oauth/token 200'])
        assert.equal(app.storage.tokens()?.scope, 'tasks:read')
        let client = await app.connect()
        assert.deepEqual((await call(client, 'whoami')).scopes, READ)
        assert.ok((await client.listTools()).tools.every(({ name }) => name !== 'add_tasks'))

        if (sdk.isModern) {
          const more = await app.asksFor(() => add(client, 'Refused'), { user })
          assert.deepEqual(more.scopes, BOTH)
        } else {
          // It uses the refresh token, which cannot give more. Its programs then let the user sign in again.
          await assert.rejects(add(client, 'Refused'), /403 after trying upscoping/)
          app.storage.invalidateCredentials('tokens')
          await app.asksFor(() => app.connect(), { user })
          client = await app.connect()
        }
        await add(client, 'Allowed')
        assert.deepEqual(await lastActor(user), { kind: 'app', name: `Planner ${which}` })
        assert.equal((await (await app.connect()).listTools()).tools.length, 12)

        const before = app.storage.tokens()
        await expireAccess(user)
        app.takeRequests()
        await add(client, 'Renewed')
        assert.deepEqual(
          app.takeRequests().filter((each) => !each.startsWith('GET ')),
          ['POST /mcp 401', 'POST /oauth/token 200', 'POST /mcp 200'],
        )
        assert.notEqual(app.storage.tokens()?.refresh_token, before?.refresh_token)

        const [{ clientId, connections, scopes }] = await appsOf(user)
        assert.deepEqual([connections, scopes], [2, BOTH])
        await disconnect(user, clientId)
        const sent = app.storage.sentTo.length
        await app.asksFor(() => call(client, 'find_tasks'), { user })
        assert.equal(app.storage.sentTo.length, sent + 1)
        const { tasks } = await call(await app.connect(), 'find_tasks')
        assert.deepEqual(
          tasks.map(({ title }: { title: string }) => title),
          ['Renewed', 'Allowed'],
        )
        await client.close()
      },
    )
  }
})
