import { theOnly } from '../lib/the-only.ts'
import { proofFrom, setOrigin, SET_PROVEN_USER } from './proof.ts'
import type { Reading, Step, Writing } from './sql.ts'
import { withoutUserParameter } from './user-parameter.ts'
import type { Statement } from './wire/statement.ts'

/** A step that changes nothing. `result` interprets its row, or the lack of one; it may throw a Problem. */
export const reading = <T>(
  statement: Statement,
  values: readonly unknown[],
  result: Reading<T>['result'],
): Reading<T> => ({ statement, values, result, short: false })

/** A reading that takes little time however many rows there are. It shares a connection with other short statements. */
export const shortReading = <T>(...of: Parameters<typeof reading<T>>): Reading<T> => ({
  ...reading(...of),
  short: true,
})

/**
 * Optimistic write: one conditional statement. If it matches no row, or another transaction holds a lock on the row, nothing is
 * changed, and `fallback` runs in a transaction: it decides why, or waits for the lock and does the work.
 */
export const writing = <T>(
  statement: Statement,
  values: readonly unknown[],
  result: Done<T>['result'],
  fallback: Writing<T>['fallback'],
): Writing<T> => ({
  statement,
  values,
  result: (row) => (row === undefined ? undefined : result(row)),
  fallback,
})

interface Done<T> {
  result(this: void, row: object): T
}

/**
 * How long a change waits for a lock of another transaction. Statements of other requests queue behind it on its connection, so
 * that after this time it is retried in a transaction, on a connection of its own.
 */
const LOCK_TIMEOUT_MS = 20
const SET_LOCK_TIMEOUT = `, set_config('lock_timeout', '${LOCK_TIMEOUT_MS}ms', true)`

/** Select items for a step that changes something. @param first the number of the first parameter of the proof */
const settingsToChange = (first: number): string => `${SET_LOCK_TIMEOUT}, ${setOrigin(first + 3)}`

const withProofs = new WeakMap<Statement, Statement>()

/**
 * One statement that proves a principal and executes a step, so that a step takes one round trip. The proof comes first and sets
 * the user whose rows the policies show and accept: LEFT JOIN … ON true can only be a nested loop with the left side outside, and
 * set_config() allows no parallel workers. Where no user is proven the policies show no rows, and an INSERT must select no row by
 * itself. The three parameters of the proof follow those of the step, of which a statement always has the same number. If the step
 * changes something, one more says who does it.
 */
export function withProof({ statement, values, fallback }: Step<unknown>): Statement {
  const known = withProofs.get(statement)
  if (known !== undefined) return known
  const first = values.length + 1
  const made = {
    // Not the name of the statement alone, under which a connection knows the step as part of a transaction.
    name: statement.name === '' ? '' : `${statement.name}.proven`,
    text: `with scope as materialized (
        select proof.user_id, ${SET_PROVEN_USER}${fallback === undefined ? '' : settingsToChange(first)}
        from ${proofFrom(first)}
      ), step as (${withoutUserParameter(statement.text)})
      select scope.user_id as "proven user", step.* from scope left join (select true as "is row", step.* from step) step on true`,
  }
  withProofs.set(statement, made)
  return made
}

export interface Answer {
  /** What `todo_prove` has answered. */
  readonly userId: string | null
  readonly row: object | undefined
}

/** A row of a statement {@link withProof}, under names that no column of a step has. */
export interface ProvenRow {
  readonly 'proven user': string | null
  readonly 'is row': true | null
}

export function answerOf([proven]: readonly ProvenRow[]): Answer {
  const { 'proven user': userId, 'is row': isRow, ...row } = theOnly(proven)
  return { userId, row: isRow === true ? row : undefined }
}
