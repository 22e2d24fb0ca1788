import type { IncomingMessage } from 'node:http'
import { Problem } from '../errors.ts'
import { bytesOf, CLOSING, HEADER_BYTES_MAX, headersTooLarge, notHttp } from './message-bytes.ts'

/** Headers that must not be repeated, since two recipients may use different values. */
const AT_MOST_ONCE = new Set([
  'host',
  'authorization',
  'x-service-auth',
  'x-user-id',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'if-match',
  'if-none-match',
  'idempotency-key',
  'origin',
])

/** A name, an IPv4 address or an IPv6 address in brackets, with or without a port (RFC 9110 §7.2). */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/

const ABSOLUTE_FORM = /^https?:\/\/[^/?#]*/i
/** Percent-encoded letters, digits, - . _ and ~ are equivalent to the characters themselves (RFC 3986 §6.2.2.2). */
const ENCODED_UNRESERVED = /%(?:4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A]|3\d|2[DE]|5F|7E)/gi
const STRAY_PERCENT = /%(?![0-9A-F]{2})/i

/**
 * Normalizes the request target: path and query, without the `http://host` that proxies send (RFC 9112 §3.2.2), and without
 * unnecessary percent-encoding in the path.
 */
export function originForm(target: string): string {
  const url = target.startsWith('/') ? target : target.replace(ABSOLUTE_FORM, '')
  if (!url.includes('%')) return url.startsWith('/') || url === '*' ? url : `/${url}`
  const [path = '', ...query] = url.split('?')
  // Malformed encoding is kept: `%%361` must not become `%61`.
  const plain = STRAY_PERCENT.test(path) ? path : path.replace(ENCODED_UNRESERVED, decodeURIComponent)
  return [plain.startsWith('/') ? plain : `/${plain}`, ...query].join('?')
}

/** If these are ambiguous, another recipient may see another end of the message, so the connection is closed. */
const FRAMING = new Set(['content-length', 'transfer-encoding'])

/** Refuses requests that two recipients could interpret differently (RFC 9112 §3.2, §6.1; RFC 9110 §5.3). */
export function refuseAmbiguity({ rawHeaders, headers, httpVersion, url = '' }: IncomingMessage): void {
  // Node's parser accepts 0.9 and 2.0, which have other message formats.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    throw notHttp()
  }
  if (bytesOf(rawHeaders) > HEADER_BYTES_MAX) throw headersTooLarge()
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    if (AT_MOST_ONCE.has(name) && seen.has(name)) {
      throw new Problem('invalid_header', `The header ${name} was sent twice`, FRAMING.has(name) ? CLOSING : {})
    }
    seen.add(name)
  }
  if (headers.host === undefined && httpVersion === '1.1') {
    throw new Problem('invalid_header', 'The header host is missing')
  }
  if (headers.host !== undefined && !HOST.test(headers.host)) {
    throw new Problem('invalid_header', 'The header host must be a host name or address, with or without a port')
  }
  const transferCoding = headers['transfer-encoding']
  if (transferCoding !== undefined && (transferCoding.toLowerCase() !== 'chunked' || httpVersion === '1.0')) {
    const detail = 'The header transfer-encoding must be chunked, in HTTP/1.1, or absent'
    throw new Problem('invalid_header', detail, CLOSING)
  }
  if (url.includes('#')) throw new Problem('malformed_request', 'The URL must not have a fragment; encode # as %23')
  if (!isPercentEncoded(url)) throw new Problem('malformed_request', 'The query is not valid percent-encoded UTF-8')
}

function isPercentEncoded(url: string): boolean {
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}
