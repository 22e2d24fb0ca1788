// docs: begin
import {
  deepEqual,
  type RxCollection,
  type RxConflictHandler,
  type RxReplicationPullStreamItem,
  type WithDeleted,
} from 'rxdb'
import { replicateRxCollection, type RxReplicationState } from 'rxdb/plugins/replication'
import { filter, firstValueFrom, race, Subject } from 'rxjs'
import { createClient } from 'todo-backend/client'
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

/** Documents that the service has accepted, perhaps in another form, such as without spaces around the title. */
const accepted = new WeakSet<object>()

/** For the collection. What this device has changed is kept; all else is as the service has it. */
export const conflictHandler: RxConflictHandler<LocalTask> = {
  isEqual: (a, b) => (a._deleted && b._deleted) || deepEqual(a, b),
  resolve: async ({ newDocumentState: mine, assumedMasterState: before, realMasterState: theirs }) =>
    accepted.has(mine) || mine._deleted || theirs._deleted ? theirs : { ...theirs, ...patchBetween(before, mine) },
}

type Service = Pick<FollowOptions, 'baseUrl' | 'auth' | 'fetch'>

export function replicateTasks(collection: RxCollection<LocalTask>, service: Service) {
  const api = createClient(service)
  const stream$ = new Subject<RxReplicationPullStreamItem<LocalTask, Pulled['checkpoint']>>()
  const stop = new AbortController()
  let isFollowed = false

  /**
   * Changes are given to RxDB only after this, because RxDB drops those of documents that it is pushing: a change that includes or follows
   * such a push would be lost. After a failed push there is no need to wait: the answer to its repetition is newer than the change.
   */
  function pushesAreStored(): Promise<unknown> {
    const stored = state.internalReplicationState?.streamQueue.up ?? Promise.resolve()
    const failed = state.error$.pipe(filter(({ code }) => code === 'RC_PUSH'))
    return firstValueFrom(race(stored, failed), { defaultValue: undefined })
  }

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
    await pushesAreStored()
    return { documents, checkpoint: { cursor: String(cursor) } }
  }

  /** From where the first pull ends. Afterwards the follower misses nothing, also if it was offline. */
  function followFrom(start: string): void {
    isFollowed = true
    const follower = follow({
      ...service,
      signal: stop.signal,
      storage: { read: () => start, write: () => undefined },
      apply: async ({ changes, cursor, isReset }) => {
        await pushesAreStored()
        stream$.next(isReset ? 'RESYNC' : { documents: changes.map(rowOf), checkpoint: { cursor } })
      },
    })
    follower.done.catch((error) => state.subjects.error.next(error))
  }

  type Pushed = { newDocumentState: Row; assumedMasterState?: Row }

  /** @returns what the service has of the rows that it refused, and of those that changed nothing, of which no change follows */
  async function push(pushed: Pushed[]): Promise<Row[]> {
    // RxDB pushes a resolved conflict even if it is what the service has.
    const rows = pushed.filter((row) => !deepEqual(row.assumedMasterState, row.newDocumentState))
    if (rows.length === 0) return []
    const operations = rows.map(({ newDocumentState: row, assumedMasterState: before }) => {
      const { id, title } = row
      const ifVersion = before?.version === undefined ? {} : { ifVersion: before.version }
      if (row._deleted) return { op: 'delete', id, ...ifVersion } as const
      const patch = patchBetween(before, row)
      if (before !== undefined) return { op: 'update', id, ...ifVersion, patch } as const
      return { op: 'create', task: { ...patch, id, title } } as const
    })
    const { data } = await api.POST('/api/tasks/batch', { body: { atomic: false, operations } })
    return rows.flatMap(({ newDocumentState: row, assumedMasterState: before }, at) => {
      const { status, task = null } = data.results[at] ?? {}
      const mayBeUnchanged = status === 200 && (before?.version ?? task?.version) === task?.version
      if (mayBeUnchanged) accepted.add(row)
      return mayBeUnchanged || Number(status) >= 400 ? [rowOf({ id: row.id, data: task })] : []
    })
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
