import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import { openSurface } from '../../test/wire.ts'
import { drain } from '../http/drain.ts'
import { frameOf } from '../http/streams.ts'
import { sessionPrincipal } from '../principal.ts'
import { Listener } from './listener.ts'

const FRAME_BYTES = 10_000
const PAGE = 50
const head = { seq: 0, changeId: '00000000-0000-4000-8000-000000000000' }

/** A stream over HTTP whose client has not begun to read. */
async function openListener(t: TestContext) {
  let listener: Listener | undefined
  let readyAgain = 0
  const { app, url } = await openSurface((app) => {
    app.get('/events', (_request, reply) => {
      const stream = app.streams.open(reply, 'ada')
      const position = { seq: 0, head }
      const options = { userId: 'ada', principal: sessionPrincipal(['x']), stream, position }
      listener = new Listener(options, () => readyAgain++)
    })
  })
  t.after(() => drain(app, 1))
  const response = await fetch(`${url}/events`)
  if (listener === undefined) throw new Error('the route was not called')
  return { listener, response, timesReady: () => readyAgain }
}

/** Gives it pages until it can take no more. @returns the number of changes */
function fill(listener: Listener): number {
  let seq = 0
  while (listener.isReady) {
    const frames = Array.from({ length: PAGE }, () =>
      frameOf({ event: 'change', data: { seq: ++seq, text: 'x'.repeat(FRAME_BYTES) } }),
    )
    listener.take(frames, { changes: '', next: { seq, head: { ...head, seq } }, hasMore: true })
    assert.ok(seq < 10_000, 'what waits for a slow client is bounded')
  }
  return seq
}

const seqsOf = (text: string): number[] => [...text.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq))

suite('a stream whose client does not read', () => {
  test('takes no more pages, and has at most its buffer and one page in memory', async (t) => {
    const { listener } = await openListener(t)
    fill(listener)
    assert.equal(listener.isReady, false)
    assert.ok(listener.stream.readableLength < 64 * 1024 + 2 * FRAME_BYTES)
  })

  test('takes the next page when its client has read, which then has each change once, in order', async (t) => {
    const { listener, response, timesReady } = await openListener(t)
    const count = fill(listener)
    const text = response.text()
    while (!listener.isReady) await new Promise(setImmediate)
    assert.equal(timesReady(), 1)
    listener.end('age')
    assert.deepEqual(
      seqsOf(await text),
      Array.from({ length: count }, (_, at) => at + 1),
    )
  })

  test('gets resync after 10 s, and ends, having the changes before it without a gap', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { listener, response } = await openListener(t)
    fill(listener)
    t.mock.timers.tick(9_999)
    assert.equal(listener.stream.isEnded, false)
    t.mock.timers.tick(1)
    t.mock.timers.reset()
    assert.equal(listener.stream.endReason, 'slow')
    const text = await response.text()
    assert.match(text, /event: resync\ndata: \{"reason":"slow"\}\n\nevent: end\ndata: \{"reason":"slow"\}\n\n$/)
    const seqs = seqsOf(text)
    assert.deepEqual(
      seqs,
      Array.from({ length: seqs.length }, (_, at) => at + 1),
    )
  })

  test('is forgotten when its client leaves: its timer does not keep what waits', async (t) => {
    const { listener, response } = await openListener(t)
    fill(listener)
    const closed = once(listener.stream, 'close')
    await response.body?.cancel()
    await closed
    assert.deepEqual([listener.isReady, listener.stream.endReason], [false, undefined])
  })
})
