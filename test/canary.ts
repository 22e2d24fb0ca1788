import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import type { Logger } from 'pino'
import type { Config } from '../src/config/config.ts'
import { openLog } from '../src/log.ts'

/**
 * The values that the tests of this process have sent, received or configured and that no line of a log may contain: tokens, cookies,
 * passwords, e-mail addresses, all texts of bodies, and values of queries.
 */
const secrets = new Map<string, string>()

/** Shorter values occur in any text by chance. */
const SECRET_LENGTH_MIN = 8
/** A long value is searched by its beginning. */
const SECRET_LENGTH_MAX = 200
/** Words of the API, which also occur in the statements and routes in a log. */
const PUBLIC = new Set([
  'COMPLETED',
  'IN_PROGRESS',
  'complete',
  'createdAt',
  'updatedAt',
  'priority',
  'completedAt',
  'description',
])
/** Members whose value is a name or an id, and no secret. */
const PUBLIC_MEMBERS = new Set(['id', 'userId'])
const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-service-auth'])

/** Members of a log line with time, request, user and app, and the words of the service for what was called. */
const SUBJECT = /"(?:time|reqId|userId|clientId|rpc|tool)":"(?:[^"\\]|\\.)*"|"durationMs":[\d.]+/g

export function remember(what: string, text: string): void {
  // Values are searched in the form in which JSON encodes them.
  const written = JSON.stringify(text.slice(0, SECRET_LENGTH_MAX).trim()).slice(1, -1)
  if (written.length >= SECRET_LENGTH_MIN && !PUBLIC.has(written)) secrets.set(written, what)
}

/** Every text in a body, or the whole body if it is no JSON. */
export function rememberBody(payload: string | Uint8Array): void {
  const text = typeof payload === 'string' ? payload : Buffer.from(payload).toString('utf8')
  try {
    rememberTexts('a body', JSON.parse(text), () => true)
  } catch {
    remember('a body', text)
  }
}

export function rememberQuery(path: string): void {
  const { searchParams } = new URL(path, 'http://localhost')
  for (const value of searchParams.values()) remember('a query', value)
}

export function rememberHeader(name: string, value: string): void {
  if (!SECRET_HEADERS.has(name.toLowerCase())) return
  for (const part of value.split(/[\s;]+/)) remember(`the header ${name}`, part.replace(/^[\w.-]+=/, ''))
}

/** Secrets that an answer returns: tokens, cookies and cursors. */
export function rememberAnswer(headers: Headers, json: unknown): void {
  for (const cookie of headers.getSetCookie()) rememberHeader('Cookie', cookie.split(';', 1)[0] ?? '')
  for (const name of ['set-auth-token', 'x-next-cursor']) remember(`the header ${name}`, headers.get(name) ?? '')
  rememberTexts('an answer', json, (name) => name === 'token' || name === 'email')
}

/** All secrets of a raw request, in any pieces. */
export function rememberWire(part: string | Uint8Array): void {
  const text = typeof part === 'string' ? part : Buffer.from(part).toString('latin1')
  const [head = '', body] = text.split('\r\n\r\n', 2)
  if (!/^[A-Z]+ /.test(head)) return
  const [, target = ''] = head.split(' ', 2)
  if (URL.canParse(target, 'http://localhost')) rememberQuery(target)
  for (const [, name = '', value = ''] of head.matchAll(/^([\w-]+): *(.*?)\r?$/gm)) rememberHeader(name, value)
  if (body !== undefined && body !== '') rememberBody(body)
}

export function rememberConfig(config: Config): void {
  const { auth, encryptionKeys, metrics } = config
  for (const { token } of auth.services) remember('a service token', token.reveal())
  for (const key of encryptionKeys) remember('an encryption key', key.reveal())
  for (const secret of [auth.sessionHashSecret, auth.betterAuthSecret, metrics.token]) {
    if (secret !== undefined) remember('a secret of the configuration', secret.reveal())
  }
}

function rememberTexts(what: string, value: unknown, isSecret: (member: string) => boolean, member = ''): void {
  if (typeof value === 'string') {
    if (isSecret(member) && !PUBLIC_MEMBERS.has(member)) remember(what, value)
  } else if (Array.isArray(value)) {
    for (const each of value) rememberTexts(what, each, isSecret, member)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, each] of Object.entries(value)) rememberTexts(what, each, isSecret, name)
  }
}

/** Fails if a line contains a remembered value, remembered before or after the line was written. */
export function assertNoSecret(lines: readonly string[]): void {
  // Time, request, user, app and tool of a line are no secrets, even if a test has sent the same value elsewhere.
  const distinct = new Set(lines.map((line) => line.replace(SUBJECT, '')))
  const text = [...distinct].join('\n')
  for (const [secret, what] of secrets) {
    const at = text.indexOf(secret)
    if (at >= 0) assert.fail(`the log holds ${what}: ${text.slice(Math.max(0, at - 200), at + secret.length + 100)}`)
  }
}

/** A log of every level, kept so that it can be searched. */
export interface Journal {
  readonly log: Logger
  readonly lines: readonly string[]
}

/** @param isShown writes it to standard output as well */
export function openJournal({ isShown = false }: { isShown?: boolean } = {}): Journal {
  const lines: string[] = []
  const sink = new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, done) => {
      lines.push(line)
      if (isShown) process.stdout.write(line)
      done()
    },
  })
  return { log: openLog('trace', sink), lines }
}
