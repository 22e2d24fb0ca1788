import pg, { Query, type Connection, type FieldDef } from 'pg'
import { wireTypes } from './connection.ts'
import type { Statement } from './statement.ts'

/** What a statement gives: the names of its columns, and how each is read from text. */
type Columns = readonly { readonly name: string; readonly read: (text: string) => unknown }[]

type Settle<Row> = (error: unknown, rows: readonly Row[]) => void

/** What the driver has, and its declarations do not. */
interface Driver {
  readonly utils: { prepareValue(this: void, value: unknown): string | Buffer | null }
}
interface Sender {
  prepare(connection: Connection): void
}

const { prepareValue } = (pg as unknown as Driver).utils
const driver = Query.prototype as unknown as Sender

/** By connection, and by the name under which a statement is prepared there. */
const described = new WeakMap<Connection, Map<string, Columns>>()

/**
 * A query that settles with its rows, and asks once for the columns of a prepared statement that has any: they stay what they are
 * for as long as it does. The driver asks each time, which takes both sides as long as a short statement itself.
 */
export class PreparedQuery<Row extends object> extends Query {
  /** The driver goes by it; '' is prepared anew each time. */
  readonly name: string
  readonly #values: readonly unknown[]
  readonly #rows: Row[] = []
  #connection: Connection | undefined
  #columns: Columns = []
  #unreadable: unknown
  /** Where there is a `query_timeout` the driver puts its own before it, which then calls it. */
  declare callback: Settle<Row>

  constructor({ name, text }: Statement, values: readonly unknown[], settle: Settle<Row>) {
    // Its declarations know of no null.
    super(text, [...values], settle as (error: Error | undefined) => void)
    this.name = name
    this.#values = values
  }

  // The driver calls these, in this order.

  prepare(connection: Connection): void {
    this.#connection = connection
    const columns = described.get(connection)?.get(this.name)
    if (columns === undefined) return driver.prepare.call(this, connection)
    this.#columns = columns
    connection.bind({ statement: this.name, values: this.#values.map(prepareValue) }, true)
    connection.execute(null, true)
    connection.sync()
  }

  handleRowDescription({ fields }: { readonly fields: readonly FieldDef[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({ name, read: wireTypes.getTypeParser(dataTypeID) }))
    if (this.name === '' || this.#connection === undefined) return
    const known = described.get(this.#connection) ?? new Map<string, Columns>()
    described.set(this.#connection, known.set(this.name, this.#columns))
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, unknown> = {}
    try {
      this.#columns.forEach(({ name, read }, at) => {
        const text = fields[at] ?? null
        row[name] = text === null ? null : read(text)
      })
    } catch (error) {
      // Thrown from here it would end the process; what comes after it has to be read all the same.
      this.#unreadable = error
    }
    // It has the columns that the statement's text names.
    this.#rows.push(row as Row)
  }

  handleCommandComplete(): void {
    // It would say how many rows there were.
  }

  handleReadyForQuery(): void {
    this.callback(this.#unreadable ?? null, this.#rows)
  }
}
