import { DatabaseError, type ClientBase, type Pool, type PoolClient } from 'pg'
import { Problem } from '../errors.ts'
import type { Principal } from '../principal.ts'
import { databaseAway, isOutdatedConnection, unavailable } from './failures.ts'
import { sqlOn, type Statement, type SystemSql, type UserSql } from './sql.ts'

/**
 * Opening a user's scope *is* the credential check: one statement finds whose session it is and makes the rest of the
 * transaction that user's. Without a user the scope stays nobody's, in which every policy answers "no rows".
 */
const ENTER_BY_SESSION: Statement = {
  name: 'scope.session',
  text: `select set_config('role', $2, true), set_config('app.user_id', coalesce(todo_session_user($1::text[]), ''), true) as "userId"`,
}
const ENTER_BY_SERVICE: Statement = {
  name: 'scope.service',
  text: `select set_config('role', $2, true), set_config('app.user_id', coalesce(todo_known_user($1), ''), true) as "userId"`,
}
const ENTER_SYSTEM: Statement = {
  name: 'scope.system',
  text: `select set_config('role', $1, true)`,
}

export interface Scopes {
  /**
   * The one door to user data: proves the principal and runs `work` in a transaction inside that user's row-level
   * security.
   *
   * @throws Problem unauthenticated (401) for a session that is unknown, expired or revoked; not_found (404) for a service
   *   naming a user that does not exist; unavailable (503) when the database is away or no connection came free in time
   */
  asUser<T>(principal: Principal, work: (sql: UserSql) => Promise<T>): Promise<T>
  /** The loud exception: a transaction outside any user's scope, as the system role, which has no right on tasks. */
  asSystem<T>(reason: string, work: (sql: SystemSql) => Promise<T>): Promise<T>
}

export function openScopes(
  pool: Pool,
  roles: { readonly serving: string; readonly system: string },
  onStatement: (statement: Statement) => void = () => undefined,
): Scopes {
  return {
    asUser: (principal, work) =>
      transaction(pool, async (client, begun, scope) => {
        const enter = principal.kind === 'session' ? ENTER_BY_SESSION : ENTER_BY_SERVICE
        const whom = principal.kind === 'session' ? principal.tokenKeys : principal.userId
        // One flight.
        const [, entered] = await Promise.all([
          begun,
          client.query<{ userId: string }>({ ...enter, values: [whom, roles.serving] }),
        ])
        const userId = entered.rows[0]?.userId ?? ''
        if (userId === '') throw refusal(principal)
        try {
          return await work({ ...sqlOn(client, scope, onStatement), userId } as UserSql)
        } catch (error) {
          throw saysUserIsGone(error) ? refusal(principal, error) : error
        }
      }),
    asSystem: (reason, work) =>
      transaction(pool, async (client, begun, scope) => {
        onStatement({ name: 'scope.system', text: reason })
        await Promise.all([begun, client.query({ ...ENTER_SYSTEM, values: [roles.system] })])
        return work(sqlOn(client, scope, onStatement) as SystemSql)
      }),
  }
}

const refusal = (principal: Principal, cause?: unknown): Problem =>
  principal.kind === 'session'
    ? new Problem('unauthenticated', 'The session is unknown, expired or signed out', { cause })
    : new Problem('not_found', 'X-User-ID names no user', { cause })

/** The user was deleted after the scope was entered, so that what it writes now has no owner to refer to. */
const saysUserIsGone = (error: unknown): boolean =>
  error instanceof DatabaseError && error.code === '23503' && /_user_id_fkey$/.test(error.constraint ?? '')

async function transaction<T>(
  pool: Pool,
  work: (client: ClientBase, begun: Promise<unknown>, scope: { readonly ended: boolean }) => Promise<T>,
): Promise<T> {
  const client = await acquire(pool)
  const scope = { ended: false }
  let broken = true
  try {
    const result = await work(client, client.query('begin'), scope)
    scope.ended = true
    await commit(client)
    broken = false
    return result
  } catch (error) {
    scope.ended = true
    // Answers come in order: once this has one, so has every statement sent before it, and the connection may go back.
    broken = await client.query('rollback').then(
      () => isOutdatedConnection(error),
      () => true,
    )
    throw unavailable(error) ?? error
  } finally {
    client.release(broken)
  }
}

/** After an error that the work kept to itself PostgreSQL answers COMMIT with ROLLBACK, which is no error. */
async function commit(client: ClientBase): Promise<void> {
  const { command } = await client.query('commit')
  if (command !== 'COMMIT') throw new Error('nothing was committed: a statement of the transaction had failed')
}

async function acquire(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    throw databaseAway(error)
  }
}
