/**
 * One SQL statement, prepared once per connection under its name (at most 63 bytes, unique in the program). Without a name it
 * is planned at each use: for statements of so many shapes that no connection should keep them all.
 */
export interface Statement {
  readonly name: string
  readonly text: string
}
