import { DatabaseError, type Pool, type PoolClient } from 'pg'
import { refuseUnlessGranted, unproven, type Need, type Principal } from '../principal.ts'
import { enterScope, type Connections } from './connections.ts'
import { onceOnly, type OnceOnly } from './idempotency.ts'
import { openOneStatement } from './one-statement.ts'
import { enterStatements, originValue, proofValues, provenUser, type Proof } from './proof.ts'
import { sqlOn, userSqlOn, type Step, type SystemSql, type UserSql } from './sql.ts'
import { isLocked } from './wire/failures.ts'
import { unbounded, type TimeBudget } from './wire/lease.ts'
import { hasChanged, type Statement } from './wire/statement.ts'
import { transaction } from './wire/transaction.ts'
import { WriteQueue } from './write-queue.ts'

export interface Scopes {
  /**
   * The only way to user data: proves the principal and runs `work` in a transaction inside that user's row-level security.
   * A {@link Step} takes one round trip; if that does not settle it, it continues in a transaction.
   *
   * If the origin of the principal is a dry run, the transaction is rolled back after the work, and listeners of changes are not
   * called. The result and the errors are those of the real work.
   *
   * @throws Problem unauthenticated (401) for a session that is unknown, expired or revoked; not_found (404) for a service
   *   that names an unknown user; insufficient_scope or forbidden (403) for a credential without the scope that the work needs; unavailable (503) when the
   *   database cannot be reached, no connection became free in time or the time budget is used up; outcome_unknown (503) when the
   *   connection was lost during the commit
   * @throws Problem with `once`: request_in_progress (409); idempotency_key_reused (422); idempotency_quota_exceeded (429)
   */
  asUser<T>(principal: Principal, work: Step<T> | ((sql: UserSql) => Promise<T>), options?: UserWork): Promise<T>
  /** A transaction outside any user's scope, as the system role, which has no right on tasks. `reason` is for the log. */
  asSystem<T>(reason: string, work: (sql: SystemSql) => Promise<T>, options?: SystemWork): Promise<T>
}

export interface SystemWork {
  /**
   * How long the work may use the database, in milliseconds: waiting for a connection, and all statements. At least 200; by default
   * the time that a request has.
   */
  readonly budgetMs?: number | undefined
}

export interface UserWork extends SystemWork {
  /**
   * The work changes nothing that the change log or what follows it is about: listeners of changes are not called. False by default.
   */
  readonly isUnlogged?: boolean
  /**
   * The scope that a credential must carry, where it is limited to scopes; by default that of the principal's origin. Without one, no
   * such credential is accepted.
   */
  readonly needs?: Need | undefined
  /**
   * Keeps the result in the same transaction. When the request was done before, `work` is not run, and the result is that of the
   * first time. The result must be unchanged by a round trip through JSON.
   */
  readonly once?: OnceOnly | undefined
}

export interface ScopeOptions {
  /** The time that each scope has by default. Unbounded if not given. */
  readonly timeBudget?: () => TimeBudget
  /** Whether statements are prepared once for each connection, under their names; so by default. */
  readonly prepared?: boolean
  /**
   * Given where connections have the serving role and its settings from their beginning: their statement_timeout, in milliseconds.
   */
  readonly enteredWithMs?: number | undefined
  /** How long a transaction may wait for its next statement before the server ends the session; 0 for no limit. 5 s by default. */
  readonly idleTimeoutMs?: number | undefined
  readonly onStatement?: (statement: Statement) => void
  /** Called with the reason of each scope of the system role. */
  readonly onSystemScope?: (reason: string) => void
  /** Called after each commit that has changed rows of a user, or may have. */
  readonly onChange?: (userId: string) => void
}

