import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { askAt } from '../world.ts'
import { until } from './measures.ts'

/** A proxy in front of replicas. */
export interface Balancer {
  readonly name: string
  readonly port: number
  /** Waits until requests are sent to all replicas, as an operator must before the next one is replaced. */
  allServe(): Promise<void>
  close(): void
}

const CHECK_MS = 250
const ALL_SERVE_MS = 60_000

/**
 * A balancer for machines without haproxy. It forwards each request to the next ready replica, over a connection of its own, and
 * tries another replica only if that connection was refused. Every other failure reaches the client as a reset.
 */
export async function openBalancer(ports: readonly number[]): Promise<Balancer> {
  const ready = new Set<number>()
  const check = async (port: number): Promise<void> => {
    const isReady = await askAt(`http://127.0.0.1:${port}`, 'GET', '/health/ready').then(
      ({ status }) => status === 200,
      () => false,
    )
    if (isReady) ready.add(port)
    else ready.delete(port)
  }
  const timer = setInterval(() => void Promise.all(ports.map(check)), CHECK_MS)
  let turn = 0
  const server: Server = createServer((asked, answer) => {
    turn += 1
    const candidates = [...ready]
    const first = turn % Math.max(candidates.length, 1)
    void forward(asked, answer, [...candidates.slice(first), ...candidates.slice(0, first)])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    name: 'the balancer of the tests',
    port: (server.address() as AddressInfo).port, // of a TCP server that listens
    allServe: () =>
      until('the balancer sends requests to all replicas', () => ready.size === ports.length, ALL_SERVE_MS),
    close: () => {
      clearInterval(timer)
      server.closeAllConnections()
      server.close()
    },
  }
}

async function forward(asked: IncomingMessage, answer: ServerResponse, ports: readonly number[]): Promise<void> {
  const body = Buffer.concat(await asked.toArray())
  for (const port of ports) {
    const { method, url: path, headers } = asked
    const sent = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { ...headers, connection: 'close' },
      agent: false,
    })
    sent.end(body)
    try {
      const [received] = (await once(sent, 'response')) as [IncomingMessage]
      const content = Buffer.concat(await received.toArray())
      const { connection: _, 'transfer-encoding': __, ...kept } = received.headers
      answer.writeHead(received.statusCode ?? 502, { ...kept, 'content-length': content.length }).end(content)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') continue
      answer.destroy()
      return
    }
  }
  answer.writeHead(503).end('no replica is ready')
}
