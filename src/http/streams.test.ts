import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTo } from 'node:net'
import { suite, test } from 'node:test'
import { openSurface } from '../../test/wire.ts'
import { drain } from './drain.ts'
import { Streams, type EventStream, type StreamBounds } from './streams.ts'

const NEVER_MS = 60_000

/** A route whose caller names the user, and the streams that it opened. */
async function openStreaming(bounds: Partial<StreamBounds> = {}) {
  const opened: EventStream[] = []
  const streams = new Streams(bounds)
  const { app, url } = await openSurface((app) => {
    app.get('/events/:user', (request, reply) => {
      // The type of the route's parameter.
      opened.push(streams.open(reply, (request.params as { user: string }).user))
    })
    app.get('/own', (_, reply) => void app.streams.open(reply, 'ada'))
  })
  const connect = async (user: string) => {
    const leaving = new AbortController()
    const response = await fetch(`${url}/events/${user}`, { signal: leaving.signal })
    return { response, text: response.text().catch(() => ''), leave: () => leaving.abort() }
  }
  return { app, url, streams, opened, connect }
}

suite('an event stream', () => {
  test('sends events as text/event-stream with headers against proxy buffering, and ends with a reason', async () => {
    const { app, streams, opened, connect } = await openStreaming()
    const { response, text } = await connect('ada')
    assert.deepEqual(
      ['content-type', 'cache-control', 'x-accel-buffering'].map((name) => response.headers.get(name)),
      ['text/event-stream; charset=utf-8', 'private, no-store, no-transform', 'no'],
    )
    const [stream] = opened
    assert.equal(stream?.event({ event: 'change', id: 'c1', data: { title: 'two\nlines' } }), true)
    stream?.heartbeat()
    stream?.end('age')
    assert.match(
      await text,
      /^retry: \d{4}\n\nevent: change\nid: c1\ndata: \{"title":"two\\nlines"\}\n\n:\n\nevent: end\ndata: \{"reason":"age"\}\n\n$/,
    )
    assert.equal(streams.size, 0)
    await drain(app, NEVER_MS)
  })

  test('is removed when its client disconnects', async () => {
    const { app, streams, opened, connect } = await openStreaming()
    const { leave } = await connect('ada')
    const [stream] = opened
    assert.ok(stream !== undefined)
    const closed = once(stream, 'close')
    leave()
    await closed
    assert.equal(streams.size, 0)
    assert.equal(stream.event({ event: 'change', data: 1 }), false)
    await drain(app, NEVER_MS)
  })

  test('is forgotten when its client left before it was opened', async () => {
    const streams = new Streams()
    const called = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    const opened = Promise.withResolvers<EventStream>()
    const { app, url } = await openSurface((app) => {
      app.get('/late', async (request, reply) => {
        request.raw.socket.once('end', left.resolve)
        called.resolve()
        await left.promise
        opened.resolve(streams.open(reply, 'ada'))
        return reply
      })
    })
    const leaving = new AbortController()
    const asked = fetch(`${url}/late`, { signal: leaving.signal })
    await called.promise
    leaving.abort()
    await assert.rejects(asked)
    const stream = await opened.promise
    while (streams.size > 0) await new Promise(setImmediate)
    assert.equal(stream.isEnded, true)
    await drain(app, NEVER_MS)
  })

  test('is refused with 429 beyond the bound of its user, and with 503 beyond that of the process', async () => {
    const { app, connect } = await openStreaming({ perUser: 1, perProcess: 2 })
    await connect('ada')
    const again = await connect('ada')
    assert.deepEqual(
      [again.response.status, JSON.parse(await again.text).code, again.response.headers.get('retry-after')],
      [429, 'too_many_requests', '30'],
    )
    await connect('ben')
    const third = await connect('cleo')
    assert.deepEqual([third.response.status, JSON.parse(await third.text).code], [503, 'overloaded'])
    await drain(app, 1)
  })

  test('refuses events when the buffer of a client that does not read is full', async () => {
    const { app, opened, connect } = await openStreaming()
    await connect('ada')
    const [stream] = opened
    assert.ok(stream !== undefined)
    const data = 'x'.repeat(10_000)
    let sent = 0
    while (stream.event({ event: 'change', data })) assert.ok(++sent < 10_000, 'the buffer is bounded')
    assert.ok(stream.readableLength < 200_000)
    await drain(app, 1)
  })

  test('that has ended is closed if its client does not read the rest', async () => {
    const { app, url, streams, opened } = await openStreaming({ restMs: 100 })
    const client = connectTo(Number(new URL(url).port), '127.0.0.1').pause()
    client.write('GET /events/ada HTTP/1.1\r\nHost: localhost\r\n\r\n')
    while (opened.length === 0) await new Promise(setImmediate)
    const [stream] = opened
    assert.ok(stream !== undefined)
    const data = 'x'.repeat(10_000)
    // Until the buffers of the kernel are full, too.
    for (let sent = 0; stream.event({ event: 'change', data }); sent++) {
      assert.ok(sent < 10_000, 'the buffers are bounded')
      await new Promise(setImmediate)
    }
    stream.end('slow')
    await once(stream, 'close')
    while (app.connections.count().open > 0) await new Promise(setImmediate)
    assert.equal(streams.size, 0)
    client.destroy()
    await drain(app, NEVER_MS)
  })

  test('sends a heartbeat at every interval, and ends at its maximum age', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
    const { app, connect } = await openStreaming({ heartbeatMs: 1_000, ageMs: 2_500 })
    const { text } = await connect('ada')
    t.mock.timers.tick(1_000)
    t.mock.timers.tick(1_000)
    t.mock.timers.tick(500)
    assert.match(await text, /\n\n:\n\n:\n\nevent: end\ndata: \{"reason":"age"\}\n\n$/)
    t.mock.timers.reset()
    await drain(app, NEVER_MS)
  })

  test('ends first when the process drains, and its connection is closed at once', async () => {
    const { app, url } = await openStreaming()
    const response = await fetch(`${url}/own`)
    assert.equal(app.streams.size, 1)
    const drained = drain(app, NEVER_MS)
    assert.match(await response.text(), /event: end\ndata: \{"reason":"shutdown"\}\n\n$/)
    await drained
  })

  test('is refused with 503 while the process drains', async () => {
    const { app, streams, connect } = await openStreaming()
    streams.drain()
    const { response, text } = await connect('ada')
    assert.deepEqual([response.status, JSON.parse(await text).code], [503, 'overloaded'])
    await drain(app, NEVER_MS)
  })
})
