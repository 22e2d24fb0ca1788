import { DatabaseError, escapeIdentifier, type Pool, type PoolClient } from 'pg'
import { Problem } from '../errors.ts'
import type { Principal } from '../principal.ts'
import { isOutdatedConnection, unavailable, unknownOutcome } from './failures.ts'
import { onceOnly, type OnceOnly } from './idempotency.ts'
import { borrow, type Lease, type Patience } from './lease.ts'
import { queryOf, sqlOn, type Statement, type SystemSql, type UserSql } from './sql.ts'

/**
 * All that a scope stands on, for its transaction alone: behind a pooler the connection is somebody else's the moment after.
 * Unnamed, pg_temp would come first in the path: a temporary table could take the place of one of ours.
 */
const ENTER = `set_config('idle_in_transaction_session_timeout', '5s', true), set_config('timezone', 'UTC', true),
  set_config('datestyle', 'ISO, YMD', true), set_config('search_path', 'public, pg_temp', true)`

/**
 * Opening a user's scope *is* the credential check: one statement finds whose session it is and makes the rest of the
 * transaction that user's. Without a user the scope stays nobody's, in which every policy answers "no rows".
 */
const ENTER_BY_SESSION: Statement = {
  name: 'scope.session',
  text: `select ${ENTER}, set_config('app.user_id', coalesce(public.todo_session_user($1::text[]), ''), true) as "userId"`,
}
const ENTER_BY_SERVICE: Statement = {
  name: 'scope.service',
  text: `select ${ENTER}, set_config('app.user_id', coalesce(public.todo_known_user($1), ''), true) as "userId"`,
}
const ENTER_NOBODY: Statement = { name: 'scope.nobody', text: `select ${ENTER}` }

export interface Scopes {
  /**
   * The one door to user data: proves the principal and runs `work` in a transaction inside that user's row-level
   * security.
   *
   * @throws Problem unauthenticated (401) for a session that is unknown, expired or revoked; not_found (404) for a service
   *   naming a user that does not exist; unavailable (503) when the database is away, no connection came free in time or
   *   it all took too long; outcome_unknown (503) when the connection was lost in the middle of the commit
   *
   * With `once` the result is kept in the same transaction: when the request was done before, `work` is not run, and the
   * result is that of the first time. It must be one that JSON brings back as it was.
   *
   * @throws Problem request_in_progress (409); idempotency_key_reused (422)
   */
  asUser<T>(principal: Principal, work: (sql: UserSql) => Promise<T>, once?: OnceOnly): Promise<T>
  /** The loud exception: a transaction outside any user's scope, as the system role, which has no right on tasks. */
  asSystem<T>(reason: string, work: (sql: SystemSql) => Promise<T>): Promise<T>
}

export interface ScopeOptions {
  /** The time that each scope has. Unbounded by default. */
  readonly patience?: () => Patience
  /** Whether statements are prepared once per connection, under their names; so by default. */
  readonly prepared?: boolean
  readonly onStatement?: (statement: Statement) => void
}

const unbounded = (): Patience => ({ leftMs: 2 ** 31 - 1, acquireMs: 2 ** 31 - 1 })

/** `asNobody` is for questions about the database itself, as the serving role and without a user. */
export function openScopes(
  pool: Pool,
  roles: { readonly serving: string; readonly system: string },
  { patience = unbounded, prepared = true, onStatement = () => undefined }: ScopeOptions = {},
): Scopes & { asNobody<T>(this: void, work: (client: PoolClient) => Promise<T>): Promise<T> } {
  /** One flight. */
  const open = async (
    { client, statementTimeout }: Lease,
    role: string,
    enter: Statement,
    ...values: readonly unknown[]
  ): Promise<string> => {
    const [, entered] = await Promise.all([
      // Ahead, so that both hold for the statement that enters too: behind a pooler a login that inherits nothing may not
      // even call its functions.
      client.query(
        `begin; set local statement_timeout = '${statementTimeout}'; set local role ${escapeIdentifier(role)}`,
      ),
      client.query<{ userId?: string }>(queryOf(enter, values, prepared)),
    ])
    return entered.rows[0]?.userId ?? ''
  }
  const runs = { prepared, onStatement }
  return {
    asUser: async (principal, work, once) => {
      const { result, replayed } = await transaction(pool, patience(), {
        enter: (lease) =>
          principal.kind === 'session'
            ? open(lease, roles.serving, ENTER_BY_SESSION, principal.tokenKeys)
            : open(lease, roles.serving, ENTER_BY_SERVICE, principal.userId),
        work: async ({ client }, scope, userId) => {
          if (userId === '') throw refusal(principal)
          try {
            const sql = { ...sqlOn(client, scope, runs), userId } as UserSql
            return once === undefined ? { result: await work(sql), replayed: false } : await onceOnly(sql, once, work)
          } catch (error) {
            throw saysUserIsGone(error) ? refusal(principal, error) : error
          }
        },
      })
      if (replayed) once?.onReplay()
      return result
    },
    asSystem: (reason, work) =>
      transaction(pool, patience(), {
        enter: (lease) => {
          onStatement({ name: 'scope.system', text: reason })
          return open(lease, roles.system, ENTER_NOBODY)
        },
        work: ({ client }, scope) => work(sqlOn(client, scope, runs) as SystemSql),
      }),
    asNobody: (work) =>
      transaction(pool, patience(), {
        enter: (lease) => open(lease, roles.serving, ENTER_NOBODY),
        work: ({ client }) => work(client),
      }),
  }
}

const refusal = (principal: Principal, cause?: unknown): Problem =>
  principal.kind === 'session'
    ? new Problem('unauthenticated', 'The session is unknown, expired or signed out', { cause })
    : new Problem('not_found', 'X-User-ID names no user', { cause })

/** The user was deleted after the scope was entered, so that what it writes now has no owner to refer to. */
const saysUserIsGone = (error: unknown): boolean =>
  error instanceof DatabaseError && error.code === '23503' && error.constraint?.endsWith('_user_id_fkey') === true

interface Transaction<T> {
  /** Begins it, and answers with whose it is. */
  readonly enter: (lease: Lease) => Promise<string>
  readonly work: (lease: Lease, scope: { readonly ended: boolean }, userId: string) => Promise<T>
}

async function transaction<T>(pool: Pool, patience: Patience, { enter, work }: Transaction<T>): Promise<T> {
  for (;;) {
    const lease = await borrow(pool, patience)
    const { client } = lease
    const scope = { ended: false }
    let entered = false
    let broken = true
    try {
      const userId = await lease.within(enter(lease))
      entered = true
      const result = await lease.within(work(lease, scope, userId))
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
      // What is outdated here is outdated on the other connections too.
      if (isOutdatedConnection(error)) lease.distrustOthers()
      // A connection that broke while it idled: nothing has been done on it, so another may do.
      if (!broken || entered || !lease.reused) throw unavailable(error) ?? error
      lease.distrustOthers()
    } finally {
      lease.end(broken)
    }
  }
}

/** After an error that the work kept to itself PostgreSQL answers COMMIT with ROLLBACK, which is no error. */
async function commit(client: PoolClient): Promise<void> {
  let command
  try {
    ;({ command } = await client.query('commit'))
  } catch (error) {
    throw unknownOutcome(error) ?? error
  }
  if (command !== 'COMMIT') throw new Error('nothing was committed: a statement of the transaction had failed')
}
