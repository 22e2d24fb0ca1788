/** A table name from the configuration. Without a schema it is searched on the search path. */
export interface TableName {
  readonly schema?: string
  readonly name: string
}

/** PostgreSQL truncates longer identifiers. In bytes of UTF-8. */
const IDENTIFIER_BYTES_MAX = 63

/**
 * `table` or `schema.table`, each exactly as in the catalogue: case-sensitive and without quotes.
 *
 * @throws Error whose message continues the name of the variable
 */
export function tableName(text: string): TableName {
  const parts = text.split('.')
  const isIdentifier = (part: string): boolean =>
    /^[\p{L}_][\p{L}\p{N}_$-]*$/u.test(part) && Buffer.byteLength(part) <= IDENTIFIER_BYTES_MAX
  if (parts.length > 2 || !parts.every(isIdentifier)) {
    throw new Error('must be the name of a table, or schema.table, as in PostgreSQL and without quotes')
  }
  const [first = '', second] = parts
  return second === undefined ? { name: first } : { schema: first, name: second }
}
