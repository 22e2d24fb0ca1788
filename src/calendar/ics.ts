/** Lines of iCalendar (RFC 5545). */

/** What the tasks become: to-dos, or events for programs that show no to-dos, such as Google Calendar. */
export type Component = 'VTODO' | 'VEVENT'

const LINE_OCTETS_MAX = 75

/** A property with its value, escaped as TEXT. */
export const textLine = (name: string, text: string): string => `${name}:${escaped(text)}`

/** RFC 5545 §3.3.11. Control characters other than a line feed are not allowed in a text. */
export const escaped = (text: string): string =>
  text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/(?!\n)\p{Cc}/gu, ' ')
    .replaceAll(/[\\;,]/g, '\\$&')
    .replaceAll('\n', '\\n')

/** The text of a calendar. Lines end with CRLF, and longer ones than 75 octets are folded between characters (§3.1). */
export const calendarText = (lines: readonly string[]): string => lines.map((line) => `${folded(line)}\r\n`).join('')

function folded(line: string): string {
  if (Buffer.byteLength(line) <= LINE_OCTETS_MAX) return line
  let octets = 0
  let text = ''
  for (const character of line) {
    const size = Buffer.byteLength(character)
    if (octets + size > LINE_OCTETS_MAX) {
      text += '\r\n '
      // The space of the fold counts.
      octets = 1
    }
    text += character
    octets += size
  }
  return text
}

/** `20261224T170000Z` for an instant as the service writes it, without its milliseconds. */
export const utcTime = (instant: string): string => `${timeValue(instant.slice(0, 19))}Z`

/** `20261224` for a day. */
export const dateValue = (day: string): string => day.replaceAll('-', '')

/** `20261224T180000` for a date on a clock, `2026-12-24T18:00:00`. */
export const timeValue = (wall: string): string => wall.replaceAll(/[-:]/g, '')

/** `2026-12-24T18:00:00` for an instant on the clock of a zone. */
export const wallTime = (instant: string, zone: string): string =>
  Temporal.Instant.from(instant).toZonedDateTimeISO(zone).toPlainDateTime().toString({ smallestUnit: 'second' })
