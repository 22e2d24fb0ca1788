import pg, { Query, type Connection, type FieldDef } from 'pg'
import { wireTypes } from './connection.ts'
import type { Statement } from './statement.ts'

/** The columns of a statement's result, each with the parser of its text format. */
type Columns = readonly { readonly name: string; readonly read: (text: string) => unknown }[]

type Settle<Row> = (error: unknown, rows: readonly Row[]) => void

/** Members of the driver that its type declarations lack. */
interface Driver {
  readonly utils: { prepareValue(this: void, value: unknown): string | Buffer | null }
}
interface Sender {
  prepare(connection: Connection): void
}

const { prepareValue } = (pg as unknown as Driver).utils
const driver = Query.prototype as unknown as Sender

/** The columns of prepared statements, by connection and statement name. */
const described = new WeakMap<Connection, Map<string, Columns>>()

/**
 * A query that yields its rows and asks for the columns of a prepared statement (Describe) only once per connection: they do not
 * change while the statement exists. The driver sends Describe each time, which costs both sides as much as a short statement.
 */
export class PreparedQuery<Row extends object> extends Query {
  /** The driver prepares the statement under this name; '' is parsed at each use. */
  readonly name: string
  readonly #values: readonly unknown[]
  readonly #rows: Row[] = []
  #connection: Connection | undefined
  #columns: Columns = []
  #unreadable: unknown
  /** With a `query_timeout` the driver replaces it by a callback of its own, which calls this one. */
  declare callback: Settle<Row>

  constructor({ name, text }: Statement, values: readonly unknown[], settle: Settle<Row>) {
    // The declarations omit null, which pg passes on success.
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
      // Thrown here, it would crash the process. The rest of the answer must still be read.
      this.#unreadable = error
    }
    // The caller declares Row for the columns of the statement's text.
    this.#rows.push(row as Row)
  }

  handleCommandComplete(): void {
    // Carries only the number of rows.
  }

  handleReadyForQuery(): void {
    this.callback(this.#unreadable ?? null, this.#rows)
  }
}
