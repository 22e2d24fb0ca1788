/** One event of `text/event-stream` (HTML standard, §9.2.6). */
export interface ServerEvent {
  /** `message` if the stream names none. */
  readonly event: string
  readonly data: string
  /** The last id that the stream has given, empty if none. */
  readonly id: string
}

/** The longest line, in UTF-16 code units. A task takes at most about 100 000. */
const LINE_MAX = 4_000_000

/** Splits the text of a stream into events, wherever the text is cut. */
export class EventParser {
  /** How long the service asks to wait before the next connection, in milliseconds, if it does. */
  retryMs: number | undefined
  #line = ''
  #endedWithCr = false
  #event = ''
  #id = ''
  #data: string[] = []

  /**
   * @returns the events that the text completes
   * @throws Error when a line is longer than any event of the service
   */
  push(text: string): ServerEvent[] {
    const events: ServerEvent[] = []
    // CRLF can be cut in two.
    const isRestOfCrLf = this.#endedWithCr && text.startsWith('\n')
    const lines = (this.#line + (isRestOfCrLf ? text.slice(1) : text)).split(/\r\n|\r|\n/)
    if (text !== '') this.#endedWithCr = text.endsWith('\r')
    this.#line = lines.pop() ?? ''
    if (this.#line.length > LINE_MAX) throw new Error('a line of the event stream is too long')
    for (const line of lines) {
      if (line !== '') {
        this.#field(line)
        continue
      }
      if (this.#data.length > 0) {
        events.push({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id })
      }
      this.#event = ''
      this.#data = []
    }
    return events
  }

  #field(line: string): void {
    const colon = line.indexOf(':')
    // A comment; the service sends one as a heartbeat.
    if (colon === 0) return
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') this.#event = value
    else if (name === 'data') this.#data.push(value)
    else if (name === 'id' && !value.includes('\0')) this.#id = value
    else if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value)
  }
}
