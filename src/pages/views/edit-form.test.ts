import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { patchOf } from './edit-form.ts'
import type { Task } from './task.ts'

const ZONE = 'Europe/Berlin'
const TASK: Task = {
  id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11',
  title: 'Buy milk',
  description: null,
  status: 'TODO',
  priority: 'MEDIUM',
  dueDate: null,
  tags: ['home'],
  createdAt: '2026-11-30T12:00:00Z',
  updatedAt: '2026-11-30T12:00:00Z',
  completedAt: null,
  version: 1,
}

/** What the form of a task sends when these fields have these values. */
const patch = (dueDate: string | null, day: string, time: string, others: Readonly<Record<string, string>> = {}) => {
  const values = { title: 'Buy milk', description: '', status: 'TODO', priority: 'MEDIUM', tags: 'home', ...others }
  return patchOf(new Map(Object.entries({ ...values, day, time })), { ...TASK, dueDate }, ZONE)
}

suite('the form that edits a task', () => {
  test('sends only what was changed', () => {
    assert.deepEqual(patch(null, '', ''), {})
    assert.deepEqual(patch(null, '', '', { title: ' Buy bread ', tags: 'home, shop, home', description: 'x' }), {
      title: 'Buy bread',
      description: 'x',
      tags: ['home', 'shop'],
    })
  })

  test('makes a day without a time a whole day, and one with a time an instant in the zone', () => {
    assert.deepEqual(patch(null, '2026-12-24', ''), { dueDate: '2026-12-24' })
    assert.deepEqual(patch(null, '2026-12-24', '17:00'), { dueDate: '2026-12-24T16:00:00Z' })
    assert.deepEqual(patch('2026-12-24', '2026-12-24', '17:00'), { dueDate: '2026-12-24T16:00:00Z' })
    assert.deepEqual(patch('2026-12-24T16:00:00Z', '2026-12-24', ''), { dueDate: '2026-12-24' })
    assert.deepEqual(patch('2026-12-24', '', ''), { dueDate: null })
  })

  test('keeps a due date whose day and time were not changed, to the second', () => {
    assert.deepEqual(patch('2026-12-24', '2026-12-24', ''), {})
    assert.deepEqual(patch('2026-12-24T16:00:30.5Z', '2026-12-24', '17:00'), {})
  })
})
