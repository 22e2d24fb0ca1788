import { logPositionOf, writtenChangeId } from '../db/change-log.ts'
import { positionAt, syncCursor } from './sync-cursor.ts'

/** Whose log an answer belongs to, and its position there as SQL gives it. */
export interface Logged {
  readonly userId: string
  readonly position: string
}

/**
 * The headers of an answer that say where it stands in the change log: the cursor from which its client can go on to follow changes, and
 * for a write that changed something, the id of its change. Neither for a result that a version without the log has stored for an
 * Idempotency-Key.
 */
export function loggedHeaders({ userId, position }: Partial<Logged>): Readonly<Record<string, string>> {
  if (userId === undefined || position === undefined) return {}
  const changeId = writtenChangeId(position)
  return {
    'x-sync-cursor': syncCursor(userId, positionAt(logPositionOf(position))),
    ...(changeId !== undefined && { 'x-change-id': changeId }),
  }
}

/** For the `headers` of a list in the OpenAPI document. */
export const SYNC_CURSOR = {
  'X-Sync-Cursor': {
    type: 'string',
    description:
      'The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one',
  },
}

/** For the `headers` of a write. */
export const WRITTEN = {
  ...SYNC_CURSOR,
  'X-Change-Id': {
    type: 'string',
    format: 'uuid',
    description:
      'The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing',
  },
}
