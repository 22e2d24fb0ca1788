import { newestEntryOf } from '../db/change-log.ts'
import type { Step } from '../db/sql.ts'
import { shortReading } from '../db/step.ts'
import { USER_ZONE } from '../db/user-zone.ts'

/** Proves the credential, and nothing else. */
export const proof: Step<string> = shortReading({ name: 'mcp.proof', text: 'select' }, [], (_row, userId) => userId)

/** The time zone of the user. */
export const zone: Step<string> = shortReading(
  { name: 'mcp.zone', text: `select ${USER_ZONE} as timezone` },
  [],
  // The column of the statement.
  (row) => (row as { readonly timezone: string }).timezone,
)

/**
 * The newest entry that the change log has of one of the tasks, 0 without one. Everything that is done to one of them changes it.
 *
 * @param ids as the database has them
 */
export const position = (ids: readonly string[]): Step<string> =>
  shortReading(
    {
      name: 'mcp.position',
      text: `select coalesce(max((${newestEntryOf('given.id', 'seq')})), 0)::text as position from unnest($1::uuid[]) as given (id)`,
    },
    [ids],
    // The column of the statement.
    (row) => (row as { readonly position: string } | undefined)?.position ?? '0',
  )
