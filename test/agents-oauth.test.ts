import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, before, mock, suite, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { ERAS, FOLDER, installPrograms, linesOf, load, preparePython } from './agent-programs.ts'
import { findChromium, launch, NO_CHROMIUM } from './browser.ts'
import { allow, openCallback, STEP_LIMIT_MS, type Callback } from './decide.ts'
import { openStrippingProxy, PREFIX } from './prefix-proxy.ts'
import { App, loadSdk, type AppOptions, type Client } from './sdk-app.ts'
import { needsOpenssl, trustedCertificate } from './trusted-certificate.ts'
import { openWorld, type Answer, type User, type World } from './world.ts'

/** Apps that users connect by OAuth: official clients from the first 401 to the last one, with a user in Chromium. */

const TEST_LIMIT_MS = 6 * STEP_LIMIT_MS
const READ = ['tasks:read']
const BOTH = ['tasks:read', 'tasks:write']
/** Registrations of one address are limited, and all runs share it. */
const OWN_COUNTERS = { RATE_LIMIT_KEY_PREFIX: `oauth-${randomUUID()}:` }
/** What a client reads before it sends its user to the page of consent. */
const DISCOVERY = [
  'POST /mcp 401',
  'GET /.well-known/oauth-protected-resource/mcp 200',
  'GET /.well-known/oauth-authorization-server 200',
]

interface StdioModule {
  readonly StdioClientTransport: new (
    options: object,
  ) => Parameters<Client['connect']>[0] & { readonly stderr: Readable }
}

