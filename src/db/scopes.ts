import { DatabaseError, escapeIdentifier, type Pool, type PoolClient } from 'pg'
import { Problem } from '../errors.ts'
import type { Principal } from '../principal.ts'
import { isLocked } from './wire/failures.ts'
import { onceOnly, type OnceOnly } from './idempotency.ts'
import { unbounded, type Lease, type TimeBudget } from './wire/lease.ts'
import { Pipelines } from './wire/pipelines.ts'
import { BEGIN, SET_FOR_TRANSACTION } from './wire/settings.ts'
import { send, sqlOn, userSqlOn, type SystemSql, type UserSql } from './sql.ts'
import type { Statement } from './wire/statement.ts'
import { answerOf, PROOFS, proofValue, withProof, type Answer, type ProvenRow } from './step.ts'
import type { Step } from './sql.ts'
import { roundTrip, transaction } from './wire/transaction.ts'

type Entering = Readonly<Record<Principal['kind'] | 'nobody', Statement>>

/**
 * Opening a user's scope *is* the credential check: one statement finds whose session it is and makes the rest of the
 * transaction that user's. Without a user the scope stays nobody's, in which every policy answers "no rows".
 *
 * @param suffix of the statements' names
 * @param settings a select list, with a comma behind it
 */
function entering(suffix: string, settings: string): Entering {
  const statement = (kind: keyof Entering, userId: string): Statement => ({
    name: `scope.${kind}${suffix}`,
    text: `select ${settings} set_config('idle_in_transaction_session_timeout', '5s', true),
      set_config('app.user_id', ${userId}, true) as "userId"`,
  })
  const proving = (kind: Principal['kind']): Statement => statement(kind, `coalesce(${PROOFS[kind]}($1), '')`)
  return {
    session: proving('session'),
    service: proving('service'),
    job: proving('job'),
    nobody: statement('nobody', `''`),
  }
}

/** On connections whose session has the settings that the service needs. */
const ENTER = entering('', '')
/** Behind a pooler, where the next transaction on the server's connection may be another program's. */
const ENTER_WITH_SETTINGS = entering('.settings', `${SET_FOR_TRANSACTION},`)

export interface Scopes {
  /**
   * The one door to user data: proves the principal and runs `work` in a transaction inside that user's row-level
   * security.
   *
   * @throws Problem unauthenticated (401) for a session that is unknown, expired or revoked; not_found (404) for a service
   *   naming a user that does not exist; unavailable (503) when the database is away, no connection came free in time or
   *   it all took too long; outcome_unknown (503) when the connection was lost in the middle of the commit
   *
   * A step takes one flight; where that does not settle it, it goes on in a transaction.
   *
   * With `once` the result is kept in the same transaction: when the request was done before, `work` is not run, and the
   * result is that of the first time. It must be one that JSON brings back as it was.
   *
   * @throws Problem request_in_progress (409); idempotency_key_reused (422)
   */
  asUser<T>(principal: Principal, work: Step<T> | ((sql: UserSql) => Promise<T>), once?: OnceOnly): Promise<T>
  /** The loud exception: a transaction outside any user's scope, as the system role, which has no right on tasks. */
  asSystem<T>(reason: string, work: (sql: SystemSql) => Promise<T>): Promise<T>
}

export interface ScopeOptions {
  /** The time that each scope has. Unbounded by default. */
  readonly timeBudget?: () => TimeBudget
  /** Whether statements are prepared once per connection, under their names; so by default. */
  readonly prepared?: boolean
  /**
   * Where connections are the serving role's from their beginning, with its settings: the limit that they have for a
   * statement, in milliseconds. Not so by default.
   */
  readonly enteredWithMs?: number | undefined
  readonly onStatement?: (statement: Statement) => void
}

