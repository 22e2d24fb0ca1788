import { logPositionOf, READ_POSITION } from '../db/change-log.ts'
import type { Step } from '../db/sql.ts'
import { shortReading } from '../db/step.ts'
import { positionAt, type SyncPosition } from '../http/sync-cursor.ts'
import { theOnly } from '../lib/the-only.ts'

export interface Head {
  readonly userId: string
  readonly position: SyncPosition
}

/** Where the log of the user is now. */
export const head: Step<Head> = shortReading(READ_POSITION, [], (row: { position: string } | undefined, userId) => ({
  userId,
  position: positionAt(logPositionOf(theOnly(row).position)),
}))
