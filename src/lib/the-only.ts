/**
 * The row of a statement that always gives one, such as an aggregate.
 *
 * @throws Error if there is none, which is a mistake in the statement
 */
export function theOnly<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error('a statement that always gives a row gave none')
  return row
}
