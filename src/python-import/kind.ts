import type { Fernet } from '../lib/fernet.ts'
import type { Converted, OldRow } from './old-row.ts'

export interface ImportedRow {
  readonly user_id: string
}

/** How the rows of an old table are imported. */
export interface ImportKind<Row extends ImportedRow = ImportedRow> {
  /** What a row is called in the report. */
  readonly name: string
  /** The old table, and the table of this service that its rows are imported into. */
  readonly table: string
  /** The columns that are read. Others are named in the report. */
  readonly columns: ReadonlySet<string>
  /**
   * A statement whose parameter is a JSON array of rows, each with its place as `at`. It skips rows that exist, and returns the
   * `at` of those that did not.
   */
  readonly insert: string
  convert(this: void, old: OldRow, context: ConversionContext): Converted<Row>
  /** The id under which the map of ids knows the row. Absent where rows have none. */
  newId?(this: void, row: Row): string
  /** A sentence about a row that is imported and needs attention. */
  remark?(this: void, row: Row): string | undefined
}

export interface ConversionContext {
  /** Of this service's encryption keys. */
  readonly fernet: Fernet
  /** For rows without a time of creation, ISO 8601. */
  readonly now: string
}
