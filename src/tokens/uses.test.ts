import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { TokenUses } from './uses.ts'

const HOUR_MS = 3_600_000

function open({ failures = 0 } = {}) {
  const written: (readonly string[])[][] = []
  const warnings: unknown[] = []
  const clock = { nowMs: 10 * HOUR_MS }
  let left = failures
  const uses = new TokenUses(
    async (hashes) => {
      if (left-- > 0) throw new Error('the database is down')
      written.push([...hashes])
    },
    { warn: (line: unknown) => void warnings.push(line) },
    () => clock.nowMs,
  )
  return { uses, written, warnings, clock }
}

suite('the uses of personal tokens', () => {
  test('are written once per token and hour, together', async () => {
    const { uses, written, clock } = open()
    for (let time = 0; time < 100; time++) for (const key of ['a', 'b']) uses.note([key, `${key} earlier`])
    await uses.flush()
    uses.note(['a', 'a earlier'])
    await uses.flush()
    clock.nowMs += HOUR_MS - 1
    uses.note(['b', 'b earlier'])
    await uses.flush()
    const both = [
      ['a', 'a earlier'],
      ['b', 'b earlier'],
    ]
    assert.deepEqual(written, [both])
    clock.nowMs += 1
    for (const each of both) uses.note(each)
    await uses.flush()
    assert.deepEqual(written, [both, both])
  })

  test('of many tokens are written a hundred at a time', async () => {
    const { uses, written } = open()
    for (let n = 0; n < 250; n++) uses.note([`token ${n}`])
    await uses.flush()
    assert.deepEqual(
      written.map((each) => each.length),
      [100, 100, 50],
    )
  })

  test('that could not be written are logged and noted again with the next use', async () => {
    const { uses, written, warnings } = open({ failures: 1 })
    uses.note(['a'])
    await uses.flush()
    assert.deepEqual([written.length, warnings.length], [0, 1])
    uses.note(['a'])
    await uses.flush()
    assert.deepEqual(written, [[['a']]])
  })

  test('are written a second after the first of them', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { uses, written } = open()
    uses.note(['a'])
    t.mock.timers.tick(999)
    assert.deepEqual(written, [])
    t.mock.timers.tick(1)
    await uses.flush()
    assert.deepEqual(written, [[['a']]])
  })
})
