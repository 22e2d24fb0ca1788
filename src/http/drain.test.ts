import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Outcomes } from '../../test/short-connections.ts'
import { dial, lines, openSurface } from '../../test/wire.ts'
import { FIRST_BYTES_MS } from './connections.ts'
import { drain } from './drain.ts'
import type { App } from './app.ts'

const GET_FAST = lines('GET /fast HTTP/1.1', 'Host: x')
const GET_SLOW = lines('GET /slow HTTP/1.1', 'Host: x')
/** A deadline that none of these tests reaches, except those of the deadline itself. */
const NEVER_MS = 60_000
/** Repetitions, because the race that these tests look for does not happen each time. */
const ROUNDS = 3

/** A service with one route that answers at once and one that is `begun` and waits to be released. */
async function openSlow(): Promise<{
  app: App
  url: string
  begun: Promise<void>
  release: () => void
  /** How many requests with POST were executed. */
  executed: () => number
}> {
  const begun = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  let executed = 0
  const { app, url } = await openSurface((app) => {
    app.get('/fast', async () => ({ draining: app.draining }))
    app.get('/slow', async () => {
      begun.resolve()
      await released.promise
      return 'done'
    })
    app.post('/fast', async () => {
      executed++
      return 'ok'
    })
  })
  return { app, url, begun: begun.promise, release: released.resolve, executed: () => executed }
}

