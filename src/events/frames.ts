import type { Change } from '../changes/schema.ts'
import type { ChangePage } from '../changes/store.ts'
import { frameOf } from '../http/streams.ts'
import { syncCursor, type SyncPosition } from '../http/sync-cursor.ts'

/**
 * A page of changes as events, encoded once for all streams that get it. The id of an event is the cursor from which a client continues
 * after it.
 */
export function framesOf(
  userId: string,
  from: SyncPosition | undefined,
  { changes, next }: ChangePage,
): readonly Buffer[] {
  // The text is that of the schema of GET /api/changes, with notifications in between.
  return (JSON.parse(changes) as (Change | Notified)[]).map((change) => {
    const id = syncCursor(userId, positionAfter(change, from, next))
    return isNotification(change)
      ? frameOf({ event: change.type, id, data: { seq: change.seq, ...change.data } })
      : frameOf({ event: 'change', id, data: change })
  })
}

/** A notification, as `eventsAfter` gives it. */
interface Notified {
  readonly seq: number
  readonly type: string
  readonly id: string
  readonly data: object
}

/** Only changes have an `op`. */
const isNotification = (item: Change | Notified): item is Notified => !('op' in item)

/** In a page of an initial load the next entity follows by its id, else the next entry by its seq. */
function positionAfter(
  { seq, id }: Pick<Change, 'seq' | 'id'>,
  from: SyncPosition | undefined,
  { head }: SyncPosition,
): SyncPosition {
  return from?.loadedTo === undefined ? { seq, head } : { seq: from.seq, head, loadedTo: id }
}
