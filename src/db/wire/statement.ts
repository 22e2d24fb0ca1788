/**
 * An SQL statement, prepared once per connection under its name (at most 63 bytes, unique in the program). With an empty name it
 * is parsed and planned at each use, for statements with too many variants to keep on every connection.
 */
export interface Statement {
  readonly name: string
  readonly text: string
}
