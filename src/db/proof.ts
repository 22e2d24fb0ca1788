import { randomUUIDv7 } from 'node:crypto'
import { isLimited, lacksScope, unproven, type Need, type Principal } from '../principal.ts'
import type { Statement } from './wire/statement.ts'
import { SET_FOR_TRANSACTION } from './wire/settings.ts'

/** What work asks of the proof of its principal. */
export interface Proof {
  readonly principal: Principal
  /** What the work needs; undefined where it takes no credential that is limited to scopes. */
  readonly needs: Need | undefined
}

/**
 * A FROM item of one row, `proof (user_id)`: the user of the principal, by the function that proves every kind. `offset 0` keeps
 * PostgreSQL from calling the function once for each use of its result.
 *
 * @param first the number of the first of three parameters, those of {@link proofValues}
 */
export const proofFrom = (first: number): string =>
  `(select public.todo_prove($${first}, $${first + 1}, $${first + 2}) as user_id offset 0) proof`

/** Lets the policies show and accept the rows of the proven user, and none where no user is proven. */
export const SET_PROVEN_USER = `set_config('app.user_id', coalesce(proof.user_id, ''), true)`

/** A select item that says who makes the changes of the transaction, for the triggers that log them. @param parameter its number */
export const setOrigin = (parameter: number): string => `set_config('app.origin', $${parameter}, true)`

/**
 * The value of {@link setOrigin}: a new change id, the actor and its request. `todo_log()` in
 * migrations/0009_changes.up.sql reads it. The name of a personal token or app is looked up by what proves it.
 */
export const originValue = ({ principal }: Proof): string => {
  const { actor, origin, proof } = principal
  return JSON.stringify({
    change: randomUUIDv7(),
    kind: actor.kind,
    name: actor.name,
    ...(isLimited(principal) && { token: proof }),
    request: origin?.requestId,
    operation: origin?.operation,
    ...(origin?.arrivedAtMs !== undefined && { ageMs: performance.now() - origin.arrivedAtMs }),
  })
}

export const proofValues = ({ principal: { kind, proof }, needs }: Proof): readonly unknown[] => [
  kind,
  proof,
  needs ?? null,
]

/**
 * @param userId what `todo_prove` has answered
 * @throws Problem for a principal that proves no user: unauthenticated (401) or not_found (404), by its kind; insufficient_scope
 *   (403) where its credential does not have the scope, forbidden (403) where no scope is enough
 */
export function provenUser(userId: string | null | undefined, { principal, needs }: Proof): string {
  if (userId === null || userId === undefined) throw unproven(principal)
  if (userId === '') throw lacksScope(principal, needs)
  return userId
}

/** The first statement of a transaction, which decides whose rows the policies show until its end. */
export interface EnterStatements {
  /** Takes {@link proofValues} and {@link originValue}, and gives {@link Entered}. */
  readonly user: Statement
  /** The policies show no rows. */
  readonly none: Statement
}

export interface Entered {
  readonly userId?: string | null
}

export interface EnterOptions {
  /** Behind a pooler, where the next transaction on the server's connection may be another program's. */
  readonly isPooled: boolean
  /** How long a transaction may wait for its next statement before the server ends the session; 0 for no limit. */
  readonly idleTimeoutMs: number
}

export function enterStatements({ isPooled, idleTimeoutMs }: EnterOptions): EnterStatements {
  // Statements of one name are the same on each connection.
  const suffix = `${isPooled ? '.settings' : ''}${idleTimeoutMs === 0 ? '.idle' : ''}`
  // Elsewhere the session has the settings that the service needs.
  const settings = `${isPooled ? `${SET_FOR_TRANSACTION}, ` : ''}set_config('idle_in_transaction_session_timeout', '${idleTimeoutMs}ms', true)`
  return {
    user: {
      name: `scope.user${suffix}`,
      text: `select ${settings}, proof.user_id as "userId", ${SET_PROVEN_USER}, ${setOrigin(4)} from ${proofFrom(1)}`,
    },
    none: {
      name: `scope.none${suffix}`,
      text: `select ${settings}, set_config('app.user_id', '', true)`,
    },
  }
}
