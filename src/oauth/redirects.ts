import type { Destination } from './schema.ts'
import { REDIRECT_URI_LENGTH_MAX } from './schema.ts'

/** Schemes that a browser or system handles itself, or that carry content. */
const FORBIDDEN_SCHEMES = new Set([
  'about:',
  'blob:',
  'chrome:',
  'content:',
  'data:',
  'file:',
  'filesystem:',
  'ftp:',
  'intent:',
  'jar:',
  'javascript:',
  // Of a URI without http:// before it.
  'localhost:',
  'mailto:',
  'resource:',
  'search:',
  'search-ms:',
  'shell:',
  'sms:',
  'ssh:',
  'tel:',
  'telnet:',
  'urn:',
  'vbscript:',
  'view-source:',
  'ws:',
  'wss:',
])

/** Schemes of Windows, which opens settings and diagnoses with them: `ms-settings:`, `ms-msdt:`. */
const OF_WINDOWS = /^ms-/

/** A literal address, or the name that browsers resolve to one of these (RFC 8252 §7.3). */
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost'])

/**
 * Checks the redirect URI of an app: https, http to the device of the user itself, or a scheme of the app's own (RFC 8252).
 *
 * @returns what is wrong, which continues the name of the field; undefined if it can be used
 */
export function redirectFault(uri: string): string | undefined {
  if (uri.length > REDIRECT_URI_LENGTH_MAX) return `must have at most ${REDIRECT_URI_LENGTH_MAX} characters`
  // Whatever is printed of it must look like what is used: no spaces or characters that browsers remove.
  if (!/^[\x21-\x7e]+$/.test(uri) || uri.includes('\\'))
    return 'must be a URI, with all other characters percent-encoded'
  const url = URL.parse(uri)
  // A browser takes https:example.com/callback for a path of the page that it is on.
  const isRelative = url !== null && /^https?:$/.test(url.protocol) && !/^https?:\/\/[^/]/i.test(uri)
  if (url === null || isRelative) return 'must be a complete URI, such as https://example.com/callback'
  if (uri.includes('#')) return 'must not contain a fragment (#)'
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or a password'
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:') {
    return isLoopback(url)
      ? undefined
      : 'must begin with https://, unless it is the device of the user: http://127.0.0.1'
  }
  return FORBIDDEN_SCHEMES.has(url.protocol) || OF_WINDOWS.test(url.protocol)
    ? `must not have the scheme ${url.protocol}`
    : undefined
}

/**
 * Whether a client that has registered one URI may be answered at the other: they are equal, but for the port of the device of the user,
 * which a program chooses when it starts (RFC 8252 §7.3).
 */
export function isRegistered(requested: string, registered: readonly string[]): boolean {
  if (registered.includes(requested)) return true
  const withoutPort = loopbackWithoutPort(requested)
  return withoutPort !== undefined && registered.some((each) => loopbackWithoutPort(each) === withoutPort)
}

function loopbackWithoutPort(uri: string): string | undefined {
  const url = URL.parse(uri)
  if (url?.protocol !== 'http:' || !isLoopback(url)) return undefined
  url.port = ''
  return url.href
}

const isLoopback = ({ hostname }: URL): boolean => LOOPBACK.has(hostname)

/** Where an answer to this URI goes, to be shown to the user. */
export function destinationOf(redirectUri: string): Destination {
  const url = new URL(redirectUri)
  if (url.protocol === 'https:') return { kind: 'website', name: url.host }
  return url.protocol === 'http:' ? { kind: 'device', name: url.host } : { kind: 'link', name: url.protocol }
}

/** The redirect URI with the answer in its query; its own parameters stay. */
export function withAnswer(redirectUri: string, answer: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(answer)) if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}