suite('connected by OAuth', { skip: findChromium() === undefined && NO_CHROMIUM }, () => {
  const opened = new AsyncDisposableStack()
  let world: World
  let browser: Browser
  let callback: Callback
  before(async () => {
    // The SDK reports each refusal that it handles.
    const warn = mock.method(console, 'warn', () => undefined)
    opened.defer(() => warn.mock.restore())
    await installPrograms()
    world = opened.use(await openWorld({ env: OWN_COUNTERS }))
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
      async () => {
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
        // As when it was not used for months, or the service has another database.
        await disconnect(user, clientId)
        await world.asOwner((sql) => sql.query('delete from oauth_clients where id::text = $1', [clientId]))
        app.takeRequests()
        await app.asksFor(() => call(client, 'find_tasks'), { user })
        assert.ok(app.takeRequests().includes('POST /oauth/register 201'))
        const { tasks } = await call(await app.connect(), 'find_tasks')
        assert.deepEqual(
          tasks.map(({ title }: { title: string }) => title),
          ['Renewed', 'Allowed'],
        )
        await client.close()
      },
    )
  }

  test(
    'an app whose id is the URL of its document connects without registering',
    { timeout: TEST_LIMIT_MS, skip: needsOpenssl },
    async (context) => {
      const documents = createServer(trustedCertificate(context, 'localhost'), (_request, response) => {
        response.setHeader('content-type', 'application/json').end(JSON.stringify(metadata))
      })
      context.after(() => {
        documents.close()
        documents.closeAllConnections()
      })
      await once(documents.listen(0, 'localhost'), 'listening')
      // The address of a server that listens on a port has this type.
      const { port } = documents.address() as AddressInfo
      const documentUrl = `https://localhost:${port}/app.json`
      const metadata = { client_id: documentUrl, client_name: 'Hosted planner', redirect_uris: [callback.redirectUri] }

      const user = await world.signUp()
      const app = await newApp({ sdk: await loadSdk('2026-07-28'), name: 'Registered planner', documentUrl })
      const asked = await app.asksFor(() => app.connect(), { user })
      assert.ok(asked.text.includes('“Hosted planner”') && asked.text.includes(documentUrl), asked.text)
      assert.deepEqual(app.takeRequests(), [...DISCOVERY, 'POST /oauth/token 200'])
      const client = await app.connect()
      await add(client, 'From a document')
      assert.deepEqual(await lastActor(user), { kind: 'app', name: 'Hosted planner' })
      await disconnect(user, documentUrl)
      await app.asksFor(() => call(client, 'whoami'), { user })
      await client.close()
    },
  )

  test(
    'the official client connects behind a proxy that strips a path prefix',
    { timeout: TEST_LIMIT_MS },
    async () => {
      using proxy = await openStrippingProxy()
      await using prefixed = await openWorld({ env: { ...OWN_COUNTERS, PUBLIC_URL: proxy.url } })
      proxy.target = prefixed.url
      const user = await prefixed.signUp()
      const app = await newApp({ sdk: await loadSdk('2026-07-28'), name: 'Planner', url: proxy.url })
      await app.asksFor(() => app.connect(), { user })
      assert.deepEqual(app.takeRequests(), [
        `POST ${PREFIX}/mcp 401`,
        `GET ${PREFIX}/.well-known/oauth-protected-resource/mcp 200`,
        `GET /.well-known/oauth-authorization-server${PREFIX} 200`,
        `POST ${PREFIX}/oauth/register 201`,
        `POST ${PREFIX}/oauth/token 200`,
      ])
      const client = await app.connect()
      assert.equal((await add(client, 'Behind a proxy')).count, 1)
      await client.close()
    },
  )

  for (const mode of ['auto', 'legacy']) {
    test(
      `the official Python client (${mode}) asks for more, renews its access, and starts over when it was ended`,
      { timeout: TEST_LIMIT_MS },
      async (context) => {
        const python = await preparePython()
        if (python instanceof Error) return context.skip(python.message)
        const [user, person] = [await world.signUp(), await browser.newContext()]
        const program = spawn(python, ['connect.py'], {
          cwd: FOLDER,
          env: { ...process.env, TODO_URL: world.url, TODO_MODE: mode },
          stdio: ['pipe', 'pipe', 'pipe'],
          timeout: TEST_LIMIT_MS,
        })
        context.after(() => program.kill('SIGKILL'))
        const ended = once(program, 'close')
        let complaints = ''
        program.stderr.setEncoding('utf8').on('data', (chunk: string) => {
          complaints += chunk
        })
        const next = linesOf(program.stdout, /.*/, STEP_LIMIT_MS)
        const say = async (): Promise<Answer['json']> =>
          JSON.parse(
            await next().catch((error: Error) => {
              throw new Error(complaints, { cause: error })
            }),
          )
        assert.deepEqual((await allow(person, (await say()).url, { user, scopes: READ })).scopes, BOTH)
        assert.deepEqual((await allow(person, (await say()).url, { user })).scopes, BOTH)
        const { connected } = await say()
        assert.deepEqual(await lastActor(user), { kind: 'app', name: `Python ${mode}` })
        await disconnect(user, connected)
        program.stdin.end('ended\n')
        await allow(person, (await say()).url, { user })
        assert.equal((await say()).version, mode === 'auto' ? '2026-07-28' : '2025-11-25')
        assert.deepEqual(await ended, [0, null], complaints)
      },
    )
  }

  test(
    'mcp-remote connects programs that start servers on the device, renews its access, and starts over when it was ended',
    { timeout: TEST_LIMIT_MS },
    async (context) => {
      const home = mkdtempSync(join(tmpdir(), 'todo-mcp-remote-'))
      context.after(() => rmSync(home, { recursive: true, force: true }))
      // It starts the browser of the system by one of these, and prints the URL too.
      for (const name of ['xdg-open', 'open']) {
        writeFileSync(join(home, name), '#!/bin/sh\n')
        chmodSync(join(home, name), 0o755)
      }
      const [{ Client }, { StdioClientTransport }] = await Promise.all([
        loadSdk('the SDK of 2025').then(({ modules }) => modules),
        load<StdioModule>('@modelcontextprotocol/sdk/dist/esm/client/stdio.js'),
      ])
      const transport = new StdioClientTransport({
        command: process.execPath,
        args: [join(FOLDER, 'node_modules/mcp-remote/dist/proxy.js'), `${world.url}/mcp`],
        env: { PATH: home, HOME: home, MCP_REMOTE_CONFIG_DIR: home },
        stderr: 'pipe',
      })
      const nextUrl = linesOf(transport.stderr, /^https?:\S+\/consent\?\S+$/, STEP_LIMIT_MS)
      const [user, person] = [await world.signUp(), await browser.newContext()]
      const decide = async (): Promise<void> => {
        await allow(person, await nextUrl(), { user })
      }

      const client = new Client({ name: 'A program', version: '1' }, {})
      context.after(() => client.close())
      await Promise.all([client.connect(transport), decide()])
      await add(client, 'Through the bridge')
      const [{ clientId, name }] = await appsOf(user)
      assert.deepEqual(await lastActor(user), { kind: 'app', name })
      await expireAccess(user)
      await add(client, 'Renewed')
      await disconnect(user, clientId)
      const [{ tasks }] = await Promise.all([call(client, 'find_tasks'), decide()])
      assert.equal(tasks.length, 2)
    },
  )
})
