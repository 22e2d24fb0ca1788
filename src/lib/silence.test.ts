import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Silence, SilenceWatch } from './silence.ts'

suite('waiting for an answer', () => {
  test('returns the answer, and throws the error of a failed one', async () => {
    const watch = new SilenceWatch(50)
    assert.equal(await watch.answer(Promise.resolve(1)), 1)
    await assert.rejects(watch.answer(Promise.reject(new Error('no'))), /^Error: no$/)
  })

  test('times out without an answer, for each caller separately', async () => {
    const watch = new SilenceWatch(50)
    const never = new Promise<never>(() => undefined)
    const ended: number[] = []
    await Promise.all(
      [1, 2, 3].map((index) => assert.rejects(watch.answer(never), Silence).then(() => ended.push(index))),
    )
    assert.deepEqual(ended, [1, 2, 3])
  })

  test('does not count the time in which this process itself was busy', async () => {
    const watch = new SilenceWatch(50)
    const { promise, resolve } = Promise.withResolvers<string>()
    const answer = watch.answer(promise)
    const busyUntil = performance.now() + 120
    while (performance.now() < busyUntil);
    setImmediate(() => resolve('in time'))
    assert.equal(await answer, 'in time')
  })
})
