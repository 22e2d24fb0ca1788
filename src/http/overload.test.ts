import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assertProblem, openSurface } from '../../test/wire.ts'
import { askAt } from '../../test/world.ts'
import { drain } from './drain.ts'
import { Work } from './overload.ts'

/** Beyond what any process works on at once before it knows its pace. */
const MANY = 500
const USUAL = 360

suite('overload', () => {
  test('what is too much is refused at once and says when to come back; the rest is answered, and health all the time', async () => {
    const gate = Promise.withResolvers<void>()
    let begun = 0
    const { app, url } = await openSurface((surface) => {
      surface.get('/slow', async () => {
        begun++
        await gate.promise
        return 'done'
      })
      surface.get('/health', { config: { unlimited: true } }, async () => 'healthy')
    })
    const asking = Array.from({ length: MANY }, () => askAt(url, 'GET', '/slow'))
    const firstRefused = await Promise.race(
      asking.map(async (each) => {
        const answer = await each
        if (answer.status !== 503) throw new Error('answered')
        return answer
      }),
    )
    assertProblem(firstRefused, { status: 503, code: 'overloaded' })
    assert.equal(firstRefused.headers.get('retry-after'), '1')
    assert.equal((await askAt(url, 'GET', '/health')).text, 'healthy')
    gate.resolve()
    const answers = await Promise.all(asking)
    assert.equal(answers.filter(({ status }) => status === 200).length, USUAL)
    assert.equal(answers.filter(({ status }) => status === 503).length, MANY - USUAL)
    assert.equal(begun, USUAL)
    assert.equal((await askAt(url, 'GET', '/slow')).status, 200)
    await drain(app, 1000)
  })

  test('whoever waits for the server of somebody else keeps nobody out', async () => {
    const gate = Promise.withResolvers<void>()
    const waiting = Promise.withResolvers<void>()
    let begun = 0
    const { app, url } = await openSurface((surface) => {
      surface.get('/waits', { config: { waitsElsewhere: true } }, async () => {
        if (++begun === MANY) waiting.resolve()
        await gate.promise
        return 'done'
      })
      surface.get('/works', async () => 'done')
    })
    const asking = Array.from({ length: MANY }, () => askAt(url, 'GET', '/waits'))
    await Promise.race([waiting.promise, ...asking])
    const { status } = await askAt(url, 'GET', '/works')
    gate.resolve()
    const statuses = new Set((await Promise.all(asking)).map((answer) => answer.status))
    await drain(app, 1000)
    assert.equal(status, 200)
    assert.deepEqual(statuses, new Set([200]))
  })

  test('the bound follows the pace of a busy process, within its own bounds, and returns to the usual in calm', () => {
    let now = 0
    const work = new Work(() => now)
    const fill = (): number => {
      let entered = 0
      while (work.enter()) entered++
      return entered
    }
    /** A quarter of a second in which each answer makes room for the next. */
    const busyTick = (answers: number): void => {
      for (let index = 0; index < answers; index++) {
        work.leave()
        work.enter()
      }
      now += 250
    }
    assert.equal(fill(), USUAL)
    now += 250
    // It was not busy before: nothing changes yet.
    assert.equal(fill(), 0)
    busyTick(50)
    assert.equal(work.enter(), false)
    // 50 in 250 ms are 80 in 400 ms.
    for (let left = 0; left < USUAL - 79; left++) work.leave()
    assert.equal(fill(), 1)
    now += 10_000
    assert.equal(work.enter(), false)
    for (let left = 0; left < 80; left++) work.leave()
    now += 250
    assert.equal(fill(), USUAL)
  })
})
