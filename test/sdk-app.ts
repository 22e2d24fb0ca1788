import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { BrowserContext } from 'playwright-core'
import { load, type Era } from './agent-programs.ts'
import { rememberBody } from './canary.ts'
import { allow, type Asked, type Callback, type Decision } from './decide.ts'
import type { Answer } from './world.ts'

/** An app whose connection is made by the OAuth client of an official SDK, for tests. */

interface Transport {
  /** The SDK of 2025 takes the code; the other one all parameters, of which it checks `iss`. */
  finishAuth(answer: URLSearchParams | string): Promise<void>
}

export interface Client {
  connect(transport: Transport): Promise<void>
  close(): Promise<void>
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>
  callTool(call: { readonly name: string; readonly arguments: object }): Promise<Answer['json']>
}

interface Modules {
  readonly Client: new (info: object, options: object) => Client
  readonly StreamableHTTPClientTransport: new (url: URL, options: object) => Transport
  readonly UnauthorizedError: new () => Error
}

export interface Sdk {
  readonly modules: Modules
  readonly options: object
  /** Whether it checks `iss`, and asks the user again when a scope is missing although it has a refresh token. */
  readonly isModern: boolean
}

/** The current SDK in one of its eras, or the one of 2025, which many programs still have. */
export async function loadSdk(which: Era | 'the SDK of 2025'): Promise<Sdk> {
  if (which !== 'the SDK of 2025') {
    const modules = await load<Modules>('@modelcontextprotocol/client/dist/index.mjs')
    const versionNegotiation = which === '2026-07-28' ? { mode: { pin: which } } : { mode: 'legacy' }
    return { modules, options: { versionNegotiation }, isModern: true }
  }
  const esm = '@modelcontextprotocol/sdk/dist/esm/client'
  const [client, transport, auth] = await Promise.all([
    load<Pick<Modules, 'Client'>>(`${esm}/index.js`),
    load<Pick<Modules, 'StreamableHTTPClientTransport'>>(`${esm}/streamableHttp.js`),
    load<Pick<Modules, 'UnauthorizedError'>>(`${esm}/auth.js`),
  ])
  return { modules: { ...client, ...transport, ...auth }, options: {}, isModern: false }
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly scope: string
}

/** What the SDK keeps of one connection: its interface `OAuthClientProvider`, in memory. */
class Storage {
  readonly redirectUrl: string
  readonly clientMetadata: object
  readonly clientMetadataUrl: string | undefined
  /** Where the SDK has sent the user, in order. */
  readonly sentTo: URL[] = []
  readonly #kept = new Map<string, unknown>()

  constructor(redirectUrl: string, name: string, clientMetadataUrl: string | undefined) {
    this.redirectUrl = redirectUrl
    this.clientMetadata = {
      client_name: name,
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    }
    this.clientMetadataUrl = clientMetadataUrl
  }

  state(): string {
    return randomUUID()
  }
  redirectToAuthorization(url: URL): void {
    this.sentTo.push(url)
  }
  tokens(): Tokens | undefined {
    // What saveTokens has kept.
    return this.#kept.get('tokens') as Tokens | undefined
  }
  saveTokens(tokens: Tokens): void {
    rememberBody(JSON.stringify([tokens.access_token, tokens.refresh_token]))
    this.#kept.set('tokens', tokens)
  }
  clientInformation(): unknown {
    return this.#kept.get('client')
  }
  saveClientInformation(client: unknown): void {
    this.#kept.set('client', client)
  }
  codeVerifier(): unknown {
    return this.#kept.get('verifier')
  }
  saveCodeVerifier(verifier: string): void {
    rememberBody(JSON.stringify(verifier))
    this.#kept.set('verifier', verifier)
  }
  discoveryState(): unknown {
    return this.#kept.get('discovery')
  }
  saveDiscoveryState(state: unknown): void {
    this.#kept.set('discovery', state)
  }
  invalidateCredentials(which: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void {
    if (which === 'all') this.#kept.clear()
    else this.#kept.delete(which)
  }
}

export interface AppOptions {
  readonly sdk: Sdk
  /** The service. */
  readonly url: string
  readonly callback: Callback
  /** The browser of the user. */
  readonly context: BrowserContext
  readonly name: string
  /** The app's metadata document, whose URL is its id. */
  readonly documentUrl?: string
}

export class App {
  readonly storage: Storage
  readonly #options: AppOptions
  #requests: string[] = []
  #transport: Transport | undefined

  constructor(options: AppOptions) {
    this.#options = options
    this.storage = new Storage(options.callback.redirectUri, options.name, options.documentUrl)
  }

  /** The requests of the SDK since the last call, with their statuses. */
  takeRequests(): string[] {
    const taken = this.#requests
    this.#requests = []
    return taken
  }

  /** @throws the SDK's UnauthorizedError where the user has to decide first */
  async connect(): Promise<Client> {
    const { sdk, url } = this.#options
    const fetchAndNote: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      // The SDKs send texts and URLs.
      const { pathname } = new URL(input as string | URL)
      this.#requests.push(`${init?.method ?? 'GET'} ${pathname} ${response.status}`)
      return response
    }
    const client = new sdk.modules.Client({ name: 'test', version: '1' }, sdk.options)
    this.#transport = new sdk.modules.StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
      authProvider: this.storage,
      fetch: fetchAndNote,
    })
    await client.connect(this.#transport)
    return client
  }

  /** Runs what fails because the user has to decide; the user allows it in the browser, and the app gets its tokens. */
  async asksFor(work: () => Promise<unknown>, decision: Decision): Promise<Asked> {
    const { sdk, callback, context } = this.#options
    const before = this.storage.sentTo.length
    await assert.rejects(work(), sdk.modules.UnauthorizedError)
    const url = this.storage.sentTo.at(-1)
    assert.ok(url !== undefined && this.storage.sentTo.length === before + 1 && this.#transport !== undefined)
    const [answer, asked] = await Promise.all([callback.next(), allow(context, url.href, decision)])
    assert.equal(answer.get('state'), url.searchParams.get('state'))
    assert.ok(answer.has('iss'))
    rememberBody(JSON.stringify(answer.get('code')))
    await this.#transport.finishAuth(sdk.isModern ? answer : (answer.get('code') ?? ''))
    return asked
  }
}
