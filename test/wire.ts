import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Config } from '../src/config/config.ts'
import { parseConfig } from '../src/configuration.ts'
import type { Gate } from '../src/http/admission.ts'
import type { App } from '../src/http/app.ts'
import { createApp } from '../src/http/server.ts'
import { Secret } from '../src/lib/secret.ts'
import type { Observer } from '../src/observer.ts'
import { assertNoSecret, openJournal, rememberWire } from './canary.ts'
import type { Answer } from './world.ts'

/** Longer than any expected wait, so that a missing answer fails the test instead of hanging it. */
const PATIENCE_MS = 18_000

/** A raw connection, for bytes that fetch refuses to send. */
export interface Wire extends Disposable {
  readonly socket: Socket
  send(...parts: readonly (string | Uint8Array)[]): Promise<void>
  /** The next answer, in order; `method` is that of its request, because HEAD has no body. 1xx answers are skipped. */
  answer(method?: string): Promise<Answer>
  /** Resolves when the server has closed the connection, with the bytes after the last answer. */
  ended(): Promise<string>
}

export async function dial(url: string): Promise<Wire> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received: Buffer[] = []
  const state = { isOver: false }
  let changed = Promise.withResolvers<void>()
  const change = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  socket.on('data', (bytes: Buffer) => {
    received.push(bytes)
    change()
  })
  for (const event of ['end', 'close'] as const) {
    socket.on(event, () => {
      state.isOver = true
      change()
    })
  }
  // A reset is reported as a missing answer.
  socket.on('error', () => undefined)
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  socket.setTimeout(PATIENCE_MS, () => socket.destroy())

  return {
    socket,
    async send(...parts) {
      for (const part of parts) {
        if (state.isOver) return
        rememberWire(part)
        if (!socket.write(part)) {
          await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), changed.promise])
        }
      }
    },
    async answer(method = 'GET') {
      let sizeNeeded = 0
      for (;;) {
        if (sizeOf(received) >= sizeNeeded) {
          const bytes = Buffer.concat(received)
          const head = parseHead(bytes, method)
          if (head !== undefined && bytes.length >= head.end) {
            received = [bytes.subarray(head.end)]
            if (head.status >= 200) return whole(head, bytes)
            continue
          }
          sizeNeeded = head?.end ?? 0
        }
        const last = (): string => String(received.at(-1) ?? '').slice(-500)
        assert.ok(!state.isOver, `the connection ended before the answer was complete: …${last()}`)
        await changed.promise
      }
    },
    async ended() {
      while (!state.isOver) await changed.promise
      return String(Buffer.concat(received))
    },
    [Symbol.dispose]: () => socket.destroy(),
  }
}

/** One request on a separate connection. */
export async function exchange(url: string, ...parts: readonly (string | Uint8Array)[]): Promise<Answer> {
  using wire = await dial(url)
  await wire.send(...parts)
  return await wire.answer(String(parts[0]).split(' ', 1)[0])
}

/**
 * Connections that each send the request and are reset, by another process while this one is blocked, so that a server in this process
 * accepts each only after its reset.
 */
export function resetBeforeAccept(url: string, request: string, times: number): void {
  const { hostname, port } = new URL(url)
  const client = `
    const { connect } = require('node:net')
    for (let n = 0; n < ${times}; n++) {
      const socket = connect(${port}, '${hostname}', () => socket.write(${JSON.stringify(request)}, () => socket.resetAndDestroy()))
    }`
  const { status, stderr } = spawnSync(process.execPath, ['-e', client], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}

/** A request from its lines, with the empty line at the end. */
export const lines = (...all: readonly string[]): string => `${all.join('\r\n')}\r\n\r\n`

const sizeOf = (pieces: readonly Buffer[]): number => pieces.reduce((size, piece) => size + piece.length, 0)

interface Head {
  readonly status: number
  readonly headers: Headers
  /** The offsets of the body. */
  readonly start: number
  readonly end: number
}

/** The head of the first answer in `bytes`; undefined if it is incomplete. */
function parseHead(bytes: Buffer, method: string): Head | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [statusLine = '', ...headerLines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) \S/.exec(statusLine)?.[1])
  assert.ok(status >= 100, `no status line: ${statusLine}`)
  const headers = new Headers(
    headerLines.map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    }),
  )
  const start = headEnd + 4
  const isBodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304
  const size = isBodiless ? 0 : Number(headers.get('content-length') ?? assert.fail('an answer without a length'))
  return { status, headers, start, end: start + size }
}

