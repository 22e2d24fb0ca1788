import { lookup as systemLookup, Resolver } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { callbackify } from 'node:util'
import { buildConnector } from 'undici'
import type { Destination } from './destination.ts'
import { OutboundError } from './errors.ts'

/** Of a TCP connection, and of the TLS handshake after it. */
const CONNECT_TIMEOUT_MS = 5_000
const DNS_TIMEOUT_MS = 2_000
const DNS_TRIES = 2

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>

/** The resolver of the system, which knows /etc/hosts and the names of a private network. For hosts that the operator has named. */
export const resolveBySystem: Resolve = (hostname) => systemLookup(hostname, { all: true })

/**
 * DNS alone. The resolver of the system runs in the threads of Node, of which names with slow servers would occupy those that look up
 * names, for all users.
 */
export function openDnsResolver(): Resolve {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES })
  return async (hostname) => {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
    const addresses = [
      ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
      ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
    ]
    if (addresses.length === 0) throw v4.status === 'rejected' ? v4.reason : new Error('the name has no address')
    return addresses
  }
}

const refusedAddress = (): OutboundError =>
  new OutboundError('address_refused', 'the host has a private or reserved address')

/**
 * Connects to a destination, and to none of the addresses that it may not have: the host of the URL if it is an address, every address that
 * its name has, which are the ones that are connected to, and the peer of the connection before a byte is sent to it.
 */
export function guardedConnector({ hostname, mayConnectTo }: Destination, resolve: Resolve): buildConnector.connector {
  /** One bad address is enough to refuse a name: which one is connected to depends on which answers first. */
  const checked = async (): Promise<LookupAddress[]> => {
    const addresses = await resolve(hostname).catch((error: unknown) => {
      throw new OutboundError('dns', 'the name cannot be resolved', error)
    })
    if (!addresses.every(({ address }) => mayConnectTo(address))) throw refusedAddress()
    return [...addresses]
  }
  const lookAllUp = callbackify(checked)
  // Sockets ask for all addresses of a name, because they try both families.
  const lookup: LookupFunction = (_name, _options, callback) =>
    lookAllUp((error, addresses) => callback(error, error === null ? addresses : []))
  const tcp = buildConnector({ lookup, autoSelectFamily: true, timeout: CONNECT_TIMEOUT_MS, allowH2: false })
  const tls = buildConnector({ timeout: CONNECT_TIMEOUT_MS, allowH2: false })
  const isAddress = isIP(hostname) !== 0
  return (options, callback) => {
    if (isAddress && !mayConnectTo(hostname)) return callback(refusedAddress(), null)
    const isSecure = options.protocol === 'https:'
    const port = options.port === '' ? (isSecure ? '443' : '80') : options.port
    tcp({ ...options, hostname, protocol: 'http:', port }, (error, socket) => {
      if (error !== null) return callback(error, null)
      if (socket.remoteAddress === undefined || !mayConnectTo(socket.remoteAddress)) {
        socket.destroy()
        return callback(refusedAddress(), null)
      }
      if (!isSecure) return callback(null, socket)
      tls({ ...options, hostname, port, httpSocket: socket, ...(isAddress ? {} : { servername: hostname }) }, callback)
    })
  }
}
