import { isIP } from 'node:net'

import { StartError } from '../errors.ts'

/** Variables by name, as `process.env` has them. */
export type Env = Readonly<Record<string, string | undefined>>

/** Every variable there is, each with its other names: those it had before, and OpenTelemetry's for all signals. */
export type VariableTable = Readonly<Record<string, readonly string[]>>

/**
 * Reads variables as typed values and collects every mistake, so that an operator mends them all at once. A variable that is
 * empty or blank counts as unset. No message quotes a value: a secret pasted into the wrong variable must not reach the log.
 *
 * A method answers its fallback when the value is a mistake; `finish` then throws, so such an answer never gets out.
 */
export class EnvReader<Name extends string> {
  readonly #env: Env
  readonly #table: Readonly<Record<Name, readonly string[]>>
  readonly #mistakes: string[] = []
  readonly #filled = new Map<Name, string>()

  constructor(env: Env, table: Readonly<Record<Name, readonly string[]>>) {
    this.#env = env
    this.#table = table
  }

  /** The value with the white space around it; undefined when unset. */
  exact(name: Name): string | undefined {
    return this.#filled.get(name) ?? this.#env[this.#nameInUse(name)]
  }

  has(name: Name): boolean {
    const value = this.exact(name)
    return value !== undefined && value.trim() !== ''
  }

  /** Gives an unset variable a value. */
  fill(name: Name, value: string): void {
    this.#filled.set(name, value)
  }

  /** `what` continues a line that begins with the variable's name: what is wrong, then how to mend it. */
  mistake(name: Name, what: string): void {
    this.line(`${this.#nameInUse(name)}: ${what}`)
  }

  /** A mistake in words that already say where it is. */
  line(mistake: string): void {
    this.#mistakes.push(mistake)
  }

  /** `parse` throws an Error whose message says what is wrong and how to mend it. */
  value<T, F>(name: Name, fallback: F, parse: (text: string) => T): T | F {
    const text = this.exact(name)?.trim()
    if (!text) return fallback
    try {
      return parse(text)
    } catch (error) {
      this.mistake(name, messageOf(error))
      return fallback
    }
  }

  /** Comma-separated. Each entry that is wrong is a mistake of its own, found by its place in the list. */
  list<T>(name: Name, fallback: readonly T[], parse: (entry: string) => T): readonly T[] {
    if (!this.has(name)) return fallback
    return (this.exact(name) ?? '').split(',').flatMap((text, index) => {
      const entry = text.trim()
      try {
        if (entry === '') throw new Error('is empty: remove the comma too many')
        return [parse(entry)]
      } catch (error) {
        this.mistake(name, `entry ${index + 1} ${messageOf(error)}`)
        return []
      }
    })
  }

  integer(name: Name, fallback: number, min: number, max: number): number {
    return this.value(name, fallback, (text) => integer(text, min, max, 'a whole number'))
  }

  /** Seconds, written `10` or `10s`. Fallback and answer are milliseconds. */
  seconds(name: Name, fallbackMs: number, min: number, max: number): number {
    return this.value(
      name,
      fallbackMs,
      (text) => integer(text.replace(/\s*s$/i, ''), min, max, 'a whole number of seconds') * 1000,
    )
  }

  choice<const T extends string>(name: Name, fallback: T, choices: readonly T[]): T {
    return this.value(name, fallback, (text) => {
      const found = choices.find((each) => each === text.toLowerCase())
      if (found === undefined) throw new Error(`must be one of ${choices.join(', ')}`)
      return found
    })
  }

  /** The words that Python's pydantic takes too, for the service before this one was configured in them. */
  flag(name: Name, fallback: boolean): boolean {
    return this.value(name, fallback, (text) => {
      if (/^(?:true|1|yes|on)$/i.test(text)) return true
      if (/^(?:false|0|no|off)$/i.test(text)) return false
      throw new Error('must be true or false')
    })
  }