function whole({ status, headers, start, end }: Head, bytes: Buffer): Answer {
  const text = bytes.toString('utf8', start, end)
  const isJson = /[/+]json/.test(headers.get('content-type') ?? '')
  const json: unknown = isJson && text !== '' ? JSON.parse(text) : undefined
  return { status, headers, text, json }
}

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

export function assertSecurityHeaders({ headers }: Answer): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) assert.equal(headers.get(name), value, name)
  assert.match(headers.get('x-request-id') ?? '', /^[A-Za-z0-9._:-]{1,128}$/)
}

const PROBLEM_MEMBERS = ['code', 'detail', 'instance', 'requestId', 'status', 'title', 'type']
/** Text that no answer may contain: stacks, SQL, names and versions of components. */
const PRIVATE = /\bat .*[/:]\d+|node_modules|\.[jt]s\b|\bselect\b|insert into|fastify|ajv|postgres|llhttp|HPE_|FST_/i

const CHALLENGE_OF_MCP =
  /^Bearer (?:error="invalid_token", )?scope="tasks:read tasks:write", resource_metadata="http[^"]+\/oauth-protected-resource\/mcp"$/

/** Asserts the form of every refusal: exactly these members, and the same headers as any answer. */
export function assertProblem(
  answer: Answer,
  { status, code, path, more = [] }: { status: number; code: string; path?: string; more?: readonly string[] },
): void {
  assert.equal(answer.status, status, answer.text)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8')
  assertSecurityHeaders(answer)
  const { json } = answer
  const ofStatus: Readonly<Record<number, readonly string[]>> = { 422: ['errors'], 429: ['retryAfter'] }
  const ofCode: Readonly<Record<string, readonly string[]>> = { insufficient_scope: ['required'] }
  const expected = [...PROBLEM_MEMBERS, ...(ofStatus[status] ?? []), ...(ofCode[code] ?? []), ...more].sort()
  assert.deepEqual(Object.keys(json).sort(), expected)
  assert.equal(json.code, code)
  assert.equal(json.type, `/problems/${code}`)
  assert.equal(json.status, status)
  for (const member of ['title', 'detail', 'instance']) assert.equal(typeof json[member], 'string', member)
  assert.notEqual(json.detail, '')
  if (path !== undefined) assert.equal(json.instance, path)
  assert.equal(json.requestId, answer.headers.get('x-request-id'))
  assert.doesNotMatch(JSON.stringify([json.title, json.detail, json.errors]), PRIVATE)
  if (path?.startsWith('/api/') === true) assert.equal(answer.headers.get('cache-control'), 'private, no-store')
  if (status === 401) {
    const challenge = answer.headers.get('www-authenticate') ?? ''
    // That of POST /mcp also says where apps can be connected.
    if (json.instance === '/mcp') assert.match(challenge, CHALLENGE_OF_MCP)
    else assert.equal(challenge, 'Bearer')
  }
  if (status === 429 || status === 503) assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
}

export const testConfig = (env: Readonly<Record<string, string>> = {}): Config =>
  parseConfig({ PORT: '0', LOG_LEVEL: 'silent', ...env }, () => {
    const secret = (): Secret => new Secret(`${'0123456789'.repeat(4)}abc=`)
    return {
      SESSION_HASH_SECRET: secret(),
      SERVICE_AUTH_TOKEN: secret(),
      ENCRYPTION_KEY: secret(),
      BETTER_AUTH_SECRET: secret(),
    }
  })

/** Admits every request, and counts nothing. */
const OPEN_GATE: Gate = {
  admit: async () => ({
    subject: 'any client',
    userId: undefined,
    verdict: {
      policy: { name: 'open', limit: 1, windowSeconds: 1 },
      allowed: true,
      remaining: 1,
      resetSeconds: 1,
      counted: { own: { count: 1, shared: { own: 0, others: 0 }, endsAtMs: 0 }, shared: false },
    },
  }),
  prove: async () => undefined,
  excuse: () => undefined,
  forget: () => undefined,
}

/** The HTTP layer without a database, with routes of the test. */
export async function openSurface(
  routes: (app: App) => void,
  { config = testConfig(), log, observer }: { config?: Config; log?: Logger; observer?: Observer } = {},
): Promise<{ app: App; url: string }> {
  const journal = openJournal()
  const app = await createApp(config, log ?? journal.log, OPEN_GATE, observer && { observer })
  app.addHook('onClose', async () => assertNoSecret(journal.lines))
  routes(app)
  return { app, url: await app.listen({ host: config.http.host, port: config.http.port }) }
}
