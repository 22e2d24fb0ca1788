import { LOG_POSITION, logPositionOf, type LogPosition } from '../db/change-log.ts'
import type { Step } from '../db/sql.ts'
import { shortReading } from '../db/step.ts'
import type { Statement } from '../db/wire/statement.ts'

export interface Head {
  readonly userId: string
  readonly head: LogPosition
}

const HEAD: Statement = { name: 'events.head', text: `select ${LOG_POSITION} as position` }

/** Where the log of the user is now. */
export const head: Step<Head> = shortReading(HEAD, [], (row, userId) => {
  // A select without a condition has a row.
  const { position } = row as { readonly position: string }
  return { userId, head: logPositionOf(position) }
})
