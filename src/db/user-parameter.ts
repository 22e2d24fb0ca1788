import type { Statement } from './wire/statement.ts'

/**
 * How a statement on users' rows compares their user: `where user_id = $user and id = $1`. The policies require the same, so the
 * comparison changes no result. A database that spreads users over nodes finds the node by what the statement itself compares
 * with a parameter (ADR 0017).
 */
const COMPARISON = 'user_id = $user'
const USER = /\$user\b/g

const withParameters = new WeakMap<Statement, Statement>()

/** For a transaction, where the user is known: the user's id becomes the parameter after the others. */
export function withUserParameter(
  statement: Statement,
  values: readonly unknown[],
  userId: string,
): readonly [Statement, readonly unknown[]] {
  if (!statement.text.includes(COMPARISON)) return [statement, values]
  let known = withParameters.get(statement)
  if (known === undefined) {
    // A statement always has the same number of values.
    known = { name: statement.name, text: statement.text.replace(USER, `$${values.length + 1}`) }
    withParameters.set(statement, known)
  }
  return [known, [...values, userId]]
}

/** For a statement that is sent with its proof, whose user is not known before it runs: the policies alone compare the user. */
export const withoutUserParameter = (text: string): string => text.replaceAll(COMPARISON, 'true')
