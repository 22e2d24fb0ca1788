import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createRxDatabase, type RxCollection, type RxJsonSchema } from 'rxdb'
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory'
import { createClient } from 'todo-backend/client'
import type { LocalTask } from 'todo-backend/client/sync'
import { conflictHandler, replicateTasks } from './rxdb.ts'
import { service, step, until } from './check.ts'

/** RxDB also keeps the members that its schema does not name. The type wants all of them, and a task gets more with time. */
const properties = { id: { type: 'string', maxLength: 36 }, title: { type: 'string' } } as const
const schema: RxJsonSchema<LocalTask> = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: properties as unknown as RxJsonSchema<LocalTask>['properties'],
  required: ['id', 'title'],
}

async function openCollection(): Promise<RxCollection<LocalTask>> {
  const database = await createRxDatabase({
    name: `todo${randomUUID().replaceAll('-', '')}`,
    storage: getRxStorageMemory(),
    multiInstance: false,
  })
  const { tasks } = await database.addCollections({ tasks: { schema, conflictHandler } })
  return tasks
}

const api = createClient(service)

const onServer = async (): Promise<LocalTask[]> => (await api.GET('/api/tasks')).data

const comparable = (tasks: readonly LocalTask[]): string =>
  JSON.stringify(tasks.map((task) => JSON.stringify(Object.entries(task).toSorted())).toSorted())

async function isEqualToServer(collection: RxCollection<LocalTask>): Promise<boolean> {
  const docs = await collection.find().exec()
  return comparable(docs.map((doc) => doc.toMutableJSON())) === comparable(await onServer())
}

/**
 * The service carries out the first push before it answers the first pull, so that the pull has what is being pushed. The answer to the
 * push arrives after that of the pull, or is lost.
 */
function crossed(isLost: boolean): typeof fetch {
  const [isPushed, isPulled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let [isLosing, reads] = [isLost, 0]
  return async (url, init) => {
    if (String(url).endsWith('/api/tasks/batch')) {
      const answer = await fetch(url, init)
      isPushed.resolve()
      await isPulled.promise
      if (!isLosing) return answer
      isLosing = false
      return new Response(null, { status: 500 })
    }
    // The second read is made after the first pull.
    if (++reads === 1) await isPushed.promise
    else isPulled.resolve()
    return await fetch(url, init)
  }
}

const [first, second] = [await openCollection(), await openCollection()]
const { data: task } = await api.POST('/api/tasks', { body: { title: 'before', tags: ['a'] } })
const params = { path: { id: task.id } }

let replications = [replicateTasks(first, service), replicateTasks(second, service)]
await Promise.all(replications.map((each) => each.awaitInitialReplication()))
assert.ok((await isEqualToServer(first)) && (await isEqualToServer(second)))
step('initial load')

const made = await first.insert({ id: randomUUID(), title: 'made here' })
await until(() => isEqualToServer(first))
await until(() => isEqualToServer(second))
assert.equal((await second.findOne(made.id).exec())?.title, 'made here')
step('a new document reaches the other device')

await (await first.findOne(task.id).exec(true)).incrementalPatch({ title: 'changed twice' })
await (await first.findOne(task.id).exec(true)).incrementalPatch({ title: 'changed three times' })
await until(async () => (await onServer()).some(({ title }) => title === 'changed three times'))
await api.PATCH('/api/tasks/{id}', { params, body: { priority: 'HIGH' } })
await until(() => isEqualToServer(first))
await until(() => isEqualToServer(second))
step('changes in both directions')

await Promise.all(replications.map((each) => each.cancel()))
await (await first.findOne(task.id).exec(true)).incrementalPatch({ title: 'of the first' })
await (await second.findOne(task.id).exec(true)).incrementalPatch({ description: 'of the second' })
await second.insert({ id: randomUUID(), title: 'made offline' })
await (await second.findOne(made.id).exec(true)).remove()
await (await first.findOne(made.id).exec(true)).incrementalPatch({ title: 'deleted by the other' })
replications = [replicateTasks(first, service), replicateTasks(second, service)]
await until(async () => (await isEqualToServer(first)) && (await isEqualToServer(second)))
await Promise.all(replications.map((each) => each.awaitInSync()))
await until(async () => (await isEqualToServer(first)) && (await isEqualToServer(second)))
const { data: merged } = await api.GET('/api/tasks/{id}', { params })
assert.deepEqual([merged.title, merged.description, merged.priority], ['of the first', 'of the second', 'HIGH'])
step('two devices that edited offline end equal')

for (const isLost of [false, true]) {
  await Promise.all(replications.map((each) => each.cancel()))
  for (const device of [first, second]) {
    await (await device.findOne(task.id).exec(true)).incrementalPatch({ title: ` pushed by ${device.database.name} ` })
    await device.insert({ id: randomUUID(), title: ' made while offline ' })
  }
  replications = [first, second].map((device) => replicateTasks(device, { ...service, fetch: crossed(isLost) }))
  await until(async () => (await isEqualToServer(first)) && (await isEqualToServer(second)))
  await (await first.findOne(task.id).exec(true)).incrementalPatch({ title: ' the same, with spaces ' })
  await until(async () => (await isEqualToServer(first)) && (await isEqualToServer(second)))
  await (await first.findOne(task.id).exec(true)).incrementalPatch({ title: 'the same, with spaces ' })
  await until(async () => (await isEqualToServer(first)) && (await isEqualToServer(second)))
  step(isLost ? 'a push whose answer is lost' : 'a pull that has what is being pushed')
}

await Promise.all(replications.map((each) => each.cancel()))
await api.DELETE('/api/tasks/{id}', { params })
let isExpired = true
const expired: typeof fetch = (url, init) => {
  if (!isExpired || !String(url).includes('/api/changes?')) return fetch(url, init)
  isExpired = false
  return Promise.resolve(Response.json({ code: 'cursor_expired', detail: 'too old' }, { status: 410 }))
}
replications = [replicateTasks(first, { ...service, fetch: expired }), replicateTasks(second, service)]
await until(async () => (await isEqualToServer(first)) && (await isEqualToServer(second)))
assert.equal(isExpired, false)
step('what vanished while the checkpoint expired is gone')

await Promise.all(replications.map((each) => each.cancel()))
await Promise.all([first.database.close(), second.database.close()])
