import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import type { LookupAddress } from 'node:dns'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { after, before, suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildConnector } from 'undici'
import { answering, hanging, openFakeServer, type FakeServer } from '../../test/fake-server.ts'
import { guardedConnector } from './connector.ts'
import { destinationOf, type Destination, type OutboundPolicy } from './destination.ts'
import { OutboundError, type OutboundFailure } from './errors.ts'
import { ANSWER_BYTES_MAX, openOutbound, type OutboundOptions } from './outbound.ts'

const LOCAL: OutboundPolicy = { reach: 'local', allowedHosts: [] }
const PUBLIC: OutboundPolicy = { reach: 'public', allowedHosts: [] }
const LOOPBACK: LookupAddress = { address: '127.0.0.1', family: 4 }
const PUBLIC_ADDRESS: LookupAddress = { address: '93.184.216.34', family: 4 }

let server: FakeServer
before(async () => {
  server = await openFakeServer()
})
after(() => server[Symbol.asyncDispose]())

const open = (t: TestContext, policy: OutboundPolicy, options: OutboundOptions = {}) => {
  const outbound = openOutbound(policy, options)
  t.after(() => outbound[Symbol.asyncDispose]())
  return (url: string, sending: { readonly body?: string; readonly signal?: AbortSignal } = {}) =>
    outbound.send({ url, method: 'POST', headers: {}, body: '{}', ...sending })
}

const failing = (failure: OutboundFailure) => (error: unknown) => {
  assert.ok(error instanceof OutboundError, String(error))
  assert.equal(error.failure, failure, String(error.cause))
  return true
}

/** How often the server was called meanwhile. */
async function callsDuring(work: () => Promise<unknown>): Promise<number> {
  const before = server.asked.length
  await work()
  return server.asked.length - before
}

suite('a request to a URL of a user', () => {
  test('has the status, the headers and the body as its answer', async (t) => {
    server.answer = answering(201, 'done', { 'x-a': 'b' })
    const { status, headers, body, isComplete } = await open(t, LOCAL)(server.url)
    assert.deepEqual([status, headers['x-a'], body.toString(), isComplete], [201, 'b', 'done', true])
  })

  test('follows no redirect', async (t) => {
    server.answer = answering(302, '', { location: `${server.url}/elsewhere` })
    const send = open(t, LOCAL)
    const calls = await callsDuring(async () => assert.equal((await send(server.url)).status, 302))
    assert.equal(calls, 1)
  })

  test('reads the beginning of a large answer, and closes its connection', async (t) => {
    const closed = Promise.withResolvers<undefined>()
    server.answer = (response) => {
      response.once('close', () => closed.resolve(undefined))
      response.writeHead(200)
      const piece = Buffer.alloc(1024 * 1024, 'x')
      const write = (left: number): void => void (left > 0 && response.write(piece, () => write(left - 1)))
      write(10)
    }
    const { status, body, isComplete } = await open(t, LOCAL)(server.url)
    assert.deepEqual([status, body.length, isComplete], [200, ANSWER_BYTES_MAX, false])
    await closed.promise
  })

  test('decompresses nothing', async (t) => {
    server.answer = answering(200, 'not gzip', { 'content-encoding': 'gzip' })
    assert.equal((await open(t, LOCAL)(server.url)).body.toString(), 'not gzip')
    assert.equal(server.asked.at(-1)?.headers['accept-encoding'], 'identity')
  })

  test('ends at its deadline, and when its signal is aborted', async (t) => {
    server.answer = hanging
    await assert.rejects(open(t, LOCAL, { deadlineMs: 50 })(server.url), failing('timeout'))
    await assert.rejects(open(t, LOCAL)(server.url, { signal: AbortSignal.timeout(50) }), failing('aborted'))
  })

  test('has an answer if the status arrives in time and the body does not', async (t) => {
    server.answer = (response) => void response.writeHead(200).write('begun')
    const { status, body, isComplete } = await open(t, LOCAL, { deadlineMs: 300 })(server.url)
    assert.deepEqual([status, body.toString(), isComplete], [200, 'begun', false])
  })

  test('names what failed: no server, no HTTP, no TLS, no name', async (t) => {
    const other = createServer((socket) => socket.end('this is no HTTP\r\n\r\n'))
    other.listen(0, '127.0.0.1')
    t.after(() => other.close())
    await once(other, 'listening')
    const port = Object(other.address()).port as number
    const send = open(t, LOCAL, { resolve: () => Promise.reject(new Error('ENOTFOUND')) })
    await assert.rejects(send('http://127.0.0.1:1/'), failing('connection'))
    await assert.rejects(send(`http://127.0.0.1:${port}/`), failing('connection'))
    await assert.rejects(send(`https://127.0.0.1:${port}/`), failing('tls'))
    await assert.rejects(send('http://nowhere.example/'), failing('dns'))
  })

  test('does not use the proxies of the environment', async () => {
    server.answer = answering(200, 'direct')
    const module = fileURLToPath(new URL('./outbound.ts', import.meta.url))
    const program = `
      import { openOutbound } from ${JSON.stringify(module)}
      const outbound = openOutbound({ reach: 'local', allowedHosts: [] })
      const { body } = await outbound.send({ url: ${JSON.stringify(server.url)}, method: 'GET', headers: {} })
      console.log(body.toString())
      await outbound[Symbol.asyncDispose]()`
    const proxy = 'http://127.0.0.1:1'
    const env = {
      ...process.env,
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: proxy,
      http_proxy: proxy,
      ALL_PROXY: proxy,
      NO_PROXY: '',
    }
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env })
    assert.equal(stdout.trim(), 'direct')
  })
})

