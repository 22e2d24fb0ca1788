// docs: begin
import {
  createClient,
  isProblem,
  type Client,
  type components,
  type ClientOptions,
  type Task,
  type TaskCreate,
} from 'todo-backend/client'
import { readChanges, type Change } from 'todo-backend/client/sync'

/** A record of the table `tasks`, with these columns. */
export interface RawTask {
  id: string
  title: string
  description: string | null
  status: string
  priority: string
  due_date: string | null
  /** JSON. */
  tags: string
  /** As the service has it; 0 for a record that it does not have yet. */
  version: number
}
export interface Changes {
  tasks: { created: RawTask[]; updated: RawTask[]; deleted: string[] }
}

/** `database.localStorage`. */
export interface LocalStorage {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
}

const PAGE = 1000
const BATCH_MAX = 100
const CURSORS = 'todo-backend cursors'

const rawOf = ({ id, title, description, status, priority, dueDate, tags, version }: Task): RawTask => ({
  id,
  title,
  description,
  status,
  priority,
  due_date: dueDate,
  tags: JSON.stringify(tags),
  version,
})
const fieldsOf = ({ title, description, status, priority, due_date, tags }: RawTask) =>
  // The columns have what `rawOf` and the app's own writers put there.
  ({ title, description, status, priority, dueDate: due_date, tags: JSON.parse(tags) }) as Omit<TaskCreate, 'id'>

/** For `synchronize({ database, ...taskSync(…), sendCreatedAsUpdated: true })`. */
export function taskSync(service: Pick<ClientOptions, 'baseUrl' | 'auth' | 'fetch'>, storage: LocalStorage) {
  const api = createClient(service)
  /** `lastPulledAt` must be a number: it is the seq of the cursor, and the cursor itself is kept beside it. */
  const cursors = async (): Promise<Record<string, string>> => JSON.parse(String((await storage.get(CURSORS)) ?? '{}'))

  async function pullChanges({ lastPulledAt }: { lastPulledAt?: number | null }) {
    const from = lastPulledAt ? (await cursors())[lastPulledAt] : undefined
    const { changes, cursor, isReset } = await readAll(api, from)
    const timestamp = Number(cursor.split('.')[0]) + 1
    await storage.set(CURSORS, JSON.stringify({ ...(from && { [String(lastPulledAt)]: from }), [timestamp]: cursor }))
    const updated = changes.flatMap(({ data }) => (data === null ? [] : [rawOf(data)]))
    const deleted = changes.flatMap(({ id, data }) => (data === null ? [id] : []))
    const tables: Changes = { tasks: { created: [], updated, deleted } }
    // After a load, what is here and did not come must go.
    const strategy = isReset && lastPulledAt ? { experimentalStrategy: 'replacement' as const } : {}
    return { changes: tables, timestamp, ...strategy }
  }

  async function pushChanges({ changes, lastPulledAt }: { changes: Changes; lastPulledAt: number }) {
    const { created, updated, deleted } = changes.tasks
    const since = await readAll(api, (await cursors())[lastPulledAt])
    const touched = new Set([...[...created, ...updated].map(({ id }) => id), ...deleted])
    if (since.isReset || since.changes.some(({ id, data }) => touched.has(id) && data !== null)) {
      throw new Error('Tasks have changed since they were pulled')
    }
    const operations: BatchOperation[] = [
      ...created.map((raw) => ({ op: 'create', task: { ...fieldsOf(raw), id: raw.id } }) as const),
      ...updated.map((raw) => ({ op: 'update', id: raw.id, ...ifVersion(raw), patch: fieldsOf(raw) }) as const),
      ...deleted.map((id) => ({ op: 'delete', id }) as const),
    ]
    while (operations.length > 0) await send(api, operations.splice(0, BATCH_MAX))
  }
  return { pullChanges, pushChanges }
}

const ifVersion = ({ version }: RawTask): { ifVersion?: number } => (version > 0 ? { ifVersion: version } : {})

/** All pages. Each task counts with its last change, so that the whole is the state at the time of the last page. */
async function readAll(api: Client, from: string | undefined) {
  const changes = new Map<string, Change>()
  let isReset = false
  for (let cursor = from; ;) {
    const page = await readChanges(api, { cursor, limit: PAGE })
    if (page.isReset) changes.clear()
    isReset ||= page.isReset
    for (const change of page.changes) changes.set(change.id, change)
    cursor = page.cursor
    if (page.isUpToDate) return { changes: [...changes.values()], cursor, isReset }
  }
}

type BatchOperation = components['schemas']['TaskOperation']

/** All of them or none, unless they exceed a request. What an interrupted push has already done is no error. */
async function send(api: Client, operations: BatchOperation[]): Promise<void> {
  while (operations.length > 0) {
    try {
      await api.POST('/api/tasks/batch', { body: { operations } })
      return
    } catch (error) {
      const at = isProblem(error) ? (error.failedOperation ?? -1) : -1
      const failed = operations[at]
      if (isProblem(error, 'conflict') && failed?.op === 'create') {
        const { id = '', ...patch } = failed.task
        operations[at] = { op: 'update', id, patch }
      } else if (isProblem(error, 'not_found') && failed?.op === 'delete') {
        operations.splice(at, 1)
      } else if (isProblem(error, 'body_too_large') && operations.length > 1) {
        await send(api, operations.splice(0, operations.length / 2))
      } else throw error
    }
  }
}
// docs: end
