import { isIP } from 'node:net'

import { StartError } from '../errors.ts'
import { namesOf, type Variable } from './variable.ts'

/** Variables by name, as `process.env` has them. */
export type Env = Readonly<Record<string, string | undefined>>

/**
 * Reads variables as typed values and collects all mistakes, so that an operator can correct them at once. An empty or blank variable
 * counts as unset. No message quotes a value: a secret pasted into the wrong variable must not reach the log.
 *
 * A method returns its fallback if the value is a mistake; `finish` then throws, so the fallback is never used.
 */
export class EnvReader<Name extends string> {
  readonly #env: Env
  readonly #table: Readonly<Record<Name, Variable>>
  readonly #mistakes: string[] = []
  readonly #filled = new Map<Name, string>()

  constructor(env: Env, table: Readonly<Record<Name, Variable>>) {
    this.#env = env
    this.#table = table
  }

  /** The value including surrounding white space; undefined if unset. */
  exact(name: Name): string | undefined {
    return this.#filled.get(name) ?? this.#env[this.#nameInUse(name)]
  }

  has(name: Name): boolean {
    const value = this.exact(name)
    return value !== undefined && value.trim() !== ''
  }

  /** Sets the value of an unset variable. */
  fill(name: Name, value: string): void {
    this.#filled.set(name, value)
  }

  /** `what` continues a line that begins with the variable's name: what is wrong and how to correct it. */
  mistake(name: Name, what: string): void {
    this.line(`${this.#nameInUse(name)}: ${what}`)
  }

  /** A mistake with a complete message. */
  line(mistake: string): void {
    this.#mistakes.push(mistake)
  }

  /** `parse` throws an Error whose message says what is wrong and how to correct it. */
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

  /** Comma-separated. Each invalid entry is a separate mistake, named by its position. */
  list<T>(name: Name, fallback: readonly T[], parse: (entry: string) => T): readonly T[] {
    if (!this.has(name)) return fallback
    return (this.exact(name) ?? '').split(',').flatMap((text, index) => {
      const entry = text.trim()
      try {
        if (entry === '') throw new Error('is empty: remove the extra comma')
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

  /** Seconds, written `10` or `10s`. The fallback and the result are milliseconds. */
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

  /** Accepts the same words as Python's pydantic, with which the Python service was configured. */
  flag(name: Name, fallback: boolean): boolean {
    return this.value(name, fallback, (text) => {
      if (/^(?:true|1|yes|on)$/i.test(text)) return true
      if (/^(?:false|0|no|off)$/i.test(text)) return false
      throw new Error('must be true or false')
    })
  }

  /** Returns `config`, deeply frozen. Throws a StartError with a line for each mistake if there are any. */
  finish<T>(config: T): T {
    const count = this.#mistakes.length
    if (count === 0) return deepFreeze(config)
    const headline = count === 1 ? [] : [`The configuration has ${count} mistakes:`]
    throw new StartError([...headline, ...this.#mistakes].join('\n'))
  }

  /** Records a mistake for each variable of `names` that has different values under several of its names. */
  refuseContradictions(names: readonly Name[]): void {
    for (const name of names) {
      const set = namesOf(name, this.#table[name]).filter((each) => (this.#env[each] ?? '').trim() !== '')
      if (new Set(set.map((each) => this.#env[each]?.trim())).size > 1) {
        this.mistake(
          name,
          `is the same variable as ${set.slice(1).join(' and ')}, with another value: keep one of them`,
        )
      }
    }
  }

  /** The first name that is set. If only an earlier name is set, messages use it. */
  #nameInUse(name: Name): string {
    const names = namesOf(name, this.#table[name])
    return names.find((each) => (this.#env[each] ?? '').trim() !== '') ?? name
  }
}

/** For trees; a cycle would recurse for ever. */
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

/** An address to listen on. @returns it unchanged */
export function host(text: string): string {
  if (isIP(text) === 0 && !/^(?=.*[a-z])[a-z0-9.-]{1,253}$/i.test(text)) {
    throw new Error('must be an IP address (IPv6 without brackets) or a host name')
  }
  return text
}

/** An origin exactly as browsers send it in the `Origin` header (RFC 6454 §6.2), since it is compared as text. */
export function origin(text: string): string {
  const expected = 'must be scheme://host or scheme://host:port in lower case, without a path or a slash at the end'
  // Apps in a web view have their own schemes (`capacitor://localhost`), for which URL's origin is opaque.
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s\\]+$/.test(text) || text !== text.toLowerCase()) throw new Error(expected)
  const url = URL.parse(text)
  if (url === null || url.hostname === '' || text.includes('*')) throw new Error(expected)
  if (`${url.protocol}//${url.host}` !== text) throw new Error(`${expected}, and without the scheme's default port`)
  return text
}

/** Limited because it is part of headers and bodies. */
const URL_LENGTH_MAX = 255

/** An http or https URL to which paths are appended, without a slash at the end. */
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

/** Short, because it is part of every key, and without characters that have a meaning in Redis's key patterns (ACLs, `SCAN`). */
export function redisKeyPrefix(text: string): string {
  if (!/^[\w.:/-]{1,64}$/.test(text)) throw new Error('must be 1 to 64 letters, digits or _ . : / -')
  return text
}

/** An IP address or a CIDR network. Length 0, all addresses, is refused: any caller could then choose its address. */
export function network(text: string): string {
  const [address = '', length, ...rest] = text.split('/')
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  const isNetwork = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) >= 1 && Number(length) <= bits)
  if (bits === 0 || !isNetwork || rest.length > 0 || address.includes('%')) {
    throw new Error('must be an IP address, or a network such as 10.0.0.0/8')
  }
  return text
}

/** PostgreSQL truncates names to 63 bytes, and `_system` is appended. Plain, so that it never needs quoting. */
export function role(text: string): string {
  if (!/^(?!pg_)[a-z_][a-z0-9_]{0,54}$/.test(text)) {
    throw new Error('must be a lower-case letter or _, then at most 54 letters, digits or _, and not begin with pg_')
  }
  return text
}

/** A value that callers send in a header (RFC 9110 §5.5); other characters could never match. */
export function headerValue(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new Error('must be visible ASCII without spaces, because it is sent in a header')
  return text
}
