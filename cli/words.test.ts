import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Failure, STATUS } from './failure.ts'
import { readTask, readWords, understood, type FieldOptions } from './words.ts'

/** A Monday. */
const MOMENT = { now: new Date('2026-11-30T12:00:00Z'), zone: 'Europe/Berlin' }
const read = (line: string, options: FieldOptions = {}) => readTask([line], options, MOMENT)
const isUsage = (message: RegExp) => (error: unknown) =>
  error instanceof Failure && error.status === STATUS.usage && message.test(error.message)

suite('the words of a task', () => {
  test('are read like the line of the page, and what was understood is shown', () => {
    const all = read('Buy milk !high #home tomorrow 17:00')
    assert.deepEqual(all.task, { title: 'Buy milk', priority: 'HIGH', dueDate: '2026-12-01T16:00:00Z', tags: ['home'] })
    assert.equal(understood(all), 'Buy milk · High priority · #home · Due tomorrow, Tue 1 Dec, 17:00')
    assert.equal(read('Call due:friday at 9:30').task.dueDate, '2026-12-04T08:30:00Z')
  })

  test('can be given as options, which need no quotes, and both are combined', () => {
    const options = { priority: 'high', tag: ['#home', 'shop'], due: 'tomorrow 17:00' }
    assert.deepEqual(read('Buy milk #home', options).task, {
      title: 'Buy milk',
      priority: 'HIGH',
      dueDate: '2026-12-01T16:00:00Z',
      tags: ['home', 'shop'],
    })
    assert.equal(understood(read('Buy milk', options)).split(' · ').length, 5)
  })

  test('are all text with --plain', () => {
    assert.deepEqual(read('Watch Tomorrow !high #1 due:x', { plain: true }), {
      task: { title: 'Watch Tomorrow !high #1 due:x' },
      chips: [],
    })
  })

  test('are refused where they contradict the options or are not understood', () => {
    assert.throws(() => read('x !low', { priority: 'high' }), isUsage(/--priority set the same field/))
    assert.throws(() => read('x today', { due: 'friday' }), isUsage(/--due set the same field/))
    assert.throws(() => read('x due:someday'), isUsage(/^due:someday is not understood.*--plain/))
    for (const due of ['', 'someday', 'today x', 'x today', '!high', '2026-02-30', 'today 25:00']) {
      assert.throws(() => read('x', { due }), isUsage(/^--due takes today/), due)
    }
    for (const priority of ['', 'higher', 'HIGH!']) {
      assert.throws(() => read('x', { priority }), isUsage(/^--priority takes urgent, high/), priority)
    }
  })

  test('are shown without the characters that a terminal executes', () => {
    assert.equal(understood(readWords(['a\u001b[2J', '#b\u202e'], MOMENT)), 'a␛[2J · #b�')
  })
})
