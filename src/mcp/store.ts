import type { Step } from '../db/sql.ts'
import { shortReading } from '../db/step.ts'

/** Proves the credential, and nothing else. */
export const proof: Step<string> = shortReading({ name: 'mcp.proof', text: 'select' }, [], (_row, userId) => userId)

/** The time zone in the settings of the user, who may have none. */
export const zone: Step<string> = shortReading(
  { name: 'mcp.zone', text: 'select timezone from user_settings where user_id = $user' },
  [],
  // The column of the statement.
  (row) => (row as { readonly timezone: string } | undefined)?.timezone ?? 'UTC',
)
