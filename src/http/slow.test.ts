import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assertProblem, dial, lines, openSurface, type Wire } from '../../test/wire.ts'

/** The documented timeout for receiving a request. */
const LIMIT_MS = 15_000

suite('an incomplete request', () => {
  test('is 408 within 15 s, and the connection is closed, at whichever point it stalls', async () => {
    const { app, url } = await openSurface((app) => {
      app.get('/', async () => 'ok')
      app.post('/', async () => 'ok')
    })
    const post = lines('POST / HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 100')
    const wires: Wire[] = []
    /** Sends `parts` and stalls; resolves when the server has closed the connection. */
    const stall = async (parts: readonly string[], then: (wire: Wire) => Promise<void>): Promise<void> => {
      const wire = await dial(url)
      wires.push(wire)
      const from = performance.now()
      await wire.send(...parts)
      await then(wire)
      assert.equal(await wire.ended(), '')
      const tookMs = performance.now() - from
      assert.ok(tookMs > 5_000 && tookMs < LIMIT_MS, `took ${tookMs} ms`)
    }
    const timesOut = async (wire: Wire, path?: string): Promise<void> => {
      const answer = await wire.answer()
      assertProblem(answer, { status: 408, code: 'request_timeout', ...(path === undefined ? {} : { path }) })
      assert.equal(answer.headers.get('connection'), 'close')
    }
    try {
      await Promise.all([
        stall([], timesOut),
        stall(['GET /'], timesOut),
        stall(['GET / HTTP/1.1\r\nHost: x\r\nX-A: b'], timesOut),
        stall([`${post}{"title"`], (wire) => timesOut(wire, '/')),
        stall([post], (wire) => timesOut(wire, '/')),
        stall(
          [
            lines('POST / HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Transfer-Encoding: chunked'),
            '5\r\n{',
          ],
          (wire) => timesOut(wire, '/'),
        ),
        stall([lines('GET / HTTP/1.1', 'Host: x'), 'GET / HTTP/1.1\r\n'], async (wire) => {
          assert.equal((await wire.answer()).status, 200)
          await timesOut(wire)
        }),
        // The request has been answered; a second answer would be taken for that of the next request.
        stall([post.replace('POST / ', 'POST /nope ')], async (wire) => {
          assertProblem(await wire.answer(), { status: 404, code: 'not_found', path: '/nope' })
        }),
      ])
    } finally {
      for (const wire of wires) wire[Symbol.dispose]()
      await app.close()
    }
  })
})
