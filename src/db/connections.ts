import { escapeIdentifier, type Pool } from 'pg'
import type { Entered, EnterStatements } from './proof.ts'
import { send } from './sql.ts'
import type { Lease } from './wire/lease.ts'
import { BEGIN } from './wire/settings.ts'
import type { Statement } from './wire/statement.ts'

/** The connections of a pool, and how statements are executed on them. */
export interface Connections {
  readonly pool: Pool
  readonly roles: { readonly serving: string; readonly system: string }
  readonly enter: EnterStatements
  /** Whether statements are prepared once for each connection, under their names. */
  readonly prepared: boolean
  /**
   * Undefined where a connection gets its role and its settings in each transaction. Otherwise a connection has those of the
   * serving role from its beginning, with this statement_timeout in milliseconds.
   */
  readonly enteredWithMs: number | undefined
  readonly onStatement: (statement: Statement) => void
}

/**
 * BEGIN, the limit for each statement, and the role, ahead of the first statement so that they hold for it: a login behind a
 * pooler that inherits no rights may not even call the functions of that statement.
 */
export const begin = ({ client, statementTimeout }: Lease, role: string): Promise<unknown> =>
  client.query(
    `${BEGIN}; set local statement_timeout = '${statementTimeout}'; set local role ${escapeIdentifier(role)}`,
  )

/** Begins a transaction and enters a scope, in one round trip. */
export async function enterScope(
  { prepared }: Connections,
  lease: Lease,
  { role, statement, values = [] }: { role: string; statement: Statement; values?: readonly unknown[] },
): Promise<Entered> {
  const [, rows] = await Promise.all([begin(lease, role), send<Entered>(lease.client, statement, values, prepared)])
  return rows[0] ?? {}
}
