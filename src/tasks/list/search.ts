/** The words of `q`, folded as the database folds the words of tasks (todo_search_words in the migrations). */

import { FOLDED } from './letters.ts'

export const WORDS_MAX = 10

/** Of the words after these no typo is forgiven: each is a long list of patterns. */
const FORGIVEN_WORDS_MAX = 3

/** Shorter words have too many neighbours, and in a longer one a forgiven letter is a long list of patterns. */
const FORGIVEN_LENGTH_MIN = 4
const FORGIVEN_LENGTH_MAX = 24

// oxlint-disable-next-line no-misleading-character-class -- of characters that combine, each by itself
const INVISIBLE = /[\u00ad\u0300-\u036f\u200b-\u200d\ufe00-\ufe0f]+/g
const NO_WORD =
  // oxlint-disable-next-line no-control-regex -- they are no letters either
  /[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u3004\u3008-\u3020\u3030]+/g
const CAPITALS_OF_ASCII = /[A-Z]+/g
const BEYOND_ASCII = /[^\0-\x7f]/gu

/** The words of a text in lower case and without accents: `Crème brûlée!` is `creme`, `brulee`. */
export function wordsOf(text: string): string[] {
  const letters = text.normalize('NFKD').replace(INVISIBLE, '')
  const lowered = letters.replace(CAPITALS_OF_ASCII, (capitals) => capitals.toLowerCase())
  const folded = lowered.replace(BEYOND_ASCII, (letter) => FOLDED.get(letter) ?? letter)
  return folded.replace(NO_WORD, ' ').split(' ').filter(Boolean)
}

/** The words of `q`, each once. */
export const searchWords = (q: string): string[] => [...new Set(wordsOf(q))]

export interface SearchTerm {
  readonly word: string
  readonly typos: Typos | undefined
}

/** With the typos that are forgiven: those of the first words. */
export const withTypos = (words: readonly string[]): SearchTerm[] =>
  words.map((word, at) => ({ word, typos: at < FORGIVEN_WORDS_MAX ? typosOf(word) : undefined }))

/** How to find all that is one edit away from a word: a letter wrong, missing or too much, or two neighbours swapped. */
export interface Typos {
  /** LIKE patterns. A word has no character that means something to LIKE. */
  readonly patterns: readonly string[]
  /**
   * One of these stands in every text that a pattern matches, and is found much faster: one edit leaves the first half of a
   * word alone or the second, unless it swaps the letters where they meet.
   */
  readonly parts: readonly [string, string, string]
}

/** Undefined for words that are short, very long or have a digit in them: of those no typo is forgiven. */
export function typosOf(word: string): Typos | undefined {
  const letters = Array.from(word)
  if (letters.length < FORGIVEN_LENGTH_MIN || letters.length > FORGIVEN_LENGTH_MAX || /\p{N}/u.test(word))
    return undefined
  const edited = (at: number, without: number, ...instead: readonly string[]): string =>
    letters.toSpliced(at, without, ...instead).join('')
  const swapped = (at: number): string => edited(at, 2, letters[at + 1] ?? '', letters[at] ?? '')
  const typos = letters.flatMap((_, at) => [
    edited(at, 1, '_'),
    edited(at, 1),
    edited(at, 0, '_'),
    ...(at + 1 < letters.length ? [swapped(at)] : []),
  ])
  const middle = letters.length >> 1
  return {
    patterns: [...new Set([...typos, `${word}_`])].map((typo) => `% ${typo} %`),
    parts: [` ${letters.slice(0, middle).join('')}`, `${letters.slice(middle).join('')} `, ` ${swapped(middle - 1)} `],
  }
}