suite('draining', () => {
  test('answers a request in progress with Connection: close', async () => {
    const { app, url, begun, release } = await openSlow()
    using wire = await dial(url)
    await wire.send(GET_SLOW)
    await begun
    const drained = drain(app, NEVER_MS)
    release()
    const answer = await wire.answer()
    assert.deepEqual([answer.status, answer.text, answer.headers.get('connection')], [200, 'done', 'close'])
    assert.equal(await wire.ended(), '')
    await drained
  })

  test('closes idle connections at once and accepts no new ones while a request is in progress', async () => {
    const { app, url, begun, release } = await openSlow()
    using idle = await dial(url)
    using silent = await dial(url)
    using busy = await dial(url)
    await idle.send(GET_FAST)
    assert.equal((await idle.answer()).headers.get('connection'), 'keep-alive')
    await busy.send(GET_SLOW)
    await begun
    const drained = drain(app, NEVER_MS)
    assert.equal(app.draining, true)
    assert.deepEqual([await idle.ended(), await silent.ended()], ['', ''])
    await assert.rejects(dial(url), { code: 'ECONNREFUSED' })
    release()
    assert.equal((await busy.answer()).status, 200)
    await drained
  })

  test('sends a whole answer to a client that reads slowly', async () => {
    const large = 'x'.repeat(32 * 1024 * 1024)
    const written = Promise.withResolvers<void>()
    const { app, url } = await openSurface((app) => {
      app.get('/large', async (_request, reply) => {
        void setImmediate().then(written.resolve)
        return reply.send(large)
      })
    })
    using wire = await dial(url)
    wire.socket.pause()
    await wire.send(lines('GET /large HTTP/1.1', 'Host: x'))
    await written.promise
    const drained = drain(app, NEVER_MS)
    wire.socket.resume()
    assert.equal((await wire.answer()).text.length, large.length)
    await drained
  })

  test('answers requests that were pipelined before it began, then closes the connection', async () => {
    const { app, url, begun, release } = await openSlow()
    using wire = await dial(url)
    await wire.send(GET_FAST, GET_FAST, GET_SLOW)
    await begun
    const drained = drain(app, NEVER_MS)
    release()
    for (const text of ['{"draining":false}', '{"draining":false}', 'done'])
      assert.equal((await wire.answer()).text, text)
    await drained
  })

  test('answers a request that is still being received, as the last one on its connection', async () => {
    const { app, url, begun, release } = await openSlow()
    using busy = await dial(url)
    using partial = await dial(url)
    await busy.send(GET_SLOW)
    await begun
    await partial.send(GET_FAST)
    await partial.answer()
    await partial.send('GET /fast HTTP/1.1\r\n')
    // When a later request to the same event loop has been answered, these bytes have been read.
    using other = await dial(url)
    await other.send(GET_FAST)
    await other.answer()
    const drained = drain(app, NEVER_MS)
    await partial.send(lines('Host: x'))
    const answer = await partial.answer()
    assert.deepEqual([answer.json, answer.headers.get('connection')], [{ draining: true }, 'close'])
    assert.equal(await partial.ended(), '')
    release()
    await drained
  })

  test('answers a request whose first bytes arrived together with the one before it', async () => {
    const { app, url } = await openSlow()
    using wire = await dial(url)
    await wire.send(GET_FAST, 'GET /fast HTTP/1.1\r\n')
    await wire.answer()
    const drained = drain(app, NEVER_MS)
    while (app.server.listening) await setImmediate()
    // Idle connections are closed in the second iteration of the event loop.
    await setImmediate()
    await setImmediate()
    await wire.send(lines('Host: x'))
    assert.deepEqual((await wire.answer()).json, { draining: true })
    await drained
  })

  test('answers every request that it executes, of clients that open a connection per request until the port is closed', async () => {
    let lostInAll = 0
    for (let round = 0; round < ROUNDS; round++) {
      const { app, url, executed } = await openSlow()
      const program = fileURLToPath(new URL('../../test/short-connections.ts', import.meta.url))
      const request = lines('POST /fast HTTP/1.1', 'Host: x', 'Connection: close')
      const clients = fork(program, [url, request, '40', String(FIRST_BYTES_MS)])
      const [begun] = await once(clients, 'message')
      assert.equal(begun, 'begun')
      // Draining begins when some connections have been answered and the maximum number is in progress.
      while (app.connections.count().open < 5) await setImmediate()
      const outcomes = once(clients, 'message')
      await drain(app, NEVER_MS)
      const [{ answered, refused, lost }] = (await outcomes) as [Outcomes]
      assert.deepEqual([answered > 0, answered, refused], [true, executed(), 40])
      lostInAll += lost
    }
    // No byte of a lost connection was read: its first packet passed the check of the queue on another processor just before the queue was
    // full, and was not in the kernel's table yet. Without the care of `stopListening` some 15 connections are lost in each round.
    assert.ok(lostInAll <= 1, `${lostInAll} connections were lost`)
  })

  test('answers a client that connected before it began and sends its request afterwards', async () => {
    const { app, url } = await openSlow()
    using early = await dial(url)
    const drained = drain(app, NEVER_MS)
    while (app.server.listening) await setImmediate()
    await early.send(GET_FAST)
    assert.equal((await early.answer()).headers.get('connection'), 'close')
    await drained
  })

  test('destroys connections that are still open at the deadline', async () => {
    const { app, url, begun, release } = await openSlow()
    using stuck = await dial(url)
    using stalled = await dial(url)
    await stuck.send(GET_SLOW)
    await stalled.send(
      lines('POST /fast HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 9'),
      '{',
    )
    await begun
    const from = performance.now()
    const drained = drain(app, 200)
    assert.deepEqual([await stuck.ended(), await stalled.ended()], ['', ''])
    release()
    await drained
    const tookMs = performance.now() - from
    assert.ok(tookMs >= 195 && tookMs < 5_000, `${tookMs} ms`)
  })

  test('does not wait for open connections of a refused tunnel, a refused upload or a malformed request', async () => {
    const { app, url } = await openSlow()
    const refused = [
      lines('CONNECT example.com:443 HTTP/1.1', 'Host: x'),
      lines('POST /fast HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 2000000'),
      'GARBAGE\r\n\r\n',
    ]
    const wires = await Promise.all(
      refused.map(async (request) => {
        const wire = await dial(url)
        await wire.send(request)
        await wire.answer()
        return wire
      }),
    )
    const from = performance.now()
    await drain(app, NEVER_MS)
    assert.ok(performance.now() - from < 10_000)
    for (const wire of wires) wire[Symbol.dispose]()
  })

  test('can be started twice, and in a service that has had no request', async () => {
    const { app } = await openSlow()
    await Promise.all([drain(app, NEVER_MS), drain(app, NEVER_MS)])
  })
})
