import type { ClientBase, Pool, PoolClient } from 'pg'
import { Problem } from '../errors.ts'
import type { Principal } from '../principal.ts'
import { unavailable } from './failures.ts'
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
      transaction(pool, async (client, begun) => {
        const enter = principal.kind === 'session' ? ENTER_BY_SESSION : ENTER_BY_SERVICE
        const whom = principal.kind === 'session' ? principal.tokenKeys : principal.userId
        // One flight. Both must have settled before anything else happens to the connection.
        const [, entered] = await allSettled([
          begun,
          client.query<{ userId: string }>({ ...enter, values: [whom, roles.serving] }),
        ])
        const userId = entered.rows[0]?.userId ?? ''
        if (userId === '') throw refusal(principal)
        return work({ ...sqlOn(client, onStatement), userId } as UserSql)
      }),
    asSystem: (reason, work) =>
      transaction(pool, async (client, begun) => {
        onStatement({ name: 'scope.system', text: reason })
        await allSettled([begun, client.query({ ...ENTER_SYSTEM, values: [roles.system] })])
        return work(sqlOn(client, onStatement) as SystemSql)
      }),
  }
}

const refusal = (principal: Principal): Problem =>
  principal.kind === 'session'
    ? new Problem('unauthenticated', 'The session is unknown, expired or signed out')
    : new Problem('not_found', 'X-User-ID names no user')

async function transaction<T>(
  pool: Pool,
  work: (client: ClientBase, begun: Promise<unknown>) => Promise<T>,
): Promise<T> {
  const client = await acquire(pool)
  let broken = true
  try {
    const result = await work(client, client.query('begin'))
    await client.query('commit')
    broken = false
    return result
  } catch (error) {
    // Answers come in order, so once this has one, every statement sent before it has settled too.
    broken = await client.query('rollback').then(
      () => false,
      () => true,
    )
    throw unavailable(error) ?? error
  } finally {
    client.release(broken)
  }
}

async function acquire(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    throw unavailable(error) ?? error
  }
}

/** Like Promise.all, but rejects only when all have settled: a connection must not go back with answers outstanding. */
async function allSettled<T extends readonly unknown[]>(promises: {
  readonly [K in keyof T]: Promise<T[K]>
}): Promise<T> {
  await Promise.allSettled(promises)
  return Promise.all(promises) as Promise<unknown> as Promise<T>
}
