import type { Principal } from '../principal.ts'
import type { Reading, Step, Writing } from './sql.ts'
import type { Statement } from './wire/statement.ts'

/** A step that changes nothing. Its row settles it, or the lack of one does, if only by a Problem. */
export const reading = <T>(
  statement: Statement,
  values: readonly unknown[],
  result: Reading<T>['result'],
): Reading<T> => ({ statement, values, result, short: false })

/** One that takes little time however much there is. Many of them go on one connection, each behind the other. */
export const shortReading = <T>(...of: Parameters<typeof reading<T>>): Reading<T> => ({
  ...reading(...of),
  short: true,
})

/**
 * A step that changes something where all is as it usually is, and else changes nothing and gives no row. Then `fallback`
 * finds out what is the matter, or does it, in a transaction. It also does where somebody else has a lock on what is changed.
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

/** The one parameter of the proof of a principal. */
export function proofValue(principal: Principal): string | readonly string[] {
  switch (principal.kind) {
    case 'session':
      return principal.tokenKeys
    case 'service':
      return principal.userId
    case 'job':
      return principal.jobAndLease
  }
}

/** Functions that say whose scope it is, by what a principal of each kind presents; null for nobody's. */
export const PROOFS = {
  session: 'public.todo_session_user',
  service: 'public.todo_known_user',
  job: 'public.todo_job_user',
} as const

const fused = new WeakMap<Statement, Partial<Record<Principal['kind'], Statement>>>()

/** How long a change waits for somebody else's lock, with others behind it on its connection. Then it goes on in a transaction. */
const LOCK_TIMEOUT_MS = 20
const SET_LOCK_TIMEOUT = `, set_config('lock_timeout', '${LOCK_TIMEOUT_MS}ms', true)`

/**
 * The statement of a step behind the proof of the principal, in one. The proof comes first, and sets whose rows the policies let
 * the statement see and make: LEFT JOIN … ON true can only be a nested loop with the left side outside, and set_config() allows no
 * parallel workers. Where it proves nobody they let it see none, and an insert has to make none by itself. The proof's parameter
 * comes last, behind the values of the statement, of which it always has the same number.
 */
export function withProof({ statement, values, fallback }: Step<unknown>, kind: Principal['kind']): Statement {
  let forms = fused.get(statement)
  if (forms === undefined) fused.set(statement, (forms = {}))
  return (forms[kind] ??= {
    name: statement.name === '' ? '' : `${statement.name}.${kind}`,
    text: `with scope as materialized (
        select set_config('app.user_id', coalesce(${PROOFS[kind]}($${values.length + 1}), ''), true) as user_id
        ${fallback === undefined ? '' : SET_LOCK_TIMEOUT}
      ), step as (${statement.text})
      select scope.user_id as "proven user", step.* from scope left join (select true as "is row", step.* from step) step on true`,
  })
}

export interface Answer {
  /** Empty where nobody is proven. */
  readonly userId: string
  readonly row: object | undefined
}

/** What a statement {@link withProof} gives, under names that no column of a step has. */
export interface ProvenRow {
  readonly 'proven user': string
  readonly 'is row': true | null
}

export function answerOf([proven]: readonly ProvenRow[]): Answer {
  if (proven === undefined) throw new Error('a proof without a row')
  const { 'proven user': userId, 'is row': isRow, ...row } = proven
  return { userId, row: isRow === true ? row : undefined }
}
