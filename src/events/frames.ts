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
  // The text is that of the schema of GET /api/changes.
  return (JSON.parse(changes) as Change[]).map((change) =>
    frameOf({ event: 'change', id: syncCursor(userId, positionAfter(change, from, next)), data: change }),
  )
}

/** In a page of an initial load the next entity follows by its id, else the next entry by its seq. */
function positionAfter({ seq, id }: Change, from: SyncPosition | undefined, { head }: SyncPosition): SyncPosition {
  return from?.loadedTo === undefined ? { seq, head } : { seq: from.seq, head, loadedTo: id }
}
