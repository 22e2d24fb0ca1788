import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Task } from './task.ts'
import { OPEN_VIEW } from './view.ts'
import { afterDone, afterMismatch, corrected, marksOf, refusedOf, withWrites, type Done, type Write } from './writes.ts'

const NOW = '2026-11-30T12:00:00Z'
const task = (id: string, more: Partial<Task> = {}): Task => ({
  id,
  title: id,
  description: null,
  status: 'TODO',
  priority: 'MEDIUM',
  dueDate: null,
  tags: [],
  createdAt: NOW,
  updatedAt: NOW,
  completedAt: null,
  version: 1,
  ...more,
})
const write = (more: Partial<Write>): Write => ({
  key: 'k',
  kind: 'change',
  id: 'a',
  title: 'a',
  patch: {},
  base: task('a'),
  ...more,
})
const show = (tasks: readonly Task[], writes: readonly Write[], view = OPEN_VIEW) =>
  withWrites(tasks, writes, view, NOW).map(({ title }) => title)

suite('the list with writes that are not confirmed', () => {
  test('has new tasks first, changes applied, and no deleted or completed ones', () => {
    const writes = [
      write({ kind: 'create', id: 'n', patch: { title: 'new' }, base: null }),
      write({ id: 'b', patch: { title: 'B' } }),
      write({ kind: 'delete', id: 'c' }),
      write({ kind: 'complete', id: 'd', patch: { status: 'COMPLETED' } }),
      write({ id: 'n', patch: { title: 'newer' } }),
    ]
    const tasks = ['a', 'b', 'c', 'd'].map((id) => task(id))
    assert.deepEqual(show(tasks, writes), ['newer', 'a', 'B'])
    assert.deepEqual(show(tasks, writes, { completed: 'any' }), ['newer', 'a', 'B', 'd'])
  })

  test('shows a new task that was deleted before it was sent not at all, and one that the service has too once', () => {
    const create = write({ kind: 'create', id: 'n', patch: { title: 'new' }, base: null })
    assert.deepEqual(show([], [create, write({ kind: 'delete', id: 'n' })]), [])
    assert.deepEqual(show([task('n', { title: 'new' })], [create]), ['new'])
  })

  test('shows nothing of a write that was undone before it was sent', () => {
    const undo = write({ key: 'u', kind: 'undo', id: '', of: 'k', base: null })
    assert.deepEqual(show([], [write({ kind: 'create', id: 'n', patch: { title: 'new' }, base: null }), undo]), [])
    assert.deepEqual(show([task('a')], [write({ kind: 'delete' }), undo]), ['a'])
    assert.deepEqual(show([task('a')], [write({ kind: 'delete', isTried: true }), undo]), [])
  })
})

suite('a write whose task has another version now', () => {
  test('is sent again if other fields were changed, is done if the task is as wanted, and else is a conflict', () => {
    const change = write({ patch: { title: 'mine' } })
    assert.equal(afterMismatch(change, task('a', { version: 2, priority: 'HIGH' })), 'again')
    assert.equal(afterMismatch(change, task('a', { version: 2, title: 'mine' })), 'done')
    assert.equal(afterMismatch(change, task('a', { version: 2, title: 'theirs' })), 'conflict')
    const both = write({ patch: { title: 'mine', tags: ['x'] } })
    assert.equal(afterMismatch(both, task('a', { version: 2, title: 'mine' })), 'again')
    assert.equal(afterMismatch(both, task('a', { version: 2, tags: ['y'] })), 'conflict')
    assert.equal(afterMismatch(write({ kind: 'delete' }), task('a', { version: 2 })), 'conflict')
  })
})

suite('after a write was executed', () => {
  const remaining = (writes: readonly Write[], done: Done) => writes.flatMap((each) => afterDone(each, done) ?? [])

  test('later ones of its task expect the new version, and others stay', () => {
    const first = write({ key: '1', base: task('a', { version: 3 }) })
    const next = write({ key: '2', base: task('a', { version: 3 }) })
    const newer = write({ key: '3', base: task('a', { version: 9 }) })
    const other = write({ key: '4', id: 'b', base: task('b', { version: 3 }) })
    const rest = remaining([first, next, newer, other], {
      write: first,
      task: task('a', { version: 4 }),
      changeId: 'c',
    })
    assert.deepEqual(
      rest.map(({ base }) => base?.version),
      [4, 9, 3],
    )
  })

  test('its undo gets the id of the change, or has nothing to do', () => {
    const first = write({ key: '1' })
    const undo = write({ key: '2', kind: 'undo', id: '', of: '1', base: null })
    const { of: _of, ...known } = undo
    assert.deepEqual(remaining([first, undo], { write: first, task: task('a'), changeId: 'c' }), [
      { ...known, id: 'c' },
    ])
    assert.deepEqual(remaining([first, undo], { write: first, task: task('a'), changeId: null }), [])
  })
})

suite('writes that the service has refused', () => {
  const trouble = { kind: 'refused', detail: 'no' } as const
  const create = write({
    key: 'c',
    kind: 'create',
    id: 'n',
    patch: { title: 'new' },
    base: null,
    isTried: true,
    trouble,
  })
  const change = write({ key: 'd', id: 'b', patch: { title: 'B' }, base: task('b'), trouble })

  test('are shown in every view, and once', () => {
    for (const view of [OPEN_VIEW, { completed: 'true' }, { completed: 'any', tag: 'x' }] as const) {
      assert.deepEqual(show([], [create, change], view), ['B', 'new'])
    }
    assert.deepEqual(show([task('b')], [change]), ['B'])
    assert.deepEqual(show([], [{ ...change, trouble: { ...trouble, isGone: true } }]), [])
  })

  test('are marked, and the writes of other tasks wait', () => {
    const later = write({ key: 'e', id: 'n', patch: { tags: [] } })
    const undo = write({ key: 'u', kind: 'undo', id: 'h' })
    assert.deepEqual(
      marksOf([create, later, write({}), undo]),
      new Map([
        ['n', 'undecided'],
        ['a', 'waiting'],
      ]),
    )
  })

  test('are corrected as another request, unless the task is gone', () => {
    assert.equal(refusedOf([create, change], 'b'), change)
    for (const other of [
      write({ key: 'e', id: 'b' }),
      write({ id: 'b', kind: 'delete', trouble }),
      write({ id: 'b', trouble: { ...trouble, isGone: true } }),
      write({ id: 'b', trouble: { kind: 'conflict', theirs: task('b') } }),
    ]) {
      assert.equal(refusedOf([other], 'b'), undefined)
    }
    const { trouble: _trouble, isTried: _isTried, ...rest } = create
    assert.deepEqual(corrected(create, { title: 'newer', tags: ['x'] }, 'k2'), {
      ...rest,
      title: 'newer',
      patch: { title: 'newer', tags: ['x'] },
      attempt: 'k2',
    })
  })

  test('are gone after an undo, because they were not executed', () => {
    const undo = write({ key: 'u', kind: 'undo', id: '', of: 'c', base: null })
    assert.deepEqual(show([], [create, undo]), [])
  })
})
