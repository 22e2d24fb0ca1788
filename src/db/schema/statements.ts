/** One statement of an SQL file. */
export interface FileStatement {
  readonly text: string
  /** The line of the file it begins on, from 1. */
  readonly line: number
}

/**
 * What may hide a semicolon in PostgreSQL's lexical structure (§4.1): strings with their doubled quotes and, after E, with
 * backslashes; quoted identifiers; dollar-quoted strings; comments to the end of the line and, in C's form, nested.
 */
const OPAQUE = /[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[^]*?\$\1\$|--[^\n]*|\/\*/y

/** Splits a file into its statements, so that one that fails can be named. What is no statement is left out. */
export function splitStatements(sql: string): readonly FileStatement[] {
  const statements: FileStatement[] = []
  let start = 0
  for (let at = 0; at <= sql.length;) {
    if (at === sql.length || sql[at] === ';') {
      const statement = statementAt(sql, start, at)
      if (statement !== undefined) statements.push(statement)
      start = ++at
    } else {
      at = afterOpaque(sql, at)
    }
  }
  return statements
}

/** The position behind whatever is opaque here, or behind one character. */
function afterOpaque(sql: string, at: number): number {
  // The letter before a quote belongs to it only where it does not end a word.
  OPAQUE.lastIndex = at
  const [matched] = OPAQUE.exec(sql) ?? []
  if (matched === '/*') return afterComment(sql, at)
  if (matched !== undefined) return at + matched.length
  const [word] = /\w+/y.exec(sql.slice(at, at + 64)) ?? []
  return at + (word?.length ?? 1)
}

function afterComment(sql: string, at: number): number {
  let depth = 0
  do {
    if (sql.startsWith('/*', at)) {
      depth++
      at += 2
    } else if (sql.startsWith('*/', at)) {
      depth--
      at += 2
    } else at++
  } while (depth > 0 && at < sql.length)
  return at
}

const LEADING = /(?:\s|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*/y

function statementAt(sql: string, start: number, end: number): FileStatement | undefined {
  LEADING.lastIndex = start
  const begin = start + (LEADING.exec(sql)?.[0].length ?? 0)
  if (begin >= end) return undefined
  return { text: sql.slice(begin, end).trimEnd(), line: sql.slice(0, begin).split('\n').length }
}
