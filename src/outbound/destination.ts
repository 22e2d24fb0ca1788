import { isIP } from 'node:net'
import { reachOf } from './address.ts'

/** Which servers may be called with a URL that a user has given. */
export interface OutboundPolicy {
  /** `local`, for development: this machine and private networks too, over http, on any port. */
  readonly reach: 'public' | 'local'
  /**
   * Hosts of the operator's own to which no rule about addresses applies: `name`, `name:port`, an address, `[IPv6]:port`. Without a port
   * the ports 80, 443 and 8443 are meant, so that no other service of the host can be reached.
   */
  readonly allowedHosts: readonly string[]
}

/** A checked URL, and which addresses its host may have. */
export interface Destination {
  readonly url: URL
  /** The host as it is resolved and compared: without brackets, and without the dot at the end. */
  readonly hostname: string
  readonly mayConnectTo: (address: string) => boolean
  /** Whether the operator has named the host, or the service runs in development. */
  readonly isTrusted: boolean
}

export const URL_LENGTH_MAX = 2048

const NOT_COMPLETE = 'must be a complete URL, such as https://example.com/hooks'
const PORTS = ['443', '8443']
const ALLOWED_HOST_PORTS = ['80', ...PORTS]

/**
 * Checks a URL of a user. Names are not resolved here: every address of a name is checked when it is connected to, because its answers
 * can change.
 *
 * @returns what is wrong, which continues the name of the field, or the destination
 */
export function destinationOf(text: string, policy: OutboundPolicy): Destination | string {
  if (text.length > URL_LENGTH_MAX) return `must have at most ${URL_LENGTH_MAX} characters`
  // The parser would leave these out or replace them, and the URL would be another one than the user sees.
  if (/[\s\p{Cc}\\]/u.test(text)) return 'must not contain white space, control characters or backslashes'
  if (/^https?:(?!\/\/[^/])/i.test(text)) return NOT_COMPLETE
  // The parser brings every spelling of an IPv4 address (`0x7f.1`, `2130706433`, full-width digits) into the usual form.
  const url = URL.parse(text)
  if (url === null) return NOT_COMPLETE
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https://'
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/?#]*@/.test(text))
    return 'must not contain a user name or a password'
  if (url.hash !== '') return 'must not contain a fragment (#)'
  const hostname = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  const port = url.port === '' ? { 'http:': '80', 'https:': '443' }[url.protocol] : url.port
  if (policy.allowedHosts.some((entry) => isHost(entry, hostname, port))) {
    return { url, hostname, mayConnectTo: () => true, isTrusted: true }
  }
  const { reach } = policy
  const fault = reach === 'public' ? publicFault(url.protocol, hostname, port) : localFault(hostname)
  if (fault !== undefined) return fault
  return {
    url,
    hostname,
    mayConnectTo: (address) => isWithin(reach, reachOf(address)),
    isTrusted: reach === 'local',
  }
}

const isWithin = (allowed: OutboundPolicy['reach'], actual: ReturnType<typeof reachOf>): boolean =>
  actual === 'public' || actual === allowed

function publicFault(protocol: string, hostname: string, port: string): string | undefined {
  if (protocol !== 'https:') return 'must begin with https://'
  if (!PORTS.includes(port)) return `must use port ${PORTS.join(' or ')}`
  if (isIP(hostname) !== 0)
    return reachOf(hostname) === 'public' ? undefined : 'must not be a private or reserved address'
  if (/(?:^|\.)localhost$/.test(hostname)) return 'must not be the machine of this service'
  if (!hostname.includes('.')) return 'must have a complete host name, such as example.com'
  return undefined
}

const localFault = (hostname: string): string | undefined =>
  isIP(hostname) !== 0 && reachOf(hostname) === 'special' ? 'must not be a reserved address' : undefined

function isHost(entry: string, hostname: string, port: string): boolean {
  const { host, ports } = allowedHost(entry)
  return host === hostname && ports.includes(port)
}

/** @throws Error, whose message continues the name of a variable, for an entry that is no host */
export function allowedHost(entry: string): { readonly host: string; readonly ports: readonly string[] } {
  const [, name = '', port] = /^(\[[^\]]+\]|[^:/?#@\s]+)(?::(\d{1,5}))?$/.exec(entry) ?? []
  const url = URL.parse(`http://${name}/`)
  if (name === '' || url === null || (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535))) {
    throw new Error('must be a host name or an IP address (IPv6 in brackets), with or without a port')
  }
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  return { host, ports: port === undefined ? ALLOWED_HOST_PORTS : [String(Number(port))] }
}
