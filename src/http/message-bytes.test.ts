import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, suite, test } from 'node:test'
import { assertProblem, dial, exchange, lines, openSurface } from '../../test/wire.ts'
import type { App } from './app.ts'

const HOST = 'Host: x'
const JSON_TYPE = 'Content-Type: application/json'
const CHUNKED = 'Transfer-Encoding: chunked'
const KIB = 1024
const MIB = 1024 * KIB
/** Maximum bytes sent when the server closes after 16 MiB: those that it reads and the kernel's buffers on both sides. */
const SENT_MAX = 64 * MIB

let app: App
let url: string
before(async () => {
  ;({ app, url } = await openSurface((surface) => {
    surface.get('/', async () => 'ok')
    surface.post('/', { schema: { body: {} } }, async ({ body }) => ({ length: JSON.stringify(body).length }))
  }))
})
after(() => app.close())

const GET = lines('GET / HTTP/1.1', HOST)
const chunksOf = (text: string, size: number): string => {
  const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
  return `${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n\r\n`
}
const post = (text: string): string =>
  lines('POST / HTTP/1.1', HOST, JSON_TYPE, `Content-Length: ${text.length}`) + text
const postInChunks = (text: string, size: number): string =>
  lines('POST / HTTP/1.1', HOST, JSON_TYPE, CHUNKED) + chunksOf(text, size)
const textOf = (length: number): string => `"${'a'.repeat(length - 2)}"`

suite('the limit of bytes without a complete message does not affect', () => {
  test('a head of nearly 16 KiB in one piece, or in two pieces with any cut near its end', async () => {
    const head = lines('GET / HTTP/1.1', HOST, `X-A: ${'a'.repeat(16 * KIB - 50)}`)
    assert.equal((await exchange(url, head)).status, 200)
    for (let cut = 1; cut <= 5; cut++) {
      using wire = await dial(url)
      await wire.send(head.slice(0, -cut))
      // The answer on another connection shows that the first piece has been read.
      await exchange(url, GET)
      await wire.send(head.slice(-cut))
      assert.equal((await wire.answer()).status, 200)
    }
  })

  test('hundreds of pipelined requests, with and without bodies, chunked and not', async () => {
    using wire = await dial(url)
    const round = [GET, post('{}'), post(textOf(40 * KIB)), postInChunks(textOf(KIB), 7), GET, postInChunks('{}', 1)]
    const rounds = 50
    const sending = wire.send(Buffer.from(round.join('').repeat(rounds)))
    for (let n = 0; n < rounds * round.length; n++) assert.equal((await wire.answer()).status, 200)
    await sending
  })

  for (const [length, size] of [
    [64 * KIB, 1],
    [MIB, 16],
    [MIB, 64 * KIB],
  ] as const) {
    test(`a body of ${length} bytes in chunks of ${size}, and the next request on its connection`, async () => {
      using wire = await dial(url)
      const request = postInChunks(textOf(length), size)
      const headEnd = request.indexOf('\r\n\r\n') + 4
      await wire.send(request.slice(0, headEnd))
      // The answer on another connection shows that the head has been read.
      await exchange(url, GET)
      await wire.send(request.slice(headEnd))
      assert.deepEqual((await wire.answer()).json, { length })
      await wire.send(GET)
      assert.equal((await wire.answer()).status, 200)
    })
  }
})

suite('more than 16 KiB without a complete head are refused before the head ends:', () => {
  const endless: readonly [what: string, status: number, code: string, begin: string, more: string][] = [
    ['empty lines', 400, 'malformed_request', '', '\r\n'],
    ['spaces before a value', 431, 'headers_too_large', `GET / HTTP/1.1\r\n${HOST}\r\nX-A:`, ' '],
    ['headers without a value', 431, 'headers_too_large', `GET / HTTP/1.1\r\n${HOST}\r\n`, 'A:\r\n'],
  ]
  for (const [what, status, code, begin, more] of endless) {
    test(`${what}, on a new connection and on a reused one`, async () => {
      for (const earlier of [[], [GET], [postInChunks('{}', 1)]]) {
        using wire = await dial(url)
        for (const request of earlier) {
          await wire.send(request)
          assert.equal((await wire.answer()).status, 200)
        }
        await wire.send(begin + more.repeat(20 * KIB))
        assertProblem(await wire.answer(), { status, code })
        assert.equal(await wire.ended(), '')
      }
    })
  }
})

test('chunk framing that is too large for its body is 413 before the body ends, under its request id', async () => {
  using wire = await dial(url)
  await wire.send(lines('POST / HTTP/1.1', HOST, JSON_TYPE, CHUNKED, 'X-Request-Id: mine'), '0'.repeat(500 * KIB))
  const answer = await wire.answer()
  assertProblem(answer, { status: 413, code: 'body_too_large', path: '/' })
  assert.equal(answer.json.requestId, 'mine')
  assert.equal(await wire.ended(), '')
})

test('an unwanted body is discarded up to a limit, then the connection is closed', async () => {
  for (const [line, framing, status] of [
    ['GET /', 'Content-Length: 1000000000', 200],
    ['POST /nope', 'Content-Length: 1000000000', 404],
    ['GET /', CHUNKED, 200],
  ] as const) {
    using wire = await dial(url)
    await wire.send(lines(`${line} HTTP/1.1`, HOST, framing), framing === CHUNKED ? '3b9aca00\r\n' : '')
    assert.equal((await wire.answer()).status, status)
    const piece = Buffer.alloc(64 * KIB, 'a')
    let sent = 0
    while (!wire.socket.destroyed && sent <= SENT_MAX) {
      sent += piece.length
      if (!wire.socket.write(piece)) await Promise.race([once(wire.socket, 'drain'), wire.ended()])
    }
    assert.ok(sent <= SENT_MAX, `${sent} bytes were sent`)
  }
})

test('100 Continue is sent if the body will be read, and not if the head is refused', async () => {
  const expecting = (line: string, length: number): string =>
    lines(`${line} HTTP/1.1`, HOST, JSON_TYPE, `Content-Length: ${length}`, 'Expect: 100-continue')
  for (const [request, first] of [
    [expecting('POST /', 2), 'HTTP/1.1 100 Continue'],
    [expecting('POST /', MIB + 1), 'HTTP/1.1 413 Payload Too Large'],
    [expecting('POST /nope', 2), 'HTTP/1.1 404 Not Found'],
    [expecting('PUT /', 2), 'HTTP/1.1 405 Method Not Allowed'],
  ] as const) {
    using wire = await dial(url)
    await wire.send(request)
    const [data] = (await once(wire.socket, 'data')) as [Buffer]
    assert.equal(String(data).split('\r\n', 1)[0], first)
  }
})

test('a final answer instead of 100 Continue closes the connection, because the body may or may not follow', async () => {
  for (const [path, expectation, status] of [
    ['/', 'tea', 417],
    ['/nope', '100-continue', 404],
    ['/%zz', '100-continue', 400],
  ] as const) {
    using wire = await dial(url)
    await wire.send(lines(`POST ${path} HTTP/1.1`, HOST, JSON_TYPE, 'Content-Length: 2', `Expect: ${expectation}`))
    const answer = await wire.answer()
    assert.deepEqual([answer.status, answer.headers.get('connection')], [status, 'close'])
    assert.equal(await wire.ended(), '')
  }
})
