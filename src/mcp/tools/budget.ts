/**
 * How much of a model's context results take. Nothing here counts tokens exactly, because the vocabulary of a tokenizer has several megabytes:
 * the cost is an estimate that lies above the tokens of o200k for texts of every script, and for typical English at about 1.5 times of them.
 */

/** Most of a result, unless the call asks for more. The contract is 2 000 tokens. */
export const RESULT_COST = 1_950

/** What is around the list of a result: braces, `now` with weekday, time and zone, the id of a change, and numbers. */
export const FRAME_COST = 90

/** Words that are one piece for the estimate: letters of one case after at most one capital, numbers, and single other characters. */
const PIECES = /[A-Z]?[a-z]+|[A-Z]+|[0-9]{1,3}| (?=[A-Za-z])|./gsu

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/
const UUID_COST = 27
const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d[+-]\d\d:\d\d)?$/
const TIME_COST = 19
/** Values of our own: statuses, priorities, weekdays and operations. */
const OWN =
  /^(?:TODO|IN_PROGRESS|COMPLETED|URGENT|HIGH|MEDIUM|LOW|(?:MON|TUES|WEDNES|THURS|FRI|SATUR|SUN)DAY|create|update|delete)$/
const OWN_COST = 4

/** The estimated tokens of a value as JSON. */
export function costOf(value: unknown): number {
  if (typeof value === 'string') {
    if (OWN.test(value)) return OWN_COST
    if (TIME.test(value)) return TIME_COST
    return UUID.test(value) ? UUID_COST : 1 + textCost(value)
  }
  if (Array.isArray(value)) return sum(value, 1, (each) => 1 + costOf(each))
  if (typeof value === 'object' && value !== null) {
    return sum(Object.entries(value), 1, ([name, member]) =>
      member === undefined ? 0 : keyCost(name) + costOf(member),
    )
  }
  return 2
}

const sum = <T>(list: readonly T[], start: number, cost: (each: T) => number): number => {
  let total = start
  for (const each of list) total += cost(each)
  return total
}

/** A name in camel case, with its quotes and colon. */
const keyCost = (name: string): number => 2 + name.replace(/[^A-Z]/g, '').length

function textCost(text: string): number {
  let cost = 0
  for (const [piece] of text.matchAll(PIECES)) cost += pieceCost(piece)
  return cost
}

function pieceCost(piece: string): number {
  const code = piece.codePointAt(0) ?? 0
  if (code >= 0x80) return characterCost(code)
  const isWord = /^[A-Za-z]/.test(piece)
  // A quote, a backslash and a control character are escaped in JSON.
  if (!isWord) return piece === ' ' ? 0.5 : code < 0x20 ? 4 : piece === '"' || piece === '\\' ? 2 : 1
  return piece.length <= 10 ? 0.7 + 0.4 * piece.length : Math.ceil(piece.length * 0.62)
}

/** Most tokens of a character alone, by its bytes and by how well the vocabulary knows its script. */
function characterCost(code: number): number {
  if (isFrequent(code)) return code < 0x800 ? 1.1 : 2.1
  if (code < 0x800) return 2
  return code < 0x10000 || (code >= 0x1f000 && code < 0x20000) ? 3 : 4
}

/** Letters of Latin 1, Greek, Cyrillic, Hebrew and Arabic; of India and Thailand; kana; the Chinese characters of everyday texts and more. */
const isFrequent = (code: number): boolean =>
  code <= 0xff ||
  (code >= 0x391 && code <= 0x3c9) ||
  (code >= 0x410 && code <= 0x45f) ||
  (code >= 0x5d0 && code <= 0x5ea) ||
  (code >= 0x621 && code <= 0x64a) ||
  (code >= 0x900 && code <= 0xe7f) ||
  (code >= 0x3040 && code <= 0x30ff) ||
  (code >= 0x4e00 && code <= 0x9fff)

/** The text, or its beginning of at most this cost and an ellipsis. */
export function cutText(text: string, costMax: number): string {
  let cost = 0
  for (const { 0: piece, index } of text.matchAll(PIECES)) {
    const next = cost + pieceCost(piece)
    if (next <= costMax) {
      cost = next
      continue
    }
    // A long run of letters is one piece, which is cut too.
    const letters = piece.length > 10 ? Math.floor((costMax - cost) / 0.62) : 0
    return `${text.slice(0, index + letters)}…`
  }
  return text
}

/** The first texts of a list, of at most this cost together. */
export function cutList(texts: readonly unknown[], costMax: number): readonly unknown[] {
  let cost = 0
  const end = texts.findIndex((text) => (cost += 1 + costOf(text)) > costMax)
  return end === -1 ? texts : texts.slice(0, end)
}

/** How many of the first items fit, but at least one. */
export const fitting = (items: readonly unknown[], costMax: number): number =>
  Math.max(1, cutList(items, costMax).length)
