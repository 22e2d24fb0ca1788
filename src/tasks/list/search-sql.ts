import type { Parameters } from './parameters.ts'
import type { SearchTerm } from './search.ts'

/**
 * Evaluates the expression on `words` and on two of its lines, `title` and `tags`. `|| ''` fetches and decompresses a long text once
 * per task; otherwise each function in the expression would do it again. `offset 0` keeps the planner from inlining the subquery.
 */
export const ofWords = (expression: string): string =>
  `(select ${expression} from (select words, split_part(words, E'\\n', 1) as title, split_part(words, E'\\n', 2) as tags
    from (select search_words || '' as words offset 0) as fetched offset 0) as lines)`

/** The text that is searched with typos. It is truncated because every pattern scans all of it. */
const TITLE_AND_TAGS = 'left(title || tags, 400)'

/** Not strpos or position: they also count the characters before the match, which takes ten times as long in a long text. */
const holds = (where: string, part: string, parameters: Parameters): string =>
  `split_part(${where}, ${parameters.add(part, 'text')}, 1) <> ${where}`

/** Whether the text has a word with this beginning, or exactly this word if `word` ends with a space. */
const begins = (where: string, word: string, parameters: Parameters): string => holds(where, ` ${word}`, parameters)

/** Typos are tolerated in title and tags, which are short, and not in the description. */
export function contains({ word, typos }: SearchTerm, parameters: Parameters): string {
  const begun = begins('words', word, parameters)
  if (typos === undefined) return begun
  const parts = typos.parts.map((part) => holds(TITLE_AND_TAGS, part, parameters)).join(' or ')
  return `(${begun} or ((${parts}) and ${TITLE_AND_TAGS} like any (${parameters.add(typos.patterns, 'text[]')})))`
}

/**
 * How well a task matches, as a whole number: for each word 6 where it is a word of the title, 5 where it begins one, 4 in a
 * tag, 3 in the description, 2 for a typo in the title and 1 for one in a tag.
 */
export function relevance(words: readonly SearchTerm[], parameters: Parameters): string {
  const ranks = words.map(({ word, typos }) => {
    const inTitleOrTags = `when ${begins('title', `${word} `, parameters)} then 6 when ${begins('title', word, parameters)} then 5
      when ${begins('tags', word, parameters)} then 4`
    // Every ranked task matches the word, so the last case needs no condition.
    if (typos === undefined) return `case ${inTitleOrTags} else 3 end`
    const withTypo = `title like any (${parameters.add(typos.patterns, 'text[]')})`
    return `case ${inTitleOrTags} when ${begins('words', word, parameters)} then 3 when ${withTypo} then 2 else 1 end`
  })
  return ofWords(ranks.join(' + '))
}
