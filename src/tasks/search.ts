/** What `q` asks for, folded as the database folds what it looks through (todo_search_words in the migrations). */

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
const SPELT_OUT: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ı: 'i',
  ς: 'σ',
}

/** The words of a text in lower case and without accents: `Crème brûlée!` is `creme`, `brulee`. */
export const wordsOf = (text: string): string[] => splitWords(text, (letters) => letters.toLowerCase())

/** As the database folds them where its `lc_ctype` is C: lower() knows the letters of ASCII there and no others. */
const wordsInLocaleC = (text: string): string[] =>
  splitWords(text, (letters) => letters.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase()))

function splitWords(text: string, lower: (letters: string) => string): string[] {
  const letters = lower(text.normalize('NFKD').replace(INVISIBLE, ''))
  const spelt = letters.replace(/[ßæœøłđıς]/g, (letter) => SPELT_OUT[letter] ?? letter)
  return spelt.replace(NO_WORD, ' ').split(' ').filter(Boolean)
}

/**
 * A word of `q` as the database may have folded it: in one way, or in two where its `lc_ctype` makes a difference. With both,
 * what is sought as it was written is found on every database.
 */
export type Spellings = readonly string[]

/** The words of `q`, each once. */
export function soughtWords(q: string): Spellings[] {
  const inLocaleC = wordsInLocaleC(q)
  const words = wordsOf(q).map((word, at) => [...new Set([word, inLocaleC[at] ?? word])])
  return [...new Map(words.map((spellings) => [spellings.join(' '), spellings])).values()]
}

export interface Sought {
  readonly spellings: Spellings
  readonly typos: Typos | undefined
}

/** With the typos that are forgiven: those of the first words. */
export const withTypos = (words: readonly Spellings[]): Sought[] =>
  words.map((spellings, at) => ({
    spellings,
    typos: at < FORGIVEN_WORDS_MAX ? typosOf(spellings[0] ?? '') : undefined,
  }))

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