suite('a host with a private address', () => {
  const portOf = (): string => new URL(server.url).port

  test('is not connected to, in any spelling of the URL', async (t) => {
    const send = open(t, PUBLIC, { resolve: async () => [LOOPBACK] })
    const hosts = [
      '127.0.0.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '127.1',
      '0.0.0.0',
      '[::]',
    ]
    const calls = await callsDuring(async () => {
      for (const host of [...hosts, '[::127.0.0.1]', 'localhost', '１２７.0.0.1']) {
        await assert.rejects(send(`https://${host}/`), failing('url_refused'), host)
      }
    })
    assert.equal(calls, 0)
  })

  /** The destination of a name, on the port of the server: a policy for the public would refuse the port. */
  const named = (): Destination => {
    const checked = destinationOf('https://rebind.example/', PUBLIC)
    assert.ok(typeof checked === 'object')
    return { ...checked, url: new URL(`http://rebind.example:${portOf()}/`) }
  }

  const connect = (destination: Destination, resolve: () => Promise<readonly LookupAddress[]>): Promise<unknown> =>
    new Promise((connected, refused) => {
      const { hostname, host, protocol, port } = destination.url
      guardedConnector(destination, resolve)({ hostname, host, protocol, port }, (error, socket) => {
        socket?.destroy()
        if (error === null) connected(socket)
        else refused(error)
      })
    })

  test('is not connected to by a name, also not if the name has a public address too', async () => {
    for (const addresses of [[LOOPBACK], [PUBLIC_ADDRESS, LOOPBACK], [{ address: '::1', family: 6 }]]) {
      await assert.rejects(
        connect(named(), async () => addresses),
        failing('address_refused'),
      )
    }
  })

  test('is not connected to where its name changes its answer after the check: the checked answer is the one that is used', async () => {
    let asked = 0
    const connection = connect({ ...named(), mayConnectTo: (address) => address !== '127.0.0.1' }, async () => {
      asked++
      // On a first answer that is harmless the server does not listen: no connection is made to another one.
      return asked === 1 ? [{ address: '127.0.0.2', family: 4 }] : [LOOPBACK]
    })
    await assert.rejects(connection)
    assert.equal(asked, 1)
  })

  test('is sent nothing where the peer of the connection is another than the checked one', async () => {
    let checks = 0
    const received: Buffer[] = []
    const peer = createServer((socket) =>
      socket.on('data', (data: Buffer) => void received.push(data)).on('error', () => undefined),
    )
    peer.listen(0, '127.0.0.1')
    await once(peer, 'listening')
    const url = new URL(`https://rebind.example:${Object(peer.address()).port as number}/`)
    // The lookup is allowed, and the address that the socket reports is not.
    const destination = { ...named(), url, mayConnectTo: () => ++checks === 1 }
    const left = once(peer, 'connection').then(([socket]) => once(socket as NodeJS.EventEmitter, 'close'))
    await assert.rejects(
      connect(destination, async () => [LOOPBACK]),
      failing('address_refused'),
    )
    await left
    assert.deepEqual([checks, received], [2, []])
    peer.close()
  })

  test('is connected to where the operator has named the host', async (t) => {
    server.answer = answering(200, 'internal')
    const policy = { reach: 'public', allowedHosts: [`hooks.internal:${portOf()}`] } as const
    const send = open(t, policy, { resolve: async () => [LOOPBACK] })
    assert.equal((await send(`http://hooks.internal:${portOf()}/`)).body.toString(), 'internal')
  })

  test('is what undici alone would reach by a literal, because it looks up no literal', async () => {
    const alone = buildConnector({ lookup: () => assert.fail('was looked up'), allowH2: false })
    const { hostname, host, protocol, port } = new URL(server.url)
    await new Promise<void>((resolve, reject) =>
      alone({ hostname, host, protocol, port }, (error, socket) => {
        socket?.destroy()
        if (error === null) resolve()
        else reject(error)
      }),
    )
  })
})
