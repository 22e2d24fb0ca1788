import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode, fileErrorReason } from '../lib/file-errors.ts'
import { StartError } from '../errors.ts'

/**
 * The variables of `.env` in a directory; none if there is no such file.
 *
 * @param known the names of variables, in upper case; the same name in another case is a mistake, and not a variable of another program
 * @throws StartError if the file cannot be read, is not UTF-8, or has an invalid line
 */
export function readDotEnv(
  directory: string,
  known: ReadonlySet<string> = new Set(),
): Readonly<Record<string, string | undefined>> {
  const path = join(directory, '.env')
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return {}
    throw new StartError(`cannot read ${path}: ${fileErrorReason(cause)}; make it readable or remove it`, { cause })
  }
  let text: string
  try {
    // Removes a byte-order mark. PowerShell's `>` writes UTF-16, which is not valid UTF-8.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new StartError(`${path} is not UTF-8: save it in that encoding`, { cause })
  }
  try {
    return parseDotEnv(text, known)
  } catch (error) {
    if (!(error instanceof LineError)) throw error
    throw new StartError(`line ${error.line} of ${path} ${error.message}`)
  }
}

/** The message continues a sentence that begins with the line number. It quotes no value. */
class LineError extends Error {
  /** From 1. */
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

const NOT_AN_ASSIGNMENT = 'is not of the form NAME=value: correct it, or comment it out with #'

/** White space other than line ends is space and tab, as in a shell. */
const ASSIGNMENT = /[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*/y
const BLANK_OR_COMMENT = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y
/** A # without white space before it is part of the value, as in a shell, in Docker Compose and in python-dotenv. */
const BARE_VALUE = /([^\n]*?)[ \t]*(?:(?<=[ \t])#[^\n]*)?(?:\n|$)/y
const QUOTED_VALUE = /"(?<escaped>(?:[^"\\]|\\[^])*)"|'(?<single>[^']*)'|`(?<backticks>[^`]*)`/y
const AFTER_QUOTED = /[ \t]*(?:(?<=[ \t])#[^\n]*)?(?:\n|$)/y

/** Escape sequences in double quotes. */
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"', $: '$' }

/** Matches a sticky pattern at the current position and advances behind the match. */
type Take = (pattern: RegExp) => RegExpExecArray | null

/**
 * Parses assignments on which a shell, Docker Compose and python-dotenv agree, and refuses those that they read differently. Node's
 * `parseEnv` is not used: it ignores invalid lines, cuts a value at a `#` inside it, and for `NAME= ` takes the next line as the
 * value.
 *
 * @throws LineError for the first invalid line
 */
function parseDotEnv(text: string, known: ReadonlySet<string>): Readonly<Record<string, string>> {
  const source = text.replace(/\r\n?/g, '\n')
  const found = new Map<string, { readonly value: string; readonly line: number }>()
  let at = 0
  const take: Take = (pattern) => {
    pattern.lastIndex = at
    const match = pattern.exec(source)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  for (let line = 1, from = 0; at < source.length; line += lineEnds(source.slice(from, at)), from = at) {
    if (take(BLANK_OR_COMMENT) !== null) continue
    const name = take(ASSIGNMENT)?.[1]
    if (name === undefined) throw new LineError(line, NOT_AN_ASSIGNMENT)
    const spelling = name.toUpperCase()
    if (name !== spelling && known.has(spelling)) {
      throw new LineError(line, `sets ${name}, which is spelled ${spelling}: write it in upper case`)
    }
    const value = takeValue(take, line)
    const earlier = found.get(name)
    if (earlier !== undefined && earlier.value !== value) {
      throw new LineError(line, `sets ${name} to another value than line ${earlier.line} does: keep one of them`)
    }
    found.set(name, earlier ?? { value, line })
  }
  return Object.fromEntries([...found].map(([name, { value }]) => [name, value]))
}

const lineEnds = (text: string): number => text.split('\n').length - 1

function takeValue(take: Take, line: number): string {
  if (take(/(?=["'`])/y) === null) {
    const value = take(BARE_VALUE)?.[1] ?? ''
    refuseSubstitution(value, line)
    return value
  }
  const quoted = take(QUOTED_VALUE)?.groups
  if (quoted === undefined) throw new LineError(line, 'begins a quoted value that does not end: close the quote')
  if (take(AFTER_QUOTED) === null) {
    throw new LineError(line, 'has text after a quoted value: put all of it between the quotes')
  }
  const { escaped, single, backticks } = quoted
  if (escaped === undefined) return single ?? backticks ?? ''
  refuseSubstitution(escaped.replace(/\\[^]/g, ''), line)
  return unescaped(escaped, line)
}

/** Docker Compose and python-dotenv would substitute the value of another variable. */
function refuseSubstitution(value: string, line: number): void {
  if (!value.includes('${')) return
  throw new LineError(
    line,
    "has ${…}, which is not replaced here: write the value, or put it between single quotes (')",
  )
}

function unescaped(content: string, line: number): string {
  return content.replace(/\\([^])/g, (_, character: string) => {
    const meant = ESCAPES[character]
    if (meant !== undefined) return meant
    throw new LineError(line, "has a backslash that has no meaning between double quotes: use single ones (')")
  })
}
