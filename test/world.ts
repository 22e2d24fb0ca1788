import { randomBytes } from 'node:crypto'
import { buildApp } from '../src/app.ts'
import type { Config } from '../src/config/config.ts'
import { parseConfig } from '../src/configuration.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { drain } from '../src/http/drain.ts'
import type { App } from '../src/http/app.ts'
import { Secret } from '../src/lib/secret.ts'
import {
  assertNoSecret,
  openJournal,
  rememberAnswer,
  rememberBody,
  rememberConfig,
  rememberHeader,
  rememberQuery,
} from './canary.ts'
import { openTestDatabase } from './databases.ts'
import { openFastHashing } from './hashing.ts'
import { openOwner, type Owner } from './owner.ts'
import { REDIS_OR_NOWHERE } from './redis.ts'
import { insertUser, type User } from './users.ts'

export type { User } from './users.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; undefined if there is none. Each test knows its type. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a body of another shape fails the test
  readonly json: any
}

export interface Asking {
  readonly token?: string | undefined
  readonly body?: unknown
  /** Sent unchanged instead of `body`. */
  readonly raw?: string | Uint8Array | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** A complete running service with a separate port and database. */
export interface World extends AsyncDisposable {
  readonly url: string
  readonly config: Config
  readonly deps: Deps
  readonly app: App
  /** The lines of its log so far, of every level. At the end of the world none of them may contain a secret. */
  readonly logged: readonly string[]
  ask(method: string, path: string, asking?: Asking): Promise<Answer>
  /**
   * A user with a password and a session, written as a sign-up writes them, in one statement.
   */
  signUp(name?: string): Promise<User>
  /** SQL as the owner, to whom no policy applies: to prepare and to inspect, never for the operation under test. */
  readonly asOwner: Owner['asOwner']
  /** One statement as the owner. @returns its rows, whose columns each test knows */
  sql(this: void, text: string, values?: readonly unknown[]): Promise<readonly Answer['json'][]>
}

export interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Replaces dependencies of the application. */
  readonly replace?: (deps: Deps) => Partial<Deps>
  readonly migrated?: boolean
}

/** Rate limits are off by default, because all worlds share one address. */
const DEFAULTS = {
  PORT: '0',
  LOG_LEVEL: 'silent',
  REDIS_URL: REDIS_OR_NOWHERE,
  RATE_LIMIT_READ: '1000000',
  RATE_LIMIT_WRITE: '1000000',
}

const SECRETS = {
  SESSION_HASH_SECRET: new Secret(randomBytes(32).toString('base64url')),
  SERVICE_AUTH_TOKEN: new Secret(randomBytes(32).toString('base64url')),
  ENCRYPTION_KEY: new Secret(`${randomBytes(32).toString('base64url')}=`),
  BETTER_AUTH_SECRET: new Secret(randomBytes(32).toString('base64url')),
}
/** The service token of every world. */
export const SERVICE_TOKEN = SECRETS.SERVICE_AUTH_TOKEN.reveal()

export async function openWorld({
  env = {},
  replace = () => ({}),
  migrated = true,
}: WorldOptions = {}): Promise<World> {
  await using opened = new AsyncDisposableStack()
  // A test that passes a database also disposes of it.
  const given = env['DATABASE_URL'] !== undefined || env['DATA_DIR'] !== undefined
  const database = given ? { env: {} } : opened.use(await openTestDatabase({ migrated }))
  const all: Readonly<Record<string, string>> = { ...DEFAULTS, ...database.env, ...env }
  const config = parseConfig(all, () => SECRETS)
  rememberConfig(config)
  const { log, lines } = openJournal({ isShown: config.log.level !== 'silent' })
  opened.defer(() => assertNoSecret(lines))
  const hashing = openFastHashing()
  const own = opened.use(await openDeps(config, log, { migrate: migrated, hashing }))
  const { asOwner } = opened.use(openOwner(own.db))
  const deps = { ...own, ...replace(own) }
  const app = await buildApp(deps)
  const url = await app.listen({ host: config.http.host, port: config.http.port })
  opened.defer(() => drain(app, 1000))

  const ask = (method: string, path: string, asking?: Asking): Promise<Answer> => askAt(url, method, path, asking)
  const closing = opened.move()
  return {
    url,
    config,
    deps,
    app,
    logged: lines,
    ask,
    signUp: (name = 'Ada') => asOwner((owner) => insertUser(owner, name, config, hashing)),
    asOwner,
    sql: (text, values = []) => asOwner(async (owner) => (await owner.query(text, [...values])).rows),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

export async function askAt(url: string, method: string, path: string, asking: Asking = {}): Promise<Answer> {
  const { token, body, raw, headers = {} } = asking
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const sent = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  }
  rememberQuery(path)
  for (const [name, value] of Object.entries(sent)) rememberHeader(name, value)
  if (payload !== undefined) rememberBody(payload)
  const response = await fetch(url + path, {
    method,
    headers: sent,
    ...(payload === undefined ? {} : { body: payload as string }),
    redirect: 'manual',
  })
  const text = await textOf(response)
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '')
  const json = isJson && text !== '' ? JSON.parse(text) : undefined
  rememberAnswer(response.headers, json)
  return { status: response.status, headers: response.headers, text, json }
}

/** Repeats what was refused because the machine is too slow for the time budget of a request: nothing was changed. */
export async function untilServed(ask: () => Promise<Answer>): Promise<Answer> {
  const answer = await ask()
  return answer.status === 503 && answer.json.code === 'unavailable' ? await untilServed(ask) : answer
}

/** The answers to so many requests at the same time, in the order of their numbers. @param ask gets the number, from 0 */
export const atOnce = (count: number, ask: (n: number) => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => untilServed(() => ask(n))))

/** An event stream does not end: it is left, and `openEvents` reads one. */
async function textOf(response: Response): Promise<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return await response.text()
  await response.body?.cancel()
  return ''
}
