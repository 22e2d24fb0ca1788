import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dueText, instantOf } from './dates.ts'
import { readLine } from './quick-add.ts'

/** A Monday. */
const TODAY = '2026-11-30'
const read = (line: string, { zone = 'Europe/Berlin', plain = [] as string[] } = {}) =>
  readLine(line, zone, TODAY, new Set(plain))

suite('the line that adds a task', () => {
  test('takes priority, tags and a day with its time, and leaves the rest as the title', () => {
    assert.deepEqual(read('  Buy  milk !high #home tomorrow 17:00 #shop '), {
      task: { title: 'Buy milk', priority: 'HIGH', dueDate: '2026-12-01T16:00:00Z', tags: ['home', 'shop'] },
      chips: [
        { kind: 'priority', words: '!high', label: 'High priority' },
        { kind: 'tag', words: '#home', label: '#home' },
        { kind: 'due', words: 'tomorrow 17:00', label: 'Due tomorrow, Tue 1 Dec, 17:00' },
        { kind: 'tag', words: '#shop', label: '#shop' },
      ],
    })
  })

  test('reads days by name or date; one without a time is the whole day', () => {
    for (const [words, dueDate] of [
      ['today', '2026-11-30'],
      ['Tomorrow', '2026-12-01'],
      ['tuesday', '2026-12-01'],
      ['MONDAY', '2026-12-07'],
      ['2026-12-24', '2026-12-24'],
      ['2027-07-01 at 9:30', '2027-07-01T07:30:00Z'],
      ['due:tomorrow 17:00', '2026-12-01T16:00:00Z'],
      ['Due:2026-12-24', '2026-12-24'],
    ] as const) {
      const { task, chips } = read(`x ${words}`)
      assert.deepEqual([task.title, task.dueDate, chips[0]?.words], ['x', dueDate, words])
    }
  })

  test('leaves words that only look like it: dates that do not exist, second priorities and days, hashes and exclamation marks', () => {
    for (const words of [
      '2026-02-30',
      '#',
      '##',
      '!',
      '!now',
      '25:00',
      'due:',
      'due:someday',
      'at 17:00',
      '#a#b',
      `#${'x'.repeat(51)}`,
      'mon',
      'sat',
    ]) {
      assert.deepEqual(read(`x ${words}`), { task: { title: `x ${words}` }, chips: [] })
    }
    assert.equal(read('a !high !low today tomorrow').task.title, 'a !low tomorrow')
    assert.deepEqual(read('#a #a').task, { title: '', tags: ['a'] })
  })

  test('leaves words that the user has turned back into text', () => {
    const { task, chips } = read('Watch Tomorrow #1 !high', { plain: ['Tomorrow', '!high'] })
    assert.deepEqual([task, chips.length], [{ title: 'Watch Tomorrow !high', tags: ['1'] }, 1])
    assert.equal(read('tomorrow 17:00', { plain: ['tomorrow 17:00'] }).task.title, 'tomorrow 17:00')
  })
})

suite('instants and their texts', () => {
  test('are those of the zone, also where clocks change', () => {
    assert.equal(instantOf('Europe/Berlin', '2026-03-29', '03:30'), '2026-03-29T01:30:00Z')
    assert.equal(instantOf('Europe/Berlin', '2026-10-25', '23:59'), '2026-10-25T22:59:00Z')
    assert.equal(instantOf('Pacific/Apia', '2026-12-01', '00:00'), '2026-11-30T11:00:00Z')
    assert.equal(instantOf('Asia/Kathmandu', '2026-12-01', '00:00'), '2026-11-30T18:15:00Z')
  })

  test('name near days, the time unless it is a whole day, and the year unless it is this one', () => {
    const now = new Date('2026-11-30T12:00:00Z')
    for (const [at, text] of [
      ['2026-11-30', 'Today'],
      ['2026-12-01T16:00:00Z', 'Tomorrow, 17:00'],
      ['2026-11-29', 'Yesterday'],
      ['2026-12-24', 'Thu 24 Dec'],
      ['2026-11-30T22:59:00Z', 'Today, 23:59'],
      ['2027-01-02T08:00:00Z', 'Sat 2 Jan 2027, 09:00'],
    ] as const) {
      assert.equal(dueText(at, 'Europe/Berlin', now), text)
    }
  })
})
