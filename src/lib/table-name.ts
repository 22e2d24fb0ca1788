/** A table as an operator names it. Without a schema it is looked for on the search path. */
export interface TableName {
  readonly schema?: string
  readonly name: string
}

/** PostgreSQL cuts longer identifiers. Bytes of UTF-8. */
const IDENTIFIER_BYTES_MAX = 63

/**
 * `table` or `schema.table`, each exactly as the catalogue has it: case matters, and there are no quotes.
 *
 * @throws Error whose message continues the name of the variable
 */
export function tableName(text: string): TableName {
  const parts = text.split('.')
  const isIdentifier = (part: string): boolean =>
    /^[\p{L}_][\p{L}\p{N}_$-]*$/u.test(part) && Buffer.byteLength(part) <= IDENTIFIER_BYTES_MAX
  if (parts.length > 2 || !parts.every(isIdentifier)) {
    throw new Error('must be the name of a table, or schema.table, as PostgreSQL shows it and without quotes')
  }
  const [first = '', second] = parts
  return second === undefined ? { name: first } : { schema: first, name: second }
}
