import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Problem } from '../errors.ts'
import { sessionPrincipal } from '../principal.ts'
import type { Proof } from './proof.ts'
import { unbounded } from './wire/lease.ts'
import { WriteQueue } from './write-queue.ts'

const proofOf = (token: string): Proof => ({ principal: sessionPrincipal([token]), needs: undefined })

/** Writes that end when the test says so. */
function openWrites(queue: WriteQueue) {
  const started: string[] = []
  const ends: (() => void)[] = []
  const write = (token: string, name: string, time = unbounded()): Promise<string> =>
    queue.run(proofOf(token), time, async () => {
      started.push(name)
      await new Promise<void>((resolve) => ends.push(resolve))
      return name
    })
  return { started, write, end: () => ends.shift()?.() }
}

suite('the writes of a credential', () => {
  test('run four at once, and the others start in order as those end', async () => {
    const { started, write, end } = openWrites(new WriteQueue())
    const writes = ['1', '2', '3', '4', '5', '6'].map((name) => write('ada', name))
    assert.deepEqual(started, ['1', '2', '3', '4'])
    end()
    await setImmediate()
    assert.deepEqual(started, ['1', '2', '3', '4', '5'])
    for (let left = 5; left > 0; left--) {
      end()
      await setImmediate()
    }
    assert.equal(started.at(-1), '6')
    assert.deepEqual(await Promise.all(writes), ['1', '2', '3', '4', '5', '6'])
  })

  test('do not delay those of another', async () => {
    const { started, write, end } = openWrites(new WriteQueue())
    const writes = ['1', '2', '3', '4', '5'].map((name) => write('ada', name))
    writes.push(write('ben', 'his'))
    assert.deepEqual(started, ['1', '2', '3', '4', 'his'])
    for (let left = 6; left > 0; left--) {
      end()
      await setImmediate()
    }
    await Promise.all(writes)
  })

  test('are 503 and not executed when their time budget ends before they could start', async () => {
    const { started, write, end } = openWrites(new WriteQueue())
    const running = ['1', '2', '3', '4'].map((name) => write('ada', name))
    const time = { leftMs: 5, acquireMs: 5 }
    await assert.rejects(
      write('ada', 'late', time),
      (error) => error instanceof Problem && error.code === 'unavailable',
    )
    const next = write('ada', 'next')
    for (let left = 5; left > 0; left--) {
      end()
      await setImmediate()
    }
    assert.deepEqual(started, ['1', '2', '3', '4', 'next'])
    await Promise.all(running)
    assert.equal(await next, 'next')
  })

  test('that fail pass their place on', async () => {
    const queue = new WriteQueue()
    const failing = Array.from({ length: 4 }, () =>
      queue.run(proofOf('ada'), unbounded(), () => Promise.reject(new Error('failed'))),
    )
    const fifth = queue.run(proofOf('ada'), unbounded(), () => Promise.resolve('done'))
    assert.ok((await Promise.allSettled(failing)).every(({ status }) => status === 'rejected'))
    assert.equal(await fifth, 'done')
  })
})