  /** Answers `config`, deeply frozen; throws one StartError with a line for every mistake if there is any. */
  finish<T>(config: T): T {
    const count = this.#mistakes.length
    if (count === 0) return deepFreeze(config)
    const headline = count === 1 ? [] : [`The configuration has ${count} mistakes:`]
    throw new StartError([...headline, ...this.#mistakes].join('\n'))
  }

  /** A mistake for each variable of `names` that has different values under several of its names. */
  refuseContradictions(names: readonly Name[]): void {
    for (const name of names) {
      const set = [name, ...this.#table[name]].filter((each) => (this.#env[each] ?? '').trim() !== '')
      if (new Set(set.map((each) => this.#env[each]?.trim())).size > 1) {
        this.mistake(
          name,
          `is the same variable as ${set.slice(1).join(' and ')}, with another value: keep one of them`,
        )
      }
    }
  }

  /** The first that is set: an earlier name is taken when the present one is unset, and is then named in messages. */
  #nameInUse(name: Name): string {
    const names = [name, ...this.#table[name]]
    return names.find((each) => (this.#env[each] ?? '').trim() !== '') ?? name
  }
}

/** For a tree: one that held itself would never end. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(Object.freeze(value)).forEach(deepFreeze)
  }
  return value
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function integer(text: string, min: number, max: number, what: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : -1
  if (value < min || value > max) throw new Error(`must be ${what} from ${min} to ${max}`)
  return value
}

/** An address to listen on. */
export function host(text: string): string {
  if (isIP(text) === 0 && !/^(?=.*[a-z])[a-z0-9.-]{1,253}$/i.test(text)) {
    throw new Error('must be an IP address (IPv6 without brackets) or a host name')
  }
  return text
}

/** An origin exactly as a browser writes it in its `Origin` header (RFC 6454 §6.2), since it is compared as text. */
export function origin(text: string): string {
  const expected = 'must be scheme://host or scheme://host:port in lower case, without a path or a slash at the end'
  // Apps in a web view have schemes of their own (`capacitor://localhost`), for which URL knows no origin.
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s\\]+$/.test(text) || text !== text.toLowerCase()) throw new Error(expected)
  const url = URL.parse(text)
  if (url === null || url.hostname === '' || text.includes('*')) throw new Error(expected)
  if (`${url.protocol}//${url.host}` !== text) throw new Error(`${expected} and without the scheme's own port`)
  return text
}

/** It stands in headers and bodies, behind which there must be room. */
const URL_LENGTH_MAX = 255

/** An http or https URL to put paths behind: without a slash at the end. */
export function httpUrl(text: string): string {
  if (text.length > URL_LENGTH_MAX) throw new Error(`must have at most ${URL_LENGTH_MAX} characters`)
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new Error('must be an http:// or https:// URL without a user, a query or a fragment')
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

export function redisUrl(text: string): string {
  const url = URL.parse(text)
  const isComplete = url !== null && url.hostname !== '' && /^(?:\/\d{0,4})?$/.test(url.pathname)
  if (!isComplete || !/^rediss?:$/.test(url.protocol)) {
    throw new Error('must be a URL of the form redis://user:password@host:port/number, or rediss:// for TLS')
  }
  return text
}

/** Short, as it is sent and kept with every key, and without what a key pattern of Redis (its ACLs, `SCAN`) gives a meaning. */
export function redisKeyPrefix(text: string): string {
  if (!/^[\w.:/-]{1,64}$/.test(text)) throw new Error('must be 1 to 64 letters, digits or _ . : / -')
  return text
}

/** An IP address, or a network of them in CIDR notation. Length 0, everybody, would let any caller choose its address. */
export function network(text: string): string {
  const [address = '', length, ...rest] = text.split('/')
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  const isNetwork = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) >= 1 && Number(length) <= bits)
  if (bits === 0 || !isNetwork || rest.length > 0 || address.includes('%')) {
    throw new Error('must be an IP address, or a network such as 10.0.0.0/8')
  }
  return text
}

/** PostgreSQL cuts names at 63 bytes: `_system` must still fit behind it. Plain, so that it never needs quoting. */
export function role(text: string): string {
  if (!/^(?!pg_)[a-z_][a-z0-9_]{0,54}$/.test(text)) {
    throw new Error('must be a lower-case letter or _, then at most 54 letters, digits or _, and not begin with pg_')
  }
  return text
}

/** Something that a caller sends back in a header (RFC 9110 §5.5), or it could never match. */
export function headerValue(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new Error('must be visible ASCII without spaces: it travels in a header')
  return text
}
