// docs: begin
import type { CollectionConfig, PendingMutation } from '@tanstack/db'
import { createClient } from 'todo-backend/client'
import { follow, patchBetween, type Follower, type FollowOptions, type LocalTask } from 'todo-backend/client/sync'

type Service = Pick<FollowOptions, 'baseUrl' | 'auth' | 'fetch'>

export function taskCollectionOptions(service: Service): CollectionConfig<LocalTask, string> {
  const api = createClient(service)
  let follower: Follower | undefined
  let sent: Promise<unknown> = Promise.resolve()

  const operationOf = ({ type, key, original, modified }: PendingMutation<LocalTask>) => {
    if (type === 'insert')
      return {
        op: 'create',
        task: { ...patchBetween(undefined, modified), id: String(key), title: modified.title },
      } as const
    if (type === 'delete') return { op: 'delete', id: String(key) } as const
    return { op: 'update', id: String(key), patch: patchBetween(original, modified) } as const
  }

  /** All mutations of a transaction or none, transactions in their order. The optimistic state goes when the copy has them. */
  const push = async ({ transaction }: { transaction: { mutations: PendingMutation<LocalTask>[] } }): Promise<void> => {
    const body = { operations: transaction.mutations.map(operationOf) }
    const answer = sent.then(() => api.POST('/api/tasks/batch', { body }))
    sent = answer.catch(() => undefined)
    await follower?.seen((await answer).response)
  }

  return {
    getKey: ({ id }) => id,
    sync: {
      rowUpdateMode: 'full',
      sync: ({ begin, write, commit, truncate, markReady, markError }) => {
        const following = follow({
          ...service,
          apply: ({ changes, isReset, isUpToDate }) => {
            begin()
            if (isReset) truncate({ markReady: false })
            for (const { id: key, data } of changes) {
              write(data === null ? { type: 'delete', key } : { type: 'update', value: data })
            }
            // Not awaited: it is visible when the optimistic state goes, which waits for this.
            void commit()
            if (isUpToDate) markReady()
          },
        })
        following.done.catch(markError)
        follower = following
        return () => void following.close()
      },
    },
    onInsert: push,
    onUpdate: push,
    onDelete: push,
  }
}
// docs: end
