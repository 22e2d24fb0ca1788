import { DatabaseError, type ClientBase } from 'pg'
import { PreparedQuery } from './wire/prepared-query.ts'
import { withUserParameter } from './user-parameter.ts'
import type { Statement } from './wire/statement.ts'

/**
 * Work that one statement can do; it returns at most one row. `asUser` sends it together with the proof of the principal, as one
 * statement in one round trip. As part of a longer transaction, `sql.run` executes it.
 */
export type Step<T> = Reading<T> | Writing<T>

interface Single {
  readonly statement: Statement
  readonly values: readonly unknown[]
}

export interface Reading<T> extends Single {
  result(this: void, row: object | undefined, userId: string): T
  /** Whether it takes little time however many rows there are. Then it shares a connection with other short statements. */
  readonly short: boolean
  readonly fallback?: never
}

export interface Writing<T> extends Single {
  /** Undefined if the statement changed nothing. */
  result(this: void, row: object | undefined): T | undefined
  fallback(this: void, sql: UserSql): Promise<T>
}

declare const scope: unique symbol

/** Executes SQL inside one transaction. The columns of a row have the names of the SELECT list; instants are RFC 3339 text. */
export interface Sql {
  rows<Row>(statement: Statement, values?: readonly unknown[]): Promise<readonly Row[]>
  /** The first row, if there is one. */
  row<Row>(statement: Statement, values?: readonly unknown[]): Promise<Row | undefined>
}

/** SQL inside one user's row-level security. Only `asUser` makes it, so that a store which takes it cannot be called outside. */
export type UserSql = Sql & {
  /** The proven user. */
  readonly userId: string
  /** Executes a step as part of this transaction. */
  run<T>(step: Step<T>): Promise<T>
  readonly [scope]: 'user'
}

/** SQL as the system role, outside any user's scope. Only `asSystem` makes it. */
export type SystemSql = Sql & { readonly [scope]: 'system' }

interface Runs {
  readonly prepared: boolean
  readonly onStatement: (statement: Statement) => void
  /** Called with the rows of each statement. */
  readonly onRows?: (statement: Statement, rows: readonly object[]) => void
}

/**
 * Executes statements on a connection while its scope lasts. Only the scopes call this, and only they add the brand. A statement
 * after the end of the scope, from a promise that was not awaited, is refused: the connection may be in another user's scope.
 */
export function sqlOn(
  client: ClientBase,
  scope: { readonly ended: boolean },
  { prepared, onStatement, onRows }: Runs,
): Sql {
  /** Why the last statement failed that the server has executed. */
  let reason: unknown
  const rows = async <Row>(statement: Statement, values: readonly unknown[] = []): Promise<readonly Row[]> => {
    if (scope.ended) throw new Error(`statement ${statement.name} came after the end of its scope`)
    onStatement(statement)
    try {
      const found = await send<Row & object>(client, statement, values, prepared)
      onRows?.(statement, found)
      return found
    } catch (error) {
      // Of statements that were sent together, the promise of one that was not executed may settle before that of the one that failed.
      if (isNotExecuted(error)) throw reason ?? error
      reason = error
      throw error
    }
  }
  return {
    rows,
    row: async <Row>(statement: Statement, values?: readonly unknown[]) => (await rows<Row>(statement, values))[0],
  }
}

/** The same inside the scope of a user. */
export function userSqlOn(client: ClientBase, scope: { readonly ended: boolean }, runs: Runs, userId: string): UserSql {
  const inScope = sqlOn(client, scope, runs)
  const sql = {
    rows: <Row>(statement: Statement, values: readonly unknown[] = []) =>
      inScope.rows<Row>(...withUserParameter(statement, values, userId)),
    row: <Row>(statement: Statement, values: readonly unknown[] = []) =>
      inScope.row<Row>(...withUserParameter(statement, values, userId)),
    userId,
    run: async <T>(step: Step<T>) => {
      const row = await sql.row<object>(step.statement, step.values)
      if (step.fallback === undefined) return step.result(row, userId)
      return step.result(row) ?? step.fallback(sql)
    },
  } as UserSql
  return sql
}

/** in_failed_sql_transaction: an earlier statement of the transaction had failed, so that the server ignored this one. */
const isNotExecuted = (error: unknown): boolean => error instanceof DatabaseError && error.code === '25P02'

/** Sends a statement. Unless `prepared`, it goes without its name, and is parsed and planned each time. */
export async function send<Row extends object>(
  client: ClientBase,
  { name, text }: Statement,
  values: readonly unknown[],
  prepared: boolean,
): Promise<readonly Row[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Row[]>()
  const settle = (error: unknown, rows: readonly Row[]): void => (error === null ? resolve(rows) : reject(error))
  try {
    client.query(new PreparedQuery<Row>({ name: prepared ? name : '', text }, values, settle))
    return await promise
  } catch (error) {
    // The stack should show the caller, not the socket that received the error.
    if (error instanceof Error) Error.captureStackTrace(error)
    throw error
  }
}
