import { parseInstant } from '../lib/instant.ts'

/** A row of the old service: its columns as JSON, times in UTC. `id` is text, also if its column has another type. */
export interface OldRow {
  readonly id: string
  readonly columns: Readonly<Record<string, unknown>>
}

/** What a row becomes, or every reason why it does not fit. */
export type Converted<Row> = { readonly row: Row } | { readonly faults: readonly string[] }

/** Reads the columns of one row, and collects what is wrong with them. */
export class RowReader {
  readonly faults: string[] = []
  readonly #columns: OldRow['columns']

  constructor(columns: OldRow['columns']) {
    this.#columns = columns
  }

  value(name: string): unknown {
    return this.#columns[name] ?? null
  }

  text(name: string): string {
    const value = this.value(name)
    return typeof value === 'string' ? value : ''
  }

  /** ISO 8601 in UTC; null when the column is null or missing. A time without a zone is UTC, as PostgreSQL gives it here. */
  instant(name: string, what: string): string | null {
    const value = this.value(name)
    if (value === null) return null
    const text = this.text(name).replace(' ', 'T')
    const zoned = /(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(text.slice(10)) ? text : `${text}Z`
    const ms = parseInstant(zoned)
    if (ms !== undefined) return new Date(ms).toISOString()
    this.faults.push(`${what} is not an instant between the years 1900 and 9999`)
    return null
  }

  oneOf<Word extends string>(text: string, words: readonly Word[], what: string, fallback: Word): Word {
    const found = words.find((word) => word === text)
    if (found !== undefined) return found
    this.faults.push(`${what} is none of ${words.join(', ')}`)
    return fallback
  }
}
