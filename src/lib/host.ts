import { isIPv4, isIPv6 } from 'node:net'

/** The address to listen on. For localhost Fastify would open a second server without our limits. */
export const listenHost = (host: string): string => (host === 'localhost' ? '127.0.0.1' : host)

/** The URL at which a server that listens on `host` is reached from this machine. */
export function reachableUrl(host: string, port: number): string {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`
}

/** @param host a name, an address, the host of a URL, or the directory of a Unix socket */
export function isThisMachine(host: string): boolean {
  return (
    host.startsWith('/') || ['localhost', '::1', '[::1]'].includes(host) || (isIPv4(host) && host.startsWith('127.'))
  )
}