/** `withoutUser` is for questions about the database itself, as the serving role and without a user. */
export function openScopes(
  pool: Pool,
  roles: Connections['roles'],
  {
    timeBudget = unbounded,
    prepared = true,
    enteredWithMs,
    idleTimeoutMs = 5_000,
    onStatement = () => undefined,
    onSystemScope = () => undefined,
    onChange = () => undefined,
  }: ScopeOptions = {},
): Scopes & { withoutUser<T>(this: void, work: (client: PoolClient) => Promise<T>): Promise<T> } {
  const enter = enterStatements({ isPooled: enteredWithMs === undefined, idleTimeoutMs })
  const connections: Connections = { pool, roles, enter, prepared, enteredWithMs, onStatement }
  const logged = { ...connections, onChange }
  const unlogged = { ...connections, onChange: () => undefined }
  const asOneStatement = openOneStatement(connections)
  const writes = new WriteQueue()
  const runStep = async <T>(
    proof: Proof,
    step: Step<T>,
    time: TimeBudget,
    { isUsualTime, changing }: { readonly isUsualTime: boolean; readonly changing: Changing },
  ): Promise<T> => {
    const { fallback } = step
    if (fallback === undefined) {
      const { row, userId } = await asOneStatement(proof, step, time, isUsualTime)
      return step.result(row, userId)
    }
    return await writes.run(proof, time, async () => {
      if (isDryRun(proof)) return await inTransaction(changing, proof, (sql) => sql.run(step), time)
      const answer = await asOneStatement(proof, step, time, isUsualTime).catch(unlessLocked)
      if (answer?.row !== undefined) changing.onChange(answer.userId)
      return step.result(answer?.row) ?? (await inTransaction(changing, proof, fallback, time))
    })
  }
  return {
    asUser: async (principal, work, { needs = principal.origin?.needs, once, budgetMs, isUnlogged = false } = {}) => {
      refuseUnlessGranted(principal, needs)
      const proof = { principal, needs }
      const changing = isUnlogged ? unlogged : logged
      const time = timeOf(timeBudget(), budgetMs)
      try {
        if (typeof work === 'function') return await inTransaction(changing, proof, work, time, once)
        if (once === undefined)
          return await runStep(proof, work, time, { isUsualTime: budgetMs === undefined, changing })
        return await inTransaction(changing, proof, (sql) => sql.run(work), time, once)
      } catch (error) {
        throw isUserDeleted(error) ? unproven(principal, error) : error
      }
    },
    asSystem: (reason, work, { budgetMs } = {}) => {
      onSystemScope(reason)
      return transaction(pool, timeOf(timeBudget(), budgetMs), {
        enter: (lease) => enterScope(connections, lease, { role: roles.system, statement: enter.none }),
        // The brand: only this method makes SQL of the system role.
        work: ({ client }, scope) => work(sqlOn(client, scope, connections) as SystemSql),
      })
    },
    withoutUser: (work) =>
      transaction(pool, timeBudget(), {
        enter: (lease) => enterScope(connections, lease, { role: roles.serving, statement: enter.none }),
        work: ({ client }) => work(client),
      }),
  }
}

const timeOf = (usual: TimeBudget, budgetMs: number | undefined): TimeBudget =>
  budgetMs === undefined ? usual : { ...usual, leftMs: budgetMs }

type Changing = Connections & Required<Pick<ScopeOptions, 'onChange'>>

/**
 * Entering the scope is the credential check: the first statement finds the user of the principal and makes the rest of the
 * transaction that user's. Work does not run without one.
 */
async function inTransaction<T>(
  connections: Changing,
  proof: Proof,
  work: (sql: UserSql) => Promise<T>,
  time: TimeBudget,
  once?: OnceOnly,
): Promise<T> {
  const { pool, roles, enter, onChange } = connections
  /** Whose rows were changed. */
  let changed: string | undefined
  // Made when it is sent, because it has the age of the request.
  const entry = () => ({
    role: roles.serving,
    statement: enter.user,
    values: [...proofValues(proof), originValue(proof)],
  })
  const { result, replayed } = await transaction(pool, time, {
    isDryRun: isDryRun(proof),
    enter: async (lease) => provenUser((await enterScope(connections, lease, entry())).userId, proof),
    work: async ({ client }, scope, userId) => {
      const onRows = (statement: Statement, rows: readonly object[]): void => {
        if (hasChanged(statement, rows)) changed = userId
      }
      const sql = userSqlOn(client, scope, { ...connections, onRows }, userId)
      return once === undefined ? { result: await work(sql), replayed: false } : await onceOnly(sql, once, work)
    },
  })
  if (changed !== undefined && !isDryRun(proof)) onChange(changed)
  if (replayed) once?.onReplay()
  return result
}

const isDryRun = ({ principal }: Proof): boolean => principal.origin?.isDryRun === true

/** On lock timeout the step continues in a transaction, so that statements behind it on its connection are not blocked. */
const unlessLocked = (error: unknown): undefined => {
  if (!isLocked(error)) throw error
}

/** The user was deleted after the scope was entered, so that the foreign key of a new row has no target. */
const isUserDeleted = (error: unknown): boolean =>
  error instanceof DatabaseError && error.code === '23503' && /_(user_id|for_user)_fkey$/.test(error.constraint ?? '')