/** `withoutUser` is for questions about the database itself, as the serving role and without a user. */
export function openScopes(
  pool: Pool,
  roles: { readonly serving: string; readonly system: string },
  { timeBudget = unbounded, prepared = true, enteredWithMs, onStatement = () => undefined }: ScopeOptions = {},
): Scopes & { withoutUser<T>(this: void, work: (client: PoolClient) => Promise<T>): Promise<T> } {
  // Ahead of a statement, so that both hold for it: behind a pooler a login that inherits nothing may not even call its
  // functions.
  const begin = ({ client, statementTimeout }: Lease, role: string) =>
    client.query(
      `${BEGIN}; set local statement_timeout = '${statementTimeout}'; set local role ${escapeIdentifier(role)}`,
    )
  const enter = enteredWithMs === undefined ? ENTER_WITH_SETTINGS : ENTER
  /** One flight. */
  const open = async (
    lease: Lease,
    role: string,
    statement: Statement,
    ...values: readonly unknown[]
  ): Promise<string> => {
    const [, entered] = await Promise.all([
      begin(lease, role),
      send<{ userId?: string }>(lease.client, statement, values, prepared),
    ])
    return entered[0]?.userId ?? ''
  }
  // The rest of the pool is for whoever needs a connection alone. Measured with PostgreSQL on the same two cores: reads are best
  // on few connections, and changes spread, because commits on several reach the disk together.
  const { max } = pool.options
  const readers = new Pipelines(pool, {
    width: Math.min(4, Math.floor(max / 2)),
    batch: 8,
    depth: 32,
    changes: false,
    leftMinMs: 0,
  })
  const writers = new Pipelines(pool, {
    width: Math.min(4, Math.floor(max / 4)),
    batch: 1,
    depth: 8,
    changes: true,
    leftMinMs: enteredWithMs ?? 0,
  })
  const runs = { prepared, onStatement }

  const inTransaction = async <T>(
    principal: Principal,
    work: (sql: UserSql) => Promise<T>,
    time: TimeBudget,
    once?: OnceOnly,
  ): Promise<T> => {
    const { result, replayed } = await transaction(pool, time, {
      enter: (lease) => open(lease, roles.serving, enter[principal.kind], proofValue(principal)),
      work: async ({ client }, scope, userId) => {
        if (userId === '') throw refusal(principal)
        const sql = userSqlOn(client, scope, runs, userId)
        return once === undefined ? { result: await work(sql), replayed: false } : await onceOnly(sql, once, work)
      },
    })
    if (replayed) once?.onReplay()
    return result
  }

  /** In one flight. */
  const asOneStatement = async (principal: Principal, step: Step<unknown>, time: TimeBudget): Promise<Answer> => {
    const statement = withProof(step, principal.kind)
    onStatement(step.statement)
    const values = [...step.values, proofValue(principal)]
    const ask = async (client: PoolClient): Promise<Answer> =>
      answerOf(await send<ProvenRow>(client, statement, values, prepared))
    const askInTransaction = async (lease: Lease): Promise<Answer> => {
      const [began, entered, asked, committed] = await Promise.allSettled([
        begin(lease, roles.serving),
        send(lease.client, enter.nobody, [], prepared),
        ask(lease.client),
        lease.client.query('commit'),
      ])
      // All have an answer before the connection goes back; the first that was refused says why.
      for (const each of [began, entered, asked]) if (each.status === 'rejected') throw each.reason
      if (committed.status === 'rejected') throw committed.reason
      if (asked.status !== 'fulfilled' || committed.value.command !== 'COMMIT') throw new Error('nothing was committed')
      return asked.value
    }
    // Where some of the time has been waited away, the server gets to know: it is to give up before us.
    const askExclusively = (lease: Lease): Promise<Answer> =>
      enteredWithMs !== undefined && lease.leftMs() > enteredWithMs ? ask(lease.client) : askInTransaction(lease)
    const changes = step.fallback !== undefined
    const isShared = enteredWithMs !== undefined && (changes || step.short)
    const answer = isShared
      ? await (changes ? writers : readers).run(time, ask, askExclusively)
      : await roundTrip(pool, time, changes, askExclusively)
    if (answer.userId === '') throw refusal(principal)
    return answer
  }

  return {
    asUser: async (principal, work, once) => {
      const time = timeBudget()
      try {
        if (typeof work === 'function') return await inTransaction(principal, work, time, once)
        if (once !== undefined) return await inTransaction(principal, (sql) => sql.run(work), time, once)
        if (work.fallback === undefined) {
          const { row, userId } = await asOneStatement(principal, work, time)
          return work.result(row, userId)
        }
        const row = await asOneStatement(principal, work, time).then(({ row }) => row, onLockTimeout)
        return work.result(row) ?? (await inTransaction(principal, work.fallback, time))
      } catch (error) {
        throw isUserDeleted(error) ? refusal(principal, error) : error
      }
    },
    asSystem: (reason, work) =>
      transaction(pool, timeBudget(), {
        enter: (lease) => {
          onStatement({ name: 'scope.system', text: reason })
          return open(lease, roles.system, enter.nobody)
        },
        work: ({ client }, scope) => work(sqlOn(client, scope, runs) as SystemSql),
      }),
    withoutUser: (work) =>
      transaction(pool, timeBudget(), {
        enter: (lease) => open(lease, roles.serving, enter.nobody),
        work: ({ client }) => work(client),
      }),
  }
}

/** A change gives way to a lock, which it did nothing to, and then waits for it in a transaction. */
const onLockTimeout = (error: unknown): undefined => {
  if (!isLocked(error)) throw error
}

function refusal({ kind }: Principal, cause?: unknown): Problem {
  switch (kind) {
    case 'session':
      return new Problem('unauthenticated', 'The session is unknown, expired or signed out', { cause })
    case 'service':
      return new Problem('not_found', 'X-User-ID names no user', { cause })
    case 'job':
      return new Problem('not_found', 'The user of the job is gone, or its lease has ended', { cause })
  }
}

/** The user was deleted after the scope was entered, so that what it writes now has no owner to refer to. */
const isUserDeleted = (error: unknown): boolean =>
  error instanceof DatabaseError && error.code === '23503' && /_(user_id|for_user)_fkey$/.test(error.constraint ?? '')
