// docs: begin
import {
  deepEqual,
  type RxCollection,
  type RxConflictHandler,
  type RxReplicationPullStreamItem,
  type WithDeleted,
} from 'rxdb'
import { replicateRxCollection, type RxReplicationState } from 'rxdb/plugins/replication'
import { Subject } from 'rxjs'
import { createClient, isProblem } from 'todo-backend/client'
import {
  follow,
  patchBetween,
  readChanges,
  type Change,
  type FollowOptions,
  type LocalTask,
} from 'todo-backend/client/sync'

type Row = WithDeleted<LocalTask>
type Pulled = { documents: Row[]; checkpoint: { cursor: string } }

const rowOf = ({ id, data }: Pick<Change, 'id' | 'data'>): Row =>
  data === null ? { id, title: '', _deleted: true } : { ...data, _deleted: false }

/** For the collection. What this device has changed is kept; all else is as the service has it. */
export const conflictHandler: RxConflictHandler<LocalTask> = {
  isEqual: (a, b) => (a._deleted && b._deleted) || deepEqual(a, b),
  resolve: async ({ newDocumentState: mine, assumedMasterState: before, realMasterState: theirs }) =>
    mine._deleted || theirs._deleted ? theirs : { ...theirs, ...patchBetween(before, mine) },
}

type Service = Pick<FollowOptions, 'baseUrl' | 'auth' | 'fetch'>

export function replicateTasks(collection: RxCollection<LocalTask>, service: Service) {
  const api = createClient(service)
  const stream$ = new Subject<RxReplicationPullStreamItem<LocalTask, Pulled['checkpoint']>>()
  const stop = new AbortController()
  let isFollowed = false

  async function pull(from: Pulled['checkpoint'] | undefined, limit: number): Promise<Pulled> {
    let [cursor, isWhole, hasMore] = [from?.cursor, false, true]
    const documents: Row[] = []
    while (hasMore && (isWhole || documents.length < limit)) {
      const page = await readChanges(api, { cursor, limit, signal: stop.signal })
      if (page.isReset && from !== undefined) {
        // The checkpoint has expired. Everything is loaded at once: what is here and does not come must go.
        isWhole = true
        documents.splice(0)
        for (const { id } of await collection.find().exec()) documents.push(rowOf({ id, data: null }))
      }
      documents.push(...page.changes.map(rowOf))
      cursor = page.cursor
      hasMore = !page.isUpToDate
    }
    if (!hasMore && !isFollowed) followFrom(String(cursor))
    return { documents, checkpoint: { cursor: String(cursor) } }
  }

  /** From where the first pull ends. Afterwards the follower misses nothing, also if it was offline. */
  function followFrom(start: string): void {
    isFollowed = true
    const follower = follow({
      ...service,
      signal: stop.signal,
      storage: { read: () => start, write: () => undefined },
      apply: ({ changes, cursor, isReset }) =>
        stream$.next(isReset ? 'RESYNC' : { documents: changes.map(rowOf), checkpoint: { cursor } }),
    })
    follower.done.catch((error) => state.subjects.error.next(error))
  }

  async function push(rows: { newDocumentState: Row; assumedMasterState?: Row }[]): Promise<Row[]> {
    const operations = rows.map(({ newDocumentState: row, assumedMasterState: before }) => {
      const { id, title } = row
      const ifVersion = before?.version === undefined ? {} : { ifVersion: before.version }
      if (row._deleted) return { op: 'delete', id, ...ifVersion } as const
      const patch = patchBetween(before, row)
      if (before !== undefined) return { op: 'update', id, ...ifVersion, patch } as const
      return { op: 'create', task: { ...patch, id, title } } as const
    })
    const { data } = await api.POST('/api/tasks/batch', { body: { atomic: false, operations } })
    const refused = rows.filter((_, at) => data.results[at]?.problem !== undefined)
    return await Promise.all(refused.map(({ newDocumentState: { id } }) => current(id)))
  }

  async function current(id: string): Promise<Row> {
    try {
      return rowOf({ id, data: (await api.GET('/api/tasks/{id}', { params: { path: { id } } })).data })
    } catch (error) {
      if (!isProblem(error, 'not_found')) throw error
      return rowOf({ id, data: null })
    }
  }

  const state: RxReplicationState<LocalTask, Pulled['checkpoint']> = replicateRxCollection({
    collection,
    replicationIdentifier: `todo-backend ${service.baseUrl}`,
    pull: { handler: pull, stream$ },
    // That many of the longest tasks fit into a request.
    push: { handler: push, batchSize: 20 },
  })
  state.canceled$.subscribe((isCanceled) => isCanceled && stop.abort())
  return state
}
// docs: end
