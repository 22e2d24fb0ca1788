import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Failure } from './failure.ts'

/** The variables that the program reads. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where the service is, and with which credential. */
export interface Account {
  readonly url: string
  /** A personal token, or that of a session. */
  readonly token: string
}

export const DEFAULT_URL = 'http://127.0.0.1:8000'

const directory = (variable: string | undefined, ...inHome: readonly string[]): string =>
  // The XDG Base Directory Specification ignores relative paths.
  join(variable?.startsWith('/') === true ? variable : join(homedir(), ...inHome), 'todo')

export const configFile = (env: Environment): string =>
  join(directory(env['XDG_CONFIG_HOME'], '.config'), 'config.json')

/** What the program remembers between runs. */
export const stateDirectory = (env: Environment): string => directory(env['XDG_STATE_HOME'], '.local', 'state')

/**
 * `TODO_URL` and `TODO_TOKEN`, or what `todo login` has stored. A stored token is sent only to the address for which it was stored.
 *
 * @throws Failure
 */
export function accountOf(env: Environment): Account {
  const given = { url: nonEmpty(env['TODO_URL']), token: nonEmpty(env['TODO_TOKEN']) }
  if (given.token !== undefined) {
    return { url: addressOf(given.url ?? stored(env)?.url ?? DEFAULT_URL), token: given.token }
  }
  const account = stored(env)
  if (account === undefined) {
    throw new Failure('credential', 'No token is known: run todo login, or set TODO_URL and TODO_TOKEN.')
  }
  if (given.url !== undefined && addressOf(given.url) !== account.url) {
    throw new Failure(
      'credential',
      `The stored token is for ${account.url}, and TODO_URL is another address: set TODO_TOKEN too, or run todo login.`,
    )
  }
  return account
}

/** The address from which the routes begin, without a slash at its end. @throws Failure (usage) */
export function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Failure('usage', 'The address of the service must be a URL, such as https://todo.example.com.')
  }
  // A credential in the address would be shown in messages.
  if (url.username !== '' || url.password !== '') {
    throw new Failure('usage', 'The address of the service must not contain a user or password.')
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** Whether what is sent there can be read on the way. */
export function isExposed(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !/^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname)
}

/** Only the user can read the file. @throws Failure */
export function store(env: Environment, { url, token }: Account): void {
  const file = configFile(env)
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeWhole(file, `${JSON.stringify({ url, token }, null, 2)}\n`)
  } catch (cause) {
    throw new Failure('refused', `Cannot write ${file}: ${codeOf(cause)}.`, { cause })
  }
}

/** Replaces a file that only the user can read, so that no reader finds a part of it. @throws the error of node:fs */
export function writeWhole(file: string, text: string): void {
  const part = `${file}.${process.pid}`
  writeFileSync(part, text, { mode: 0o600 })
  // The mode is that of an older file with this name, if there is one.
  chmodSync(part, 0o600)
  renameSync(part, file)
}

function stored(env: Environment): Account | undefined {
  const file = configFile(env)
  let text
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new Failure('credential', `Other users can read the token in ${file}: run chmod 600 on it.`)
    }
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    if (codeOf(cause) === 'ENOENT') return undefined
    throw new Failure('credential', `Cannot read ${file}: ${codeOf(cause)}.`, { cause })
  }
  const account = parsed(text)
  if (account === undefined) throw new Failure('credential', `${file} is damaged: run todo login.`)
  return { url: addressOf(account.url), token: account.token }
}

function parsed(text: string): Account | undefined {
  try {
    const { url, token } = JSON.parse(text) as Partial<Record<string, unknown>> // null throws too
    return typeof url === 'string' && typeof token === 'string' ? { url, token } : undefined
  } catch {
    return undefined
  }
}

const nonEmpty = (text: string | undefined): string | undefined => {
  const trimmed = text?.trim()
  return trimmed === '' ? undefined : trimmed
}

/** Of an error of node:fs, such as EACCES. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)
