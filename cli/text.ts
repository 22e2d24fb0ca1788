/** Text of tasks for a terminal: made harmless, measured and cut. */

/**
 * Characters that make a terminal do something, or show text in another order than it has: controls (ESC begins a command), separators
 * of lines and paragraphs, and marks of the direction of writing.
 */
const ACTIVE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

const PICTURES_FIRST = 0x2400
const DELETE = 0x7f
const PICTURE_OF_DELETE = '␡'

/** Replaces each active character by a visible one, so that a task's text is only shown. */
export const neutral = (text: string): string => text.replace(ACTIVE, pictureOf)

function pictureOf(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(PICTURES_FIRST + code)
  return code === DELETE ? PICTURE_OF_DELETE : '�'
}

/** JSON in one line, without active characters. Programs read the same values. */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value).replace(ACTIVE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** What a reader perceives as one character, such as a letter with its accents. */
const CHARACTERS = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** East Asian wide and fullwidth characters (Unicode Standard Annex 11), and emoji, take two columns. */
const WIDE =
  /^(?:\p{RGI_Emoji}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}])/v
const EMPTY = /^[\p{Mn}\p{Me}\p{Cf}]+$/u

const columnsOf = (character: string): number => (EMPTY.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

/** How many columns of a terminal the text takes. */
export function widthOf(text: string): number {
  let width = 0
  for (const { segment } of CHARACTERS.segment(text)) width += columnsOf(segment)
  return width
}

/** The text, cut with an ellipsis if it takes more columns. @param columns 1 or more */
export function fitted(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let width = 1
  let fitting = ''
  for (const { segment } of CHARACTERS.segment(text)) {
    width += columnsOf(segment)
    if (width > columns) break
    fitting += segment
  }
  return `${fitting}…`
}

/** The text with spaces behind it. */
export const padded = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - widthOf(text)))
