import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createClient, type Task } from 'todo-backend/client'
import { service, step } from './check.ts'
import { taskSync, type Changes, type RawTask } from './watermelondb.ts'

/*
 * The rules that WatermelonDB's documentation has for a sync backend ("Implementing your Sync backend", version 0.28), by their numbers
 * there. A device is what `synchronize` makes of the two functions: pull, then push, with the lastPulledAt of the pull.
 */
class Device {
  readonly kept = new Map<string, unknown>()
  readonly records = new Map<string, RawTask>()
  lastPulledAt: number | null = null
  readonly sync = taskSync(service, {
    get: async (key) => this.kept.get(key),
    set: async (key, value) => void this.kept.set(key, value),
  })

  async pull(): Promise<Changes['tasks']> {
    const answer = await this.sync.pullChanges({ lastPulledAt: this.lastPulledAt })
    assert.ok(answer.timestamp > 0)
    this.lastPulledAt = answer.timestamp
    const { created, updated, deleted } = answer.changes.tasks
    if ('experimentalStrategy' in answer) this.records.clear()
    for (const record of [...created, ...updated]) this.records.set(record.id, record)
    for (const id of deleted) this.records.delete(id)
    return answer.changes.tasks
  }

  push(changes: Partial<Changes['tasks']>): Promise<void> {
    assert.ok(this.lastPulledAt !== null)
    const tasks = { created: [], updated: [], deleted: [], ...changes }
    return this.sync.pushChanges({ changes: { tasks }, lastPulledAt: this.lastPulledAt })
  }

  record(id: string): RawTask {
    const record = this.records.get(id)
    assert.ok(record !== undefined)
    return record
  }
}

const api = createClient(service)
const newTask = async (title: string): Promise<Task> => (await api.POST('/api/tasks', { body: { title } })).data
const titles = async (): Promise<string[]> => (await api.GET('/api/tasks')).data.map(({ title }) => title).toSorted()
const raw = (title: string, id: string = randomUUID()): RawTask => ({
  ...{ id, title, description: null, status: 'TODO', priority: 'MEDIUM', due_date: null, tags: '[]', version: 0 },
})

const device = new Device()
assert.deepEqual(await device.pull(), { created: [], updated: [], deleted: [] })
const [a, b] = [await newTask('a'), await newTask('b')]
await device.pull()
assert.deepEqual([...device.records.keys()].toSorted(), [a.id, b.id].toSorted())
const other = new Device()
await other.pull()
assert.deepEqual(other.records, device.records)
step('pull 3: the first pull gives everything')

await api.PATCH('/api/tasks/{id}', { params: { path: { id: a.id } }, body: { title: 'a2' } })
await api.PATCH('/api/tasks/{id}', { params: { path: { id: a.id } }, body: { title: 'a3' } })
await api.DELETE('/api/tasks/{id}', { params: { path: { id: b.id } } })
const c = await newTask('c')
const pulled = await device.pull()
const ids = [...pulled.created, ...pulled.updated].map(({ id }) => id)
assert.deepEqual([ids.toSorted(), pulled.deleted], [[a.id, c.id].toSorted(), [b.id]])
assert.equal(device.record(a.id).title, 'a3')
step('pull 2: what was created, updated and deleted since, each id once')

const columns = ['description', 'due_date', 'id', 'priority', 'status', 'tags', 'title', 'version']
for (const record of device.records.values()) {
  assert.deepEqual(Object.keys(record).toSorted(), columns)
  assert.match(record.id, /^[a-zA-Z0-9_.-]+$/)
}
step('pull 7 to 13: known columns and safe ids')

let areWriting = true
const writing = Promise.all(Array.from({ length: 40 }, (_, n) => newTask(`many ${n}`)))
writing.finally(() => (areWriting = false))
while (areWriting) await device.pull()
await writing
await device.pull()
assert.deepEqual([...device.records.values()].map(({ title }) => title).toSorted(), await titles())
step('pull 4 and 5: nothing is missed of what changes during pulls')

const made = raw('made')
await device.push({ created: [made], updated: [{ ...device.record(a.id), title: 'a4' }], deleted: [c.id] })
const now = await titles()
assert.ok(now.includes('made') && now.includes('a4') && !now.includes('c'))
step('push 1: creates, updates, deletes')

await device.pull()
await device.push({ created: [{ ...made, title: 'made again' }] })
assert.ok((await titles()).includes('made again'))
step('push 2: a new record that exists is updated')

await device.pull()
const gone = device.record(made.id)
await api.DELETE('/api/tasks/{id}', { params: { path: { id: made.id } } })
await assert.rejects(device.push({ updated: [{ ...gone, title: 'too late' }] }))
step('push 3: an update of a record that was deleted is an error')

await device.push({ deleted: [made.id, randomUUID()] })
step('push 4: deleting what does not exist is none')

await device.pull()
await api.PATCH('/api/tasks/{id}', { params: { path: { id: a.id } }, body: { priority: 'HIGH' } })
const fresh = raw('not without the others')
await assert.rejects(device.push({ created: [fresh], updated: [{ ...device.record(a.id), title: 'mine' }] }))
await assert.rejects(device.push({ created: [fresh], deleted: [a.id] }))
assert.ok(!(await titles()).includes(fresh.title) && !(await titles()).includes('mine'))
await device.pull()
await device.push({ created: [fresh], updated: [{ ...device.record(a.id), title: 'mine' }] })
assert.ok((await titles()).includes('mine'))
step('push 5 and 7: a record that has changed since refuses everything')

await device.pull()
const description = '€'.repeat(10_000)
const lots = Array.from({ length: 120 }, (_, n) => ({ ...raw(`lot ${n}`), description }))
await device.push({ created: lots })
await device.pull()
assert.deepEqual([...device.records.values()].map(({ title }) => title).toSorted(), await titles())
step('push 6: more than one batch')

const lost = device.record(a.id)
device.kept.clear()
await api.DELETE('/api/tasks/{id}', { params: { path: { id: lost.id } } })
await device.pull()
assert.deepEqual([...device.records.values()].map(({ title }) => title).toSorted(), await titles())
step('without its cursor a device replaces what it has')
