/**
 * An SQL statement, prepared once per connection under its name (at most 63 bytes, unique in the program). With an empty name it
 * is parsed and planned at each use, for statements with too many variants to keep on every connection.
 */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** A row lock (FOR UPDATE, FOR NO KEY UPDATE) changes nothing. */
const CHANGES = /\b(?:insert into|delete from|(?<!for |key )update)\b/i
const RETURNS = /\breturning\b/i

const kinds = new WeakMap<Statement, { readonly changes: boolean; readonly returns: boolean }>()

/** Whether a statement has changed rows, or may have, by its text and the rows that it gave. */
export function hasChanged(statement: Statement, rows: readonly object[]): boolean {
  let kind = kinds.get(statement)
  if (kind === undefined) {
    const { text } = statement
    kinds.set(statement, (kind = { changes: CHANGES.test(text), returns: RETURNS.test(text) }))
  }
  return kind.changes && (rows.length > 0 || !kind.returns)
}
