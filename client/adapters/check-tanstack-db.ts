import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createCollection } from '@tanstack/db'
import { createClient, isProblem } from 'todo-backend/client'
import { service, step, until } from './check.ts'
import { taskCollectionOptions } from './tanstack-db.ts'

const api = createClient(service)
const { data: task } = await api.POST('/api/tasks', { body: { title: 'before' } })
const params = { path: { id: task.id } }

const [first, second] = [taskCollectionOptions(service), taskCollectionOptions(service)].map((options) =>
  createCollection(options),
)
assert.ok(first !== undefined && second !== undefined)

/** The rows without the members that the library adds, such as $synced. */
const rowsOf = (collection: typeof first): unknown[] =>
  collection.toArray.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('$'))))

await Promise.all([first.preload(), second.preload()])
assert.deepEqual(rowsOf(first), [task])
step('initial load')

const id = randomUUID()
const inserted = first.insert({ id, title: 'made here' })
assert.equal(first.get(id)?.title, 'made here')
await inserted.isPersisted.promise
assert.equal(first.get(id)?.version, 1)
await until(() => second.get(id)?.version === 1)
step('an insertion is shown at once, is stored, and reaches the other device')

const updates = ['one', 'two', 'three'].map((title) => first.update(id, (draft) => void (draft.title = title)))
assert.equal(first.get(id)?.title, 'three')
await Promise.all(updates.map(({ isPersisted }) => isPersisted.promise))
assert.deepEqual([first.get(id)?.title, first.get(id)?.version], ['three', 4])
await api.PATCH('/api/tasks/{id}', { params, body: { priority: 'HIGH' } })
await until(() => first.get(task.id)?.priority === 'HIGH' && second.get(id)?.title === 'three')
step('updates keep their order')

await first.delete(id).isPersisted.promise
assert.equal(first.has(id), false)
await until(() => !second.has(id))
step('a deletion')

const refused = first.update(task.id, (draft) => void (draft.title = ''))
await assert.rejects(refused.isPersisted.promise, (error) => isProblem(error, 'invalid_input'))
assert.equal(first.get(task.id)?.title, 'before')
step('a refused change is taken back')

await first.cleanup()
await api.PATCH('/api/tasks/{id}', { params, body: { title: 'after' } })
await first.preload()
const { data: tasks } = await api.GET('/api/tasks')
assert.deepEqual(rowsOf(first), tasks)
await until(() => second.get(task.id)?.title === 'after')
assert.deepEqual(rowsOf(second), tasks)
step('after a pause both are equal to the service')

await Promise.all([first.cleanup(), second.cleanup()])
