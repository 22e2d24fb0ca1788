import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assertProblem, openSurface } from '../../test/wire.ts'
import { askAt, type Answer } from '../../test/world.ts'
import { IGNORING_OBSERVER, type Observer } from '../observer.ts'
import { drain } from './drain.ts'
import { Work } from './overload.ts'
import type { App } from './app.ts'

/** Concurrent requests of a process before it has measured its throughput. */
const USUAL = 360

suite('overload', () => {
  test('requests above the bound are refused at once with Retry-After; the others and health are answered', async () => {
    const gate = Promise.withResolvers<void>()
    const full = Promise.withResolvers<void>()
    let begun = 0
    const refusals: string[] = []
    const ended: (number | undefined)[] = []
    const observer: Observer = {
      ...IGNORING_OBSERVER,
      refused: (code) => refusals.push(code),
      requestEnded: (_method, route, status) => void (route === undefined && ended.push(status)),
    }
    const routes = (surface: App): void => {
      surface.get('/slow', async () => {
        if (++begun === USUAL) full.resolve()
        await gate.promise
        return 'done'
      })
      surface.get('/health', { config: { unlimited: true } }, async () => 'healthy')
    }
    const { app, url } = await openSurface(routes, { observer })
    const asking: Promise<Answer>[] = []
    for (let index = 0; index < USUAL; index++) asking.push(askAt(url, 'GET', '/slow'))
    await full.promise

    const refused = await askAt(url, 'GET', '/slow', { headers: { origin: 'http://localhost:3000' } })
    assertProblem(refused, { status: 503, code: 'overloaded', more: ['retryAfter'] })
    assert.equal(refused.headers.get('retry-after'), '1')
    assert.equal(refused.headers.get('access-control-allow-origin'), 'http://localhost:3000')
    // Requests that the router refuses do not count either.
    for (const [method, path] of [
      ['POST', '/slow'],
      ['HEAD', '/%zz'],
      ['GET', '/nothing'],
    ] as const) {
      assert.equal((await askAt(url, method, path)).status, 503, `${method} ${path}`)
    }
    assert.deepEqual(
      refusals,
      Array.from({ length: 4 }, () => 'overloaded'),
    )
    assert.deepEqual(ended, [503, 503, 503, 503])
    const preflight = { origin: 'http://localhost:3000', 'access-control-request-method': 'GET' }
    assert.equal((await askAt(url, 'OPTIONS', '/slow', { headers: preflight })).status, 204)
    for (const path of ['/health', '/health/']) assert.equal((await askAt(url, 'GET', path)).text, 'healthy')

    gate.resolve()
    const answers = await Promise.all(asking)
    assert.ok(answers.every(({ status }) => status === 200))
    assert.equal(begun, USUAL)
    assert.equal((await askAt(url, 'GET', '/slow')).status, 200)
    await drain(app, 1000)
  })

  test('requests that wait for another server do not count towards the bound', async () => {
    const gate = Promise.withResolvers<void>()
    const waiting = Promise.withResolvers<void>()
    const many = USUAL + 40
    let begun = 0
    const { app, url } = await openSurface((surface) => {
      surface.get('/waits', { config: { waitsElsewhere: true } }, async () => {
        if (++begun === many) waiting.resolve()
        await gate.promise
        return 'done'
      })
      surface.get('/works', async () => 'done')
    })
    const asking = Array.from({ length: many }, () => askAt(url, 'GET', '/waits'))
    await Promise.race([waiting.promise, ...asking])
    const { status } = await askAt(url, 'GET', '/works')
    gate.resolve()
    const statuses = new Set((await Promise.all(asking)).map((answer) => answer.status))
    await drain(app, 1000)
    assert.equal(status, 200)
    assert.deepEqual(statuses, new Set([200]))
  })

  test('the bound follows the throughput of a busy process within limits, and returns to its default when it is idle', () => {
    let now = 0
    const work = new Work(() => now)
    const fill = (): number => {
      let entered = 0
      while (work.enter()) entered++
      return entered
    }
    /** A quarter of a second in which each answer is followed by the next request. */
    const busyTick = (answers: number): void => {
      for (let index = 0; index < answers; index++) {
        work.leave()
        work.enter()
      }
      now += 250
    }
    assert.equal(fill(), USUAL)
    now += 250
    // The process was not busy before, so nothing changes yet.
    assert.equal(fill(), 0)
    now += 250
    // No request ended, so there is no throughput.
    assert.equal(fill(), 0)
    busyTick(50)
    assert.equal(work.enter(), false)
    // The throughput was 50 per interval, so 50 requests may be in progress.
    for (let left = 0; left < USUAL - 49; left++) work.leave()
    assert.equal(fill(), 1)
    now += 10_000
    assert.equal(work.enter(), false)
    for (let left = 0; left < 50; left++) work.leave()
    now += 250
    assert.equal(fill(), USUAL)
  })
})
