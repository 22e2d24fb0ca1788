import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * Where an address leads:
 *   public   to a host of the internet
 *   local    to this machine or a private network: loopback, RFC 1918, and unique local addresses of IPv6
 *   special  elsewhere: link-local addresses, which cloud providers serve credentials at, multicast, the unspecified address, addresses
 *            that embed another one (6to4, Teredo, NAT64, IPv4-compatible), and everything that is reserved or not assigned
 */
export type Reach = 'public' | 'local' | 'special'

/** The unicast addresses that IANA has assigned for the internet. ipaddr.js calls everything unicast that it has no other name for. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')
const LOCAL = new Set(['loopback', 'private', 'uniqueLocal'])

/**
 * Classifies an address, without looking anything up.
 *
 * @param text an address as the resolver or a socket gives it, or the host of a URL that was parsed. Every other text is `special`
 */
export function reachOf(text: string): Reach {
  const version = isIP(text)
  // A scoped address, `fe80::1%eth0`, is link-local.
  if (version === 0 || text.includes('%')) return 'special'
  const address = version === 4 ? ipaddr.IPv4.parse(text) : unmapped(ipaddr.IPv6.parse(withoutDots(text)))
  const range = address.range()
  if (LOCAL.has(range)) return 'local'
  const isGlobal = address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST)
  return range === 'unicast' && isGlobal ? 'public' : 'special'
}

/** ipaddr.js reads `::127.0.0.1` as `::ffff:127.0.0.1`, which is another address. The parser of URLs writes both without dots. */
const withoutDots = (text: string): string => new URL(`http://[${text}]`).hostname.slice(1, -1)

/** `::ffff:a.b.c.d` stands for the IPv4 address, to which the system connects. */
const unmapped = (address: ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 =>
  address.isIPv4MappedAddress() ? address.toIPv4Address() : address
