/** The words of `q`, folded as the database folds the words of tasks (todo_search_words in the migrations). */

import { FOLDED } from './letters.ts'

export const WORDS_MAX = 10

/** Only this many first words may have a typo: each needs a long list of patterns. */
const TYPO_WORDS_MAX = 3

/** Shorter words are one edit away from too many others; longer ones need too many patterns. */
const TYPO_LENGTH_MIN = 4
const TYPO_LENGTH_MAX = 24

// oxlint-disable-next-line no-misleading-character-class -- combining characters are meant individually
const INVISIBLE = /[\u00ad\u0300-\u036f\u200b-\u200d\ufe00-\ufe0f]+/g
const NO_WORD =
  // oxlint-disable-next-line no-control-regex -- control characters separate words too
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

/** The words of `q` without repetitions. */
export const searchWords = (q: string): string[] => [...new Set(wordsOf(q))]

export interface SearchTerm {
  readonly word: string
  readonly typos: Typos | undefined
}

/** Adds the tolerated typos to the first words. */
export const withTypos = (words: readonly string[]): SearchTerm[] =>
  words.map((word, at) => ({ word, typos: at < TYPO_WORDS_MAX ? typosOf(word) : undefined }))

/** How to find all words that are one edit away: one letter replaced, missing or added, or two adjacent letters swapped. */
export interface Typos {
  /** LIKE patterns. A word contains no character that is special in LIKE. */
  readonly patterns: readonly string[]
  /**
   * Every text that a pattern matches contains one of these substrings, which are found much faster: one edit changes only one half of
   * the word, unless it swaps the two middle letters.
   */
  readonly parts: readonly [string, string, string]
}

/** Undefined for words that are too short, too long or contain a digit: they must match without a typo. */
export function typosOf(word: string): Typos | undefined {
  const letters = Array.from(word)
  if (letters.length < TYPO_LENGTH_MIN || letters.length > TYPO_LENGTH_MAX || /\p{N}/u.test(word)) return undefined
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
